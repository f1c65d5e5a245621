"""Date rules. The expected days of SPY, EURUSD and BTCUSD are those of LEAN's own tests."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from tests.unit.schedule_markets import BTCUSD, EURUSD, NEW_YORK, SPY, Clock, MarketHours, future, security

from tradinglab.algorithm.scheduling import DateRules, FuncDateRule
from tradinglab.core.enums import DayOfWeek
from tradinglab.core.symbol import Symbol
from tradinglab.core.symbol_cache import SymbolCache


@pytest.fixture
def rules() -> DateRules:
    return DateRules({}, NEW_YORK, MarketHours(), Clock(datetime(2000, 1, 1)))  # type: ignore[arg-type]


def days(rule: Any, start: tuple[int, int, int] = (2000, 1, 1), end: tuple[int, int, int] = (2000, 12, 31)) -> Any:
    return list(rule.get_dates(datetime(*start), datetime(*end)))


def numbers(rule: Any, start: tuple[int, int, int] = (2000, 1, 1), end: tuple[int, int, int] = (2000, 6, 30)) -> Any:
    return [day.day for day in days(rule, start, end)]


def test_every_day(rules: DateRules) -> None:
    found = days(rules.every_day())
    assert len(found) == 366
    assert all(b - a == timedelta(days=1) for a, b in pairwise(found))


def test_every_trading_day(rules: DateRules) -> None:
    rule = rules.every_day(SPY)
    assert len(days(rule)) == 252
    assert rule.name == "SPY: EveryDay"


def test_ticker_of_an_unknown_security_means_a_us_equity() -> None:
    SymbolCache.clear()
    warnings: list[str] = []
    rules = DateRules({}, NEW_YORK, MarketHours(), None, warnings.append)  # type: ignore[arg-type]
    assert len(days(rules.every_day("SPY"))) == 252
    rules.month_start("SPY")
    assert len(warnings) == 1
    SymbolCache.clear()


def test_given_dates(rules: DateRules) -> None:
    assert days(rules.on(2000, 3, 4)) == [datetime(2000, 3, 4)]
    assert days(rules.on(datetime(2000, 3, 4, 15), date(2000, 5, 6))) == [datetime(2000, 3, 4), datetime(2000, 5, 6)]
    assert days(rules.on([datetime(2000, 3, 4), datetime(2001, 1, 1)])) == [datetime(2000, 3, 4)]
    assert rules.on(2013, 10, 7).name == "10/07/2013"


def test_days_of_the_week(rules: DateRules) -> None:
    found = days(rules.every(DayOfWeek.MONDAY, DayOfWeek.FRIDAY), end=(2000, 1, 15))
    assert [day.day for day in found] == [3, 7, 10, 14]
    assert rules.every(DayOfWeek.MONDAY, DayOfWeek.FRIDAY).name == "Monday,Friday"
    assert days(rules.every([DayOfWeek.SUNDAY]), end=(2000, 1, 15)) == [datetime(2000, 1, 2), datetime(2000, 1, 9)]


def test_today_and_tomorrow_follow_the_time_zone() -> None:
    rules = DateRules({}, NEW_YORK, MarketHours(), Clock(datetime(2020, 5, 6, 2)))  # type: ignore[arg-type]
    assert days(rules.today) == [datetime(2020, 5, 5)]
    assert days(rules.tomorrow) == [datetime(2020, 5, 6)]
    rules.set_default_time_zone("UTC")
    assert days(rules.today) == [datetime(2020, 5, 6)]


def test_month_start_and_end_without_symbol(rules: DateRules) -> None:
    assert [d.day for d in days(rules.month_start())] == [1] * 12
    assert len(days(rules.month_start(), (2000, 1, 4))) == 11
    assert days(rules.month_start(5)) == [datetime(2000, month, 6) for month in range(1, 13)]
    assert [d.day for d in days(rules.month_end())] == [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    assert [d.day for d in days(rules.month_end(5))] == [26, 24, 26, 25, 26, 25, 26, 26, 25, 26, 25, 26]


@pytest.mark.parametrize(
    ("symbol", "offset", "expected"),
    [
        (SPY, 5, [10, 8, 8, 10, 8, 8]),
        (SPY, 12, [20, 17, 17, 19, 17, 19]),
        (SPY, 25, [31, 29, 31, 28, 31, 30]),
        (BTCUSD, 5, [6, 6, 6, 6, 6, 6]),
        (EURUSD, 5, [7, 7, 7, 7, 7, 7]),
    ],
)
def test_month_start_of_symbol(rules: DateRules, symbol: Symbol, offset: int, expected: list[int]) -> None:
    assert numbers(rules.month_start(symbol, offset)) == expected


@pytest.mark.parametrize(
    ("symbol", "offset", "expected"),
    [
        (SPY, 5, [24, 22, 24, 20, 23, 23]),
        (SPY, 12, [12, 10, 15, 11, 12, 14]),
        (SPY, 25, [3, 1, 1, 3, 1, 1]),
        (BTCUSD, 5, [26, 24, 26, 25, 26, 25]),
        (EURUSD, 5, [25, 23, 26, 24, 25, 25]),
    ],
)
def test_month_end_of_symbol(rules: DateRules, symbol: Symbol, offset: int, expected: list[int]) -> None:
    assert numbers(rules.month_end(symbol, offset)) == expected


def test_quarters(rules: DateRules) -> None:
    assert days(rules.quarter_start()) == [datetime(2000, month, 1) for month in (1, 4, 7, 10)]
    assert len(days(rules.quarter_start(), (2000, 2, 15))) == 3
    assert days(rules.quarter_start(5)) == [datetime(2000, month, 6) for month in (1, 4, 7, 10)]
    assert days(rules.quarter_start(SPY)) == [datetime(2000, *day) for day in ((1, 3), (4, 3), (7, 3), (10, 2))]
    assert days(rules.quarter_end()) == [datetime(2000, *day) for day in ((3, 31), (6, 30), (9, 30), (12, 31))]
    assert days(rules.quarter_end(SPY)) == [datetime(2000, *day) for day in ((3, 31), (6, 30), (9, 29), (12, 29))]


def test_years_without_symbol(rules: DateRules) -> None:
    assert days(rules.year_start(), end=(2010, 12, 31)) == [datetime(year, 1, 1) for year in range(2000, 2011)]
    assert len(days(rules.year_start(), (2000, 6, 1), (2010, 12, 31))) == 10
    assert days(rules.year_end(5), end=(2002, 12, 31)) == [datetime(year, 12, 26) for year in range(2000, 2003)]


def test_a_year_is_looked_for_from_the_month_of_the_start(rules: DateRules) -> None:
    assert days(rules.year_start(40), (2000, 1, 20)) == [datetime(2000, 2, 10)]
    assert days(rules.year_start(40), (2000, 2, 2)) == []


@pytest.mark.parametrize(
    ("symbol", "offset", "expected"),
    [
        (SPY, 5, [10, 9, 9, 9, 9]),
        (SPY, 12, [20, 19, 18, 21, 21]),
        (SPY, 348, [29, 31, 31, 31, 31]),
        (BTCUSD, 5, [6, 6, 6, 6, 6]),
        (EURUSD, 5, [7, 7, 7, 7, 7]),
    ],
)
def test_year_start_of_symbol(rules: DateRules, symbol: Symbol, offset: int, expected: list[int]) -> None:
    assert numbers(rules.year_start(symbol, offset), end=(2004, 12, 31)) == expected


@pytest.mark.parametrize(
    ("symbol", "offset", "expected"),
    [
        (SPY, 5, [21, 21, 23, 23, 23]),
        (SPY, 12, [12, 12, 12, 12, 14]),
        (SPY, 19, [1, 3, 3, 3, 3]),
        (BTCUSD, 5, [26, 26, 26, 26, 26]),
        (EURUSD, 5, [25, 25, 25, 25, 26]),
    ],
)
def test_year_end_of_symbol(rules: DateRules, symbol: Symbol, offset: int, expected: list[int]) -> None:
    assert numbers(rules.year_end(symbol, offset), end=(2004, 12, 31)) == expected


@pytest.mark.parametrize("offset", range(7))
def test_week_start_without_symbol(rules: DateRules, offset: int) -> None:
    found = days(rules.week_start(offset))
    assert {day.weekday() for day in found} == {offset}
    assert len(found) == (53 if offset > 4 else 52)  # 2000 has 53 Saturdays and Sundays


@pytest.mark.parametrize("offset", range(7))
def test_week_end_without_symbol(rules: DateRules, offset: int) -> None:
    found = days(rules.week_end(offset))
    assert {day.weekday() for day in found} == {(4 - offset) % 7}
    assert len(found) == 52


@pytest.mark.parametrize(
    ("symbol", "start", "second_start", "end", "second_end"),
    [
        (SPY, [3, 10, 18, 24, 31], [5, 12, 20, 26], [7, 14, 21, 28], [5, 12, 19, 26]),
        (BTCUSD, [2, 9, 16, 23, 30], [4, 11, 18, 25], [1, 8, 15, 22, 29], [6, 13, 20, 27]),
        (EURUSD, [2, 9, 16, 23, 30], [4, 11, 18, 25], [7, 14, 21, 28], [5, 12, 19, 26]),
    ],
)
def test_weeks_of_symbol(
    rules: DateRules, symbol: Symbol, start: list[int], second_start: list[int], end: list[int], second_end: list[int]
) -> None:
    january = {"end": (2000, 1, 31)}
    assert numbers(rules.week_start(symbol), **january) == start  # type: ignore[arg-type]
    assert numbers(rules.week_start(symbol, 2), **january) == second_start  # type: ignore[arg-type]
    assert numbers(rules.week_end(symbol), **january) == end  # type: ignore[arg-type]
    assert numbers(rules.week_end(symbol, 2), **january) == second_end  # type: ignore[arg-type]


@pytest.mark.parametrize(("extended", "expected"), [(False, [3, 10, 17, 24, 31]), (True, [2, 9, 16, 23, 30])])
def test_a_day_with_extended_hours_only_counts_when_asked(extended: bool, expected: list[int]) -> None:
    rules = DateRules({SPY: security(SPY, future())}, NEW_YORK, MarketHours(), None)  # type: ignore[arg-type]
    assert numbers(rules.week_start(SPY, 0, extended), end=(2000, 1, 31)) == expected


@pytest.mark.parametrize(
    ("make", "most"),
    [("week_start", 6), ("week_end", 6), ("month_start", 30), ("month_end", 30),
     ("quarter_start", 92), ("quarter_end", 92), ("year_start", 365), ("year_end", 365)],
)  # fmt: skip
def test_offsets_have_limits(rules: DateRules, make: str, most: int) -> None:
    getattr(rules, make)(most)
    for offset in (-1, most + 1):
        with pytest.raises(ValueError, match=str(offset)):
            getattr(rules, make)(offset)


def test_offset_beyond_the_trading_week(rules: DateRules) -> None:
    with pytest.raises(ValueError, match="0 to 4 days; it was 5"):
        rules.week_start(SPY, 5)


def test_names(rules: DateRules) -> None:
    assert rules.week_end().name == "WeekEnd"
    assert rules.week_end(1).name == "WeekEnd-1"
    assert rules.week_end(SPY, 2).name == "SPY: WeekEnd-2"
    assert rules.week_start(SPY, 3).name == "SPY: WeekStart+3"
    assert rules.month_start("SPY").name == "SPY: MonthStart"


def test_rules_of_a_function() -> None:
    rule = FuncDateRule("Mine", lambda start, end: [date(2023, 1, 16)])
    assert rule.name == "Mine"
    assert days(rule) == [datetime(2023, 1, 16)]
    with pytest.raises(TypeError, match="function"):
        FuncDateRule("Mine", 3)  # type: ignore[arg-type]


def test_pascal_names(rules: DateRules) -> None:
    assert days(rules.MonthStart(SPY, 5)) == days(rules.month_start(SPY, 5))  # type: ignore[attr-defined]
