"""Oscillators of bars: where the close stands, and who pushes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tradinglab.algorithm.indicators.average_types import moving_average
from tradinglab.algorithm.indicators.base import BarIndicator, IndicatorBase
from tradinglab.algorithm.indicators.composites import Line
from tradinglab.algorithm.indicators.extremes import Maximum, Minimum
from tradinglab.algorithm.indicators.gaps import gap, gaps, percent, percents
from tradinglab.algorithm.indicators.moving_averages import Sum
from tradinglab.algorithm.indicators.naming import named
from tradinglab.algorithm.indicators.statistical import MeanAbsoluteDeviation
from tradinglab.algorithm.indicators.tracks import BarSeries, Link, NoArrayForm, Series
from tradinglab.algorithm.indicators.volatility import TrueRange
from tradinglab.core.enums import MovingAverageType

if TYPE_CHECKING:
    from tradinglab.algorithm.bars import TradeBar
    from tradinglab.data.columns import Floats


class Stochastic(BarIndicator):
    """Lane's stochastic: where the close stands in the range of ``period`` bars, in percent.

    ``fast_stoch`` is that, ``stoch_k`` its average over ``k_period`` and ``stoch_d`` the average of
    that over ``d_period``.
    """

    @named("STO({period},{k_period},{d_period})")
    def __init__(self, name: str, period: int, k_period: int, d_period: int) -> None:
        super().__init__(name)
        self._warm_up_period = period + k_period + d_period - 2
        self._k_period, self._d_period = k_period, d_period
        self._highest, self._lowest = Maximum(name + "_Max", period), Minimum(name + "_Min", period)
        self._sum_fast, self._sum_slow = Sum(name + "_SumFastK", k_period), Sum(name + "_SumD", d_period)
        self._fast = Line(name + "_FastStoch", lambda: self._highest.is_ready)
        self._slow = Line(name + "_StochK", lambda: self._sum_fast.is_ready)
        self._signal = Line(name + "_StochD", lambda: self._sum_slow.is_ready)
        self._parts = (
            self._fast, self._slow, self._signal, self._highest, self._lowest, self._sum_fast, self._sum_slow,
        )  # fmt: skip

    @property
    def fast_stoch(self) -> IndicatorBase:
        """Where the close stands in the range."""
        return self._fast

    @property
    def stoch_k(self) -> IndicatorBase:
        """The average of ``fast_stoch``."""
        return self._slow

    @property
    def stoch_d(self) -> IndicatorBase:
        """The average of ``stoch_k``."""
        return self._signal

    @property
    def is_ready(self) -> bool:
        """Whether all three lines are."""
        return self._fast.is_ready and self._slow.is_ready and self._signal.is_ready

    def _next(self, data: TradeBar) -> float:
        end = data.end_time
        self._lowest.update(end, data.low)
        fast = slow = signal = 0.0
        if self._highest.update(end, data.high):
            low = self._lowest._value()
            span = gap(self._highest._value(), low)
            if span != 0:
                fast = gap(data.close, low) / span
                self._sum_fast.update(end, fast)
        self._fast.put(data, percent(fast * 100))
        if self._sum_fast.is_ready:
            slow = self._sum_fast._value() / self._k_period
            self._sum_slow.update(end, slow)
        self._slow.put(data, percent(slow * 100))
        if self._sum_slow.is_ready:
            signal = self._sum_slow._value() / self._d_period
        self._signal.put(data, percent(signal * 100))
        return self._fast._value()

    def _vectorize(self, link: Link, source: BarSeries) -> Series:
        highest = self._highest._follow(link, Series(0, lambda: source.high))
        lowest = self._lowest._follow(link, Series(0, lambda: source.low))
        begun = self._highest.period - 1
        span = gaps(highest.values, lowest.values)
        if not span[begun:].all():
            raise NoArrayForm(self.name)

        def place() -> Floats:
            result = np.zeros(len(span))
            result[begun:] = gaps(source.close, lowest.values)[begun:] / span[begun:]
            return result

        fast = Series(begun, place)
        sum_fast = self._sum_fast._follow(link, fast)
        slow = averaged(sum_fast, begun + self._k_period - 1, self._k_period)
        sum_slow = self._sum_slow._follow(link, slow)
        signal = averaged(sum_slow, slow.first + self._d_period - 1, self._d_period)
        for line, series in ((self._fast, fast), (self._slow, slow), (self._signal, signal)):
            line._join(link, in_percent(series))
        return in_percent(fast)


def averaged(total: Series, first: int, count: int) -> Series:
    """Return a sum by the number of its values, zero before *first*."""
    return Series(first, lambda: np.where(np.arange(len(total.values)) >= first, total.values / count, 0.0))


def in_percent(series: Series) -> Series:
    """Return a series times 100, from the first sample on."""
    return Series(0, lambda: percents(series.values * 100))


class WilliamsPercentR(BarIndicator):
    """How far the close is below the highest high, in percent of the range of ``period`` bars: 0 to -100."""

    @named("WILR({period})")
    def __init__(self, name: str, period: int) -> None:
        super().__init__(name)
        self._warm_up_period = period
        self._highest, self._lowest = Maximum(name + "_Max", period), Minimum(name + "_Min", period)
        self._parts = (self._highest, self._lowest)

    @property
    def maximum(self) -> Maximum:
        """The highest high."""
        return self._highest

    @property
    def minimum(self) -> Minimum:
        """The lowest low."""
        return self._lowest

    def _next(self, data: TradeBar) -> float:
        end = data.end_time
        self._lowest.update(end, data.low)
        if not self._highest.update(end, data.high):
            return 0.0
        high = self._highest._value()
        span = gap(high, self._lowest._value())
        return percent(-100.0 * gap(high, data.close) / span) if span else 0.0

    def _vectorize(self, link: Link, source: BarSeries) -> Series:
        highest = self._highest._follow(link, Series(0, lambda: source.high))
        lowest = self._lowest._follow(link, Series(0, lambda: source.low))

        def make() -> Floats:
            span = gaps(highest.values, lowest.values)
            valid = (span != 0) & (np.arange(len(span)) >= self._warm_up_period - 1)
            depth = -100.0 * gaps(highest.values, source.close)
            return percents(np.divide(depth, span, out=np.zeros(len(span)), where=valid))

        return Series(0, make)


class CommodityChannelIndex(BarIndicator):
    """How far the typical price is from its average, in units of 0.015 mean absolute deviations."""

    @named("CCI({period})")
    def __init__(
        self, name: str, period: int, moving_average_type: MovingAverageType = MovingAverageType.SIMPLE
    ) -> None:
        super().__init__(name)
        self._warm_up_period, self._type = period, moving_average_type
        self._average = moving_average(moving_average_type, name + "_TypicalPriceAvg", period)
        self._deviation = MeanAbsoluteDeviation(name + "_TypicalPriceMAD", period)
        self._parts = (self._average, self._deviation)

    @property
    def moving_average_type(self) -> MovingAverageType:
        """The kind of the average."""
        return self._type

    @property
    def typical_price_average(self) -> IndicatorBase:
        """The average of the typical price."""
        return self._average

    @property
    def typical_price_mean_deviation(self) -> IndicatorBase:
        """The mean absolute deviation of the typical price."""
        return self._deviation

    @property
    def is_ready(self) -> bool:
        """Whether the average and the deviation are."""
        return self._average.is_ready and self._deviation.is_ready

    def _next(self, data: TradeBar) -> float:
        end, typical = data.end_time, (data.high + data.low + data.close) / 3
        self._average.update(end, typical)
        self._deviation.update(end, typical)
        unit = 0.015 * self._deviation._value()
        return (typical - self._average._value()) / unit if unit else 0.0

    def _vectorize(self, link: Link, source: BarSeries) -> Series:
        typical = Series(0, lambda: (source.high + source.low + source.close) / 3)
        average, deviation = (part._follow(link, typical) for part in self._parts)

        def make() -> Floats:
            unit = 0.015 * deviation.values
            gap = typical.values - average.values
            return np.divide(gap, unit, out=np.zeros(len(unit)), where=unit != 0)

        return Series(0, make)


class UltimateOscillator(BarIndicator):
    """Buying pressure by true range over three spans, weighted 4, 2 and 1; 50 until it is ready."""

    @named("ULTOSC({period1},{period2},{period3})")
    def __init__(self, name: str, period1: int, period2: int, period3: int) -> None:
        super().__init__(name)
        self._warm_up_period = max(period1, period2, period3) + 1
        self._range = TrueRange(name + "_TR")
        periods = (period1, period2, period3)
        self._pressures = [Sum(f"{name}_BP{i}", period) for i, period in enumerate(periods, 1)]
        self._ranges = [Sum(f"{name}_TR{i}", period) for i, period in enumerate(periods, 1)]
        self._parts = (self._range, *self._pressures, *self._ranges)
        self._close = 0.0

    def _next(self, data: TradeBar) -> float:
        self._range.consume(data)
        before, self._close = self._close, data.close
        if self._samples == 1:
            return 50.0
        end = data.end_time
        for pressure, span in zip(self._pressures, self._ranges, strict=True):
            pressure.update(end, data.close - min(data.low, before))
            span.update(end, self._range._value())
        if not self.is_ready:
            return 50.0
        spans = [span._value() for span in self._ranges]
        if 0 in spans:
            return self._value()
        first, second, third = (p._value() / s for p, s in zip(self._pressures, spans, strict=True))
        return 100.0 * (4 * first + 2 * second + third) / 7


class AwesomeOscillator(BarIndicator):
    """A fast average of the middle of bars less a slow one; zero until both are ready."""

    @named("AO({fast_period},{slow_period},{type})")
    def __init__(
        self, name: str, fast_period: int, slow_period: int, type: MovingAverageType = MovingAverageType.SIMPLE
    ) -> None:
        super().__init__(name)
        self._warm_up_period = max(slow_period, fast_period)
        self._slow = moving_average(type, f"{name}_SlowAo", slow_period)
        self._fast = moving_average(type, f"{name}_FastAo", fast_period)
        self._parts = (self._slow, self._fast)

    @property
    def slow_ao(self) -> IndicatorBase:
        """The slow average."""
        return self._slow

    @property
    def fast_ao(self) -> IndicatorBase:
        """The fast average."""
        return self._fast

    @property
    def is_ready(self) -> bool:
        """Whether both averages are."""
        return self._slow.is_ready and self._fast.is_ready

    def _next(self, data: TradeBar) -> float:
        end, middle = data.end_time, (data.high + data.low) / 2
        self._slow.update(end, middle)
        self._fast.update(end, middle)
        return self._fast._value() - self._slow._value() if self.is_ready else 0.0


class BalanceOfPower(BarIndicator):
    """Close less open, by the range of the bar."""

    @named("BOP")
    def __init__(self, name: str) -> None:
        super().__init__(name)

    def _next(self, data: TradeBar) -> float:
        span = data.high - data.low
        return (data.close - data.open) / span if span > 0 else 0.0


class InternalBarStrength(BarIndicator):
    """Where the close stands in the range of its bar, 0 to 1; 0.5 where there is no range."""

    @named("IBS()")
    def __init__(self, name: str) -> None:
        super().__init__(name)

    def _next(self, data: TradeBar) -> float:
        high, low = data.high, data.low
        return 0.5 if high == low else gap(data.close, low) / gap(high, low)
