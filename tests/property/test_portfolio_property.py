"""Portfolios of any covariance: within their limits, of the least variance, with equal contributions to risk."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from hypothesis import given, settings
from hypothesis import strategies as st

from tradinglab.analytics.portfolio import (
    Limits,
    combine,
    equal_weight,
    hierarchical_risk_parity,
    minimum_variance,
    risk_contributions,
    risk_parity,
)

Floats = npt.NDArray[np.float64]


@st.composite
def covariances(draw: st.DrawFn) -> Floats:
    """Full-rank covariances whose assets vary by very different amounts."""
    assets = draw(st.integers(1, 8))
    generator = np.random.default_rng(draw(st.integers(0, 10_000)))
    returns = generator.normal(0, 1, (3 * assets + 2, assets)) + generator.normal(0, draw(st.floats(0, 3)), (1, 1))
    scale = 10.0 ** generator.uniform(-3, draw(st.floats(-3, 0)), assets)
    return np.atleast_2d(np.cov(returns * scale, rowvar=False))


@given(covariances(), st.integers(0, 10_000))
@settings(deadline=None)
def test_no_portfolio_within_the_limits_varies_less(covariance: Floats, seed: int) -> None:
    assets = len(covariance)
    upper = max(1.0 / assets, 0.4)
    weights = minimum_variance(covariance, Limits(upper=upper))
    assert abs(weights.sum() - 1) < 1e-7
    assert (weights >= 0).all()
    assert (weights <= upper).all()
    least = weights @ covariance @ weights
    others = np.random.default_rng(seed).dirichlet(np.ones(assets), 50)
    for other in [*others, equal_weight(assets)]:
        if other.max() <= upper:
            assert least <= other @ covariance @ other * (1 + 1e-6)


@given(covariances())
@settings(deadline=None)
def test_risk_is_shared_equally(covariance: Floats) -> None:
    weights = risk_parity(covariance)
    assert abs(weights.sum() - 1) < 1e-9
    np.testing.assert_allclose(risk_contributions(weights, covariance).share, 1 / len(covariance), rtol=1e-6)


@given(covariances(), st.floats(1e-3, 1e3))
@settings(deadline=None)
def test_units_do_not_matter(covariance: Floats, unit: float) -> None:
    for rule in (risk_parity, hierarchical_risk_parity, minimum_variance):
        np.testing.assert_allclose(rule(covariance * unit), rule(covariance), atol=1e-6)


@given(st.integers(0, 10_000), st.integers(1, 6))
@settings(deadline=None)
def test_parts_of_a_combination_make_the_whole(seed: int, strategies: int) -> None:
    generator = np.random.default_rng(seed)
    returns = generator.normal(0, 0.01, (30, strategies))
    weights = generator.uniform(-1, 1, strategies)
    found = combine(returns, weights)
    np.testing.assert_allclose(found.risk_share.sum(), 1, rtol=1e-9)
    np.testing.assert_allclose(weights @ found.marginal_risk, found.volatility, rtol=1e-9)
