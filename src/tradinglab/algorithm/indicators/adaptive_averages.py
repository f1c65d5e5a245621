"""Moving averages that adapt to the market, or weigh values by another rule than age."""

from __future__ import annotations

from math import exp, floor
from typing import TYPE_CHECKING

from tradinglab.algorithm.indicators.base import Indicator, WindowIndicator
from tradinglab.algorithm.indicators.composites import Delay
from tradinglab.algorithm.indicators.moving_averages import ExponentialMovingAverage, SimpleMovingAverage
from tradinglab.algorithm.indicators.naming import named
from tradinglab.algorithm.indicators.sums import ExactSum
from tradinglab.algorithm.indicators.tracks import Link, Series

if TYPE_CHECKING:
    from tradinglab.algorithm.base_data import IndicatorDataPoint


class KaufmanEfficiencyRatio(WindowIndicator):
    """How straight the way was: the net change over ``period`` by the sum of the single changes."""

    @named("KER({period})")
    def __init__(self, name: str, period: int) -> None:
        super().__init__(name, period + 1)
        self._path = ExactSum(period)

    def _next(self, data: IndicatorDataPoint) -> float:
        value, inputs = data.value, self._inputs
        if inputs:
            self._path.push(abs(value - inputs[-1]))
        inputs.append(value)
        if self._samples < self._period:
            return value
        change, path = value - inputs[0], self._path.value
        return 1.0 if path <= change or path == 0 else abs(change / path)

    def _clear(self) -> None:
        super()._clear()
        self._path.clear()


class KaufmanAdaptiveMovingAverage(KaufmanEfficiencyRatio):
    """Exponential average whose weight moves between two, fast when the way is straight."""

    @named("KAMA({period},{fast_ema_period},{slow_ema_period})")
    def __init__(self, name: str, period: int, fast_ema_period: int = 2, slow_ema_period: int = 30) -> None:
        super().__init__(name, period)
        self._slow_weight = 2.0 / (slow_ema_period + 1.0)
        self._range = 2.0 / (fast_ema_period + 1.0) - self._slow_weight
        self._average = 0.0

    def _next(self, data: IndicatorDataPoint) -> float:
        ratio = super()._next(data)
        if self._samples < self._period:
            return data.value
        if self._samples == self._period:
            self._average = self._inputs[-2]
        weight = ratio * self._range + self._slow_weight
        self._average += (data.value - self._average) * (weight * weight)
        return self._average

    def _clear(self) -> None:
        super()._clear()
        self._average = 0.0


class ArnaudLegouxMovingAverage(WindowIndicator):
    """Average with weights of a bell curve, centred at ``offset`` of the window, ``period / sigma`` wide."""

    @named("ALMA({period},{sigma},{offset})")
    def __init__(self, name: str, period: int, sigma: int = 6, offset: float = 0.85) -> None:
        super().__init__(name, period)
        if not 0 <= offset <= 1:
            raise ValueError(f"The offset of an Arnaud Legoux moving average is from 0 to 1; it was {offset}.")
        centre, width = floor(offset * (period - 1)), period / sigma
        bell = [exp(-(i - centre) * (i - centre) / (2 * width * width)) for i in range(period)]
        total = 0.0
        for weight in bell:
            total += weight
        self._weights = [weight / total for weight in bell]

    def _next(self, data: IndicatorDataPoint) -> float:
        self._inputs.append(data.value)
        if self._samples < self._period:
            return data.value
        result = 0.0
        for value, weight in zip(self._inputs, self._weights, strict=True):
            result += value * weight
        return result


class McGinleyDynamic(WindowIndicator):
    """McGinley's average: it speeds up when prices fall away and slows down when they rise."""

    @named("MGD({period})")
    def __init__(self, name: str, period: int) -> None:
        super().__init__(name, period)
        self._seed = ExactSum(period)

    def _next(self, data: IndicatorDataPoint) -> float:
        value, last = data.value, self._window[0].value
        if self._samples <= self._period:
            self._seed.push(value)
            return self._seed.value / self._period if self._samples == self._period else 0.0
        if last == 0 or value == 0:
            return last
        ratio = value / last
        denominator = self._period * ratio**4
        return last + (value - last) / denominator if denominator else last

    def _clear(self) -> None:
        self._seed.clear()


class ZeroLagExponentialMovingAverage(WindowIndicator):
    """Exponential average of values plus what they gained over half the period."""

    @named("ZLEMA({period})")
    def __init__(self, name: str, period: int) -> None:
        super().__init__(name, period)
        self._average = ExponentialMovingAverage(name + "_EMA", period)
        self._delayed = Delay(round((period - 1) / 2.0))
        self._warm_up_period = period + period // 2

    @property
    def is_ready(self) -> bool:
        """Whether the delayed value and the average are there."""
        return self._delayed.is_ready and self._average.is_ready

    def _next(self, data: IndicatorDataPoint) -> float:
        if not self._delayed.consume(data):
            return 0.0
        self._average.update(data.end_time, data.value + (data.value - self._delayed._value()))
        return self._average._value()

    def _clear(self) -> None:
        self._average.reset()
        self._delayed.reset()


class RelativeMovingAverage(Indicator):
    """Simple averages over one, two and three periods: long - medium + short."""

    @named("RMA({period})")
    def __init__(self, name: str, period: int) -> None:
        super().__init__(name)
        self._short = SimpleMovingAverage(name + "_Short", period)
        self._medium = SimpleMovingAverage(name + "_Medium", period * 2)
        self._long = SimpleMovingAverage(name + "_Long", period * 3)
        self._warm_up_period = self._long.warm_up_period

    @property
    def short_average(self) -> SimpleMovingAverage:
        """The average over the period."""
        return self._short

    @property
    def medium_average(self) -> SimpleMovingAverage:
        """The average over twice the period."""
        return self._medium

    @property
    def long_average(self) -> SimpleMovingAverage:
        """The average over three times the period."""
        return self._long

    @property
    def is_ready(self) -> bool:
        """Whether the longest average is full."""
        return self._long.is_ready

    def _next(self, data: IndicatorDataPoint) -> float:
        for average in (self._short, self._medium, self._long):
            average.consume(data)
        return self._long._value() - self._medium._value() + self._short._value()

    def _vectorize(self, link: Link, source: Series) -> Series:
        short, medium, long = (a._follow(link, source) for a in (self._short, self._medium, self._long))
        return Series(source.first, lambda: long.values - medium.values + short.values)

    def _clear(self) -> None:
        for average in (self._short, self._medium, self._long):
            average.reset()
