"""How far values moved over a period."""

from __future__ import annotations

from math import log
from typing import TYPE_CHECKING

import numpy as np

from tradinglab.algorithm.indicators import kernels
from tradinglab.algorithm.indicators.average_types import moving_average
from tradinglab.algorithm.indicators.base import Indicator, IndicatorBase, WindowIndicator
from tradinglab.algorithm.indicators.gaps import gap, gaps, percent, percents
from tradinglab.algorithm.indicators.naming import named
from tradinglab.algorithm.indicators.tracks import Link, Series, since
from tradinglab.core.enums import MovingAverageType

if TYPE_CHECKING:
    from tradinglab.algorithm.base_data import IndicatorDataPoint
    from tradinglab.data.columns import Floats


class _Lookback(WindowIndicator):
    """An indicator of a value and the one ``period`` inputs before it (the first one until then)."""

    def __init__(self, name: str, period: int) -> None:
        super().__init__(name, period)
        self._warm_up_period = period + 1

    def _next(self, data: IndicatorDataPoint) -> float:
        value = data.value
        before = self._inputs[0] if self._inputs else value
        self._inputs.append(value)
        return self._compare(value, before)

    def _vectorize(self, link: Link, source: Series) -> Series:
        return since(source.first, source, lambda v: self._compare_all(v, kernels.lagged(v, self._period)))

    def _compare(self, value: float, before: float) -> float:
        raise NotImplementedError

    def _compare_all(self, values: Floats, before: Floats) -> Floats:
        pairs = zip(values.tolist(), before.tolist(), strict=True)
        return np.array([self._compare(value, earlier) for value, earlier in pairs])


class Momentum(_Lookback):
    """The value less the one ``period`` inputs before."""

    @named("MOM({period})")
    def __init__(self, name: str, period: int) -> None:
        super().__init__(name, period)

    def _compare(self, value: float, before: float) -> float:
        return gap(value, before)

    def _compare_all(self, values: Floats, before: Floats) -> Floats:
        return gaps(values, before)


class RateOfChange(_Lookback):
    """The change over ``period`` inputs, as a fraction of the value before; zero where that is zero."""

    @named("ROC({period})")
    def __init__(self, name: str, period: int) -> None:
        super().__init__(name, period)

    def _compare(self, value: float, before: float) -> float:
        return (value - before) / before if before else 0.0

    def _compare_all(self, values: Floats, before: Floats) -> Floats:
        return np.divide(values - before, before, out=np.zeros(len(values)), where=before != 0)


class RateOfChangePercent(RateOfChange):
    """The change over ``period`` inputs, in percent."""

    @named("ROCP({period})")
    def __init__(self, name: str, period: int) -> None:
        super().__init__(name, period)

    def _compare(self, value: float, before: float) -> float:
        return 100 * super()._compare(value, before)

    def _compare_all(self, values: Floats, before: Floats) -> Floats:
        return 100 * super()._compare_all(values, before)


class MomentumPercent(RateOfChangePercent):
    """The same as ``RateOfChangePercent``."""

    @named("MOMP({period})")
    def __init__(self, name: str, period: int) -> None:
        super().__init__(name, period)


class RateOfChangeRatio(RateOfChange):
    """The value by the one ``period`` inputs before; zero where nothing changed, as in LEAN."""

    @named("ROCR({period})")
    def __init__(self, name: str, period: int) -> None:
        super().__init__(name, period)

    def _compare(self, value: float, before: float) -> float:
        change = super()._compare(value, before)
        return change + 1 if change else 0.0

    def _compare_all(self, values: Floats, before: Floats) -> Floats:
        change = super()._compare_all(values, before)
        return np.where(change != 0, change + 1, 0.0)


class LogReturn(_Lookback):
    """The logarithm of the value by the one ``period`` inputs before."""

    @named("LOGR({period})")
    def __init__(self, name: str, period: int) -> None:
        super().__init__(name, period)
        self._warm_up_period = period

    def _compare(self, value: float, before: float) -> float:
        ratio = value / before if before else 0.0
        return log(ratio) if ratio > 0 else 0.0


class RelativeStrengthIndex(Indicator):
    """RSI = 100 - 100 / (1 + average gain / average loss); 100 where there is no loss."""

    @named("RSI({period})")
    def __init__(
        self, name: str, period: int, moving_average_type: MovingAverageType = MovingAverageType.WILDERS
    ) -> None:
        super().__init__(name)
        self._warm_up_period = period + 1
        self._type = moving_average_type
        self._gain = moving_average(moving_average_type, name + "Up", period)
        self._loss = moving_average(moving_average_type, name + "Down", period)
        self._before: float | None = None

    @property
    def moving_average_type(self) -> MovingAverageType:
        """The kind of the averages."""
        return self._type

    @property
    def average_gain(self) -> IndicatorBase:
        """The average of the gains."""
        return self._gain

    @property
    def average_loss(self) -> IndicatorBase:
        """The average of the losses, as positive numbers."""
        return self._loss

    @property
    def is_ready(self) -> bool:
        """Whether both averages are."""
        return self._gain.is_ready and self._loss.is_ready

    def _next(self, data: IndicatorDataPoint) -> float:
        value, before = data.value, self._before
        if before is not None:
            rises = value >= before
            self._gain.update(data.end_time, gap(value, before) if rises else 0.0)
            self._loss.update(data.end_time, 0.0 if rises else gap(before, value))
        self._before = value
        gain, loss = max(self._gain._value(), 0.0), max(self._loss._value(), 0.0)
        return 100.0 if loss <= _NO_LOSS else percent(100.0 - 100.0 / (1 + gain / loss))

    def _vectorize(self, link: Link, source: Series) -> Series:
        first = source.first + 1

        def moves(sign: float) -> Series:
            def make() -> Floats:
                change = gaps(source.values, kernels.lagged(source.values, 1)) * sign
                return np.where(change > 0, change, 0.0)

            return Series(first, make)

        gain, loss = self._gain._follow(link, moves(1.0)), self._loss._follow(link, moves(-1.0))

        def make() -> Floats:
            ups, downs = np.maximum(gain.values, 0.0), np.maximum(loss.values, 0.0)
            none = downs <= _NO_LOSS
            strength = np.divide(ups, downs, out=np.zeros(len(ups)), where=~none)
            return np.where(none, 100.0, percents(100.0 - 100.0 / (1 + strength)))

        return Series(source.first, make)

    def _clear(self) -> None:
        self._before = None
        self._gain.reset()
        self._loss.reset()


#: LEAN calls a loss that rounds to zero at ten decimals none.
_NO_LOSS = 0.5e-10


class MovingAverageConvergenceDivergence(Indicator):
    """A fast average less a slow one, the ``signal``: its own average, and the ``histogram``: what is between."""

    @named("MACD({fast_period},{slow_period},{signal_period})")
    def __init__(
        self,
        name: str,
        fast_period: int,
        slow_period: int,
        signal_period: int,
        type: MovingAverageType = MovingAverageType.EXPONENTIAL,
    ) -> None:
        if fast_period >= slow_period:
            raise ValueError(f"The fast period must be below the slow one; they were {fast_period} and {slow_period}.")
        from tradinglab.algorithm.indicators.composites import Identity

        super().__init__(name)
        self._fast = moving_average(type, name + "_Fast", fast_period)
        self._slow = moving_average(type, name + "_Slow", slow_period)
        self._signal = moving_average(type, name + "_Signal", signal_period)
        self._histogram = Identity(name + "_Histogram")
        self._warm_up_period = slow_period + signal_period - 1

    @property
    def fast(self) -> IndicatorBase:
        """The fast average."""
        return self._fast

    @property
    def slow(self) -> IndicatorBase:
        """The slow average."""
        return self._slow

    @property
    def signal(self) -> IndicatorBase:
        """The average of the difference."""
        return self._signal

    @property
    def histogram(self) -> IndicatorBase:
        """The difference less the signal."""
        return self._histogram

    @property
    def is_ready(self) -> bool:
        """Whether the signal is."""
        return self._signal.is_ready

    def _next(self, data: IndicatorDataPoint) -> float:
        fast_ready, slow_ready = self._fast.consume(data), self._slow.consume(data)
        difference = self._fast._value() - self._slow._value()
        if fast_ready and slow_ready and self._signal.update(data.end_time, difference):
            self._histogram.update(data.end_time, difference - self._signal._value())
        return difference

    def _vectorize(self, link: Link, source: Series) -> Series:
        fast, slow = self._fast._follow(link, source), self._slow._follow(link, source)
        difference = Series(source.first, lambda: fast.values - slow.values)
        begun = source.first + max(self._fast.warm_up_period, self._slow.warm_up_period) - 1
        signal = self._signal._follow(link, difference.since(begun))
        rest = Series(begun + self._signal.warm_up_period - 1, lambda: difference.values - signal.values)
        self._histogram._follow(link, rest)
        return difference

    def _clear(self) -> None:
        for part in (self._fast, self._slow, self._signal, self._histogram):
            part.reset()
