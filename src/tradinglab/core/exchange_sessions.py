"""Market hours from the calendars of exchange-calendars, which takes seconds to import."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np

from tradinglab.core.clock import DAY_NS, Ints, Zone, zone
from tradinglab.core.enums import DayOfWeek, MarketHoursState
from tradinglab.core.local_market_hours import LocalMarketHours, MarketHoursSegment
from tradinglab.core.market_hours import SecurityExchangeHours

if TYPE_CHECKING:
    import pandas as pd

_THURSDAY = 4  # the day of the week of 1970-01-01, Sunday being 0


def hours_from_calendar(name: str) -> SecurityExchangeHours | None:
    """Return the hours of a calendar (``XLON``), None if there is no such calendar.

    A day of the week has the widest hours that are usual, over the years, and the break that is the most
    usual; days that differ are late opens and early closes, days without a session holidays. What
    lies outside the usual hours is cut off.
    """
    import exchange_calendars

    if name not in exchange_calendars.get_calendar_names():
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it uses what newer releases of pandas deprecate
        calendar = exchange_calendars.get_calendar(name)
    at = zone(str(calendar.tz))
    days = calendar.sessions.to_numpy().astype("datetime64[D]").astype(np.int64)
    opens, closes = (_times(column, at, days) for column in (calendar.opens, calendar.closes))
    breaks = None
    if calendar.has_break:
        breaks = tuple(_times(column, at, days) for column in (calendar.break_starts, calendar.break_ends))
    weekday = (days + _THURSDAY) % 7
    week: dict[DayOfWeek, LocalMarketHours] = {}
    early: dict[int, int] = {}
    late: dict[int, int] = {}
    for day in DayOfWeek:
        rows = np.flatnonzero(weekday == day)
        if not rows.size:
            continue
        first, last = _usual(opens[rows])[0], _usual(closes[rows])[-1]
        pause = None if breaks is None else tuple(_most(column[rows]) for column in breaks)
        week[day] = LocalMarketHours(day, _segments(first, last, pause))
        early |= {int(days[row]): int(closes[row]) for row in rows if closes[row] < last}
        late |= {int(days[row]): int(opens[row]) for row in rows if opens[row] > first}
    span = np.arange(days[0], days[-1] + 1)
    closed = np.setdiff1d(span[np.isin((span + _THURSDAY) % 7, [int(day) for day in week])], days)
    return SecurityExchangeHours(at, closed.tolist(), week, early, late)


def _times(column: pd.Series[pd.Timestamp], at: Zone, days: Ints) -> Ints:
    """Return the times of day of a column of instants; what is missing, and only that, is negative."""
    import pandas as pd

    instants = pd.to_datetime(column, utc=True).dt.tz_localize(None).to_numpy("datetime64[ns]")
    local = at.local_ns_array(instants.astype(np.int64)) - days * DAY_NS
    return np.where(np.isnat(instants), -1, local)


def _usual(times: Ints) -> list[int]:
    """Return the times that one day in twenty has, in order."""
    values, counts = np.unique(times, return_counts=True)
    return [int(value) for value in values[counts * 20 >= len(times)]]


def _most(times: Ints) -> int:
    """Return the time that occurs most often."""
    values, counts = np.unique(times, return_counts=True)
    return int(values[np.argmax(counts)])


def _segments(start: int, end: int, pause: tuple[int, ...] | None) -> list[MarketHoursSegment]:
    stretches = [(start, end)] if pause is None or pause[0] < 0 else [(start, pause[0]), (pause[1], end)]
    return [MarketHoursSegment(MarketHoursState.MARKET, *stretch) for stretch in stretches]
