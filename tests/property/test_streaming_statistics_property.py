"""Figures of numbers that come in blocks equal those of all numbers at once, as numpy, scipy and pandas have them."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from tradinglab.data.streaming.drawdown import DrawdownTracker
from tradinglab.data.streaming.moments import Moments
from tradinglab.data.streaming.quantiles import QuantileSketch
from tradinglab.data.streaming.rolling import RollingWindow

BORDERS = st.lists(st.integers(0, 400), max_size=9)


def blocks(numbers: np.ndarray, borders: list[int]) -> list[np.ndarray]:
    at = [0, *sorted(border % (len(numbers) + 1) for border in borders), len(numbers)]
    return [numbers[begin:end] for begin, end in pairwise(at)]


def drawn(seed: int, count: int, kind: str) -> np.ndarray:
    rng = np.random.default_rng(seed)
    made: dict[str, Any] = {
        "returns": lambda: rng.standard_t(3, count) * 1e-3,
        "far": lambda: 1e9 + rng.normal(0, 1, count),
        "skewed": lambda: rng.lognormal(0, 1.5, count),
        "few": lambda: rng.integers(0, 4, count).astype(float),
        "outlier": lambda: np.where(np.arange(count) == count // 2, 1e6, rng.normal(0, 1e-3, count)),
    }
    found: np.ndarray = made[kind]()
    return found


KINDS = st.sampled_from(["returns", "far", "skewed", "few", "outlier"])


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 2**32), st.integers(4, 400), KINDS, BORDERS, st.booleans())
def test_moments_are_those_of_all_numbers(
    seed: int, count: int, kind: str, borders: list[int], is_backwards: bool
) -> None:
    numbers = drawn(seed, count, kind)
    parts = [Moments.of(each) for each in blocks(numbers, borders)]
    found = Moments()
    for part in parts:
        found = part + found if is_backwards else found + part
    assert found.count == count
    assert found.mean == pytest.approx(numbers.mean(), rel=1e-12, abs=1e-18)
    assert (found.least, found.largest) == (numbers.min(), numbers.max())
    if np.ptp(numbers) == 0:
        assert found.variance == pytest.approx(0)
        return
    # Means of parts are rounded: what is far from zero cannot be known better.
    rounding = 1e-10 + 50 * np.finfo(float).eps * abs(numbers.mean()) / numbers.std()
    reach = np.abs(numbers - numbers.mean()).max() / numbers.std()
    assert found.variance == pytest.approx(numbers.var(ddof=1), rel=rounding)
    skew, kurtosis = scipy.stats.skew(numbers, bias=False), scipy.stats.kurtosis(numbers, bias=False)
    assert found.skewness == pytest.approx(skew, rel=rounding, abs=10 * rounding * reach)
    assert found.kurtosis == pytest.approx(kurtosis, rel=rounding, abs=10 * rounding * reach**2)


def test_moments_of_too_few_numbers_are_not_known() -> None:
    assert math.isnan(Moments().mean)
    assert math.isnan(Moments.of(np.array([1.0])).variance)
    assert math.isnan(Moments.of(np.array([1.0, 2.0])).skewness)
    assert math.isnan(Moments.of(np.array([1.0, 2.0, 4.0])).kurtosis)
    assert math.isnan(Moments.of(np.array([2.0, 2.0, 2.0, 2.0])).skewness)


def rank_errors(numbers: np.ndarray, shares: list[float], found: list[float]) -> list[float]:
    """Return by how much the rank of each quantile is off, as a fraction of all numbers."""
    ordered, errors = np.sort(numbers), []
    for share, each in zip(shares, found, strict=True):
        wanted = share * (len(numbers) - 1)
        low, high = np.searchsorted(ordered, each), np.searchsorted(ordered, each, side="right") - 1
        errors.append(max(low - wanted, wanted - high, 0) / len(numbers))
    return errors


@settings(deadline=None, max_examples=50)
@given(
    st.integers(0, 2**32),
    st.integers(1, 5000),
    KINDS,
    st.sampled_from(["as drawn", "rising", "falling", "in waves"]),
    st.sampled_from([8, 32, 100]),
    BORDERS,
    st.booleans(),
)
def test_ranks_of_quantiles_are_within_the_bound(
    seed: int, count: int, kind: str, order: str, size: int, borders: list[int], is_merged: bool
) -> None:
    numbers = drawn(seed, count, kind)
    if order != "as drawn":
        numbers = np.sort(numbers)[:: -1 if order == "falling" else 1]
    if order == "in waves":
        numbers = np.concatenate([numbers[::2], numbers[1::2][::-1]])
    sketch = QuantileSketch(size)
    for block in blocks(numbers, borders):
        if is_merged:
            part = QuantileSketch(size)
            part.add(block)
            sketch.merge(part)
        else:
            sketch.add(block)
    shares = [0.0, 0.01, 0.1, 0.25, 0.5, 0.77, 0.99, 1.0]
    found = sketch.quantiles(shares)
    # A place between two ranks is off by one at most.
    assert max(rank_errors(numbers, shares, found)) <= sketch.error + 1 / count
    assert (found[0], found[-1]) == (numbers.min(), numbers.max())
    assert found == sorted(found)
    kept = sum(len(each) for each in sketch._levels)
    assert kept <= size * (math.log2(max(1, count / size)) + 2)
    if not is_merged:
        assert sketch.error <= max(0, math.log2(max(1, 2 * count / size))) / size * 2
    if count <= size:
        np.testing.assert_allclose(found, np.quantile(numbers, shares), rtol=1e-15)


def deepest(prices: np.ndarray) -> tuple[float, int, int, int | None] | None:
    """Return the deepest fall by looking at all pairs: its depth, peak, trough and recovery."""
    found = None
    for trough in range(len(prices)):
        peak = int(np.argmax(prices[: trough + 1]))
        depth = prices[trough] / prices[peak] - 1
        if depth < (0 if found is None else found[0]):
            back = [at for at in range(trough, len(prices)) if prices[at] >= prices[peak]]
            found = (depth, peak, trough, back[0] if back else None)
    return found


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(1, 12), min_size=1, max_size=60), BORDERS)
def test_the_deepest_fall_is_that_of_all_prices(levels: list[int], borders: list[int]) -> None:
    prices, tracker = np.array(levels, float), DrawdownTracker()
    for rows in blocks(np.arange(len(prices)), borders):
        tracker.add(rows, prices[rows])
    expected, found = deepest(prices), tracker.deepest
    if expected is None:
        assert found is None
    else:
        assert found is not None
        assert (found.depth, found.peak_us, found.trough_us, found.recovery_us) == expected
    assert tracker.current == prices[-1] / prices.max() - 1


@settings(deadline=None, max_examples=60)
@given(
    st.integers(0, 2**32), st.integers(1, 400), KINDS, BORDERS, st.sampled_from([1, 2, 3, 7, 20, 64, 399, 1000])
)  # fmt: skip
def test_windows_know_nothing_of_blocks(seed: int, count: int, kind: str, borders: list[int], window: int) -> None:
    numbers = drawn(seed, count, kind)
    rolling = RollingWindow(window)
    parts = [rolling.add(block) for block in blocks(numbers, borders)]
    once = RollingWindow(window).add(numbers)
    frame = pd.Series(numbers).rolling(window)
    exact = np.full(count, np.nan)
    if count >= window > 1:
        exact[window - 1 :] = np.lib.stride_tricks.sliding_window_view(numbers, window).std(axis=1, ddof=1)
    expected = {"mean": frame.mean(), "deviation": exact, "least": frame.min(), "largest": frame.max()}
    for name, figures in expected.items():
        found = np.concatenate([getattr(part, name) for part in parts])
        np.testing.assert_array_equal(found, getattr(once, name))
        np.testing.assert_allclose(found, figures, rtol=1e-9, atol=1e-9 if name == "mean" else 0)
