"""Single trades, quotes and counts of open contracts."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from tradinglab.algorithm.base_data import BaseData
from tradinglab.core.decimals import Number, to_decimal
from tradinglab.core.dual import second_spelling
from tradinglab.core.enums import MarketDataType, TickType

if TYPE_CHECKING:
    from tradinglab.core.symbol import Symbol


class Tick(BaseData):
    """One trade or one quote."""

    data_type = MarketDataType.TICK
    Exchange, SaleCondition = second_spelling("exchange"), second_spelling("sale_condition")
    Suspicious = second_spelling("suspicious")

    def __init__(
        self,
        time: datetime = datetime.min,
        symbol: Symbol | None = None,
        value: Number = 0.0,
        quantity: Number = 0.0,
        *,
        tick_type: TickType = TickType.TRADE,
        bid_price: Number = 0.0,
        ask_price: Number = 0.0,
        bid_size: Number = 0.0,
        ask_size: Number = 0.0,
    ) -> None:
        super().__init__()
        self._symbol, self._time, self._value = symbol, time, value
        self._tick_type = tick_type
        self._quantity = quantity
        self._bid_price, self._ask_price = bid_price, ask_price
        self._bid_size, self._ask_size = bid_size, ask_size
        self.exchange = ""
        self.sale_condition = ""
        self.suspicious = False

    @property
    def tick_type(self) -> TickType:
        """Whether the tick is a trade or a quote."""
        return self._tick_type

    @tick_type.setter
    def tick_type(self, value: TickType) -> None:
        self._tick_type = value

    @property
    def last_price(self) -> float:
        """The price of the trade, or the middle of the quote."""
        return self.value

    @property
    def exact_quantity(self) -> Decimal:
        """``quantity`` as a decimal."""
        return to_decimal(self._quantity)

    @property
    def exact_bid_price(self) -> Decimal:
        """``bid_price`` as a decimal."""
        return to_decimal(self._bid_price)

    @property
    def exact_ask_price(self) -> Decimal:
        """``ask_price`` as a decimal."""
        return to_decimal(self._ask_price)

    def __str__(self) -> str:
        return f"{self.symbol}: {self.tick_type} {self.value:g} x {self.quantity:g}"


def _float_field(name: str, doc: str) -> property:
    """Return a property over ``_name`` that reads as a float and keeps what is written exactly."""

    def read(self: Any) -> float:
        return float(getattr(self, name))

    def write(self: Any, value: Number) -> None:
        setattr(self, name, value)

    return property(read, write, doc=doc)


def _add_field(cls: type, name: str, pascal: str, doc: str) -> None:
    field = _float_field("_" + name, doc)
    setattr(cls, name, field)
    setattr(cls, pascal, field)


_add_field(Tick, "quantity", "Quantity", "Units traded.")
_add_field(Tick, "bid_price", "BidPrice", "The bid, of a quote.")
_add_field(Tick, "ask_price", "AskPrice", "The ask, of a quote.")
_add_field(Tick, "bid_size", "BidSize", "Units bid for.")
_add_field(Tick, "ask_size", "AskSize", "Units asked for.")


class OpenInterest(Tick):
    """How many contracts are open."""

    def __init__(
        self, time: datetime = datetime.min, symbol: Symbol | None = None, open_interest: Number = 0.0
    ) -> None:
        super().__init__(time, symbol, open_interest, tick_type=TickType.OPEN_INTEREST)
