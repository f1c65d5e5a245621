"""Fewer points that look like the many."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradinglab.server.backtests.thinning import METHODS, Places, largest_triangles, min_max

_SERIES = st.lists(st.floats(-1e6, 1e6), max_size=200)


def test_min_max_by_hand() -> None:
    # Between the ends: 5 1 9 | 2 8 0, and of each half the lowest and the highest.
    assert min_max(range(8), [3, 5, 1, 9, 2, 8, 0, 4], 6).tolist() == [0, 2, 3, 5, 6, 7]
    assert min_max(range(8), [3, 5, 1, 9, 2, 8, 0, 4], 4).tolist() == [0, 3, 6, 7]
    assert min_max(range(8), [3, 5, 1, 9, 2, 8, 0, 4], 3).tolist() == [0, 7]


def test_largest_triangles_by_hand() -> None:
    # One bucket of 1, 2 and 3 between (0, 0) and (4, 0): the largest triangle is the highest point's.
    assert largest_triangles(range(5), [0, 1, -3, 2, 0], 3).tolist() == [0, 2, 4]
    # Buckets (1, 2) and (3, 4). From (0, 0) to their mean (3.5, 5): (1, 4) is farther from that line than (2, 3).
    # Twice the areas with (1, 4) and (5, 0) are 8 for (3, 0) and 36 for (4, 10).
    assert largest_triangles(range(6), [0, 4, 3, 0, 10, 0], 4).tolist() == [0, 1, 4, 5]


def test_times_count_and_not_only_places() -> None:
    values = [0.0, 1.0, 1.1, 0.0]
    assert largest_triangles([0, 1, 2, 3], values, 3).tolist() == [0, 2, 3]
    # On a line from (0, 0) to (100, 0) both are as high as before; towards a last point up high the earlier one wins.
    assert largest_triangles([0, 1, 90, 100], [0.0, 1.0, 1.1, 100.0], 3).tolist() == [0, 2, 3]
    assert largest_triangles([0, 90, 91, 100], [0.0, 1.0, 1.1, 1.0], 3).tolist() == [0, 2, 3]


def _reference(times: list[float], values: list[float], points: int) -> list[int]:
    """Return the same by the plain formula, point by point."""
    n = len(values)
    if n <= points:
        return list(range(n))
    edges = [int(1 + (n - 2) * k / (points - 2)) for k in range(points - 1)]
    kept = [0]
    for k in range(points - 2):
        after = range(edges[k + 1], edges[k + 2]) if k + 2 < len(edges) else range(n - 1, n)
        mean = (sum(times[i] for i in after) / len(after), sum(values[i] for i in after) / len(after))
        a = kept[-1]
        areas = [
            abs((times[a] - mean[0]) * (values[i] - values[a]) - (times[a] - times[i]) * (mean[1] - values[a]))
            for i in range(edges[k], edges[k + 1])
        ]
        kept.append(edges[k] + areas.index(max(areas)))
    return [*kept, n - 1]


def test_largest_triangles_by_the_plain_formula() -> None:
    random = np.random.default_rng(7)
    for n, points in ((50, 10), (201, 7), (1000, 333), (12, 11)):
        times = np.cumsum(random.integers(1, 9, n)).astype(float)
        values = random.normal(size=n).cumsum()
        assert largest_triangles(times, values, points).tolist() == _reference(list(times), list(values), points)


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
@given(values=_SERIES, points=st.integers(2, 60))
def test_what_holds_for_both(method: Callable[..., Places], values: list[float], points: int) -> None:
    kept = method(range(len(values)), values, points).tolist()
    assert kept == sorted(set(kept))
    assert len(kept) <= points
    assert all(0 <= place < len(values) for place in kept)
    if values:
        assert (kept[0], kept[-1]) == (0, len(values) - 1)
    if len(values) <= points:
        assert len(kept) == len(values)


@given(values=st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=200), points=st.integers(4, 60))
def test_min_max_keeps_the_extremes(values: list[float], points: int) -> None:
    kept = [values[place] for place in min_max(range(len(values)), values, points)]
    assert (min(kept), max(kept)) == (min(values), max(values))


@given(values=st.lists(st.floats(-1e6, 1e6), min_size=80, max_size=200), points=st.integers(3, 60))
def test_largest_triangles_gives_as_many_as_are_asked_for(values: list[float], points: int) -> None:
    assert len(largest_triangles(range(len(values)), values, points)) == points


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_what_cannot_be_thinned(method: Callable[..., Places]) -> None:
    with pytest.raises(ValueError, match="at least 2; it was 1"):
        method([1, 2], [1, 2], 1)
    with pytest.raises(ValueError, match="had 2 and 3"):
        method([1, 2], [1, 2, 3], 2)
