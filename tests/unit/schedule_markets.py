"""Markets for tests of schedules and consolidators, written out by hand."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from tradinglab.core.clock import to_ns, zone
from tradinglab.core.enums import DayOfWeek, MarketHoursState, SecurityType
from tradinglab.core.local_market_hours import LocalMarketHours, MarketHoursSegment
from tradinglab.core.market import Market
from tradinglab.core.market_hours import SecurityExchangeHours
from tradinglab.core.symbol import Symbol

NEW_YORK = zone("America/New_York")
WEEKDAYS = [DayOfWeek(day) for day in range(1, 6)]

# Closings of the New York Stock Exchange as it published them.
_HOLIDAYS = """
2000: 0117 0221 0421 0529 0704 0904 1123 1225
2001: 0101 0115 0219 0413 0528 0704 0903 0911 0912 0913 0914 1122 1225
2002: 0101 0121 0218 0329 0527 0704 0902 1128 1225
2003: 0101 0120 0217 0418 0526 0704 0901 1127 1225
2004: 0101 0119 0216 0409 0531 0611 0705 0906 1125 1224
"""


def holidays() -> list[date]:
    found = []
    for line in _HOLIDAYS.split("\n"):
        year, _, days = line.partition(":")
        found += [date(int(year), int(day[:2]), int(day[2:])) for day in days.split()]
    return found


def hours(count: float) -> timedelta:
    return timedelta(hours=count)


def us_equity(early_closes: dict[date, timedelta] | None = None) -> SecurityExchangeHours:
    """Return New York hours: 4:00 to 20:00, regular 9:30 to 16:00."""
    week = {day: LocalMarketHours(day, hours(4), hours(9.5), hours(16), hours(20)) for day in WEEKDAYS}
    return SecurityExchangeHours(NEW_YORK, holidays(), week, early_closes or {}, {})


def forex() -> SecurityExchangeHours:
    """Return hours from Sunday 17:00 to Friday 17:00, New York."""
    week = {day: LocalMarketHours.open_all_day(day) for day in WEEKDAYS}
    week[DayOfWeek.SUNDAY] = LocalMarketHours(DayOfWeek.SUNDAY, hours(17), hours(24))
    week[DayOfWeek.FRIDAY] = LocalMarketHours(DayOfWeek.FRIDAY, hours(0), hours(17))
    return SecurityExchangeHours(NEW_YORK, (), week, {}, {})


def future() -> SecurityExchangeHours:
    """Return hours of an index future: Sunday is extended only."""
    week = {
        day: LocalMarketHours(
            day,
            MarketHoursSegment(MarketHoursState.PRE_MARKET, hours(0), hours(9.5)),
            MarketHoursSegment(MarketHoursState.MARKET, hours(9.5), hours(17)),
            MarketHoursSegment(MarketHoursState.POST_MARKET, hours(18), hours(24)),
        )
        for day in WEEKDAYS
    }
    week[DayOfWeek.SUNDAY] = LocalMarketHours(
        DayOfWeek.SUNDAY, MarketHoursSegment(MarketHoursState.PRE_MARKET, hours(18), hours(24))
    )
    return SecurityExchangeHours(NEW_YORK, (), week, {}, {})


SPY = Symbol.create("SPY", SecurityType.EQUITY, Market.USA)
EURUSD = Symbol.create("EURUSD", SecurityType.FOREX, Market.OANDA)
BTCUSD = Symbol.create("BTCUSD", SecurityType.CRYPTO, Market.COINBASE)

HOURS = {"SPY": us_equity(), "EURUSD": forex(), "BTCUSD": SecurityExchangeHours.always_open("UTC")}


class MarketHours:
    """What rules need of the market-hours database."""

    def get_exchange_hours(self, market: str, symbol: Symbol | str, security_type: SecurityType) -> Any:
        return HOURS[getattr(symbol, "value", symbol)]

    def get_data_time_zone(self, market: str, symbol: Symbol | str, security_type: SecurityType) -> Any:
        return HOURS[getattr(symbol, "value", symbol)].time_zone


class Clock:
    """A clock that tests move."""

    def __init__(self, utc: datetime) -> None:
        self.utc_ns = to_ns(utc)

    def set(self, utc_ns: int) -> None:
        assert utc_ns >= self.utc_ns, "time went back"
        self.utc_ns = utc_ns


def security(symbol: Symbol, market_hours: SecurityExchangeHours | None = None, extended: bool = False) -> Any:
    return SimpleNamespace(
        symbol=symbol,
        type=symbol.security_type,
        exchange=SimpleNamespace(hours=market_hours or HOURS[symbol.value]),
        is_extended_market_hours=extended,
    )
