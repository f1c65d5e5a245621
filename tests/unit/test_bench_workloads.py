"""The race itself: our engine comes to what was worked out in whole numbers, and figures are read back."""

from __future__ import annotations

import pytest
from bench import ours
from bench.run import last_json, seconds_of
from bench.workloads import daily_panel, expected_cross, minute_bars


def test_the_engine_fills_where_the_whole_numbers_say() -> None:
    run, check = ours._cross("cross", 4320)
    found = check(run())
    assert found["fills"] == found["ref_fills"] > 50
    assert found["final_equity"] == pytest.approx(found["ref_equity"], abs=1e-6)


def test_expected_crossings_of_a_small_path() -> None:
    # 50 bars at 100, then one at 200: the fast average rises above the slow one, and falls below after twenty more.
    bars = minute_bars(75)
    bars["close"] = bars["close"] * 0 + 100.0
    bars["close"][50] = 200.0
    found = expected_cross(bars, cash=1000.0)
    assert found.fills == 2  # bought at the 200 bar, sold when it left the fast window
    assert found.equity == pytest.approx(1000.0 - 100 * 200 * 1.001 + 100 * 100 * 0.999)


def test_the_panel_has_weekdays_only() -> None:
    dates, close, open_ = daily_panel(10, 3)
    assert close.shape == open_.shape == (10, 3)
    assert str(dates[0]) == "2014-01-01"
    assert str(dates[4]) == "2014-01-07"


def test_the_last_figures_of_an_output_count() -> None:
    assert last_json('warning\n{"cold_s": 1.0}\n{"cold_s": 2.0, "warm_s": null}\n') == {"cold_s": 2.0, "warm_s": None}
    assert seconds_of({"cold_s": 2.0, "warm_s": None}) == 2.0  # type: ignore[dict-item]
    with pytest.raises(ValueError, match="no figures"):
        last_json("Traceback")
