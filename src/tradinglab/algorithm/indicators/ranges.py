"""Indicators of the range of bars, and bars made smooth."""

from __future__ import annotations

from math import log, sqrt
from typing import TYPE_CHECKING

from tradinglab.algorithm.bars import TradeBar
from tradinglab.algorithm.indicators.base import BarIndicator, IndicatorBase, TradeBarIndicator
from tradinglab.algorithm.indicators.composites import Identity
from tradinglab.algorithm.indicators.moving_averages import ExponentialMovingAverage, SimpleMovingAverage, Sum
from tradinglab.algorithm.indicators.naming import named
from tradinglab.algorithm.indicators.tracks import BarSeries, Link, Series
from tradinglab.algorithm.indicators.volatility import AverageTrueRange, TrueRange
from tradinglab.core.enums import MovingAverageType

if TYPE_CHECKING:
    from tradinglab.algorithm.bars import QuoteBar


class NormalizedAverageTrueRange(BarIndicator):
    """The average true range in percent of the close, smoothed as Wilder does from ``period`` + 1 bars on."""

    @named("NATR({period})")
    def __init__(self, name: str, period: int) -> None:
        super().__init__(name)
        self._period, self._warm_up_period = period, period + 1
        self._range = TrueRange(name + "_TR")
        self._average = AverageTrueRange(name + "_ATR", period, MovingAverageType.SIMPLE)
        self._parts = (self._range, self._average)
        self._last = 0.0

    def _next(self, data: TradeBar) -> float:
        self._range.consume(data)
        if self._samples <= self._period + 1:
            self._average.consume(data)
            self._last = self._average._value()
        else:
            self._last = (self._last * (self._period - 1) + self._range._value()) / self._period
        close = data.close
        return self._last / close * 100 if close else 0.0


class AverageRange(BarIndicator):
    """The mean of high less low over ``period`` bars."""

    @named("AR({period})")
    def __init__(self, name: str, period: int) -> None:
        super().__init__(name)
        self._warm_up_period = period
        self._average = SimpleMovingAverage(name + "_SMA", period)
        self._parts = (self._average,)

    def _next(self, data: TradeBar) -> float:
        self._average.update(data.end_time, data.high - data.low)
        return self._average._value()

    def _vectorize(self, link: Link, source: BarSeries) -> Series:
        return self._average._follow(link, Series(0, lambda: source.high - source.low))


class RogersSatchellVolatility(BarIndicator):
    """The root of the mean of ln(h/c) ln(h/o) + ln(l/c) ln(l/o) over ``period`` bars; zero until it is ready."""

    @named("RSV({period})")
    def __init__(self, name: str, period: int) -> None:
        super().__init__(name)
        self._warm_up_period = period
        self._sum = Sum(name + "_Sum", period)
        self._parts = (self._sum,)

    def _next(self, data: TradeBar) -> float:
        o, h, l, c = data.open, data.high, data.low, data.close  # noqa: E741
        if 0 in (o, h, l, c):
            return 0.0
        self._sum.update(data.end_time, log(h / c) * log(h / o) + log(l / c) * log(l / o))
        return sqrt(self._sum._value() / self._warm_up_period) if self.is_ready else 0.0


class MassIndex(TradeBarIndicator):
    """The sum over ``sum_period`` of the average range by the average of that average.

    Until it is ready the value is ``sum_period``.
    """

    @named("MASS({ema_period},{sum_period})")
    def __init__(self, name: str, ema_period: int = 9, sum_period: int = 25) -> None:
        super().__init__(name)
        self._warm_up_period = 2 * (ema_period - 1) + sum_period
        self._once = ExponentialMovingAverage(ema_period)
        self._twice = ExponentialMovingAverage(f"EMA{ema_period}_Of_{self._once.name}", ema_period)
        self._twice._fed_by(self._once)
        self._sum = Sum(sum_period)
        self._parts = (self._once, self._twice, self._sum)

    @property
    def is_ready(self) -> bool:
        """Whether the sum is."""
        return self._sum.is_ready

    def _next(self, data: TradeBar) -> float:
        end = data.end_time
        self._once.update(end, data.high - data.low)
        if self._twice.is_ready:
            twice = self._twice._value()
            self._sum.update(end, self._once._value() / twice if twice else 0.0)
        return self._sum._value() if self._sum.is_ready else float(self._sum.period)


class WilderSwingIndex(TradeBarIndicator):
    """Wilder's swing index: moves of close and open in units of the range and of ``limit_move``."""

    @named("SI")
    def __init__(self, name: str, limit_move: float) -> None:
        super().__init__(name)
        self._warm_up_period = 2
        self._limit = abs(float(limit_move))
        self._before: tuple[float, float] = (0.0, 0.0)

    def _next(self, data: TradeBar) -> float:
        (last_open, last_close), self._before = self._before, (data.open, data.close)
        if self._samples == 1:
            return 0.0
        up, down, span = abs(data.high - last_close), abs(data.low - last_close), abs(data.high - data.low)
        gap = abs(0.25 * (last_close - last_open))
        if up >= down and up >= span:
            reach = up - abs(0.5 * (data.low - last_close)) + gap
        elif down >= span:
            reach = down - abs(0.5 * (data.high - last_close)) + gap
        else:
            reach = span + gap
        if reach == 0 or self._limit == 0:
            return 0.0
        move = (data.close - last_close) + 0.5 * (data.close - data.open) + 0.25 * (last_close - last_open)
        return 50 * (move / reach) * (max(up, down) / self._limit)


class WilderAccumulativeSwingIndex(TradeBarIndicator):
    """The running sum of Wilder's swing index."""

    @named("ASI")
    def __init__(self, name: str, limit_move: float) -> None:
        super().__init__(name)
        self._warm_up_period = 2
        self._swing = WilderSwingIndex(limit_move)
        self._parts = (self._swing,)

    def _next(self, data: TradeBar) -> float:
        return self._window[0].value + self._swing._value() if self._swing.consume(data) else 0.0


class HeikinAshi(BarIndicator):
    """Average bars: the close is the mean price, the open the middle of the bar before."""

    @named("HA")
    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._warm_up_period = 2
        self._open, self._high = Identity(name + "_Open"), Identity(name + "_High")
        self._low, self._close = Identity(name + "_Low"), Identity(name + "_Close")
        self._volume = Identity(name + "_Volume")
        self._parts = (self._open, self._high, self._low, self._close, self._volume)

    @property
    def open(self) -> IndicatorBase:
        """The open of the average bar."""
        return self._open

    @property
    def high(self) -> IndicatorBase:
        """The high of the average bar."""
        return self._high

    @property
    def low(self) -> IndicatorBase:
        """The low of the average bar."""
        return self._low

    @property
    def close(self) -> IndicatorBase:
        """The close of the average bar."""
        return self._close

    @property
    def volume(self) -> IndicatorBase:
        """The volume of the bar."""
        return self._volume

    def _next(self, data: TradeBar | QuoteBar) -> float:
        end, high, low = data.end_time, data.high, data.low
        close = (data.open + high + low + data.close) / 4
        if self._samples == 1:
            opening = (data.open + data.close) / 2
        else:
            opening = (self._open._value() + self._close._value()) / 2
            high, low = max(high, opening, close), min(low, opening, close)
        volume = data.volume if isinstance(data, TradeBar) else 0.0
        parts = (opening, high, low, close, volume)
        for line, value in zip(self._parts, parts, strict=True):
            line.update(end, value)
        return close
