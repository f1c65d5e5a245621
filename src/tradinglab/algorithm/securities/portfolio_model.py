"""How a fill is booked: cash, fees, profit, quantity and average price."""

from __future__ import annotations

from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING

from tradinglab.algorithm.orders.fee import CashAmount, OrderFee
from tradinglab.algorithm.securities.cash import ConvertibleCashAmount
from tradinglab.algorithm.securities.holding import SecurityHolding
from tradinglab.algorithm.securities.holding_state import HoldingState
from tradinglab.algorithm.securities.security_types import PairSecurity
from tradinglab.core.decimals import ZERO
from tradinglab.core.dual import Spelled

if TYPE_CHECKING:
    from tradinglab.algorithm.models.settlement import ApplyFundsSettlementModelParameters
    from tradinglab.algorithm.orders import OrderEvent
    from tradinglab.algorithm.securities.portfolio import SecurityPortfolioManager
    from tradinglab.algorithm.securities.security import Security

_TWO = Decimal(2)
_plain_kinds: dict[tuple[type, type, type], bool] = {}


class SecurityPortfolioModel(Spelled):
    """Average-price accounting for every class of asset."""

    def process_fill(self, portfolio: SecurityPortfolioManager, security: Security, fill: OrderEvent) -> None:
        """Book a fill."""
        holdings = security._holdings
        if type(self) is SecurityPortfolioModel and _is_plain(security, holdings, fill):
            _book(portfolio, security, fill, holdings)
            return
        held, average = holdings._quantity, holdings._average_price
        quantity, price = fill._exact_fill_quantity, fill._exact_fill_price
        worth = holdings.exact_quantity_value(abs(quantity), price)
        holdings.add_new_sale(worth.exact_in_account_currency)
        fee = self._pay_fee(portfolio, security, fill)
        self._move_funds(portfolio, security, fill)
        if held * quantity < 0:
            self._book_profit(portfolio, security, fill, fee)
        holdings.set_holdings(average_after(held, average, quantity, price), held + quantity)

    def _pay_fee(self, portfolio: SecurityPortfolioManager, security: Security, fill: OrderEvent) -> Decimal:
        """Pay the fee and return it in the account's currency."""
        fee = fill.order_fee._value
        if not fee._amount:
            return ZERO
        amount = portfolio.cash_book.exact_to_account_currency(fee._amount, str(fee._currency))
        security._holdings.add_new_fee(amount)
        fill.order_fee.apply_to_portfolio(portfolio, fill)
        return amount

    def _move_funds(self, portfolio: SecurityPortfolioManager, security: Security, fill: OrderEvent) -> None:
        """Pay for what was bought, and for a pair receive its base currency."""
        quantity = fill._exact_fill_quantity
        if not security.is_margined:
            multiplier = security.symbol_properties.exact_contract_multiplier
            amount = -quantity * fill._exact_fill_price * multiplier
            _apply(portfolio, security, fill, amount, security.quote_currency.symbol)
        if security.is_swapped and isinstance(security, PairSecurity):
            _apply(portfolio, security, fill, quantity, security.base_currency.symbol)

    def _book_profit(
        self, portfolio: SecurityPortfolioManager, security: Security, fill: OrderEvent, fee: Decimal
    ) -> None:
        holdings = security.holdings
        profit = self.process_close_trade_profit(portfolio, security, fill).exact_in_account_currency
        holdings.add_new_profit(profit)
        holdings.set_last_trade_profit(profit)
        # the fee of this fill stands for that of the one which opened the position too
        profit_loss = profit - 2 * fee
        portfolio.add_transaction_record(security.utc_ns, profit_loss, profit_loss > 0)

    def process_close_trade_profit(
        self, portfolio: SecurityPortfolioManager, security: Security, fill: OrderEvent
    ) -> ConvertibleCashAmount:
        """Return what the part of the position that a fill closes has earned; pay it out if margined."""
        holdings = security.holdings
        closed = min(abs(fill.exact_fill_quantity), abs(holdings.exact_quantity))
        if fill.exact_fill_quantity > 0:
            closed = -closed
        cost = holdings.exact_quantity_value(closed, holdings.exact_average_price)
        worth = holdings.exact_quantity_value(closed, fill.exact_fill_price)
        profit = ConvertibleCashAmount(worth.exact_amount - cost.exact_amount, worth.cash)
        if security.is_margined:
            _apply(portfolio, security, fill, profit.exact_amount, profit.cash.symbol)
        return profit


def _is_plain(security: Security, holdings: SecurityHolding, fill: OrderEvent) -> bool:
    """Return whether nothing that books a fill is of an author's or a market's own kind."""
    kinds = type(holdings), type(fill.order_fee), type(security.settlement_model)
    found = _plain_kinds.get(kinds)
    if found is None:
        own = ("exact_quantity_value", "add_new_sale", "add_new_fee", "add_new_profit", "set_last_trade_profit",
               "set_holdings")  # fmt: skip
        has_plain_books = all(getattr(kinds[0], name) is getattr(SecurityHolding, name) for name in own)
        is_at_once = kinds[2].apply_funds is _settlement()[1]
        found = _plain_kinds[kinds] = has_plain_books and kinds[1] is OrderFee and is_at_once
    return found and bool(fill._exact_fill_quantity)


def _book(portfolio: SecurityPortfolioManager, security: Security, fill: OrderEvent, holdings: SecurityHolding) -> None:
    """Do what ``process_fill`` does with other models, without the objects that those are asked with."""
    held, average = holdings._quantity, holdings._average_price
    quantity, price = fill._exact_fill_quantity, fill._exact_fill_price
    cash = security.quote_currency
    rate = cash._conversion.exact_conversion_rate
    multiplier = security.symbol_properties.exact_contract_multiplier
    paid = price * quantity * multiplier
    holdings._sale_volume += abs(paid) * rate
    HoldingState.sales_counted += 1
    after, profit = held + quantity, None
    if not held:
        average_then = price
    elif (held > ZERO) is (quantity > ZERO):
        average_then = (average * held + quantity * price) / after
    elif after and (after > ZERO) is (quantity > ZERO):
        average_then = price
        profit = price * held * multiplier - average * held * multiplier
    else:
        average_then = average if after else ZERO
        profit = average * quantity * multiplier - paid
    cost = fill.order_fee._value
    fee = cost._amount
    if fee:
        portfolio._add_cash(cost._currency, -fee)
        if cost._currency != portfolio.cash_book._account_currency:
            fee = portfolio.cash_book.exact_to_account_currency(fee, str(cost._currency))
        holdings._fees += fee
    if not security.is_margined:
        portfolio._add_cash(cash.symbol, -paid)
        if security.is_swapped and isinstance(security, PairSecurity):
            portfolio._add_cash(security.base_currency.symbol, quantity)
    if profit is not None:
        if security.is_margined:
            portfolio._add_cash(cash.symbol, profit)
        profit *= rate
        holdings._profit += profit
        holdings._last_trade_profit = profit
        profit_loss = profit - _TWO * fee if fee else profit
        portfolio.transactions.add_transaction_record(security.exchange.utc_ns, profit_loss, profit_loss > ZERO)
    holdings._set(average_then, after)


def average_after(held: Decimal, average: Decimal, quantity: Decimal, price: Decimal) -> Decimal:
    """Return the average price of a position after a fill.

    Adding to a position averages, reducing it leaves the average as it is, crossing zero starts anew.
    """
    after = held + quantity
    if not held:
        return price
    if held * quantity > ZERO:
        return (average * held + quantity * price) / after
    if not after:
        return ZERO
    return price if after * held < ZERO else average


def _apply(
    portfolio: SecurityPortfolioManager, security: Security, fill: OrderEvent, amount: Decimal, currency: str
) -> None:
    model = security.settlement_model
    kind, at_once = _settlement()
    if type(model).apply_funds is at_once:
        portfolio.cash_book[currency].exact_add(amount)
        return
    model.apply_funds(kind(portfolio, security, fill.utc_time, CashAmount(amount, currency), fill))


@cache
def _settlement() -> tuple[type[ApplyFundsSettlementModelParameters], object]:
    """Return what a settlement model is asked with, and the ordinary answer: money is there at once."""
    from tradinglab.algorithm.models.settlement import ApplyFundsSettlementModelParameters, SettlementModel

    return ApplyFundsSettlementModelParameters, SettlementModel.apply_funds
