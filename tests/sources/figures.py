"""Made-up figures of a share and of a coin, which the servers of the tests tell in each source's own format.

Prices follow from the minute or day alone, so that what is expected can be said without a server. The share is listed
on 2020-01-02, pays 0.50 on 2021-03-01 and splits 2:1 on 2021-06-01.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import NamedTuple
from zoneinfo import ZoneInfo

NEW_YORK = ZoneInfo("America/New_York")
#: Monday noon in New York.
NOW = datetime(2022, 1, 10, 17, 0, tzinfo=UTC)
LISTED = date(2020, 1, 2)
TODAY = NOW.date()
SPLIT_DAY = date(2021, 6, 1)
DIVIDEND_DAY = date(2021, 3, 1)
DIVIDEND = 0.5
MINUTES_A_DAY = 30


class Bar(NamedTuple):
    """Start (Unix seconds), raw prices, volume."""

    at: int
    open: float
    high: float
    low: float
    close: float
    volume: float

    @property
    def us(self) -> int:
        return self.at * 1_000_000


def figures(at: int, number: int, half: bool = False) -> Bar:
    base = 100 + number % 37
    values = (base + 0.25, base + 2.5, base - 1.5, base + 1.0)
    volume = 10_000 + number % 90 * 100
    if half:
        return Bar(at, *(value / 2 for value in values), volume * 2)
    return Bar(at, *values, volume)


def midnight(day: date, zone: tzinfo = NEW_YORK) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp())


def trading_days(first: date, last: date) -> list[date]:
    days = (first + timedelta(count) for count in range((last - first).days + 1))
    return [day for day in days if day.weekday() < 5]


def share_days(first: date = LISTED, last: date = TODAY) -> list[Bar]:
    """Return raw days of the share that start at midnight in New York; the last is still going on."""
    return [
        figures(midnight(day), day.toordinal(), half=day >= SPLIT_DAY) for day in trading_days(max(LISTED, first), last)
    ]


def share_minutes(first: date, last: date) -> list[Bar]:
    """Return the first half hour of each trading day."""
    found = []
    for day in trading_days(max(LISTED, first), last):
        opens = midnight(day) + 9 * 3600 + 1800
        found += [
            figures(opens + 60 * minute, day.toordinal() + minute, half=day >= SPLIT_DAY)
            for minute in range(MINUTES_A_DAY)
        ]
    return [bar for bar in found if bar.at + 60 <= NOW.timestamp()]


def coin_bars(first: int, last: int, length: int) -> list[Bar]:
    """Return bars of the coin that start in a range of Unix seconds: without a gap since its listing."""
    listed = midnight(LISTED, UTC)
    start = max(listed, -(-first // length) * length)
    return [figures(at, at // length) for at in range(start, min(last, int(NOW.timestamp())), length)]
