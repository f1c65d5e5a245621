"""Luck against skill: the figures of the papers, and what must hold of noise."""

from __future__ import annotations

from itertools import combinations
from math import log, sqrt

import numpy as np
import numpy.typing as npt
import pytest

from tradinglab import analytics
from tradinglab.analytics import ParameterError, SampleError
from tradinglab.analytics.cross_validation import backtest_overfitting
from tradinglab.analytics.overfitting import (
    SharpeEstimate,
    deflated_sharpe_ratio,
    expected_maximum_sharpe_ratio,
    independent_trials,
    minimum_track_record_length,
    probabilistic_sharpe_ratio,
)

Floats = npt.NDArray[np.float64]


def noise(seed: int, *shape: int) -> Floats:
    return np.random.default_rng(seed).normal(0, 0.01, shape)


# Published figures.


def test_the_deflated_sharpe_ratio_of_the_paper() -> None:
    # Bailey and López de Prado (2014), "A numerical example": five years of 250 days, an annualised ratio of 2.5 that
    # is the best of 100, whose ratios vary by 1/2; skewness -3, kurtosis 10.
    per_day = 2.5 / sqrt(250)
    shaped, normal = SharpeEstimate(per_day, 1250, -3, 10), SharpeEstimate(per_day, 1250)
    best_of_100 = expected_maximum_sharpe_ratio(100, 0.5) / sqrt(250)
    assert best_of_100 == pytest.approx(0.1132, abs=5e-5)
    assert shaped.probability_above(best_of_100) == pytest.approx(0.9004, abs=5e-5)
    # With 46 trials it would have been significant; with normal returns, even with 88.
    assert shaped.probability_above(expected_maximum_sharpe_ratio(46, 0.5) / sqrt(250)) == pytest.approx(
        0.9505, abs=5e-5
    )
    assert normal.probability_above(expected_maximum_sharpe_ratio(88, 0.5) / sqrt(250)) == pytest.approx(
        0.9505, abs=5e-5
    )


def test_the_probabilistic_sharpe_ratio_of_the_paper() -> None:
    # Bailey and López de Prado (2012): 24 months with a ratio of 0.458, skewness -2.448, kurtosis 10.164.
    assert SharpeEstimate(0.458, 24).probability_above() == pytest.approx(0.982, abs=5e-4)
    assert SharpeEstimate(0.458, 24, -2.448, 10.164).probability_above() == pytest.approx(0.913, abs=5e-4)


@pytest.mark.parametrize(("periods", "years"), [(250, 2.73), (52, 2.83), (12, 3.24)])
def test_the_minimum_track_record_length_of_the_paper(periods: int, years: float) -> None:
    # The same paper: how long until a ratio of 2 a year is surely above 1, of normal returns.
    found = SharpeEstimate(2 / sqrt(periods), 1).least_periods(1 / sqrt(periods), 0.95)
    assert found / periods == pytest.approx(years, abs=5e-3)


def test_the_minimum_track_record_length_of_a_hedge_fund() -> None:
    found = SharpeEstimate(2 / sqrt(12), 1, -0.72, 5.78).least_periods(1 / sqrt(12), 0.95)
    assert found / 12 == pytest.approx(4.99, abs=5e-3)


# What must hold.


def test_a_ratio_is_above_itself_half_of_the_time() -> None:
    returns = noise(1, 400, 3) + 0.001
    own = np.asarray(analytics.sharpe_ratio(returns))
    for column, ratio in zip(returns.T, own, strict=True):
        assert probabilistic_sharpe_ratio(column, ratio) == pytest.approx(0.5)
    above, below = probabilistic_sharpe_ratio(returns, 0.5), probabilistic_sharpe_ratio(returns, 0.4)
    assert (np.asarray(above) < np.asarray(below)).all()


def test_the_track_record_length_is_where_the_probability_reaches_the_confidence() -> None:
    estimate = SharpeEstimate(0.1, 500, -0.5, 6)
    needed = estimate.least_periods(0.02, 0.9)
    exact = (0.1 - 0.02) * sqrt(needed - 1) / estimate.spread
    assert SharpeEstimate(0.1, round(needed), -0.5, 6).probability_above(0.02) == pytest.approx(0.9, abs=1e-3)
    assert exact == pytest.approx(1.2815515655446004)
    assert np.isnan(estimate.least_periods(0.1))


def test_functions_of_returns_use_their_moments() -> None:
    stats = pytest.importorskip("scipy.stats")
    returns = noise(2, 300) + 0.0008
    ratio = returns.mean() / returns.std(ddof=1)
    estimate = SharpeEstimate(ratio, 300, stats.skew(returns), stats.kurtosis(returns, fisher=False))
    assert probabilistic_sharpe_ratio(returns, 1.0, 365) == pytest.approx(estimate.probability_above(1 / sqrt(365)))
    found = minimum_track_record_length(returns, 0.0, 0.99)
    assert found == pytest.approx(estimate.least_periods(0.0, 0.99))
    best = expected_maximum_sharpe_ratio(20, 0.4) / sqrt(252)
    assert deflated_sharpe_ratio(returns, 20, 0.4) == pytest.approx(estimate.probability_above(best))
    assert deflated_sharpe_ratio(returns, 1, 0.4) == pytest.approx(probabilistic_sharpe_ratio(returns))


def test_the_expected_maximum_is_that_of_simulated_trials() -> None:
    best = np.random.default_rng(5).normal(0, 0.7, (4000, 50)).max(axis=1).mean()
    assert expected_maximum_sharpe_ratio(50, 0.49) == pytest.approx(best, rel=0.02)
    assert expected_maximum_sharpe_ratio(1, 0.49) == 0
    assert expected_maximum_sharpe_ratio(7, 0) == 0


def test_undefined_is_not_a_number() -> None:
    for sample in ([], [0.01], [0.01, 0.01, 0.01], [float("nan")] * 3, [1e300, -1e300]):
        assert np.isnan(probabilistic_sharpe_ratio(sample))
        assert np.isnan(minimum_track_record_length(sample))
        assert np.isnan(deflated_sharpe_ratio(sample, 10, 1.0))
    assert np.isnan(independent_trials(np.zeros((5, 3))))


@pytest.mark.parametrize(
    ("trials", "variance"), [(0, 1.0), (float("inf"), 1.0), (float("nan"), 1.0), (3, -0.1), (3, float("nan"))]
)
def test_trials_without_a_meaning_are_refused(trials: float, variance: float) -> None:
    with pytest.raises(ParameterError, match="must be"):
        deflated_sharpe_ratio([0.1, 0.2], trials, variance)


def test_independent_trials() -> None:
    own = noise(3, 4000, 6)
    assert independent_trials(own) == pytest.approx(6, abs=0.1)
    assert independent_trials(own[:, [0] * 6]) == pytest.approx(1)
    assert independent_trials(own[:, [0, 0, 1, 1]]) == pytest.approx(1 / 3 + 2 / 3 * 4, abs=0.1)  # two of six pairs
    correlations = np.corrcoef(own[:50], rowvar=False)
    mean = (correlations.sum() - 6) / 30
    assert independent_trials(own[:50]) == pytest.approx(max(mean, 0) + (1 - max(mean, 0)) * 6)
    assert independent_trials(own[:, 0]) == 1
    with pytest.raises(SampleError, match="must not be missing"):
        independent_trials([[0.1, float("nan")], [0.1, 0.2]])


# Cross-validation.


def by_hand(table: Floats, blocks: int) -> list[float]:
    """The logits, written out as the paper does."""
    parts = np.split(table[len(table) % blocks :], blocks)
    found = []
    for picked in combinations(range(blocks), blocks // 2):
        first = np.concatenate([parts[each] for each in picked])
        second = np.concatenate([parts[each] for each in range(blocks) if each not in picked])
        best = int(np.argmax(first.mean(axis=0) / first.std(axis=0, ddof=1)))
        after = second.mean(axis=0) / second.std(axis=0, ddof=1)
        rank = 1 + int((after < after[best]).sum())
        share = rank / (table.shape[1] + 1)
        found.append(log(share / (1 - share)))
    return found


def test_logits_are_those_of_every_way_to_halve() -> None:
    table = noise(4, 83, 7) + np.linspace(0, 0.002, 7)
    found = backtest_overfitting(table, 6)
    assert len(found.logits) == 20
    np.testing.assert_allclose(found.logits, by_hand(table, 6), atol=1e-12)
    np.testing.assert_allclose(backtest_overfitting(table + 1e4, 6).logits, found.logits * 0 + by_hand(table + 1e4, 6))
    slope = np.polyfit(found.in_sample, found.out_of_sample, 1)[0]
    assert found.degradation == pytest.approx(slope)
    assert found.probability == np.mean(np.array(by_hand(table, 6)) <= 0)
    assert 0 <= found.probability_of_loss <= 1


def test_noise_is_overfitted_half_of_the_time_and_skill_is_not() -> None:
    probabilities = [backtest_overfitting(noise(seed, 160, 21), 8).probability for seed in range(120)]
    assert np.mean(probabilities) == pytest.approx(0.5, abs=0.06)
    skilled = noise(9, 400, 20)
    skilled[:, 3] += 0.006
    found = backtest_overfitting(skilled, 10)
    assert found.probability == 0
    assert (found.chosen == 3).all()


def test_trials_that_do_not_vary_are_never_chosen_before_one_that_does() -> None:
    table = np.column_stack([np.full(40, 0.01), noise(6, 40), np.zeros(40)])
    found = backtest_overfitting(table, 4)
    assert (found.chosen == 1).all()
    assert np.isfinite(found.degradation)


def test_a_half_without_trades_is_no_endless_ratio() -> None:
    rare = np.zeros(40)
    rare[5] = 0.02
    found = backtest_overfitting(np.column_stack([rare, noise(8, 40), noise(9, 40)]) + 0.001, 4)
    assert np.nanmax(np.abs(found.in_sample)) < 3
    assert np.isnan(found.out_of_sample[found.chosen == 0]).any() or (found.chosen != 0).all()


@pytest.mark.parametrize(
    ("table", "blocks", "message"),
    [
        (np.zeros((40, 1)), 4, "two trials at least"),
        (np.zeros(40), 4, "two trials at least"),
        (np.zeros((7, 3)), 4, "two periods for each of 4 blocks; there were 7"),
        (np.full((40, 2), 0.01), 4, "must vary for one trial"),
        (np.full((40, 2), np.nan), 4, "must not be missing"),
        (np.full((40, 2), np.inf), 4, "must be finite"),
        (np.zeros((40, 2)), 3, "even number up to 20; it was 3"),
        (np.zeros((90, 2)), 22, "even number up to 20; it was 22"),
        (np.zeros((40, 2)), 0, "at least 2"),
    ],
)
def test_what_cannot_be_halved_is_refused(table: Floats, blocks: int, message: str) -> None:
    with pytest.raises((SampleError, ParameterError), match=message):
        backtest_overfitting(table, blocks)
