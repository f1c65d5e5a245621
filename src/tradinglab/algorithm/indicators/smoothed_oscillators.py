"""Oscillators of bars that are smoothed or transformed."""

from __future__ import annotations

from math import exp, log
from typing import TYPE_CHECKING

from tradinglab.algorithm.indicators.average_types import moving_average
from tradinglab.algorithm.indicators.base import BarIndicator, IndicatorBase
from tradinglab.algorithm.indicators.extremes import Maximum, Minimum
from tradinglab.algorithm.indicators.moving_averages import ExponentialMovingAverage, SimpleMovingAverage
from tradinglab.algorithm.indicators.naming import named
from tradinglab.algorithm.indicators.oscillators import Stochastic
from tradinglab.core.enums import MovingAverageType

if TYPE_CHECKING:
    from tradinglab.algorithm.bars import TradeBar


class DeMarkerIndicator(BarIndicator):
    """The average of rises of the high, by that plus the average of falls of the low."""

    @named("DEM({period},{type})")
    def __init__(self, name: str, period: int, type: MovingAverageType = MovingAverageType.SIMPLE) -> None:
        super().__init__(name)
        self._warm_up_period = period
        self._rises = moving_average(type, f"{name}_Max", period)
        self._falls = moving_average(type, f"{name}_Min", period)
        self._parts = (self._rises, self._falls)
        self._high = self._low = 0.0

    @property
    def is_ready(self) -> bool:
        """Whether both averages are."""
        return self._rises.is_ready and self._falls.is_ready

    def _next(self, data: TradeBar) -> float:
        is_first, end = self._samples == 1, data.end_time
        self._rises.update(end, 0.0 if is_first else max(data.high - self._high, 0.0))
        self._falls.update(end, 0.0 if is_first else max(self._low - data.low, 0.0))
        self._high, self._low = data.high, data.low
        if not self.is_ready:
            return 0.0
        total = self._rises._value() + self._falls._value()
        return self._rises._value() / total if total > 0 else 0.0


class FisherTransform(BarIndicator):
    """Ehlers' Fisher transform of where the middle of the bar stands in the range of ``period`` middles."""

    @named("FISH({period})")
    def __init__(self, name: str, period: int) -> None:
        super().__init__(name)
        self._warm_up_period = period
        self._highest, self._lowest = Maximum("MedianMax", period), Minimum("MedianMin", period)
        self._parts = (self._highest, self._lowest)
        self._place = 0.0

    def _next(self, data: TradeBar) -> float:
        end, middle = data.end_time, (data.low + data.high) / 2
        self._lowest.update(end, middle)
        if not self._highest.update(end, middle):
            return 0.0
        low, high = self._lowest._value(), self._highest._value()
        place = transformed = 0.0
        if low != high:
            place = 0.33 * 2 * ((middle - low) / (high - low) - 0.5) + (1 - 0.33) * self._place
            bounded = min(max(place, -0.999), 0.999)
            transformed = 0.5 * log((1.0 + bounded) / (1.0 - bounded))
        self._place = place
        return transformed + 0.5 * self._value()

    def _clear(self) -> None:
        super()._clear()
        self._place = 0.0


class PremierStochasticOscillator(BarIndicator):
    """Lee Leibfarth's oscillator: a doubly smoothed stochastic, squeezed between -1 and 1."""

    @named("PSO({period},{ema_period})")
    def __init__(self, name: str, period: int, ema_period: int) -> None:
        super().__init__(name)
        self._warm_up_period = period + 2 * (ema_period - 1)
        self._stochastic = Stochastic(name, period, period, period)
        self._once = ExponentialMovingAverage(ema_period)
        self._twice = ExponentialMovingAverage(f"EMA{ema_period}_Of_{self._once.name}", ema_period)
        self._twice._fed_by(self._once)
        self._parts = (self._stochastic, self._once, self._twice)

    @property
    def is_ready(self) -> bool:
        """Whether the second average is."""
        return self._twice.is_ready

    def _next(self, data: TradeBar) -> float:
        self._stochastic.consume(data)
        if not self._stochastic.fast_stoch.is_ready:
            return 0.0
        self._once.update(data.end_time, 0.1 * (self._stochastic.fast_stoch._value() - 50))
        if not self._twice.is_ready:
            return 0.0
        raised = exp(self._twice._value())
        return (raised - 1) / (raised + 1)


class WaveTrendOscillator(BarIndicator):
    """LazyBear's wave trend: a smoothed distance of the typical price from its average; ``signal`` averages it."""

    @named("WTO({channel_period},{average_period},{signal_period})")
    def __init__(self, name: str, channel_period: int, average_period: int, signal_period: int) -> None:
        if min(channel_period, average_period, signal_period) < 1:
            raise ValueError("The periods of a wave trend oscillator must be greater than zero.")
        super().__init__(name)
        self._warm_up_period = 2 * channel_period + average_period + signal_period - 3
        self._average = ExponentialMovingAverage(name + "_ChannelAverage", channel_period)
        self._deviation = ExponentialMovingAverage(name + "_ChannelDeviation", channel_period)
        self._index = ExponentialMovingAverage(name + "_ChannelIndexAverage", average_period)
        self._signal = SimpleMovingAverage(name + "_Signal", signal_period)
        self._parts = (self._average, self._deviation, self._index, self._signal)

    @property
    def channel_average(self) -> IndicatorBase:
        """The average of the typical price."""
        return self._average

    @property
    def channel_deviation(self) -> IndicatorBase:
        """The average distance from it."""
        return self._deviation

    @property
    def channel_index_average(self) -> IndicatorBase:
        """The oscillator."""
        return self._index

    @property
    def signal(self) -> IndicatorBase:
        """The average of the oscillator."""
        return self._signal

    @property
    def is_ready(self) -> bool:
        """Whether the signal is."""
        return self._signal.is_ready

    def _next(self, data: TradeBar) -> float:
        end, typical = data.end_time, (data.high + data.low + data.close) / 3
        if not self._average.update(end, typical):
            return 0.0
        if not self._deviation.update(end, abs(typical - self._average._value())):
            return 0.0
        unit = 0.015 * self._deviation._value()
        if unit == 0:
            return self._value()
        if self._index.update(end, (typical - self._average._value()) / unit):
            self._signal.update(end, self._index._value())
        return self._index._value()
