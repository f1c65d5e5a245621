"""Schedules written as sentences: ``schedule.event().every(DayOfWeek.FRIDAY).at(12, 0).run(callback)``."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Self

from tradinglab.algorithm.scheduling.rules import CompositeTimeRule, DateRule, TimeRule
from tradinglab.core.clock import Zone, to_ns
from tradinglab.core.dual import Dual
from tradinglab.core.enums import DayOfWeek

if TYPE_CHECKING:
    from tradinglab.algorithm.scheduling.schedule_manager import ScheduleManager
    from tradinglab.algorithm.scheduling.scheduled_event import Callback, ScheduledEvent
    from tradinglab.core.symbol import Symbol

Predicate = Callable[[datetime], bool]


class FluentSchedule(Dual):
    """A sentence: first the days, then the times (several add up), conditions anywhere, last ``run``."""

    def __init__(self, schedule: ScheduleManager, name: str | None) -> None:
        self._schedule = schedule
        self._name = name
        self._days: DateRule | None = None
        self._times: list[TimeRule] = []
        self._conditions: list[Predicate] = []

    def on(self, *when: int | date) -> Self:
        """On given dates."""
        return self._on_days(self._schedule.date_rules.on(*when))

    def every(self, *what: DayOfWeek | timedelta) -> Self:
        """On given days of the week, or, once the days are said, at every interval."""
        if len(what) == 1 and isinstance(what[0], timedelta):
            return self._at_times(self._schedule.time_rules.every(what[0]))
        return self._on_days(self._schedule.date_rules.every(*what))  # type: ignore[arg-type]

    def every_day(self, symbol: Symbol | str | None = None) -> Self:
        """Every day, or every trading day of a symbol."""
        return self._on_days(self._schedule.date_rules.every_day(symbol))

    def month_start(self, symbol: Symbol | str | None = None) -> Self:
        """On the first (trading) day of each month."""
        return self._on_days(self._schedule.date_rules.month_start(symbol))

    def at(self, when: timedelta | int, *rest: int | Zone | str) -> Self:
        """At a time of day: hour and minute (and second), or a timedelta; in another time zone if given."""
        return self._at_times(self._schedule.time_rules.at(when, *rest))

    def after_market_open(
        self, symbol: Symbol | str, minutes_after_open: float = 0, extended_market_open: bool = False
    ) -> Self:
        """Minutes after a symbol's market opens."""
        return self._at_times(
            self._schedule.time_rules.after_market_open(symbol, minutes_after_open, extended_market_open)
        )

    def before_market_close(
        self, symbol: Symbol | str, minute_before_close: float = 0, extended_market_close: bool = False
    ) -> Self:
        """Minutes before a symbol's market closes."""
        return self._at_times(
            self._schedule.time_rules.before_market_close(symbol, minute_before_close, extended_market_close)
        )

    def where(self, predicate: Predicate) -> Self:
        """Only at times (UTC) that meet a condition."""
        self._conditions.append(predicate)
        return self

    def during_market_hours(self, symbol: Symbol | str, extended_market: bool = False) -> Self:
        """Only while a symbol's market is open."""
        hours = self._schedule.date_rules.hours_of(symbol)
        zone = hours.time_zone
        return self.where(lambda time: hours.is_open(zone.datetime(to_ns(time)), extended_market))

    def run(self, callback: Callback) -> ScheduledEvent:
        """Schedule a callback of nothing, of the time (UTC), or of name and time."""
        if self._days is None or not self._times:
            raise ValueError("Say on which days and at what times the event happens before run().")
        times = self._times[0] if len(self._times) == 1 else CompositeTimeRule(self._times)
        conditions = self._conditions
        predicate: Predicate | None = (lambda time: all(met(time) for met in conditions)) if conditions else None
        return self._schedule.schedule(self._name, self._days, times, callback, predicate)

    def _on_days(self, rule: DateRule) -> Self:
        self._days = rule
        return self

    def _at_times(self, rule: TimeRule) -> Self:
        self._times.append(rule)
        return self
