"""Strength of moves: relative strength in its many forms, vigor, streaks."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from tradinglab.algorithm.indicators.average_types import moving_average
from tradinglab.algorithm.indicators.base import BarIndicator, Indicator, IndicatorBase, WindowIndicator
from tradinglab.algorithm.indicators.extremes import Maximum, Minimum
from tradinglab.algorithm.indicators.momentum import MovingAverageConvergenceDivergence, RelativeStrengthIndex
from tradinglab.algorithm.indicators.moving_averages import ExponentialMovingAverage, SimpleMovingAverage
from tradinglab.algorithm.indicators.naming import named
from tradinglab.core.dual import snake_case
from tradinglab.core.enums import MovingAverageType

if TYPE_CHECKING:
    from tradinglab.algorithm.bars import TradeBar
    from tradinglab.algorithm.base_data import IndicatorDataPoint


class DerivativeOscillator(Indicator):
    """A doubly smoothed RSI less its average; zero until it is ready."""

    @named("DO({rsi_period},{smoothing_rsi_period},{double_smoothing_rsi_period},{signal_line_period})")
    def __init__(
        self,
        name: str,
        rsi_period: int,
        smoothing_rsi_period: int,
        double_smoothing_rsi_period: int,
        signal_line_period: int,
    ) -> None:
        super().__init__(name)
        self._warm_up_period = rsi_period + smoothing_rsi_period + double_smoothing_rsi_period + signal_line_period - 2
        self._rsi = RelativeStrengthIndex(f"{name}_RSI", rsi_period)
        once = ExponentialMovingAverage(f"{name}_SmoothedRSI", smoothing_rsi_period)._fed_by(self._rsi)
        twice = ExponentialMovingAverage(f"{name}_DoubleSmoothedRSI", double_smoothing_rsi_period)._fed_by(once)
        self._smooth = twice
        self._signal = SimpleMovingAverage(f"{name}_SignalLine", signal_line_period)._fed_by(twice)
        self._parts = (self._rsi, once, twice, self._signal)

    @property
    def is_ready(self) -> bool:
        """Whether the average is."""
        return self._signal.is_ready

    def _next(self, data: IndicatorDataPoint) -> float:
        self._rsi.consume(data)
        return self._smooth._value() - self._signal._value() if self.is_ready else 0.0


class SchaffTrendCycle(Indicator):
    """A stochastic of a smoothed stochastic of the MACD."""

    @named("SchaffTrendCycle({cycle_period},{fast_period},{slow_period})")
    def __init__(
        self,
        name: str,
        cycle_period: int = 10,
        fast_period: int = 23,
        slow_period: int = 50,
        type: MovingAverageType = MovingAverageType.EXPONENTIAL,
    ) -> None:
        super().__init__(name)
        self._macd = MovingAverageConvergenceDivergence(fast_period, slow_period, cycle_period, type)
        self._warm_up_period = self._macd.warm_up_period
        self._high = Maximum(f"MAX{cycle_period}_Of_{self._macd.name}", cycle_period)
        self._low = Minimum(f"MIN{cycle_period}_Of_{self._macd.name}", cycle_period)
        self._smooth = moving_average(type, name + "_D", 3)
        self._smooth_high = Maximum(f"MAX{cycle_period}_Of_{self._smooth.name}", cycle_period)
        self._smooth_low = Minimum(f"MIN{cycle_period}_Of_{self._smooth.name}", cycle_period)
        self._cycle = moving_average(type, name + "_PFF", 3)
        self._parts = (
            self._macd, self._high, self._low, self._smooth, self._smooth_high, self._smooth_low, self._cycle,
        )  # fmt: skip

    @property
    def is_ready(self) -> bool:
        """Whether the MACD is."""
        return self._macd.is_ready

    def _next(self, data: IndicatorDataPoint) -> float:
        end = data.end_time
        self._macd.consume(data)
        for extreme in (self._high, self._low):
            extreme.update(end, self._macd._value())
        self._smooth.update(end, _place(self._macd, self._high, self._low))
        for extreme in (self._smooth_high, self._smooth_low):
            extreme.update(end, self._smooth._value())
        self._cycle.update(end, _place(self._smooth, self._smooth_high, self._smooth_low))
        return self._cycle._value()


def _place(value: IndicatorBase, high: IndicatorBase, low: IndicatorBase) -> float:
    """Return where a value stands between two others, in percent; zero if they are equal."""
    span = high._value() - low._value()
    return (value._value() - low._value()) / span * 100 if span > 0 else 0.0


class StochasticRelativeStrengthIndex(Indicator):
    """Where the RSI stands in its own range (``k``), and its average (``d``); the value is the input."""

    @named("SRSI({rsi_period},{stoch_period},{k_smoothing_period},{d_smoothing_period},{moving_average_type})")
    def __init__(
        self,
        name: str,
        rsi_period: int,
        stoch_period: int,
        k_smoothing_period: int,
        d_smoothing_period: int,
        moving_average_type: MovingAverageType = MovingAverageType.SIMPLE,
    ) -> None:
        super().__init__(name)
        self._warm_up_period = rsi_period + stoch_period + max(k_smoothing_period, d_smoothing_period)
        self._rsi = RelativeStrengthIndex(rsi_period)
        self._recent: deque[float] = deque(maxlen=stoch_period)
        self._k = moving_average(moving_average_type, f"{name}_K_{moving_average_type}", k_smoothing_period)
        self._d = moving_average(moving_average_type, f"{name}_D_{moving_average_type}", d_smoothing_period)
        self._parts = (self._rsi, self._k, self._d)

    @property
    def k(self) -> IndicatorBase:
        """Where the RSI stands in its range, averaged."""
        return self._k

    @property
    def d(self) -> IndicatorBase:
        """The average of ``k``."""
        return self._d

    def _next(self, data: IndicatorDataPoint) -> float:
        self._rsi.consume(data)
        rsi, recent = self._rsi._value(), self._recent
        recent.append(rsi)
        if len(recent) < (recent.maxlen or 0):
            return 0.0
        high, low = max(recent), min(recent)
        self._k.update(data.end_time, 100 * (rsi - low) / (high - low) if high != low else 100.0)
        self._d.update(data.end_time, self._k._value())
        return data.value

    def _clear(self) -> None:
        super()._clear()
        self._recent.clear()


class ConnorsRelativeStrengthIndex(Indicator):
    """The mean of an RSI, an RSI of the streak of rises or falls, and the rank of the last change."""

    @named("CRSI({rsi_period},{rsi_period_streak},{look_back_period})", roc_period="look_back_period")
    def __init__(self, name: str, rsi_period: int, rsi_period_streak: int, look_back_period: int) -> None:
        super().__init__(name)
        self._rsi, self._streak_rsi = RelativeStrengthIndex(rsi_period), RelativeStrengthIndex(rsi_period_streak)
        self._parts = (self._rsi, self._streak_rsi)
        self._warm_up_period = max(look_back_period, *(part.warm_up_period for part in self._parts))
        self._changes: deque[float] = deque(maxlen=look_back_period)
        self._streak, self._before = 0, 0.0

    @property
    def is_ready(self) -> bool:
        """Whether all three parts are."""
        full = len(self._changes) == self._changes.maxlen
        return self._rsi.is_ready and self._streak_rsi.is_ready and full

    def _next(self, data: IndicatorDataPoint) -> float:
        value, before = data.value, self._before
        self._rsi.consume(data)
        if self._samples > 1:
            self._count_streak(value - before)
        self._streak_rsi.update(data.end_time, float(self._streak))
        self._before = value
        changes = self._changes
        if before == 0:
            changes.append(0.0)
            return 0.0
        change, rank = (value - before) / before, 0.0
        if len(changes) == changes.maxlen:
            rank = 100.0 * sum(1 for earlier in changes if earlier < change) / len(changes)
        changes.append(change)
        return (self._rsi._value() + self._streak_rsi._value() + rank) / 3 if self.is_ready else 0.0

    def _count_streak(self, change: float) -> None:
        direction = (change > 0) - (change < 0)
        if direction:
            self._streak = self._streak + direction if self._streak * direction >= 0 else direction

    def _clear(self) -> None:
        super()._clear()
        self._changes.clear()
        self._streak, self._before = 0, 0.0


class Momersion(WindowIndicator):
    """How often a move goes on rather than turns, in percent of the moves that do either.

    ``Momersion([name,] [min_period,] full_period)``.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        given, kwargs = list(args), {snake_case(key): value for key, value in kwargs.items()}
        name = given.pop(0) if given and isinstance(given[0], str) else kwargs.get("name")
        full_period = given.pop() if given else kwargs["full_period"]
        min_period = given.pop() if given else kwargs.get("min_period")
        name = f"Momersion({'' if min_period is None else min_period},{full_period})" if name is None else name
        if min_period is not None and min_period < 4:
            raise ValueError(f"The least period of a Momersion is 4 or more; it was {min_period}.")
        super().__init__(name, full_period)
        self._least = min_period
        self._warm_up_period = full_period + 3 if min_period is None else min_period + 2
        self._products: deque[float] = deque(maxlen=full_period)
        self._last: deque[float] = deque(maxlen=3)
        self._count = 0

    @property
    def is_ready(self) -> bool:
        """Whether enough pairs of moves were seen."""
        return self._count > self._period if self._least is None else len(self._products) >= self._least

    def _next(self, data: IndicatorDataPoint) -> float:
        self._last.append(data.value)
        if len(self._last) == 3 and self._period >= 3:
            earlier, before, value = self._last
            self._products.append((value - before) * (before - earlier))
            self._count += 1
        products = self._products
        if self.is_ready and sum(1 for p in products if p == 0) < 0.5 * len(products):
            onward, back = sum(1 for p in products if p > 0), sum(1 for p in products if p < 0)
            return 100.0 * onward / (onward + back)
        return 50.0

    def _clear(self) -> None:
        super()._clear()
        self._products.clear()
        self._last.clear()
        self._count = 0


class MomersionIndicator(Momersion):
    """The same as ``Momersion``."""


class RelativeVigorIndexSignal(Indicator):
    """The last four values of a vigor index, weighted 1, 2, 2, 1; zero until there were three before."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._warm_up_period = 3
        self._recent: deque[float] = deque(maxlen=3)

    def _next(self, data: IndicatorDataPoint) -> float:
        recent, value = self._recent, data.value
        result = 0.0
        if len(recent) == 3:
            result = (value + 2 * (recent[2] + recent[1]) + recent[0]) / 6
        recent.append(value)
        return result

    def _clear(self) -> None:
        self._recent.clear()


class RelativeVigorIndex(BarIndicator):
    """The average of close less open, by the average of the range, both smoothed over four bars; ``signal`` follows."""

    @named("RVI({period},{moving_average_type})", type="moving_average_type")
    def __init__(
        self, name: str, period: int, moving_average_type: MovingAverageType = MovingAverageType.SIMPLE
    ) -> None:
        super().__init__(name)
        self._warm_up_period = period + 3
        self._moves = moving_average(moving_average_type, "_closingBand", period)
        self._ranges = moving_average(moving_average_type, "_rangeBand", period)
        self._signal = RelativeVigorIndexSignal(f"{name}_S")
        self._parts = (self._moves, self._ranges, self._signal)
        self._recent: deque[tuple[float, float]] = deque(maxlen=3)

    @property
    def signal(self) -> RelativeVigorIndexSignal:
        """The weighted average of the last four values."""
        return self._signal

    @property
    def is_ready(self) -> bool:
        """Whether both averages are."""
        return self._moves.is_ready and self._ranges.is_ready

    def _next(self, data: TradeBar) -> float:
        bar, recent, end = (data.close - data.open, data.high - data.low), self._recent, data.end_time
        result = 0.0
        if len(recent) == 3:
            for average, side in ((self._moves, 0), (self._ranges, 1)):
                oldest, older, old = (earlier[side] for earlier in recent)
                average.update(end, (bar[side] + 2 * (old + older) + oldest) / 6)
            if self.is_ready:
                span = self._ranges._value()
                result = self._moves._value() / span if span else 0.0
                self._signal.update(end, result)
        recent.append(bar)
        return result

    def _clear(self) -> None:
        super()._clear()
        self._recent.clear()
