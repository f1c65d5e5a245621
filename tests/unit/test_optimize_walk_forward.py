"""Windows and what comes of them, worked out by hand."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradinglab.optimize import Axis, Space, axis_of_range
from tradinglab.optimize.walk_forward import (
    Step,
    WalkForwardPlan,
    Window,
    WindowError,
    walk_forward_result,
    windows_check,
    windows_of,
)

DAYS = [date(2020, 1, 1) + timedelta(days=number) for number in range(20)]


def places(windows: list[Window]) -> list[tuple[int, int, int, int]]:
    """Return the places of the windows' days, from 0 on."""
    return [
        (
            DAYS.index(each.train_first),
            DAYS.index(each.train_last),
            DAYS.index(each.test_first),
            DAYS.index(each.test_last),
        )
        for each in windows
    ]


@pytest.mark.parametrize(
    ("plan", "expected"),
    [
        (WalkForwardPlan(train=8, test=4), [(0, 7, 8, 11), (4, 11, 12, 15), (8, 15, 16, 19)]),
        (WalkForwardPlan(train=8, test=5), [(0, 7, 8, 12), (5, 12, 13, 17)]),
        (WalkForwardPlan(train=8, test=4, is_anchored=True), [(0, 7, 8, 11), (0, 11, 12, 15), (0, 15, 16, 19)]),
        (WalkForwardPlan(train=8, test=4, purge=2), [(0, 7, 10, 13), (4, 11, 14, 17)]),
        (WalkForwardPlan(train=6, test=4, purge=1, embargo=2), [(0, 5, 7, 10), (6, 11, 13, 16)]),
        (WalkForwardPlan(train=6, test=4, purge=1, embargo=2, is_anchored=True), [(0, 5, 7, 10), (0, 11, 13, 16)]),
        (WalkForwardPlan(train=16, test=4), [(0, 15, 16, 19)]),
    ],
)
def test_windows_follow_each_other(plan: WalkForwardPlan, expected: list[tuple[int, int, int, int]]) -> None:
    assert places(windows_of(DAYS, plan)) == expected


@given(st.integers(2, 9), st.integers(2, 5), st.integers(0, 3), st.integers(0, 3), st.booleans())
def test_no_test_knows_its_days_and_no_day_is_tested_twice(
    train: int, test: int, purge: int, embargo: int, is_anchored: bool
) -> None:
    plan = WalkForwardPlan(train=train, test=test, purge=purge, embargo=embargo, is_anchored=is_anchored)
    windows = windows_of(DAYS, plan)
    windows_check(windows, DAYS)
    found = places(windows)
    assert all(test_first - train_last == purge + 1 for _, train_last, test_first, _ in found)
    assert all(test_last - test_first + 1 == test for *_, test_first, test_last in found)
    assert is_anchored or all(last - first + 1 == train for first, last, *_ in found)
    assert all(one[0] <= other[0] for one, other in pairwise(found))
    assert all(other[2] - one[3] == embargo + 1 for one, other in pairwise(found))
    assert found[-1][3] + embargo + test > len(DAYS) - 1  # another test would not be whole


def test_windows_longer_than_the_data_are_refused_with_both_counts() -> None:
    with pytest.raises(WindowError, match=r"takes 21 .*\(15 to train, 2 to leave out, 4 to test\).* are 20 "):
        windows_of(DAYS, WalkForwardPlan(train=15, test=4, purge=2))
    with pytest.raises(WindowError, match="there are 0") as refused:
        windows_of([], WalkForwardPlan(train=15, test=4))
    assert "--" not in str(refused.value), "not everybody who reads it has a command line"


@pytest.mark.parametrize(
    "lengths", [{"train": 1, "test": 5}, {"train": 5, "test": 0}, {"train": 5, "test": 5, "purge": -1}]
)
def test_lengths_that_make_no_window_are_refused(lengths: dict[str, int]) -> None:
    with pytest.raises(WindowError, match="at least"):
        WalkForwardPlan(**lengths)


def window(*at: int) -> Window:
    first, last, test_first, test_last = (DAYS[0] + timedelta(days=each) for each in at)
    return Window(train_first=first, train_last=last, test_first=test_first, test_last=test_last)


@pytest.mark.parametrize(
    ("windows", "says"),
    [
        ([], "no window"),
        ([window(0, 5, 5, 8)], "Window 1: its four dates follow"),
        ([window(-3, 5, 6, 8)], "there are data from 2020-01-01 to 2020-01-20"),
        ([window(0, 5, 6, 25)], "goes from 2020-01-01 to 2020-01-26"),
        ([window(0, 5, 6, 9), window(2, 7, 9, 12)], "Window 2 tests from 2020-01-10"),
    ],
)
def test_windows_by_dates_are_looked_at(windows: list[Window], says: str) -> None:
    with pytest.raises(WindowError, match=says):
        windows_check(windows, DAYS)


@pytest.mark.parametrize(("at", "says"), [((3, 4, 6, 9), "from 2020-01-04 to 2020-01-05"), ((0, 2, 3, 5), "01-04")])
def test_a_window_without_a_trading_day_is_refused(at: tuple[int, ...], says: str) -> None:
    days = [day for day in DAYS if day not in DAYS[3:6]]
    with pytest.raises(WindowError, match=says):
        windows_check([window(*at)], days)
    windows_check([window(*at)], DAYS)


SPACE = Space.of(
    [axis_of_range("a", low=Decimal(0), high=Decimal(10), step=Decimal(1)), Axis(name="m", values=("x", "y"))]
)


def step(test: Window, parameters: dict[str, str], train: float | None, tested: float | None, equity: list[float],
         days: list[date]) -> Step:  # fmt: skip
    return Step(window=test, trials=3, parameters=parameters, train_growth=train, test_growth=tested,
                start_equity=100.0, days=days, equity=equity)  # fmt: skip


def test_tests_are_stitched_and_judged_against_their_training() -> None:
    one = step(window(0, 5, 6, 8), {"a": "2", "m": "x"}, 0.4, 0.1, [100.0, 110.0, 999.0, 99.0], DAYS[5:9])
    other = step(window(3, 8, 9, 10), {"a": "5", "m": "x"}, 0.2, 0.2, [50.0, 120.0], DAYS[9:11])
    none = Step(window=window(5, 10, 11, 12), trials=3, parameters={"a": "9", "m": "y"}, train_growth=9.0, error="bad")
    traded = {day for day in DAYS if day != DAYS[7]}
    found = walk_forward_result([one, other, none], SPACE, traded=traded, cash=1000.0, days_per_year=252)
    assert found is not None
    # The day before the test and the one without trading do not count: +10 %, -10 %, -50 %, +140 %.
    assert found.days == (DAYS[6], DAYS[8], DAYS[9], DAYS[10])
    assert found.equity == pytest.approx((1100, 990, 495, 1188))
    assert found.total_return == pytest.approx(0.188)
    assert found.drawdown == pytest.approx(1 - 495 / 1100)
    assert found.efficiency == pytest.approx(0.15 / 0.3)
    assert found.kept == 0.5
    drift = found.drift["a"]
    assert (drift.values, drift.changes) == (("2", "5", "9"), 2)
    assert drift.mean_move == pytest.approx((3 + 4) / 2 / 10)
    assert (found.drift["m"].changes, found.drift["m"].mean_move) == (1, None)


def test_without_a_gain_in_training_there_is_no_efficiency() -> None:
    one = step(window(0, 5, 6, 7), {"a": "2", "m": "x"}, -0.4, 0.1, [100.0, 110.0], DAYS[6:8])
    found = walk_forward_result([one], SPACE, traded=set(DAYS), cash=1000.0, days_per_year=252)
    assert found is not None
    assert found.efficiency is None
    assert walk_forward_result([], SPACE, traded=set(DAYS), cash=1000.0, days_per_year=252) is None


def test_a_test_on_days_without_trading_is_no_outcome() -> None:
    one = step(window(0, 5, 6, 7), {"a": "2", "m": "x"}, 0.1, 0.0, [100.0, 100.0], DAYS[6:8])
    assert walk_forward_result([one], SPACE, traded=set(DAYS[:6]), cash=1000.0, days_per_year=252) is None
