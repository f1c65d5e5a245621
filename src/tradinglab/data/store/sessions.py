"""Imported bars against the market's calendar."""

from __future__ import annotations

import numpy as np

from tradinglab.core.clock import date_of_day
from tradinglab.core.enums import Resolution
from tradinglab.core.market_hours import SecurityExchangeHours
from tradinglab.data.columns import Ints
from tradinglab.data.periods import WEEKEND, days_of

_MOST_NAMED = 5


class SessionTally:
    """Counts days with bars, and bars out of hours, of bars that come some at a time."""

    def __init__(self, resolution: Resolution, hours: SecurityExchangeHours) -> None:
        self._days: set[int] = set()
        self._outside = 0
        self._resolution, self._hours = resolution, hours

    def add(self, time_ns: Ints) -> None:
        """Count bars by their starts, in order of time."""
        days = days_of(time_ns, self._resolution, self._hours.time_zone)
        self._days.update(days[np.flatnonzero(np.diff(days, prepend=days[0] - 1))].tolist())
        if self._resolution != Resolution.DAILY and not self._hours.is_market_always_open:
            local_ns = self._hours.time_zone.local_ns_array(time_ns)
            self._outside += int((~self._hours.is_open_mask(local_ns, True)).sum())

    def notes(self) -> list[str]:
        """Return what a user should know: trading days without bars, bars while the market was closed."""
        notes, days = [], self._days
        open_days = {day for day in range(min(days), max(days) + 1) if self._hours.is_day_open(day, True)}
        wanted = open_days
        if self._resolution == Resolution.DAILY:
            # A market that opens on Sunday evening may have no daily bar of Sundays.
            unused = {day for day in WEEKEND if all(each % 7 != day for each in days)}
            wanted = {day for day in open_days if day % 7 not in unused}
        if missing := sorted(wanted - days):
            notes.append(f"{len(missing):,} trading days have no bars: {_named(missing)}")
        if self._resolution == Resolution.DAILY and (closed := sorted(days - open_days)):
            notes.append(f"{len(closed):,} bars are of days on which the market is closed: {_named(closed)}")
        if self._outside:
            notes.append(f"{self._outside:,} bars begin while the market is closed")
        return notes


def _named(days: list[int]) -> str:
    names = ", ".join(str(date_of_day(day)) for day in days[:_MOST_NAMED])
    return names + (", …" if len(days) > _MOST_NAMED else "")
