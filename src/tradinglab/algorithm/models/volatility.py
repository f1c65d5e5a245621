"""How the volatility of a security is measured."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from math import sqrt
from typing import TYPE_CHECKING, ClassVar

from tradinglab.algorithm.models.volatility_warm_up import warm_up_volatility
from tradinglab.algorithm.rolling_window import RollingWindow
from tradinglab.core.clock import DAY_NS, HOUR_NS, MINUTE_NS, SECOND_NS
from tradinglab.core.decimals import ZERO, to_decimal
from tradinglab.core.dual import Dual
from tradinglab.core.enums import Resolution

if TYPE_CHECKING:
    from tradinglab.algorithm.base_data import BaseData
    from tradinglab.algorithm.indicators.base import IndicatorBase
    from tradinglab.algorithm.qc_algorithm import QCAlgorithm
    from tradinglab.algorithm.securities.security import Security
    from tradinglab.core.enums import DataNormalizationMode

_TRADING_DAYS = 252
_SPAN_NS = {
    Resolution.TICK: 0, Resolution.SECOND: SECOND_NS, Resolution.MINUTE: MINUTE_NS, Resolution.HOUR: HOUR_NS,
    Resolution.DAILY: DAY_NS,
}  # fmt: skip
_PERIODS = {Resolution.TICK: 600, Resolution.SECOND: 600, Resolution.MINUTE: 1440, Resolution.HOUR: 720}


class BaseVolatilityModel(Dual):
    """Base of the models; itself it measures nothing."""

    @property
    def exact_volatility(self) -> Decimal:
        """``volatility`` as a decimal."""
        return to_decimal(self.volatility)

    @property
    def volatility(self) -> float:
        """The present volatility; 0 if it is not known."""
        return 0.0

    def update(self, security: Security, data: BaseData) -> None:
        """Take in a data point."""

    def get_history_requirements(self, security: Security, utc_time: datetime) -> list[object]:
        """Return the history that the model wants before it starts: none, or requests for bars."""
        return []

    @property
    def warm_up_bars(self) -> tuple[int, Resolution | None]:
        """How many bars the model wants before it starts, and of which resolution (``None``: the security's)."""
        return 0, None

    def reset_for_price_jump(self, algorithm: QCAlgorithm, security: Security) -> None:
        """Start over from history after a split or dividend of raw prices; nothing if the model wants no history."""
        count, resolution = self.warm_up_bars
        if count:
            self.reset()
            warm_up_volatility(self, algorithm, security, resolution, count, security.data_normalization_mode)

    def reset(self) -> None:
        """Forget all values."""

    def set_subscription_data_config_provider(self, subscription_data_config_provider: object) -> None:
        """Say where subscriptions are looked up."""


class VolatilityModel(BaseVolatilityModel):
    """The model of securities without one; ``VolatilityModel.NULL`` is it."""

    NULL: ClassVar[VolatilityModel]
    Null: ClassVar[VolatilityModel]


VolatilityModel.NULL = VolatilityModel.Null = VolatilityModel()


class VolatilityModelExtensions(Dual):
    """Feeding a volatility model with history."""

    @staticmethod
    def warm_up(
        volatility_model: BaseVolatilityModel,
        algorithm: QCAlgorithm,
        security: Security,
        resolution: Resolution | None,
        bar_count: int,
        data_normalization_mode: DataNormalizationMode | None = None,
    ) -> None:
        """Feed a model the last bars of a security; raw prices are scaled, so that splits make no jumps."""
        warm_up_volatility(volatility_model, algorithm, security, resolution, bar_count, data_normalization_mode)


class IndicatorVolatilityModel(BaseVolatilityModel):
    """The value of an indicator.

    Parameters
    ----------
    indicator
        The indicator.
    indicator_update
        Called with security, data point and indicator to update it; without it the indicator is
        updated elsewhere.
    """

    def __init__(
        self,
        indicator: IndicatorBase,
        indicator_update: Callable[[Security, BaseData, IndicatorBase], object] | None = None,
    ) -> None:
        self._indicator = indicator
        self._update = indicator_update

    @property
    def volatility(self) -> float:
        """The indicator's present value."""
        return float(self._indicator.current.value)

    def update(self, security: Security, data: BaseData) -> None:
        """Update the indicator, if a function to do so was given."""
        if self._update is not None:
            self._update(security, data, self._indicator)


class _WindowedModel(BaseVolatilityModel):
    """A figure over the last values of a window that takes one value in each period."""

    def __init__(self, periods: int, span: timedelta, first_after: datetime = datetime.min) -> None:
        if periods < 2:
            raise ValueError(f"'periods' must be at least 2; it was {periods}.")
        self._window: RollingWindow[float] = RollingWindow(periods)
        self._span = span
        self._first_after = first_after
        self._clear()

    def _clear(self) -> None:
        self._last_update = self._first_after
        self._volatility = ZERO
        self._outdated = False

    def reset(self) -> None:
        """Forget all values."""
        self._window.reset()
        self._clear()

    @property
    def volatility(self) -> float:
        """The present volatility; 0 if there are fewer than two values."""
        return float(self.exact_volatility)

    @property
    def exact_volatility(self) -> Decimal:
        """``volatility`` as a decimal."""
        if self._window.count < 2:
            return ZERO
        if self._outdated:
            self._outdated = False
            self._volatility = self._measure([float(value) for value in self._window])
        return self._volatility

    def _measure(self, values: list[float]) -> Decimal:
        raise NotImplementedError

    def _is_due(self, data: BaseData) -> bool:
        return data.end_time - self._last_update >= self._span and data.exact_price > 0

    def _add(self, value: float) -> None:
        self._outdated = True
        self._window.add(value)


class RelativeStandardDeviationVolatilityModel(_WindowedModel):
    """Standard deviation over mean of prices, one in each period.

    Parameters
    ----------
    period_span
        The least time between two prices.
    periods
        How many prices.
    """

    def __init__(self, period_span: timedelta, periods: int) -> None:
        super().__init__(periods, period_span, datetime.min + period_span * periods)

    def _measure(self, values: list[float]) -> Decimal:
        mean = abs(to_decimal(_mean(values)))
        return to_decimal(_deviation(values)) / mean if mean else self._volatility

    def update(self, security: Security, data: BaseData) -> None:
        """Take in a data point."""
        if self._is_due(data):
            self._add(float(data.price))
            self._last_update = data.end_time

    @property
    def warm_up_bars(self) -> tuple[int, Resolution | None]:
        """One bar more than prices, of the security's resolution."""
        return self._window.size + 1, None


class StandardDeviationOfReturnsVolatilityModel(_WindowedModel):
    """Yearly standard deviation of returns: that of the period times the root of 252.

    Parameters
    ----------
    periods
        How many returns, or a resolution from which that follows (30 days, 720 hours, 1440 minutes, 600 seconds).
    resolution
        Resolution of the bars that are taken in when warming up.
    update_frequency
        The least time between two prices; by default the resolution's span, or a day.
    """

    def __init__(
        self,
        periods: int | Resolution,
        resolution: Resolution | timedelta | None = None,
        update_frequency: timedelta | None = None,
    ) -> None:
        if isinstance(resolution, timedelta):
            resolution, update_frequency = None, resolution
        if isinstance(periods, Resolution):
            resolution, periods = periods, _PERIODS.get(periods, 30)
        self._resolution = resolution
        span_ns = DAY_NS if resolution is None else _SPAN_NS[resolution]
        super().__init__(int(periods), update_frequency or timedelta(microseconds=span_ns // 1000))

    def _clear(self) -> None:
        super()._clear()
        self._last_price = ZERO

    def _measure(self, values: list[float]) -> Decimal:
        return to_decimal(_deviation(values)) * to_decimal(sqrt(_TRADING_DAYS))

    def update(self, security: Security, data: BaseData) -> None:
        """Take in a data point."""
        if not self._is_due(data):
            return
        price = data.exact_price
        if self._last_price > 0:
            self._add(float(price / self._last_price) - 1.0)
        self._last_update = data.end_time
        self._last_price = price

    @property
    def warm_up_bars(self) -> tuple[int, Resolution | None]:
        """One bar more than returns."""
        return self._window.size + 1, self._resolution


def _mean(values: list[float]) -> float:
    """Return the mean, computed as MathNet does."""
    mean = 0.0
    for count, value in enumerate(values, start=1):
        mean += (value - mean) / count
    return mean


def _deviation(values: list[float]) -> float:
    """Return the standard deviation of a sample, computed as MathNet does."""
    mean_of_squares = 0.0
    total = values[0]
    for count, value in enumerate(values[1:], start=2):
        total += value
        difference = count * value - total
        mean_of_squares += difference * difference / (count * (count - 1))
    return sqrt(mean_of_squares / (len(values) - 1))
