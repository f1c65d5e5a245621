from __future__ import annotations

import math

from tradinglab.report import paths


def test_a_line_runs_from_bottom_left_to_top_right() -> None:
    assert paths.line([(0, 0), (1, 1)]) == "M0.0 1000.0L1000.0 0.0"


def test_nan_lifts_the_pen() -> None:
    assert paths.line([(0, 0), (0.5, math.nan), (1, 1)]) == "M0.0 1000.0M1000.0 0.0"


def test_an_area_closes_on_its_base() -> None:
    assert paths.area([(0, 1), (1, 1)], base=0.5) == "M0.0 500.0L0.0 0.0L1000.0 0.0L1000.0 500.0Z"


def test_an_area_of_nothing_is_nothing() -> None:
    assert paths.area([(0, math.nan)]) == ""


def test_thinning_keeps_ends_peak_and_trough() -> None:
    points = [(index / 9999, math.sin(index / 700)) for index in range(10_000)]
    points[5_003] = (points[5_003][0], 9.0)
    points[7_001] = (points[7_001][0], -9.0)
    kept = paths.thin(points, 200)
    assert len(kept) <= 204
    assert kept[0] == points[0]
    assert kept[-1] == points[-1]
    assert {points[5_003], points[7_001]} <= set(kept)
    assert kept == sorted(kept)


def test_few_points_stay_as_they_are() -> None:
    points = [(0.0, 1.0), (1.0, 2.0)]
    assert paths.thin(points) == points
