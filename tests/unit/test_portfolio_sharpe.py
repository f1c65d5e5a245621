"""The portfolio of the highest Sharpe ratio is found of returns of all kinds, against a search through all of them."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import numpy.typing as npt
import pytest

from tradinglab.analytics.portfolio import Limits, covariance_matrix, maximum_sharpe
from tradinglab.analytics.portfolio.active_set import solve_by_active_set

Floats = npt.NDArray[np.float64]


def returns_of(seed: int, bars: int, assets: int, drift: float, spread: float) -> Floats:
    """Returns that share a market; *spread* says how differently the assets vary."""
    rng = np.random.default_rng(seed)
    common = rng.normal(0.0005, 0.01, (bars, 1))
    found = common * rng.uniform(0.2, 1.5, assets) + rng.normal(drift, 0.01, (bars, assets))
    return np.asarray(found * np.exp(rng.normal(0, spread, assets)))


def ratio(weights: Floats, means: Floats, covariance: Floats) -> float:
    return float(weights @ means / np.sqrt(weights @ covariance @ weights))


def best_of_all(means: Floats, covariance: Floats) -> float:
    """The highest ratio of long portfolios: that of the tangent of some choice of assets, which has a closed form."""
    best = -np.inf
    for count in range(1, len(means) + 1):
        for chosen in map(list, combinations(range(len(means)), count)):
            weights = np.zeros(len(means))
            weights[chosen] = np.linalg.solve(covariance[np.ix_(chosen, chosen)], means[chosen])
            if (weights[chosen] > 0).all():
                best = max(best, ratio(weights, means, covariance))
    return best


# Seed 7 has one mean just above zero beside others far below, seeds of a wide spread assets like cash beside coins.
@pytest.mark.parametrize(
    ("seed", "drift", "spread"),
    [*((seed, 0.0002, 0.0) for seed in range(5, 8)), *((seed, -0.0005, 1.0) for seed in range(6)),
     *((seed, 0.0002, 2.0) for seed in range(6))],
)  # fmt: skip
def test_no_choice_of_assets_has_a_higher_ratio(seed: int, drift: float, spread: float) -> None:
    returns = returns_of(seed, 120, 7, drift, spread)
    means, covariance = returns.mean(axis=0), covariance_matrix(returns)
    if means.max() <= 0:
        means += 1e-4 - means.max()
    found = maximum_sharpe(means, covariance)
    assert found.sum() == pytest.approx(1.0, abs=1e-9)
    assert found.min() >= 0
    assert ratio(found, means, covariance) == pytest.approx(best_of_all(means, covariance), rel=1e-6)


def test_of_two_assets_by_hand() -> None:
    # In proportion to mean over variance: 0.001 / 0.0001 = 10 and 1e-9 / 0.00000004 = 0.025.
    found = maximum_sharpe([0.001, 1e-9, -1.0], np.diag([0.0001, 0.00000004, 1.0]))
    np.testing.assert_allclose(found, [10 / 10.025, 0.025 / 10.025, 0], atol=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_limits_hold_where_assets_vary_very_differently(seed: int) -> None:
    returns = returns_of(seed, 150, 20, 0.0002, 2.0)
    means, covariance = returns.mean(axis=0), covariance_matrix(returns)
    found = maximum_sharpe(means, covariance, 0.0, Limits(upper=0.3))
    assert found.sum() == pytest.approx(1.0, abs=1e-9)
    assert found.max() <= 0.3 + 1e-9
    best = ratio(found, means, covariance)
    rng = np.random.default_rng(seed)
    # From the best one no step that keeps within the limits goes up.
    for _ in range(300):
        toward = np.minimum(rng.dirichlet(np.full(20, 0.2)), 0.3)
        if toward.sum() >= 1 - 1e-12 or toward.sum() < 0.9:
            continue
        room = 0.3 - toward
        toward = toward + room * (1 - toward.sum()) / room.sum()
        assert ratio(found + 0.01 * (toward - found), means, covariance) <= best * (1 + 1e-7)


def test_one_constraint_after_the_other_by_hand() -> None:
    # The point of the line x + y = 1 that is nearest to (3, 0), with x not above 0.75: (0.75, 0.25).
    found = solve_by_active_set(
        np.eye(2), np.array([-3.0, 0.0]), np.array([[1.0, 1.0], [1.0, 0.0]]), np.array([1.0, -np.inf]),
        np.array([1.0, 0.75]),
    )  # fmt: skip
    assert found is not None
    point, multipliers = found
    np.testing.assert_allclose(point, [0.75, 0.25], atol=1e-12)
    # The slope there, (-2.25, 0.25), is held back by both.
    np.testing.assert_allclose(multipliers, [-0.25, 2.5], atol=1e-7)
    # Nothing is above one and below zero.
    nothing = solve_by_active_set(
        np.eye(1), np.zeros(1), np.array([[1.0], [1.0]]), np.array([1.0, -np.inf]), np.array([np.inf, 0.0])
    )
    assert nothing is None
