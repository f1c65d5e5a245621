"""Which moving average a ``MovingAverageType`` names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from tradinglab.algorithm.indicators.registry import indicator_type
from tradinglab.core.dual import Dual, DualType
from tradinglab.core.enums import MovingAverageType

if TYPE_CHECKING:
    from collections.abc import Callable

    from tradinglab.algorithm.indicators.base import WarmingIndicator

_CLASSES = {
    MovingAverageType.SIMPLE: "SimpleMovingAverage",
    MovingAverageType.EXPONENTIAL: "ExponentialMovingAverage",
    MovingAverageType.WILDERS: "WilderMovingAverage",
    MovingAverageType.LINEAR_WEIGHTED_MOVING_AVERAGE: "LinearWeightedMovingAverage",
    MovingAverageType.DOUBLE_EXPONENTIAL: "DoubleExponentialMovingAverage",
    MovingAverageType.TRIPLE_EXPONENTIAL: "TripleExponentialMovingAverage",
    MovingAverageType.TRIANGULAR: "TriangularMovingAverage",
    MovingAverageType.T3: "T3MovingAverage",
    MovingAverageType.KAMA: "KaufmanAdaptiveMovingAverage",
    MovingAverageType.HULL: "HullMovingAverage",
    MovingAverageType.ALMA: "ArnaudLegouxMovingAverage",
    MovingAverageType.ZLEMA: "ZeroLagExponentialMovingAverage",
    MovingAverageType.MGD: "McGinleyDynamic",
}


def _class(kind: MovingAverageType) -> Callable[..., WarmingIndicator]:
    found: Any = indicator_type(_CLASSES[MovingAverageType(kind)])
    return cast("Callable[..., WarmingIndicator]", found)


def moving_average(kind: MovingAverageType, name: str, period: int) -> WarmingIndicator:
    """Return a moving average of a kind."""
    return _class(kind)(name, period)


class MovingAverageTypeExtensions(Dual, metaclass=DualType):
    """``MovingAverageTypeExtensions.as_indicator(MovingAverageType.SIMPLE, 14)``."""

    @staticmethod
    def as_indicator(moving_average_type: MovingAverageType, *args: Any) -> WarmingIndicator:
        """Return a moving average of a kind: ``(kind, [name,] period)``."""
        return _class(moving_average_type)(*args)
