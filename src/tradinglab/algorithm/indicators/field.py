"""Which number of a bar an indicator works on: ``Field.HIGH``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tradinglab.algorithm.bars import Bar, QuoteBar, TradeBar
from tradinglab.algorithm.ticks import Tick
from tradinglab.core.dual import Dual, DualType

if TYPE_CHECKING:
    from tradinglab.algorithm.base_data import BaseData


class Selector:
    """A function from a data point to a number, that knows the column it reads.

    A data point without the field gives its value: a trade has no bid.
    """

    def __init__(self, column: str) -> None:
        self.column = column

    def __call__(self, data: BaseData) -> float:
        """Return the number."""
        return data.value

    def __repr__(self) -> str:
        return f"<field {self.column}>"


class _Price(Selector):
    """Open, high or low of a bar."""

    def __call__(self, data: BaseData) -> float:
        return getattr(data, self.column) if isinstance(data, TradeBar | QuoteBar) else data.value


class _Quote(Selector):
    """A price of the bid or of the ask."""

    def __init__(self, side: str, price: str, *, of_ticks: bool = False) -> None:
        super().__init__(f"{side}_{price}")
        self._side, self._price, self._of_ticks = side, price, of_ticks

    def __call__(self, data: BaseData) -> float:
        if self._of_ticks and isinstance(data, Tick):
            return float(getattr(data, self._side + "_price"))
        if isinstance(data, QuoteBar):
            bar: Bar | None = getattr(data, self._side)
            return 0.0 if bar is None else float(getattr(bar, self._price))
        return data.value


class _Volume(Selector):
    """Units traded."""

    def __call__(self, data: BaseData) -> float:
        if isinstance(data, TradeBar):
            return data.volume
        return data.quantity if isinstance(data, Tick) else data.value


class _Blend(Selector):
    """A weighted mean of the four prices of a bar."""

    def __call__(self, data: BaseData) -> float:
        if not isinstance(data, TradeBar | QuoteBar):
            return data.value
        return blend(self.column, data.open, data.high, data.low, data.close)


def blend(name: str, o: float, h: float, l: float, c: float) -> float:  # noqa: E741
    """Return a weighted mean of open, high, low and close, which may be arrays."""
    if name == "average":
        return (o + h + l + c) / 4
    if name == "median":
        return (h + l) / 2
    if name == "typical":
        return (h + l + c) / 3
    if name == "weighted":
        return (h + l + 2 * c) / 4
    return (2 * o + h + l + 3 * c) / 7


class Field(Dual, metaclass=DualType):
    """The numbers of a bar that an indicator may work on: ``self.min(symbol, 10, Resolution.DAILY, Field.LOW)``."""

    OPEN = _Price("open")
    HIGH = _Price("high")
    LOW = _Price("low")
    CLOSE = Selector("close")
    AVERAGE = _Blend("average")
    MEDIAN = _Blend("median")
    TYPICAL = _Blend("typical")
    WEIGHTED = _Blend("weighted")
    SEVEN_BAR = _Blend("seven_bar")
    VOLUME = _Volume("volume")
    BID_OPEN = _Quote("bid", "open")
    BID_HIGH = _Quote("bid", "high")
    BID_LOW = _Quote("bid", "low")
    BID_CLOSE = _Quote("bid", "close")
    BID_PRICE = _Quote("bid", "close", of_ticks=True)
    ASK_OPEN = _Quote("ask", "open")
    ASK_HIGH = _Quote("ask", "high")
    ASK_LOW = _Quote("ask", "low")
    ASK_CLOSE = _Quote("ask", "close")
    ASK_PRICE = _Quote("ask", "close", of_ticks=True)


QUOTE_COLUMNS = frozenset(f"{side}_{price}" for side in ("bid", "ask") for price in ("open", "high", "low", "close"))

_SELECTORS = {member.column: member for member in vars(Field).values() if isinstance(member, Selector)}
_SELECTORS |= {"bid_close": Field.BID_CLOSE, "ask_close": Field.ASK_CLOSE}


def selector_of(column: str) -> Selector | None:
    """Return the field that reads a column, ``None`` for no column: the bar itself."""
    return _SELECTORS[column] if column else None
