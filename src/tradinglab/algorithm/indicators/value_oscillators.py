"""Oscillators of values: averages and strengths compared with each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tradinglab.algorithm.indicators.average_types import moving_average
from tradinglab.algorithm.indicators.base import Indicator, IndicatorBase, WindowIndicator
from tradinglab.algorithm.indicators.composites import CompositeIndicator, Delay
from tradinglab.algorithm.indicators.extensions import IndicatorExtensions, over
from tradinglab.algorithm.indicators.gaps import gap, percent
from tradinglab.algorithm.indicators.momentum import (
    MovingAverageConvergenceDivergence,
    RateOfChange,
    RateOfChangePercent,
)
from tradinglab.algorithm.indicators.moving_averages import (
    ExponentialMovingAverage,
    LinearWeightedMovingAverage,
    SimpleMovingAverage,
)
from tradinglab.algorithm.indicators.naming import named
from tradinglab.algorithm.indicators.tracks import Link, NoArrayForm, Series
from tradinglab.core.enums import MovingAverageType

if TYPE_CHECKING:
    from tradinglab.algorithm.base_data import IndicatorDataPoint


class AbsolutePriceOscillator(MovingAverageConvergenceDivergence):
    """A fast average less a slow one."""

    @named("APO({fast_period},{slow_period})")
    def __init__(
        self,
        name: str,
        fast_period: int,
        slow_period: int,
        moving_average_type: MovingAverageType = MovingAverageType.SIMPLE,
    ) -> None:
        super().__init__(name, fast_period, slow_period, slow_period, moving_average_type)


class PercentagePriceOscillator(AbsolutePriceOscillator):
    """A fast average less a slow one, in percent of the slow one."""

    @named("PPO({fast_period},{slow_period})")
    def __init__(
        self,
        name: str,
        fast_period: int,
        slow_period: int,
        moving_average_type: MovingAverageType = MovingAverageType.SIMPLE,
    ) -> None:
        super().__init__(name, fast_period, slow_period, moving_average_type)

    def _next(self, data: IndicatorDataPoint) -> float:
        difference, slow = super()._next(data), self.slow._value()
        return 100 * difference / slow if slow else 0.0

    def _vectorize(self, link: Link, source: Series) -> Series:
        raise NoArrayForm(self.name)


class ChandeMomentumOscillator(WindowIndicator):
    """Gains less losses, by gains plus losses, in percent; smoothed as Wilder does."""

    @named("CMO({period})")
    def __init__(self, name: str, period: int) -> None:
        super().__init__(name, period)
        self._warm_up_period = period + 1
        self._before = self._gain = self._loss = 0.0

    def _next(self, data: IndicatorDataPoint) -> float:
        value, period = data.value, self._period
        change, self._before = gap(value, self._before), value
        if self._samples == 1:
            return 0.0
        if self._samples > period + 1:
            self._gain *= period - 1
            self._loss *= period - 1
        if change < 0:
            self._loss -= change
        else:
            self._gain += change
        if self._samples <= period:
            return 0.0
        self._gain /= period
        self._loss /= period
        total = self._gain + self._loss
        return percent(100.0 * ((self._gain - self._loss) / total)) if total else 0.0

    def _clear(self) -> None:
        super()._clear()
        self._before = self._gain = self._loss = 0.0


class DetrendedPriceOscillator(Indicator):
    """The value half a period ago less the average of the period."""

    @named("DPO({period})")
    def __init__(self, name: str, period: int) -> None:
        super().__init__(name)
        self._warm_up_period = period
        self._late, self._average = Delay(period // 2 + 1), SimpleMovingAverage(period)
        self._parts = (self._late, self._average)

    @property
    def is_ready(self) -> bool:
        """Whether the average and the delayed value are."""
        return self._average.is_ready and self._late.is_ready

    def _next(self, data: IndicatorDataPoint) -> float:
        self._late.consume(data)
        self._average.consume(data)
        return self._late._value() - self._average._value()

    def _vectorize(self, link: Link, source: Series) -> Series:
        late, average = self._late._follow(link, source), self._average._follow(link, source)
        return Series(source.first, lambda: late.values - average.values)


class Trix(Indicator):
    """The percent change of a triple exponential average."""

    @named("TRIX({period})")
    def __init__(self, name: str, period: int) -> None:
        super().__init__(name)
        self._averages = [ExponentialMovingAverage(f"{name}_{i}", period) for i in (1, 2, 3)]
        self._change = RateOfChangePercent(name + "_ROCP1", 1)
        self._parts = (*self._averages, self._change)
        self._warm_up_period = 3 * (period - 1) + self._change.warm_up_period

    @property
    def is_ready(self) -> bool:
        """Whether there is a change of the third average."""
        return self._change.is_ready

    def _next(self, data: IndicatorDataPoint) -> float:
        for average in self._averages:
            if not average.consume(data):
                break
            data = average.current
        else:
            self._change.consume(data)
        return self._change._value()

    def _vectorize(self, link: Link, source: Series) -> Series:
        series = source
        for average in self._averages:
            begun = series.first + average.warm_up_period - 1
            series = average._follow(link, series).since(begun)
        change = self._change._follow(link, series)
        return Series(source.first, lambda: change.values)


class TrueStrengthIndex(Indicator):
    """The doubly smoothed change by the doubly smoothed absolute change, in percent; ``signal`` averages it."""

    @named("TSI({long_term_period},{short_term_period},{signal_period})")
    def __init__(
        self,
        name: str,
        long_term_period: int = 25,
        short_term_period: int = 13,
        signal_period: int = 7,
        signal_type: MovingAverageType = MovingAverageType.EXPONENTIAL,
    ) -> None:
        super().__init__(name)
        self._warm_up_period = long_term_period + short_term_period
        self._change = ExponentialMovingAverage(name + "_PC_EMA", long_term_period)
        self._size = ExponentialMovingAverage(name + "_APC_EMA", long_term_period)
        change = ExponentialMovingAverage(name + "_PC_EMA_EMA", short_term_period)._fed_by(self._change)
        size = ExponentialMovingAverage(name + "_APC_EMA_EMA", short_term_period)._fed_by(self._size)
        self._index = IndicatorExtensions.times(CompositeIndicator(change, size, over), 100.0)
        self._signal = moving_average(signal_type, name + "_Signal", signal_period)._fed_by(self._index)
        self._parts = (self._change, change, self._size, size, self._index, self._signal)
        self._before = 0.0

    @property
    def signal(self) -> IndicatorBase:
        """The average of the index."""
        return self._signal

    def _next(self, data: IndicatorDataPoint) -> float:
        change, self._before = data.value - self._before, data.value
        if self._samples == 1:
            return 0.0
        self._change.update(data.end_time, change)
        self._size.update(data.end_time, abs(change))
        return self._index._value()


class CoppockCurve(Indicator):
    """The linear average of the sum of two rates of change, in percent."""

    @named("CC({short_roc_period},{long_roc_period},{lwma_period})")
    def __init__(self, name: str, short_roc_period: int = 11, long_roc_period: int = 14, lwma_period: int = 10) -> None:
        super().__init__(name)
        self._short, self._long = RateOfChangePercent(short_roc_period), RateOfChangePercent(long_roc_period)
        self._average = LinearWeightedMovingAverage(lwma_period)
        self._parts = (self._short, self._long, self._average)
        self._warm_up_period = max(self._short.warm_up_period, self._long.warm_up_period) + lwma_period - 1

    @property
    def is_ready(self) -> bool:
        """Whether the average is."""
        return self._average.is_ready

    def _next(self, data: IndicatorDataPoint) -> float:
        short_ready, long_ready = self._short.consume(data), self._long.consume(data)
        if not (short_ready and long_ready):
            return 0.0
        self._average.update(data.end_time, self._short._value() + self._long._value())
        return self._average._value()


class KnowSureThing(Indicator):
    """Pring's KST: four smoothed rates of change, weighted 1 to 4; ``signal_line`` averages it."""

    @named(
        "KST({roc1_period},{roc1_ma_period},{roc2_period},{roc2_ma_period},{roc3_period},{roc3_ma_period},"
        "{roc4_period},{roc4_ma_period},{signal_period},{moving_average_type})"
    )
    def __init__(
        self,
        name: str,
        roc1_period: int,
        roc1_ma_period: int,
        roc2_period: int,
        roc2_ma_period: int,
        roc3_period: int,
        roc3_ma_period: int,
        roc4_period: int,
        roc4_ma_period: int,
        signal_period: int,
        moving_average_type: MovingAverageType = MovingAverageType.SIMPLE,
    ) -> None:
        super().__init__(name)
        periods = [
            (roc1_period, roc1_ma_period), (roc2_period, roc2_ma_period),
            (roc3_period, roc3_ma_period), (roc4_period, roc4_ma_period),
        ]  # fmt: skip
        self._warm_up_period, self._type = max(map(sum, periods)), moving_average_type
        self._changes = [RateOfChange(period) for period, _ in periods]
        self._averages = [
            moving_average(moving_average_type, f"{name}_ROC{i}MA", period) for i, (_, period) in enumerate(periods, 1)
        ]
        self._signal = moving_average(moving_average_type, name + "_SignalLine", signal_period)
        self._parts = (*self._changes, *self._averages, self._signal)

    @property
    def moving_average_type(self) -> MovingAverageType:
        """The kind of the averages."""
        return self._type

    @property
    def roc1(self) -> RateOfChange:
        """The first rate of change."""
        return self._changes[0]

    @property
    def roc2(self) -> RateOfChange:
        """The second rate of change."""
        return self._changes[1]

    @property
    def roc3(self) -> RateOfChange:
        """The third rate of change."""
        return self._changes[2]

    @property
    def roc4(self) -> RateOfChange:
        """The fourth rate of change."""
        return self._changes[3]

    @property
    def roc1_ma(self) -> IndicatorBase:
        """The average of the first, in percent."""
        return self._averages[0]

    @property
    def roc2_ma(self) -> IndicatorBase:
        """The average of the second, in percent."""
        return self._averages[1]

    @property
    def roc3_ma(self) -> IndicatorBase:
        """The average of the third, in percent."""
        return self._averages[2]

    @property
    def roc4_ma(self) -> IndicatorBase:
        """The average of the fourth, in percent."""
        return self._averages[3]

    @property
    def signal_line(self) -> IndicatorBase:
        """The average of the whole."""
        return self._signal

    @property
    def is_ready(self) -> bool:
        """Whether all averages are."""
        return self._signal.is_ready and all(average.is_ready for average in self._averages)

    def _next(self, data: IndicatorDataPoint) -> float:
        total = 0.0
        for weight, (change, average) in enumerate(zip(self._changes, self._averages, strict=True), 1):
            if change.consume(data):
                average.update(data.end_time, 100 * change._value())
            total += weight * average._value()
        return total if self._signal.update(data.end_time, total) else 0.0
