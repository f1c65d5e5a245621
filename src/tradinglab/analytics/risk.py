"""Losses to expect, and the shape of a distribution of returns. Conventions as in :mod:`.performance`."""

from __future__ import annotations

from enum import StrEnum
from math import exp, pi, sqrt

import numpy as np

from tradinglab.analytics.arrays import Figure, Floats, ParameterError, floats, fraction
from tradinglab.analytics.sample import Returns, Sample, measured


class TailModel(StrEnum):
    """What a tail of returns is taken to look like."""

    HISTORICAL = "historical"
    GAUSSIAN = "gaussian"
    CORNISH_FISHER = "cornish_fisher"


def value_at_risk(returns: Returns, tail: float = 0.05, model: TailModel | str = TailModel.HISTORICAL) -> Figure:
    """Return the *tail* quantile of the returns: the loss that the worst of them exceed, a negative number.

    - ``historical``: the sample's quantile, between neighbours in proportion;
    - ``gaussian``: ``mean + std * z``, with z the standard normal quantile at *tail*;
    - ``cornish_fisher``: ``mean + std * (z + (z²-1) S / 6 + (z³-3z) K / 24 - (2z³-5z) S² / 36)`` with the sample's
      moment skewness S and excess kurtosis K (Favre and Galeano, 2002).
    """
    fraction(tail, "tail")
    match _model(model):
        case TailModel.HISTORICAL:
            return measured(returns, lambda sample: sample.quantile(tail))
        case TailModel.GAUSSIAN:
            z = _normal_quantile(tail)
            return measured(returns, lambda sample: sample.mean + sample.deviation * z)
        case TailModel.CORNISH_FISHER:
            return measured(returns, lambda sample: _cornish_fisher_quantile(sample, _normal_quantile(tail)))


def conditional_value_at_risk(
    returns: Returns, tail: float = 0.05, model: TailModel | str = TailModel.HISTORICAL
) -> Figure:
    """Return the mean of the returns in the lower *tail*, also called expected shortfall.

    - ``historical``: the mean of the worst returns, up to position ``int((n - 1) * tail)`` of the sorted sample;
    - ``gaussian``: ``mean - std * pdf(z) / tail``;
    - ``cornish_fisher``: the mean of the Cornish-Fisher quantile over the tail,
      ``mean - std * pdf(z) / tail * (1 + z S / 6 + (z²-1) K / 24 + (1-2z²) S² / 36)`` (Maillard, 2012).
    """
    fraction(tail, "tail")
    match _model(model):
        case TailModel.HISTORICAL:
            return measured(returns, lambda sample: _mean_of_worst(sample, tail))
        case TailModel.GAUSSIAN:
            z = _normal_quantile(tail)
            return measured(returns, lambda sample: sample.mean - sample.deviation * _density(z) / tail)
        case TailModel.CORNISH_FISHER:
            return measured(returns, lambda sample: _cornish_fisher_shortfall(sample, tail))


def skewness(returns: Returns) -> Figure:
    """Return the bias-corrected sample skewness ``m3 / m2**1.5 * sqrt(n (n-1)) / (n-2)``, of at least three returns."""

    def kernel(sample: Sample) -> Floats:
        n = sample.periods
        return moment_skewness(sample) * np.sqrt(n * (n - 1)) / (n - 2) if n > 2 else sample.undefined

    return measured(returns, kernel)


def excess_kurtosis(returns: Returns) -> Figure:
    """Return the bias-corrected sample kurtosis less that of the normal distribution, of at least four returns.

    ``(n-1) / ((n-2) (n-3)) * ((n+1) (m4 / m2² - 3) + 6)``.
    """

    def kernel(sample: Sample) -> Floats:
        n = sample.periods
        if n < 4:
            return sample.undefined
        return floats((n - 1) / ((n - 2) * (n - 3)) * ((n + 1) * moment_kurtosis(sample) + 6))

    return measured(returns, kernel)


def moment_skewness(sample: Sample) -> Floats:
    """Return ``m3 / m2**1.5`` of central moments."""
    unit = _standardised(sample)
    return floats(np.einsum("ij,ij,ij->i", unit, unit, unit) / max(1, sample.periods))


def moment_kurtosis(sample: Sample) -> Floats:
    """Return ``m4 / m2**2 - 3`` of central moments."""
    squares = _standardised(sample) ** 2
    return floats(np.einsum("ij,ij->i", squares, squares) / max(1, sample.periods) - 3)


def _standardised(sample: Sample) -> Floats:
    scale = np.sqrt(sample.squares / max(1, sample.periods))
    return floats(sample.centred / scale[:, None])


def _mean_of_worst(sample: Sample, tail: float) -> Floats:
    if not sample.periods:
        return sample.undefined
    last = int((sample.periods - 1) * tail)
    # In order, so that the sum does not depend on how they were found.
    return floats(np.sort(sample.tail(last).worst, axis=1).mean(axis=1))


def _cornish_fisher_quantile(sample: Sample, z: float) -> Floats:
    skew, kurtosis = moment_skewness(sample), moment_kurtosis(sample)
    expanded = z + (z**2 - 1) * skew / 6 + (z**3 - 3 * z) * kurtosis / 24 - (2 * z**3 - 5 * z) * skew**2 / 36
    return floats(sample.mean + sample.deviation * expanded)


def _cornish_fisher_shortfall(sample: Sample, tail: float) -> Floats:
    z = _normal_quantile(tail)
    skew, kurtosis = moment_skewness(sample), moment_kurtosis(sample)
    expanded = 1 + z * skew / 6 + (z**2 - 1) * kurtosis / 24 + (1 - 2 * z**2) * skew**2 / 36
    return floats(sample.mean - sample.deviation * _density(z) / tail * expanded)


def _normal_quantile(share: float) -> float:
    from statistics import NormalDist  # slow to import

    return NormalDist().inv_cdf(share)


def _density(z: float) -> float:
    return exp(-(z**2) / 2) / sqrt(2 * pi)


def _model(model: TailModel | str) -> TailModel:
    try:
        return TailModel(model)
    except ValueError:
        names = ", ".join(TailModel)
        raise ParameterError(f"model must be one of {names}; it was {model!r}") from None
