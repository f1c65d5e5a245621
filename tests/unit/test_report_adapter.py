"""A run's samples and messages as a report shows them."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from tradinglab.core.clock import to_ns, zone
from tradinglab.report.adapter import daily_series, log_line

NEW_YORK = zone("America/New_York")
#: A Thursday.
START = datetime(2020, 1, 2)


def record(values: list[tuple[float, float]], days_per_year: int = 252) -> Any:
    samples = [
        SimpleNamespace(time_ns=NEW_YORK.utc_ns(to_ns(START + timedelta(days=index))), value=value, benchmark=benchmark)
        for index, (value, benchmark) in enumerate(values)
    ]
    return SimpleNamespace(
        sampler=SimpleNamespace(days=samples),
        statistics_input=SimpleNamespace(trading_days_per_year=days_per_year),
    )


WEEK = [(100.0, 0.0), (101.0, 50.0), (102.0, 51.0), (102.0, 51.0), (102.0, 51.0), (103.0, 55.0)]


def test_a_midnight_sample_closes_the_day_before_and_weekends_fall_out() -> None:
    days, equity, _ = daily_series(record(WEEK), NEW_YORK)
    assert days == (date(2020, 1, 1), date(2020, 1, 2), date(2020, 1, 3), date(2020, 1, 6))
    assert equity == (100.0, 101.0, 102.0, 103.0)


def test_markets_that_never_close_keep_their_weekends() -> None:
    days, _, _ = daily_series(record(WEEK, 365), NEW_YORK)
    assert len(days) == len(WEEK)


def test_the_benchmark_starts_with_the_same_money() -> None:
    _, _, benchmark = daily_series(record(WEEK), NEW_YORK)
    assert benchmark == pytest.approx((100.0, 100.0, 102.0, 110.0))


@pytest.mark.parametrize("level", [0.0, 7.0])
def test_a_benchmark_that_stands_still_is_none(level: float) -> None:
    assert daily_series(record([(value, level) for value, _ in WEEK]), NEW_YORK)[2] == ()


def test_no_samples_make_no_series() -> None:
    assert daily_series(record([]), NEW_YORK) == ((), (), ())


def test_a_message_gives_its_time() -> None:
    line = log_line("2013-10-07 09:31:00 Buying 100\nof SPY")
    assert (line.time, line.text, line.level) == (datetime(2013, 10, 7, 9, 31), "Buying 100\nof SPY", "log")


def test_a_message_without_time_stays_whole() -> None:
    line = log_line("Error: no price")
    assert (line.time, line.text, line.level) == (None, "Error: no price", "error")
