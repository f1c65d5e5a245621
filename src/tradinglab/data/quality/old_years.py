"""The sessions of years before those that market hours know of, from exchange-calendars."""

from __future__ import annotations

import warnings
from functools import lru_cache

import numpy as np

from tradinglab.core.clock import date_of_day, day_of_date
from tradinglab.core.default_market_hours import calendar_name
from tradinglab.core.enums import SecurityType
from tradinglab.data.columns import Flags, Ints
from tradinglab.data.quality.bars import SeriesFacts

_TYPES = (SecurityType.EQUITY, SecurityType.INDEX)


def first_known_day(facts: SeriesFacts) -> int | None:
    """Return from which day on holidays are known, None if there are none or they are known for ever."""
    holidays = facts.hours.exchange_hours.holiday_days
    if facts.key.security_type not in _TYPES or not holidays:
        return None
    first = date_of_day(min(holidays))
    return day_of_date(first.replace(month=1, day=1))


def had_sessions(facts: SeriesFacts, days: Ints) -> Flags | None:
    """Return on which days of long ago there was a session, None if nobody knows."""
    name = calendar_name(facts.key.market)
    sessions = _sessions(name, int(days[0]), int(days[-1]))
    return None if sessions is None else np.isin(days, sessions)


@lru_cache(8)
def _sessions(name: str, first_day: int, last_day: int) -> Ints | None:
    import exchange_calendars

    if name not in exchange_calendars.get_calendar_names():
        return None
    span = [str(date_of_day(day)) for day in (first_day, last_day)]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it uses what newer releases of pandas deprecate
            calendar = exchange_calendars.get_calendar(name, start=span[0], end=span[1])
    except ValueError:  # before the calendar's own beginning, or a span without a session
        return None
    found: Ints = calendar.sessions.to_numpy().astype("datetime64[D]").astype(np.int64)
    return found
