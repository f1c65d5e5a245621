"""Interactive Brokers."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, ClassVar

from tradinglab.algorithm.models.brokerage.base import YES, Verdict, no
from tradinglab.algorithm.models.brokerage.message import BrokerageMessageEvent, BrokerageMessageType
from tradinglab.algorithm.models.brokerage.ruled import (
    BASIC,
    RuledBrokerageModel,
    check_market_on_open,
    clock_time,
)
from tradinglab.algorithm.models.fees import InteractiveBrokersFeeModel
from tradinglab.algorithm.orders import DayTimeInForce, GoodTilCanceledTimeInForce, GoodTilDateTimeInForce
from tradinglab.core.enums import OrderType, SecurityType
from tradinglab.core.market import Market

if TYPE_CHECKING:
    from tradinglab.algorithm.orders import Order, TimeInForce, UpdateOrderRequest
    from tradinglab.algorithm.securities.security import Security
    from tradinglab.core.local_market_hours import MarketHoursSegment

#: Least and most units of a base currency in one order, in thousands.
_FOREX_LIMITS = {
    "USD": (25, 7_000),
    "AUD": (25, 6_000),
    "CAD": (25, 6_000),
    "CHF": (25, 6_000),
    "CNH": (150, 40_000),
    "DKK": (150, 35_000),
    "EUR": (20, 6_000),
    "GBP": (20, 5_000),
    "HKD": (200, 50_000),
    "KRW": (0, 200_000),
    "JPY": (2_500, 550_000),
    "MXN": (300, 70_000),
    "NOK": (150, 35_000),
    "NZD": (35, 8_000),
    "RUB": (750, 30_000),
    "SEK": (175, 40_000),
    "SGD": (35, 8_000),
    "ZAR": (350, 100_000),
}
_AUCTIONS = (OrderType.MARKET_ON_OPEN, OrderType.MARKET_ON_CLOSE)
_OPENING = (
    SecurityType.CFD,
    SecurityType.EQUITY,
    SecurityType.OPTION,
    SecurityType.FUTURE_OPTION,
    SecurityType.INDEX_OPTION,
)
_CLOSING = (SecurityType.FUTURE, SecurityType.EQUITY, SecurityType.CFD)
_COMBO_LEGS = 4


class InteractiveBrokersBrokerageModel(RuledBrokerageModel):
    """Interactive Brokers' rules."""

    DEFAULT_MARKET_MAP: ClassVar[Mapping[SecurityType, str]] = {
        SecurityType.BASE: Market.USA,
        SecurityType.EQUITY: Market.USA,
        SecurityType.INDEX: Market.USA,
        SecurityType.OPTION: Market.USA,
        SecurityType.INDEX_OPTION: Market.USA,
        SecurityType.FUTURE: Market.CME,
        SecurityType.FUTURE_OPTION: Market.CME,
        SecurityType.FOREX: Market.OANDA,
        SecurityType.CFD: Market.INTERACTIVE_BROKERS,
    }
    leverages: ClassVar[Mapping[SecurityType, int]] = {
        SecurityType.EQUITY: 2,
        SecurityType.FOREX: 50,
        SecurityType.CFD: 10,
        SecurityType.CRYPTO_FUTURE: 25,
    }
    security_types = (
        SecurityType.EQUITY,
        SecurityType.FOREX,
        SecurityType.OPTION,
        SecurityType.FUTURE,
        SecurityType.FUTURE_OPTION,
        SecurityType.INDEX,
        SecurityType.INDEX_OPTION,
        SecurityType.CFD,
    )
    order_types: ClassVar[Collection[OrderType]] = (
        *BASIC,
        *_AUCTIONS,
        OrderType.TRAILING_STOP,
        OrderType.LIMIT_IF_TOUCHED,
        OrderType.COMBO_MARKET,
        OrderType.COMBO_LIMIT,
        OrderType.COMBO_LEG_LIMIT,
        OrderType.OPTION_EXERCISE,
    )
    times_in_force: ClassVar[tuple[type[TimeInForce], ...]] = (
        GoodTilCanceledTimeInForce,
        DayTimeInForce,
        GoodTilDateTimeInForce,
    )
    fee_model = InteractiveBrokersFeeModel
    has_benchmark = False

    def check(self, security: Security, order: Order) -> Verdict:
        """Return whether the order suits the auctions, combos and sizes that there are."""
        if order.type == OrderType.MARKET_ON_CLOSE and security.type not in _CLOSING:
            code = f"Unsupported order type for {security.type} security type"
            text = "InteractiveBrokers takes Market-on-Close orders for shares, futures and CFDs only."
            return False, BrokerageMessageEvent(BrokerageMessageType.WARNING, code, text)
        opening = check_market_on_open(security, order, _OPENING, _from_close_to_open)
        if opening is not YES:
            return opening
        group = order.group_order_manager
        if order.type == OrderType.COMBO_LEG_LIMIT and group is not None and group.count >= _COMBO_LEGS:
            return no(f"The {self.name} takes no limit on each leg of combos of four legs or more.")
        if security.type == SecurityType.FOREX:
            return _check_forex_size(order, order.exact_quantity)
        if order.type == OrderType.OPTION_EXERCISE and security.type == SecurityType.INDEX_OPTION:
            return no(f"The {self.name} does not exercise options that settle in cash.")
        return YES

    def check_update(self, security: Security, order: Order, request: UpdateOrderRequest) -> Verdict:
        """Return whether the brokerage takes a change of an order, and if not, why."""
        if order.security_type == SecurityType.FOREX and request.exact_quantity is not None:
            return _check_forex_size(order, request.exact_quantity)
        return YES

    def can_execute_order(self, security: Security, order: Order) -> bool:
        """Return whether an order can trade now."""
        return order.security_type != SecurityType.BASE


class InteractiveBrokersFixModel(InteractiveBrokersBrokerageModel):
    """Interactive Brokers over FIX: fewer types of order, no good-til-date."""

    order_types = (
        *BASIC,
        *_AUCTIONS,
        OrderType.TRAILING_STOP,
        OrderType.COMBO_MARKET,
        OrderType.COMBO_LIMIT,
    )
    times_in_force = (GoodTilCanceledTimeInForce, DayTimeInForce)


def _from_close_to_open(session: MarketHoursSegment) -> tuple[time, time]:
    return clock_time(session.end), clock_time(session.start - timedelta(minutes=2))


def _check_forex_size(order: Order, quantity: Decimal) -> Verdict:
    base = order.symbol.value[:3]
    least, most = (1_000 * limit for limit in _FOREX_LIMITS.get(base, (0, 0)))
    size = abs(quantity)
    if (size >= least if least else size > 0) and size <= most:
        return YES
    text = f"The minimum and maximum limits for the allowable order size are ({least}, {most}){base}."
    return False, BrokerageMessageEvent(BrokerageMessageType.WARNING, "OrderSizeLimit", text)
