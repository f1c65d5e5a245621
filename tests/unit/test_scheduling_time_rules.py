"""Time rules: times of day, opens and closes, intervals, days on which clocks change."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import Any

import pytest
from tests.unit.schedule_markets import (
    BTCUSD,
    EURUSD,
    NEW_YORK,
    SPY,
    Clock,
    MarketHours,
    future,
    hours,
    security,
    us_equity,
)

from tradinglab.algorithm.scheduling import CompositeTimeRule, FuncTimeRule, TimeRules

MONDAY = datetime(2000, 1, 3)


def make_rules(*securities: Any) -> TimeRules:
    known = {item.symbol: item for item in securities}
    return TimeRules(known, NEW_YORK, MarketHours(), Clock(datetime(2000, 1, 3, 12)))  # type: ignore[arg-type]


def times(rule: Any, *dates: datetime) -> list[datetime]:
    return list(rule.create_utc_event_times(dates or [MONDAY]))


def clock(hour: float, day: datetime = MONDAY) -> list[datetime]:
    return [day + timedelta(hours=hour)]


def test_time_of_day() -> None:
    rules = make_rules()
    noon = clock(17)
    assert times(rules.at(12, 0)) == noon
    assert times(rules.at(12, 0, 30)) == [noon[0] + timedelta(seconds=30)]
    assert times(rules.at(timedelta(hours=12))) == noon
    assert times(rules.at(time(12))) == noon
    assert times(rules.at(12, 0, "UTC")) == clock(12)
    assert times(rules.at(timedelta(hours=12), NEW_YORK)) == noon
    assert times(rules.at(hour := 12, 0, 0, "Europe/Berlin")) == clock(hour - 1)
    assert times(rules.noon) == noon
    assert times(rules.midnight) == clock(5)
    assert times(rules.now) == clock(12)


def test_days_of_23_and_25_hours() -> None:
    rules = make_rules()
    spring, autumn = datetime(2024, 3, 10), datetime(2024, 11, 3)
    assert times(rules.at(2, 30), spring) == clock(7, spring)
    assert times(rules.at(1, 30), autumn) == clock(6.5, autumn)
    assert times(rules.midnight, spring, autumn) == [*clock(5, spring), *clock(4, autumn)]
    # LEAN's noon is twelve hours after midnight, whatever the clocks do.
    assert times(rules.noon, spring) == clock(17, spring)
    assert times(rules.at(12, 0), spring) == clock(16, spring)
    for day, missing in ((spring, 1), (autumn, 0)):
        found = times(rules.every(timedelta(hours=1)), day)
        assert found == sorted(found)
        assert len(set(found)) == 24 - missing


@pytest.mark.parametrize(
    ("make", "regular", "extended"),
    [
        (lambda rules, *a: rules.after_market_open(*a), 14.5, 9),
        (lambda rules, *a: rules.before_market_close(*a), 21, 25),
    ],
)
def test_open_and_close(make: Callable[..., Any], regular: float, extended: float) -> None:
    rules = make_rules()
    assert times(make(rules, SPY)) == clock(regular)
    assert times(make(rules, "SPY", 0, True)) == clock(extended)


@pytest.mark.parametrize(
    ("make", "arguments", "hour", "name"),
    [
        ("after_market_open", (SPY, 30), 15, "{}: 30 min after MarketOpen"),
        ("before_market_open", (SPY, 30), 14, "{}: 30 min before MarketOpen"),
        ("before_market_open", (SPY, 30, True), 8.5, "{}: 30 min before ExtendedMarketOpen"),
        ("before_market_close", (SPY, 2.5), 21 - 2.5 / 60, "{}: 2.5 min before MarketClose"),
        ("after_market_close", (SPY, 30), 21.5, "{}: 30 min after MarketClose"),
        ("after_market_close", (SPY, 30, True), 25.5, "{}: 30 min after ExtendedMarketClose"),
        ("after_market_open", (SPY,), 14.5, "{}: 0 min before MarketOpen"),
        ("before_market_close", (30,), 20.5, "30 min before MarketClose"),
    ],
)
def test_minutes_around_open_and_close(make: str, arguments: tuple[Any, ...], hour: float, name: str) -> None:
    rule = getattr(make_rules(), make)(*arguments)
    assert times(rule) == clock(hour)
    assert rule.name == name.format(SPY)


def test_closed_days_have_neither() -> None:
    rules = make_rules()
    holiday, saturday = datetime(2000, 1, 17), datetime(2000, 1, 15)
    assert times(rules.after_market_open(SPY), saturday, holiday) == []
    assert times(rules.before_market_close(SPY), saturday, holiday) == []


def test_early_close_counts() -> None:
    day = datetime(2000, 11, 24)
    rules = make_rules(security(SPY, us_equity({day: hours(13)})))
    assert times(rules.before_market_close(SPY, 10), day) == clock(18 - 1 / 6, day)


def test_hours_follow_daylight_saving() -> None:
    rule = make_rules().after_market_open(SPY)
    winter, summer = datetime(2000, 3, 31), datetime(2000, 4, 3)
    assert times(rule, winter, summer) == [*clock(14.5, winter), *clock(13.5, summer)]


def test_without_symbol_the_first_open_and_the_last_close_count() -> None:
    assert times(make_rules().after_market_open(30)) == clock(15)
    assert times(make_rules(security(BTCUSD)).after_market_open()) == clock(14.5)
    with_forex = make_rules(security(SPY), security(EURUSD))
    assert times(with_forex.after_market_open()) == clock(5)
    assert times(with_forex.before_market_close()) == clock(29)
    assert times(with_forex.after_market_open(), datetime(2000, 1, 17)) == clock(5, datetime(2000, 1, 17))


def test_sunday_of_a_future_is_extended_only() -> None:
    rules = make_rules(security(EURUSD, future()))
    sunday = datetime(2000, 1, 2)
    assert times(rules.after_market_open(EURUSD), sunday) == []
    assert times(rules.after_market_open(EURUSD, 0, True), sunday) == clock(23, sunday)


def test_always_open_market_closes_at_midnight() -> None:
    assert times(make_rules().before_market_close(BTCUSD, 5)) == clock(24 - 5 / 60)


def test_interval() -> None:
    rules = make_rules()
    found = times(rules.every(timedelta(milliseconds=500)))
    assert found[0] == clock(5)[0]
    assert len(found) == 2 * 24 * 3600
    assert rules.every(timedelta(minutes=10)).name == "Every 10 min"
    for interval in (timedelta(0), timedelta(minutes=-1)):
        with pytest.raises(ValueError, match="longer than nothing"):
            rules.every(interval)


def test_composite_rule_joins_and_sorts() -> None:
    rules = make_rules()
    rule = CompositeTimeRule(rules.at(15, 0), rules.at(9, 0), rules.at(15, 0))
    tuesday = MONDAY + timedelta(days=1)
    assert times(rule, MONDAY, tuesday) == [*clock(14), *clock(20), *clock(14, tuesday), *clock(20, tuesday)]
    assert rule.name == "15,9,15"


def test_rule_of_a_function() -> None:
    rule = FuncTimeRule("Mine", lambda dates: [day + timedelta(days=1) for day in dates])
    assert times(rule) == clock(24)
    with pytest.raises(TypeError, match="function"):
        FuncTimeRule("Mine", None)  # type: ignore[arg-type]


def test_time_zone_can_be_set_later() -> None:
    rules = make_rules()
    late, early = rules.midnight, rules.at(0, 0)
    rules.set_default_time_zone("UTC")
    assert times(late) == clock(0)
    assert times(early) == clock(5)
