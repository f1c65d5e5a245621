"""Portfolio optimizers, held against closed forms, against scipy, and against figures that LEAN publishes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.optimize import minimize

from tradinglab.algorithm.framework import (
    IPortfolioOptimizer,
    MaximumSharpeRatioPortfolioOptimizer,
    MinimumVariancePortfolioOptimizer,
    RiskParityPortfolioOptimizer,
    UnconstrainedMeanVariancePortfolioOptimizer,
)
from tradinglab.algorithm.framework.quadratic import Conditions, least
from tradinglab.algorithm.names import ArgumentException
from tradinglab.algorithm.runtime import AlgorithmError

OPTIMIZERS = [
    MinimumVariancePortfolioOptimizer,
    MaximumSharpeRatioPortfolioOptimizer,
    UnconstrainedMeanVariancePortfolioOptimizer,
    RiskParityPortfolioOptimizer,
]


def made_up(seed: int, rows: int = 60) -> np.ndarray[Any, Any]:
    """Return correlated returns of some assets."""
    rng = np.random.default_rng(seed)
    size = int(rng.integers(2, 8))
    return np.asarray(rng.normal(0.001, 0.02, (rows, size)) @ rng.normal(0, 1, (size, size)))


def test_two_assets_at_least_variance() -> None:
    # Without a say in the return: (s2 - c) / (s1 + s2 - 2 c) of the first, here (0.09 - 0.01) / 0.11.
    form = np.array([[0.04, 0.01], [0.01, 0.09]])
    found = least(form, Conditions(np.ones((1, 2)), np.ones(1), 1))
    assert found is not None
    assert found.tolist() == pytest.approx([8 / 11, 3 / 11])


def test_budget_and_target_leave_two_assets_no_choice() -> None:
    optimizer = MinimumVariancePortfolioOptimizer(target_return=0.05)
    assert optimizer.optimize([[0.0]], [0.02, 0.08], [[0.04, 0.01], [0.01, 0.09]]).tolist() == pytest.approx([0.5, 0.5])


@pytest.mark.parametrize("lower", [-1.0, 0.0])
@pytest.mark.parametrize("seed", range(12))
def test_least_variance_is_that_which_scipy_finds(seed: int, lower: float) -> None:
    returns = made_up(seed)
    means, form, size = returns.mean(axis=0), np.cov(returns, rowvar=False), returns.shape[1]
    target = float((means.min() + 3 * means.max()) / 4)
    theirs = minimize(
        lambda x: 1e4 * x @ form @ x,
        np.full(size, 1 / size),
        jac=lambda x: 2e4 * form @ x,
        bounds=[(lower, 1)] * size,
        constraints=[
            {"type": "eq", "fun": lambda x: 1e2 * (x @ means - target)},
            {"type": "eq", "fun": lambda x: x.sum() - 1},
        ],
        method="SLSQP",
        options={"ftol": 1e-12, "maxiter": 500},
    )
    unit = np.eye(size)
    conditions = Conditions(
        np.vstack([means, np.ones(size), unit, -unit]),
        np.concatenate([[target, 1.0], np.full(size, lower), np.full(size, -1.0)]),
        2,
    )
    ours = least(form, conditions)
    assert ours is not None
    assert (unit @ ours >= lower - 1e-9).all()
    assert [ours.sum(), ours @ means] == pytest.approx([1, target])
    assert ours @ form @ ours == pytest.approx(theirs.x @ form @ theirs.x, rel=1e-4)
    scaled = MinimumVariancePortfolioOptimizer(lower, 1, target).optimize(returns)
    assert scaled.tolist() == pytest.approx((ours / np.abs(ours).sum()).tolist())


@pytest.mark.parametrize("seed", range(12))
def test_no_portfolio_has_a_higher_sharpe_ratio(seed: int) -> None:
    returns = made_up(seed)
    means, form = returns.mean(axis=0), np.cov(returns, rowvar=False)
    weights = MaximumSharpeRatioPortfolioOptimizer(0, 1).optimize(returns)
    if not (means > 0).any():
        assert weights.tolist() == pytest.approx([1 / len(means)] * len(means))
        return
    assert weights.sum() == pytest.approx(1)
    assert weights.min() >= -1e-9
    best = weights @ means / np.sqrt(weights @ form @ weights)
    others = np.random.default_rng(seed).dirichlet(np.full(len(means), 0.5), 2000)
    ratios = others @ means / np.sqrt(np.einsum("ij,jk,ik->i", others, form, others))
    assert ratios.max() <= best * (1 + 1e-9)


def test_the_tangency_portfolio_is_the_one_without_bounds() -> None:
    means, form = np.array([0.08, 0.12]), np.array([[0.04, 0.01], [0.01, 0.09]])
    tangency = np.linalg.solve(form, means - 0.02)
    found = MaximumSharpeRatioPortfolioOptimizer(risk_free_rate=0.02).optimize([[0.0]], means, form)
    assert found.tolist() == pytest.approx((tangency / tangency.sum()).tolist())
    unbound = UnconstrainedMeanVariancePortfolioOptimizer().optimize([[0.0]], means - 0.02, form)
    assert unbound.tolist() == pytest.approx(tangency.tolist())


@pytest.mark.parametrize("seed", range(12))
def test_each_asset_brings_the_same_risk(seed: int) -> None:
    returns = made_up(seed)
    weights = RiskParityPortfolioOptimizer().optimize(returns)
    shares = weights * (np.cov(returns, rowvar=False) @ weights)
    assert weights.sum() == pytest.approx(1)
    assert shares.tolist() == pytest.approx([shares.mean()] * len(shares), rel=1e-3)


def test_uncorrelated_assets_are_weighed_by_the_inverse_of_their_deviation() -> None:
    optimizer = RiskParityPortfolioOptimizer()
    assert optimizer.optimize([[]], None, [[0.01, 0], [0, 0.04]]).tolist() == pytest.approx([2 / 3, 1 / 3], abs=1e-6)
    assert RiskParityPortfolioOptimizer(0.4, 0.6).optimize([[]], None, [[0.01, 0], [0, 0.04]]).tolist() == [0.6, 0.4]


@pytest.mark.parametrize(
    ("target", "covariance", "means", "expected"),
    [
        (0.02, [[0.31, 0.05, 0.55, 0.07], [0.05, 0.04, 0.18, 0.01], [0.55, 0.18, 1.28, 0.12], [0.07, 0.01, 0.12, 0.02]],
         [0.21, 0.08, 0.88, 0.08], [-0.089212, 0.23431, -0.040975, 0.635503]),
        (0.25, [[0.05, -0.02, -0.01], [-0.02, 0.21, 0.09], [-0.01, 0.09, 0.04]],
         [-0.13, 0.05, 0.14], [-0.275, 0.275, 0.45]),
    ],
)  # fmt: skip
def test_least_variance_as_in_lean(target: float, covariance: Any, means: Any, expected: list[float]) -> None:
    found = MinimumVariancePortfolioOptimizer(target_return=target).optimize([[0.0]], means, covariance)
    assert [round(weight, 6) for weight in found.tolist()] == expected


@pytest.mark.parametrize(
    ("covariance", "means", "expected"),
    [
        ([[0.29, 0.13, 0.10], [0.13, 0.06, 0.04], [0.10, 0.04, 0.05]], [0.08, -0.01, 0.12], [-0.5, 0.5, 1]),
        ([[0.07, 0.12, 0], [0.12, 0.51, 0.03], [0, 0.03, 0.04]], [-0.24, 0.21, 0.14], [-0.404692, 0.404692, 1]),
        ([[0.44, 0.15], [0.15, 0.05]], [0.10, 0.06], [0.5, 0.5]),  # no covariance: it is not positive definite
    ],
)
def test_the_highest_sharpe_ratio_as_in_lean(covariance: Any, means: Any, expected: list[float]) -> None:
    found = MaximumSharpeRatioPortfolioOptimizer().optimize([[0.0]], means, covariance)
    assert [round(weight, 6) for weight in found.tolist()] == expected


@pytest.mark.parametrize(
    ("covariance", "budget", "expected"),
    [
        ([[0.25, -0.2], [-0.2, 0.25]], [0.5, 0.5], [3.162278, 3.162278]),
        ([[0.01, 0], [0, 0.04]], [0.25, 0.75], [5, 4.330127]),
        ([[1, 0.45], [0.45, 0.25]], [0.25, 0.75], [0.264749, 1.510089]),
    ],
)
def test_risk_parity_before_scaling_as_in_lean(covariance: Any, budget: Any, expected: list[float]) -> None:
    found = RiskParityPortfolioOptimizer().RiskParityNewtonMethodOptimization(2, covariance, budget)
    assert [round(weight, 6) for weight in found.tolist()] == expected


@pytest.mark.parametrize("make", OPTIMIZERS)
def test_no_assets_have_no_weights(make: Callable[[], IPortfolioOptimizer]) -> None:
    assert make().optimize(np.empty((1, 0))).tolist() == []


@pytest.mark.parametrize("make", OPTIMIZERS[:2])
def test_without_a_solution_weights_are_equal(make: Callable[..., IPortfolioOptimizer]) -> None:
    few, apart = [[0.01, 0.02]], [[0.01, 0.02], [0.03, -0.01], [0.00, 0.01]]
    assert make().optimize(few).tolist() == [0.5, 0.5]  # one row has no covariance
    assert make(2, 3).optimize(apart).tolist() == [0.5, 0.5]  # the bounds cannot be met
    assert make().optimize(apart, None, [[0.25, 0.12], [0.45, 0.2]]).tolist() == [0.5, 0.5]
    assert make().optimize([[-0.5], [0.2]]).tolist() == [1.0]


def test_what_cannot_be_worked_out_is_refused() -> None:
    with pytest.raises(AlgorithmError, match="cannot be inverted"):
        UnconstrainedMeanVariancePortfolioOptimizer().optimize([[0.0]], [0.1, 0.2], [[1, 1], [1, 1]])
    with pytest.raises(ArgumentException, match="1 to 1000 assets"):
        RiskParityPortfolioOptimizer().risk_parity_newton_method_optimization(1001, [], [])
    with pytest.raises(NotImplementedError, match="write optimize"):
        IPortfolioOptimizer().optimize([[0.0]])
