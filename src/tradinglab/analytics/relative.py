"""What a return owes to its benchmark. Conventions as in :mod:`.performance`.

The benchmark is one series, or one for each series. A period in which one of the two is missing is left out of both.
"""

from __future__ import annotations

import numpy as np

from tradinglab.analytics.arrays import NAN, TRADING_DAYS, Figure, Floats, finite, floats, positive
from tradinglab.analytics.sample import Returns, Sample, measured_pair

#: Differences of returns that vary by less than this share of them vary by rounding only.
_ROUNDING = 1e-14


def beta(returns: Returns, benchmark: Returns) -> Figure:
    """Return the covariance with the benchmark over the benchmark's variance; undefined if that does not vary."""
    return measured_pair(returns, benchmark, _beta)


def alpha(
    returns: Returns, benchmark: Returns, risk_free: float = 0.0, periods_per_year: float = TRADING_DAYS
) -> Figure:
    """Return the annualised mean of what beta does not explain: ``(1 + mean(r - beta b)) ** periods_per_year - 1``.

    Returns are taken in excess of *risk_free* per period (Jensen, 1968).
    """
    finite(risk_free, "risk_free")
    positive(periods_per_year, "periods_per_year")

    def kernel(sample: Sample, other: Sample) -> Floats:
        unexplained = (sample.mean - risk_free) - _beta(sample, other) * (other.mean - risk_free)
        return floats((1 + unexplained) ** periods_per_year - 1)

    return measured_pair(returns, benchmark, kernel)


def correlation(returns: Returns, benchmark: Returns) -> Figure:
    """Return Pearson's correlation with the benchmark; undefined if one of the two does not vary."""

    def kernel(sample: Sample, other: Sample) -> Floats:
        if sample.periods < 2:
            return sample.undefined
        return np.clip(_products(sample, other) / np.sqrt(sample.squares) / np.sqrt(other.squares), -1.0, 1.0)

    return measured_pair(returns, benchmark, kernel)


def tracking_error(returns: Returns, benchmark: Returns, periods_per_year: float = TRADING_DAYS) -> Figure:
    """Return the annualised standard deviation of the difference to the benchmark."""
    scale = np.sqrt(positive(periods_per_year, "periods_per_year"))
    return measured_pair(returns, benchmark, lambda sample, other: _difference(sample, other).deviation * scale)


def information_ratio(returns: Returns, benchmark: Returns, periods_per_year: float = TRADING_DAYS) -> Figure:
    """Return the annualised mean difference to the benchmark over the tracking error.

    ``mean(r - b) / std(r - b) * sqrt(periods_per_year)``; undefined if the difference never changes.
    """
    scale = np.sqrt(positive(periods_per_year, "periods_per_year"))

    def kernel(sample: Sample, other: Sample) -> Floats:
        difference = _difference(sample, other)
        size = np.abs(sample.rows).max(axis=1, initial=0.0) + np.abs(other.rows).max(axis=1, initial=0.0)
        is_real = difference.deviation > _ROUNDING * size
        return np.where(is_real, difference.mean / difference.deviation * scale, NAN)

    return measured_pair(returns, benchmark, kernel)


def treynor_ratio(
    returns: Returns, benchmark: Returns, risk_free: float = 0.0, periods_per_year: float = TRADING_DAYS
) -> Figure:
    """Return the annualised mean excess return over beta: ``mean(r - risk_free) * periods_per_year / beta``.

    Source: Treynor (1965), Harvard Business Review 43.
    """
    finite(risk_free, "risk_free")
    positive(periods_per_year, "periods_per_year")
    return measured_pair(
        returns,
        benchmark,
        lambda sample, other: (sample.mean - risk_free) * periods_per_year / _beta(sample, other),
    )


def m_squared(
    returns: Returns, benchmark: Returns, risk_free: float = 0.0, periods_per_year: float = TRADING_DAYS
) -> Figure:
    """Return what the strategy would have earned a year at the benchmark's volatility, a fraction.

    ``risk_free * periods_per_year + mean(r - risk_free) / std(r) * std(b) * periods_per_year``. Source: Modigliani and
    Modigliani (1997), Journal of Portfolio Management 23(2).
    """
    finite(risk_free, "risk_free")
    positive(periods_per_year, "periods_per_year")

    def kernel(sample: Sample, other: Sample) -> Floats:
        earned = (sample.mean - risk_free) / sample.deviation * other.deviation
        return floats((risk_free + earned) * periods_per_year)

    return measured_pair(returns, benchmark, kernel)


def capture_ratio(returns: Returns, benchmark: Returns, *, up: bool, periods_per_year: float = TRADING_DAYS) -> Figure:
    """Return the annual return over that of the benchmark, in the periods when the benchmark rose (or fell)."""
    positive(periods_per_year, "periods_per_year")

    def kernel(sample: Sample, other: Sample) -> Floats:
        chosen = other.rows > 0 if up else other.rows < 0
        periods = chosen.sum(axis=1)

        def growth(rows: Floats) -> Floats:
            wealth = np.where(chosen, 1 + rows, 1.0)
            rate = wealth.prod(axis=1) ** (periods_per_year / periods) - 1
            # An account below zero has no rate of growth.
            return np.where(((wealth < 0).any(axis=1)) | ~np.isfinite(rate), NAN, rate)

        return np.where(periods > 0, growth(sample.rows) / growth(other.rows), NAN)

    return measured_pair(returns, benchmark, kernel)


def _beta(sample: Sample, other: Sample) -> Floats:
    return floats(_products(sample, other) / other.squares) if sample.periods > 1 else sample.undefined


def _products(sample: Sample, other: Sample) -> Floats:
    """Return the sums of the products of centred returns."""
    return floats(np.einsum("ij,ij->i", sample.centred, np.broadcast_to(other.centred, sample.rows.shape)))


def _difference(sample: Sample, other: Sample) -> Sample:
    return Sample(floats(sample.rows - other.rows))
