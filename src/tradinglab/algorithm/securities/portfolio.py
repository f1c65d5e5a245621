"""The account: cash, positions, worth and margin."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any, NoReturn

from tradinglab.algorithm.models.adapter import adapt
from tradinglab.algorithm.securities.cash import Cash
from tradinglab.algorithm.securities.portfolio_totals import PortfolioTotals
from tradinglab.algorithm.securities.positions import SecurityPositionGroupModel
from tradinglab.algorithm.slice import KeyValuePair
from tradinglab.core.decimals import ZERO, Number, to_decimal
from tradinglab.core.enums import DataNormalizationMode, OrderDirection, SecurityType

if TYPE_CHECKING:
    from tradinglab.algorithm.market_events import Dividend, Split
    from tradinglab.algorithm.models.buying_power import (
        HasSufficientBuyingPowerForOrderParameters,
        HasSufficientBuyingPowerForOrderResult,
    )
    from tradinglab.algorithm.orders import Order, OrderEvent, SubmitOrderRequest
    from tradinglab.algorithm.securities.holding import SecurityHolding
    from tradinglab.algorithm.securities.security import Security
    from tradinglab.algorithm.securities.security_manager import SecurityManager
    from tradinglab.algorithm.securities.transactions import SecurityTransactionManager
    from tradinglab.algorithm.settings import AlgorithmSettings
    from tradinglab.core.symbol import Symbol

_START_CASH = 100_000


@cache
def _buying_power_classes() -> tuple[
    type[HasSufficientBuyingPowerForOrderParameters], type[HasSufficientBuyingPowerForOrderResult]
]:
    from tradinglab.algorithm.models import buying_power

    return (
        buying_power.HasSufficientBuyingPowerForOrderParameters,
        buying_power.HasSufficientBuyingPowerForOrderResult,
    )


class SecurityPortfolioManager(PortfolioTotals):
    """The account of an algorithm: a mapping from symbol to position, and its totals.

    Amounts are in the account's currency. ``exact_…`` are decimals, the rest floats.
    """

    __slots__ = ("_base_cash", "_cash_named", "_cash_set", "_currency_set", "margin_call_model", "positions",
                 "transactions")  # fmt: skip

    def __init__(
        self, securities: SecurityManager, transactions: SecurityTransactionManager, settings: AlgorithmSettings
    ) -> None:
        from tradinglab.algorithm.models.margin_call import DefaultMarginCallModel

        super().__init__(securities, settings)
        self.transactions = transactions
        self.positions = SecurityPositionGroupModel(self)
        self.margin_call_model: Any = DefaultMarginCallModel(self)
        self._base_cash: Cash = self.cash_book["USD"]
        self._base_cash.set_amount(_START_CASH)
        self._cash_set = self._cash_named = self._currency_set = False
        self.cash_book.listen(self._cash_changed)
        self.unsettled_cash_book.listen(lambda cash, is_new: self._cash_changed(cash, False))

    def _cash_changed(self, cash: Cash | None, is_new: bool) -> None:
        if is_new and cash is not None:
            self._add_unsettled(cash)
        self._total_value = self._float_total = self._noted = None
        self.securities.changes += 1

    def _add_cash(self, currency: str, amount: Decimal) -> None:
        """Add to what is held of a currency. While no author's handler listens, nobody but this account has to know."""
        book = self.cash_book
        cash = book._cash.get(currency) or book[currency]
        if book._updated_event is not None or cash._updated_event is not None:
            cash.exact_add(amount)
            return
        cash._amount += amount
        self._total_value = self._float_total = self._noted = None
        self.securities.changes += 1

    def _add_unsettled(self, cash: Cash) -> None:
        """Give a new currency its entry among the unsettled ones, with the same rate."""
        unsettled = Cash(cash.symbol, ZERO, cash.exact_conversion_rate)
        unsettled.currency_conversion = cash.currency_conversion
        cash.listen(self._share_conversion)
        self.unsettled_cash_book.add(cash.symbol, unsettled)

    def _share_conversion(self, cash: Cash, conversion_replaced: bool) -> None:
        if conversion_replaced:
            self.unsettled_cash_book[cash.symbol].currency_conversion = cash.currency_conversion

    # The mapping

    def __getitem__(self, key: object) -> SecurityHolding:
        return self.securities[key]._holdings

    def __setitem__(self, key: object, value: SecurityHolding) -> None:
        self.securities[key].holdings = value

    def __contains__(self, key: object) -> bool:
        return key in self.securities

    def __len__(self) -> int:
        return len(self.securities)

    def __iter__(self) -> Iterator[KeyValuePair[SecurityHolding]]:
        return iter([KeyValuePair(symbol, holding) for symbol, holding in self.items()])

    def _table(self) -> dict[Symbol, SecurityHolding]:
        return {security.symbol: security.holdings for security in self.securities.present()}

    def _find(self, key: object) -> SecurityHolding | None:
        found = self.securities.get(key)
        return None if found is None else found.holdings

    def add(self, *_: object) -> NoReturn:
        """Refuse: positions come from orders."""
        self._refuse("add")

    # Cash

    def set_account_currency(self, account_currency: str, starting_cash: Number | None = None) -> None:
        """Set the currency in which the account is kept, before any security is added.

        Cash that was set before without naming a currency is carried over.

        Raises
        ------
        ValueError
            If there are securities already.
        """
        account_currency = account_currency.upper()
        if self._currency_set:
            return
        self._currency_set = True
        if len(self.securities):
            raise ValueError("The account currency must be set before any security is added.")
        previous = self._base_cash if self._cash_set else None
        amount = None if previous is None else previous.exact_amount
        self.unsettled_cash_book.account_currency = account_currency
        self.cash_book.account_currency = account_currency
        self._base_cash = self.cash_book[account_currency]
        if self._cash_named and previous is not None and amount is not None and previous.symbol != account_currency:
            self._base_cash.set_amount(0)
            self.cash_book.add(previous.symbol, amount, previous.exact_conversion_rate)
        if starting_cash is not None:
            self.set_cash(starting_cash)

    def set_cash(self, symbol: Number, cash: Number | None = None, conversion_rate: Number = 0) -> None:
        """Set the cash of the account: ``(amount)``, or ``(currency, amount, conversion rate)``."""
        self._cash_set = True
        self._cash_named = cash is not None
        if cash is None:
            self._base_cash.set_amount(symbol)
            return
        currency = str(symbol).upper()
        known = self.cash_book.get(currency)
        if known is None:
            self.cash_book.add(currency, cash, conversion_rate)
        else:
            known.set_amount(cash)
            known.conversion_rate = conversion_rate

    # Events

    def process_fills(self, fills: list[OrderEvent]) -> None:
        """Book fills."""
        for fill in fills:
            security = self.securities[fill.symbol]
            security.portfolio_model.process_fill(self, security, fill)
        self.invalidate_total_portfolio_value()

    def apply_dividend(self, dividend: Dividend, live_mode: bool, mode: DataNormalizationMode) -> None:
        """Pay a dividend, if prices do not have it in them already."""
        if live_mode or mode not in (DataNormalizationMode.RAW, DataNormalizationMode.SPLIT_ADJUSTED):
            return
        security = self.securities[dividend.symbol]
        holdings = security.holdings
        rate = security.quote_currency.exact_conversion_rate
        total = holdings.exact_quantity * dividend.exact_distribution * rate
        self._base_cash.add_amount(total)
        holdings.add_new_dividend(total)

    def apply_split(self, split: Split, security: Security, live_mode: bool, mode: DataNormalizationMode) -> None:
        """Change a position in a share by a split, if prices are raw; a fraction is paid out."""
        if security.type != SecurityType.EQUITY or (not live_mode and mode != DataNormalizationMode.RAW):
            return
        holdings, factor = security.holdings, split.exact_split_factor
        quantity = holdings.exact_quantity / factor
        whole = Decimal(int(quantity))
        left_over = quantity - whole
        holdings.set_holdings(holdings.exact_average_price * factor, whole)
        if security.get_last_data() is None:
            self._base_cash.add_amount(left_over * split.exact_reference_price * factor)
            return
        security.apply_split(factor)
        last = security.get_last_data()
        self._base_cash.add_amount(left_over * (ZERO if last is None else last.exact_price))
        self.invalidate_total_portfolio_value()

    def add_transaction_record(self, time_ns: int, transaction_profit_loss: Number, is_win: bool) -> None:
        """Record what closing (part of) a position earned."""
        self.transactions.add_transaction_record(time_ns, transaction_profit_loss, is_win)

    # Buying power

    def exact_buying_power(self, symbol: object, direction: OrderDirection = OrderDirection.BUY) -> Decimal:
        """Return ``get_buying_power`` as a decimal."""
        from tradinglab.algorithm.models.buying_power import buying_power_of

        return buying_power_of(self, self.securities[symbol], direction)

    def get_buying_power(self, symbol: object, direction: OrderDirection = OrderDirection.BUY) -> float:
        """Return the margin that an order in a security may use."""
        return float(self.exact_buying_power(symbol, direction))

    def get_margin_remaining(self, symbol: object = None, direction: OrderDirection = OrderDirection.BUY) -> float:
        """Return the margin that an order in a security may use; of a number, what it leaves over the margin used."""
        if isinstance(symbol, (int, float, Decimal)):
            return float(self.exact_margin_remaining(to_decimal(symbol)))
        return self.get_buying_power(symbol, direction)

    def has_sufficient_buying_power_for_order(self, orders: list[Order]) -> HasSufficientBuyingPowerForOrderResult:
        """Return whether there is margin enough for all of some orders."""
        question, answer = _buying_power_classes()
        for order in orders:
            security = self.securities[order.symbol]
            parameters = question(self, security, order)
            result = security.buying_power_model.has_sufficient_buying_power_for_order(parameters)
            if not result.is_sufficient:
                return result
        return answer(True)

    def set_margin_call_model(self, margin_call_model: Any) -> None:
        """Set what happens when more margin is used than there is."""
        self.margin_call_model = adapt(margin_call_model, "get_margin_call_orders", "execute_margin_call")

    def margin_call_orders(self) -> tuple[list[SubmitOrderRequest], bool]:
        """Return the orders of a margin call that is due now, and whether to warn the strategy."""
        orders, warn = self.margin_call_model.get_margin_call_orders(False)
        return list(orders), bool(warn) or bool(orders)

    def set_positions(self, position_group_model: SecurityPositionGroupModel) -> None:
        """Set how positions are grouped for margin; the null model checks and reserves nothing."""
        position_group_model.portfolio = self
        self.positions = position_group_model
