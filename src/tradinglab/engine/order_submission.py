"""From a request to an order: first what the author's ticket says, then the brokerage's view."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tradinglab.algorithm.orders import (
    Order,
    OrderResponse,
    OrderSubmissionData,
    OrderTicket,
    SubmitOrderRequest,
    group_orders,
)
from tradinglab.core.enums import OrderResponseErrorCode as Code
from tradinglab.core.enums import OrderStatus
from tradinglab.engine.order_permission import can_submit
from tradinglab.engine.order_prices import round_order_prices, round_quantity

if TYPE_CHECKING:
    from tradinglab.algorithm.qc_algorithm import QCAlgorithm
    from tradinglab.engine.brokerage import BacktestingBrokerage
    from tradinglab.engine.order_book import OrderBook
    from tradinglab.engine.order_events import OrderEvents
    from tradinglab.engine.order_permission import OrderPermission


class OrderSubmission:
    """Takes new orders into the book and brings them to the brokerage."""

    def __init__(
        self,
        algorithm: QCAlgorithm,
        book: OrderBook,
        events: OrderEvents,
        permission: OrderPermission,
        brokerage: BacktestingBrokerage,
    ) -> None:
        self._algorithm = algorithm
        self._book = book
        self._events = events
        self._permission = permission
        self._brokerage = brokerage

    def accept(self, request: SubmitOrderRequest) -> OrderTicket:
        """Make order and ticket of a request; its response says whether the order goes on to the brokerage."""
        algorithm, book = self._algorithm, self._book
        response = OrderResponse.warming_up(request) if algorithm.is_warming_up else OrderResponse.success(request)
        if request.exact_quantity < 0 and not algorithm.shortable(request.symbol, request.exact_quantity):
            response = OrderResponse.error(request, Code.EXCEEDS_SHORTABLE_QUANTITY, self._shortable_text(request))
        request.set_response(response)
        ticket = OrderTicket(algorithm.transactions, request)
        security = algorithm.securities[request.symbol]
        order = Order.create_order(request)
        book.total_orders += 1
        book.tickets[ticket.order_id] = ticket
        if response.is_success:
            order.order_submission_data = OrderSubmissionData(
                security.exact_bid_price, security.exact_ask_price, security.exact_close
            )
            book.open[order.id] = order
            return ticket
        is_early = response.error_code == Code.ALGORITHM_WARMING_UP
        reason = "Algorithm warming up." if is_early else response.error_message or ""
        order.price_currency = security.symbol_properties.quote_currency
        order.status = OrderStatus.INVALID
        order.tag = reason
        ticket.set_order(order)
        book.orders[order.id] = order
        self._events.tell(order, reason)
        return ticket

    def _shortable_text(self, request: SubmitOrderRequest) -> str:
        available = self._algorithm.shortable_quantity(request.symbol)
        return (
            f"Order exceeds shortable quantity {available} for Symbol {request.symbol} requested "
            f"{request.exact_quantity})"
        )

    def submit(self, request: SubmitOrderRequest) -> OrderResponse:
        """Round an accepted order and place it, with the others of its group once all are there."""
        book, warn = self._book, self._permission.warn_once
        order = book.open.get(request.order_id)
        if order is None or order.id in book.orders:
            return OrderResponse.error(request, Code.ORDER_ALREADY_EXISTS, f"Order {request.order_id} already exists.")
        book.orders[order.id] = order
        security = self._algorithm.securities[order.symbol]
        order.price_currency = security.symbol_properties.quote_currency
        if not order.tag:
            order.tag = order.get_default_tag()
        order.exact_quantity = round_quantity(order.exact_quantity, security, warn)
        legs = group_orders(order, book.orders.get)
        round_order_prices(order, book.securities_of(legs or [order]), legs is not None, warn)
        order.price_adjustment_mode = book.price_adjustment(order.symbol)
        book.tickets[order.id].set_order(order)
        if legs is None:
            return OrderResponse.success(request)
        return self.place(request, legs)

    def place(self, request: SubmitOrderRequest, legs: list[Order]) -> OrderResponse:
        """Ask account and brokerage for orders that are in the book, and place them if they agree."""
        if any(leg.exact_quantity == 0 for leg in legs):
            return self._refuse(OrderResponse.zero_quantity(request), legs)
        securities = self._book.securities_of(legs)
        if len(securities) < len(legs):
            return self._refuse(OrderResponse.missing_security(request), legs)
        refusal = self._permission.refusal_for_margin(request, legs)
        if refusal is not None:
            return refusal
        for leg, security in securities.items():
            allowed, message = can_submit(self._algorithm.brokerage_model, security, leg)
            if not allowed:
                ids = ",".join(str(each.id) for each in legs)
                text = f"BrokerageModel declared unable to submit order: [{ids}] {message or ''}".rstrip()
                return self._refuse(
                    OrderResponse.error(request, Code.BROKERAGE_MODEL_REFUSED_TO_SUBMIT_ORDER, text), legs
                )
        for leg in legs:
            self._brokerage.place(leg)
        return OrderResponse.success(request)

    def _refuse(self, response: OrderResponse, legs: list[Order]) -> OrderResponse:
        message = response.error_message or ""
        self._algorithm.error(message)
        self._events.invalidate(legs, message)
        return response
