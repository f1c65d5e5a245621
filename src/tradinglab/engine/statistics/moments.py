"""Moments of a sample, in the one-pass forms whose rounding LEAN's figures carry.

Sources: Youngs and Cramer (1971) for the variance, Welford's update for means and the covariance,
Terriberry's update for the higher moments; the estimators are the bias-corrected sample ones.
Each returns not-a-number where the sample is too small.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import erfc, nan, sqrt


def mean(sample: Sequence[float]) -> float:
    """Return the plain average, summed in order."""
    return sum_in_order(sample) / len(sample) if sample else nan


def sum_in_order(sample: Sequence[float]) -> float:
    """Return the sum as a loop makes it; ``sum`` compensates rounding from Python 3.12 on."""
    total = 0.0
    for value in sample:
        total += value
    return total


def variance(sample: Sequence[float]) -> float:
    """Return the sample variance (divisor n - 1)."""
    if len(sample) < 2:
        return nan
    total, result = sample[0], 0.0
    for count, value in enumerate(sample[1:], start=2):
        total += value
        difference = count * value - total
        result += difference * difference / (count * (count - 1))
    return result / (len(sample) - 1)


def standard_deviation(sample: Sequence[float]) -> float:
    """Return the sample standard deviation."""
    return sqrt(variance(sample)) if len(sample) > 1 else nan


def covariance(left: Sequence[float], right: Sequence[float]) -> float:
    """Return the sample covariance of two samples of one length."""
    left_mean = right_mean = comoment = 0.0
    for count, (x, y) in enumerate(zip(left, right, strict=True), start=1):
        right_before = right_mean
        left_mean += (x - left_mean) / count
        right_mean += (y - right_mean) / count
        comoment += (x - left_mean) * (y - right_before)
    return comoment / (len(left) - 1) if len(left) > 1 else nan


def skewness_and_kurtosis(sample: Sequence[float]) -> tuple[float, float]:
    """Return the bias-corrected skewness and excess kurtosis."""
    m1 = m2 = m3 = m4 = 0.0
    for n, value in enumerate(sample, start=1):
        delta = value - m1
        step = delta / n
        square = step * step
        term = delta * step * (n - 1)
        m1 += step
        m4 += term * square * (n * n - 3 * n + 3) + 6 * square * m2 - 4 * step * m3
        m3 += term * step * (n - 2) - 3 * step * m2
        m2 += term
    return shape_of(len(sample), m2, m3, m4)


def shape_of(count: int, m2: float, m3: float, m4: float) -> tuple[float, float]:
    """Return the bias-corrected skewness and excess kurtosis of sums of powers of the distance from the mean."""
    if not m2:
        return nan, nan
    skewness = count * m3 * sqrt(m2 / (count - 1)) / (m2 * m2 * (count - 2)) * (count - 1) if count > 2 else nan
    if count < 4:
        return skewness, nan
    excess = count * m4 / (m2 * m2) - 3 + 6.0 / (count + 1)
    return skewness, (count * count - 1) / ((count - 2) * (count - 3)) * excess


def normal_cdf(value: float) -> float:
    """Return the probability that a standard normal variable is at most *value*."""
    return 0.5 * erfc(-value / sqrt(2.0))


def normal_quantile(probability: float) -> float:
    """Return the value that a standard normal variable is at most with a probability (Wichura 1988, AS241)."""
    try:  # What NormalDist calls; the module around it imports fractions and random numbers.
        from _statistics import _normal_dist_inv_cdf  # type: ignore[import-not-found]
    except ImportError:
        from statistics import NormalDist

        return NormalDist().inv_cdf(probability)
    return float(_normal_dist_inv_cdf(probability, 0.0, 1.0))
