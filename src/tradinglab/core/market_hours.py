"""When an exchange is open: weekly hours, holidays, early closes and late opens.

What an author calls takes and gives naive datetimes in the exchange's time zone. The same
questions with ``_ns`` take and give local nanoseconds (see :mod:`tradinglab.core.clock`), which
is what the engine asks; days are counted from 1970-01-01.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta

import numpy as np
import numpy.typing as npt

from tradinglab.core.clock import DAY_NS, Zone, date_of_day, day_of_date, from_ns, span_ns, to_ns, zone
from tradinglab.core.dual import Dual
from tradinglab.core.enums import DayOfWeek
from tradinglab.core.errors import MarketHoursError
from tradinglab.core.local_market_hours import LocalMarketHours, MarketHoursSegment
from tradinglab.core.market_sessions import Ints, SessionTable

__all__ = ["LocalMarketHours", "MarketHoursSegment", "SecurityExchangeHours"]

_SEARCH_DAYS = 15
_THURSDAY = 4  # the day of the week of 1970-01-01

Days = Iterable[date | int]
Times = Mapping[date, timedelta] | Mapping[int, int]


class SecurityExchangeHours(Dual):
    """The hours of an exchange for a security.

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
        self.is_market_always_open = all(hours.is_open_all_day for hours in self._week)
        durations = Counter(hours.market_duration_ns for hours in self._week)
        self.regular_market_duration_ns = max(durations, key=lambda span: (durations[span], span))

    @classmethod
    def always_open(cls, time_zone: Zone | str) -> SecurityExchangeHours:
        """Return the hours of a market that never closes."""
        return cls(time_zone, (), {day: LocalMarketHours.open_all_day(day) for day in DayOfWeek}, {}, {})

    # ---- the calendar

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

    # ---- is it open?

    def is_open(
        self, local_date_time: datetime, end: datetime | bool, extended_market_hours: bool | None = None
    ) -> bool:
        """Whether the exchange is open at a moment, or at any moment between two.

        Called as ``is_open(time, extended_market_hours)`` or ``is_open(start, end, extended_market_hours)``.
        """
        start_ns = to_ns(local_date_time)
        if isinstance(end, datetime):
            return self.is_open_during_ns(start_ns, to_ns(end), bool(extended_market_hours))
        return self.is_open_ns(start_ns, end)

    def is_open_ns(self, local_ns: int, extended: bool) -> bool:
        """Whether the exchange is open at a moment."""
        day, time = divmod(local_ns, DAY_NS)
        for start, end in self.hours_of_day(day).spans_ns(extended):  # noqa: SIM110 - any() takes twice as long
            if start <= time < end:
                return True
        return False

    def is_open_during_ns(self, start_local_ns: int, end_local_ns: int, extended: bool) -> bool:
        """Whether the exchange is open at any moment from *start* up to but without *end*."""
        if start_local_ns == end_local_ns:
            return self.is_open_ns(start_local_ns, extended)
        for day in range(start_local_ns // DAY_NS, (end_local_ns - 1) // DAY_NS + 1):
            start, until = start_local_ns - day * DAY_NS, end_local_ns - day * DAY_NS
            for opens, closes in self.hours_of_day(day).spans_ns(extended):
                if opens < until and closes > start:
                    return True
        return False

    def is_open_mask(self, local_ns: Ints, extended: bool) -> npt.NDArray[np.bool_]:
        """Return for each moment whether the exchange is open."""
        if not local_ns.size:
            return np.zeros(0, np.bool_)
        opens, closes = self.segments(int(local_ns.min()) // DAY_NS - 1, int(local_ns.max()) // DAY_NS, extended)
        if not opens.size:
            return np.zeros(local_ns.shape, np.bool_)
        index = np.searchsorted(opens, local_ns, side="right") - 1
        found: npt.NDArray[np.bool_] = (index >= 0) & (local_ns < closes[np.maximum(index, 0)])
        return found

    def is_date_open(self, local_date_time: date, extended_market_hours: bool = False) -> bool:
        """Whether there is trading on a date: regular, or extended too if asked for."""
        return self.is_day_open(day_of_date(local_date_time), extended_market_hours)

    def is_day_open(self, day: int, extended: bool = False) -> bool:
        """Whether there is trading on a day: regular, or extended too if asked for."""
        hours = self.hours_of_day(day)
        return not hours.is_closed_all_day and (extended or hours.market_duration_ns > 0)

    def segments(self, first_day: int, last_day: int, extended: bool) -> tuple[Ints, Ints]:
        """Return when the exchange opens and closes on the days from first to last, both included.

        Stretches that run into each other, also over midnight, are one. The result is cached and
        must not be changed.
        """
        table = self._sessions.get(extended)
        if table is None:
            exceptions = self.holiday_days | self.early_close_by_day.keys() | self.late_open_by_day.keys()
            week = [hours.spans_ns(extended) for hours in self._week]
            table = SessionTable(week, {day: self.hours_of_day(day).spans_ns(extended) for day in exceptions})
            self._sessions[extended] = table
        return table.between(first_day, last_day)

    # ---- when does it open or close?

    def get_next_market_open(self, local_date_time: datetime, extended_market_hours: bool) -> datetime:
        """Return the first open after a moment.

        Raises
        ------
        MarketHoursError
            If there is none within two weeks; a market that is always open has none.
        """
        return from_ns(self.next_open_ns(to_ns(local_date_time), extended_market_hours))

    def next_open_ns(self, local_ns: int, extended: bool) -> int:
        """Return what :meth:`get_next_market_open` returns, in local nanoseconds.

        From inside a stretch the search goes on with the next day, as LEAN's does.
        """
        first = local_ns // DAY_NS
        segments = self.hours_of_day(first - 1).segments
        before = segments[-1].end_ns if segments else None
        for day in range(first, first + _SEARCH_DAYS):
            hours = self.hours_of_day(day)
            if hours.is_closed_all_day:
                before = None
                continue
            found = hours.market_open_ns(max(local_ns - day * DAY_NS, 0), extended, before)
            if found is not None and day * DAY_NS + found > local_ns:
                return day * DAY_NS + found
            # After an early close the next day begins anew.
            before = None if day in self.early_close_by_day else hours.segments[-1].end_ns
        raise self._not_found("open", local_ns)

    def get_next_market_close(
        self, local_date_time: datetime, extended_market_hours: bool, last_close: bool = False
    ) -> datetime:
        """Return the first close after a moment, or the last one of that day.

        Raises
        ------
        MarketHoursError
            If there is none within two weeks; a market that is always open has none.
        """
        return from_ns(self.next_close_ns(to_ns(local_date_time), extended_market_hours, last=last_close))

    def next_close_ns(self, local_ns: int, extended: bool, *, last: bool = False) -> int:
        """Return what :meth:`get_next_market_close` returns, in local nanoseconds."""
        first = local_ns // DAY_NS
        for day in range(first, first + _SEARCH_DAYS):
            hours = self.hours_of_day(day)
            if hours.is_closed_all_day:
                continue
            following = () if day + 1 in self.early_close_by_day else self.hours_of_day(day + 1).segments
            after = following[0].start_ns if following else None
            found = hours.market_close_ns(max(local_ns - day * DAY_NS, 0), extended, after, last=last)
            if found is not None and day * DAY_NS + found > local_ns:
                return day * DAY_NS + found
        raise self._not_found("close", local_ns)

    def get_last_daily_market_close(self, local_date_time: datetime, extended_market_hours: bool) -> datetime:
        """Return the last close of the first day that has one after a moment."""
        return self.get_next_market_close(local_date_time, extended_market_hours, last_close=True)

    def get_previous_market_open(
        self, local_date_time: datetime, extended_market_hours: bool, first_open: bool = False
    ) -> datetime:
        """Return the last open at or before a moment, or the first one of that day.

        Raises
        ------
        MarketHoursError
            If there is none within the days before.
        """
        return from_ns(self.previous_open_ns(to_ns(local_date_time), extended_market_hours, first=first_open))

    def previous_open_ns(self, local_ns: int, extended: bool, *, first: bool = False) -> int:
        """Return what :meth:`get_previous_market_open` returns, in local nanoseconds."""
        today = local_ns // DAY_NS
        for day in range(today, today - 9, -1):
            opens = [day * DAY_NS + start for start, _ in self.hours_of_day(day).spans_ns(extended)]
            opens = [start for start in opens if start <= local_ns]
            if first and opens:
                return opens[0]
            for start in reversed(opens):
                if self.next_open_ns(start - 1, extended) == start:
                    return start
        raise self._not_found("open", local_ns)

    def get_first_daily_market_open(self, local_date_time: datetime, extended_market_hours: bool) -> datetime:
        """Return the first open of the last day that has one at or before a moment."""
        return self.get_previous_market_open(local_date_time, extended_market_hours, first_open=True)

    def get_previous_trading_day(self, local_date: datetime) -> datetime:
        """Return the same time on the last earlier day with regular trading."""
        return local_date + timedelta(days=self._step(day_of_date(local_date), -1))

    def get_next_trading_day(self, date: datetime) -> datetime:
        """Return the same time on the next later day with regular trading."""
        return date + timedelta(days=self._step(day_of_date(date), +1))

    def _step(self, day: int, step: int) -> int:
        """Return how many days from *day* the next open one lies, in the direction of *step*."""
        for distance in range(step, 400 * step, step):
            if self.is_day_open(day + distance):
                return distance
        raise MarketHoursError(f"There is no trading day within 400 days of {date_of_day(day)}.")

    def _not_found(self, what: str, local_ns: int) -> MarketHoursError:
        reason = " The market is always open." if self.is_market_always_open else ""
        return MarketHoursError(f"There is no market {what} within two weeks of {from_ns(local_ns)}.{reason}")

    def __repr__(self) -> str:
        return f"SecurityExchangeHours({self.time_zone.name!r}, regular {self.regular_market_duration})"


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
