"""Tickets and events of orders, written up when somebody asks for them.

Of most orders only the position and the cash that they leave are looked at. Their tickets, and the events that say they
were submitted, are made of what is kept here: the same as if they had been made at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, overload

from tradinglab.algorithm.orders import OrderEvent, OrderResponse, OrderTicket, SubmitOrderRequest
from tradinglab.core.enums import OrderRequestStatus, OrderStatus

if TYPE_CHECKING:
    from tradinglab.algorithm.orders import Order
    from tradinglab.algorithm.orders.protocols import TransactionProcessor

_NEW, _SUBMITTED = OrderStatus.NEW, OrderStatus.SUBMITTED
_ERROR, _PROCESSED = OrderRequestStatus.ERROR, OrderRequestStatus.PROCESSED

#: The quantity asked for, the order, the event that filled it whole if it was, and where a ticket sends its requests.
Paper = tuple[Decimal, "Order", OrderEvent | None, "TransactionProcessor"]


class UnwrittenTicket(OrderTicket):
    """A ticket that becomes an ordinary one when it is first looked at."""

    __slots__ = ()

    def __getattr__(self, name: str) -> Any:
        self.__class__ = OrderTicket  # type: ignore[assignment]  # the slots are the same
        quantity, order, fill, transactions = self._paper
        request = written_request(order, quantity, order.tag)
        is_new = order.status == _NEW
        request.set_response(OrderResponse.success(request), _ERROR if is_new else _PROCESSED)
        self.__init__(transactions, request)  # type: ignore[misc]
        self._order = order
        if not is_new:
            submitted = OrderEvent.of(order, request.time_ns, _SUBMITTED)
            submitted.ticket, submitted.id = self, 1
            self.add_order_event(submitted)
        if fill is not None:
            self.add_order_event(fill)
        return getattr(self, name)

    def note_fill(self, fill: OrderEvent) -> None:
        """Take in that the order was filled whole."""
        quantity, order, _, transactions = self._paper
        self._paper = quantity, order, fill, transactions
        order._price = fill._exact_fill_price


def written_request(order: Order, quantity: Decimal, tag: str | None) -> SubmitOrderRequest:
    """Return the request that a new order without prices was made of."""
    request = SubmitOrderRequest.of(order.order_type, order.symbol, quantity, order.time_ns, tag, order.properties)
    request._order_id = order._id
    return request


def unwritten(paper: Paper) -> UnwrittenTicket:
    """Return the ticket of an order that nobody has looked at yet."""
    ticket = UnwrittenTicket.__new__(UnwrittenTicket)
    ticket._paper = paper
    return ticket


class EventLog(Sequence[OrderEvent]):
    """The events of a run in their order; a ticket stands for the event that its order was submitted."""

    def __init__(self) -> None:
        self._entries: list[OrderEvent | OrderTicket] = []
        self._written = 0
        self.append = self._entries.append

    def __len__(self) -> int:
        return len(self._entries)

    @overload
    def __getitem__(self, index: int) -> OrderEvent: ...
    @overload
    def __getitem__(self, index: slice) -> list[OrderEvent]: ...
    def __getitem__(self, index: int | slice) -> OrderEvent | list[OrderEvent]:
        return self._events()[index]

    def __iter__(self) -> Iterator[OrderEvent]:
        return iter(self._events())

    def _events(self) -> list[OrderEvent]:
        entries: list[Any] = self._entries
        for index in range(self._written, len(entries)):
            if isinstance(entries[index], OrderTicket):
                entries[index] = entries[index]._order_events[0]
        self._written = len(entries)
        return entries
