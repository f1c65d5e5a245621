"""Indicators of indicators: ``IndicatorExtensions.of(rsi, sma)``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tradinglab.algorithm.indicators.base import IndicatorBase, IndicatorResult
from tradinglab.algorithm.indicators.composites import (
    CompositeIndicator,
    ResetCompositeIndicator,
    WindowIdentity,
    as_indicator,
)
from tradinglab.algorithm.indicators.extremes import Maximum, Minimum
from tradinglab.algorithm.indicators.moving_averages import ExponentialMovingAverage, SimpleMovingAverage, Sum
from tradinglab.core.dual import Dual, DualType
from tradinglab.core.enums import IndicatorStatus

if TYPE_CHECKING:
    from tradinglab.algorithm.base_data import IndicatorDataPoint


def over(left: IndicatorBase, right: IndicatorBase) -> IndicatorResult:
    """Return the quotient of two indicators; a division by zero gives no value."""
    if right._value() == 0:
        return IndicatorResult(0.0, IndicatorStatus.MATH_ERROR)
    return IndicatorResult(left._value() / right._value())


def times(left: IndicatorBase, right: IndicatorBase) -> float:
    """Return the product of two indicators."""
    return left._value() * right._value()


def plus(left: IndicatorBase, right: IndicatorBase) -> float:
    """Return the sum of two indicators."""
    return left._value() + right._value()


def minus(left: IndicatorBase, right: IndicatorBase) -> float:
    """Return the difference of two indicators."""
    return left._value() - right._value()


class IndicatorExtensions(Dual, metaclass=DualType):
    """Ways to build an indicator on others."""

    @staticmethod
    def of(second: Any, first: Any, wait_for_first_to_ready: bool = True) -> Any:
        """Feed *second* with the values of *first*, by default once that is ready; return *second*."""
        source, target = as_indicator(first), as_indicator(second)

        def feed(_: IndicatorBase, point: IndicatorDataPoint) -> None:
            if not wait_for_first_to_ready or source.is_ready:
                target.consume(point)

        source.updated += feed
        return second

    @staticmethod
    def weighted_by(value: Any, weight: Any, period: int) -> CompositeIndicator:
        """Return the average of *value* over *period*, weighted by another indicator."""
        value, weight = as_indicator(value), as_indicator(weight)
        x, y = WindowIdentity(period), WindowIdentity(period)
        numerator, denominator = Sum("Sum_xy", period), Sum("Sum_y", period)

        def on_value(_: IndicatorBase, point: IndicatorDataPoint) -> None:
            x.consume(point)
            if x.samples == y.samples:
                numerator.update(point.time, point.value * y._value())

        def on_weight(_: IndicatorBase, point: IndicatorDataPoint) -> None:
            y.consume(point)
            if x.samples == y.samples:
                numerator.update(point.time, point.value * x._value())
            denominator.consume(point)

        def reset() -> None:
            x.reset()
            y.reset()

        value.updated += on_value
        weight.updated += on_weight
        return ResetCompositeIndicator(numerator, denominator, over, reset)

    @staticmethod
    def plus(left: Any, right: Any, name: str | None = None) -> CompositeIndicator:
        """Return the sum of an indicator and another, or a constant."""
        return CompositeIndicator(name, as_indicator(left), as_indicator(right), plus)

    @staticmethod
    def minus(left: Any, right: Any, name: str | None = None) -> CompositeIndicator:
        """Return an indicator less another, or less a constant."""
        return CompositeIndicator(name, as_indicator(left), as_indicator(right), minus)

    @staticmethod
    def times(left: Any, right: Any, name: str | None = None) -> CompositeIndicator:
        """Return the product of an indicator and another, or a constant."""
        return CompositeIndicator(name, as_indicator(left), as_indicator(right), times)

    @staticmethod
    def over(left: Any, right: Any, name: str | None = None) -> CompositeIndicator:
        """Return an indicator by another, or by a constant; it has no new value where that is zero."""
        return CompositeIndicator(name, as_indicator(left), as_indicator(right), over)

    @staticmethod
    def sma(left: Any, period: int, wait_for_first_to_ready: bool = True) -> SimpleMovingAverage:
        """Return the simple average of an indicator."""
        left = as_indicator(left)
        average = SimpleMovingAverage(f"SMA{period}_Of_{left.name}", period)
        return IndicatorExtensions.of(average, left, wait_for_first_to_ready)  # type: ignore[no-any-return]

    @staticmethod
    def ema(
        left: Any, period: int, smoothing_factor: float | None = None, wait_for_first_to_ready: bool = True
    ) -> ExponentialMovingAverage:
        """Return the exponential average of an indicator."""
        left = as_indicator(left)
        average = ExponentialMovingAverage(f"EMA{period}_Of_{left.name}", period, smoothing_factor)
        return IndicatorExtensions.of(average, left, wait_for_first_to_ready)  # type: ignore[no-any-return]

    @staticmethod
    def max(left: Any, period: int, wait_for_first_to_ready: bool = True) -> Maximum:
        """Return the largest of an indicator's last values."""
        left = as_indicator(left)
        extreme = Maximum(f"MAX{period}_Of_{left.name}", period)
        return IndicatorExtensions.of(extreme, left, wait_for_first_to_ready)  # type: ignore[no-any-return]

    @staticmethod
    def min(left: Any, period: int, wait_for_first_to_ready: bool = True) -> Minimum:
        """Return the smallest of an indicator's last values."""
        left = as_indicator(left)
        extreme = Minimum(f"MIN{period}_Of_{left.name}", period)
        return IndicatorExtensions.of(extreme, left, wait_for_first_to_ready)  # type: ignore[no-any-return]
