"""Sums over an account's cash and positions."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from tradinglab.algorithm.securities.cash_book import CashBook
from tradinglab.algorithm.securities.holding import SecurityHolding
from tradinglab.algorithm.securities.mapping import ExtendedDictionary
from tradinglab.core.decimals import ZERO
from tradinglab.core.symbol import Symbol

if TYPE_CHECKING:
    from tradinglab.algorithm.securities.noted_values import NotedValue
    from tradinglab.algorithm.securities.security import Security
    from tradinglab.algorithm.securities.security_manager import SecurityManager
    from tradinglab.algorithm.settings import AlgorithmSettings


class PortfolioTotals(ExtendedDictionary[Symbol, SecurityHolding]):
    """What an account is worth, has earned, and has bound as margin."""

    __slots__ = (
        "_cursor",
        "_float_total",
        "_noted",
        "_settings",
        "_step",
        "_total_value",
        "_worths",
        "cash_book",
        "securities",
        "unsettled_cash_book",
    )

    def __init__(self, securities: SecurityManager, settings: AlgorithmSettings) -> None:
        self.securities = securities
        self._settings = settings
        self.cash_book = CashBook()
        self.unsettled_cash_book = CashBook()
        self._total_value: Decimal | None = None
        self._float_total: float | None = None
        #: The total as it was noted to be worked out later.
        self._noted: NotedValue | None = None
        self._worths = securities.worths
        self._worths.bind(self.cash_book)
        self._cursor = securities.clock.cursor
        self._step = self._cursor.step

    @property
    def invested(self) -> bool:
        """Whether anything is held."""
        return bool(self.securities._invested)

    @property
    def hold_stock(self) -> bool:
        """Whether anything is held."""
        return self.securities.has_invested

    @property
    def cash(self) -> float:
        """Settled cash of all currencies."""
        return float(self.cash_book.exact_total_value_in_account_currency)

    @property
    def unsettled_cash(self) -> float:
        """Cash of all currencies that is yet to settle."""
        return float(self.unsettled_cash_book.exact_total_value_in_account_currency)

    # Worth

    @property
    def exact_total_portfolio_value(self) -> Decimal:
        """``total_portfolio_value`` as a decimal."""
        if self._step != self._cursor.step:
            self.prices_moved()
        total = self._total_value
        if total is None:
            total = self._total_value = self._compute_total_value()
        return total

    @property
    def total_portfolio_value(self) -> float:
        """Cash, settled or not, and positions at present prices."""
        total = self._float_total
        if total is None or self._step != self._cursor.step:
            total = self._float_total = float(self.exact_total_portfolio_value)
        return total

    def prices_moved(self) -> None:
        """Forget what was computed at other prices. A next step on the same timeline is noticed without it."""
        self._step = self._cursor.step
        self._total_value = self._float_total = self._noted = None
        self._worths.prices_moved()

    def invalidate_total_portfolio_value(self) -> None:
        """Say that prices or cash have changed: compute the total anew when next asked for."""
        self._total_value = self._float_total = self._noted = None

    def _compute_total_value(self) -> Decimal:
        worths = self._worths
        total = (
            self.cash_book.exact_total_value_in_account_currency
            + self.unsettled_cash_book.exact_total_value_in_account_currency
            + worths.held()
        )
        margined = worths.margined()
        return total + sum([s.holdings.exact_unrealized_profit for s in margined], ZERO) if margined else total

    def exact_worth(self, security: Security) -> Decimal:
        """Return what the position in a security is worth in the account's currency."""
        return self._worths.of(security)

    @property
    def exact_total_portfolio_value_less_free_buffer(self) -> Decimal:
        """``total_portfolio_value_less_free_buffer`` as a decimal."""
        total = self.exact_total_portfolio_value
        if self._settings.free_portfolio_value is not None:
            return total - self._settings.exact("free_portfolio_value")
        return total - total * self._settings.exact("free_portfolio_value_percentage")

    @property
    def total_portfolio_value_less_free_buffer(self) -> float:
        """The part of the total that targets in percent are taken of."""
        return float(self.exact_total_portfolio_value_less_free_buffer)

    @property
    def exact_total_holdings_value(self) -> Decimal:
        """``total_holdings_value`` as a decimal."""
        return sum((abs(s.holdings.exact_holdings_value) for s in self.securities.present()), ZERO)

    @property
    def total_holdings_value(self) -> float:
        """Sum of what each position is worth, without signs."""
        return float(self.exact_total_holdings_value)

    @property
    def total_absolute_holdings_cost(self) -> float:
        """Sum of what was paid for each position, without signs."""
        return float(sum((abs(s.holdings.exact_holdings_cost) for s in self.securities.present()), ZERO))

    @property
    def total_unlevered_absolute_holdings_cost(self) -> float:
        """Sum of what was paid for each position out of one's own money, without signs."""
        return float(sum((abs(s.holdings.exact_unlevered_holdings_cost) for s in self.securities.present()), ZERO))

    # Earned

    @property
    def exact_total_unrealized_profit(self) -> Decimal:
        """``total_unrealized_profit`` as a decimal."""
        return sum((s.holdings.exact_unrealized_profit for s in self.securities.present()), ZERO)

    @property
    def total_unrealized_profit(self) -> float:
        """What closing all positions now would earn."""
        return float(self.exact_total_unrealized_profit)

    @property
    def total_unrealised_profit(self) -> float:
        """What closing all positions now would earn."""
        return float(self.exact_total_unrealized_profit)

    @property
    def exact_total_fees(self) -> Decimal:
        """``total_fees`` as a decimal."""
        return sum((s.holdings.exact_total_fees for s in self.securities.total), ZERO)

    @property
    def total_fees(self) -> float:
        """Fees paid so far."""
        return float(self.exact_total_fees)

    @property
    def exact_total_profit(self) -> Decimal:
        """``total_profit`` as a decimal."""
        return sum((s.holdings.exact_profit for s in self.securities.total), ZERO)

    @property
    def total_profit(self) -> float:
        """Profit of all closed positions, with dividends and before fees."""
        return float(self.exact_total_profit)

    @property
    def exact_total_net_profit(self) -> Decimal:
        """``total_net_profit`` as a decimal."""
        return sum((s.holdings.exact_net_profit for s in self.securities.total), ZERO)

    @property
    def total_net_profit(self) -> float:
        """Profit of all closed positions less fees."""
        return float(self.exact_total_net_profit)

    @property
    def exact_total_sale_volume(self) -> Decimal:
        """``total_sale_volume`` as a decimal."""
        return sum((s.holdings.exact_total_sale_volume for s in self.securities.total), ZERO)

    @property
    def total_sale_volume(self) -> float:
        """Worth of all that was bought and sold."""
        return float(self.exact_total_sale_volume)

    # Margin

    @property
    def exact_total_margin_used(self) -> Decimal:
        """``total_margin_used`` as a decimal."""
        return self._worths.margin()

    @property
    def total_margin_used(self) -> float:
        """Margin that positions bind."""
        return float(self.exact_total_margin_used)

    def exact_margin_remaining(self, total_portfolio_value: Decimal | None = None) -> Decimal:
        """Return the margin that is left of a total, of the present one if none is given."""
        total = self.exact_total_portfolio_value if total_portfolio_value is None else total_portfolio_value
        unsettled = self.unsettled_cash_book.exact_total_value_in_account_currency
        return total - unsettled - self.exact_total_margin_used

    @property
    def margin_remaining(self) -> float:
        """Margin that is left."""
        return float(self.exact_margin_remaining())
