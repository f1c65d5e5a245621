"""Bars of price, range or volume: what Renko and range consolidators make. Their prices are exact."""

from __future__ import annotations

import copy
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Self

from tradinglab.algorithm.bars import ONE_MINUTE, TradeBar
from tradinglab.core.decimals import ZERO, Number, to_decimal
from tradinglab.core.dual import DualEnum
from tradinglab.core.enums import RenkoType

if TYPE_CHECKING:
    from tradinglab.core.symbol import Symbol


class BarDirection(DualEnum):
    """Where the close of a bar lies from its open."""

    RISING = 0
    NO_DELTA = 1
    FALLING = 2


def _exact_price(name: str, doc: str) -> tuple[property, property]:
    """Return the two faces of a price that is kept as a decimal: float and exact."""

    def read(self: Any) -> float:
        return float(getattr(self, name))

    def read_exact(self: Any) -> Decimal:
        found: Decimal = getattr(self, name)
        return found

    def write(self: Any, value: Number) -> None:
        setattr(self, name, to_decimal(value))

    return property(read, write, doc=doc), property(read_exact, doc=f"The same as a decimal: {doc}")


class ExactTradeBar(TradeBar):
    """A trade bar that keeps decimals."""

    def __init__(
        self, symbol: Symbol | None, time: datetime, open: Decimal, high: Decimal, low: Decimal, close: Decimal,
        volume: Decimal = ZERO, period: timedelta = ONE_MINUTE,
    ) -> None:  # fmt: skip
        super().__init__(time, symbol, period=period)
        decimals: Any = self
        decimals._open, decimals._high, decimals._low, decimals._close = open, high, low, close
        decimals._volume = volume

    open, exact_open = _exact_price("_open", "First price.")
    high, exact_high = _exact_price("_high", "Highest price.")
    low, exact_low = _exact_price("_low", "Lowest price.")
    close, exact_close = _exact_price("_close", "Last price.")
    volume, exact_volume = _exact_price("_volume", "Units traded.")

    def clone(self, fill_forward: bool = False) -> Self:
        """Return a copy."""
        twin = copy.copy(self)
        twin.is_fill_forward = fill_forward or self.is_fill_forward
        return twin


class BaseRenkoBar(ExactTradeBar):
    """A bar that is finished when something has moved by the size of a brick."""

    def __init__(
        self, symbol: Symbol | None, start: datetime, end_time: datetime, brick_size: Decimal,
        prices: tuple[Decimal, Decimal, Decimal, Decimal], volume: Decimal, kind: RenkoType,
    ) -> None:  # fmt: skip
        super().__init__(symbol, start, *prices, volume)
        self._end_time = end_time
        self._brick_size = brick_size
        self._kind = kind
        self._is_closed = False

    @property
    def type(self) -> RenkoType:
        """The kind of the bar."""
        return self._kind

    @property
    def brick_size(self) -> float:
        """How far a bar goes."""
        return float(self._brick_size)

    @property
    def exact_brick_size(self) -> Decimal:
        """``brick_size`` as a decimal."""
        return self._brick_size

    @property
    def start(self) -> datetime:
        """When the bar began."""
        return self._time

    @property
    def end_time(self) -> datetime:
        """When the bar was last updated."""
        assert self._end_time is not None
        return self._end_time

    @end_time.setter
    def end_time(self, value: datetime) -> None:
        self._end_time = value

    @property
    def end(self) -> datetime:
        """The same as ``end_time``."""
        return self.end_time

    @property
    def is_closed(self) -> bool:
        """Whether the bar is finished."""
        return self._is_closed


class RenkoBar(BaseRenkoBar):
    """A bar that is finished when the price has moved by the size of a brick."""

    @classmethod
    def classic(
        cls, symbol: Symbol | None, time: datetime, brick_size: Decimal, open: Decimal, volume: Decimal
    ) -> RenkoBar:
        """Return a classic bar that begins."""
        return cls(symbol, time, time, brick_size, (open, open, open, open), volume, RenkoType.CLASSIC)

    @classmethod
    def wicked(
        cls, symbol: Symbol | None, start: datetime, end_time: datetime, brick_size: Decimal,
        prices: tuple[Decimal, Decimal, Decimal, Decimal],
    ) -> RenkoBar:  # fmt: skip
        """Return a finished bar with wicks: *prices* are open, high, low, close."""
        return cls(symbol, start, end_time, brick_size, prices, ZERO, RenkoType.WICKED)

    @property
    def direction(self) -> BarDirection:
        """Where the close lies from the open."""
        opened, closed = self.exact_open, self.exact_close
        if opened == closed:
            return BarDirection.NO_DELTA
        return BarDirection.RISING if opened < closed else BarDirection.FALLING

    @property
    def spread(self) -> float:
        """The distance of open and close."""
        return float(abs(self.exact_close - self.exact_open))

    def update(self, time: datetime, current_value: Number, volume_since_last_update: Number) -> bool:  # type: ignore[override]
        """Take one more price into a classic bar; return whether it is finished."""
        if self._kind == RenkoType.WICKED:
            raise ValueError('A "Wicked" RenkoBar cannot be updated!')
        if self._is_closed:
            return True
        bar: Any = self
        value = to_decimal(current_value)
        self._end_time = time
        lowest, highest = bar._open - self._brick_size, bar._open + self._brick_size
        bar._close = min(highest, max(lowest, value))
        bar._volume += to_decimal(volume_since_last_update)
        self._is_closed = bool(value <= lowest or value >= highest)
        bar._high = max(bar._high, bar._close)
        bar._low = min(bar._low, bar._close)
        return self._is_closed


class VolumeRenkoBar(BaseRenkoBar):
    """A bar that is finished when a volume was traded."""

    @property
    def is_closed(self) -> bool:
        """Whether the volume is reached."""
        return bool(self.exact_volume >= self._brick_size)

    def update(  # type: ignore[override]
        self, time: datetime, high: Decimal, low: Decimal, close: Decimal, volume: Decimal
    ) -> Decimal:
        """Take more volume in; return how much is left over, negative while the bar is not finished."""
        if self.is_closed:
            return ZERO
        bar: Any = self
        self._end_time = time
        excess: Decimal = bar._volume + volume - self._brick_size
        bar._volume = self._brick_size if excess > 0 else bar._volume + volume
        bar._close = close
        bar._high = max(bar._high, high)
        bar._low = min(bar._low, low)
        return excess

    def rollover(self) -> VolumeRenkoBar:
        """Return the bar that begins where this one ended."""
        close = self.exact_close
        return VolumeRenkoBar(
            self._symbol, self.end_time, self.end_time, self._brick_size, (close, close, close, close), ZERO,
            RenkoType.CLASSIC,
        )  # fmt: skip


class RangeBar(ExactTradeBar):
    """A bar that is finished when its high and low are further apart than its range.

    Its ``time`` is not set, and its close only when it is finished, as in LEAN.
    """

    def __init__(
        self, symbol: Symbol | None, end_time: datetime, range_size: Decimal, open: Decimal, volume: Decimal = ZERO
    ) -> None:
        super().__init__(symbol, datetime.min, open, open, open, open, volume)
        self.end_time = end_time
        self._range_size = range_size
        self._is_closed = False

    @property
    def range_size(self) -> float:
        """How far high and low may be apart."""
        return float(self._range_size)

    @property
    def exact_range_size(self) -> Decimal:
        """``range_size`` as a decimal."""
        return self._range_size

    @property
    def is_closed(self) -> bool:
        """Whether the bar is finished."""
        return self._is_closed

    def update(self, time: datetime, current_value: Number, volume_since_last_update: Number) -> None:  # type: ignore[override]
        """Take one more price in."""
        bar: Any = self
        value = to_decimal(current_value)
        self.end_time = time
        if value < bar._low:
            if bar._high - value > self._range_size:
                self._is_closed = True
                bar._low = bar._close = bar._high - self._range_size
                return
            bar._low = value
        elif value > bar._high:
            if value - bar._low > self._range_size:
                self._is_closed = True
                bar._high = bar._close = bar._low + self._range_size
                return
            bar._high = value
        bar._volume += to_decimal(volume_since_last_update)
