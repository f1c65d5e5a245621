"""An order of a run in another process: what a result tells of it, and its JSON as that process wrote it."""

from __future__ import annotations

from decimal import Decimal

from tradinglab.core.enums import OrderDirection, OrderStatus, OrderType
from tradinglab.core.symbol import Symbol
from tradinglab.core.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenOrder:
    """An order that cannot be changed any more; *hashed_json* is what the hash over all orders is made from."""

    id: int
    symbol: Symbol
    type: OrderType
    direction: OrderDirection
    status: OrderStatus
    exact_quantity: Decimal
    exact_price: Decimal
    time_ns: int
    last_fill_time_ns: int | None
    tag: str | None
    json: str
    hashed_json: str

    @property
    def quantity(self) -> float:
        """The quantity, negative for a sale."""
        return float(self.exact_quantity)

    @property
    def price(self) -> float:
        """The average price of its fills."""
        return float(self.exact_price)
