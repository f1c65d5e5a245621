"""Imported bars against the market's calendar."""

from __future__ import annotations

from tradinglab.core.clock import DAY_NS, date_of_day
from tradinglab.core.enums import Resolution
from tradinglab.core.market_hours import SecurityExchangeHours
from tradinglab.data.columns import Ints

_MOST_NAMED = 5


def session_notes(local_ns: Ints, resolution: Resolution, hours: SecurityExchangeHours) -> list[str]:
    """Return what a user should know: trading days without bars, bars while the market was closed.

    Parameters
    ----------
    local_ns
        Starts of the bars, in the exchange's time zone.
    """
    notes = []
    days = set((local_ns // DAY_NS).tolist())
    open_days = {day for day in range(min(days), max(days) + 1) if hours.is_day_open(day, True)}
    if missing := sorted(open_days - days):
        notes.append(f"{len(missing):,} trading days have no bars: {_named(missing)}")
    if resolution == Resolution.DAILY:
        if closed := sorted(days - open_days):
            notes.append(f"{len(closed):,} bars are of days on which the market is closed: {_named(closed)}")
    elif not hours.is_market_always_open:
        outside = int((~hours.is_open_mask(local_ns, True)).sum())
        if outside:
            notes.append(f"{outside:,} bars begin while the market is closed")
    return notes


def _named(days: list[int]) -> str:
    names = ", ".join(str(date_of_day(day)) for day in days[:_MOST_NAMED])
    return names + (", …" if len(days) > _MOST_NAMED else "")
