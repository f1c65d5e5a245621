"""Statistics of the last values: deviations, regressions, risk."""

from __future__ import annotations

from collections import deque
from math import fsum, log, sqrt
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import numpy as np

from tradinglab.algorithm.indicators import kernels
from tradinglab.algorithm.indicators.base import Indicator, IndicatorBase, WindowIndicator
from tradinglab.algorithm.indicators.composites import CompositeIndicator, Identity
from tradinglab.algorithm.indicators.extensions import IndicatorExtensions, minus, over, plus
from tradinglab.algorithm.indicators.momentum import RateOfChange
from tradinglab.algorithm.indicators.moving_averages import SimpleMovingAverage
from tradinglab.algorithm.indicators.naming import named
from tradinglab.algorithm.indicators.tracks import Link, Series, since
from tradinglab.algorithm.indicators.volatility import StandardDeviation

if TYPE_CHECKING:
    from tradinglab.algorithm.base_data import IndicatorDataPoint
    from tradinglab.data.columns import Floats


class MeanAbsoluteDeviation(WindowIndicator):
    """The mean distance of the last ``period`` values from their mean."""

    @named("MAD({period})")
    def __init__(self, name: str, period: int) -> None:
        super().__init__(name, period)
        self._mean = SimpleMovingAverage(f"{name}_Mean", period)
        self._parts = (self._mean,)

    @property
    def mean(self) -> IndicatorBase:
        """The mean."""
        return self._mean

    def _next(self, data: IndicatorDataPoint) -> float:
        self._inputs.append(data.value)
        self._mean.consume(data)
        mean, total = self._mean._value(), 0.0
        for value in self._inputs:
            total += abs(value - mean)
        return total / len(self._inputs)

    def _vectorize(self, link: Link, source: Series) -> Series:
        self._mean._follow(link, source)
        return since(source.first, source, lambda values: kernels.window_deviations(values, self._period))

    def _clear(self) -> None:
        super()._clear()
        self._mean.reset()


class LeastSquaresMovingAverage(WindowIndicator):
    """The end of the straight line that fits the last ``period`` values best; the value itself until then.

    The line is ``intercept + slope * i`` with i from 1 to ``period``.
    """

    @named("LSMA({period})")
    def __init__(self, name: str, period: int) -> None:
        super().__init__(name, period)
        self._intercept, self._slope = Identity(name + "_Intercept"), Identity(name + "_Slope")
        self._parts = (self._intercept, self._slope)
        self._centre = (period + 1) / 2
        self._spread = fsum((i - self._centre) ** 2 for i in range(1, period + 1))

    @property
    def intercept(self) -> IndicatorBase:
        """The line's value one place before the window."""
        return self._intercept

    @property
    def slope(self) -> IndicatorBase:
        """The line's rise per input."""
        return self._slope

    def _next(self, data: IndicatorDataPoint) -> float:
        self._inputs.append(data.value)
        if self._samples < self._period:
            return data.value
        mean = fsum(self._inputs) / self._period
        products = fsum((i - self._centre) * (value - mean) for i, value in enumerate(self._inputs, 1))
        slope = products / self._spread if self._spread else 0.0
        intercept = mean - slope * self._centre
        self._intercept.update(data.end_time, intercept)
        self._slope.update(data.end_time, slope)
        return intercept + slope * self._period

    def _clear(self) -> None:
        super()._clear()
        self._intercept.reset()
        self._slope.reset()


class RegressionChannel(Indicator):
    """The end of a regression line, and channels ``k`` standard deviations around it."""

    @named("RC({period},{k})")
    def __init__(self, name: str, period: int, k: float) -> None:
        super().__init__(name)
        self._warm_up_period = period
        self._deviation = StandardDeviation(period)
        self._line = LeastSquaresMovingAverage(name + "_LinearRegression", period)
        below, above = (IndicatorExtensions.times(self._deviation, float(k)) for _ in range(2))
        self._lower = CompositeIndicator(name + "_LowerChannel", self._line, below, minus)
        self._upper = CompositeIndicator(name + "_UpperChannel", self._line, above, plus)
        self._parts = (self._deviation, self._line, self._lower, self._upper)

    @property
    def linear_regression(self) -> LeastSquaresMovingAverage:
        """The regression."""
        return self._line

    @property
    def upper_channel(self) -> IndicatorBase:
        """The line plus ``k`` standard deviations."""
        return self._upper

    @property
    def lower_channel(self) -> IndicatorBase:
        """The line less ``k`` standard deviations."""
        return self._lower

    @property
    def intercept(self) -> IndicatorBase:
        """The line's value one place before the window."""
        return self._line.intercept

    @property
    def slope(self) -> IndicatorBase:
        """The line's rise per input."""
        return self._line.slope

    def _next(self, data: IndicatorDataPoint) -> float:
        self._deviation.consume(data)
        self._line.consume(data)
        return self._line._value()


class TimeSeriesForecast(WindowIndicator):
    """The regression line of the last ``period`` values, one place beyond its end."""

    @named("TSF({period})")
    def __init__(self, name: str, period: int) -> None:
        if period < 2:
            raise ValueError(f"A time series forecast needs a period of 2 or more; it was {period}.")
        super().__init__(name, period)
        self._centre = (period + 1) / 2
        self._spread = fsum((i - self._centre) ** 2 for i in range(1, period + 1))

    def _next(self, data: IndicatorDataPoint) -> float:
        self._inputs.append(data.value)
        if self._samples < self._period:
            return 0.0
        mean = fsum(self._inputs) / self._period
        products = fsum((i - self._centre) * (value - mean) for i, value in enumerate(self._inputs, 1))
        return mean + products / self._spread * (self._period + 1 - self._centre)


class AugenPriceSpike(Indicator):
    """The last change, in standard deviations of the ``period`` log returns before it times the price before."""

    @named("APS({period})")
    def __init__(self, name: str, period: int = 3) -> None:
        if period < 3:
            raise ValueError(f"Augen's price spike needs a period of 3 or more; it was {period}.")
        super().__init__(name)
        self._warm_up_period = period + 2
        self._deviation = StandardDeviation(period)
        self._parts = (self._deviation,)
        self._prices: deque[float] = deque(maxlen=3)

    @property
    def is_ready(self) -> bool:
        """Whether there are enough returns."""
        return self.samples >= 3 and self._deviation.is_ready

    def _next(self, data: IndicatorDataPoint) -> float:
        prices = self._prices
        prices.append(data.value)
        if len(prices) < 3:
            return 0.0
        earlier, before, price = prices
        self._deviation.update(data.end_time, log(before / earlier) if before and earlier else 0.0)
        unit = self._deviation._value() * before
        return (price - before) / unit if self._deviation.is_ready and unit else 0.0

    def _clear(self) -> None:
        super()._clear()
        self._prices.clear()


class HurstExponent(Indicator):
    """The slope of the log deviation of differences against the log of their lag, 2 to ``max_lag``."""

    @named("HE({period},{max_lag})")
    def __init__(self, name: str, period: int, max_lag: int = 20) -> None:
        if max_lag < 3:
            raise ValueError(f"The largest lag of a Hurst exponent is 3 or more; it was {max_lag}.")
        super().__init__(name)
        self._warm_up_period = period
        self._prices: deque[float] = deque(maxlen=period)
        self._log_lags = [log(lag) for lag in range(2, max_lag + 1)]

    def _next(self, data: IndicatorDataPoint) -> float:
        self._prices.append(data.value)
        if self._samples < self._warm_up_period:
            return 0.0
        prices = np.array(self._prices)
        noise = 1e-12 * float(np.abs(prices).max())
        logs = [_log_deviation(prices[:-lag] - prices[lag:], noise) for lag in range(2, len(self._log_lags) + 2)]
        x, count = self._log_lags, len(logs)
        sum_x, sum_y = fsum(x), fsum(logs)
        products, squares = fsum(a * b for a, b in zip(x, logs, strict=True)), fsum(a * a for a in x)
        return (count * products - sum_x * sum_y) / (count * squares - sum_x * sum_x)

    def _clear(self) -> None:
        self._prices.clear()


def _log_deviation(differences: Floats, noise: float) -> float:
    deviation = float(np.std(differences)) if len(differences) else 0.0
    return log(deviation) if deviation > noise else 0.0


class ValueAtRisk(WindowIndicator):
    """The return that is fallen short of with probability 1 - ``confidence_level``, if returns are normal."""

    @named("VaR({period}, {confidence_level})")
    def __init__(self, name: str, period: int, confidence_level: float) -> None:
        if period < 3:
            raise ValueError(f"Value at risk needs a period of 3 or more; it was {period}.")
        super().__init__(name, period)
        self._quantile = NormalDist().inv_cdf(1 - confidence_level)
        self._change = RateOfChange(1)
        self._parts = (self._change,)

    def _next(self, data: IndicatorDataPoint) -> float:
        self._change.consume(data)
        returns = self._inputs
        returns.append(self._change._value())
        count = len(returns)
        if count < 2:
            return 0.0
        mean = fsum(returns) / count
        deviation = sqrt(fsum((value - mean) ** 2 for value in returns) / (count - 1))
        return mean + deviation * self._quantile

    def _clear(self) -> None:
        super()._clear()
        self._change.reset()


class TargetDownsideDeviation(Indicator):
    """The root mean square of what the last ``period`` returns fell short of the least acceptable one."""

    @named("TDD({period},{minimum_acceptable_return})")
    def __init__(self, name: str, period: int, minimum_acceptable_return: float = 0.0) -> None:
        super().__init__(name)
        self._warm_up_period = period + 1
        self._least = minimum_acceptable_return
        self._change = RateOfChange(1)
        self._parts = (self._change,)
        self._returns: deque[float] = deque([0.0], maxlen=period)

    def _next(self, data: IndicatorDataPoint) -> float:
        self._change.consume(data)
        self._returns.append(self._change._value())
        shortfalls = [min(0.0, value - self._least) for value in self._returns]
        return sqrt(fsum(value * value for value in shortfalls) / len(shortfalls))

    def _clear(self) -> None:
        super()._clear()
        self._returns.clear()
        self._returns.append(0.0)


class SharpeRatio(Indicator):
    """The mean of the last ``period`` returns less the risk-free rate, by their standard deviation.

    ``risk_free_rate`` is a number, or a model with ``get_interest_rate(time)``.
    """

    @named("SR({period},{risk_free_rate})", risk_free_rate_model="risk_free_rate")
    def __init__(self, name: str, period: int, risk_free_rate: Any = 0.0) -> None:
        super().__init__(name)
        self._period, self._warm_up_period = period, period + 2
        self._rate = risk_free_rate if hasattr(risk_free_rate, "get_interest_rate") else float(risk_free_rate)
        self._change = RateOfChange(1)
        self._risk_free = Identity(name + "_RiskFreeRate")
        mean = SimpleMovingAverage(f"SMA{period}_Of_{self._change.name}", period)._fed_by(self._change)
        self._excess = CompositeIndicator(mean, self._risk_free, minus)
        self._ratio = CompositeIndicator(self._excess, self._make_deviation(period), over)
        self._parts = (self._ratio, self._change)

    def _make_deviation(self, period: int) -> IndicatorBase:
        return StandardDeviation(period)._fed_by(self._change)

    @property
    def is_ready(self) -> bool:
        """Whether the ratio was computed more often than there are returns."""
        return self._ratio.samples > self._period

    def _next(self, data: IndicatorDataPoint) -> float:
        rate = self._rate if isinstance(self._rate, float) else float(self._rate.get_interest_rate(data.end_time))
        self._risk_free.update(data.end_time, rate)
        self._change.consume(data)
        return self._ratio._value()


class SortinoRatio(SharpeRatio):
    """The mean of the last ``period`` returns less the least acceptable one, by the downside deviation."""

    @named("SORTINO({period},{minimum_acceptable_return})")
    def __init__(self, name: str, period: int, minimum_acceptable_return: float = 0.0) -> None:
        self._downside = TargetDownsideDeviation(period, minimum_acceptable_return)
        super().__init__(name, period, minimum_acceptable_return)
        self._parts = (self._downside, *self._parts)

    def _make_deviation(self, period: int) -> IndicatorBase:
        return self._downside

    def _next(self, data: IndicatorDataPoint) -> float:
        self._downside.consume(data)
        return super()._next(data)
