"""What the states and types of orders mean."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from tradinglab.core.dual import Dual, DualEnum
from tradinglab.core.enums import OrderStatus, OrderType

if TYPE_CHECKING:
    from tradinglab.algorithm.orders.order import Order

_CLOSED = frozenset({OrderStatus.FILLED, OrderStatus.CANCELED, OrderStatus.INVALID})
_FILLS = frozenset({OrderStatus.FILLED, OrderStatus.PARTIALLY_FILLED})
_LIMITS = frozenset({OrderType.LIMIT, OrderType.STOP_LIMIT, OrderType.LIMIT_IF_TOUCHED})
_STOPS = frozenset({OrderType.STOP_MARKET, OrderType.STOP_LIMIT, OrderType.TRAILING_STOP})


def is_closed(status: OrderStatus) -> bool:
    """Return whether nothing more can happen to an order with this status."""
    return status in _CLOSED


def is_open(status: OrderStatus) -> bool:
    """Return whether something may still happen to an order with this status."""
    return status not in _CLOSED


def is_fill(status: OrderStatus) -> bool:
    """Return whether an event with this status is a fill."""
    return status in _FILLS


class OrderExtensions(Dual):
    """The same questions under QuantConnect's name."""

    is_closed = staticmethod(is_closed)
    is_open = staticmethod(is_open)
    is_fill = staticmethod(is_fill)

    @staticmethod
    def is_limit_order(order_type: OrderType) -> bool:
        """Return whether orders of this type have a limit price."""
        return order_type in _LIMITS

    @staticmethod
    def is_stop_order(order_type: OrderType) -> bool:
        """Return whether orders of this type have a stop price."""
        return order_type in _STOPS


class OrderError(DualEnum):
    """Why an order was refused, in LEAN's older numbering."""

    CAN_NOT_UPDATE_FILLED_ORDER = -8
    GENERAL_ERROR = -7
    TIMESTAMP_ERROR = -6
    MAX_ORDERS_EXCEEDED = -5
    INSUFFICIENT_CAPITAL = -4
    MARKET_CLOSED = -3
    NO_DATA = -2
    ZERO_QUANTITY = -1
    NONE = 0


def group_orders(order: Order, find: Callable[[int], Order | None]) -> list[Order] | None:
    """Return all orders of *order*'s group by number, or ``None`` while some have not arrived yet."""
    group = order.group_order_manager
    if group is None:
        return [order]
    orders = [order]
    for order_id in group.order_ids:
        if order_id != order.id:
            other = find(order_id)
            if other is None:
                return None
            orders.append(other)
    if len(orders) != group.count:
        return None
    return sorted(orders, key=lambda each: each.id)
