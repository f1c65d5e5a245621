"""Shipped and made market hours against exchange-calendars."""

from __future__ import annotations

import warnings
from datetime import date
from typing import Any

import numpy as np
import pytest

from tradinglab.core.clock import day_of_date
from tradinglab.core.default_market_hours import us_equity_hours
from tradinglab.core.enums import SecurityType
from tradinglab.core.exchange_sessions import hours_from_calendar
from tradinglab.core.market import Market
from tradinglab.core.market_hours import SecurityExchangeHours
from tradinglab.core.market_hours_database import MarketHoursDatabase
from tradinglab.core.us_equity_calendar import FIRST_YEAR, LAST_YEAR


def calendar_of(name: str, **kwargs: Any) -> Any:
    import exchange_calendars

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return exchange_calendars.get_calendar(name, **kwargs)


def instants(column: Any) -> list[int]:
    import pandas as pd

    utc = pd.to_datetime(column, utc=True).dt.tz_localize(None).dropna()
    return [int(ns) for ns in utc.to_numpy("datetime64[ns]").astype(np.int64)]


def sessions(hours: SecurityExchangeHours, first: date, last: date) -> tuple[list[int], list[int]]:
    opens, closes = hours.segments(day_of_date(first), day_of_date(last), False)
    return tuple(hours.time_zone.utc_ns_array(times).tolist() for times in (opens, closes))  # type: ignore[return-value]


def test_the_shipped_us_table() -> None:
    """If this fails, new dates are known: run tools/us_equity_calendar.py."""
    first, last = date(FIRST_YEAR, 1, 1), date(LAST_YEAR, 12, 31)
    calendar = calendar_of("XNYS", start=first, end=last)
    opens, closes = sessions(us_equity_hours(extended=False), first, last)
    assert opens == instants(calendar.opens)
    assert closes == instants(calendar.closes)


@pytest.mark.parametrize("name", ["XLON", "XETR", "XASX", "XTSE", "XBOM"])
def test_hours_made_from_a_calendar(name: str) -> None:
    hours = hours_from_calendar(name)
    assert hours is not None
    calendar = calendar_of(name)
    opens, closes = sessions(hours, calendar.first_session.date(), calendar.last_session.date())
    assert opens == instants(calendar.opens)
    assert closes == instants(calendar.closes)


def test_a_calendar_with_a_break() -> None:
    hours = hours_from_calendar("XTKS")
    assert hours is not None
    calendar = calendar_of("XTKS", start="2012-01-01")
    opens, closes = sessions(hours, calendar.first_session.date(), calendar.last_session.date())
    assert sorted(opens) == sorted(instants(calendar.opens) + instants(calendar.break_ends))
    assert sorted(closes) == sorted(instants(calendar.closes) + instants(calendar.break_starts))


def test_markets_are_found_by_calendar_name() -> None:
    assert hours_from_calendar("NOWHERE") is None
    database = MarketHoursDatabase.default()
    assert database.get_exchange_hours("xlon", "VOD", SecurityType.EQUITY).time_zone == "Europe/London"
    assert database.get_exchange_hours(Market.INDIA, None, SecurityType.EQUITY).time_zone == "Asia/Kolkata"
    assert database.try_get_entry("nowhere", "X", SecurityType.EQUITY) is None
