"""Moving averages of values."""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING

import numpy as np

from tradinglab.algorithm.indicators import kernels
from tradinglab.algorithm.indicators.base import Indicator, WindowIndicator
from tradinglab.algorithm.indicators.naming import named
from tradinglab.algorithm.indicators.sums import ExactSum, window_means, window_sums
from tradinglab.algorithm.indicators.tracks import Link, Series, since

if TYPE_CHECKING:
    from tradinglab.algorithm.base_data import IndicatorDataPoint
    from tradinglab.data.columns import Floats


class Sum(WindowIndicator):
    """Sum of the last ``period`` values."""

    @named("SUM({period})")
    def __init__(self, name: str, period: int) -> None:
        super().__init__(name, period)
        self._sum = ExactSum(period)

    def average(self) -> float:
        """Return the sum by the number of values."""
        return self._sum.mean

    def _next(self, data: IndicatorDataPoint) -> float:
        self._sum.push(data.value)
        return self._sum.value

    def _vectorize(self, link: Link, source: Series) -> Series:
        return since(source.first, source, lambda values: window_sums(values, self._period))

    def _clear(self) -> None:
        self._sum.clear()


class SimpleMovingAverage(WindowIndicator):
    """Mean of the last ``period`` values; of fewer, at the beginning."""

    @named("SMA({period})")
    def __init__(self, name: str, period: int) -> None:
        super().__init__(name, period)
        self._rolling_sum = Sum(name + "_Sum", period)

    @property
    def rolling_sum(self) -> Sum:
        """The sum of the same values."""
        return self._rolling_sum

    def _next(self, data: IndicatorDataPoint) -> float:
        self._rolling_sum.consume(data)
        return self._rolling_sum.average()

    def _vectorize(self, link: Link, source: Series) -> Series:
        self._rolling_sum._follow(link, source)
        return since(source.first, source, lambda values: window_means(values, self._period))

    def _clear(self) -> None:
        self._rolling_sum.reset()


class ExponentialMovingAverage(Indicator):
    """Exponential average: each value moves it by ``smoothing_factor`` of the distance, by default 2 / (1 + period).

    It begins, at the ``period``-th value, with the mean so far; before that it is zero.
    """

    @named("EMA({period})")
    def __init__(self, name: str, period: int, smoothing_factor: float | None = None) -> None:
        super().__init__(name)
        self._period = period
        self._weight = self.smoothing_factor_default(period) if smoothing_factor is None else float(smoothing_factor)
        self._seed = ExactSum(period)
        self._warm_up_period = period

    @staticmethod
    def smoothing_factor_default(period: int) -> float:
        """Return the smoothing factor of a period: 2 / (1 + period)."""
        return 2.0 / (1 + period)

    def _next(self, data: IndicatorDataPoint) -> float:
        value = data.value
        if self._samples > self._period:
            last = self._window[0].value
            return last + (value - last) * self._weight
        self._seed.push(value)
        return self._seed.mean if self._samples == self._period else 0.0

    def _vectorize(self, link: Link, source: Series) -> Series:
        period, weight = self._period, self._weight
        return since(source.first, source, lambda values: kernels.exponential_average(values, period, weight))

    def _clear(self) -> None:
        self._seed.clear()


class WilderMovingAverage(Indicator):
    """Wilder's average: each value moves it by 1 / ``period`` of the distance; at first the mean so far."""

    @named("WWMA{period}")
    def __init__(self, name: str, period: int) -> None:
        super().__init__(name)
        self._period = period
        self._weight = 1.0 / period
        self._mean = ExactSum(period)
        self._warm_up_period = period

    def _next(self, data: IndicatorDataPoint) -> float:
        if self._samples >= self._period:
            last = self._window[0].value
            return last + (data.value - last) * self._weight
        self._mean.push(data.value)
        return self._mean.mean

    def _vectorize(self, link: Link, source: Series) -> Series:
        return since(source.first, source, lambda values: kernels.wilder_average(values, self._period))

    def _clear(self) -> None:
        self._mean.clear()


class LinearWeightedMovingAverage(WindowIndicator):
    """Average of the last ``period`` values, the newest weighted ``period`` times, the oldest once."""

    @named("LWMA({period})")
    def __init__(self, name: str, period: int) -> None:
        super().__init__(name, period)
        self._denominator = period * (period + 1) // 2

    def _next(self, data: IndicatorDataPoint) -> float:
        self._inputs.append(data.value)
        if self._samples < self._period:
            return 0.0
        total, weight = 0.0, self._period
        for value in reversed(self._inputs):
            total += weight * value
            weight -= 1
        return total / self._denominator

    def _vectorize(self, link: Link, source: Series) -> Series:
        return since(source.first, source, lambda values: kernels.linear_average(values, self._period))


class DoubleExponentialMovingAverage(Indicator):
    """(1 + v) EMA - v EMA(EMA), where v is ``volume_factor``: Mulloy's DEMA when it is 1."""

    @named("DEMA({period})")
    def __init__(self, name: str, period: int, volume_factor: float = 1.0) -> None:
        super().__init__(name)
        self._period = period
        self._factor = float(volume_factor)
        self._first = ExponentialMovingAverage(name + "_1", period)
        self._second = ExponentialMovingAverage(name + "_2", period)
        self._warm_up_period = 1 + 2 * (period - 1)

    def _next(self, data: IndicatorDataPoint) -> float:
        if not self._first.consume(data):
            return self._first._value()
        self._second.consume(self._first.current)
        return (self._factor + 1) * self._first._value() - self._factor * self._second._value()

    def _vectorize(self, link: Link, source: Series) -> Series:
        first = self._first._follow(link, source)
        second = self._second._follow(link, first.since(source.first + self._period - 1))
        factor = self._factor

        def make() -> Floats:
            begun = np.arange(len(first.values)) >= second.first
            return np.where(begun, (factor + 1) * first.values - factor * second.values, first.values)

        return Series(source.first, make)

    def _clear(self) -> None:
        self._first.reset()
        self._second.reset()


class TripleExponentialMovingAverage(Indicator):
    """3 EMA - 3 EMA(EMA) + EMA(EMA(EMA)): Mulloy's TEMA; zero until it is ready."""

    @named("TEMA({period})")
    def __init__(self, name: str, period: int) -> None:
        super().__init__(name)
        self._period = period
        self._averages = [ExponentialMovingAverage(f"{name}_{i}", period) for i in (1, 2, 3)]
        self._warm_up_period = 3 * (period - 1) + 1

    @property
    def is_ready(self) -> bool:
        """Whether all three averages have begun."""
        return self._averages[2].is_ready

    def _next(self, data: IndicatorDataPoint) -> float:
        first, second, third = self._averages
        if first.consume(data) and second.consume(first.current):
            third.consume(second.current)
        return 3 * first._value() - 3 * second._value() + third._value() if self.is_ready else 0.0

    def _vectorize(self, link: Link, source: Series) -> Series:
        series, start = source, source.first
        chain = []
        for average in self._averages:
            series = average._follow(link, series.since(start))
            chain.append(series)
            start += self._period - 1
        first, second, third = chain

        def make() -> Floats:
            ready = np.arange(len(first.values)) >= start
            return np.where(ready, 3 * first.values - 3 * second.values + third.values, 0.0)

        return Series(source.first, make)

    def _clear(self) -> None:
        for average in self._averages:
            average.reset()


class TriangularMovingAverage(Indicator):
    """Simple average of a simple average, so that the middle of the window weighs most."""

    @named("TRIMA({period})")
    def __init__(self, name: str, period: int) -> None:
        super().__init__(name)
        self._period = period
        half, is_even = (period + 1) // 2, period % 2 == 0
        self._first = SimpleMovingAverage(name + "_1", half)
        self._second = SimpleMovingAverage(name + "_2", half + 1 if is_even else half)
        self._warm_up_period = period

    def _next(self, data: IndicatorDataPoint) -> float:
        self._first.consume(data)
        self._second.consume(self._first.current)
        return self._second._value()

    def _vectorize(self, link: Link, source: Series) -> Series:
        second = self._second._follow(link, self._first._follow(link, source))
        return Series(source.first, lambda: second.values)

    def _clear(self) -> None:
        self._first.reset()
        self._second.reset()


class T3MovingAverage(Indicator):
    """Tillson's T3: a generalised DEMA of a generalised DEMA of a generalised DEMA."""

    @named("T3({period},{volume_factor})")
    def __init__(self, name: str, period: int, volume_factor: float = 0.7) -> None:
        super().__init__(name)
        self._period = period
        self._averages = [DoubleExponentialMovingAverage(f"{name}_{i}", period, volume_factor) for i in (1, 2, 3)]
        self._warm_up_period = 1 + 6 * (period - 1)

    def _next(self, data: IndicatorDataPoint) -> float:
        for average in self._averages:
            if not average.consume(data):
                break
            data = average.current
        return average._value()

    def _clear(self) -> None:
        for average in self._averages:
            average.reset()


class HullMovingAverage(Indicator):
    """Linear average, over the root of ``period``, of twice the half-period one less the whole-period one."""

    @named("HMA({period})")
    def __init__(self, name: str, period: int) -> None:
        if period < 2:
            raise ValueError(f"The Hull moving average needs a period of 2 or more; it was {period}.")
        super().__init__(name)
        self._slow = LinearWeightedMovingAverage(period)
        self._fast = LinearWeightedMovingAverage(round(period / 2))
        smoothing = round(sqrt(period))
        self._hull = LinearWeightedMovingAverage(smoothing)
        self._warm_up_period = period + smoothing - 1

    @property
    def is_ready(self) -> bool:
        """Whether the last of the averages is full."""
        return self._hull.is_ready

    def _next(self, data: IndicatorDataPoint) -> float:
        fast, slow = self._fast.consume(data), self._slow.consume(data)
        if fast and slow:
            self._hull.update(data.end_time, 2 * self._fast._value() - self._slow._value())
        return self._hull._value()

    def _vectorize(self, link: Link, source: Series) -> Series:
        fast, slow = self._fast._follow(link, source), self._slow._follow(link, source)
        raw = Series(source.first + self._slow.period - 1, lambda: 2 * fast.values - slow.values)
        hull = self._hull._follow(link, raw)
        return Series(source.first, lambda: hull.values)

    def _clear(self) -> None:
        for average in (self._fast, self._slow, self._hull):
            average.reset()
