"""The schedule: order, skipping, changes while events happen, and ends of days."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from tests.unit.schedule_markets import BTCUSD, NEW_YORK, SPY, Clock, MarketHours, hours, security, us_equity

from tradinglab.algorithm.scheduling import NEVER, DateRules, EndOfDayEvents, ScheduledEvent, ScheduleManager, TimeRules
from tradinglab.core.clock import MINUTE_NS, from_ns, to_ns
from tradinglab.core.enums import DayOfWeek

START = datetime(2020, 1, 2, 5)


class Desk:
    """A schedule, its clock, and what happened."""

    def __init__(self, *securities: Any, now: datetime = START) -> None:
        self.securities = {item.symbol: item for item in securities}
        self.clock: Any = Clock(now)
        date_rules = DateRules(self.securities, NEW_YORK, MarketHours())  # type: ignore[arg-type]
        time_rules = TimeRules(self.securities, NEW_YORK, MarketHours())  # type: ignore[arg-type]
        self.schedule = ScheduleManager(date_rules, time_rules, self.clock)
        self.happened: list[tuple[str, datetime]] = []

    def note(self, name: str) -> Callable[[], None]:
        return lambda: self.happened.append((name, from_ns(self.clock.utc_ns)))

    def add(self, name: str, *minutes: float) -> ScheduledEvent:
        event = ScheduledEvent(name, [START + timedelta(minutes=m) for m in minutes], self.note(name))
        self.schedule.add(event)
        return event

    def step(self, minute: float) -> None:
        at_ns = to_ns(START + timedelta(minutes=minute))
        self.schedule.scan_past(at_ns, self.clock.set)
        self.clock.set(at_ns)
        self.schedule.fire_due(at_ns)

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.happened]

    @property
    def minutes(self) -> list[tuple[str, float]]:
        return [(name, (time - START) / timedelta(minutes=1)) for name, time in self.happened]


def test_events_happen_at_their_own_time_in_order() -> None:
    desk = Desk()
    desk.add("a", 1, 4, 9)
    desk.add("b", 2, 9)
    desk.schedule.start()
    desk.step(5)
    assert desk.minutes == [("a", 1), ("b", 2), ("a", 4)]
    desk.step(9)
    assert desk.minutes[3:] == [("a", 9), ("b", 9)]
    assert desk.schedule.next_ns == NEVER


def test_events_of_the_same_time_keep_their_order() -> None:
    desk = Desk()
    for index in range(100):
        desk.add(str(index), 3)
    desk.schedule.start()
    desk.step(3)
    assert desk.names == [str(index) for index in range(100)]


def test_an_event_put_back_goes_behind_those_of_its_time() -> None:
    desk = Desk()
    desk.add("1", 1, 10)
    desk.add("2", 3)
    desk.add("3", 10)
    desk.add("4", 50)
    desk.schedule.start()
    desk.step(10)
    assert desk.names == ["1", "2", "3", "1"]


def test_due_events_lag_behind_the_clock_when_no_step_came() -> None:
    desk = Desk()
    desk.add("1", 0, 10)
    desk.add("2", 1, 2)
    desk.schedule.start()
    desk.schedule.fire_due(to_ns(START + timedelta(days=1)))
    # All that is due for the first event happens before the second has its turn, as in LEAN.
    assert desk.names == ["1", "1", "2", "2"]


def test_the_past_is_skipped_at_the_start() -> None:
    desk = Desk()
    desk.add("a", -10, 5)
    desk.add("b", 1)
    desk.schedule.start()
    assert desk.schedule.next_ns == to_ns(START) + MINUTE_NS
    desk.step(1)
    assert desk.names == ["b"]
    late = desk.add("late", 0.5, 1, 3)
    assert late.next_event_utc_time == START + timedelta(minutes=1)


def test_what_a_callback_adds_counts_from_the_next_call() -> None:
    desk = Desk()
    first = ScheduledEvent("first", START + timedelta(minutes=1), lambda: desk.add("second", 2))
    desk.schedule.add(first)
    desk.schedule.start()
    desk.step(5)
    assert desk.minutes == [("second", 5)]


def test_removed_events_do_not_happen() -> None:
    desk = Desk()
    gone, stays = desk.add("gone", 1), desk.add("stays", 1)
    desk.schedule.start()
    desk.schedule.remove(gone)
    desk.schedule.remove(gone)
    desk.step(2)
    assert desk.names == ["stays"]
    assert stays.next_event_utc_time == datetime.max


def test_disabled_events_let_their_times_pass() -> None:
    desk = Desk()
    event = desk.add("event", 1, 2, 3)
    desk.schedule.start()
    event.enabled = False
    desk.step(2)
    event.Enabled = True  # type: ignore[attr-defined]
    desk.step(3)
    assert desk.minutes == [("event", 3)]


def test_listeners_hear_after_the_callback() -> None:
    desk = Desk()
    event = desk.add("event", 1)
    event.event_fired += lambda name, time: desk.happened.append((name + "!", time))
    desk.schedule.start()
    desk.step(1)
    assert desk.minutes == [("event", 1), ("event!", 1)]


@pytest.mark.parametrize("count", [0, 1, 2])
def test_callbacks_take_nothing_the_time_or_name_and_time(count: int) -> None:
    got: list[tuple[Any, ...]] = []
    callbacks: list[Callable[..., None]] = [
        lambda: got.append(()),
        lambda time: got.append((time,)),
        lambda name, time: got.append((name, time)),
    ]
    event = ScheduledEvent("event", START, callbacks[count])
    event.scan(to_ns(START))
    assert got == [("event", START)[2 - count :]]


def test_callbacks_may_have_defaults_and_be_partial() -> None:
    got: list[int] = []
    event = ScheduledEvent("event", [START, START], lambda value=7: got.append(value))
    event.scan(to_ns(START))
    ScheduledEvent("event", START, partial(got.append, 3)).scan(to_ns(START))
    assert got == [7, 7, 3]


def test_an_error_names_the_event() -> None:
    desk = Desk()
    desk.schedule.add(ScheduledEvent("rebalance", START, lambda: 1 / 0))
    desk.schedule.start()
    with pytest.raises(ZeroDivisionError) as caught:
        desk.step(0)
    assert "'rebalance', due at 2020-01-02 05:00:00 UTC" in caught.value.__notes__[0]


def test_rules_make_events() -> None:
    desk = Desk(security(SPY))
    schedule = desk.schedule
    event = schedule.on(schedule.date_rules.every_day(SPY), schedule.time_rules.at(9, 45), desk.note("a"))
    named = schedule.on("b", schedule.date_rules.today, schedule.time_rules.at(10, 0), desk.note("b"))
    schedule.start()
    assert event.name == "SPY: EveryDay: 9.75"
    assert named.name == "b"
    assert event.next_event_utc_time == datetime(2020, 1, 2, 14, 45)
    desk.step(24 * 60)
    assert desk.names == ["a", "b"]
    with pytest.raises(TypeError, match="2 arguments"):
        schedule.on(schedule.date_rules.today, desk.note("c"))


def test_training_now_happens_at_the_start() -> None:
    desk = Desk()
    desk.schedule.training_now(desk.note("trained"))
    desk.schedule.training(
        desk.schedule.date_rules.tomorrow, desk.schedule.time_rules.midnight, desk.note("trained again")
    )
    desk.schedule.start()
    desk.step(0)
    assert desk.minutes == [("trained", 0)]
    desk.step(3 * 24 * 60)
    assert desk.minutes[1:] == [("trained again", 24 * 60)]


def test_sentences() -> None:
    desk = Desk(security(SPY))
    schedule = desk.schedule
    schedule.event("noon").every(DayOfWeek.FRIDAY).at(12, 0).at(10, 0).run(desk.note("friday"))
    schedule.event().on(2020, 1, 2).every(timedelta(hours=1)).during_market_hours(SPY).run(desk.note("open"))
    schedule.event().every_day(SPY).after_market_open(SPY, 1).where(lambda time: time.day == 6).run(desk.note("6th"))
    schedule.event().every_day().where(lambda time: time.day == 2).before_market_close(SPY).run(desk.note("close"))
    schedule.start()
    desk.step(5 * 24 * 60)
    found = [(name, NEW_YORK.datetime(to_ns(time)).strftime("%d %H:%M")) for name, time in desk.happened]
    assert found == [
        *[("open", f"02 {hour}:00") for hour in range(10, 16)],
        ("close", "02 16:00"),
        ("friday", "03 10:00"),
        ("friday", "03 12:00"),
        ("6th", "06 09:31"),
    ]
    with pytest.raises(ValueError, match="before run"):
        schedule.event().every_day().run(print)


# Ends of days.

LAST = datetime(2020, 1, 8, 23, 59)


def test_a_security_ends_its_day_before_the_close() -> None:
    short = us_equity({datetime(2020, 1, 3): hours(13)})
    desk = Desk(spy := security(SPY, short))
    ends = EndOfDayEvents(
        desk.schedule, desk.securities, desk.clock,  # type: ignore[arg-type]
        on_security=lambda symbol: desk.note(symbol.value)(), on_day=None,
    )  # fmt: skip
    desk.schedule.start()
    ends.on_securities_changed([spy], [], LAST, NEW_YORK)
    desk.step(5 * 24 * 60)
    assert [time for _, time in desk.happened] == [
        datetime(2020, 1, 2, 20, 50),
        datetime(2020, 1, 3, 17, 50),
        datetime(2020, 1, 6, 20, 50),
    ]
    ends.on_securities_changed([], [spy], LAST, NEW_YORK)
    desk.step(9 * 24 * 60)
    assert len(desk.happened) == 3


def test_a_market_that_never_closes_ends_its_day_at_midnight() -> None:
    desk = Desk(bitcoin := security(BTCUSD), now=datetime(2020, 1, 2, 0))
    ends = EndOfDayEvents(
        desk.schedule, desk.securities, desk.clock,  # type: ignore[arg-type]
        on_security=lambda symbol: desk.note(symbol.value)(), on_day=None,
    )  # fmt: skip
    desk.schedule.start()
    ends.on_securities_changed([bitcoin], [], datetime(2020, 1, 4), NEW_YORK)
    desk.step(9 * 24 * 60)
    assert [time for _, time in desk.happened] == [datetime(2020, 1, day) for day in (3, 4, 5)]


def test_an_algorithm_ends_days_on_which_something_trades() -> None:
    desk = Desk(spy := security(SPY))
    ends = EndOfDayEvents(
        desk.schedule, desk.securities, desk.clock, on_security=None, on_day=desk.note("day"),  # type: ignore[arg-type]
    )  # fmt: skip
    ends.start(datetime(2020, 1, 2), LAST, NEW_YORK)
    desk.schedule.start()
    ends.on_securities_changed([spy], [], LAST, NEW_YORK)
    desk.step(7 * 24 * 60)
    local = [NEW_YORK.datetime(to_ns(time)) for _, time in desk.happened]
    assert local == [datetime(2020, 1, day, 23, 58) for day in (2, 3, 6, 7, 8)]


def test_events_that_only_look_are_left_out_of_the_next_act() -> None:
    desk = Desk()
    desk.schedule.add(ScheduledEvent("look", [START + timedelta(minutes=m) for m in (1, 2, 6)], only_looks=True))
    assert desk.schedule.next_act_ns == NEVER
    desk.add("act", 3, 5)
    desk.schedule.start()
    assert (desk.schedule.next_ns, desk.schedule.next_act_ns) == (
        to_ns(START + timedelta(minutes=1)), to_ns(START + timedelta(minutes=3)),
    )  # fmt: skip
    desk.step(4)
    assert desk.schedule.next_ns == desk.schedule.next_act_ns == to_ns(START + timedelta(minutes=5))
    desk.step(5)
    assert desk.schedule.next_ns < desk.schedule.next_act_ns == NEVER
