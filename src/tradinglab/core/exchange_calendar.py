"""The days of an exchange: weekly hours, holidays, early closes and late opens."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta

from tradinglab.core.clock import DAY_NS, Ints, Zone, day_of_date, from_ns, span_ns, zone
from tradinglab.core.dual import Dual
from tradinglab.core.enums import DayOfWeek
from tradinglab.core.local_market_hours import LocalMarketHours, MarketHoursSegment
from tradinglab.core.market_sessions import SessionTable, Spans

_THURSDAY = 4  # the day of the week of 1970-01-01

Days = Iterable[date | int]
Times = Mapping[date, timedelta] | Mapping[int, int]


class ExchangeCalendar(Dual):
    """The hours of an exchange on every day.

    Parameters
    ----------
    time_zone
        The exchange's time zone.
    holiday_dates
        Days without any trading.
    market_hours_for_each_day_of_week
        Hours of the days of the week; a day that is missing is closed.
    early_closes, late_opens
        By date the time of day at which trading ends early or begins late.
    bank_holiday_dates
        Days on which banks are closed, though the exchange may be open.
    """

    __slots__ = (
        "_asked",
        "_by_day",
        "_sessions",
        "_week",
        "bank_holiday_days",
        "early_close_by_day",
        "holiday_days",
        "is_market_always_open",
        "late_open_by_day",
        "regular_market_duration_ns",
        "time_zone",
    )

    def __init__(
        self,
        time_zone: Zone | str,
        holiday_dates: Days,
        market_hours_for_each_day_of_week: Mapping[DayOfWeek, LocalMarketHours],
        early_closes: Times,
        late_opens: Times,
        bank_holiday_dates: Days = (),
    ) -> None:
        self.time_zone = zone(time_zone) if isinstance(time_zone, str) else time_zone
        self.holiday_days = frozenset(_day(when) for when in holiday_dates)
        self.bank_holiday_days = frozenset(_day(when) for when in bank_holiday_dates)
        self.early_close_by_day = _times_by_day(early_closes)
        self.late_open_by_day = _times_by_day(late_opens)
        self._week = tuple(
            market_hours_for_each_day_of_week.get(day) or LocalMarketHours.closed_all_day(day) for day in DayOfWeek
        )
        self._by_day: dict[int, LocalMarketHours] = {}
        self._sessions: dict[bool, SessionTable] = {}
        #: The instant that was last asked for, and whether the exchange was open.
        self._asked = (-1, False)
        self.is_market_always_open = all(hours.is_open_all_day for hours in self._week)
        durations = Counter(hours.market_duration_ns for hours in self._week)
        self.regular_market_duration_ns = max(durations, key=lambda span: (durations[span], span))

    @property
    def market_hours(self) -> dict[DayOfWeek, LocalMarketHours]:
        """Hours of the days of the week, without holidays and other exceptions."""
        return dict(zip(DayOfWeek, self._week, strict=True))

    @property
    def regular_market_duration(self) -> timedelta:
        """How long regular trading lasts on most days."""
        return timedelta(microseconds=self.regular_market_duration_ns // 1_000)

    @property
    def holidays(self) -> set[datetime]:
        """Days without any trading."""
        return {_midnight(day) for day in self.holiday_days}

    @property
    def bank_holidays(self) -> set[datetime]:
        """Days on which banks are closed."""
        return {_midnight(day) for day in self.bank_holiday_days}

    @property
    def early_closes(self) -> dict[datetime, timedelta]:
        """By day the time at which trading ends early."""
        return _times_by_date(self.early_close_by_day)

    @property
    def late_opens(self) -> dict[datetime, timedelta]:
        """By day the time at which trading begins late."""
        return _times_by_date(self.late_open_by_day)

    def get_market_hours(self, local_date_time: date) -> LocalMarketHours:
        """Return the hours of a date, exceptions applied."""
        return self.hours_of_day(day_of_date(local_date_time))

    def hours_of_day(self, day: int) -> LocalMarketHours:
        """Return the hours of a day, exceptions applied."""
        hours = self._by_day.get(day)
        if hours is None:
            hours = self._by_day[day] = self._make_day(day)
        return hours

    def _make_day(self, day: int) -> LocalMarketHours:
        hours = self._week[(day + _THURSDAY) % 7]
        if day in self.holiday_days:
            return LocalMarketHours.closed_all_day(hours.day_of_week)
        early, late = self.early_close_by_day.get(day), self.late_open_by_day.get(day)
        if early is None and late is None:
            return hours
        return LocalMarketHours(hours.day_of_week, _cut(hours.segments, early, late))

    def segments(self, first_day: int, last_day: int, extended: bool) -> tuple[Ints, Ints]:
        """Return when the exchange opens and closes on the days from first to last, both included.

        Stretches that run into each other, also over midnight, are one. The result is cached and
        must not be changed.
        """
        table = self._sessions.get(extended)
        if table is None:
            table = self._sessions[extended] = self._session_table(extended)
        return table.between(first_day, last_day)

    def _session_table(self, extended: bool) -> SessionTable:
        week = [hours.spans_ns(extended) for hours in self._week]
        shortened = (self.early_close_by_day.keys() | self.late_open_by_day.keys()) - self.holiday_days
        exceptions: dict[int, Spans] = dict.fromkeys(self.holiday_days, ())
        exceptions.update((day, self.hours_of_day(day).spans_ns(extended)) for day in shortened)
        return SessionTable(week, exceptions)


def _day(when: date | int) -> int:
    return when if isinstance(when, int) else day_of_date(when)


def _midnight(day: int) -> datetime:
    return from_ns(day * DAY_NS)


def _times_by_day(times: Times) -> dict[int, int]:
    return {_day(when): time if isinstance(time, int) else span_ns(time) for when, time in times.items()}


def _times_by_date(times: Mapping[int, int]) -> dict[datetime, timedelta]:
    return {_midnight(day): timedelta(microseconds=time // 1_000) for day, time in times.items()}


def _cut(segments: tuple[MarketHoursSegment, ...], early: int | None, late: int | None) -> list[MarketHoursSegment]:
    """Return what an early close and a late open leave of a day.

    If trading resumes (the late open comes after the early close), both ends of the day stay.
    """
    if early is None:
        return _after(segments, late or 0)
    morning = _before(segments, early)
    if late is None:
        return morning
    rest = _after(tuple(morning) if early >= late else segments, late)
    return morning + rest if early <= late else rest


def _before(segments: tuple[MarketHoursSegment, ...], close: int) -> list[MarketHoursSegment]:
    for index, segment in enumerate(segments):
        if segment.start_ns <= close <= segment.end_ns:
            return [*segments[:index], MarketHoursSegment(segment.state, segment.start_ns, close)]
        if close < segment.start_ns:
            # A close in a break takes the segment before it too, as LEAN's does.
            return list(segments[: max(index - 1, 0)])
    return list(segments)


def _after(segments: tuple[MarketHoursSegment, ...], start: int) -> list[MarketHoursSegment]:
    for index, segment in enumerate(segments):
        if segment.start_ns <= start <= segment.end_ns:
            return [MarketHoursSegment(segment.state, start, segment.end_ns), *segments[index + 1 :]]
        if start < segment.start_ns:
            return list(segments[index:])
    return list(segments)
