"""Expected returns from the market's weights and an investor's views (Black and Litterman, 1992)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tradinglab.analytics.arrays import Floats, ParameterError, SampleError, as_columns, floats, positive
from tradinglab.analytics.portfolio.inputs import as_covariance, as_vector
from tradinglab.core.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Posterior:
    """What is expected once views are taken into account.

    Attributes
    ----------
    expected_returns
        Excess returns per period, shape (assets,).
    covariance
        Of the returns around these, with their own uncertainty, shape (assets, assets).
    """

    expected_returns: Floats
    covariance: Floats


def implied_returns(covariance: npt.ArrayLike, weights: npt.ArrayLike, risk_aversion: float = 2.5) -> Floats:
    """Return the excess returns at which *weights* are optimal: ``risk_aversion Σ w``, per period of the covariance."""
    matrix = as_covariance(covariance)
    positive(risk_aversion, "risk_aversion")
    return floats(risk_aversion * matrix @ as_vector(weights, len(matrix), "weights"))


def black_litterman(
    covariance: npt.ArrayLike,
    prior: npt.ArrayLike,
    views: npt.ArrayLike,
    view_returns: npt.ArrayLike,
    *,
    uncertainty: npt.ArrayLike | None = None,
    tau: float = 0.05,
) -> Posterior:
    """Return expected returns between a prior and an investor's views, each by how sure it is.

    ``μ = Π + τΣ P' (P τΣ P' + Ω)⁻¹ (Q - P Π)`` and ``Σ + τΣ - τΣ P' (P τΣ P' + Ω)⁻¹ P τΣ``; He and Litterman (1999),
    "The Intuition Behind Black-Litterman Model Portfolios".

    Parameters
    ----------
    covariance
        Σ, shape (assets, assets).
    prior
        Π, the excess returns without views, such as :func:`implied_returns`, shape (assets,).
    views
        P, for each view the weights of the portfolio that it is about, shape (views, assets).
    view_returns
        Q, what each of these portfolios is expected to earn, shape (views,).
    uncertainty
        Ω, the variance of each view, shape (views,), or their covariance, shape (views, views); zero is certainty. By
        default that of the prior, ``diag(P τΣ P')``: view and prior then count alike.
    tau
        How uncertain the prior is, as a share of the covariance.

    Raises
    ------
    SampleError
        If shapes do not fit, or certain views contradict each other.
    ParameterError
        If tau is not above zero, or a variance below zero.
    """
    matrix = as_covariance(covariance)
    assets = len(matrix)
    equilibrium = as_vector(prior, assets, "prior")
    positive(tau, "tau")
    picks = as_columns(views, "views") if np.ndim(views) == 2 else as_vector(views, assets, "views")[None]
    if picks.shape[1] != assets or np.isnan(picks).any():
        raise SampleError(f"views must have one known weight for each of the {assets} assets")
    expected = as_vector(np.atleast_1d(np.asarray(view_returns)), len(picks), "view_returns")
    if not len(picks):
        return Posterior(expected_returns=equilibrium, covariance=(1 + tau) * matrix)
    prior_spread = tau * matrix @ picks.T
    view_spread = picks @ prior_spread
    doubt = np.diag(np.diag(view_spread)) if uncertainty is None else _doubt(uncertainty, len(picks))
    try:
        gain = np.linalg.solve(view_spread + doubt, prior_spread.T).T
    except np.linalg.LinAlgError:
        raise SampleError("views that are certain must not repeat or contradict each other") from None
    spread = tau * matrix - gain @ prior_spread.T
    return Posterior(
        expected_returns=equilibrium + gain @ (expected - picks @ equilibrium),
        covariance=matrix + (spread + spread.T) / 2,
    )


def _doubt(uncertainty: npt.ArrayLike, count: int) -> Floats:
    given = np.asarray(uncertainty)
    if given.ndim == 2:
        found = as_columns(uncertainty, "uncertainty")
        if found.shape != (count, count) or np.isnan(found).any():
            raise SampleError(f"uncertainty must have the shape ({count}, {count}); it was {given.shape}")
    else:
        found = np.diag(as_vector(np.atleast_1d(given), count, "uncertainty"))
    if (np.diag(found) < 0).any():
        raise ParameterError(f"uncertainty must be 0 or above; the lowest was {np.diag(found).min()}")
    return found
