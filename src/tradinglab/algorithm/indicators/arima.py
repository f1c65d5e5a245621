"""ARIMA, fitted anew at each input."""

from __future__ import annotations

import logging
from collections import deque
from typing import TYPE_CHECKING

import numpy as np

from tradinglab.algorithm.indicators.base import Indicator
from tradinglab.algorithm.indicators.naming import named
from tradinglab.core.dual import second_spelling

if TYPE_CHECKING:
    from tradinglab.algorithm.base_data import IndicatorDataPoint
    from tradinglab.data.columns import Floats

log = logging.getLogger(__name__)


class AutoRegressiveIntegratedMovingAverage(Indicator):
    """The next value by an ARIMA(p, d, q) model of the last ``period`` values.

    As LEAN does, the model is fitted in two steps by least squares, on the values from the newest to
    the oldest: first an autoregression of order p, then a regression on the lagged values and on the
    lagged errors of the first. ``handle_exceptions``: where the normal equations cannot be solved
    the parameters are zero, instead of an error.
    """

    @named("ARIMA(({ar_order}, {diff_order}, {ma_order}), {period}, {intercept})")
    def __init__(
        self, name: str, ar_order: int, diff_order: int, ma_order: int, period: int, intercept: bool = True
    ) -> None:
        if ar_order < 0 or ma_order < 0:
            raise ValueError(f"AR/MA orders cannot be negative; they were {ar_order} and {ma_order}.")
        if ar_order == 0:
            raise ValueError("The AR order must be greater than zero for all currently available fitting methods.")
        if period < max(ar_order, ma_order):
            raise ValueError(f"The period must exceed both orders; it was {period}.")
        super().__init__(name)
        self._warm_up_period = period
        self._orders = (ar_order, diff_order, ma_order)
        self._has_intercept = intercept
        self._values: deque[float] = deque(maxlen=period)
        self._ar: Floats = np.zeros(0)
        self._ma: Floats = np.zeros(0)
        self._constant = self._ar_error = self._ma_error = 0.0
        self._has_failed = False
        self.handle_exceptions = True

    HandleExceptions = second_spelling("handle_exceptions")

    @property
    def ar_parameters(self) -> list[float]:
        """The weights of the last values."""
        return [float(weight) for weight in self._ar]

    @property
    def ma_parameters(self) -> list[float]:
        """The weights of the last errors."""
        return [float(weight) for weight in self._ma]

    @property
    def intercept(self) -> float:
        """The constant."""
        return self._constant

    @property
    def ar_residual_error(self) -> float:
        """The mean square of the errors of the first step."""
        return self._ar_error

    @property
    def ma_residual_error(self) -> float:
        """The mean square of the errors of the second step."""
        return self._ma_error

    def _next(self, data: IndicatorDataPoint) -> float:
        self._values.appendleft(data.value)
        if len(self._values) < self._warm_up_period:
            return 0.0
        ar_order, diff_order, ma_order = self._orders
        series, heads = difference_series(diff_order, np.array(self._values))
        residuals = self._fit(series)
        total = 0.0
        for i in range(ar_order):
            total += self._ar[i] * series[i]
        for i in range(ma_order):
            total += self._ma[i] * residuals[ma_order + i + 1]
        total += self._constant
        if diff_order > 0:
            total = inverse_differenced_series(np.concatenate([[total], series]), heads)[0]
        return float(total)

    def _fit(self, series: Floats) -> Floats:
        """Fit the parameters, and return the errors of the first step."""
        ar_order, _, ma_order = self._orders
        lags = lagged_series(ar_order, series)
        weights = self._solve(lags, series[ar_order:], intercept=False)
        errors = np.zeros(len(series))
        errors[ar_order:] = series[ar_order:] - lags @ weights
        self._ar_error = float(errors @ errors) / (len(series) - ar_order - 1)
        if ma_order == 0:
            self._ar = weights
            return errors
        lagged_errors = lagged_series(ma_order, errors)
        if len(lagged_errors) > len(lags):
            raise IndexError(f"{self.name}: the AR order must not exceed the MA order when both are used.")
        both = np.hstack([lags[: len(lagged_errors)], lagged_errors])
        fits = self._solve(both, series[ma_order:], intercept=self._has_intercept)
        slopes = fits[1:] if self._has_intercept else fits
        rest = series[ma_order:] - both @ slopes
        self._ma_error = float(rest @ rest) / (len(series) - max(ar_order, ma_order) - 1)
        self._ar, self._ma = slopes[:ar_order], slopes[ar_order:]
        if self._has_intercept:
            self._constant = float(fits[0])
        return errors

    def _solve(self, inputs: Floats, outputs: Floats, *, intercept: bool) -> Floats:
        """Return the least-squares weights, by Cholesky's method on the normal equations; the constant is first."""
        if intercept:
            inputs = np.hstack([np.ones((len(inputs), 1)), inputs])
        try:
            if len(inputs) != len(outputs):
                raise ValueError(f"{len(inputs)} rows of inputs and {len(outputs)} outputs")
            lower = np.linalg.cholesky(inputs.T @ inputs)
            halfway = np.linalg.solve(lower, inputs.T @ outputs)
            weights: Floats = np.linalg.solve(lower.T, halfway)
        except (np.linalg.LinAlgError, ValueError) as error:
            if not self.handle_exceptions:
                raise
            if not self._has_failed:
                self._has_failed = True
                log.warning("%s could not be fitted: %s. Its parameters are zero there.", self.name, error)
            return np.zeros(inputs.shape[1])
        return weights

    def _clear(self) -> None:
        self._values.clear()


def difference_series(order: int, series: Floats) -> tuple[Floats, list[float]]:
    """Return differences of a series that runs from the newest to the oldest, and the oldest value of each stage."""
    heads = []
    for _ in range(order):
        heads.append(float(series[-1]))
        series = series[:-1] - series[1:]
    return series, heads


def inverse_differenced_series(series: Floats, heads: list[float]) -> Floats:
    """Undo ``difference_series``: add up from the oldest, beginning with the heads."""
    for head in heads:
        series = np.cumsum(np.append(series, head)[::-1])[::-1]
    return series


def lagged_series(order: int, series: Floats) -> Floats:
    """Return, for each value that has *order* values before it in the series, those, nearest first."""
    return np.column_stack([series[order - lag : len(series) - lag] for lag in range(1, order + 1)])
