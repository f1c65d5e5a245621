"""Where the risk of a portfolio comes from, and how concentrated it is."""

from __future__ import annotations

from math import sqrt

import numpy as np
import numpy.typing as npt

from tradinglab.analytics.arrays import NAN, Floats, as_series, defined, floats, positive
from tradinglab.analytics.portfolio.inputs import as_covariance, as_side_by_side, as_vector
from tradinglab.core.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskContributions:
    """How the volatility of a portfolio is made up.

    Attributes
    ----------
    volatility
        ``sqrt(w' Σ w)``, per period of the covariance.
    marginal
        How much the volatility rises with each weight, ``Σ w / volatility``, shape (assets,).
    contribution
        ``w * marginal``, which add up to the volatility, shape (assets,).
    share
        The contributions as fractions of it, shape (assets,).
    """

    volatility: float
    marginal: Floats
    contribution: Floats
    share: Floats


def risk_contributions(weights: npt.ArrayLike, covariance: npt.ArrayLike) -> RiskContributions:
    """Return how much each asset contributes to the volatility (Euler's decomposition); not-a-number without any."""
    matrix = as_covariance(covariance)
    held = as_vector(weights, len(matrix), "weights")
    volatility = sqrt(max(0.0, float(held @ matrix @ held)))
    with np.errstate(all="ignore"):
        marginal = defined(matrix @ held / volatility)
        contribution = floats(held * marginal)
        return RiskContributions(
            volatility=volatility,
            marginal=marginal,
            contribution=contribution,
            share=defined(contribution / volatility),
        )


def covariance_matrix(returns: npt.ArrayLike, periods_per_year: float = 1.0) -> Floats:
    """Return the sample covariance of returns side by side, shape (assets, assets), times *periods_per_year*.

    Periods in which an asset has no return are left out.
    """
    positive(periods_per_year, "periods_per_year")
    table = as_side_by_side(returns)
    centred = table - table.mean(axis=0)
    return floats(centred.T @ centred / (len(table) - 1) * periods_per_year)


def correlation_matrix(returns: npt.ArrayLike) -> Floats:
    """Return Pearson's correlations of returns side by side, shape (assets, assets).

    Periods in which an asset has no return are left out; an asset that does not vary has no correlation:
    not-a-number.
    """
    table = as_side_by_side(returns)
    is_flat = np.ptp(table, axis=0) == 0
    centred = table - table.mean(axis=0)
    with np.errstate(all="ignore"):
        unit = centred / np.where(is_flat, NAN, np.sqrt((centred**2).sum(axis=0)))
        found = floats(np.clip(unit.T @ unit, -1.0, 1.0))
    np.fill_diagonal(found, np.where(is_flat, NAN, 1.0))
    return found


def concentration(weights: npt.ArrayLike) -> float:
    """Return the Herfindahl-Hirschman index of the sizes of weights: ``sum((abs(w) / sum(abs(w)))²)``, one for one."""
    sizes = np.abs(as_series(weights, "weights"))
    total = float(sizes.sum())
    return float(((sizes / total) ** 2).sum()) if total > 0 else NAN


def effective_positions(weights: npt.ArrayLike) -> float:
    """Return how many equal positions would be as concentrated: one over the :func:`concentration`."""
    return 1 / concentration(weights)


def diversification_ratio(weights: npt.ArrayLike, covariance: npt.ArrayLike) -> float:
    """Return the weighted mean volatility over that of the portfolio: ``abs(w)' σ / sqrt(w' Σ w)``.

    Source: Choueifaty and Coignard (2008). One if assets move as one; not-a-number without volatility.
    """
    matrix = as_covariance(covariance)
    held = as_vector(weights, len(matrix), "weights")
    volatility = sqrt(max(0.0, float(held @ matrix @ held)))
    return float(np.abs(held) @ np.sqrt(np.diag(matrix))) / volatility if volatility > 0 else NAN
