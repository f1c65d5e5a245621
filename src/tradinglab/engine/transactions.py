"""From order requests to orders.

A new order is carried out at once, on the caller's stack: a market order in open hours is filled
before the call returns. Updates and cancellations wait for the next order or the next step. Every
event goes the same way: the order, the portfolio, the trade builder, the ticket, and then the
author's ``on_order_event``.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING

from tradinglab.algorithm.orders import (
    CancelOrderRequest,
    MarketOrder,
    Order,
    OrderEvent,
    OrderFee,
    OrderProperties,
    OrderRequest,
    OrderTicket,
    SubmitOrderRequest,
    UpdateOrderRequest,
)
from tradinglab.core.decimals import ZERO
from tradinglab.core.enums import OrderRequestStatus, OrderStatus
from tradinglab.engine.express import Express
from tradinglab.engine.order_book import OrderBook
from tradinglab.engine.order_changes import OrderChanges
from tradinglab.engine.order_events import OrderEvents
from tradinglab.engine.order_permission import OrderPermission
from tradinglab.engine.order_submission import OrderSubmission
from tradinglab.engine.paperwork import UnwrittenTicket

if TYPE_CHECKING:
    from tradinglab.algorithm.qc_algorithm import QCAlgorithm
    from tradinglab.algorithm.securities import Security
    from tradinglab.engine.brokerage import BacktestingBrokerage
    from tradinglab.engine.phases import Attention


class TransactionHandler(OrderBook):
    """Holds the orders of a run and carries out what is asked of them, one request after the other."""

    def __init__(self, algorithm: QCAlgorithm, brokerage: BacktestingBrokerage, attention: Attention,
                 on_event: Callable[[OrderEvent], None]) -> None:  # fmt: skip
        super().__init__(algorithm)
        self._attention = attention
        self._brokerage = brokerage
        self._queue: deque[OrderRequest] = deque()
        self._events = OrderEvents(algorithm, self, on_event)
        self._permission = OrderPermission(algorithm, self, self._events)
        self._submission = OrderSubmission(algorithm, self, self._events, self._permission, brokerage)
        self._express = Express(algorithm, self, self._events, self._submission, brokerage, self._queue)
        self.fill_at_open = self._express.fill_at_open
        self._changes = OrderChanges(algorithm, self, self._events, self._permission, brokerage, self._queue.append)
        self.events = self._events.log
        self.rejections = self._events.rejections
        self.handle_events = self._events.handle
        self.insufficient_text = self._permission.insufficient_text
        brokerage.bind(self)

    def process(self, request: OrderRequest) -> OrderTicket:
        """Carry out a request and return the order's ticket."""
        self._attention.raised = True
        if isinstance(request, SubmitOrderRequest):
            ticket = self._submission.accept(request)
            if request.response.is_success:
                self._queue.append(request)
                self.process_synchronous_events()
            return ticket
        if isinstance(request, UpdateOrderRequest):
            return self._changes.accept_update(request)
        if isinstance(request, CancelOrderRequest):
            return self._changes.accept_cancel(request)
        raise TypeError(f"unknown order request {request!r}")

    def take_at_market(
        self, security: Security, quantity: Decimal, tag: str, properties: OrderProperties | None
    ) -> OrderTicket | None:
        """Carry out a market order in few steps; ``None``, and nothing done, if it needs more."""
        ticket = None if self._queue else self._express.take(security, quantity, tag, properties)
        if ticket is None:
            return None
        if type(ticket) is not UnwrittenTicket and (self._queue or ticket.order_id in self._brokerage.pending):
            self._look_again()
        elif self._express.is_harmless:
            self._attention.filled = True
        else:
            self._attention.raised = True
        return ticket

    def take_at_open(
        self, security: Security, quantity: Decimal, tag: str, properties: OrderProperties | None
    ) -> OrderTicket | None:
        """Place an order for the next open in few steps; ``None``, and nothing done, if it needs more."""
        ticket = None if self._queue else self._express.take_at_open(security, quantity, tag, properties)
        if ticket is not None:
            self._look_again()
        return ticket

    def _look_again(self) -> None:
        self._attention.raised = True
        self._brokerage.wake()
        self.process_synchronous_events()

    def process_synchronous_events(self) -> None:
        """Carry out what waits, then let the brokerage look for fills; once or twice in every time step."""
        while self._queue:
            self._handle(self._queue.popleft())
        self._brokerage.scan()

    def _handle(self, request: OrderRequest) -> None:
        if isinstance(request, SubmitOrderRequest):
            response = self._submission.submit(request)
        elif isinstance(request, UpdateOrderRequest):
            response = self._changes.update(request)
        else:
            response = self._changes.cancel(request)  # type: ignore[arg-type]
        request.set_response(response, OrderRequestStatus.PROCESSED)

    def resume(self, order: Order, ticket: OrderTicket, event_count: int) -> None:
        """Take an open order that another process was given, with so many events; the brokerage is told apart."""
        self.add_resumed_order(order, ticket)
        self._events.count_from(order.id, event_count)

    def liquidate_delisted(self, security: Security) -> OrderTicket | None:
        """Close what is held of a delisted security at its last price, free of fees."""
        quantity: Decimal = -security.holdings.exact_quantity
        if quantity == ZERO:
            return None
        tag = "Liquidate from delisting"
        utc_ns = self._algorithm.lab_utc_ns
        order = MarketOrder(security.symbol, quantity, utc_ns, tag)
        ticket = self.add_open_order(order)
        event = OrderEvent(order, utc_ns, OrderFee.ZERO, tag)
        event.fill_price = security.exact_price
        event.status = OrderStatus.FILLED
        event.fill_quantity = order.exact_quantity
        self.handle_events([event])
        return ticket
