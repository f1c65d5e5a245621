"""What an order would cost, asked of the security's fee model."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tradinglab.algorithm.models.fees import OrderFeeParameters
    from tradinglab.algorithm.orders import CashAmount, MarketOrder, Order, OrderProperties
    from tradinglab.algorithm.securities.cash_book import CashBook
    from tradinglab.algorithm.securities.security import Security


def order_fee(security: Security, order: Order) -> CashAmount:
    """Return the fee of an order, in the currency in which it is paid."""
    return security.fee_model.get_order_fee(_names()[0](security, order)).value


def market_order_fees(security: Security, quantity: Decimal) -> CashAmount:
    """Return the fee of a market order for *quantity* sent now."""
    question, make, kind, properties = _names()
    order = make(kind, security.symbol, quantity, security.exchange.utc_ns, "", properties())
    return security.fee_model.get_order_fee(question(security, order)).value


@cache
def _names() -> tuple[type[OrderFeeParameters], Callable[..., MarketOrder], type[MarketOrder], type[OrderProperties]]:
    from tradinglab.algorithm.models.fees import OrderFeeParameters
    from tradinglab.algorithm.orders import MarketOrder, OrderProperties
    from tradinglab.algorithm.orders.order import order_without_prices

    return OrderFeeParameters, order_without_prices, MarketOrder, OrderProperties


def exact_fee_in_account_currency(cash_book: CashBook, security: Security, order: Order) -> Decimal:
    """Return the fee of an order in the account's currency, as a decimal."""
    fee = order_fee(security, order)
    return cash_book.exact_to_account_currency(fee.exact_amount, str(fee.currency))


def exact_market_fee_in_account_currency(cash_book: CashBook, security: Security, quantity: Decimal) -> Decimal:
    """Return the fee of a market order for *quantity* in the account's currency, as a decimal."""
    fee = market_order_fees(security, quantity)
    return cash_book.exact_to_account_currency(fee.exact_amount, str(fee.currency))
