"""Tradier."""

from __future__ import annotations

from datetime import time
from typing import TYPE_CHECKING

from tradinglab.algorithm.models.brokerage.base import YES, Verdict
from tradinglab.algorithm.models.brokerage.message import BrokerageMessageEvent, BrokerageMessageType
from tradinglab.algorithm.models.brokerage.ruled import BASIC, RuledBrokerageModel, auction_types
from tradinglab.algorithm.models.fees import ConstantFeeModel, FeeModel
from tradinglab.algorithm.orders import DayTimeInForce, GoodTilCanceledTimeInForce
from tradinglab.core.enums import OrderType, SecurityType

if TYPE_CHECKING:
    from tradinglab.algorithm.market_events import Split
    from tradinglab.algorithm.orders import Order, OrderTicket, UpdateOrderRequest
    from tradinglab.algorithm.securities.security import Security

_PRE_MARKET = (time(4), time(9, 24))
_POST_MARKET = (time(16), time(19, 55))
_LEAST_SHORT_PRICE = 5
_MOST_SHARES = 10_000_000


def _warn(code: str, text: str) -> Verdict:
    return False, BrokerageMessageEvent(BrokerageMessageType.WARNING, code, text)


class TradierBrokerageModel(RuledBrokerageModel):
    """Tradier's rules: shares and options, shorts for the day only, extended hours for limit orders."""

    security_types = (SecurityType.EQUITY, SecurityType.OPTION, SecurityType.INDEX_OPTION)
    order_types = BASIC
    times_in_force = (GoodTilCanceledTimeInForce, DayTimeInForce)
    not_across_zero = auction_types()

    def check(self, security: Security, order: Order) -> Verdict:
        """Return whether the order suits the rules for shorts, sizes and hours."""
        if security.holdings.exact_quantity + order.exact_quantity < 0:
            if isinstance(order.time_in_force, GoodTilCanceledTimeInForce):
                return _warn("ShortOrderIsGtc", "You cannot place short stock orders with GTC, only day orders.")
            if security.exact_price < _LEAST_SHORT_PRICE:
                return _warn("SellShortOrderLastPriceBelow5", "Sell Short order cannot be placed for stock below $5.")
        if not 1 <= abs(order.exact_quantity) <= _MOST_SHARES:
            return _warn("IncorrectOrderQuantity", "Quantity should be between 1 and 10,000,000.")
        if not self.can_execute_order(security, order) and _wants_extended_hours(order):
            return _warn("ExtendedMarket", "Outside regular hours only limit orders for shares are taken, from "
                                           f"{_PRE_MARKET[0]} to {_PRE_MARKET[1]} and from {_POST_MARKET[0]} to "
                                           f"{_POST_MARKET[1]}.")  # fmt: skip
        return YES

    def check_update(self, security: Security, order: Order, request: UpdateOrderRequest) -> Verdict:
        """Return whether the brokerage takes a change of an order: not of its quantity."""
        if request.exact_quantity is not None and request.exact_quantity != order.exact_quantity:
            return _warn("UpdateRejected", "Tradier does not support updating order quantities.")
        return YES

    def can_execute_order(self, security: Security, order: Order) -> bool:
        """Return whether an order can trade now."""
        if security.exchange.exchange_open:
            return True
        at = security.local_time.time()
        return (
            _wants_extended_hours(order)
            and order.type == OrderType.LIMIT
            and order.security_type == SecurityType.EQUITY
            and any(first <= at < last for first, last in (_PRE_MARKET, _POST_MARKET))
        )

    def apply_split(self, tickets: list[OrderTicket], split: Split) -> None:
        """Cancel working orders on a reverse split; else change them so that they are worth the same."""
        if split.exact_split_factor <= 1:
            super().apply_split(tickets, split)
            return
        for ticket in tickets:
            ticket.cancel("Tradier Brokerage cancels open orders on reverse split symbols")

    def get_fee_model(self, security: Security) -> FeeModel:
        """Return that orders are free."""
        return ConstantFeeModel(0)


def _wants_extended_hours(order: Order) -> bool:
    return bool(getattr(order.properties, "outside_regular_trading_hours", False))
