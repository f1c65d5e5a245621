"""How likely a Sharpe ratio is skill, given how long it was seen, how the returns are shaped and how many were tried.

Sources:

- Bailey and López de Prado (2012), "The Sharpe Ratio Efficient Frontier", Journal of Risk 15(2): probabilistic Sharpe
  ratio, minimum track record length.
- Bailey and López de Prado (2014), "The Deflated Sharpe Ratio", Journal of Portfolio Management 40(5): expected maximum
  of trials, deflated Sharpe ratio, implied number of independent trials.

Sharpe ratios, thresholds and their variances are annualised as :func:`~tradinglab.analytics.sharpe_ratio` does it;
*periods_per_year* says by how much. Conventions otherwise as in :mod:`.performance`. The probability of backtest
overfitting is in :mod:`.cross_validation`.
"""

from __future__ import annotations

from math import e, sqrt
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from tradinglab.analytics.arrays import (
    NAN,
    TRADING_DAYS,
    Figure,
    Floats,
    ParameterError,
    SampleError,
    as_columns,
    finite,
    floats,
    fraction,
    positive,
)
from tradinglab.analytics.risk import moment_kurtosis, moment_skewness
from tradinglab.analytics.sample import Returns, Sample, measured
from tradinglab.core.values import dataclass

_NORMAL = NormalDist()
_EULER_MASCHERONI = 0.5772156649015329


@dataclass(frozen=True, slots=True)
class SharpeEstimate:
    """A Sharpe ratio that was seen, and what its uncertainty depends on. All is per period.

    Attributes
    ----------
    sharpe_ratio
        Mean over standard deviation, not annualised.
    periods
        Returns that it was estimated from.
    skewness
        Of the returns: ``m3 / m2**1.5``.
    kurtosis
        Of the returns: ``m4 / m2**2``, which is three for the normal distribution.
    """

    sharpe_ratio: float
    periods: int
    skewness: float = 0.0
    kurtosis: float = 3.0

    @property
    def spread(self) -> float:
        """The estimate's standard deviation times ``sqrt(periods - 1)``: ``sqrt(1 - S SR + (K - 1) / 4 SR²)``."""
        return float(_spread(floats(self.sharpe_ratio), floats(self.skewness), floats(self.kurtosis)))

    def probability_above(self, threshold: float = 0.0) -> float:
        """Return the probability that the true ratio is above *threshold*, per period: the probabilistic one."""
        if self.periods < 2 or not self.spread > 0:
            return NAN
        return _NORMAL.cdf((self.sharpe_ratio - threshold) * sqrt(self.periods - 1) / self.spread)

    def least_periods(self, threshold: float = 0.0, confidence: float = 0.95) -> float:
        """Return how many returns it takes to be sure that the ratio is above *threshold*, per period.

        Not-a-number if it is not above it, so that no number of returns would do.
        """
        fraction(confidence, "confidence")
        if not self.sharpe_ratio > threshold:
            return NAN
        return 1 + (self.spread * _NORMAL.inv_cdf(confidence) / (self.sharpe_ratio - threshold)) ** 2


def probabilistic_sharpe_ratio(
    returns: Returns, threshold: float = 0.0, periods_per_year: float = TRADING_DAYS
) -> Figure:
    """Return the probability that the true Sharpe ratio is above *threshold*.

    ``Φ((SR - SR*) sqrt(n - 1) / sqrt(1 - S SR + (K - 1) / 4 SR²))``, with SR and SR* per period, S and K the moment
    skewness and kurtosis of the returns. Half where the ratio equals the threshold.
    """
    finite(threshold, "threshold")
    per_period = threshold / sqrt(positive(periods_per_year, "periods_per_year"))

    def kernel(sample: Sample) -> Floats:
        return np.array([each.probability_above(per_period) for each in _estimates(sample)], np.float64)

    return measured(returns, kernel)


def minimum_track_record_length(
    returns: Returns, threshold: float = 0.0, confidence: float = 0.95, periods_per_year: float = TRADING_DAYS
) -> Figure:
    """Return how many returns are needed to be *confident* that the Sharpe ratio is above *threshold*.

    ``1 + (1 - S SR + (K - 1) / 4 SR²) (Φ⁻¹(confidence) / (SR - SR*))²`` with SR and SR* per period; not-a-number if the
    Sharpe ratio is not above the threshold. Compare it with the number of returns there are.
    """
    finite(threshold, "threshold")
    fraction(confidence, "confidence")
    per_period = threshold / sqrt(positive(periods_per_year, "periods_per_year"))

    def kernel(sample: Sample) -> Floats:
        return np.array([each.least_periods(per_period, confidence) for each in _estimates(sample)], np.float64)

    return measured(returns, kernel)


def expected_maximum_sharpe_ratio(trials: float, variance: float) -> float:
    """Return the best Sharpe ratio to be expected of *trials* that have no skill at all.

    ``sqrt(variance) ((1 - γ) Φ⁻¹(1 - 1/N) + γ Φ⁻¹(1 - 1/(N e)))`` with γ the constant of Euler and Mascheroni.

    Parameters
    ----------
    trials
        How many independent ones there were; need not be whole. Of one, nothing is expected: zero.
    variance
        Of the trials' Sharpe ratios, in the unit of the result squared: annualised or not.

    Raises
    ------
    ParameterError
        If there is less than one trial, or the variance is negative.
    """
    if not (np.isfinite(trials) and trials >= 1):
        raise ParameterError(f"trials must be at least 1; it was {trials}")
    if not (np.isfinite(variance) and variance >= 0):
        raise ParameterError(f"variance must be 0 or above; it was {variance}")
    # The approximation is made for many trials; near one it would be below zero, for one minus infinity.
    if trials == 1:
        return 0.0
    first, second = _NORMAL.inv_cdf(1 - 1 / trials), _NORMAL.inv_cdf(1 - 1 / (trials * e))
    return max(0.0, sqrt(variance) * ((1 - _EULER_MASCHERONI) * first + _EULER_MASCHERONI * second))


def deflated_sharpe_ratio(
    returns: Returns, trials: float, variance: float, periods_per_year: float = TRADING_DAYS
) -> Figure:
    """Return the probability that the best of many *trials* has a Sharpe ratio above what luck alone would show.

    The probabilistic Sharpe ratio above the :func:`expected_maximum_sharpe_ratio`.

    Parameters
    ----------
    returns
        Of the trial that was chosen.
    trials
        How many independent ones were tried; see :func:`independent_trials`.
    variance
        Of the annualised Sharpe ratios of all of them, such as ``np.var(ratios, ddof=1)``.
    periods_per_year
        What annualises.
    """
    threshold = expected_maximum_sharpe_ratio(trials, variance)
    return probabilistic_sharpe_ratio(returns, threshold, periods_per_year)


def independent_trials(returns: npt.ArrayLike) -> float:
    """Return how many independent trials those of *returns*, shape (periods, trials), amount to.

    ``ρ + (1 - ρ) M`` with ρ the mean correlation of two of the M trials, not below zero. Trials that do not vary are
    left out; not-a-number if none is left.

    Raises
    ------
    SampleError
        If a return is missing: correlations need the trials side by side.
    """
    table = as_columns(returns)
    if np.isnan(table).any():
        raise SampleError("returns must not be missing here; drop the periods in which a trial has none")
    with np.errstate(all="ignore"):
        sample = Sample(np.ascontiguousarray(table.T))
        varies = sample.squares > 0
        count = int(varies.sum())
        if count < 2:
            return float(count) if count else NAN
        unit = sample.centred[varies] / np.sqrt(sample.squares[varies])[:, None]
        # The sum of all correlations is the square of the sum of the standardised series.
        total = unit.sum(axis=0)
        mean = (float(total @ total) - count) / (count * (count - 1))
    correlation = min(max(mean, 0.0), 1.0)
    return correlation + (1 - correlation) * count


def _estimates(sample: Sample) -> list[SharpeEstimate]:
    ratios = (sample.mean / sample.deviation).tolist()
    skews, kurtoses = moment_skewness(sample).tolist(), (moment_kurtosis(sample) + 3).tolist()
    return [SharpeEstimate(*each) for each in zip(ratios, [sample.periods] * len(ratios), skews, kurtoses, strict=True)]


def _spread(ratio: Floats, skewness: Floats, kurtosis: Floats) -> Floats:
    return floats(np.sqrt(np.maximum(1 - skewness * ratio + (kurtosis - 1) / 4 * ratio**2, 0.0)))
