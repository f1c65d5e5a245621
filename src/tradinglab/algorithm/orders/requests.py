"""What a strategy asks for: to submit, update or cancel an order."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, ClassVar, Self

from tradinglab.algorithm.orders.order import Order, symbol_of
from tradinglab.algorithm.orders.responses import OrderResponse
from tradinglab.algorithm.orders.text import Moment, instant_ns, time_text
from tradinglab.core.clock import from_ns
from tradinglab.core.decimals import ZERO, Number, smart_round, to_decimal
from tradinglab.core.dual import NetObject
from tradinglab.core.enums import (
    OrderRequestStatus,
    OrderRequestType,
    OrderResponseErrorCode,
    OrderType,
    SecurityType,
)
from tradinglab.core.system_decimal import decimal_text

if TYPE_CHECKING:
    from tradinglab.algorithm.orders.combo import GroupOrderManager
    from tradinglab.algorithm.orders.properties import OrderProperties
    from tradinglab.algorithm.orders.protocols import HasSymbol
    from tradinglab.core.symbol import Symbol


_NO_ORDER = int(OrderResponseErrorCode.UNABLE_TO_FIND_ORDER)
_UNPROCESSED, _ERROR = OrderRequestStatus.UNPROCESSED, OrderRequestStatus.ERROR


class OrderRequest(NetObject):
    """Base of the requests: a time, an order, and the response."""

    __slots__ = ("_order_id", "_response", "_status", "_tag", "time_ns")
    request_type: ClassVar[OrderRequestType]
    time_ns: int

    def __init__(self, time: Moment, order_id: int, tag: str | None) -> None:
        self.time_ns = instant_ns(time)
        self._order_id = order_id
        self._tag = tag
        self._response = OrderResponse.UNPROCESSED
        self._status = _UNPROCESSED

    @property
    def order_request_type(self) -> OrderRequestType:
        """What is asked for."""
        return self.request_type

    @property
    def order_id(self) -> int:
        """Number of the order; of one that has none yet, the code of "order not found"."""
        return self._order_id

    @property
    def tag(self) -> str | None:
        """Note for the order."""
        return self._tag

    @property
    def time(self) -> datetime:
        """When the request was made, in UTC."""
        return from_ns(self.time_ns)

    @property
    def status(self) -> OrderRequestStatus:
        """How far the request has come."""
        return self._status

    @property
    def response(self) -> OrderResponse:
        """What became of it."""
        return self._response

    def set_response(self, response: OrderResponse, status: OrderRequestStatus = _ERROR) -> None:
        """Record what became of the request; an error decides the status."""
        self._status = _ERROR if response.is_error else status
        self._response = response

    def __str__(self) -> str:
        return f"{time_text(self.time_ns)} UTC: Order: ({self._order_id}) - {self._tag or ''} Status: {self._status}"

    def to_string(self) -> str:
        """Return the request as text."""
        return str(self)


class SubmitOrderRequest(OrderRequest):
    """Asks for a new order.

    Takes its prices as LEAN does: stop and limit, then, if given, trigger, then trailing amount and
    whether that is a fraction; after them time, tag, properties, group and whether to wait.
    """

    __slots__ = (
        "_asynchronous",
        "_group_order_manager",
        "_order_properties",
        "_order_type",
        "_security_type",
        "_symbol",
        "_trailing_as_percentage",
        "exact_limit_price",
        "exact_quantity",
        "exact_stop_price",
        "exact_trailing_amount",
        "exact_trigger_price",
    )
    request_type = OrderRequestType.SUBMIT
    exact_quantity: Decimal
    exact_stop_price: Decimal
    exact_limit_price: Decimal
    exact_trigger_price: Decimal
    exact_trailing_amount: Decimal

    def __init__(
        self,
        order_type: OrderType,
        security_type: SecurityType,
        symbol: Symbol | str | HasSymbol,
        quantity: Number,
        stop_price: Number,
        limit_price: Number,
        *rest: Number | datetime | str | OrderProperties | GroupOrderManager | None,
        **keywords: Number | datetime | str | OrderProperties | GroupOrderManager | None,
    ) -> None:
        given = _named(rest, keywords)
        time, tag = given.pop("time"), given.pop("tag", "")
        if not isinstance(time, (datetime, int)):
            raise TypeError(f"The time of an order request must be a datetime, it was {time!r}.")
        super().__init__(time, _NO_ORDER, tag)  # type: ignore[arg-type]
        self._order_type = order_type
        self._security_type = security_type
        self._symbol = symbol_of(symbol)
        self.exact_quantity = to_decimal(quantity)
        self.exact_stop_price = to_decimal(stop_price)
        self.exact_limit_price = to_decimal(limit_price)
        self.exact_trigger_price = to_decimal(given.pop("trigger_price", ZERO))  # type: ignore[arg-type]
        self.exact_trailing_amount = to_decimal(given.pop("trailing_amount", ZERO))  # type: ignore[arg-type]
        self._trailing_as_percentage = bool(given.pop("trailing_as_percentage", False))
        self._order_properties: OrderProperties | None = given.pop("properties", None)  # type: ignore[assignment]
        self._group_order_manager: GroupOrderManager | None = given.pop("group_order_manager", None)  # type: ignore[assignment]
        self._asynchronous = bool(given.pop("asynchronous", False))
        if given:
            raise TypeError(f"SubmitOrderRequest takes no argument {', '.join(given)}.")

    @classmethod
    def of(
        cls,
        order_type: OrderType,
        symbol: Symbol,
        quantity: Decimal,
        utc_ns: int,
        tag: str | None,
        properties: OrderProperties,
        *,
        asynchronous: bool = False,
        group_order_manager: GroupOrderManager | None = None,
        trailing_as_percentage: bool = False,
    ) -> Self:
        """Return a request that has no prices yet: the constructor's work, without its leniency."""
        request = cls.__new__(cls)
        request.time_ns = utc_ns
        request._order_id = _NO_ORDER
        request._tag = tag
        request._response = OrderResponse.UNPROCESSED
        request._status = _UNPROCESSED
        request._order_type = order_type
        request._security_type = symbol.security_type
        request._symbol = symbol
        request.exact_quantity = quantity
        request.exact_stop_price = request.exact_limit_price = request.exact_trigger_price = ZERO
        request.exact_trailing_amount = ZERO
        request._trailing_as_percentage = trailing_as_percentage
        request._order_properties = properties
        request._group_order_manager = group_order_manager
        request._asynchronous = asynchronous
        return request

    @property
    def order_type(self) -> OrderType:
        """Type of the order."""
        return self._order_type

    @property
    def security_type(self) -> SecurityType:
        """Class of the asset."""
        return self._security_type

    @property
    def symbol(self) -> Symbol:
        """What to trade."""
        return self._symbol

    @property
    def quantity(self) -> float:
        """Units: positive to buy, negative to sell."""
        return float(self.exact_quantity)

    @property
    def stop_price(self) -> float:
        """Stop price, 0 if the order has none."""
        return float(self.exact_stop_price)

    @property
    def limit_price(self) -> float:
        """Limit price, 0 if the order has none."""
        return float(self.exact_limit_price)

    @property
    def trigger_price(self) -> float:
        """Trigger price, 0 if the order has none."""
        return float(self.exact_trigger_price)

    @property
    def trailing_amount(self) -> float:
        """Distance of a trailing stop, 0 if the order has none."""
        return float(self.exact_trailing_amount)

    @property
    def trailing_as_percentage(self) -> bool:
        """Whether the trailing amount is a fraction of the price."""
        return self._trailing_as_percentage

    @property
    def order_properties(self) -> OrderProperties | None:
        """Time in force and what the broker understands."""
        return self._order_properties

    @property
    def group_order_manager(self) -> GroupOrderManager | None:
        """What the legs of a combo order share."""
        return self._group_order_manager

    @property
    def asynchronous(self) -> bool:
        """Whether the strategy goes on before the order is submitted."""
        return self._asynchronous

    def set_order_id(self, order_id: int) -> None:
        """Give the order its number."""
        self._order_id = order_id

    def __str__(self) -> str:
        return (
            f"{time_text(self.time_ns)} UTC: Submit Order: ({self._order_id}) - {Order.create_order(self)} "
            f"{self._tag or ''} Status: {self._status} Async: {self._asynchronous}"
        )


def _named(
    rest: tuple[Number | datetime | str | OrderProperties | GroupOrderManager | None, ...],
    keywords: dict[str, Number | datetime | str | OrderProperties | GroupOrderManager | None],
) -> dict[str, Number | datetime | str | OrderProperties | GroupOrderManager | None]:
    """Return the arguments after the limit price by name: LEAN leaves out trigger and trailing amount."""
    at = next((index for index, value in enumerate(rest) if isinstance(value, datetime)), len(rest))
    names = ("trigger_price", "trailing_amount", "trailing_as_percentage")[:at]
    names += ("time", "tag", "properties", "group_order_manager", "asynchronous")
    if len(rest) > len(names):
        raise TypeError(f"SubmitOrderRequest takes {6 + len(names)} arguments, {6 + len(rest)} were given.")
    return {**dict(zip(names, rest, strict=False)), **keywords}


class UpdateOrderFields(NetObject):
    """The fields of an order to change; those that are ``None`` stay."""

    __slots__ = ("limit_price", "quantity", "stop_price", "tag", "trailing_amount", "trigger_price")
    quantity: Number | None
    limit_price: Number | None
    stop_price: Number | None
    trigger_price: Number | None
    trailing_amount: Number | None
    tag: str | None

    def __init__(
        self,
        quantity: Number | None = None,
        limit_price: Number | None = None,
        stop_price: Number | None = None,
        trigger_price: Number | None = None,
        trailing_amount: Number | None = None,
        tag: str | None = None,
    ) -> None:
        self.quantity = quantity
        self.limit_price = limit_price
        self.stop_price = stop_price
        self.trigger_price = trigger_price
        self.trailing_amount = trailing_amount
        self.tag = tag


class UpdateOrderRequest(OrderRequest):
    """Asks for changes to an order."""

    __slots__ = (
        "exact_limit_price",
        "exact_quantity",
        "exact_stop_price",
        "exact_trailing_amount",
        "exact_trigger_price",
    )
    request_type = OrderRequestType.UPDATE
    exact_quantity: Decimal | None
    exact_limit_price: Decimal | None
    exact_stop_price: Decimal | None
    exact_trigger_price: Decimal | None
    exact_trailing_amount: Decimal | None

    def __init__(self, time: Moment, order_id: int, fields: UpdateOrderFields) -> None:
        super().__init__(time, order_id, fields.tag)
        self.exact_quantity = _optional(fields.quantity)
        self.exact_limit_price = _optional(fields.limit_price)
        self.exact_stop_price = _optional(fields.stop_price)
        self.exact_trigger_price = _optional(fields.trigger_price)
        self.exact_trailing_amount = _optional(fields.trailing_amount)

    @property
    def quantity(self) -> float | None:
        """New quantity."""
        return _float(self.exact_quantity)

    @property
    def limit_price(self) -> float | None:
        """New limit price."""
        return _float(self.exact_limit_price)

    @property
    def stop_price(self) -> float | None:
        """New stop price."""
        return _float(self.exact_stop_price)

    @property
    def trigger_price(self) -> float | None:
        """New trigger price."""
        return _float(self.exact_trigger_price)

    @property
    def trailing_amount(self) -> float | None:
        """New trailing amount."""
        return _float(self.exact_trailing_amount)

    def is_allowed_for_closed_order(self) -> bool:
        """Return whether only the tag changes."""
        return all(
            value is None
            for value in (
                self.exact_quantity,
                self.exact_limit_price,
                self.exact_stop_price,
                self.exact_trigger_price,
                self.exact_trailing_amount,
            )
        )

    def __str__(self) -> str:
        changes = [] if self.exact_quantity is None else [f"Quantity: {decimal_text(self.exact_quantity)}"]
        changes += [
            f"{name}: {decimal_text(smart_round(value))}"
            for name, value in (
                ("LimitPrice", self.exact_limit_price),
                ("StopPrice", self.exact_stop_price),
                ("TrailingAmount", self.exact_trailing_amount),
                ("TriggerPrice", self.exact_trigger_price),
            )
            if value is not None
        ]
        return (
            f"{time_text(self.time_ns)} UTC: Update Order: ({self._order_id}) - {', '.join(changes)} "
            f"{self._tag or ''} Status: {self._status}"
        )


class CancelOrderRequest(OrderRequest):
    """Asks for the end of an order."""

    __slots__ = ()
    request_type = OrderRequestType.CANCEL

    def __str__(self) -> str:
        return (
            f"{time_text(self.time_ns)} UTC: Cancel Order: ({self._order_id}) - {self._tag or ''} "
            f"Status: {self._status}"
        )


def _optional(value: Number | None) -> Decimal | None:
    return None if value is None else to_decimal(value)


def _float(value: Decimal | None) -> float | None:
    return None if value is None else float(value)
