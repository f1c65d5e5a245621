"""Which moving average a ``MovingAverageType`` names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tradinglab.algorithm.indicators.adaptive_averages import (
    ArnaudLegouxMovingAverage,
    KaufmanAdaptiveMovingAverage,
    McGinleyDynamic,
    ZeroLagExponentialMovingAverage,
)
from tradinglab.algorithm.indicators.base import WarmingIndicator
from tradinglab.algorithm.indicators.moving_averages import (
    DoubleExponentialMovingAverage,
    ExponentialMovingAverage,
    HullMovingAverage,
    LinearWeightedMovingAverage,
    SimpleMovingAverage,
    T3MovingAverage,
    TriangularMovingAverage,
    TripleExponentialMovingAverage,
    WilderMovingAverage,
)
from tradinglab.core.dual import Dual, DualType
from tradinglab.core.enums import MovingAverageType

_CLASSES: dict[MovingAverageType, Callable[..., WarmingIndicator]] = {
    MovingAverageType.SIMPLE: SimpleMovingAverage,
    MovingAverageType.EXPONENTIAL: ExponentialMovingAverage,
    MovingAverageType.WILDERS: WilderMovingAverage,
    MovingAverageType.LINEAR_WEIGHTED_MOVING_AVERAGE: LinearWeightedMovingAverage,
    MovingAverageType.DOUBLE_EXPONENTIAL: DoubleExponentialMovingAverage,
    MovingAverageType.TRIPLE_EXPONENTIAL: TripleExponentialMovingAverage,
    MovingAverageType.TRIANGULAR: TriangularMovingAverage,
    MovingAverageType.T3: T3MovingAverage,
    MovingAverageType.KAMA: KaufmanAdaptiveMovingAverage,
    MovingAverageType.HULL: HullMovingAverage,
    MovingAverageType.ALMA: ArnaudLegouxMovingAverage,
    MovingAverageType.ZLEMA: ZeroLagExponentialMovingAverage,
    MovingAverageType.MGD: McGinleyDynamic,
}


def moving_average(kind: MovingAverageType, name: str, period: int) -> WarmingIndicator:
    """Return a moving average of a kind."""
    return _CLASSES[MovingAverageType(kind)](name, period)


class MovingAverageTypeExtensions(Dual, metaclass=DualType):
    """``MovingAverageTypeExtensions.as_indicator(MovingAverageType.SIMPLE, 14)``."""

    @staticmethod
    def as_indicator(moving_average_type: MovingAverageType, *args: Any) -> WarmingIndicator:
        """Return a moving average of a kind: ``(kind, [name,] period)``."""
        return _CLASSES[MovingAverageType(moving_average_type)](*args)
