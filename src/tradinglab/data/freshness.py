"""Whether a last bar is the last one that there could be, by a market's calendar."""

from __future__ import annotations

from datetime import date
from typing import Final, NamedTuple

from tradinglab.core.clock import DAY_NS, date_of_day, day_of_date
from tradinglab.core.enums import Resolution, SecurityType
from tradinglab.core.market_hours import SecurityExchangeHours
from tradinglab.data.periods import PERIODS, WEEKEND

#: Days that are looked back for a session: more than any market was closed.
_LONGEST_CLOSED: Final = 30
#: What opens on Sunday evening mostly has no daily bar of Sunday.
_OPEN_ON_SUNDAYS: Final = (SecurityType.FOREX, SecurityType.CFD)
_LONGEST_SETTLING: Final = 7
_MINUTE_NS: Final = 60_000_000_000


class BarEnd(NamedTuple):
    """When a bar is over: the day of its session in the market's zone, and the instant (nanoseconds UTC)."""

    day: int
    end_ns: int


class Freshness(NamedTuple):
    """How fresh a last bar is.

    Attributes
    ----------
    last
        When it was over; a day is when its session closes.
    expected
        The same of the last bar that there could be; ``None`` if nobody knows the market's hours.
    is_stale
        Whether there could be a later one; ``None`` if nobody knows.
    reason
        Why that is so.
    """

    last: BarEnd
    expected: BarEnd | None
    is_stale: bool | None
    reason: str


def freshness(
    hours: SecurityExchangeHours | None,
    kind: SecurityType,
    resolution: Resolution,
    start_ns: int,
    now_ns: int,
    *,
    last_listed: date | None = None,
) -> Freshness:
    """Return how fresh a last bar is that starts at an instant.

    Parameters
    ----------
    hours
        Of its market; ``None`` if nobody knows them.
    start_ns, now_ns
        Instants, in nanoseconds UTC.
    last_listed
        The last day of its listing, if it has ended.
    """
    known = SecurityExchangeHours.always_open("UTC") if hours is None else hours
    last = _end(known, resolution, start_ns)
    expected = None if hours is None else expected_bar(hours, kind, resolution, now_ns)
    if expected is None:
        return Freshness(last, None, None, "Nobody knows the hours of its market.")
    delisted = None if last_listed is None else day_of_date(last_listed)
    if delisted is not None and delisted <= expected.day and last.day >= delisted - _LONGEST_SETTLING:
        return Freshness(last, expected, False, f"It was listed until {last_listed}: this is its last bar.")
    if last.day < expected.day:
        text = f"The session of {date_of_day(expected.day)} is over or under way, and there is no bar of it."
        return Freshness(last, expected, True, text)
    if resolution == Resolution.DAILY or expected.end_ns - last.end_ns <= PERIODS[resolution]:
        return Freshness(last, expected, False, "It is the last one that there can be by the market's hours.")
    minutes = (expected.end_ns - last.end_ns) // _MINUTE_NS
    text = f"The market was open for {minutes:,} minutes since it ended, and there is no later bar."
    return Freshness(last, expected, True, text)


def expected_bar(
    hours: SecurityExchangeHours, kind: SecurityType, resolution: Resolution, now_ns: int
) -> BarEnd | None:
    """Return the last bar that is over by the market's regular hours; ``None`` if it was not open for a month."""
    zone, period = hours.time_zone, PERIODS[resolution]
    now = int(zone.local_ns(now_ns))
    without_weekends = kind in _OPEN_ON_SUNDAYS and resolution == Resolution.DAILY
    for day in range(now // DAY_NS, now // DAY_NS - _LONGEST_CLOSED, -1):
        if without_weekends and day % 7 in WEEKEND:
            continue
        spans = [(day * DAY_NS + first, day * DAY_NS + last) for first, last in hours.hours_of_day(day).spans_ns(False)]
        if resolution == Resolution.DAILY:
            if spans and spans[-1][1] <= now:
                return BarEnd(day, int(zone.utc_ns(spans[-1][1])))
            continue
        for first, last in reversed(spans):
            # The first bar of a session may begin within a period: the hour from half past nine ends at ten.
            end = min(last, now // period * period)
            if end > first:
                return BarEnd(day, int(zone.utc_ns(end)))
    return None


def _end(hours: SecurityExchangeHours, resolution: Resolution, start_ns: int) -> BarEnd:
    zone = hours.time_zone
    local_ns = int(zone.local_ns(start_ns))
    day = local_ns // DAY_NS
    if resolution != Resolution.DAILY:
        return BarEnd(day, int(zone.utc_ns(local_ns + PERIODS[resolution])))
    spans = list(hours.hours_of_day(day).spans_ns(False))
    return BarEnd(day, int(zone.utc_ns(day * DAY_NS + (spans[-1][1] if spans else DAY_NS))))
