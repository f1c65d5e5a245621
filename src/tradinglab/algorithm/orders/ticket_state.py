"""What the ticket of an order can be asked."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from tradinglab.algorithm.orders.order import Order
from tradinglab.algorithm.orders.order_extensions import is_closed
from tradinglab.core.decimals import ZERO
from tradinglab.core.dual import NetObject
from tradinglab.core.enums import OrderField, OrderStatus, OrderType, SecurityType

if TYPE_CHECKING:
    from tradinglab.algorithm.orders.order_event import OrderEvent
    from tradinglab.algorithm.orders.protocols import TransactionProcessor
    from tradinglab.algorithm.orders.requests import (
        CancelOrderRequest,
        OrderRequest,
        SubmitOrderRequest,
        UpdateOrderRequest,
    )
    from tradinglab.algorithm.orders.responses import OrderResponse
    from tradinglab.core.symbol import Symbol

#: The attribute behind a field, and the types of order that have it.
_FIELDS = {
    OrderField.LIMIT_PRICE: (
        "limit_price",
        {OrderType.LIMIT, OrderType.STOP_LIMIT, OrderType.LIMIT_IF_TOUCHED, OrderType.COMBO_LIMIT,
         OrderType.COMBO_LEG_LIMIT},
    ),
    OrderField.STOP_PRICE: ("stop_price", {OrderType.STOP_MARKET, OrderType.STOP_LIMIT, OrderType.TRAILING_STOP}),
    OrderField.TRIGGER_PRICE: ("trigger_price", {OrderType.LIMIT_IF_TOUCHED}),
    OrderField.TRAILING_AMOUNT: ("trailing_amount", {OrderType.TRAILING_STOP}),
    OrderField.TRAILING_AS_PERCENTAGE: ("trailing_as_percentage", {OrderType.TRAILING_STOP}),
}  # fmt: skip


class TypedGetter:
    """``ticket.get(field)``, which QuantConnect also lets one write ``ticket.get[bool](field)``."""

    def __init__(self, get: Callable[[OrderField], float | bool]) -> None:
        self._get = get

    def __call__(self, field: OrderField) -> float | bool:
        """Return the field."""
        return self._get(field)

    def __getitem__(self, kind: type) -> TypedGetter:
        return self


class WaitHandle(NetObject):
    """Tells whether something has happened. A backtest has one thread, so nothing happens while waiting."""

    def __init__(self, happened: Callable[[], bool]) -> None:
        self._happened = happened

    def wait_one(self, timeout: object = None) -> bool:
        """Return whether it has happened."""
        return self._happened()


class TicketState(NetObject):
    """What a ticket knows of its order.

    Parameters
    ----------
    transaction_manager
        Where requests are sent.
    submit_request
        The request that the order was made with.
    """

    __slots__ = (
        "_average_fill_price",
        "_cancel_request",
        "_filled",
        "_order",
        "_order_events",
        "_paper",
        "_status_override",
        "_submit_request",
        "_transaction_manager",
        "_update_requests",
        "_weighted_price",
    )

    #: What the engine makes the ticket of, if it does so when the ticket is first looked at.
    _paper: tuple[Decimal, Order, OrderEvent | None, TransactionProcessor]

    def __init__(self, transaction_manager: TransactionProcessor, submit_request: SubmitOrderRequest) -> None:
        self._transaction_manager = transaction_manager
        self._submit_request = submit_request
        self._order: Order | None = None
        self._status_override: OrderStatus | None = None
        self._cancel_request: CancelOrderRequest | None = None
        self._update_requests: list[UpdateOrderRequest] = []
        self._order_events: list[OrderEvent] = []
        self._average_fill_price = ZERO
        self._filled = ZERO
        self._weighted_price = ZERO

    @property
    def order_id(self) -> int:
        """Number of the order."""
        return self._submit_request.order_id

    @property
    def status(self) -> OrderStatus:
        """Where the order is in its life."""
        if self._status_override is not None:
            return self._status_override
        return OrderStatus.NEW if self._order is None else self._order.status

    @property
    def symbol(self) -> Symbol:
        """What is traded."""
        return self._submit_request.symbol

    @property
    def security_type(self) -> SecurityType:
        """Class of the asset."""
        return self._submit_request.security_type

    @property
    def order_type(self) -> OrderType:
        """Type of the order."""
        return self._submit_request.order_type

    @property
    def exact_quantity(self) -> Decimal:
        """``quantity`` as a decimal."""
        return self._submit_request.exact_quantity if self._order is None else self._order.exact_quantity

    @property
    def quantity(self) -> float:
        """Units: positive to buy, negative to sell."""
        return float(self.exact_quantity)

    @property
    def exact_average_fill_price(self) -> Decimal:
        """``average_fill_price`` as a decimal."""
        return self._average_fill_price

    @property
    def average_fill_price(self) -> float:
        """Average price of what was filled, 0 before."""
        return float(self._average_fill_price)

    @property
    def exact_quantity_filled(self) -> Decimal:
        """``quantity_filled`` as a decimal."""
        return self._filled

    @property
    def quantity_filled(self) -> float:
        """Units filled so far, signed as the quantity."""
        return float(self._filled)

    @property
    def exact_quantity_remaining(self) -> Decimal:
        """``quantity_remaining`` as a decimal."""
        return self.exact_quantity - self._filled

    @property
    def quantity_remaining(self) -> float:
        """Units not filled yet."""
        return float(self.exact_quantity_remaining)

    @property
    def time(self) -> datetime:
        """When the last request was made, in UTC."""
        return self.get_most_recent_order_request().time

    @property
    def tag(self) -> str | None:
        """The order's tag."""
        return self._submit_request.tag if self._order is None else self._order.tag

    @property
    def submit_request(self) -> SubmitOrderRequest:
        """The request that the order was made with."""
        return self._submit_request

    @property
    def update_requests(self) -> list[UpdateOrderRequest]:
        """The requests to change it."""
        return list(self._update_requests)

    @property
    def cancel_request(self) -> CancelOrderRequest | None:
        """The request to cancel it, if there was one."""
        return self._cancel_request

    @property
    def order_events(self) -> list[OrderEvent]:
        """What happened to the order."""
        return list(self._order_events)

    @property
    def has_order(self) -> bool:
        """Whether the order exists already."""
        return self._order is not None

    @property
    def order_set(self) -> WaitHandle:
        """Tells whether the order exists already."""
        return WaitHandle(lambda: self._order is not None)

    @property
    def order_closed(self) -> WaitHandle:
        """Tells whether the order is filled, cancelled or invalid."""
        return WaitHandle(lambda: any(is_closed(event.status) for event in self._order_events))

    @property
    def get(self) -> TypedGetter:
        """Return a field of the order: ``ticket.get(OrderField.LIMIT_PRICE)``.

        Raises
        ------
        ValueError
            If an order of this type has no such field.
        """
        return TypedGetter(self._field)

    def _field(self, field: OrderField) -> float | bool:
        name, order_types = _FIELDS[field]
        if self.order_type not in order_types:
            raise ValueError(f"Unable to get field {field} on order of type {self.order_type}")
        value: float | bool = getattr(self._submit_request if self._order is None else self._order, name)
        return value

    def get_most_recent_order_request(self) -> OrderRequest:
        """Return the cancellation, else the last update, else the submission."""
        if self._cancel_request is not None:
            return self._cancel_request
        return self._update_requests[-1] if self._update_requests else self._submit_request

    def get_most_recent_order_response(self) -> OrderResponse:
        """Return the response to the most recent request."""
        return self.get_most_recent_order_request().response

    def __int__(self) -> int:
        response = self.get_most_recent_order_response()
        return int(response.error_code) if response.is_error else self.order_id

    def __str__(self) -> str:
        requests: list[OrderRequest] = [self._submit_request, *self._update_requests]
        if self._cancel_request is not None:
            requests.append(self._cancel_request)
        answered = sum(request.response.is_processed for request in requests)
        counts = f"Request Count: {len(requests)} Response Count: {answered}"
        return f"{self.order_id}: {counts}" if self._order is None else f"{self.order_id}: {self._order} {counts}"

    def __repr__(self) -> str:
        return f"<{self}>"

    def to_string(self) -> str:
        """Return the ticket as text."""
        return str(self)
