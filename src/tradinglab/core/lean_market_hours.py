"""Reads LEAN's market hours database.

The file has three megabytes and 550 entries of which a run needs a few, so that only the places of
the entries are found at once; an entry is parsed when it is asked for.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import TypedDict

from tradinglab.core.clock import DAY_NS, HOUR_NS, MINUTE_NS, SECOND_NS, day_of_date, zone
from tradinglab.core.derivatives import IS_OPTION, UNDERLYING_TYPE_OF, underlying_ticker
from tradinglab.core.enums import DayOfWeek, MarketHoursState
from tradinglab.core.errors import MarketHoursError
from tradinglab.core.local_market_hours import LocalMarketHours, MarketHoursSegment
from tradinglab.core.market_hours import SecurityExchangeHours
from tradinglab.core.market_hours_database import MarketHoursEntry
from tradinglab.core.security_database import WILDCARD, SecurityDatabaseKey

_ENTRY = re.compile(r'"([A-Za-z]+-[^"-]+-[^"]+)"\s*:\s*(?=\{)')
_SPAN = re.compile(r"(?:(\d+)[.:](?=\d+:\d+:))?(\d+):(\d+)(?::(\d+(?:\.\d+)?))?")
_DECODER = json.JSONDecoder()
_STATES = {str(state).lower(): state for state in MarketHoursState}


class _Segment(TypedDict):
    start: str
    end: str
    state: str


class _Raw(TypedDict, total=False):
    dataTimeZone: str
    exchangeTimeZone: str
    sunday: list[_Segment]
    monday: list[_Segment]
    tuesday: list[_Segment]
    wednesday: list[_Segment]
    thursday: list[_Segment]
    friday: list[_Segment]
    saturday: list[_Segment]
    holidays: list[str]
    bankHolidays: list[str]
    earlyCloses: dict[str, str]
    lateOpens: dict[str, str]


class LeanMarketHours:
    """The entries of one file.

    Raises
    ------
    MarketHoursError
        If the file cannot be read or has no entries.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._text = path.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise MarketHoursError(f"The market hours database '{path}' cannot be read: {error}") from error
        self._places: dict[SecurityDatabaseKey, int] = {}
        for match in _ENTRY.finditer(self._text):
            try:
                self._places[SecurityDatabaseKey.parse(match[1])] = match.end()
            except ValueError:  # of a type that we do not know
                continue
        if not self._places:
            raise MarketHoursError(f"The market hours database '{path}' has no entries.")
        self._built: dict[SecurityDatabaseKey, MarketHoursEntry] = {}

    def build(self, key: SecurityDatabaseKey) -> MarketHoursEntry | None:
        """Return the entry of exactly this key, None if there is none."""
        place = self._places.get(key)
        if place is None:
            return None
        if key not in self._built:
            try:
                raw: _Raw = _DECODER.raw_decode(self._text, place)[0]
                self._built[key] = self._convert(key, place, raw)
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                raise MarketHoursError(f"The entry '{key}' of '{self._path}' is not valid: {error!r}") from error
        return self._built[key]

    def _convert(self, key: SecurityDatabaseKey, place: int, raw: _Raw) -> MarketHoursEntry:
        """Return the entry, completed by its underlying's and its market's exceptions."""
        holidays, banks = _days(raw.get("holidays", [])), _days(raw.get("bankHolidays", []))
        early, late = _times(raw.get("earlyCloses", {})), _times(raw.get("lateOpens", {}))
        underlying = self._underlying(key)
        if underlying is not None:
            holidays = holidays or underlying.holiday_days
            banks = banks or underlying.bank_holiday_days
            early = early or underlying.early_close_by_day
            late = late or underlying.late_open_by_day
        market = self._market(key, place)
        if market is not None:
            holidays, banks = holidays | market.holiday_days, banks | market.bank_holiday_days
            early, late = market.early_close_by_day | early, market.late_open_by_day | late
        week = {day: LocalMarketHours(day, _segments(raw, day)) for day in DayOfWeek}
        hours = SecurityExchangeHours(zone(raw["exchangeTimeZone"]), holidays, week, early, late, banks)
        return MarketHoursEntry(zone(raw["dataTimeZone"]), hours)

    def _underlying(self, key: SecurityDatabaseKey) -> SecurityExchangeHours | None:
        """Return the hours of what an option derives from."""
        if key.security_type not in IS_OPTION:
            return None
        kind = UNDERLYING_TYPE_OF[key.security_type]
        ticker = underlying_ticker(key.symbol, key.security_type)
        found = self.build(SecurityDatabaseKey(key.market, ticker, kind))
        found = found or self.build(SecurityDatabaseKey(key.market, None, kind))
        return None if found is None else found.exchange_hours

    def _market(self, key: SecurityDatabaseKey, place: int) -> SecurityExchangeHours | None:
        """Return the hours of the whole market; LEAN adds them only to entries that come later in the file."""
        common = key.create_common_key()
        if key.symbol == WILDCARD or self._places.get(common, place) >= place:
            return None
        found = self.build(common)
        return None if found is None else found.exchange_hours


def _segments(raw: Mapping[str, object], day: DayOfWeek) -> list[MarketHoursSegment]:
    found = raw.get(day.name.lower())
    segments = found if isinstance(found, list) else []
    return [MarketHoursSegment(_STATES[s["state"].lower()], _time(s["start"]), _time(s["end"])) for s in segments]


def _days(dates: list[str]) -> frozenset[int]:
    return frozenset(map(_day, dates))


def _times(times: Mapping[str, str]) -> dict[int, int]:
    return {_day(when): _time(time) for when, time in times.items()}


def _day(text: str) -> int:
    month, day, year = text.split("/")
    return day_of_date(date(int(year), int(month), int(day)))


def _time(text: str) -> int:
    """Return the nanoseconds of ``[days.]hh:mm[:ss]``."""
    match = _SPAN.fullmatch(text)
    if match is None:
        raise ValueError(f"no time of day: '{text}'")
    days, hours, minutes, seconds = match.groups()
    within_day = int(hours) * HOUR_NS + int(minutes) * MINUTE_NS + round(float(seconds or 0) * SECOND_NS)
    return int(days or 0) * DAY_NS + within_day
