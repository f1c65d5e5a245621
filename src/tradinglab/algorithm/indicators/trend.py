"""Trends: their direction, strength and end."""

from __future__ import annotations

from collections import deque
from math import fsum, log10
from typing import TYPE_CHECKING

from tradinglab.algorithm.indicators.base import BarIndicator, IndicatorBase
from tradinglab.algorithm.indicators.composites import CompositeIndicator, Line
from tradinglab.algorithm.indicators.extensions import over
from tradinglab.algorithm.indicators.extremes import Maximum, Minimum
from tradinglab.algorithm.indicators.moving_averages import Sum, WilderMovingAverage
from tradinglab.algorithm.indicators.naming import named
from tradinglab.algorithm.indicators.volatility import AverageTrueRange, TrueRange
from tradinglab.core.enums import MovingAverageType

if TYPE_CHECKING:
    from tradinglab.algorithm.bars import TradeBar


class AverageDirectionalIndex(BarIndicator):
    """Wilder's ADX: the average of |+DI - -DI| / (+DI + -DI), in percent.

    The directional indices are the smoothed directional movements by the smoothed true range, in
    percent. While both are zero the value is 50.
    """

    @named("ADX({period})")
    def __init__(self, name: str, period: int) -> None:
        super().__init__(name)
        self._period, self._warm_up_period = period, period * 2
        self._positive = Line(name + "_PositiveDirectionalIndex", lambda: self.samples > period)
        self._negative = Line(name + "_NegativeDirectionalIndex", lambda: self.samples > period)
        self._average = WilderMovingAverage(period)
        self._parts = (self._positive, self._negative, self._average)
        self._bar: tuple[float, float, float] | None = None
        self._range = self._rise = self._fall = 0.0

    @property
    def positive_directional_index(self) -> IndicatorBase:
        """The strength of rises, +DI."""
        return self._positive

    @property
    def negative_directional_index(self) -> IndicatorBase:
        """The strength of falls, -DI."""
        return self._negative

    @property
    def is_ready(self) -> bool:
        """Whether the average is."""
        return self._average.is_ready

    def _next(self, data: TradeBar) -> float:
        self._move(data.high, data.low, data.close)
        is_ready = self._samples > self._period and self._range != 0
        self._positive.put(data, 100.0 * self._rise / self._range if is_ready else 0.0)
        self._negative.put(data, 100.0 * self._fall / self._range if is_ready else 0.0)
        plus, minus = self._positive._value(), self._negative._value()
        if plus + minus == 0:
            return 50.0
        self._average.update(data.end_time, 100.0 * abs(plus - minus) / (plus + minus))
        return self._average._value()

    def _move(self, high: float, low: float, close: float) -> None:
        """Take a bar into the smoothed range and movements."""
        span = rise = fall = 0.0
        if self._bar is not None:
            last_high, last_low, last_close = self._bar
            span = max(high - low, abs(high - last_close), abs(low - last_close))
            up, down = high - last_high, last_low - low
            rise = up if up > 0 and up >= down else 0.0
            fall = down if down > 0 and down > up else 0.0
        self._bar = (high, low, close)
        if self._samples > self._period + 1:
            self._range -= self._range / self._period
            self._rise -= self._rise / self._period
            self._fall -= self._fall / self._period
        self._range += span
        self._rise += rise
        self._fall += fall

    def _clear(self) -> None:
        super()._clear()
        self._bar = None
        self._range = self._rise = self._fall = 0.0


class AverageDirectionalMovementIndexRating(BarIndicator):
    """The middle of the ADX now and ``period`` - 1 bars ago; 50 until then."""

    @named("ADXR({period})")
    def __init__(self, name: str, period: int) -> None:
        super().__init__(name)
        self._warm_up_period = period * 3 - 1
        self._index = AverageDirectionalIndex(name + "_ADX", period)
        self._parts = (self._index,)
        self._history: deque[float] = deque(maxlen=period)
        self._full = period

    @property
    def adx(self) -> AverageDirectionalIndex:
        """The average directional index."""
        return self._index

    @property
    def is_ready(self) -> bool:
        """Whether there are enough values of the index."""
        return len(self._history) >= self._full

    def _next(self, data: TradeBar) -> float:
        if self._index.consume(data):
            self._history.append(self._index._value())
        return (self._index._value() + self._history[0]) / 2 if self.is_ready else 50.0

    def _clear(self) -> None:
        super()._clear()
        self._history.clear()


class ParabolicStopAndReverseExtended(BarIndicator):
    """Wilder's parabolic stop with its own acceleration for each side; negative while short.

    The stop moves towards the extreme price of the trend by an acceleration that grows with each new
    extreme; when the price meets it, the trend turns. ``sar_start`` above (below) zero begins long
    (short) at that stop.
    """

    @named(
        "SAREXT({sar_start},{offset_on_reverse},{af_start_short},{af_increment_short},{af_max_short},"
        "{af_start_long},{af_increment_long},{af_max_long})"
    )
    def __init__(
        self,
        name: str,
        sar_start: float = 0.0,
        offset_on_reverse: float = 0.0,
        af_start_short: float = 0.02,
        af_increment_short: float = 0.02,
        af_max_short: float = 0.2,
        af_start_long: float = 0.02,
        af_increment_long: float = 0.02,
        af_max_long: float = 0.2,
    ) -> None:
        super().__init__(name)
        self._warm_up_period = 2
        self._start, self._offset = float(sar_start), float(offset_on_reverse)
        self._paces = {
            False: tuple(map(float, (af_start_short, af_increment_short, af_max_short))),
            True: tuple(map(float, (af_start_long, af_increment_long, af_max_long))),
        }
        self._clear()

    def _clear(self) -> None:
        self._pace = {is_long: pace[0] for is_long, pace in self._paces.items()}
        self._is_long = False
        self._sar = self._extreme = self._high = self._low = 0.0

    def _next(self, data: TradeBar) -> float:
        high, low = data.high, data.low
        if self._samples == 1:
            self._high, self._low = high, low
            return self._start or data.close
        if self._samples == 2:
            self._begin(high, low)
            self._high, self._low = high, low
        value = self._step(high, low)
        self._high, self._low = high, low
        return value

    def _begin(self, high: float, low: float) -> None:
        if self._start:
            self._is_long, self._sar = self._start > 0, abs(self._start)
        else:
            falls = low < self._low and high - self._high < self._low - low
            self._is_long = not falls
            self._sar = self._high if falls else self._low
        self._extreme = high if self._is_long else low

    def _step(self, high: float, low: float) -> float:
        """Move the stop past one bar, and return what it was before."""
        is_long = self._is_long
        if (low <= self._sar) if is_long else (high >= self._sar):
            return self._turn(high, low)
        value = self._sar if is_long else -self._sar
        if (high > self._extreme) if is_long else (low < self._extreme):
            self._extreme = high if is_long else low
            _, increment, limit = self._paces[is_long]
            self._pace[is_long] = min(self._pace[is_long] + increment, limit)
        self._advance(high, low)
        return value

    def _turn(self, high: float, low: float) -> float:
        """Turn the trend: the stop jumps beyond the extreme of the old one."""
        self._is_long = is_long = not self._is_long
        self._sar = self._bound(self._extreme, high, low)
        self._sar += self._sar * (-self._offset if is_long else self._offset)
        value = self._sar if is_long else -self._sar
        self._pace[is_long] = self._paces[is_long][0]
        self._extreme = high if is_long else low
        self._advance(high, low)
        return value

    def _advance(self, high: float, low: float) -> None:
        moved = self._sar + self._pace[self._is_long] * (self._extreme - self._sar)
        self._sar = self._bound(moved, high, low)

    def _bound(self, stop: float, high: float, low: float) -> float:
        """Keep a stop outside the last two bars."""
        return min(stop, self._low, low) if self._is_long else max(stop, self._high, high)


class ParabolicStopAndReverse(ParabolicStopAndReverseExtended):
    """Wilder's parabolic stop and reverse."""

    @named("PSAR({af_start},{af_increment},{af_max})")
    def __init__(self, name: str, af_start: float = 0.02, af_increment: float = 0.02, af_max: float = 0.2) -> None:
        pace = (af_start, af_increment, af_max)
        super().__init__(name, 0.0, 0.0, *pace, *pace)

    def _next(self, data: TradeBar) -> float:
        return abs(super()._next(data))


class SuperTrend(BarIndicator):
    """A stop that trails the price at ``multiplier`` average true ranges from the middle of the bar."""

    @named("SuperTrend({period},{multiplier})")
    def __init__(
        self,
        name: str,
        period: int,
        multiplier: float,
        moving_average_type: MovingAverageType = MovingAverageType.WILDERS,
    ) -> None:
        super().__init__(name)
        self._warm_up_period, self._multiplier = period, float(multiplier)
        self._range = AverageTrueRange(period, moving_average_type)
        self._parts = (self._range,)
        self._basic = self._trailing = (0.0, 0.0)
        self._close, self._trend, self._stop = 0.0, -1.0, 0.0

    @property
    def basic_upper_band(self) -> float:
        """The middle of the bar plus the distance."""
        return self._basic[1]

    @property
    def basic_lower_band(self) -> float:
        """The middle of the bar less the distance."""
        return self._basic[0]

    @property
    def current_trailing_upper_band(self) -> float:
        """The upper stop."""
        return self._trailing[1]

    @property
    def current_trailing_lower_band(self) -> float:
        """The lower stop."""
        return self._trailing[0]

    @property
    def is_ready(self) -> bool:
        """Whether the average true range is."""
        return self._range.is_ready

    def _next(self, data: TradeBar) -> float:
        close, before = data.close, self._close
        self._close = close
        if not self._range.consume(data):
            return 0.0
        middle, reach = (data.high + data.low) / 2, self._multiplier * self._range._value()
        low, high = self._basic = (middle - reach, middle + reach)
        last_low, last_high = self._trailing
        low = low if low > last_low or before < last_low else last_low
        high = high if high < last_high or before > last_high else last_high
        self._trailing = (low, high)
        if self._trend in (-1, last_high):
            self._stop = high if close <= high else low
        elif self._trend == last_low:
            self._stop = low if close >= low else high
        self._trend = self._stop
        return self._stop

    def _clear(self) -> None:
        super()._clear()
        self._trailing = (0.0, 0.0)
        self._close, self._trend = 0.0, -1.0


class AroonOscillator(BarIndicator):
    """How recent the high of ``up_period`` bars is (``aroon_up``) less how recent the low is (``aroon_down``).

    100 means now, 0 means ``period`` bars ago.
    """

    @named("AROON({up_period},{down_period})")
    def __init__(self, name: str, up_period: int, down_period: int) -> None:
        super().__init__(name)
        self._warm_up_period = 1 + max(up_period, down_period)
        self._highest = Maximum(name + "_Max", up_period + 1)
        self._lowest = Minimum(name + "_Min", down_period + 1)
        self._up = Line(name + "_AroonUp", lambda: self._highest.is_ready)
        self._down = Line(name + "_AroonDown", lambda: self._lowest.is_ready)
        self._parts = (self._highest, self._lowest, self._up, self._down)

    @property
    def aroon_up(self) -> IndicatorBase:
        """How recent the high is."""
        return self._up

    @property
    def aroon_down(self) -> IndicatorBase:
        """How recent the low is."""
        return self._down

    def _next(self, data: TradeBar) -> float:
        end = data.end_time
        self._highest.update(end, data.high)
        self._lowest.update(end, data.low)
        up, down = self._highest.period - 1, self._lowest.period - 1
        self._up.put(data, 100.0 * (up - self._highest.periods_since_maximum) / up)
        self._down.put(data, 100.0 * (down - self._lowest.periods_since_minimum) / down)
        return self._up._value() - self._down._value()


class Vortex(BarIndicator):
    """How far highs reach above the low before (``plus_vortex``), and lows below the high before, by true ranges."""

    @named("VTX({period})")
    def __init__(self, name: str, period: int) -> None:
        super().__init__(name)
        self._warm_up_period = period
        self._range = AverageTrueRange(f"{name}_ATR", 1, MovingAverageType.SIMPLE)
        self._ranges = Sum("ATR_Sum", period)._fed_by(self._range)
        self._rises, self._falls = Sum("PlusVM_Sum", period), Sum("MinusVM_Sum", period)
        self._plus = CompositeIndicator(self._rises, self._ranges, over)
        self._minus = CompositeIndicator(self._falls, self._ranges, over)
        self._parts = (self._range, self._ranges, self._rises, self._falls, self._plus, self._minus)
        self._bar: tuple[float, float] | None = None

    @property
    def plus_vortex(self) -> IndicatorBase:
        """The strength of rises."""
        return self._plus

    @property
    def minus_vortex(self) -> IndicatorBase:
        """The strength of falls."""
        return self._minus

    def _next(self, data: TradeBar) -> float:
        self._range.consume(data)
        if self._bar is not None:
            high, low = self._bar
            self._rises.update(data.end_time, abs(data.high - low))
            self._falls.update(data.end_time, abs(data.low - high))
        self._bar = (data.high, data.low)
        return (self._plus._value() + self._minus._value()) / 2 if self.is_ready else 0.0

    def _clear(self) -> None:
        super()._clear()
        self._bar = None


class ChoppinessIndex(BarIndicator):
    """100 log(sum of true ranges / whole range) / log(``period``): near 100 without a trend, lower with one."""

    @named("CHOP({period})")
    def __init__(self, name: str, period: int) -> None:
        super().__init__(name)
        self._warm_up_period = period
        self._range = TrueRange()
        self._parts = (self._range,)
        self._bars: deque[tuple[float, float, float]] = deque(maxlen=period)

    def _next(self, data: TradeBar) -> float:
        self._range.consume(data)
        self._bars.append((data.high, data.low, self._range._value()))
        if not self.is_ready:
            return 0.0
        highest, lowest = max(bar[0] for bar in self._bars), min(bar[1] for bar in self._bars)
        if highest == lowest:
            return 100.0
        return 100.0 * log10(fsum(bar[2] for bar in self._bars) / (highest - lowest)) / log10(self._warm_up_period)

    def _clear(self) -> None:
        super()._clear()
        self._bars.clear()
