"""What brings a stored series up to date: which days are asked for, and of whom."""

from __future__ import annotations

from datetime import date, timedelta

from tradinglab.core.clock import DAY_NS, date_of_day
from tradinglab.data.downloading import range_of_days
from tradinglab.data.errors import StoreError
from tradinglab.data.sources.opening import NAMES
from tradinglab.data.sources.shaping import data_zone
from tradinglab.data.store import BarStore, SeriesKey
from tradinglab.data.store.manifest import joined_sources
from tradinglab.data.store.store_reader import iter_origins

#: Days before the last bar that are asked for again: what a source has corrected since shows there.
OVERLAP_DAYS = 5
_US = 1_000


def update_range(store: BarStore, key: SeriesKey, today: date, *, overlap_days: int = OVERLAP_DAYS) -> tuple[int, int]:
    """Return the range to ask for: from some days before the last bar to the end of today.

    Raises
    ------
    StoreError
        If there are no bars of the series, or they are made up.
    """
    files = store.files(key)
    if not files:
        raise StoreError(f"There are no bars of {key} to go on from. Download it first.")
    if any(origin.is_synthetic for origin in iter_origins(files)):
        raise StoreError(f"The bars of {key} are made up; no source has more of them.")
    last_us = max(file.last_us for file in files)
    last = date_of_day(data_zone(key).local_ns(last_us * _US) // DAY_NS)
    return range_of_days(key, last - timedelta(days=overlap_days), max(today, last))


def sources_before(store: BarStore, key: SeriesKey) -> tuple[str, ...]:
    """Return the sources that bars of a series are from, the one that was asked last first; none if it is not noted."""
    ranges = joined_sources(each.sources for each in store.manifest(key).slices)
    named = [each.source for each in sorted(ranges, key=lambda each: (each.at, each.last_us), reverse=True)]
    # Bars of before there were such notes tell it by their origins.
    named += [origin.name.partition(":")[0] for origin in iter_origins(store.files(key)[::-1])]
    return tuple(dict.fromkeys(name for name in named if name in NAMES))
