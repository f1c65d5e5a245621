"""How much values spread, and bands around them."""

from __future__ import annotations

from functools import cache
from math import sqrt
from typing import TYPE_CHECKING

import numpy as np

from tradinglab.algorithm.indicators import kernels
from tradinglab.algorithm.indicators.average_types import moving_average
from tradinglab.algorithm.indicators.banded import Banded
from tradinglab.algorithm.indicators.base import BarIndicator, Indicator, IndicatorBase, WindowIndicator
from tradinglab.algorithm.indicators.composites import Identity, Line
from tradinglab.algorithm.indicators.naming import named
from tradinglab.algorithm.indicators.sums import ExactSum
from tradinglab.algorithm.indicators.tracks import BarSeries, Link, Series, since
from tradinglab.core.enums import MovingAverageType

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from tradinglab.algorithm.bars import TradeBar
    from tradinglab.algorithm.base_data import IndicatorDataPoint
    from tradinglab.data.columns import Floats, Ints


class Variance(WindowIndicator):
    """Population variance of the last ``period`` values."""

    @named("VAR({period})")
    def __init__(self, name: str, period: int) -> None:
        super().__init__(name, period)
        self._mean = ExactSum(period)

    def _next(self, data: IndicatorDataPoint) -> float:
        self._inputs.append(data.value)
        self._mean.push(data.value)
        mean, total = self._mean.mean, 0.0
        for value in self._inputs:
            gap = value - mean
            total += gap * gap
        return total / len(self._inputs)

    def _vectorize(self, link: Link, source: Series) -> Series:
        return since(source.first, source, lambda values: kernels.window_variances(values, self._period))

    def _clear(self) -> None:
        super()._clear()
        self._mean.clear()


class StandardDeviation(Variance):
    """Population standard deviation of the last ``period`` values."""

    @named("STD({period})")
    def __init__(self, name: str, period: int) -> None:
        super().__init__(name, period)

    def _next(self, data: IndicatorDataPoint) -> float:
        return sqrt(super()._next(data))

    def _vectorize(self, link: Link, source: Series) -> Series:
        return since(source.first, source, lambda values: np.sqrt(kernels.window_variances(values, self._period)))


class TrueRange(BarIndicator):
    """The largest of: high less low, and the distances of both from the close before."""

    @named("TR")
    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._close = 0.0
        self._warm_up_period = 2

    @property
    def is_ready(self) -> bool:
        """Whether there was a close before."""
        return self.samples > 1

    def _next(self, data: TradeBar) -> float:
        high, low, before = data.high, data.low, self._close
        self._close = data.close
        if self._samples == 1:
            return high - low
        return max(high - low, abs(before - high), abs(before - low))

    def _vectorize(self, link: Link, source: BarSeries) -> Series:
        return Series(0, lambda: kernels.true_ranges(source.high, source.low, source.close))

    def _clear(self) -> None:
        self._close = 0.0


class AverageTrueRange(BarIndicator):
    """The average of true ranges, Wilder's unless another kind is asked for."""

    @named("ATR({period})")
    def __init__(
        self, name: str, period: int, moving_average_type: MovingAverageType = MovingAverageType.WILDERS
    ) -> None:
        super().__init__(name)
        self._warm_up_period = period
        self._range = TrueRange(name)
        self._smoother = moving_average(moving_average_type, f"{name}_{moving_average_type}", period)

    @property
    def true_range(self) -> TrueRange:
        """The range that is averaged."""
        return self._range

    @property
    def is_ready(self) -> bool:
        """Whether the average is."""
        return self._smoother.is_ready

    def _next(self, data: TradeBar) -> float:
        self._range.consume(data)
        self._smoother.update(data.end_time, self._range._value())
        return self._smoother._value()

    def _vectorize(self, link: Link, source: BarSeries) -> Series:
        return self._smoother._follow(link, self._range._follow(link, source))

    def _clear(self) -> None:
        self._range.reset()
        self._smoother.reset()


class BollingerBands(Banded, Indicator):
    """An average (``middle_band``) and bands ``k`` standard deviations around it.

    ``band_width`` is the distance of the bands in percent of the average, ``percent_b`` where the
    value lies between them (0 at the lower one, 1 at the upper).
    """

    @named("BB({period},{k})")
    def __init__(
        self, name: str, period: int, k: float, moving_average_type: MovingAverageType = MovingAverageType.SIMPLE
    ) -> None:
        super().__init__(name)
        self._warm_up_period, self._type, self._k = period, moving_average_type, float(k)
        self._deviation = StandardDeviation(name + "_StandardDeviation", period)
        self._middle = moving_average(moving_average_type, name + "_MiddleBand", period)
        self._price = Identity(name + "_Close")
        self._lower = Line(name + "_LowerBand", self._bands_ready)
        self._upper = Line(name + "_UpperBand", self._bands_ready)
        self._width = Line(name + "_BandWidth", self._bands_ready)
        self._percent = Line(name + "_%B", lambda: self.is_ready)
        self._parts = (
            self._deviation, self._middle, self._price, self._lower, self._upper, self._width, self._percent,
        )  # fmt: skip

    @property
    def moving_average_type(self) -> MovingAverageType:
        """The kind of the average."""
        return self._type

    @property
    def standard_deviation(self) -> IndicatorBase:
        """The standard deviation of the values."""
        return self._deviation

    @property
    def band_width(self) -> IndicatorBase:
        """The distance of the bands, in percent of the average."""
        return self._width

    @property
    def percent_b(self) -> IndicatorBase:
        """Where the value lies between the bands."""
        return self._percent

    @property
    def price(self) -> IndicatorBase:
        """The value."""
        return self._price

    @property
    def is_ready(self) -> bool:
        """Whether the average and the standard deviation are."""
        return self._bands_ready() and self._price.is_ready

    def _bands_ready(self) -> bool:
        return self._middle.is_ready and self._deviation.is_ready

    def _next(self, data: IndicatorDataPoint) -> float | None:
        self._deviation.consume(data)
        self._middle.consume(data)
        self._price.consume(data)
        value, middle, reach = data.value, self._middle._value(), self._deviation._value() * self._k
        lower, upper = middle - reach, middle + reach
        span = upper - lower
        self._lower.put(data, lower)
        self._upper.put(data, upper)
        if middle != 0:
            self._width.put(data, span / middle * 100.0)
        self._percent.put(data, (value - lower) / span if span != 0 else None)
        return None if self.is_ready and self._deviation._value() == 0 else value

    def _vectorize(self, link: Link, source: Series) -> Series:
        first, k = source.first, self._k
        spread, middle = self._deviation._follow(link, source), self._middle._follow(link, source)
        price = self._price._follow(link, source)
        reach = Series(first, lambda: spread.values * k)
        lower = self._lower._join(link, Series(first, lambda: middle.values - reach.values))
        upper = self._upper._join(link, Series(first, lambda: middle.values + reach.values))
        span = Series(first, lambda: upper.values - lower.values)
        relative = quotient(span, middle)
        depth = Series(first, lambda: price.values - lower.values)
        self._width._join(link, Series(first, lambda: relative.values * 100.0, lambda: relative.stamps, is_driven=True))
        self._percent._join(link, quotient(depth, span))
        ready = first + max(self._warm_up_period, self._middle.warm_up_period) - 1
        flat = _stamped(first, lambda: (np.arange(len(spread.values)) < ready) | (spread.values != 0))
        return Series(first, lambda: source.values[np.maximum(flat(), 0)], flat)


def quotient(upper: Series, lower: Series) -> Series:
    """Return a series by another; where that is zero there is no new value."""
    first = max(upper.first, lower.first)
    stamps = _stamped(first, lambda: lower.values != 0)

    def make() -> Floats:
        places = np.maximum(stamps(), 0)
        tops, bottoms = upper.values[places], lower.values[places]
        return np.divide(tops, bottoms, out=np.zeros(len(tops)), where=bottoms != 0)

    return Series(first, make, stamps)


def _stamped(first: int, counts: Callable[[], NDArray[np.bool_]]) -> Callable[[], Ints]:
    """Return, for each place, the last one at which *counts* holds; -1 if there is none."""

    @cache
    def stamps() -> Ints:
        valid = counts()
        places = np.where(valid, np.arange(len(valid)), -1)
        places[:first] = -1
        return np.maximum.accumulate(places)

    return stamps
