"""Updates and cancellations of orders that are there already."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from tradinglab.algorithm.orders import (
    CancelOrderRequest,
    Order,
    OrderRequest,
    OrderResponse,
    OrderTicket,
    UpdateOrderRequest,
    group_orders,
)
from tradinglab.core.enums import OrderRequestStatus, OrderStatus
from tradinglab.core.enums import OrderResponseErrorCode as Code
from tradinglab.engine.order_book import CLOSED
from tradinglab.engine.order_permission import can_update
from tradinglab.engine.order_prices import round_order_prices, round_quantity

if TYPE_CHECKING:
    from tradinglab.algorithm.qc_algorithm import QCAlgorithm
    from tradinglab.engine.brokerage import BacktestingBrokerage
    from tradinglab.engine.order_book import OrderBook
    from tradinglab.engine.order_events import OrderEvents
    from tradinglab.engine.order_permission import OrderPermission


class OrderChanges:
    """Takes requests to change an order, and carries them out later.

    Parameters
    ----------
    enqueue : callable
        Takes each request that is accepted; it is carried out when the engine next looks at its queue.
    """

    def __init__(
        self,
        algorithm: QCAlgorithm,
        book: OrderBook,
        events: OrderEvents,
        permission: OrderPermission,
        brokerage: BacktestingBrokerage,
        enqueue: Callable[[OrderRequest], None],
    ) -> None:
        self._algorithm = algorithm
        self._book = book
        self._events = events
        self._permission = permission
        self._brokerage = brokerage
        self._enqueue = enqueue
        self._status_before_cancel: dict[int, OrderStatus] = {}

    def accept_update(self, request: UpdateOrderRequest) -> OrderTicket:
        """Check the request for an update and, if nothing is against it, put it in the queue."""
        ticket = self._book.tickets.get(request.order_id)
        order = self._book.orders.get(request.order_id)
        if ticket is None or order is None:
            return OrderTicket.invalid_update_order_id(self._algorithm.transactions, request)
        ticket.add_update_request(request)
        refusal = self._update_refusal(request, order, ticket)
        if refusal is not None:
            request.set_response(refusal)
            return ticket
        request.set_response(OrderResponse.success(request), OrderRequestStatus.PROCESSING)
        self._enqueue(request)
        return ticket

    def _update_refusal(self, request: UpdateOrderRequest, order: Order, ticket: OrderTicket) -> OrderResponse | None:
        if order.status == OrderStatus.NEW:
            return OrderResponse.invalid_new_status(request, order)
        if order.status in CLOSED and not request.is_allowed_for_closed_order():
            return OrderResponse.invalid_status(request, order)
        if request.exact_quantity is not None and request.exact_quantity == 0:
            return OrderResponse.zero_quantity(request)
        if self._algorithm.is_warming_up:
            return OrderResponse.warming_up(request)
        quantity = order.exact_quantity if request.exact_quantity is None else request.exact_quantity
        if quantity < 0 and not self._algorithm.shortable(order.symbol, quantity, order.id):
            text = (
                f"Order exceeds shortable quantity {self._algorithm.shortable_quantity(order.symbol)} for Symbol "
                f"{order.symbol} requested {ticket.exact_quantity})"
            )
            return OrderResponse.error(request, Code.EXCEEDS_SHORTABLE_QUANTITY, text)
        return None

    def update(self, request: UpdateOrderRequest) -> OrderResponse:
        """Carry out an update that was accepted."""
        algorithm, book, warn = self._algorithm, self._book, self._permission.warn_once
        order = book.orders[request.order_id]
        if order.status == OrderStatus.NEW:
            return OrderResponse.invalid_new_status(request, order)
        closed = order.status in CLOSED
        if closed and not request.is_allowed_for_closed_order():
            return OrderResponse.invalid_status(request, order)
        security = algorithm.securities[order.symbol]
        order.exact_quantity = round_quantity(order.exact_quantity, security, warn)
        allowed, message = can_update(algorithm.brokerage_model, security, order, request)
        if not allowed:
            text = f"OrderID: {order.id} {message or 'BrokerageModel declared unable to update order'}"
            algorithm.error(text)
            self._events.tell(order, "BrokerageModel declared unable to update order")
            return OrderResponse.error(request, Code.BROKERAGE_MODEL_REFUSED_TO_UPDATE_ORDER, text)
        if order.group_order_manager is None:
            changed = order.clone()
            changed.apply_update_order_request(request)
            refusal = self._permission.refusal_for_margin(request, [changed])
            if refusal is not None:
                return refusal
        order.apply_update_order_request(request)
        legs = group_orders(order, book.orders.get)
        round_order_prices(order, book.securities_of(legs or [order]), legs is not None, warn)
        book.tickets[order.id].set_order(order)
        if not closed and not self._brokerage.update(order):
            text = f"Brokerage failed to update order with id {order.id}"
            algorithm.error(text)
            self._events.tell(order, "Brokerage failed to update order")
            return OrderResponse.error(request, Code.BROKERAGE_FAILED_TO_UPDATE_ORDER, text)
        return OrderResponse.success(request)

    def accept_cancel(self, request: CancelOrderRequest) -> OrderTicket:
        """Check the request for a cancellation and, if nothing is against it, put it in the queue."""
        ticket = self._book.tickets.get(request.order_id)
        order = self._book.orders.get(request.order_id)
        if ticket is None or order is None:
            return OrderTicket.invalid_cancel_order_id(self._algorithm.transactions, request)
        if not ticket.try_set_cancel_request(request):
            request.set_response(
                OrderResponse.error(request, Code.REQUEST_CANCELED, "Cancellation is already in progress.")
            )
            return ticket
        if request.tag is not None:
            order.tag = request.tag
        if order.status == OrderStatus.NEW:
            request.set_response(OrderResponse.invalid_new_status(request, order))
        elif order.status in CLOSED:
            request.set_response(OrderResponse.invalid_status(request, order))
        elif self._algorithm.is_warming_up:
            request.set_response(OrderResponse.warming_up(request))
        else:
            self._status_before_cancel[order.id] = order.status
            order.status = OrderStatus.CANCEL_PENDING
            self._events.tell(order)
            request.set_response(OrderResponse.success(request), OrderRequestStatus.PROCESSING)
            self._enqueue(request)
        return ticket

    def cancel(self, request: CancelOrderRequest) -> OrderResponse:
        """Carry out a cancellation that was accepted."""
        order = self._book.orders[request.order_id]
        if order.status in CLOSED:
            return OrderResponse.invalid_status(request, order)
        self._book.tickets[order.id].set_order(order)
        if not self._brokerage.cancel(order):
            text = f"Brokerage failed to cancel order with id {order.id}"
            self._algorithm.error(text)
            order.status = self._status_before_cancel.pop(order.id, order.status)
            return OrderResponse.error(request, Code.BROKERAGE_FAILED_TO_CANCEL_ORDER, text)
        if request.tag is not None:
            order.tag = request.tag
        return OrderResponse.success(request)
