"""Indicators of volume: what money does while prices move."""

from __future__ import annotations

from collections import deque
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from tradinglab.algorithm.bars import TradeBar
from tradinglab.algorithm.base_data import BaseData
from tradinglab.algorithm.indicators.average_types import moving_average
from tradinglab.algorithm.indicators.base import BarIndicator, IndicatorBase, TradeBarIndicator
from tradinglab.algorithm.indicators.moving_averages import (
    ExponentialMovingAverage,
    SimpleMovingAverage,
    Sum,
)
from tradinglab.algorithm.indicators.naming import named
from tradinglab.algorithm.indicators.tracks import BarSeries, Link, Series
from tradinglab.algorithm.ticks import Tick
from tradinglab.core.enums import MovingAverageType, TickType

if TYPE_CHECKING:
    from tradinglab.data.columns import Floats


class MoneyFlowIndex(TradeBarIndicator):
    """Volume times typical price where that rose, in percent of what flowed at all; 100 where nothing did."""

    @named("MFI({period})")
    def __init__(self, name: str, period: int) -> None:
        super().__init__(name)
        self._warm_up_period = period
        self._positive = Sum(name + "_PositiveMoneyFlow", period)
        self._negative = Sum(name + "_NegativeMoneyFlow", period)
        self._parts = (self._positive, self._negative)
        self._typical = 0.0

    @property
    def positive_money_flow(self) -> IndicatorBase:
        """The flow while prices rose."""
        return self._positive

    @property
    def negative_money_flow(self) -> IndicatorBase:
        """The flow while prices fell."""
        return self._negative

    @property
    def previous_typical_price(self) -> float:
        """The last typical price."""
        return self._typical

    def _next(self, data: TradeBar) -> float:
        end, before = data.end_time, self._typical
        self._typical = typical = (data.high + data.low + data.close) / 3
        flow = typical * data.volume
        self._positive.update(end, flow if typical > before else 0.0)
        self._negative.update(end, flow if typical < before else 0.0)
        total = self._positive._value() + self._negative._value()
        return 100.0 * self._positive._value() / total if total else 100.0

    def _clear(self) -> None:
        super()._clear()
        self._typical = 0.0


class OnBalanceVolume(TradeBarIndicator):
    """The sum of volume, counted as negative when the close fell."""

    @named("OBV")
    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._close = 0.0

    def _next(self, data: TradeBar) -> float:
        close, before = data.close, self._close
        self._close = close
        if self._samples == 1:
            return data.volume
        total = self._window[0].value
        return total + data.volume if close > before else total - data.volume if close < before else total

    def _vectorize(self, link: Link, source: BarSeries) -> Series:
        def make() -> Floats:
            signed = np.sign(np.diff(source.close, prepend=-np.inf)) * source.volume
            return np.cumsum(signed)

        return Series(0, make)


class SmoothedOnBalanceVolume(BarIndicator):
    """An average of the on-balance volume; zero until it is ready."""

    @named("SOBV({period})")
    def __init__(
        self, name: str, period: int, moving_average_type: MovingAverageType = MovingAverageType.SIMPLE
    ) -> None:
        super().__init__(name)
        self._warm_up_period = period
        self._volume = OnBalanceVolume()
        self._smoother = moving_average(moving_average_type, f"{name}_{moving_average_type}", period)
        self._parts = (self._volume, self._smoother)

    @property
    def on_balance_volume(self) -> OnBalanceVolume:
        """The on-balance volume."""
        return self._volume

    @property
    def is_ready(self) -> bool:
        """Whether the average is."""
        return self._smoother.is_ready

    def _next(self, data: TradeBar) -> float:
        self._volume.consume(data)
        is_ready = self._smoother.update(data.end_time, self._volume._value())
        return self._smoother._value() if is_ready else 0.0


class VolumeWeightedAveragePriceIndicator(TradeBarIndicator):
    """The mean of (open + high + low + close) / 4 over ``period`` bars, weighted by volume."""

    @named("VWAP({period})")
    def __init__(self, name: str, period: int) -> None:
        super().__init__(name)
        self._warm_up_period = period
        self._worth, self._volume = Sum("Sum_xy", period), Sum("Sum_y", period)
        self._parts = (self._worth, self._volume)

    def _next(self, data: TradeBar) -> float | None:
        end, volume = data.end_time, data.volume
        self._worth.update(end, (data.open + data.high + data.low + data.close) / 4 * volume)
        self._volume.update(end, volume)
        total = self._volume._value()
        return self._worth._value() / total if total else self._window[0].value


class IntradayVwap(IndicatorBase):
    """The day's mean price so far, weighted by volume: of trade ticks, or of trade bars' typical prices."""

    input_kind = "data"

    @named("VWAP")
    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._clear()

    def _clear(self) -> None:
        self._day: date | None = None
        self._volume = self._worth = 0.0

    @property
    def is_ready(self) -> bool:
        """Whether there was volume."""
        return self._volume > 0

    def _next(self, data: BaseData) -> float | None:
        if isinstance(data, Tick) and data.tick_type == TickType.TRADE:
            volume, price = float(data.quantity), data.value
        elif isinstance(data, TradeBar) and not data.is_fill_forward:
            volume, price = data.volume, (data.high + data.low + data.close) / 3
        else:
            return None
        day = data.end_time.date()
        if day != self._day:
            self._clear()
            self._day = day
        self._volume += volume
        self._worth += price * volume
        return self._worth / self._volume if self._volume else data.value


class VolumeWeightedMovingAverage(TradeBarIndicator):
    """The mean close of ``period`` bars, weighted by volume; the close where there is none."""

    @named("VWMA({period})")
    def __init__(self, name: str, period: int) -> None:
        super().__init__(name)
        self._warm_up_period = period
        self._worth, self._volume = Sum(name + "_SumPxV", period), Sum(name + "_SumVolume", period)
        self._parts = (self._worth, self._volume)

    def _next(self, data: TradeBar) -> float:
        end, volume = data.end_time, data.volume
        self._worth.update(end, data.close * volume)
        self._volume.update(end, volume)
        total = self._volume._value()
        return self._worth._value() / total if total else data.close


class AccumulationDistribution(TradeBarIndicator):
    """The sum of volume, weighted by where the close stands in the range: -1 at the low, 1 at the high."""

    @named("AD")
    def __init__(self, name: str) -> None:
        super().__init__(name)

    def _next(self, data: TradeBar) -> float:
        high, low, close = data.high, data.low, data.close
        span = high - low
        flow = ((close - low) - (high - close)) / span * data.volume if span > 0 else 0.0
        return self._window[0].value + flow

    def _vectorize(self, link: Link, source: BarSeries) -> Series:
        def make() -> Floats:
            high, low, close = source.high, source.low, source.close
            span, gap = high - low, (close - low) - (high - close)
            place = np.divide(gap, span, out=np.zeros(len(span)), where=span > 0)
            return np.cumsum(place * source.volume)

        return Series(0, make)


class AccumulationDistributionOscillator(TradeBarIndicator):
    """A fast average of accumulation/distribution less a slow one; zero until both are ready."""

    @named("ADOSC({fast_period},{slow_period})")
    def __init__(self, name: str, fast_period: int, slow_period: int) -> None:
        super().__init__(name)
        self._warm_up_period = max(fast_period, slow_period)
        self._line = AccumulationDistribution(name + "_AD")
        self._fast = ExponentialMovingAverage(name + "_Fast", fast_period)
        self._slow = ExponentialMovingAverage(name + "_Slow", slow_period)
        self._parts = (self._line, self._fast, self._slow)

    def _next(self, data: TradeBar) -> float:
        self._line.consume(data)
        self._fast.consume(self._line.current)
        self._slow.consume(self._line.current)
        return self._fast._value() - self._slow._value() if self.is_ready else 0.0


class ChaikinOscillator(AccumulationDistributionOscillator):
    """The same as ``AccumulationDistributionOscillator``."""

    @named("ChaikinOscillator({fast_period},{slow_period})")
    def __init__(self, name: str, fast_period: int, slow_period: int) -> None:
        super().__init__(name, fast_period, slow_period)


class ChaikinMoneyFlow(TradeBarIndicator):
    """Volume weighted by where the close stands in the range, by volume, over ``period`` bars."""

    @named("CMF({period})")
    def __init__(self, name: str, period: int) -> None:
        super().__init__(name)
        self._warm_up_period = period
        self._flow, self._volume = Sum(period), Sum(period)
        self._parts = (self._flow, self._volume)

    def _next(self, data: TradeBar) -> float:
        end, high, low, close = data.end_time, data.high, data.low, data.close
        span = high - low
        self._flow.update(end, data.volume * (close - low - (high - close)) / span if span > 0 else 0.0)
        self._volume.update(end, data.volume)
        total = self._volume._value()
        return self._flow._value() / total if self.is_ready and total else 0.0


class EaseOfMovementValue(TradeBarIndicator):
    """How far the middle of the bar moved for the volume that it took, averaged over ``period`` bars."""

    @named("EMV({period}, {scale})")
    def __init__(self, name: str, period: int = 1, scale: int = 10000) -> None:
        super().__init__(name)
        self._warm_up_period, self._scale = period, scale
        self._average = SimpleMovingAverage(period)
        self._parts = (self._average,)
        self._high = self._low = 0.0

    def _next(self, data: TradeBar) -> float:
        end, high, low, volume = data.end_time, data.high, data.low, data.volume
        if self._high == 0 and self._low == 0:
            self._high, self._low = high, low
        if volume == 0 or high == low:
            self._average.update(end, 0.0)
            return self._average._value()
        move = (high + low) / 2 - (self._high + self._low) / 2
        self._high, self._low = high, low
        self._average.update(end, move / (volume / self._scale / (high - low)))
        return self._average._value()

    def _clear(self) -> None:
        super()._clear()
        self._high = self._low = 0.0


class ForceIndex(TradeBarIndicator):
    """The average of the close's change times volume."""

    @named("FI({period})")
    def __init__(
        self, name: str, period: int, moving_average_type: MovingAverageType = MovingAverageType.EXPONENTIAL
    ) -> None:
        super().__init__(name)
        self._warm_up_period = period + 1
        self._smoother = moving_average(moving_average_type, f"{name}_{moving_average_type}", period)
        self._parts = (self._smoother,)
        self._close = 0.0

    @property
    def is_ready(self) -> bool:
        """Whether the average is."""
        return self._smoother.is_ready

    def _next(self, data: TradeBar) -> float:
        before, self._close = self._close, data.close
        if self._samples == 1:
            return 0.0
        self._smoother.update(data.end_time, (data.close - before) * data.volume)
        return self._smoother._value()


class KlingerVolumeOscillator(TradeBarIndicator):
    """A fast average of Klinger's volume force less a slow one; ``signal`` averages it."""

    @named("KVO({fast_period},{slow_period},{signal_period})")
    def __init__(self, name: str, fast_period: int, slow_period: int, signal_period: int = 13) -> None:
        super().__init__(name)
        self._warm_up_period = max(fast_period, slow_period, signal_period) + 2
        self._fast = ExponentialMovingAverage(name + "_FastEma", fast_period)
        self._slow = ExponentialMovingAverage(name + "_SlowEma", slow_period)
        self._signal = ExponentialMovingAverage(name + "_Signal", signal_period)
        self._parts = (self._fast, self._slow, self._signal)
        self._bars: deque[tuple[float, float]] = deque(maxlen=2)
        self._trends: deque[int] = deque(maxlen=2)
        self._movement = 0.0

    @property
    def signal(self) -> ExponentialMovingAverage:
        """The average of the oscillator."""
        return self._signal

    @property
    def is_ready(self) -> bool:
        """Whether all averages are."""
        return self._fast.is_ready and self._slow.is_ready and self._signal.is_ready

    def _next(self, data: TradeBar) -> float:
        end, span = data.end_time, data.high - data.low
        self._bars.append((span, data.high + data.low + data.close))
        if len(self._bars) < 2:
            return 0.0
        (last_span, last_price), (_, price) = self._bars
        trend = 1 if price > last_price else -1
        self._trends.append(trend)
        if len(self._trends) < 2:
            return 0.0
        goes_on = self._movement != 0 and self._trends[0] == trend
        self._movement = self._movement + span if goes_on else span + last_span
        total = self._movement if abs(self._movement) >= 1e-8 else 1e-8
        force = data.volume * abs(2 * (span / total - 1)) * trend * 100
        fast_ready, slow_ready = self._fast.update(end, force), self._slow.update(end, force)
        value = self._fast._value() - self._slow._value() if fast_ready and slow_ready else 0.0
        self._signal.update(end, value)
        return value

    def _clear(self) -> None:
        super()._clear()
        self._bars.clear()
        self._trends.clear()
        self._movement = 0.0
