"""The market hours that TradingLab ships, for data that bring none of their own.

US equities, options and indices follow the New York Stock Exchange; forex and CFD trade from
Sunday to Friday, 17:00 New York time; crypto never closes. An equity market that is named like a
calendar of exchange-calendars (``xlon``) follows that calendar.
"""

from __future__ import annotations

from datetime import date
from functools import cache

from tradinglab.core.clock import DAY_NS, HOUR_NS, MINUTE_NS, day_of_date, zone
from tradinglab.core.enums import DayOfWeek, SecurityType
from tradinglab.core.local_market_hours import LocalMarketHours
from tradinglab.core.market import Market
from tradinglab.core.market_hours import SecurityExchangeHours
from tradinglab.core.market_hours_database import MarketHoursEntry
from tradinglab.core.security_database import WILDCARD, SecurityDatabaseKey
from tradinglab.core.us_equity_calendar import EARLY_CLOSES, HOLIDAYS

_NEW_YORK, _UTC = "America/New_York", "UTC"
_WEEKDAYS = tuple(DayOfWeek)[1:6]
_OPEN_NS, _CLOSE_NS = 9 * HOUR_NS + 30 * MINUTE_NS, 16 * HOUR_NS
_EXTENDED_OPEN_NS, _EXTENDED_CLOSE_NS = 4 * HOUR_NS, 20 * HOUR_NS
_FOREX_TURN_NS = 17 * HOUR_NS

_US_TYPES = frozenset({SecurityType.EQUITY, SecurityType.OPTION, SecurityType.INDEX, SecurityType.INDEX_OPTION})
_FOREX_TYPES = frozenset({SecurityType.FOREX, SecurityType.CFD})
_FOREX_MARKETS = frozenset({Market.OANDA, Market.FXCM, Market.INTERACTIVE_BROKERS, Market.DUKASCOPY})
_CRYPTO_TYPES = frozenset({SecurityType.CRYPTO, SecurityType.CRYPTO_FUTURE})
_CALENDAR_TYPES = frozenset({SecurityType.EQUITY, SecurityType.INDEX})
_CALENDARS = {
    Market.USA: "XNYS",
    Market.INDIA: "XBOM",
    Market.HKFE: "XHKG",
    Market.OSE: "XTKS",
    Market.KRX: "XKRX",
    Market.SGX: "XSES",
}


class DefaultMarketHours:
    """Builds the shipped entries, one for each market and type of security."""

    def build(self, key: SecurityDatabaseKey) -> MarketHoursEntry | None:
        """Return the entry of exactly this key, None if there is none."""
        market, kind = key.market.lower(), key.security_type
        if key.symbol != WILDCARD:
            return None
        if market == Market.USA and kind in _US_TYPES:
            hours = us_equity_hours(extended=kind is SecurityType.EQUITY)
        elif market in _FOREX_MARKETS and kind in _FOREX_TYPES:
            return MarketHoursEntry(zone("UTC-05" if market == Market.FXCM else _UTC), forex_hours())
        elif kind in _CRYPTO_TYPES or (kind is SecurityType.BASE and market == "empty"):
            hours = SecurityExchangeHours.always_open(_UTC)
        elif kind in _CALENDAR_TYPES:
            from tradinglab.core.exchange_sessions import hours_from_calendar

            found = hours_from_calendar(calendar_name(market))
            if found is None:
                return None
            hours = found
        else:
            return None
        return MarketHoursEntry(hours.time_zone, hours)


def calendar_name(market: str) -> str:
    """Return what exchange-calendars calls the calendar of an equity market."""
    return _CALENDARS.get(market.lower(), market.upper())


@cache
def us_equity_hours(*, extended: bool) -> SecurityExchangeHours:
    """Return the hours of the US stock market, with or without trading before and after the session; one for all."""
    times = (_EXTENDED_OPEN_NS, _OPEN_NS, _CLOSE_NS, _EXTENDED_CLOSE_NS) if extended else (_OPEN_NS, _CLOSE_NS)
    week = {day: LocalMarketHours(day, *times) for day in _WEEKDAYS}
    holidays = [day for day, _ in _dates(HOLIDAYS)]
    early = {day: _time(time) for day, time in _dates(EARLY_CLOSES)}
    return SecurityExchangeHours(_NEW_YORK, holidays, week, early, {})


@cache
def forex_hours() -> SecurityExchangeHours:
    """Return the hours of currency markets: Sunday 17:00 to Friday 17:00 in New York; one for all."""
    week = {day: LocalMarketHours.open_all_day(day) for day in _WEEKDAYS}
    week[DayOfWeek.SUNDAY] = LocalMarketHours(DayOfWeek.SUNDAY, _FOREX_TURN_NS, DAY_NS)
    week[DayOfWeek.FRIDAY] = LocalMarketHours(DayOfWeek.FRIDAY, 0, _FOREX_TURN_NS)
    return SecurityExchangeHours(_NEW_YORK, (), week, {}, {})


def _dates(table: str) -> list[tuple[int, str]]:
    """Return the days of a table, and what follows each after an ``@``."""
    found = []
    for line in table.splitlines():
        year, *entries = line.split()
        for entry in entries:
            day, _, rest = entry.partition("@")
            found.append((day_of_date(date(int(year), int(day[:2]), int(day[2:]))), rest))
    return found


def _time(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * HOUR_NS + int(minutes) * MINUTE_NS
