"""The orders for one security, each with the prices that it waits for."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, ClassVar

from tradinglab.algorithm.orders.order import Order, better_value
from tradinglab.algorithm.orders.properties import OrderProperties
from tradinglab.algorithm.orders.text import Moment, price_text
from tradinglab.core.decimals import Number, to_decimal
from tradinglab.core.dual import DualType, fold
from tradinglab.core.enums import OrderDirection, OrderType

if TYPE_CHECKING:
    from tradinglab.algorithm.orders.protocols import PricedSecurity
    from tradinglab.algorithm.orders.requests import SubmitOrderRequest, UpdateOrderRequest
    from tradinglab.core.symbol import Symbol


class MarketOrder(Order):
    """Trade now, at the market."""

    __slots__ = ()
    order_type = OrderType.MARKET

    @property
    def is_marketable(self) -> bool:
        """``True``."""
        return True


class MarketOnOpenOrder(Order):
    """Trade at the next opening price."""

    __slots__ = ()
    order_type = OrderType.MARKET_ON_OPEN


class _OneBuffer(DualType):
    """Lets a strategy set ``MarketOnCloseOrder.submission_time_buffer`` under either spelling."""

    def __setattr__(self, name: str, value: object) -> None:
        super().__setattr__("submission_time_buffer" if fold(name) == "submissiontimebuffer" else name, value)


class MarketOnCloseOrder(Order, metaclass=_OneBuffer):
    """Trade at the next closing price."""

    __slots__ = ()
    order_type = OrderType.MARKET_ON_CLOSE

    DEFAULT_SUBMISSION_TIME_BUFFER: ClassVar[timedelta] = timedelta(minutes=15.5)
    submission_time_buffer: ClassVar[timedelta] = DEFAULT_SUBMISSION_TIME_BUFFER
    """How long before the close the last order must be in; a strategy may change it, the engine restores it."""


class OptionExerciseOrder(Order):
    """Exercise an option, or be assigned."""

    __slots__ = ()
    order_type = OrderType.OPTION_EXERCISE

    def _value_in_quote_currency(self, security: PricedSecurity) -> Decimal:
        return self.exact_quantity * self.exact_price


class LimitOrder(Order):
    """Trade at the limit price or better."""

    __slots__ = ("exact_limit_price",)
    order_type = OrderType.LIMIT
    json_fields = ("limit_price", "type")
    exact_limit_price: Decimal

    def __init__(
        self,
        symbol: Symbol,
        quantity: Number,
        limit_price: Number,
        time: Moment,
        tag: str | None = "",
        properties: OrderProperties | None = None,
    ) -> None:
        super().__init__(symbol, quantity, time, tag, properties)
        self.exact_limit_price = to_decimal(limit_price)

    @property
    def limit_price(self) -> float:
        """The worst price to trade at."""
        return float(self.exact_limit_price)

    @property
    def is_marketable(self) -> bool:
        """Whether the limit was at or through the opposite quote at submission."""
        submitted = self.order_submission_data
        if submitted is None:
            return False
        direction = self.direction
        return (direction == OrderDirection.BUY and self.exact_limit_price >= submitted.exact_ask_price) or (
            direction == OrderDirection.SELL and self.exact_limit_price <= submitted.exact_bid_price
        )

    def _value_in_quote_currency(self, security: PricedSecurity) -> Decimal:
        return better_value(self.exact_quantity, self.exact_limit_price, security.exact_price)

    def apply_update_order_request(self, request: UpdateOrderRequest) -> None:
        """Take over quantity, tag and limit price."""
        super().apply_update_order_request(request)
        if request.exact_limit_price is not None:
            self.exact_limit_price = request.exact_limit_price

    @classmethod
    def _from_request(cls, request: SubmitOrderRequest) -> Order:
        return cls(
            request.symbol,
            request.exact_quantity,
            request.exact_limit_price,
            request.time_ns,
            request.tag,
            request.order_properties,
        )

    def __str__(self) -> str:
        return f"{super().__str__()} at limit {price_text(self.exact_limit_price, self.price_currency)}"


class StopMarketOrder(Order):
    """Trade at the market once the stop price is reached."""

    __slots__ = ("exact_stop_price",)
    order_type = OrderType.STOP_MARKET
    json_fields: ClassVar[tuple[str, ...]] = ("stop_price", "type")
    exact_stop_price: Decimal

    def __init__(
        self,
        symbol: Symbol,
        quantity: Number,
        stop_price: Number,
        time: Moment,
        tag: str | None = "",
        properties: OrderProperties | None = None,
    ) -> None:
        super().__init__(symbol, quantity, time, tag, properties)
        self.exact_stop_price = to_decimal(stop_price)

    @property
    def stop_price(self) -> float:
        """The price that makes it a market order."""
        return float(self.exact_stop_price)

    @stop_price.setter
    def stop_price(self, value: Number) -> None:
        self.exact_stop_price = to_decimal(value)

    def _value_in_quote_currency(self, security: PricedSecurity) -> Decimal:
        return better_value(self.exact_quantity, self.exact_stop_price, security.exact_price)

    def apply_update_order_request(self, request: UpdateOrderRequest) -> None:
        """Take over quantity, tag and stop price."""
        super().apply_update_order_request(request)
        if request.exact_stop_price is not None:
            self.exact_stop_price = request.exact_stop_price

    @classmethod
    def _from_request(cls, request: SubmitOrderRequest) -> Order:
        return cls(
            request.symbol,
            request.exact_quantity,
            request.exact_stop_price,
            request.time_ns,
            request.tag,
            request.order_properties,
        )

    def __str__(self) -> str:
        return f"{super().__str__()} at stop {price_text(self.exact_stop_price, self.price_currency)}"


class StopLimitOrder(Order):
    """Becomes a limit order once the stop price is passed."""

    __slots__ = ("exact_limit_price", "exact_stop_price", "stop_triggered")
    order_type = OrderType.STOP_LIMIT
    json_fields = ("stop_price", "stop_triggered", "limit_price", "type")
    exact_stop_price: Decimal
    exact_limit_price: Decimal
    stop_triggered: bool

    def __init__(
        self,
        symbol: Symbol,
        quantity: Number,
        stop_price: Number,
        limit_price: Number,
        time: Moment,
        tag: str | None = "",
        properties: OrderProperties | None = None,
    ) -> None:
        super().__init__(symbol, quantity, time, tag, properties)
        self.exact_stop_price = to_decimal(stop_price)
        self.exact_limit_price = to_decimal(limit_price)
        self.stop_triggered = False

    @property
    def stop_price(self) -> float:
        """The price that makes it a limit order."""
        return float(self.exact_stop_price)

    @property
    def limit_price(self) -> float:
        """The worst price to trade at then."""
        return float(self.exact_limit_price)

    def _value_in_quote_currency(self, security: PricedSecurity) -> Decimal:
        return better_value(self.exact_quantity, self.exact_limit_price, security.exact_price)

    def apply_update_order_request(self, request: UpdateOrderRequest) -> None:
        """Take over quantity, tag, stop price and limit price."""
        super().apply_update_order_request(request)
        if request.exact_stop_price is not None:
            self.exact_stop_price = request.exact_stop_price
        if request.exact_limit_price is not None:
            self.exact_limit_price = request.exact_limit_price

    @classmethod
    def _from_request(cls, request: SubmitOrderRequest) -> Order:
        return cls(
            request.symbol,
            request.exact_quantity,
            request.exact_stop_price,
            request.exact_limit_price,
            request.time_ns,
            request.tag,
            request.order_properties,
        )

    def __str__(self) -> str:
        stop = price_text(self.exact_stop_price, self.price_currency)
        return f"{super().__str__()} at stop {stop} limit {price_text(self.exact_limit_price, self.price_currency)}"


class LimitIfTouchedOrder(Order):
    """Becomes a limit order once the trigger price is touched."""

    __slots__ = ("exact_limit_price", "exact_trigger_price", "trigger_touched")
    order_type = OrderType.LIMIT_IF_TOUCHED
    json_fields = ("type", "trigger_price", "limit_price", "trigger_touched")
    exact_trigger_price: Decimal
    exact_limit_price: Decimal
    trigger_touched: bool

    def __init__(
        self,
        symbol: Symbol,
        quantity: Number,
        trigger_price: Number,
        limit_price: Number,
        time: Moment,
        tag: str | None = "",
        properties: OrderProperties | None = None,
    ) -> None:
        super().__init__(symbol, quantity, time, tag, properties)
        self.exact_trigger_price = to_decimal(trigger_price)
        self.exact_limit_price = to_decimal(limit_price)
        self.trigger_touched = False

    @property
    def trigger_price(self) -> float:
        """The price that makes it a limit order."""
        return float(self.exact_trigger_price)

    @property
    def limit_price(self) -> float:
        """The worst price to trade at then."""
        return float(self.exact_limit_price)

    def _value_in_quote_currency(self, security: PricedSecurity) -> Decimal:
        return better_value(self.exact_quantity, self.exact_limit_price, security.exact_price)

    def apply_update_order_request(self, request: UpdateOrderRequest) -> None:
        """Take over quantity, tag, trigger price and limit price."""
        super().apply_update_order_request(request)
        if request.exact_trigger_price is not None:
            self.exact_trigger_price = request.exact_trigger_price
        if request.exact_limit_price is not None:
            self.exact_limit_price = request.exact_limit_price

    @classmethod
    def _from_request(cls, request: SubmitOrderRequest) -> Order:
        return cls(
            request.symbol,
            request.exact_quantity,
            request.exact_trigger_price,
            request.exact_limit_price,
            request.time_ns,
            request.tag,
            request.order_properties,
        )

    def __str__(self) -> str:
        trigger = price_text(self.exact_trigger_price, self.price_currency)
        limit = price_text(self.exact_limit_price, self.price_currency)
        return f"{super().__str__()} at trigger {trigger} limit {limit}"
