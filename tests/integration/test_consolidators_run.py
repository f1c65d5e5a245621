"""Consolidators and scheduled events in a run over LEAN's sample bars."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tradinglab.algorithm.bars import TradeBar
from tradinglab.algorithm.consolidators import (
    Calendar,
    IdentityDataConsolidator,
    MarketHourAwareConsolidator,
    TradeBarConsolidator,
)
from tradinglab.algorithm.qc_algorithm import QCAlgorithm
from tradinglab.core.enums import DayOfWeek, Resolution, TickType
from tradinglab.engine.run import backtest

pytestmark = pytest.mark.lean

TEN = timedelta(minutes=10)
FIRST, LAST = datetime(2013, 10, 7), datetime(2013, 10, 11)
Row = tuple[Any, ...]


class Consolidating(QCAlgorithm):
    """Notes minute bars, and what is made of them, with the time at which it came."""

    seen: dict[str, list[Row]]

    def initialize(self) -> None:
        self.set_start_date(FIRST)
        self.set_end_date(LAST)
        self.set_benchmark(lambda time: 0)
        self.add_equity("SPY", Resolution.MINUTE)
        type(self).seen = self.noted = {name: [] for name in ("minute", "ten", "day", "strict", "week", "count")}
        self.consolidate("SPY", TEN, lambda bar: self.note("ten", bar))
        self.consolidate("SPY", timedelta(days=1), lambda bar: self.note("day", bar))
        self.consolidate("SPY", Resolution.DAILY, lambda bar: self.note("strict", bar))
        self.consolidate("SPY", Calendar.WEEKLY, lambda bar: self.note("week", bar))
        counting = TradeBarConsolidator(7)
        counting.data_consolidated += lambda sender, bar: self.note("count", bar)
        self.subscription_manager.add_consolidator("SPY", counting)

    def note(self, name: str, bar: Any) -> None:
        row = (self.time, bar.time, bar.end_time, bar.open, bar.high, bar.low, bar.close, bar.volume)
        self.noted[name].append(row)

    def on_data(self, slice: Any) -> None:
        if "SPY" in slice.bars:
            self.note("minute", slice.bars["SPY"])


@pytest.fixture(scope="module")
def seen(lean_data: Path) -> dict[str, list[Row]]:
    backtest(Consolidating, data=f"lean:{lean_data}")
    return Consolidating.seen


def frame(rows: list[Row]) -> pl.DataFrame:
    names = ("now", "time", "end", "open", "high", "low", "close", "volume")
    return pl.DataFrame(rows, schema=names, orient="row")


def gathered(rows: list[Row], bar: pl.Expr) -> list[Row]:
    """Return start, open, high, low, close and volume of the bars that a data frame makes."""
    made = frame(rows).with_columns(bar=bar).group_by("bar", maintain_order=True)
    prices = made.agg(pl.first("open"), pl.max("high"), pl.min("low"), pl.last("close"), pl.sum("volume"))
    return list(prices.iter_rows())


def prices(rows: list[Row]) -> list[Row]:
    return [(row[1], *row[3:]) for row in rows]


def test_bars_of_ten_minutes(seen: dict[str, list[Row]]) -> None:
    assert len(seen["minute"]) == 5 * 390
    assert prices(seen["ten"]) == gathered(seen["minute"], pl.col("time").dt.truncate("10m"))
    assert all(now == end == start + TEN for now, start, end, *_ in seen["ten"])


def test_days_from_midnight_come_the_day_after(seen: dict[str, list[Row]]) -> None:
    expected = gathered(seen["minute"], pl.col("time").dt.truncate("1d"))
    assert prices(seen["day"]) == expected[:-1]  # no data come after the last day's midnight
    assert [row[0] for row in seen["day"]] == [row[2] for row in seen["day"]]


def test_days_from_open_to_close_come_at_the_close(seen: dict[str, list[Row]]) -> None:
    expected = gathered(seen["minute"], pl.col("time").dt.truncate("1d").dt.offset_by("570m"))
    assert prices(seen["strict"]) == expected
    assert [row[0].time() for row in seen["strict"]] == [time(16)] * 5


def test_a_week_is_not_over_on_friday(seen: dict[str, list[Row]]) -> None:
    assert seen["week"] == []


def test_bars_of_seven(seen: dict[str, list[Row]]) -> None:
    number = pl.int_range(pl.len()) // 7
    rows = seen["minute"][: 5 * 390 // 7 * 7]
    assert prices(seen["count"]) == gathered(rows, pl.first("time").over(number))
    assert all(a[2] <= b[1] for a, b in pairwise(seen["count"]))


class Scheduling(QCAlgorithm):
    """Notes what happens when, of what is scheduled and of what comes."""

    happened: list[tuple[str, datetime]]

    def initialize(self) -> None:
        self.set_start_date(FIRST)
        self.set_end_date(LAST)
        self.set_benchmark(lambda time: 0)
        self.add_equity("SPY", Resolution.HOUR)
        type(self).happened = []
        on, dates, times = self.schedule.on, self.date_rules, self.time_rules
        on(dates.every_day("SPY"), times.after_market_open("SPY", 30), self.marker("half past"))
        on(dates.every_day("SPY"), times.before_market_close("SPY"), self.marker("close"))
        on(dates.every(DayOfWeek.SATURDAY), times.noon, self.marker("saturday"))
        on(dates.on(2013, 10, 8), times.at(10, 17), self.marker("tuesday"))
        on(dates.week_end("SPY"), times.at(12, 0), lambda: on(dates.today, times.at(12, 45), self.marker("later")))

    def marker(self, name: str) -> Any:
        return lambda: self.happened.append((name, self.time))

    def on_data(self, slice: Any) -> None:
        self.happened.append(("data", self.time))

    def on_end_of_day(self, symbol: Any) -> None:
        self.happened.append((f"end of {symbol.value}", self.time))


@pytest.fixture(scope="module")
def happened(lean_data: Path) -> list[tuple[str, datetime]]:
    backtest(Scheduling, data=f"lean:{lean_data}")
    return Scheduling.happened


def test_everything_happens_in_time_order(happened: list[tuple[str, datetime]]) -> None:
    times = [time for _, time in happened]
    assert times == sorted(times)
    assert len(happened) == len(set(happened))


def test_an_event_happens_at_its_time_before_the_data_of_that_time(happened: list[tuple[str, datetime]]) -> None:
    monday = [(name, time.strftime("%H:%M")) for name, time in happened if time.date() == FIRST.date()]
    assert monday == [
        ("half past", "10:00"), ("data", "10:00"), *[("data", f"{hour}:00") for hour in range(11, 16)],
        ("end of SPY", "15:50"), ("close", "16:00"), ("data", "16:00"),
    ]  # fmt: skip


def test_events_between_and_after_data_happen(happened: list[tuple[str, datetime]]) -> None:
    assert ("tuesday", datetime(2013, 10, 8, 10, 17)) in happened
    assert ("later", datetime(2013, 10, 11, 12, 45)) in happened
    assert [name for name, _ in happened].count("end of SPY") == 5
    assert all(name != "saturday" for name, _ in happened)


class Sevens(QCAlgorithm):
    """Bars counted from the open, and the minute bars themselves."""

    starts: list[datetime]
    passed_on: int

    def initialize(self) -> None:
        self.set_start_date(FIRST)
        self.set_end_date(LAST)
        self.set_benchmark(lambda time: 0)
        symbol = self.add_equity("SPY", Resolution.MINUTE, extended_market_hours=True).symbol
        type(self).starts, type(self).passed_on = [], 0
        aware = MarketHourAwareConsolidator(True, timedelta(minutes=7), TradeBar, TickType.TRADE, False)
        aware.data_consolidated += lambda sender, bar: self.starts.append(bar.time)
        identity = IdentityDataConsolidator[TradeBar]()
        identity.data_consolidated += self.count
        for consolidator in (aware, identity):
            self.subscription_manager.add_consolidator(symbol, consolidator)

    def count(self, sender: Any, bar: Any) -> None:
        type(self).passed_on += 1


def test_bars_counted_from_the_open_leave_extended_hours_out(lean_data: Path) -> None:
    backtest(Sevens, data=f"lean:{lean_data}")
    opened = datetime(2013, 10, 7, 9, 30)
    assert Sevens.starts[:56] == [opened + index * timedelta(minutes=7) for index in range(56)]
    assert len(Sevens.starts) >= 5 * 56 - 1
    assert all(time(9, 30) <= start.time() < time(16) for start in Sevens.starts)
    assert Sevens.passed_on > 5 * 390
