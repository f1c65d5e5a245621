"""What a position remembers."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, ClassVar

from tradinglab.algorithm.securities.event_property import event_property
from tradinglab.core.decimals import ZERO, Number, to_decimal
from tradinglab.core.dual import Spelled

if TYPE_CHECKING:
    from tradinglab.algorithm.portfolio_target import PortfolioTarget
    from tradinglab.algorithm.securities.cash_book import CashBook
    from tradinglab.algorithm.securities.security import Security
    from tradinglab.core.enums import SecurityType
    from tradinglab.core.symbol import Symbol

HoldingListener = Callable[["HoldingState", Decimal, Decimal], None]


class SecurityHoldingQuantityChangedEventArgs(Spelled):
    """What a position was before its quantity was set."""

    __slots__ = ("exact_previous_average_price", "exact_previous_quantity", "security")

    def __init__(self, security: Security, previous_average_price: Decimal, previous_quantity: Decimal) -> None:
        self.security = security
        self.exact_previous_average_price = previous_average_price
        self.exact_previous_quantity = previous_quantity

    @property
    def previous_average_price(self) -> float:
        """The average price before."""
        return float(self.exact_previous_average_price)

    @property
    def previous_quantity(self) -> float:
        """The quantity before."""
        return float(self.exact_previous_quantity)


class HoldingState(Spelled):
    """What a position remembers: quantity, average price and running totals."""

    __slots__ = (
        "_average_price",
        "_currency_converter",
        "_dividends",
        "_fees",
        "_float_average",
        "_float_quantity",
        "_invested",
        "_last_trade_profit",
        "_listeners",
        "_lot_size",
        "_price",
        "_profit",
        "_quantity",
        "_quantity_event",
        "_sale_volume",
        "_security",
        "target",
    )  # fmt: skip

    #: How often any position has counted a sale: while it is the same, so are all sales volumes.
    sales_counted: ClassVar[int] = 0

    def __init__(self, security: Security, currency_converter: CashBook) -> None:
        self._security = security
        self._currency_converter = currency_converter
        self._listeners: list[HoldingListener] = []
        self._price: tuple[Decimal, Decimal] | None = None
        self._quantity = self._average_price = ZERO
        self._float_quantity = 0.0
        self._float_average: float | None = None
        self._invested = False
        self._sale_volume = self._profit = self._last_trade_profit = self._fees = self._dividends = ZERO
        self.target: PortfolioTarget | None = None

    quantity_changed = event_property(
        "_quantity_event",
        lambda holding, event: holding.listen(
            lambda changed, quantity, average: event(
                changed, SecurityHoldingQuantityChangedEventArgs(changed.security, average, quantity)
            )
        ),
        "Raised with the position and what it was, after its quantity was set.",
    )

    @property
    def symbol(self) -> Symbol:
        """The symbol of the security."""
        return self._security.symbol

    @property
    def security(self) -> Security:
        """The security that is held."""
        return self._security

    @property
    def type(self) -> SecurityType:
        """The class of the security."""
        return self._security.type

    @property
    def quantity(self) -> float:
        """Units held: positive if long, negative if short."""
        return self._float_quantity

    @property
    def exact_quantity(self) -> Decimal:
        """``quantity`` as a decimal."""
        return self._quantity

    @property
    def absolute_quantity(self) -> float:
        """Units held, without a sign."""
        return abs(self._float_quantity)

    @property
    def average_price(self) -> float:
        """The average price at which the position was opened."""
        found = self._float_average
        if found is None:
            found = self._float_average = float(self._average_price)
        return found

    @property
    def exact_average_price(self) -> Decimal:
        """``average_price`` as a decimal."""
        return self._average_price

    @property
    def invested(self) -> bool:
        """Whether at least one lot is held."""
        return self._invested

    @property
    def hold_stock(self) -> bool:
        """Whether at least one lot is held."""
        return self._invested

    @property
    def is_long(self) -> bool:
        """Whether the position is long."""
        return self._quantity > 0

    @property
    def is_short(self) -> bool:
        """Whether the position is short."""
        return self._quantity < 0

    @property
    def total_sale_volume(self) -> float:
        """Worth of all that was bought and sold, in the account's currency."""
        return float(self._sale_volume)

    @property
    def exact_total_sale_volume(self) -> Decimal:
        """``total_sale_volume`` as a decimal."""
        return self._sale_volume

    @property
    def total_fees(self) -> float:
        """Fees paid, in the account's currency."""
        return float(self._fees)

    @property
    def exact_total_fees(self) -> Decimal:
        """``total_fees`` as a decimal."""
        return self._fees

    @property
    def total_dividends(self) -> float:
        """Dividends received, in the account's currency."""
        return float(self._dividends)

    @property
    def exact_profit(self) -> Decimal:
        """``profit`` as a decimal."""
        return self._profit + self._dividends

    @property
    def profit(self) -> float:
        """Profit of all closed positions, with dividends and before fees, in the account's currency."""
        return float(self.exact_profit)

    @property
    def exact_net_profit(self) -> Decimal:
        """``net_profit`` as a decimal."""
        return self.exact_profit - self._fees

    @property
    def net_profit(self) -> float:
        """``profit`` less fees."""
        return float(self.exact_net_profit)

    @property
    def last_trade_profit(self) -> float:
        """Profit of the last fill that reduced the position, in the account's currency."""
        return float(self._last_trade_profit)

    def add_new_fee(self, new_fee: Number) -> None:
        """Count a fee, in the account's currency."""
        self._fees += to_decimal(new_fee)

    def add_new_profit(self, profit_loss: Number) -> None:
        """Count the profit of a closed position, in the account's currency."""
        self._profit += to_decimal(profit_loss)

    def add_new_sale(self, sale_value: Number) -> None:
        """Count the worth of a fill, in the account's currency."""
        self._sale_volume += to_decimal(sale_value)
        HoldingState.sales_counted += 1

    def add_new_dividend(self, dividend: Number) -> None:
        """Count a dividend, in the account's currency."""
        self._dividends += to_decimal(dividend)

    def set_last_trade_profit(self, last_trade_profit: Number) -> None:
        """Set the profit of the last fill that reduced the position."""
        self._last_trade_profit = to_decimal(last_trade_profit)

    def set_holdings(self, average_price: Number, quantity: Number) -> None:
        """Set quantity and average price."""
        self._set(to_decimal(average_price), to_decimal(quantity))

    def _set(self, average_price: Decimal, quantity: Decimal) -> None:
        average_before, quantity_before = self._average_price, self._quantity
        self._quantity = quantity
        self._float_quantity = float(quantity)
        self._average_price = average_price
        self._float_average = None
        # less than a lot cannot be traded: crypto fees leave such crumbs
        self._invested = abs(quantity) >= self._security.symbol_properties.exact_lot_size
        for listener in self._listeners:
            listener(self, quantity_before, average_before)

    def listen(self, listener: HoldingListener) -> None:
        """Call *listener* after the quantity was set, with the quantity and average price before."""
        self._listeners.append(listener)
