"""Turning points of prices."""

from __future__ import annotations

from collections import deque
from datetime import datetime
from typing import TYPE_CHECKING, Any

from tradinglab.algorithm.base_data import BaseData
from tradinglab.algorithm.events import EventMember
from tradinglab.algorithm.indicators.base import BarIndicator
from tradinglab.algorithm.indicators.composites import Identity
from tradinglab.algorithm.indicators.naming import named
from tradinglab.algorithm.rolling_window import RollingWindow
from tradinglab.core.dual import Dual, DualEnum, snake_case

if TYPE_CHECKING:
    from tradinglab.algorithm.bars import TradeBar


class PivotPointType(DualEnum):
    """The kind of a turning point."""

    LOW = -1
    NONE = 0
    HIGH = 1
    BOTH = 2


class PivotPoint(BaseData):
    """A turning point: its price, and when its bar ended."""

    def __init__(self, type: PivotPointType, price: float, time: datetime) -> None:
        super().__init__()
        self._type, self._value, self._time = type, price, time

    @property
    def pivot_point_type(self) -> PivotPointType:
        """A high or a low."""
        return self._type


class PivotPointsEventArgs(Dual):
    """What the event of a new turning point brings."""

    def __init__(self, pivot_point: PivotPoint) -> None:
        self._point = pivot_point

    @property
    def pivot_point(self) -> PivotPoint:
        """The turning point."""
        return self._point


class PivotPointsHighLow(BarIndicator):
    """Bars higher (lower) than the ``length`` bars on both sides of them.

    The value says what the bar in the middle is: a high 1, a low -1, both 2, neither 0. The points
    are known ``length`` bars later.
    """

    new_pivot_point_formed = EventMember("Raised with ``PivotPointsEventArgs`` when a turning point is found.")

    def __init__(self, *args: Any, strict: bool = True, last_stored_values: int = 100, **kwargs: Any) -> None:
        given, kwargs = list(args), {snake_case(key): value for key, value in kwargs.items()}
        name = given.pop(0) if given and isinstance(given[0], str) else kwargs.get("name")
        side = "surrounding_bars_count"
        high = kwargs.get("length_high") or kwargs.get(side + "_for_high_point") or kwargs.get(side) or given.pop(0)
        low = kwargs.get("length_low") or kwargs.get(side + "_for_low_point")
        low = low or (given.pop(0) if given else high)
        stored = given.pop(0) if given else last_stored_values
        self._is_strict = given.pop(0) if given else strict
        super().__init__(f"PivotPointsHighLow({high},{low})" if name is None else name)
        self._sides = (high, low)
        self._bars: deque[TradeBar] = deque(maxlen=2 * max(high, low) + 1)
        self._points: RollingWindow[PivotPoint] = RollingWindow(stored)
        self._warm_up_period = 2 * max(high, low) + 1

    def _next(self, data: TradeBar) -> float:
        self._bars.append(data)
        bars = list(self._bars)[::-1]
        high, low = self._sides
        is_high = self._stands_out([bar.high for bar in bars], high)
        is_low = self._stands_out([-bar.low for bar in bars], low)
        if is_high:
            self._found(PivotPoint(PivotPointType.HIGH, bars[high].high, bars[high].end_time))
        if is_low:
            self._found(PivotPoint(PivotPointType.LOW, bars[low].low, bars[low].end_time))
        if is_high and is_low:
            return float(PivotPointType.BOTH)
        return float(is_high) - float(is_low)

    def _stands_out(self, values: list[float], side: int) -> bool:
        """Return whether the value in the middle is above those on both sides."""
        if len(values) < 2 * side + 1:
            return False
        middle = values[side]
        others = values[:side] + values[side + 1 : 2 * side + 1]
        return all(value < middle or (value == middle and not self._is_strict) for value in others)

    def _found(self, point: PivotPoint) -> None:
        self._points.add(point)
        self.new_pivot_point_formed(self, PivotPointsEventArgs(point))

    def get_high_pivot_points_array(self) -> list[PivotPoint]:
        """Return the last highs, newest first."""
        return [point for point in self._points if point.pivot_point_type == PivotPointType.HIGH]

    def get_low_pivot_points_array(self) -> list[PivotPoint]:
        """Return the last lows, newest first."""
        return [point for point in self._points if point.pivot_point_type == PivotPointType.LOW]

    def get_all_pivot_points_array(self) -> list[PivotPoint]:
        """Return the last turning points, newest first."""
        return list(self._points)

    def _clear(self) -> None:
        self._bars.clear()
        self._points.reset()


class ZigZag(BarIndicator):
    """The last turning point: a high (low) that the price has left by ``sensitivity`` since."""

    @named("ZZ({sensitivity},{min_trend_length})")
    def __init__(self, name: str, sensitivity: float = 0.05, min_trend_length: int = 1) -> None:
        if not 0 < sensitivity < 1:
            raise ValueError(f"The sensitivity of a zig-zag is between 0 and 1; it was {sensitivity}.")
        if min_trend_length < 1:
            raise ValueError(f"The least length of a trend is 1 or more; it was {min_trend_length}.")
        super().__init__(name)
        self._warm_up_period = min_trend_length + 1
        self._high, self._low = Identity(name + "_HighPivot"), Identity(name + "_LowPivot")
        self._parts = (self._high, self._low)
        self._sensitivity, self._least = float(sensitivity), min_trend_length
        self._pivot: tuple[float, float] | None = None
        self._was_low, self._count, self._type = False, 0, PivotPointType.LOW

    @property
    def high_pivot(self) -> Identity:
        """The last high."""
        return self._high

    @property
    def low_pivot(self) -> Identity:
        """The last low."""
        return self._low

    @property
    def pivot_type(self) -> PivotPointType:
        """Whether the last turning point is a high or a low."""
        return self._type

    def _next(self, data: TradeBar) -> float:
        if self._pivot is None:
            self._turn(data, True)
            return 0.0
        high, low = self._pivot
        value, is_long = (low if self._was_low else high), self._count >= self._least
        if self._was_low:
            if data.high >= low * (1 + self._sensitivity) and is_long:
                self._turn(data, False)
                value = self._high._value()
            elif data.low <= low:
                self._turn(data, True)
                value = self._low._value()
        elif data.low <= high * (1 - self._sensitivity) and is_long:
            self._turn(data, True)
            value = self._low._value()
        elif data.high >= high:
            self._turn(data, False)
            value = self._high._value()
        self._count += 1
        return value

    def _turn(self, data: TradeBar, is_low: bool) -> None:
        """Take a bar as the last turning point."""
        self._pivot, self._count = (data.high, data.low), 0
        (self._low if is_low else self._high).update(data.end_time, data.low if is_low else data.high)
        if self._was_low != is_low:
            self._type = PivotPointType.LOW if is_low else PivotPointType.HIGH
        self._was_low = is_low

    def _clear(self) -> None:
        super()._clear()
        self._pivot, self._type = None, PivotPointType.LOW
