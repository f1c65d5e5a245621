"""The stop that follows the market."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from tradinglab.algorithm.orders.order import Order
from tradinglab.algorithm.orders.order_types import StopMarketOrder
from tradinglab.algorithm.orders.properties import OrderProperties
from tradinglab.algorithm.orders.text import Moment, trailing_amount_text
from tradinglab.core.decimals import ONE, Number, to_decimal
from tradinglab.core.enums import OrderDirection, OrderType

if TYPE_CHECKING:
    from tradinglab.algorithm.orders.requests import SubmitOrderRequest, UpdateOrderRequest
    from tradinglab.core.symbol import Symbol


class TrailingStopOrder(StopMarketOrder):
    """A stop that follows the market at a distance: an amount, or a fraction of the price."""

    __slots__ = ("exact_trailing_amount", "trailing_as_percentage")
    order_type = OrderType.TRAILING_STOP
    json_fields = ("trailing_amount", "trailing_as_percentage", "type")
    exact_trailing_amount: Decimal
    trailing_as_percentage: bool

    def __init__(
        self,
        symbol: Symbol,
        quantity: Number,
        stop_price: Number,
        trailing_amount: Number,
        trailing_as_percentage: bool,
        time: Moment,
        tag: str | None = "",
        properties: OrderProperties | None = None,
    ) -> None:
        super().__init__(symbol, quantity, stop_price, time, tag, properties)
        self.exact_trailing_amount = to_decimal(trailing_amount)
        self.trailing_as_percentage = trailing_as_percentage

    @property
    def trailing_amount(self) -> float:
        """Distance of the stop from the market."""
        return float(self.exact_trailing_amount)

    def get_default_tag(self) -> str:
        """Return the trailing amount as text."""
        return f"Trailing Amount: {self._amount_text()}"

    def _amount_text(self) -> str:
        return trailing_amount_text(self.exact_trailing_amount, self.trailing_as_percentage, self.price_currency)

    def apply_update_order_request(self, request: UpdateOrderRequest) -> None:
        """Take over quantity, tag, stop price and trailing amount."""
        super().apply_update_order_request(request)
        if request.exact_trailing_amount is not None:
            self.exact_trailing_amount = request.exact_trailing_amount

    @classmethod
    def _from_request(cls, request: SubmitOrderRequest) -> Order:
        return cls(
            request.symbol,
            request.exact_quantity,
            request.exact_stop_price,
            request.exact_trailing_amount,
            request.trailing_as_percentage,
            request.time_ns,
            request.tag,
            request.order_properties,
        )

    @staticmethod
    def calculate_exact_stop_price(
        market_price: Decimal, trailing_amount: Decimal, trailing_as_percentage: bool, direction: OrderDirection
    ) -> Decimal:
        """Return the stop price at the trailing distance from *market_price*: above it to buy, below to sell."""
        if trailing_as_percentage:
            return market_price * (ONE + trailing_amount if direction == OrderDirection.BUY else ONE - trailing_amount)
        return market_price + (trailing_amount if direction == OrderDirection.BUY else -trailing_amount)

    @staticmethod
    def calculate_stop_price(
        current_market_price: Number,
        trailing_amount: Number,
        trailing_as_percentage: bool,
        direction: OrderDirection,
    ) -> float:
        """Return the stop price at the trailing distance from the market price."""
        exact = TrailingStopOrder.calculate_exact_stop_price(
            to_decimal(current_market_price), to_decimal(trailing_amount), trailing_as_percentage, direction
        )
        return float(exact)

    @staticmethod
    def try_update_stop_price(
        current_market_price: Number,
        current_stop_price: Number,
        trailing_amount: Number,
        trailing_as_percentage: bool,
        direction: OrderDirection,
        updated_stop_price: Number = 0,
    ) -> tuple[bool, float]:
        """Return whether the market pulls the stop price along, and to where (0 if it stays)."""
        moved = _trailed(
            to_decimal(current_market_price),
            to_decimal(current_stop_price),
            to_decimal(trailing_amount),
            trailing_as_percentage,
            direction,
        )
        return moved is not None, 0.0 if moved is None else float(moved)

    def trailed_stop_price(self, market_price: Decimal) -> Decimal | None:
        """Return the stop price that *market_price* pulls up (or down) to, or ``None`` if it stays."""
        return _trailed(
            market_price,
            self.exact_stop_price,
            self.exact_trailing_amount,
            self.trailing_as_percentage,
            self.direction,
        )

    def __str__(self) -> str:
        return f"{super().__str__()}. Trailing amount: {self._amount_text()}"


def _trailed(
    market_price: Decimal, stop_price: Decimal, amount: Decimal, as_percentage: bool, direction: OrderDirection
) -> Decimal | None:
    distance = market_price - stop_price
    if direction != OrderDirection.SELL:
        distance = -distance
    if distance <= (market_price * amount if as_percentage else amount):
        return None
    return TrailingStopOrder.calculate_exact_stop_price(market_price, amount, as_percentage, direction)
