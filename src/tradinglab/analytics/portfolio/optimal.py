"""The portfolio with the highest Sharpe ratio."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tradinglab.analytics.arrays import Floats, ParameterError, finite
from tradinglab.analytics.portfolio.inputs import as_covariance, as_vector
from tradinglab.analytics.portfolio.limits import LONG_ONLY, Limits, is_leverage_in_force, trimmed, with_sizes
from tradinglab.analytics.portfolio.quadratic import minimise


def maximum_sharpe(
    expected_returns: npt.ArrayLike,
    covariance: npt.ArrayLike,
    risk_free: float = 0.0,
    limits: Limits = LONG_ONLY,
) -> Floats:
    """Return the weights with the highest ``(w' μ - risk_free) / sqrt(w' Σ w)`` within the limits.

    The quotient becomes a quadratic programme in ``y = w / (w' (μ - risk_free))`` (Charnes and Cooper, 1962; Cornuéjols
    and Tütüncü, 2006, section 8.2).

    Parameters
    ----------
    expected_returns
        Per period, shape (assets,).
    covariance
        Per period, shape (assets, assets).
    risk_free
        Per period; earned by what the weights lack to one.
    limits
        Bounds for the weights.

    Raises
    ------
    SampleError
        If the returns or the covariance are none.
    ParameterError
        If no weights are within the limits, or none of these is expected to earn more than *risk_free*.
    """
    matrix = as_covariance(covariance)
    assets = len(matrix)
    finite(risk_free, "risk_free")
    # With weights that add up to the total, risk_free is the same number off each return.
    excess = as_vector(expected_returns, assets, "expected_returns") - risk_free
    rows, lower, upper = limits.constraints(assets)
    if is_leverage_in_force(limits, assets):
        rows, lower, upper = with_sizes(rows, lower, upper, limits)
    wide = rows.shape[1]
    earned = np.concatenate([excess, np.zeros(wide - assets)])
    size = float(np.abs(excess).max())
    most_earned = size * _most(earned / size, rows, lower, upper) if size else 0.0
    if most_earned <= 1e-12 * size:
        raise ParameterError("no portfolio within the limits is expected to earn more than risk_free")
    # Variables are y and the scale k, with w = y / k: every bound b of a row becomes row y - b k.
    low, high = np.isfinite(lower), np.isfinite(upper)
    constraints = np.vstack(
        [
            np.concatenate([earned / most_earned, [0.0]]),
            np.hstack([rows[low], -lower[low, None]]),
            np.hstack([-rows[high], upper[high, None]]),
            np.concatenate([np.zeros(wide), [1.0]]),
        ]
    )
    least = np.concatenate([[1.0], np.zeros(len(constraints) - 1)])
    most = np.concatenate([[1.0], np.full(len(constraints) - 1, np.inf)])
    padded = np.zeros((wide + 1, wide + 1))
    padded[:assets, :assets] = matrix
    spread = np.eye(wide + 1)
    if limits.total:
        # The scale follows from what the weights add up to: one variable less, along which nothing is curved.
        spread = np.vstack([np.eye(wide), np.concatenate([np.ones(assets), np.zeros(wide - assets)]) / limits.total])
    quadratic, inner = spread.T @ padded @ spread, constraints @ spread
    # Equations that have become empty.
    is_told = np.abs(inner).max(axis=1) > 1e-12
    found = spread @ minimise(quadratic, np.zeros(len(quadratic)), inner[is_told], least[is_told], most[is_told])
    return trimmed(found[:assets] / found[-1], limits)


def _most(earned: Floats, rows: Floats, lower: Floats, upper: Floats) -> float:
    """Return the most that weights within the limits earn."""
    from scipy.optimize import linprog  # slow to import

    low, high = np.isfinite(lower), np.isfinite(upper)
    inequalities, bounds = np.vstack([rows[high], -rows[low]]), np.concatenate([upper[high], -lower[low]])
    found = linprog(-earned, inequalities, bounds, bounds=(None, None), method="highs")
    if found.status == 3:
        raise ParameterError("the limits must bound every weight: some portfolio would earn without end")
    return -float(found.fun) if found.status == 0 else 0.0
