"""Losses to expect, and what a return owes to its benchmark. Conventions as in :mod:`.performance`."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tradinglab.analytics.arrays import TRADING_DAYS, as_floats, as_pair, ratio
from tradinglab.analytics.performance import annual_return

_NAN = float("nan")


def value_at_risk(returns: npt.ArrayLike, tail: float = 0.05) -> float:
    """Return the *tail* quantile of the returns: the loss that the worst of them exceed."""
    sample = as_floats(returns)
    return float(np.quantile(sample, _fraction(tail))) if len(sample) else _NAN


def parametric_value_at_risk(returns: npt.ArrayLike, tail: float = 0.05) -> float:
    """Return that quantile of the normal distribution with the sample's mean and standard deviation."""
    from statistics import NormalDist  # slow to import

    sample = as_floats(returns)
    if len(sample) < 2:
        return _NAN
    return float(sample.mean() + sample.std(ddof=1) * NormalDist().inv_cdf(_fraction(tail)))


def conditional_value_at_risk(returns: npt.ArrayLike, tail: float = 0.05) -> float:
    """Return the mean of the worst returns: those up to position ``int((n - 1) * tail)`` of the sorted sample."""
    sample = np.sort(as_floats(returns))
    return float(sample[: int((len(sample) - 1) * _fraction(tail)) + 1].mean()) if len(sample) else _NAN


def skewness(returns: npt.ArrayLike) -> float:
    """Return the bias-corrected sample skewness."""
    sample = as_floats(returns)
    n = len(sample)
    if n < 3 or not np.ptp(sample):
        return _NAN
    centred = sample - sample.mean()
    biased = (centred**3).mean() / (centred**2).mean() ** 1.5
    return float(biased * np.sqrt(n * (n - 1)) / (n - 2))


def excess_kurtosis(returns: npt.ArrayLike) -> float:
    """Return the bias-corrected sample kurtosis less that of the normal distribution."""
    sample = as_floats(returns)
    n = len(sample)
    if n < 4 or not np.ptp(sample):
        return _NAN
    centred = sample - sample.mean()
    biased = (centred**4).mean() / (centred**2).mean() ** 2 - 3
    return float((n - 1) / ((n - 2) * (n - 3)) * ((n + 1) * biased + 6))


def beta(returns: npt.ArrayLike, benchmark: npt.ArrayLike) -> float:
    """Return the covariance with the benchmark over the benchmark's variance."""
    left, right = as_pair(returns, benchmark)
    if len(left) < 2 or not np.ptp(right):
        return _NAN
    return ratio(float(np.cov(left, right)[0, 1]), float(right.var(ddof=1)))


def alpha(
    returns: npt.ArrayLike, benchmark: npt.ArrayLike, risk_free: float = 0.0, periods_per_year: float = TRADING_DAYS
) -> float:
    """Return the annualised mean of what beta does not explain: ``(1 + mean(r - beta b)) ** periods_per_year - 1``.

    Returns are taken in excess of *risk_free* per period.
    """
    left, right = as_pair(returns, benchmark)
    unexplained = (left - risk_free) - beta(left, right) * (right - risk_free)
    return float((1 + unexplained.mean()) ** periods_per_year - 1) if len(left) > 1 else _NAN


def tracking_error(returns: npt.ArrayLike, benchmark: npt.ArrayLike, periods_per_year: float = TRADING_DAYS) -> float:
    """Return the annualised standard deviation of the difference to the benchmark."""
    left, right = as_pair(returns, benchmark)
    return float((left - right).std(ddof=1) * np.sqrt(periods_per_year)) if len(left) > 1 else _NAN


def information_ratio(
    returns: npt.ArrayLike, benchmark: npt.ArrayLike, periods_per_year: float = TRADING_DAYS
) -> float:
    """Return the annualised mean difference to the benchmark over the tracking error."""
    left, right = as_pair(returns, benchmark)
    if len(left) < 2 or not np.ptp(left - right):
        return _NAN
    return ratio(float((left - right).mean()) * periods_per_year, tracking_error(left, right, periods_per_year))


def capture_ratio(
    returns: npt.ArrayLike,
    benchmark: npt.ArrayLike,
    *,
    up: bool,
    periods_per_year: float = TRADING_DAYS,
) -> float:
    """Return the annual return over that of the benchmark, in the periods when the benchmark rose (or fell)."""
    left, right = as_pair(returns, benchmark)
    chosen = right > 0 if up else right < 0
    if not chosen.any():
        return _NAN
    return ratio(annual_return(left[chosen], periods_per_year), annual_return(right[chosen], periods_per_year))


def _fraction(tail: float) -> float:
    if not 0 < tail < 1:
        raise ValueError(f"tail must be between 0 and 1; it was {tail}")
    return tail
