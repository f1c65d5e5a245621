"""What a source has, read only where something has changed."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest

from tradinglab.core.clock import day_of_date
from tradinglab.core.enums import Resolution, SecurityType, TickType
from tradinglab.core.market_hours_database import MarketHoursDatabase
from tradinglab.data.columns import Ints
from tradinglab.data.inventory import Gap, gaps_of, holdings, places
from tradinglab.data.lean import LeanSource
from tradinglab.data.store import BarStore, Origin, SeriesKey, StoreSource

SHARES = MarketHoursDatabase.default().get_exchange_hours("usa", "SPY", SecurityType.EQUITY)
CURRENCIES = MarketHoursDatabase.default().get_exchange_hours("oanda", "EURUSD", SecurityType.FOREX)


def days(*named: date) -> Ints:
    return np.array([day_of_date(each) for each in named], np.int64)


def span(first: date, count: int, *without: date) -> Ints:
    return days(*(day for at in range(count) if (day := first + timedelta(days=at)) not in without))


class TestGaps:
    def test_weekends_and_holidays_are_none(self) -> None:
        # Friday, 2024-01-12; Monday the 15th is Martin Luther King's day.
        assert gaps_of(days(date(2024, 1, 12), date(2024, 1, 16)), SHARES) == []

    def test_a_gap_over_a_weekend_is_one(self) -> None:
        found = gaps_of(days(date(2024, 1, 10), date(2024, 1, 17)), SHARES)
        assert found == [Gap(day_of_date(date(2024, 1, 11)), day_of_date(date(2024, 1, 16)), 3)]

    def test_sundays_are_missing_only_where_there_are_any(self) -> None:
        # 2024-06-02 and 2024-06-09 are Sundays; currencies trade from Sunday evening to Friday.
        saturdays = (date(2024, 6, 1), date(2024, 6, 8))
        sundays = (date(2024, 6, 2), date(2024, 6, 9))
        first = date(2024, 5, 30)
        assert gaps_of(span(first, 13, *saturdays, *sundays), CURRENCIES) == []
        (gap,) = gaps_of(span(first, 13, *saturdays, sundays[1]), CURRENCIES)
        assert gap == Gap(day_of_date(sundays[1]), day_of_date(sundays[1]), 1)

    @pytest.mark.parametrize("count", [0, 1])
    def test_nothing_lies_between_fewer_than_two(self, count: int) -> None:
        assert gaps_of(span(date(2024, 1, 8), count), SHARES) == []


def test_days_are_the_exchanges_and_a_day_of_its_own_counts_once(tmp_path: Path) -> None:
    key = SeriesKey(SecurityType.EQUITY, "usa", "ABC", Resolution.MINUTE, TickType.TRADE)
    store = BarStore(tmp_path / "bars")
    # 20:00 and 20:01 in New York on 2024-01-09 are 2024-01-10 in UTC.
    start = int(datetime(2024, 1, 10, 1, tzinfo=UTC).timestamp()) * 1_000_000
    times = np.array([start, start + 60_000_000])
    values = {name: np.full(2, 10.0) for name in key.fields}
    store.write(key, times, values, [Origin("a.csv")])
    (place,) = places(StoreSource(tmp_path / "bars"))
    store.append_day(key, times, {**values, "close": np.full(2, 9.0), "low": np.full(2, 9.0)}, Origin("b.csv"))
    source = StoreSource(tmp_path / "bars")
    (changed,) = places(source)
    assert (changed.name, changed.mark == place.mark) == (place.name, False)
    (found,) = holdings(source, changed)
    assert (found.coverage.bars, found.generation) == (2, 2)
    assert found.days is not None
    assert found.days.tolist() == days(date(2024, 1, 9)).tolist()
    assert (found.first_us, found.last_us) == (times[0], times[1])
    assert {each.name for each in found.origins} == {"a.csv", "b.csv"}
    assert store.times(key).tolist() == sorted([*times, *times])


def test_a_lean_archive_is_known_by_its_time_and_a_folder_of_days_by_its_files(tmp_path: Path) -> None:
    daily = tmp_path / "equity/usa/daily/abc.zip"
    minutes = tmp_path / "equity/usa/minute/abc"
    minutes.mkdir(parents=True)
    daily.parent.mkdir(parents=True)

    def write(path: Path, text: str) -> None:
        with ZipFile(path, "w") as archive:
            archive.writestr("abc.csv", text)

    def marks() -> dict[str, str]:
        return {each.name: each.mark for each in places(LeanSource(tmp_path))}

    write(daily, "20240108 00:00,1,1,1,1,1\n20240110 00:00,1,1,1,1,1\n")
    write(minutes / "20240108_trade.zip", "")
    before = marks()
    assert marks() == before
    assert set(before) == {"equity/usa/daily/abc.zip", "equity/usa/minute/abc"}
    os.utime(daily, ns=(1, 1))
    assert {name for name, mark in marks().items() if before[name] != mark} == {"equity/usa/daily/abc.zip"}
    before = marks()
    os.utime(minutes, ns=(1, 1))  # clocks of folders may be coarse
    write(minutes / "20240109_trade.zip", "")
    assert {name for name, mark in marks().items() if before[name] != mark} == {"equity/usa/minute/abc"}
    source = LeanSource(tmp_path)
    found = {each.coverage.resolution: each for place in places(source) for each in holdings(source, place)}
    assert found[Resolution.DAILY].coverage.bars == 2
    assert found[Resolution.DAILY].days is not None
    assert found[Resolution.DAILY].days.tolist() == days(date(2024, 1, 8), date(2024, 1, 10)).tolist()
    assert found[Resolution.MINUTE].days is not None
    assert found[Resolution.MINUTE].days.tolist() == days(date(2024, 1, 8), date(2024, 1, 9)).tolist()
    assert found[Resolution.DAILY].size == daily.stat().st_size
