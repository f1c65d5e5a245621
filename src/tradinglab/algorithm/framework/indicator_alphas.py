"""Alpha models that follow one indicator of each security."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import TYPE_CHECKING, Any

from tradinglab.algorithm.framework.alpha_models import AlphaModel
from tradinglab.algorithm.indicators import (
    ExponentialMovingAverage,
    MovingAverageConvergenceDivergence,
    RateOfChange,
    RelativeStrengthIndex,
)
from tradinglab.algorithm.insights import Insight, InsightCollection
from tradinglab.algorithm.names import Extensions
from tradinglab.core.dual import Dual
from tradinglab.core.enums import InsightDirection, MovingAverageType, Resolution

if TYPE_CHECKING:
    from datetime import timedelta

    from tradinglab.algorithm.qc_algorithm import QCAlgorithm
    from tradinglab.algorithm.securities import Security
    from tradinglab.algorithm.security_changes import SecurityChanges
    from tradinglab.algorithm.slice import Slice
    from tradinglab.core.symbol import Symbol

UP, DOWN, FLAT = InsightDirection.UP, InsightDirection.DOWN, InsightDirection.FLAT
#: The share of the price that the signal of a MACD must pass.
_BOUNCE = 0.01
_HIGH, _HIGH_OVER, _LOW, _LOW_OVER = 70, 65, 30, 35


class Followed(Dual):
    """A security with the indicators that follow it, and the consolidators that feed them."""

    def __init__(self, algorithm: QCAlgorithm, security: Security, resolution: Resolution, *indicators: Any) -> None:
        self.security = security
        self.symbol: Symbol = security.symbol
        self.indicators = indicators
        self.consolidators: list[Any] = []
        self.state: Any = None
        for indicator in indicators:
            consolidator = algorithm.resolve_consolidator(security.symbol, resolution)
            algorithm.register_indicator(security.symbol, indicator, consolidator)
            self.consolidators.append(consolidator)

    def let_go(self, algorithm: QCAlgorithm) -> None:
        """Feed the indicators no more."""
        for consolidator in self.consolidators:
            algorithm.subscription_manager.remove_consolidator(self.symbol, consolidator)


class FollowingAlphaModel(AlphaModel):
    """Base of the models that follow indicators of each security from when it is added until it is removed."""

    def __init__(self, resolution: Resolution, bars: int) -> None:
        self._resolution = Resolution(resolution)
        self._period: timedelta = Extensions.to_time_span(self._resolution) * bars
        self._followed: dict[Symbol, Followed] = {}
        self._given = InsightCollection()

    @property
    def symbol_data_by_symbol(self) -> dict[Symbol, Followed]:
        """The securities with their indicators."""
        return self._followed

    def on_securities_changed(self, algorithm: QCAlgorithm, changes: SecurityChanges) -> None:
        """Begin to follow securities that were added, and let go those that were removed."""
        for security in changes.added_securities:
            if security.symbol not in self._followed:
                self._followed[security.symbol] = self._follow(algorithm, security)
        for security in changes.removed_securities:
            followed = self._followed.pop(security.symbol, None)
            if followed is not None:
                followed.let_go(algorithm)
            self._cancel(algorithm, security.symbol)

    def _follow(self, algorithm: QCAlgorithm, security: Security) -> Followed:
        raise NotImplementedError

    def _cancel(self, algorithm: QCAlgorithm, symbol: Symbol) -> None:
        """Let the insights that were given for a security close."""
        if self._given.contains_key(symbol):
            algorithm.insights.cancel(self._given[symbol])
            self._given.clear([symbol])

    def _insight(self, symbol: Symbol, direction: InsightDirection, magnitude: float | None = None) -> Insight:
        insight = Insight.price(symbol, self._period, direction, magnitude)
        self._given.add(insight)
        return insight


class EmaCrossAlphaModel(FollowingAlphaModel):
    """Expects prices to go on as they do when a fast exponential average crosses a slow one."""

    def __init__(self, fast_period: int = 12, slow_period: int = 26, resolution: Resolution = Resolution.DAILY) -> None:
        super().__init__(resolution, fast_period)
        self._fast_period, self._slow_period = fast_period, slow_period
        self.name = f"EmaCrossAlphaModel({fast_period},{slow_period},{self._resolution})"

    def update(self, algorithm: QCAlgorithm, data: Slice) -> list[Insight]:
        """Return an insight for each security whose averages have crossed."""
        insights = []
        for followed in self._followed.values():
            fast, slow = followed.indicators
            above, below = _value(fast) > _value(slow), _value(fast) < _value(slow)
            if fast.is_ready and slow.is_ready:
                if followed.state and below:
                    insights.append(self._insight(followed.symbol, DOWN))
                elif not followed.state and above:
                    insights.append(self._insight(followed.symbol, UP))
            followed.state = above
        return insights

    def _cancel(self, algorithm: QCAlgorithm, symbol: Symbol) -> None:
        """Leave the insights as they are: this model does not take them back."""

    def _follow(self, algorithm: QCAlgorithm, security: Security) -> Followed:
        fast, slow = ExponentialMovingAverage(self._fast_period), ExponentialMovingAverage(self._slow_period)
        followed = Followed(algorithm, security, self._resolution, fast, slow)
        for indicator in followed.indicators:
            algorithm.warm_up_indicator(security.symbol, indicator, self._resolution)
        return followed


class MacdAlphaModel(FollowingAlphaModel):
    """Expects prices to go where the signal of their MACD is, if it is further than one percent from zero."""

    def __init__(
        self,
        fast_period: int = 12,
        slow_period: int = 26,
        signal_period: int = 9,
        moving_average_type: MovingAverageType = MovingAverageType.EXPONENTIAL,
        resolution: Resolution = Resolution.DAILY,
    ) -> None:
        super().__init__(resolution, fast_period)
        self._type = MovingAverageType(moving_average_type)
        self._periods = (fast_period, slow_period, signal_period)
        self.name = f"MacdAlphaModel({fast_period},{slow_period},{signal_period},{self._type},{self._resolution})"

    def update(self, algorithm: QCAlgorithm, data: Slice) -> Iterator[Insight]:
        """Return an insight for each security whose signal has changed; without one its insights close."""
        for followed in self._followed.values():
            price = followed.security.price
            if not price:
                continue
            signal = _value(followed.indicators[0].signal) / price
            direction = UP if signal > _BOUNCE else DOWN if signal < -_BOUNCE else FLAT
            if direction == followed.state:
                continue
            followed.state = direction
            if direction == FLAT:
                self._cancel(algorithm, followed.symbol)
            else:
                yield self._insight(followed.symbol, direction)

    def _follow(self, algorithm: QCAlgorithm, security: Security) -> Followed:
        macd = MovingAverageConvergenceDivergence(*self._periods, self._type)
        followed = Followed(algorithm, security, self._resolution, macd)
        algorithm.warm_up_indicator(security.symbol, macd, self._resolution)
        return followed


class _Strength(Enum):
    """Where a relative strength index was last."""

    LOW = "low"
    MIDDLE = "middle"
    HIGH = "high"


class RsiAlphaModel(FollowingAlphaModel):
    """Expects prices to rise when their relative strength index falls below 30, and to fall above 70."""

    def __init__(self, period: int = 14, resolution: Resolution = Resolution.DAILY) -> None:
        super().__init__(resolution, period)
        self._length = period
        self.name = f"RsiAlphaModel({period},{self._resolution})"

    def update(self, algorithm: QCAlgorithm, data: Slice) -> list[Insight]:
        """Return an insight for each security whose index has left the middle."""
        insights = []
        for followed in self._followed.values():
            index = followed.indicators[0]
            now = _strength(_value(index), followed.state)
            if now is not followed.state and index.is_ready and now is not _Strength.MIDDLE:
                insights.append(self._insight(followed.symbol, UP if now is _Strength.LOW else DOWN))
            followed.state = now
        return insights

    def _cancel(self, algorithm: QCAlgorithm, symbol: Symbol) -> None:
        """Leave the insights as they are: this model does not take them back."""

    def _follow(self, algorithm: QCAlgorithm, security: Security) -> Followed:
        followed = Followed(algorithm, security, self._resolution, RelativeStrengthIndex(self._length))
        followed.state = _Strength.MIDDLE
        for bar in past_bars(algorithm, security.symbol, self._length, self._resolution):
            followed.consolidators[0].update(bar)
        return followed


class HistoricalReturnsAlphaModel(FollowingAlphaModel):
    """Expects of prices what they did over the last bars.

    Parameters
    ----------
    lookback
        How many bars the return is over, and how many the insight holds.
    """

    def __init__(self, lookback: int = 1, resolution: Resolution = Resolution.DAILY) -> None:
        super().__init__(resolution, lookback)
        self._lookback = lookback
        self.name = f"HistoricalReturnsAlphaModel({lookback},{self._resolution})"

    def update(self, algorithm: QCAlgorithm, data: Slice) -> list[Insight]:
        """Return an insight for each security that has a new return; with a return of zero its insights close."""
        insights = []
        for followed in self._followed.values():
            change = followed.indicators[0]
            is_new, followed.state = followed.state != change.samples, change.samples
            if not (is_new and change.is_ready):
                continue
            size = _value(change)
            if size:
                insights.append(self._insight(followed.symbol, UP if size > 0 else DOWN, size))
            else:
                self._cancel(algorithm, followed.symbol)
        return insights

    def _follow(self, algorithm: QCAlgorithm, security: Security) -> Followed:
        followed = Followed(algorithm, security, self._resolution, RateOfChange(self._lookback))
        followed.state = 0
        for bar in past_bars(algorithm, security.symbol, self._lookback, self._resolution):
            followed.indicators[0].update(bar.end_time, bar.value)
        return followed


def past_bars(algorithm: QCAlgorithm, symbol: Symbol, count: int, resolution: Resolution) -> Iterator[Any]:
    """Return the last bars before now of a security."""
    for piece in algorithm.lab_history_by_count([symbol], count, resolution):
        for data in piece.values():
            yield data[-1] if isinstance(data, list) else data


def _value(indicator: Any) -> float:
    return float(indicator.current.value)


def _strength(index: float, before: _Strength) -> _Strength:
    """Return where an index is; it is back in the middle a little further in than where it left."""
    if index > _HIGH:
        return _Strength.HIGH
    if index < _LOW:
        return _Strength.LOW
    is_back = index > _LOW_OVER if before is _Strength.LOW else index < _HIGH_OVER
    return _Strength.MIDDLE if is_back else before
