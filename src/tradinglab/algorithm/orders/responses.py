"""What became of a request about an order."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from tradinglab.core.dual import NetObject
from tradinglab.core.enums import OrderResponseErrorCode

if TYPE_CHECKING:
    from tradinglab.algorithm.orders.order import Order
    from tradinglab.algorithm.orders.requests import OrderRequest, SubmitOrderRequest

_NO_ORDER = -(2**31)
_NONE = OrderResponseErrorCode.NONE


class OrderResponse(NetObject):
    """Success, or an error with its code and message."""

    __slots__ = ("_error_code", "_error_message", "_order_id")

    UNPROCESSED: ClassVar[OrderResponse]
    Unprocessed: ClassVar[OrderResponse]

    def __init__(self, order_id: int, error_code: OrderResponseErrorCode, error_message: str | None) -> None:
        self._order_id = order_id
        self._error_code = error_code
        self._error_message = None
        if error_code != _NONE:
            self._error_message = error_message or "An unexpected error occurred."

    @property
    def order_id(self) -> int:
        """Number of the order that the request was for."""
        return self._order_id

    @property
    def error_code(self) -> OrderResponseErrorCode:
        """Why the request was refused."""
        return self._error_code

    @property
    def error_message(self) -> str | None:
        """Why the request was refused, in words; ``None`` if it was not."""
        return self._error_message

    @property
    def is_processed(self) -> bool:
        """Whether the request was dealt with."""
        return self is not OrderResponse.UNPROCESSED

    @property
    def is_error(self) -> bool:
        """Whether the request was refused."""
        return self._error_code != _NONE and self is not OrderResponse.UNPROCESSED

    @property
    def is_success(self) -> bool:
        """Whether the request was accepted."""
        return self._error_code == _NONE and self is not OrderResponse.UNPROCESSED

    @classmethod
    def success(cls, request: OrderRequest) -> OrderResponse:
        """Return the response that accepts *request*."""
        return cls(request._order_id, _NONE, None)

    @classmethod
    def error(
        cls, request: OrderRequest, error_code: OrderResponseErrorCode, error_message: str | None = None
    ) -> OrderResponse:
        """Return the response that refuses *request*."""
        return cls(request.order_id, error_code, error_message)

    @classmethod
    def invalid_status(cls, request: OrderRequest, order: Order) -> OrderResponse:
        """Return the refusal to change an order that is closed."""
        message = f"Unable to update order with id {request.order_id} because it already has {order.status} status."
        return cls.error(request, OrderResponseErrorCode.INVALID_ORDER_STATUS, message)

    @classmethod
    def invalid_new_status(cls, request: OrderRequest, order: Order) -> OrderResponse:
        """Return the refusal to change an order that the broker has not confirmed yet."""
        message = (
            f"Unable to update or cancel order with id {request.order_id} and status {order.status} because the "
            "submit confirmation has not been received yet."
        )
        return cls.error(request, OrderResponseErrorCode.INVALID_NEW_ORDER_STATUS, message)

    @classmethod
    def unable_to_find_order(cls, request: OrderRequest) -> OrderResponse:
        """Return the refusal for an order that does not exist."""
        message = f"Unable to locate order with id {request.order_id}."
        return cls.error(request, OrderResponseErrorCode.UNABLE_TO_FIND_ORDER, message)

    @classmethod
    def zero_quantity(cls, request: OrderRequest) -> OrderResponse:
        """Return the refusal of an order for nothing."""
        kind = str(request.order_request_type).lower()
        message = f"Unable to {kind} order with id {request.order_id} that has zero quantity."
        return cls.error(request, OrderResponseErrorCode.ORDER_QUANTITY_ZERO, message)

    @classmethod
    def missing_security(cls, request: SubmitOrderRequest) -> OrderResponse:
        """Return the refusal of an order for something that is not subscribed to."""
        message = (
            f"You haven't requested {request.symbol} data. Add this with add_security() in the initialize() method."
        )
        return cls.error(request, OrderResponseErrorCode.MISSING_SECURITY, message)

    @classmethod
    def warming_up(cls, request: OrderRequest) -> OrderResponse:
        """Return the refusal of a request during warm-up."""
        message = (
            "This operation is not allowed in initialize or during warm up: "
            f"OrderRequest.{request.order_request_type.name.lower()}. "
            "Please move this code to the on_warmup_finished() method."
        )
        return cls.error(request, OrderResponseErrorCode.ALGORITHM_WARMING_UP, message)

    def __str__(self) -> str:
        if not self.is_processed:
            return "Unprocessed"
        return f"Error: {self._error_code} - {self._error_message}" if self.is_error else "Success"

    def to_string(self) -> str:
        """Return the response as text."""
        return str(self)


OrderResponse.UNPROCESSED = OrderResponse.Unprocessed = OrderResponse(_NO_ORDER, OrderResponseErrorCode.NONE, None)
