"""What happened to an order: submitted, filled, cancelled, refused."""

from __future__ import annotations

from copy import copy
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Self

from tradinglab.algorithm.orders.fee import OrderFee
from tradinglab.algorithm.orders.order import Order, direction_of
from tradinglab.algorithm.orders.text import (
    Moment,
    currency_symbol,
    instant_ns,
    price_text,
    time_text,
    trailing_amount_text,
)
from tradinglab.core.clock import from_ns
from tradinglab.core.decimals import ZERO, Number, strip_zeros, to_decimal
from tradinglab.core.derivatives import IS_OPTION
from tradinglab.core.dual import NetObject
from tradinglab.core.enums import OrderDirection, OrderStatus
from tradinglab.core.symbol import Symbol
from tradinglab.core.system_decimal import decimal_text

if TYPE_CHECKING:
    from tradinglab.algorithm.orders.ticket import OrderTicket


class OrderEventPrices(NetObject):
    """The prices that the order itself waits for, as far as it has them."""

    __slots__ = (
        "_exact_limit_price",
        "_exact_stop_price",
        "_exact_trailing_amount",
        "_exact_trigger_price",
        "_trailing_as_percentage",
        "fill_price_currency",
    )
    fill_price_currency: str
    _exact_limit_price: Decimal | None
    _exact_stop_price: Decimal | None
    _exact_trigger_price: Decimal | None
    _exact_trailing_amount: Decimal | None
    _trailing_as_percentage: bool | None

    @property
    def exact_limit_price(self) -> Decimal | None:
        """``limit_price`` as a decimal without trailing zeros."""
        return self._exact_limit_price

    @property
    def limit_price(self) -> float | None:
        """Limit price of the order, if it has one."""
        return _float(self._exact_limit_price)

    @limit_price.setter
    def limit_price(self, value: Number | None) -> None:
        self._exact_limit_price = _kept(value, self._exact_limit_price)

    @property
    def exact_stop_price(self) -> Decimal | None:
        """``stop_price`` as a decimal without trailing zeros."""
        return self._exact_stop_price

    @property
    def stop_price(self) -> float | None:
        """Stop price of the order, if it has one."""
        return _float(self._exact_stop_price)

    @stop_price.setter
    def stop_price(self, value: Number | None) -> None:
        self._exact_stop_price = _kept(value, self._exact_stop_price)

    @property
    def exact_trigger_price(self) -> Decimal | None:
        """``trigger_price`` as a decimal without trailing zeros."""
        return self._exact_trigger_price

    @property
    def trigger_price(self) -> float | None:
        """Trigger price of the order, if it has one."""
        return _float(self._exact_trigger_price)

    @trigger_price.setter
    def trigger_price(self, value: Number | None) -> None:
        self._exact_trigger_price = _kept(value, self._exact_trigger_price)

    @property
    def exact_trailing_amount(self) -> Decimal | None:
        """``trailing_amount`` as a decimal without trailing zeros."""
        return self._exact_trailing_amount

    @property
    def trailing_amount(self) -> float | None:
        """Trailing amount of the order, if it has one."""
        return _float(self._exact_trailing_amount)

    @trailing_amount.setter
    def trailing_amount(self, value: Number | None) -> None:
        self._exact_trailing_amount = _kept(value, self._exact_trailing_amount)

    @property
    def trailing_as_percentage(self) -> bool | None:
        """Whether the trailing amount is a fraction of the price."""
        return self._trailing_as_percentage

    @trailing_as_percentage.setter
    def trailing_as_percentage(self, value: bool | None) -> None:
        if value is not None:
            self._trailing_as_percentage = value

    def _priced(self, limit: str, stop: str, trailing: str, trigger: str, gap: str) -> str:
        """Return the order's own prices, each behind its label."""
        currency = self.fill_price_currency
        text = ""
        if self._exact_limit_price is not None:
            text += f" {limit}:{gap}{price_text(self._exact_limit_price, currency)}"
        if self._exact_stop_price is not None:
            text += f" {stop}:{gap}{price_text(self._exact_stop_price, currency)}"
        if self._exact_trailing_amount is not None:
            as_percentage = bool(self._trailing_as_percentage)
            text += f" {trailing}: {trailing_amount_text(self._exact_trailing_amount, as_percentage, currency)}"
        if self._exact_trigger_price is not None:
            text += f" {trigger}:{gap}{price_text(self._exact_trigger_price, currency)}"
        return text


class OrderEvent(OrderEventPrices):
    """A change of an order's status, with what was filled.

    Made of an order, ``OrderEvent(order, utc_time, order_fee, message="")``, or of its parts,
    ``OrderEvent(order_id, symbol, utc_time, status, direction, fill_price, fill_quantity, order_fee, message="")``.
    """

    __slots__ = (
        "_exact_fill_price",
        "_exact_fill_quantity",
        "_exact_quantity",
        "direction",
        "id",
        "is_assignment",
        "is_in_the_money",
        "message",
        "order_fee",
        "order_id",
        "status",
        "symbol",
        "ticket",
        "utc_ns",
    )
    id: int
    order_id: int
    symbol: Symbol
    utc_ns: int
    status: OrderStatus
    direction: OrderDirection
    order_fee: OrderFee
    message: str
    is_assignment: bool
    is_in_the_money: bool
    ticket: OrderTicket | None

    def __init__(self, order: Order | int, *parts: Moment | OrderFee | Symbol | Number, message: str = "") -> None:
        self._exact_limit_price = self._exact_stop_price = self._exact_trigger_price = None
        self._exact_trailing_amount = self._trailing_as_percentage = None
        self._exact_fill_price = self._exact_fill_quantity = self._exact_quantity = ZERO
        self.id = 0
        self.is_assignment = self.is_in_the_money = False
        self.fill_price_currency = ""
        self.ticket = None
        if isinstance(order, Order):
            self._of_order(order, *parts, message=message)  # type: ignore[arg-type]
        else:
            self.order_id = order
            self._of_parts(*parts, message=message)  # type: ignore[arg-type]

    @classmethod
    def of(cls, order: Order, utc_ns: int, status: OrderStatus) -> Self:
        """Return an event without a fill, a fee or a message: the constructor's work, without its leniency."""
        event = cls.__new__(cls)
        event._exact_limit_price = event._exact_stop_price = event._exact_trigger_price = None
        event._exact_trailing_amount = event._trailing_as_percentage = None
        event._exact_fill_price = event._exact_fill_quantity = ZERO
        event.id = 0
        event.is_assignment = event.is_in_the_money = False
        event.ticket = None
        event.order_id = order._id
        event.symbol = order.symbol
        event.status = status
        event._exact_quantity = order._quantity
        event.direction = direction_of(order._quantity)
        event.fill_price_currency = order.price_currency
        event.utc_ns = utc_ns
        event.order_fee = OrderFee.ZERO
        event.message = ""
        return event

    def _of_order(self, order: Order, utc_time: Moment, order_fee: OrderFee, note: str = "", *, message: str) -> None:
        self.order_id = order._id
        self.symbol = order.symbol
        self.status = order.status
        self._exact_quantity = order._quantity
        self.direction = direction_of(order._quantity)
        self.fill_price_currency = order.price_currency
        self.utc_ns = instant_ns(utc_time)
        self.order_fee = order_fee
        self.message = note or message

    def _of_parts(
        self,
        symbol: Symbol,
        utc_time: Moment,
        status: OrderStatus,
        direction: OrderDirection,
        fill_price: Number,
        fill_quantity: Number,
        order_fee: OrderFee,
        note: str = "",
        *,
        message: str,
    ) -> None:
        self.symbol = symbol
        self.utc_ns = instant_ns(utc_time)
        self.status = status
        self.direction = direction
        self.fill_price = fill_price
        self.fill_quantity = fill_quantity
        self.order_fee = order_fee
        self.message = note or message

    @property
    def utc_time(self) -> datetime:
        """When it happened, in UTC."""
        return from_ns(self.utc_ns)

    @utc_time.setter
    def utc_time(self, value: Moment) -> None:
        self.utc_ns = instant_ns(value)

    @property
    def exact_fill_price(self) -> Decimal:
        """``fill_price`` as a decimal without trailing zeros."""
        return self._exact_fill_price

    @property
    def fill_price(self) -> float:
        """Price of the fill."""
        return float(self._exact_fill_price)

    @fill_price.setter
    def fill_price(self, value: Number) -> None:
        self._exact_fill_price = strip_zeros(to_decimal(value))

    @property
    def exact_fill_quantity(self) -> Decimal:
        """``fill_quantity`` as a decimal without trailing zeros."""
        return self._exact_fill_quantity

    @property
    def fill_quantity(self) -> float:
        """Units filled by this event: positive bought, negative sold."""
        return float(self._exact_fill_quantity)

    @fill_quantity.setter
    def fill_quantity(self, value: Number) -> None:
        self._exact_fill_quantity = strip_zeros(to_decimal(value))

    @property
    def absolute_fill_quantity(self) -> float:
        """Units filled by this event, without a sign."""
        return abs(self.fill_quantity)

    @property
    def exact_absolute_fill_quantity(self) -> Decimal:
        """``absolute_fill_quantity`` as a decimal."""
        return abs(self._exact_fill_quantity)

    @property
    def exact_quantity(self) -> Decimal:
        """``quantity`` as a decimal without trailing zeros."""
        return self._exact_quantity

    @property
    def quantity(self) -> float:
        """Units of the order."""
        return float(self._exact_quantity)

    @quantity.setter
    def quantity(self, value: Number) -> None:
        self._exact_quantity = strip_zeros(to_decimal(value))

    def clone(self) -> OrderEvent:
        """Return a copy."""
        return copy(self)

    def __str__(self) -> str:
        text = (
            f"Time: {time_text(self.utc_ns)} OrderID: {self.order_id} EventID: {self.id} Symbol: {self.symbol.value} "
            f"Status: {self.status} Quantity: {decimal_text(self._exact_quantity)}"
        )
        if self._exact_fill_quantity:
            price = price_text(self._exact_fill_price, self.fill_price_currency)
            text += f" FillQuantity: {decimal_text(self._exact_fill_quantity)} FillPrice: {price}"
        text += self._priced("LimitPrice", "StopPrice", "TrailingAmount", "TriggerPrice", " ")
        if self.order_fee.value.exact_amount:
            text += f" OrderFee: {self.order_fee}"
        if self.message:
            text += f" Message: {self.message}"
        if self.symbol.security_type in IS_OPTION:
            text += f" IsAssignment: {self.is_assignment}"
        return text

    def __repr__(self) -> str:
        return f"<{self}>"

    def to_string(self) -> str:
        """Return the event as text."""
        return str(self)

    def short_to_string(self) -> str:
        """Return the event as a shorter text."""
        text = (
            f"{time_text(self.utc_ns)} OID:{self.order_id} {self.symbol.value} {self.status} "
            f"Q:{decimal_text(self._exact_quantity)}"
        )
        if self._exact_fill_quantity:
            price = price_text(self._exact_fill_price, self.fill_price_currency)
            text += f" FQ:{decimal_text(self._exact_fill_quantity)} FP:{price}"
        text += self._priced("LP", "SP", "TA", "TP", "")
        if self.order_fee.value.exact_amount:
            text += f" OF:{currency_symbol(self.fill_price_currency)}{self.order_fee}"
        if self.message:
            text += f" M:{self.message}"
        if self.symbol.security_type in IS_OPTION:
            text += f" IA:{self.is_assignment}"
        return text


def _float(value: Decimal | None) -> float | None:
    return None if value is None else float(value)


def _kept(value: Number | None, old: Decimal | None) -> Decimal | None:
    return old if value is None else strip_zeros(to_decimal(value))
