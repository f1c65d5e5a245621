"""Weights from risk alone: equal, inverse volatility, risk parity, minimum variance.

A covariance has the shape (assets, assets) and weights (assets,). Weights are fractions of the equity; those of a rule
that knows no limits are moved to the nearest ones within them.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tradinglab.analytics.arrays import Floats, ParameterError, floats, whole
from tradinglab.analytics.portfolio.inputs import as_covariance, as_vector
from tradinglab.analytics.portfolio.limits import LONG_ONLY, Limits, solved, within
from tradinglab.analytics.portfolio.quadratic import OptimizationError

_SWEEPS = 10_000
_SETTLED = 1e-13


def equal_weight(assets: int, limits: Limits = LONG_ONLY) -> Floats:
    """Return the same weight for each of so many assets: ``total / n``."""
    whole(assets, "assets", 1)
    return within(np.full(assets, limits.total / assets), limits)


def inverse_volatility(covariance: npt.ArrayLike, limits: Limits = LONG_ONLY) -> Floats:
    """Return weights in proportion to ``1 / sqrt(variance)``."""
    inverse = 1 / np.sqrt(np.diag(as_covariance(covariance)))
    return within(limits.total * inverse / inverse.sum(), limits)


def minimum_variance(covariance: npt.ArrayLike, limits: Limits = LONG_ONLY) -> Floats:
    """Return the weights with the lowest variance ``w' Σ w`` within the limits (Markowitz, 1952).

    Raises
    ------
    SampleError
        If the covariance is none.
    ParameterError
        If no weights are within the limits.
    """
    matrix = as_covariance(covariance)
    return solved(matrix, np.zeros(len(matrix)), limits)


def risk_parity(covariance: npt.ArrayLike, budgets: npt.ArrayLike | None = None, limits: Limits = LONG_ONLY) -> Floats:
    """Return the long weights of which each contributes its budget to the risk, an equal one by default.

    The contribution of an asset is ``w (Σ w) / (w' Σ w)`` (Maillard, Roncalli and Teiletche, 2010). The weights are in
    proportion to the x that minimises ``x' Σ x / 2 - Σ b ln x`` (Spinu, 2013), found coordinate by coordinate
    (Griveau-Billion, Richard and Roncalli, 2013). Within limits that these weights are outside of, the nearest ones
    are returned, whose contributions then differ.

    Parameters
    ----------
    covariance
        Shape (assets, assets).
    budgets
        The share of the risk of each asset, above zero; they need not add up to one.
    limits
        Bounds for the weights.

    Raises
    ------
    ParameterError
        If a budget is not above zero.
    OptimizationError
        If the weights do not settle, as of a singular covariance in which assets cancel each other out.
    """
    matrix = as_covariance(covariance)
    assets = len(matrix)
    shares = np.ones(assets) if budgets is None else as_vector(budgets, assets, "budgets")
    if not (shares > 0).all():
        raise ParameterError(f"budgets must be above 0; the lowest was {shares.min()}")
    shares = shares / shares.sum()
    deviations = np.sqrt(np.diag(matrix))
    # Of correlations the steps do not depend on how much each asset varies.
    weights = _equal_contributions(matrix / np.outer(deviations, deviations), shares) / deviations
    return within(floats(limits.total * weights / weights.sum()), limits)


def _equal_contributions(correlation: Floats, shares: Floats) -> Floats:
    x = np.sqrt(shares / np.maximum(correlation @ np.sqrt(shares), 0.1))
    for _ in range(_SWEEPS):
        for each in range(len(x)):
            others = float(correlation[each] @ x) - x[each]
            x[each] = (np.sqrt(others**2 + 4 * shares[each]) - others) / 2
        if np.abs(x * (correlation @ x) - shares).max() < _SETTLED:
            return x
    if np.abs(x * (correlation @ x) - shares).max() < 1e-8:
        return x
    raise OptimizationError("The contributions to risk did not settle: some assets cancel each other out.")
