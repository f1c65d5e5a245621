"""The ticket of an order: what a strategy holds on to, asks, and changes the order with."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Self

from tradinglab.algorithm.orders.order import Order
from tradinglab.algorithm.orders.order_event import OrderEvent
from tradinglab.algorithm.orders.order_extensions import is_fill
from tradinglab.algorithm.orders.requests import (
    CancelOrderRequest,
    OrderRequest,
    SubmitOrderRequest,
    UpdateOrderFields,
    UpdateOrderRequest,
)
from tradinglab.algorithm.orders.responses import OrderResponse
from tradinglab.algorithm.orders.ticket_state import TicketState
from tradinglab.core.decimals import Number
from tradinglab.core.enums import (
    OrderRequestStatus,
    OrderResponseErrorCode,
    OrderStatus,
    OrderType,
    SecurityType,
)
from tradinglab.core.symbol import Symbol
from tradinglab.core.system_decimal import divide

_OPTION_EXERCISE = OrderType.OPTION_EXERCISE

if TYPE_CHECKING:
    from tradinglab.algorithm.orders.protocols import TransactionProcessor


class OrderTicket(TicketState):
    """State of one order, and the way to change it."""

    __slots__ = ()

    def update(self, fields: UpdateOrderFields) -> OrderResponse:
        """Change the order; return whether that was accepted."""
        request = UpdateOrderRequest(self._transaction_manager.utc_ns, self.order_id, fields)
        ticket = self._transaction_manager.process_request(request)
        return ticket._update_requests[-1].response

    def update_tag(self, tag: str) -> OrderResponse:
        """Change the tag."""
        return self.update(UpdateOrderFields(tag=tag))

    def update_quantity(self, quantity: Number, tag: str | None = None) -> OrderResponse:
        """Change the quantity."""
        return self.update(UpdateOrderFields(quantity=quantity, tag=tag))

    def update_limit_price(self, limit_price: Number, tag: str | None = None) -> OrderResponse:
        """Change the limit price."""
        return self.update(UpdateOrderFields(limit_price=limit_price, tag=tag))

    def update_stop_price(self, stop_price: Number, tag: str | None = None) -> OrderResponse:
        """Change the stop price."""
        return self.update(UpdateOrderFields(stop_price=stop_price, tag=tag))

    def update_trigger_price(self, trigger_price: Number, tag: str | None = None) -> OrderResponse:
        """Change the trigger price."""
        return self.update(UpdateOrderFields(trigger_price=trigger_price, tag=tag))

    def update_stop_trailing_amount(self, trailing_amount: Number, tag: str | None = None) -> OrderResponse:
        """Change the trailing amount."""
        return self.update(UpdateOrderFields(trailing_amount=trailing_amount, tag=tag))

    def cancel(self, tag: str | None = None) -> OrderResponse:
        """Cancel the order; return whether that was accepted."""
        request = CancelOrderRequest(self._transaction_manager.utc_ns, self.order_id, tag)
        if self._is_cancelling:
            message = f"Order {self.order_id} has already received a cancellation request."
            return OrderResponse.error(request, OrderResponseErrorCode.REQUEST_CANCELED, message)
        ticket = self._transaction_manager.process_request(request)
        return request.response if ticket._cancel_request is None else ticket._cancel_request.response

    @property
    def _is_cancelling(self) -> bool:
        request = self._cancel_request
        return request is not None and request.status != OrderRequestStatus.ERROR

    def set_order(self, order: Order) -> None:
        """Attach the order, for the engine.

        Raises
        ------
        ValueError
            If the ticket already has another order.
        """
        if self._order is not None and self._order.id != order.id:
            raise ValueError(f"The ticket is of order {self._order.id}, not of order {order.id}.")
        self._order = order

    def add_order_event(self, event: OrderEvent) -> None:
        """Take in what happened, for the engine: the order's price becomes the average of its fills."""
        self._order_events.append(event)
        order, quantity = self._order, event._exact_fill_quantity
        if not quantity or order is None:
            return
        if is_fill(event.status):
            self._weighted_price += abs(quantity) * event._exact_fill_price
        if order.order_type != _OPTION_EXERCISE:
            is_first = not self._filled
            self._filled += quantity
            if is_first and is_fill(event.status):
                self._average_fill_price = event._exact_fill_price
            else:
                self._average_fill_price = divide(self._weighted_price, abs(self._filled))
            order.exact_price = self._average_fill_price
        elif event.is_in_the_money:
            order.exact_price = self.symbol.id.exact_strike_price
            # The removal of the option, at price zero, would skew the average.
            if event.exact_fill_price:
                self._filled += event.exact_fill_quantity
                self._average_fill_price = order.exact_price

    def add_update_request(self, request: UpdateOrderRequest) -> None:
        """Remember a request to change the order, for the engine."""
        if request.order_id != self.order_id:
            raise ValueError(f"The update is for order {request.order_id}, this is order {self.order_id}.")
        self._update_requests.append(request)

    def try_set_cancel_request(self, request: CancelOrderRequest) -> bool:
        """Remember the request to cancel, for the engine; ``False`` if there is one already."""
        if request.order_id != self.order_id:
            raise ValueError(f"The cancellation is for order {request.order_id}, this is order {self.order_id}.")
        if self._is_cancelling:
            return False
        self._cancel_request = request
        return True

    @classmethod
    def invalid_submit_request(
        cls, transaction_manager: TransactionProcessor, request: SubmitOrderRequest, response: OrderResponse
    ) -> Self:
        """Return the ticket of an order that was refused."""
        request.set_response(response)
        ticket = cls(transaction_manager, request)
        ticket._status_override = OrderStatus.INVALID
        return ticket

    @classmethod
    def _of_unknown_order(cls, transaction_manager: TransactionProcessor, request: OrderRequest) -> Self:
        submit = SubmitOrderRequest(
            OrderType.MARKET, SecurityType.BASE, Symbol.EMPTY, 0, 0, 0, datetime.max, request.tag
        )
        submit.set_response(OrderResponse.unable_to_find_order(request))
        submit.set_order_id(request.order_id)
        request.set_response(OrderResponse.unable_to_find_order(request))
        ticket = cls(transaction_manager, submit)
        ticket._status_override = OrderStatus.INVALID
        return ticket

    @classmethod
    def invalid_cancel_order_id(cls, transaction_manager: TransactionProcessor, request: CancelOrderRequest) -> Self:
        """Return the ticket for the cancellation of an order that does not exist."""
        ticket = cls._of_unknown_order(transaction_manager, request)
        ticket._cancel_request = request
        return ticket

    @classmethod
    def invalid_update_order_id(cls, transaction_manager: TransactionProcessor, request: UpdateOrderRequest) -> Self:
        """Return the ticket for the update of an order that does not exist."""
        ticket = cls._of_unknown_order(transaction_manager, request)
        ticket._update_requests.append(request)
        return ticket
