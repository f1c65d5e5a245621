"""Whatever the events and the steps: each happens once, at its time, in the order of times."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.schedule_markets import NEW_YORK, SPY, Clock, MarketHours, security

from tradinglab.algorithm.scheduling import NEVER, DateRules, ScheduledEvent, ScheduleManager, TimeRules
from tradinglab.core.clock import MINUTE_NS, to_ns, zone

START = datetime(2024, 3, 8)
START_NS = to_ns(START)


def instant(minute: int) -> int:
    return START_NS + minute * MINUTE_NS


def make_schedule(now: datetime = START) -> tuple[ScheduleManager, Any]:
    clock: Any = Clock(now)
    securities: Any = {SPY: security(SPY)}
    market_hours: Any = MarketHours()
    rules = DateRules(securities, NEW_YORK, market_hours), TimeRules(securities, NEW_YORK, market_hours)
    return ScheduleManager(*rules, clock), clock


@settings(deadline=None, max_examples=200)
@given(
    st.lists(st.lists(st.integers(-5, 60), min_size=1, max_size=8).map(sorted), max_size=8),
    st.lists(st.integers(1, 70), max_size=12, unique=True).map(sorted),
)
def test_each_event_happens_once_in_time_order(series: list[list[int]], steps: list[int]) -> None:
    schedule, clock = make_schedule()
    happened: list[tuple[int, int]] = []

    def callback(name: str, time: datetime) -> None:
        happened.append((to_ns(time), clock.utc_ns))

    events = [ScheduledEvent("event", [instant(minute) for minute in minutes], callback) for minutes in series]
    for event in events:
        schedule.add(event)
    schedule.start()
    for step in [*steps, 100]:
        assert schedule.next_ns == min((event.next_event_ns for event in events), default=NEVER)
        schedule.scan_past(instant(step), clock.set)
        clock.set(instant(step))
        schedule.fire_due(instant(step))
    due = sorted(instant(minute) for minutes in series for minute in minutes if minute >= 0)
    assert [time for time, _ in happened] == due
    assert all(time == now for time, now in happened)
    assert schedule.next_ns == NEVER


@settings(deadline=None, max_examples=60)
@given(
    st.integers(0, 365 * 20),
    st.integers(0, 23),
    st.integers(0, 59),
    st.sampled_from(["America/New_York", "Europe/London", "Australia/Sydney", "Asia/Tokyo", "UTC"]),
)
def test_a_daily_event_happens_once_on_each_day(first_day: int, hour: int, minute: int, place: str) -> None:
    now = datetime(2000, 1, 1) + timedelta(days=first_day)
    schedule, clock = make_schedule(now)
    at = zone(place)
    happened: list[datetime] = []
    schedule.on(
        schedule.date_rules.every_day(),
        schedule.time_rules.at(hour, minute, place),
        lambda: happened.append(at.datetime(clock.utc_ns)),
    )
    schedule.start()
    schedule.scan_past(to_ns(now + timedelta(days=400)), clock.set)
    days = [time.date() for time in happened]
    assert days == [days[0] + timedelta(days=index) for index in range(len(days))]
    assert len(days) in (399, 400, 401)
    moved = [time for time in happened if (time.hour, time.minute) != (hour, minute)]
    assert len(moved) <= 2  # a time that the change of clocks skips


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 24 * 60))
def test_an_interval_fills_every_day(minutes: int) -> None:
    schedule, clock = make_schedule()
    happened: list[int] = []
    schedule.on(
        schedule.date_rules.every_day(),
        schedule.time_rules.every(timedelta(minutes=minutes)),
        lambda: happened.append(clock.utc_ns),
    )
    schedule.start()
    schedule.scan_past(to_ns(START + timedelta(days=6)), clock.set)
    assert happened == sorted(happened)
    on_monday = [ns for ns in happened if NEW_YORK.datetime(ns).date() == datetime(2024, 3, 11).date()]
    assert len(on_monday) == -(-24 * 60 // minutes)
