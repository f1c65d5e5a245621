"""Weights against closed forms, published examples and another optimiser; where risk comes from, by hand."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from tradinglab import analytics
from tradinglab.analytics import ParameterError, SampleError
from tradinglab.analytics.portfolio import (
    Limits,
    black_litterman,
    combine,
    concentration,
    correlation_matrix,
    covariance_matrix,
    diversification_ratio,
    effective_positions,
    equal_weight,
    factor_regression,
    hierarchical_risk_parity,
    implied_returns,
    inverse_volatility,
    limit_drawdown,
    maximum_sharpe,
    minimum_variance,
    risk_contributions,
    risk_parity,
)

Floats = npt.NDArray[np.float64]
FREE = Limits(lower=-100, upper=100)


def market(seed: int, assets: int) -> tuple[Floats, Floats]:
    """Means and a covariance of assets that share a market."""
    generator = np.random.default_rng(seed)
    returns = generator.normal(0.0004, 0.01, (4 * assets, assets)) + generator.normal(0, 0.01, (4 * assets, 1))
    return returns.mean(axis=0) + 0.001, np.cov(returns, rowvar=False)


# Published examples.


def lopez_de_prado() -> Floats:
    """The covariance of the paper's example: ten assets, of which five nearly repeat others.

    Drawn as the appendix of "Building Diversified Portfolios that Outperform Out of Sample" says, from the same seeds.
    """
    draws, choices = np.random.RandomState(12345), random.Random(12345)
    own = draws.normal(0, 1, (10_000, 5))
    # Python 2's way to choose a whole number.
    repeated = [int(choices.random() * 5) for _ in range(5)]
    return np.cov(np.hstack([own, own[:, repeated] + draws.normal(0, 0.25, (10_000, 5))]), rowvar=False)


def test_the_weights_of_lopez_de_prado() -> None:
    covariance = lopez_de_prado()
    published = [7.00, 7.59, 10.84, 19.03, 9.72, 10.19, 6.62, 9.10, 7.12, 12.79]
    np.testing.assert_allclose(100 * hierarchical_risk_parity(covariance), published, atol=5.1e-3)
    # His critical line algorithm finds the long portfolio of the lowest variance.
    published = [14.44, 19.93, 19.73, 19.87, 18.68, 0.00, 5.86, 1.49, 0.00, 0.00]
    np.testing.assert_allclose(100 * minimum_variance(covariance), published, atol=5.1e-3)
    published = [10.36, 10.28, 10.36, 10.25, 10.31, 9.74, 9.80, 9.65, 9.64, 9.61]
    np.testing.assert_allclose(100 * inverse_volatility(covariance**2), published, atol=5.1e-3)


def he_litterman() -> tuple[Floats, Floats]:
    """Tables 1 and 2 of "The Intuition Behind Black-Litterman Model Portfolios": covariance and market weights.

    Australia, Canada, France, Germany, Japan, the United Kingdom, the United States.
    """
    above = [
        [0.488, 0.478, 0.515, 0.439, 0.512, 0.491],
        [0.664, 0.655, 0.310, 0.608, 0.779],
        [0.861, 0.355, 0.783, 0.668],
        [0.354, 0.777, 0.653],
        [0.405, 0.306],
        [0.652],
    ]
    correlation = np.eye(7)
    for row, values in enumerate(above):
        correlation[row, row + 1 :] = correlation[row + 1 :, row] = values
    volatility = np.array([16.0, 20.3, 24.8, 27.1, 21.0, 20.0, 18.7]) / 100
    return correlation * np.outer(volatility, volatility), np.array([1.6, 2.2, 5.2, 5.5, 11.6, 12.4, 61.5]) / 100


def test_the_view_of_he_and_litterman() -> None:
    covariance, weights = he_litterman()
    prior = implied_returns(covariance, weights, 2.5)
    np.testing.assert_allclose(100 * prior, [3.9, 6.9, 8.4, 9.0, 4.3, 6.8, 7.6], atol=0.051)
    # Germany will earn 5 % more than the rest of Europe: table 4, in which the view is as sure as the prior.
    view = [0, 0, -0.295, 1, 0, -0.705, 0]
    posterior = black_litterman(covariance, prior, view, 0.05, tau=0.05)
    expected = [4.3, 7.6, 9.3, 11.0, 4.5, 7.0, 8.1]
    np.testing.assert_allclose(100 * posterior.expected_returns, expected, atol=0.051)
    optimal = np.linalg.solve(2.5 * posterior.covariance, posterior.expected_returns)
    np.testing.assert_allclose(100 * (optimal - weights / 1.05), [0, 0, -8.9, 30.2, 0, -21.3, 0], atol=0.051)


def test_views_by_the_other_formula() -> None:
    covariance, weights = he_litterman()
    prior = implied_returns(covariance, weights)
    views = np.array([[0, 0, -0.295, 1, 0, -0.705, 0], [0, 1, 0, 0, 0, 0, -1]])
    doubt = np.diag([0.001, 0.0004])
    found = black_litterman(covariance, prior, views, [0.05, 0.03], uncertainty=[0.001, 0.0004], tau=0.1)
    inverse = np.linalg.inv(0.1 * covariance)
    precision = inverse + views.T @ np.linalg.inv(doubt) @ views
    mean = np.linalg.solve(precision, inverse @ prior + views.T @ np.linalg.inv(doubt) @ [0.05, 0.03])
    np.testing.assert_allclose(found.expected_returns, mean, rtol=1e-10)
    np.testing.assert_allclose(found.covariance, covariance + np.linalg.inv(precision), rtol=1e-10)
    same = black_litterman(covariance, prior, views, [0.05, 0.03], uncertainty=doubt, tau=0.1)
    np.testing.assert_array_equal(same.expected_returns, found.expected_returns)


def test_views_that_are_certain_or_none() -> None:
    covariance, weights = he_litterman()
    prior = implied_returns(covariance, weights)
    certain = black_litterman(covariance, prior, np.eye(7)[3], [0.2], uncertainty=[0.0])
    assert certain.expected_returns[3] == pytest.approx(0.2)
    none = black_litterman(covariance, prior, np.empty((0, 7)), [])
    np.testing.assert_array_equal(none.expected_returns, prior)
    agreeing = black_litterman(covariance, prior, np.eye(7)[3], prior[3])
    np.testing.assert_allclose(agreeing.expected_returns, prior)
    for views, returns, message in (
        (np.eye(7)[[3, 3]], [0.1, 0.2], "repeat or contradict"),
        (np.ones((1, 6)), [0.1], "one known weight for each of the 7"),
        (np.ones(6), [0.1], "one number for each of the 7"),
        (np.ones((2, 7)), [0.1], "view_returns must be one number for each"),
    ):
        with pytest.raises(SampleError, match=message):
            black_litterman(covariance, prior, views, returns, uncertainty=np.zeros(len(returns)))
    with pytest.raises(ParameterError, match="uncertainty must be 0 or above"):
        black_litterman(covariance, prior, np.eye(7)[0], [0.1], uncertainty=[-1.0])
    with pytest.raises(ParameterError, match="tau"):
        black_litterman(covariance, prior, np.eye(7)[0], [0.1], tau=0)


# Closed forms and another optimiser.


@pytest.mark.parametrize("assets", [2, 3, 10, 40])
def test_portfolios_without_limits_have_closed_forms(assets: int) -> None:
    means, covariance = market(assets, assets)
    inverse = np.linalg.solve(covariance, np.ones(assets))
    np.testing.assert_allclose(minimum_variance(covariance, FREE), inverse / inverse.sum(), atol=1e-9)
    tangent = np.linalg.solve(covariance, means - 0.0001)
    assert tangent.sum() > 0
    np.testing.assert_allclose(
        maximum_sharpe(means, covariance, 0.0001, FREE), tangent / tangent.sum(), atol=1e-7 * np.abs(tangent).max()
    )


LIMITS: list[Limits] = [
    Limits(),
    Limits(upper=0.3),
    Limits(lower=-0.2, upper=0.5, leverage=1.5),
    Limits(lower=0.05, upper=[0.1, 0.2, 0.3, 0.4, 0.5, 0.6]),
    Limits(sectors=["a", "a", "b", "b", "c", "c"], sector_limits={"a": 0.3, "b": (0.2, 0.4)}),
    Limits(lower=-1, upper=1, total=0.5, leverage=2, sectors=list("aabbcc"), sector_limits={"a": (-0.1, 0.1)}),
]


def by_another_method(objective: Callable[[Floats], float], limits: Limits, assets: int) -> float:
    """The lowest value that scipy finds with sequential least squares, from several starts."""
    optimize = pytest.importorskip("scipy.optimize")
    matrix, lower, upper = limits.constraints(assets)
    rules: list[dict[str, Any]] = [{"type": "eq", "fun": lambda w: w.sum() - limits.total}]
    for row, low, high in zip(matrix[1:-assets], lower[1:-assets], upper[1:-assets], strict=True):
        rules.append({"type": "ineq", "fun": lambda w, row=row, high=high: high - row @ w})
        if np.isfinite(low):
            rules.append({"type": "ineq", "fun": lambda w, row=row, low=low: row @ w - low})
    if limits.leverage is not None:
        rules.append({"type": "ineq", "fun": lambda w: limits.leverage - np.sqrt(w**2 + 1e-14).sum()})
    bounds = list(zip(*limits.bounds(assets), strict=True))
    found = []
    for seed in range(4):
        start = np.random.default_rng(seed).dirichlet(np.ones(assets)) * limits.total
        result = optimize.minimize(
            objective, start, bounds=bounds, constraints=rules, method="SLSQP", options={"maxiter": 1000, "ftol": 1e-14}
        )
        found.append(result.fun if result.success else np.inf)
    return float(min(found))


def are_within(weights: Floats, limits: Limits) -> bool:
    matrix, lower, upper = limits.constraints(len(weights))
    reached = matrix @ weights
    is_in = bool((reached >= lower - 1e-8).all() and (reached <= upper + 1e-8).all())
    return is_in and (limits.leverage is None or np.abs(weights).sum() <= limits.leverage + 1e-8)


@pytest.mark.parametrize("limits", LIMITS)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_no_other_optimiser_does_better(limits: Limits, seed: int) -> None:
    means, covariance = market(seed, 6)
    lowest = minimum_variance(covariance, limits)
    assert are_within(lowest, limits)
    other = by_another_method(lambda w: float(w @ covariance @ w) * 1e4, limits, 6)
    assert lowest @ covariance @ lowest * 1e4 <= other * (1 + 1e-7)
    best = maximum_sharpe(means, covariance, 0.0, limits)
    assert are_within(best, limits)
    other = by_another_method(lambda w: -float(w @ means / np.sqrt(w @ covariance @ w)), limits, 6)
    assert -best @ means / np.sqrt(best @ covariance @ best) <= other + 1e-7
    for weights in (
        equal_weight(6, limits),
        inverse_volatility(covariance, limits),
        risk_parity(covariance, None, limits),
        hierarchical_risk_parity(covariance, limits),
    ):
        assert are_within(weights, limits)


def test_weights_that_are_within_the_limits_stay_and_others_move_to_the_nearest() -> None:
    np.testing.assert_allclose(equal_weight(4), 0.25)
    np.testing.assert_allclose(equal_weight(3, Limits(upper=[0.2, 1, 1])), [0.2, 0.4, 0.4], atol=1e-9)
    covariance = np.diag([0.01, 0.04, 0.09])
    np.testing.assert_allclose(inverse_volatility(covariance), np.array([6, 3, 2]) / 11)
    assert equal_weight(1).tolist() == [1.0]
    for rule in (inverse_volatility, minimum_variance, risk_parity, hierarchical_risk_parity):
        np.testing.assert_allclose(rule([[0.04]]), [1.0])


# Risk parity.


@pytest.mark.parametrize("assets", [2, 5, 60])
def test_contributions_to_risk_are_equal_or_as_budgeted(assets: int) -> None:
    _, covariance = market(assets, assets)
    shares = risk_contributions(risk_parity(covariance), covariance).share
    np.testing.assert_allclose(shares, 1 / assets, rtol=1e-9)
    budgets = np.arange(1, assets + 1)
    shares = risk_contributions(risk_parity(covariance, budgets), covariance).share
    np.testing.assert_allclose(shares, budgets / budgets.sum(), rtol=1e-9)


def test_risk_parity_of_two_or_of_independent_assets_is_inverse_volatility() -> None:
    covariance = np.array([[0.04, -0.018], [-0.018, 0.01]])
    np.testing.assert_allclose(risk_parity(covariance), [1 / 3, 2 / 3], rtol=1e-9)
    independent = np.diag([0.04, 0.01, 1e-6])
    np.testing.assert_allclose(risk_parity(independent), inverse_volatility(independent), rtol=1e-9)
    with pytest.raises(ParameterError, match="budgets must be above 0"):
        risk_parity(covariance, [1, 0])


def test_hierarchical_weights_of_two_are_inverse_variances() -> None:
    np.testing.assert_allclose(hierarchical_risk_parity(np.diag([0.01, 0.03])), [0.75, 0.25])
    _, covariance = market(3, 25)
    weights = hierarchical_risk_parity(covariance)
    assert weights.sum() == pytest.approx(1)
    assert (weights > 0).all()
    turned = np.random.default_rng(1).permutation(25)
    again = hierarchical_risk_parity(covariance * 100)
    np.testing.assert_allclose(weights, again, rtol=1e-9)
    assert hierarchical_risk_parity(covariance[np.ix_(turned, turned)]).sum() == pytest.approx(1)


def test_a_singular_covariance_has_portfolios_too() -> None:
    returns = np.random.default_rng(2).normal(0, 0.01, (8, 20))
    covariance = np.cov(returns, rowvar=False)
    weights = minimum_variance(covariance)
    assert are_within(weights, Limits())
    assert weights @ covariance @ weights <= np.diag(covariance).min()
    assert hierarchical_risk_parity(covariance).sum() == pytest.approx(1)


# What is refused.


@pytest.mark.parametrize(
    ("covariance", "message"),
    [
        ([[1.0, 2.0]], "square table"),
        ([], "square table"),
        ([[1.0, 0.5], [0.4, 1.0]], "symmetric"),
        ([[1.0, 2.0], [2.0, 1.0]], "positive semi-definite; its lowest eigenvalue was -1"),
        ([[1.0, 0.0], [0.0, 0.0]], "every asset must vary; asset 1 did not"),
        ([[1.0, float("nan")], [float("nan"), 1.0]], "known for every pair"),
        ([["a"]], "must be numbers"),
    ],
)
def test_what_is_no_covariance_is_refused(covariance: Any, message: str) -> None:
    for rule in (inverse_volatility, minimum_variance, risk_parity, hierarchical_risk_parity):
        with pytest.raises(SampleError, match=message):
            rule(covariance)


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        (Limits(upper=0.2), "no weights that add up to 1 are within the limits"),
        (Limits(lower=0.5), "no weights that add up to 1"),
        (Limits(lower=0.5, upper=0.4), "lower must not be above upper; for asset 0 they were 0.5 and 0.4"),
        (Limits(upper=[1, 1]), "one for each of the 3 assets"),
        (Limits(upper=float("nan")), "upper must be known"),
        (Limits(total=float("inf")), "total must be a finite number"),
        (Limits(leverage=0), "leverage must be a number above 0"),
        (Limits(leverage=0.5), "need a leverage of 1 at least; leverage was limited to 0.5"),
        (Limits(sector_limits={"a": 0.5}), "sectors must name"),
        (Limits(sectors="aab", sector_limits={"c": 0.5}), "names 'c', in which there is no asset"),
        (Limits(sectors="aab", sector_limits={"a": (0.5, 0.2)}), "rising pair; it was"),
        (Limits(sectors="aab", sector_limits={"a": 0.3, "b": 0.3}), "no weights that add up to 1"),
    ],
)
def test_limits_that_exclude_all_are_refused(limits: Limits, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        minimum_variance(np.eye(3), limits)
    with pytest.raises(ParameterError, match=message):
        maximum_sharpe([0.1, 0.2, 0.3], np.eye(3), limits=limits)


def test_nothing_that_earns_more_than_cash_is_refused() -> None:
    with pytest.raises(ParameterError, match="earn more than risk_free"):
        maximum_sharpe([0.01, 0.02], np.eye(2), 0.03)
    with pytest.raises(ParameterError, match="earn more than risk_free"):
        maximum_sharpe([0.0, 0.0], np.eye(2))
    with pytest.raises(ParameterError, match="must bound every weight"):
        maximum_sharpe([0.01, 0.02], np.eye(2), limits=Limits(lower=-np.inf, upper=np.inf))


# Where risk comes from.


def test_risk_by_hand() -> None:
    covariance = np.array([[0.04, 0.01], [0.01, 0.09]])
    found = risk_contributions([0.6, 0.4], covariance)
    assert found.volatility**2 == pytest.approx(0.36 * 0.04 + 2 * 0.24 * 0.01 + 0.16 * 0.09)
    assert found.contribution.sum() == pytest.approx(found.volatility)
    np.testing.assert_allclose(found.share, [0.0168 / 0.0336, 0.0168 / 0.0336])
    np.testing.assert_allclose(found.marginal, np.array([0.028, 0.042]) / found.volatility)
    assert np.isnan(risk_contributions([0.0, 0.0], covariance).share).all()
    assert diversification_ratio([0.5, 0.5], np.diag([0.04, 0.04])) == pytest.approx(np.sqrt(2))
    assert diversification_ratio([0.5, 0.5], np.full((2, 2), 0.04)) == pytest.approx(1)


def test_concentration_by_hand() -> None:
    assert concentration([0.5, 0.5]) == 0.5
    assert concentration([0.5, -0.25, 0.25]) == 0.375
    assert effective_positions([0.25] * 4) == 4
    assert effective_positions([2.0]) == 1
    assert np.isnan(concentration([0.0, 0.0]))


def test_covariance_and_correlation_leave_gaps_out() -> None:
    returns = np.random.default_rng(3).normal(0, 0.01, (50, 3))
    gappy = np.vstack([returns, [[0.1, np.nan, 0.2]]])
    np.testing.assert_allclose(covariance_matrix(gappy, 252), np.cov(returns, rowvar=False) * 252)
    np.testing.assert_allclose(correlation_matrix(gappy), np.corrcoef(returns, rowvar=False))
    flat = correlation_matrix(np.column_stack([returns[:, 0], np.full(50, 0.01)]))
    assert flat[0, 0] == 1
    assert np.isnan(flat[1]).all()
    with pytest.raises(SampleError, match="two periods in which every asset has a return; there were 1"):
        covariance_matrix([[0.1, 0.2], [0.1, float("nan")]])


# Factors.


def test_factors_are_found_again() -> None:
    generator = np.random.default_rng(4)
    factors = {name: generator.normal(0.0002, 0.01, 500) for name in ("market", "value", "size")}
    noise = generator.normal(0, 0.002, 500)
    returns = 0.0001 + 1.2 * factors["market"] - 0.5 * factors["value"] + noise
    found = factor_regression(returns, factors)
    design = np.column_stack([np.ones(500), *factors.values()])
    coefficients, residual = np.linalg.lstsq(design, returns, rcond=None)[:2]
    assert list(found.betas) == ["market", "value", "size"]
    np.testing.assert_allclose([found.alpha / 252, *found.betas.values()], coefficients, rtol=1e-9)
    variance = residual[0] / 496
    errors = np.sqrt(variance * np.diag(np.linalg.inv(design.T @ design)))
    np.testing.assert_allclose([found.alpha_t, *found.beta_t.values()], coefficients / errors, rtol=1e-9)
    assert found.residual_volatility == pytest.approx(np.sqrt(variance * 252))
    assert found.r_squared == pytest.approx(1 - residual[0] / ((returns - returns.mean()) ** 2).sum())
    assert found.adjusted_r_squared < found.r_squared
    total = found.alpha + sum(found.contributions.values())
    assert total == pytest.approx(returns.mean() * 252)


def test_one_factor_is_alpha_and_beta() -> None:
    generator = np.random.default_rng(5)
    benchmark = generator.normal(0, 0.01, 100)
    returns = 0.8 * benchmark + generator.normal(0.0001, 0.003, 100)
    found = factor_regression([*returns, np.nan], {"market": [*benchmark, 0.01]}, risk_free=0.0)
    stats = pytest.importorskip("scipy.stats")
    oracle = stats.linregress(benchmark, returns)
    assert found.betas["market"] == pytest.approx(analytics.beta(returns, benchmark))
    assert found.betas["market"] == pytest.approx(oracle.slope)
    assert found.beta_t["market"] == pytest.approx(oracle.slope / oracle.stderr)
    assert found.alpha_t == pytest.approx(oracle.intercept / oracle.intercept_stderr)
    assert found.r_squared == pytest.approx(oracle.rvalue**2)
    assert found.periods == 100
    flat = factor_regression(np.full(20, 0.01), {"market": benchmark[:20]})
    assert np.isnan(flat.r_squared)
    assert flat.betas["market"] == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize(
    ("factors", "message"),
    [
        ({}, "must name one at least"),
        ({"market": [0.1]}, "market must be as long as returns, 5; it was 1"),
        ({"a": [1, 2, 3, 4, 5], "b": [2, 4, 6, 8, 10]}, "must not depend on each other"),
        ({"a": [1, 1, 1, 1, 1]}, "nor be constant"),
        ({"a": [0, 0, 0, 0, 0]}, "nor be constant"),
        ({str(each): np.arange(5) ** each for each in range(1, 5)}, "there must be 6 returns for 4 factors"),
    ],
)
def test_factors_that_tell_nothing_are_refused(factors: dict[str, Any], message: str) -> None:
    with pytest.raises(SampleError, match=message):
        factor_regression([0.1, 0.2, 0.1, 0.3, 0.2], factors)


# Several strategies.


def test_a_combination_by_hand() -> None:
    returns = np.array([[0.1, -0.1], [-0.1, 0.2], [0.2, 0.0], [0.0, 0.1]])
    found = combine(returns, [0.25, 0.75], periods_per_year=12)
    together = returns @ [0.25, 0.75]
    np.testing.assert_allclose(found.returns, together)
    assert found.volatility == pytest.approx(together.std(ddof=1) * np.sqrt(12))
    assert found.risk_share.sum() == pytest.approx(1)
    shares = risk_contributions([0.25, 0.75], np.cov(returns, rowvar=False)).share
    np.testing.assert_allclose(found.risk_share, shares)
    assert (np.array([0.25, 0.75]) @ found.marginal_risk) == pytest.approx(found.volatility)
    assert found.max_drawdown == analytics.max_drawdown(together)
    np.testing.assert_array_equal(found.max_drawdowns, analytics.max_drawdown(returns))
    np.testing.assert_allclose(found.sharpe_without, np.asarray(found.sharpe_ratios)[::-1])
    np.testing.assert_allclose(found.correlation, np.corrcoef(returns, rowvar=False))


def test_strategies_that_keep_what_they_earn() -> None:
    returns = np.array([[1.0, 0.0], [1.0, 0.0], [np.nan, 0.5], [-0.5, 0.0]])
    found = combine(returns, [0.5, 0.25], rebalanced=False)
    wealth = [1.0, 0.5 * 2 + 0.25 + 0.25, 0.5 * 4 + 0.5, 0.5 * 2 + 0.5]
    np.testing.assert_allclose(found.returns, np.diff(wealth) / wealth[:-1])
    rebalanced = combine(returns, [0.5, 0.25]).returns
    np.testing.assert_allclose(rebalanced, [0.5, 0.5, -0.25])


def test_a_hedge_is_worth_its_place() -> None:
    generator = np.random.default_rng(6)
    first = generator.normal(0.0005, 0.01, 1000)
    hedge = -0.8 * first + 0.0006 + generator.normal(0, 0.002, 1000)
    found = combine(np.column_stack([first, hedge]))
    assert found.sharpe_ratio > found.sharpe_ratios.max()
    assert found.max_drawdown > found.max_drawdowns.max()
    assert (found.sharpe_without < found.sharpe_ratio).all()


def test_combinations_that_are_none() -> None:
    with pytest.raises(ParameterError, match="must not all be 0"):
        combine([[0.1, 0.2], [0.1, 0.3]], [0, 0])
    with pytest.raises(SampleError, match="one number for each of the 2"):
        combine([[0.1, 0.2], [0.1, 0.3]], [1])
    alone = combine([[0.1], [0.2], [0.1]])
    assert np.isnan(alone.sharpe_without[0])
    still = combine([[0.1, 0.1], [0.1, 0.1]])
    assert still.volatility == pytest.approx(0, abs=1e-12)
    assert np.isnan(still.correlation).all()


# A limit of drawdown.


def test_a_limited_drawdown_by_hand() -> None:
    found = limit_drawdown([0.1, -0.1, -0.1, 0.3, float("nan")], 0.2)
    # At peaks all is held. After a fall of a tenth: (1 - 0.8 / 0.9) / 0.2 = 5/9.
    np.testing.assert_allclose(found.exposure[:3], [1, 1, 5 / 9])
    fallen = 0.9 * (1 - 0.1 * 5 / 9)
    held = (1 - 0.8 / fallen) / 0.2
    np.testing.assert_allclose(found.returns[:4], [0.1, -0.1, -0.5 / 9, 0.3 * held])
    assert found.returns[4] == 0
    table = np.array([[0.1, -0.3], [-0.2, 0.1]])
    both = limit_drawdown(table, 0.3)
    np.testing.assert_array_equal(both.returns[:, 1], limit_drawdown(table[:, 1], 0.3).returns)
    with pytest.raises(ParameterError, match="limit must be between 0 and 1; it was 20"):
        limit_drawdown([0.1], 20)


@pytest.mark.parametrize("limit", [0.05, 0.2, 0.6])
def test_an_account_stays_above_its_limit(limit: float) -> None:
    returns = np.clip(np.random.default_rng(7).normal(0, limit / 2, (500, 40)), -limit, limit)
    found = limit_drawdown(returns, limit)
    assert (np.asarray(analytics.max_drawdown(found.returns)) >= -limit - 1e-9).all()
    assert np.asarray(analytics.max_drawdown(returns)).max() < -limit
    assert ((found.exposure >= 0) & (found.exposure <= 1)).all()


def test_plain_limits_need_no_scipy() -> None:
    code = (
        "import sys; sys.modules['scipy'] = None\n"
        "from tradinglab.analytics import portfolio as p\n"
        "c = [[0.04, 0.01], [0.01, 0.09]]; limits = p.Limits(upper=0.6)\n"
        "for rule in (p.inverse_volatility, p.minimum_variance): assert abs(rule(c, limits).sum() - 1) < 1e-9\n"
        "assert abs(p.risk_parity(c, None, limits).sum() - 1) < 1e-9\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
