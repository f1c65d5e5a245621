"""When an exchange is open, and when it opens and closes next.

What an author calls takes and gives naive datetimes in the exchange's time zone. The same
questions with ``_ns`` take and give local nanoseconds (see :mod:`tradinglab.core.clock`), which
is what the engine asks; days are counted from 1970-01-01.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

import numpy as np
import numpy.typing as npt

from tradinglab.core.clock import DAY_NS, Ints, Zone, date_of_day, day_of_date, from_ns, to_ns
from tradinglab.core.enums import DayOfWeek
from tradinglab.core.errors import MarketHoursError
from tradinglab.core.exchange_calendar import ExchangeCalendar
from tradinglab.core.local_market_hours import LocalMarketHours, MarketHoursSegment

__all__ = ["LocalMarketHours", "MarketHoursSegment", "SecurityExchangeHours"]

_SEARCH_DAYS = 15


class SecurityExchangeHours(ExchangeCalendar):
    """The hours of an exchange for a security; made like an :class:`ExchangeCalendar`."""

    __slots__ = ()

    @classmethod
    def always_open(cls, time_zone: Zone | str) -> SecurityExchangeHours:
        """Return the hours of a market that never closes."""
        return cls(time_zone, (), {day: LocalMarketHours.open_all_day(day) for day in DayOfWeek}, {}, {})

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

    def is_open_at(self, utc_ns: int) -> bool:
        """Whether the exchange is open for regular trading at an instant."""
        asked_ns, was_open = self._asked
        if utc_ns != asked_ns:  # many securities have the same hours, and are asked at the same instant
            was_open = self.is_open_ns(self.time_zone.local_ns(utc_ns), False)
            self._asked = utc_ns, was_open
        return was_open

    def is_open_during_ns(self, start_local_ns: int, end_local_ns: int, extended: bool) -> bool:
        """Whether the exchange is open at any moment from *start* up to but without *end*."""
        if start_local_ns == end_local_ns:
            return self.is_open_ns(start_local_ns, extended)
        for day in range(start_local_ns // DAY_NS, (end_local_ns - 1) // DAY_NS + 1):
            start, until = start_local_ns - day * DAY_NS, end_local_ns - day * DAY_NS
            for opens, closes in self.hours_of_day(day).spans_ns(extended):
                if opens < until and closes > start and opens < closes:
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
