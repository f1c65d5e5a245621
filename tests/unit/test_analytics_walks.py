"""Figures that are worked out return by return are those of whole arrays, bit for bit."""

from __future__ import annotations

import importlib
from types import ModuleType

import numpy as np
import pytest

from tradinglab import analytics
from tradinglab.analytics import compiling, falls, walks

_WAYS = ("tradinglab.analytics.walks", "tradinglab.analytics.compiled")


def _tables() -> dict[str, np.ndarray]:
    random = np.random.default_rng(11)
    noise = random.standard_normal((700, 9)) * 0.02
    gaps = noise.copy()
    gaps[random.random(gaps.shape) < 0.05] = np.nan
    ties = np.round(noise, 2)
    ruin = noise.copy()
    ruin[300, 2], ruin[400, 3] = -1.0, -1.5
    quiet = np.zeros((700, 3))
    quiet[:, 1] = 0.001
    quiet[::50, 2] = -0.01
    return {
        "noise": noise,
        "gaps": gaps,
        "ties": ties,
        "ruin": ruin,
        "quiet": quiet,
        "short": noise[:3],
        "one": noise[:1],
        "nothing": noise[:0],
        "huge": np.full((900, 2), 5e10),
        "ordered": np.sort(noise, axis=0),
        # Every sixteenth is bad, so that a limit that is told by them picks nearly all or nearly none.
        "rhythm": np.where(np.arange(700)[:, None] % 16 == 0, -1.0, 1.0) * np.abs(noise),
        "other rhythm": np.where(np.arange(700)[:, None] % 16 == 0, 1.0, -1.0) * np.abs(noise),
    }


def _figures(table: np.ndarray) -> dict[str, np.ndarray]:
    return {name: np.asarray(each) for name, each in analytics.summary(table, required_return=0.0003).items()}


@pytest.mark.parametrize("way", _WAYS)
@pytest.mark.parametrize("kind", list(_tables()))
def test_walks_come_to_the_bits_of_arrays(way: str, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    table, module = _tables()[kind], importlib.import_module(way)
    monkeypatch.setattr("tradinglab.analytics.sample.compiled_walks", lambda returns: None)
    of_arrays = _figures(table)
    monkeypatch.setattr("tradinglab.analytics.sample.compiled_walks", lambda returns: module)
    with np.errstate(all="ignore"):
        of_walks = _figures(table)
    for name, figure in of_arrays.items():
        np.testing.assert_array_equal(of_walks[name], figure, err_msg=name)


@pytest.mark.parametrize("steps", [1, 63, 64, 65, 500])
def test_a_fall_is_found_in_whatever_stretch_it_lies(steps: int) -> None:
    rows = np.random.default_rng(steps).standard_normal((40, steps)) * 0.05
    found = np.empty((4, len(rows)))
    walks.walk_falls(rows, *found)
    np.testing.assert_array_equal(np.array(falls.falls_of(np.multiply.accumulate(1 + rows, axis=1))), found)


def test_compiled_code_is_loaded_when_it_has_become_worth_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiling, "_measured", 0)
    monkeypatch.delitem(compiling.sys.modules, "tradinglab.analytics.compiled", raising=False)
    monkeypatch.delitem(compiling.sys.modules, "numba", raising=False)
    assert compiling.compiled_walks(39_000_000) is None
    monkeypatch.setattr(compiling, "has_numba", lambda: False)
    assert compiling.compiled_walks(2_000_000) is None


def test_without_enough_work_nothing_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiling, "_measured", 0)
    monkeypatch.delitem(compiling.sys.modules, "tradinglab.analytics.compiled", raising=False)
    monkeypatch.setitem(compiling.sys.modules, "numba", ModuleType("numba"))
    assert compiling.compiled_walks(1_900_000) is None


def test_figures_do_not_depend_on_the_size_of_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    table = np.random.default_rng(5).standard_normal((3000, 300)) * 0.01
    table[7, 250] = np.nan
    module = importlib.import_module("tradinglab.analytics.compiled")
    monkeypatch.setattr("tradinglab.analytics.sample.compiled_walks", lambda returns: module)
    names = ("sharpe_ratio", "calmar_ratio", "conditional_value_at_risk")
    large, small = analytics.summary(table, only=names), analytics.summary(table)
    for name in names:
        np.testing.assert_array_equal(large[name], small[name])
        assert np.isfinite(large[name]).all()
