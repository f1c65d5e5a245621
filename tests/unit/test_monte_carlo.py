"""Paths that might have been: reproducible, within what the sample allows, and with the statistics that are known."""

from __future__ import annotations

import tracemalloc

import numpy as np
import numpy.typing as npt
import pytest

from tradinglab.analytics import ParameterError, SampleError, monte_carlo
from tradinglab.analytics.monte_carlo import Simulation, block_bootstrap, trade_reshuffle

Floats = npt.NDArray[np.float64]
RETURNS = np.random.default_rng(1).normal(0.0005, 0.01, 300)
PROFITS = np.random.default_rng(2).normal(20, 100, 80)


def same(left: Simulation, right: Simulation) -> bool:
    return all(
        np.array_equal(getattr(left, name), getattr(right, name))
        for name in ("bands", "final", "lowest", "max_drawdown", "places")
    )


@pytest.mark.parametrize("method", ["stationary", "circular"])
def test_a_seed_gives_the_same_paths_whatever_the_batch(monkeypatch: pytest.MonkeyPatch, method: str) -> None:
    found = block_bootstrap(RETURNS, paths=200, method=method, seed=7)
    shuffled = trade_reshuffle(PROFITS, start=10_000, paths=200, seed=7)
    drawn = trade_reshuffle(PROFITS, start=10_000, paths=200, seed=7, replace=True)
    monkeypatch.setattr(monte_carlo, "_BATCH", 1000)
    assert same(found, block_bootstrap(RETURNS, paths=200, method=method, seed=7))
    assert same(shuffled, trade_reshuffle(PROFITS, start=10_000, paths=200, seed=7))
    assert same(drawn, trade_reshuffle(PROFITS, start=10_000, paths=200, seed=7, replace=True))
    assert not same(found, block_bootstrap(RETURNS, paths=200, method=method, seed=8))


@pytest.mark.parametrize("method", ["stationary", "circular"])
@pytest.mark.parametrize("block", [1, 5, 40])
def test_drawn_returns_have_the_mean_of_the_sample(method: str, block: int) -> None:
    found = block_bootstrap(RETURNS, paths=3000, method=method, block=block)
    expected = np.log1p(RETURNS).mean() * len(RETURNS)
    spread = np.log(found.final).std() / np.sqrt(3000)
    assert np.log(found.final).mean() == pytest.approx(expected, abs=5 * spread)


def test_a_circular_block_as_long_as_the_sample_is_the_sample_turned() -> None:
    found = block_bootstrap(RETURNS, paths=20, method="circular", block=len(RETURNS))
    np.testing.assert_allclose(found.final, np.prod(1 + RETURNS))
    turned = {round(float(np.cumprod(1 + np.roll(RETURNS, -k)).min()), 12) for k in range(len(RETURNS))}
    assert all(round(float(low), 12) in turned | {1.0} for low in found.lowest)


def test_blocks_keep_neighbours_together() -> None:
    # A sample that counts: with long blocks most steps go up by one.
    counting = np.arange(100)
    for draw, expected in ((monte_carlo._stationary, 1 - 1 / 10), (monte_carlo._circular, 1 - 1 / 10)):
        generators = np.random.default_rng(3), np.random.default_rng(4)
        places = draw(*generators, (400, 500), 10, 100)
        follows = (np.diff(counting[places], axis=1) % 100 == 1).mean()
        assert follows == pytest.approx(expected + 0.1 / 100, abs=0.01)
        assert np.bincount(places.ravel(), minlength=100).std() / 2000 < 0.06


def test_every_order_of_the_same_trades_ends_alike() -> None:
    found = trade_reshuffle(PROFITS, start=10_000, paths=500)
    np.testing.assert_allclose(found.final, 10_000 + PROFITS.sum())
    assert found.max_drawdown.std() > 0
    worst_first = 10_000 + np.minimum(PROFITS, 0).sum()
    assert (found.lowest >= worst_first - 1e-6).all()
    compounded = trade_reshuffle(PROFITS / 10_000, start=5, paths=50, compound=True)
    np.testing.assert_allclose(compounded.final, 5 * np.prod(1 + PROFITS / 10_000))
    drawn = trade_reshuffle(PROFITS, start=10_000, paths=4000, replace=True)
    assert drawn.final.std() == pytest.approx(PROFITS.std() * np.sqrt(80), rel=0.05)


def test_bands_are_quantiles_of_the_paths() -> None:
    found = trade_reshuffle([1.0, -1.0], start=2.0, paths=2000, levels=[0.9, 0.1])
    assert found.places.tolist() == [0, 1, 2]
    assert found.levels.tolist() == [0.1, 0.9]
    np.testing.assert_array_equal(found.bands, [[2, 1, 2], [2, 3, 2]])
    assert found.probability_below(0.5) == pytest.approx(0.5, abs=0.05)
    assert found.probability_below(0.0) == 0
    assert found.probability_of_loss == 0
    np.testing.assert_allclose(found.drawdown_quantiles([0.0, 1.0]), [-0.5, -1 / 3])
    np.testing.assert_array_equal(found.final_quantiles([0.3]), [2.0])
    long = block_bootstrap(RETURNS, paths=100, periods=1000, points=11)
    assert long.places.tolist() == list(range(0, 1001, 100))
    assert (np.diff(long.bands, axis=0) >= 0).all()
    np.testing.assert_array_equal(long.bands[:, -1], np.quantile(long.final, long.levels))
    assert (long.max_drawdown <= 0).all()


def test_ruin() -> None:
    found = trade_reshuffle([-1.0, -1.0, 5.0], start=2.0, paths=600)
    assert found.probability_below(0.0) == pytest.approx(1 / 3, abs=0.06)
    assert found.max_drawdown.min() == -1.0


def test_memory_is_bounded() -> None:
    long = np.random.default_rng(4).normal(0, 0.01, 20_000)
    tracemalloc.start()
    try:
        block_bootstrap(long, paths=2000, points=100)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 150e6  # all paths at once would be 320 MB for each of several arrays


def test_missing_and_huge() -> None:
    with_gap = np.array([0.1, np.nan, -0.1])
    assert same(block_bootstrap(with_gap, block=1, paths=20), block_bootstrap([0.1, -0.1], block=1, paths=20))
    huge = block_bootstrap([1e300, 1e300, 1e300], paths=5)
    assert np.isnan(huge.final).all()
    assert np.isnan(huge.bands[:, -1]).all()
    single = block_bootstrap([0.1], paths=3)
    np.testing.assert_allclose(single.final, 1.1)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"paths": 0}, "paths must be a whole number of at least 1"),
        ({"paths": 2.5}, "paths must be a whole number"),
        ({"paths": 10**9}, "at most 20,000,000"),
        ({"block": 0}, "block must be a number above 0"),
        ({"block": 0.5}, "block must be between 1 and the 300 returns; it was 0.5"),
        ({"block": 301}, "block must be between"),
        ({"method": "moving"}, "method must be one of stationary, circular; it was 'moving'"),
        ({"periods": 0}, "periods must be"),
        ({"periods": 10**10}, "at most 5,000,000 periods long"),
        ({"start": 0}, "start must be"),
        ({"start": float("nan")}, "start must be"),
        ({"levels": [0.5, 1.5]}, "levels must be fractions"),
        ({"levels": []}, "levels must be fractions"),
        ({"points": 1}, "points must be"),
        ({"seed": -1}, "seed must be"),
    ],
)
def test_settings_without_a_meaning_are_refused(settings: dict[str, object], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        block_bootstrap(RETURNS, **settings)  # type: ignore[arg-type]


def test_nothing_to_draw_from_is_refused() -> None:
    for sample in ([], [float("nan")]):
        with pytest.raises(SampleError, match="nothing to draw from"):
            block_bootstrap(sample)
        with pytest.raises(SampleError, match="nothing to draw from"):
            trade_reshuffle(sample, start=1)
