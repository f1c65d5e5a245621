"""What a run will read, and what of it a source has: told before the run, so that nobody waits for one without bars.

Days count, against the calendar of each market. What is missing inside of a day is for the checks of
:mod:`tradinglab.data.quality`.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from enum import StrEnum
from itertools import pairwise

import numpy as np

from tradinglab.core.clock import DAY_NS
from tradinglab.core.enums import Resolution, TickType
from tradinglab.core.market_hours import SecurityExchangeHours
from tradinglab.core.symbol import Symbol
from tradinglab.core.values import dataclass
from tradinglab.data.columns import Ints
from tradinglab.data.inventory import Gap, gaps_between
from tradinglab.data.periods import days_of
from tradinglab.data.source import DataSource
from tradinglab.data.store.layout import SeriesKey
from tradinglab.data.store.source import StoreSource

_US = 1_000
_YEAR_NS = 366 * DAY_NS
#: A bar in memory: start, end and its fields, eight bytes each.
_WORD, _TIMES = 8, 2
_FINER = (Resolution.HOUR, Resolution.MINUTE, Resolution.SECOND)


class NeedRole(StrEnum):
    """What bars are needed for."""

    SUBSCRIPTION = "subscription"
    WARM_UP = "warm_up"
    HISTORY = "history"
    BENCHMARK = "benchmark"
    CONVERSION = "conversion"


class NeedState(StrEnum):
    """How much of what is needed there is."""

    COMPLETE = "complete"
    PARTIAL = "partial"
    MISSING = "missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class DataNeed:
    """Bars that a run will read.

    Attributes
    ----------
    tick_types
        Any of them will do.
    start_ns, end_ns
        Instants (nanoseconds UTC): bars that start in ``[start_ns, end_ns)``.
    """

    symbol: Symbol
    resolution: Resolution
    tick_types: tuple[TickType, ...]
    role: NeedRole
    start_ns: int
    end_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Availability:
    """What a source has of a need.

    Attributes
    ----------
    first_day, last_day
        The days that are looked at, counted from 1970-01-01 in the market's zone: those of the need, as far as they
        are over and the security was listed.
    tick_types
        Of which there are bars in these days.
    bars, memory
        How many there are, and how many bytes they take in memory.
    gaps, missing_days
        Where the market was open and there is no bar, and on how many days.
    derivable_from
        A finer resolution that the source has in these days, if something is missing.
    has_any
        Whether it has bars of that resolution at all, of whatever days.
    takes_prices
        Whether bars of prices, which downloads bring, would do: not where a currency pair has quotes already.
    """

    need: DataNeed
    first_day: int
    last_day: int
    tick_types: tuple[TickType, ...] = ()
    bars: int = 0
    memory: int = 0
    gaps: tuple[Gap, ...] = ()
    missing_days: int = 0
    derivable_from: Resolution | None = None
    has_any: bool = False
    takes_prices: bool = True
    is_synthetic: bool = False

    @property
    def state(self) -> NeedState:
        """How much there is."""
        if not self.missing_days:
            return NeedState.COMPLETE
        return NeedState.PARTIAL if self.bars else NeedState.MISSING


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetch:
    """A download that would bring what is missing.

    Attributes
    ----------
    source
        The name of who has it; see :mod:`tradinglab.data.sources`.
    first_day, last_day
        Of what is to be asked for.
    is_whole
        Whether the source reaches back to the first day that is missing.
    credentials
        Names of the settings that hold its key, if it needs one.
    """

    source: str
    series: SeriesKey
    first_day: int
    last_day: int
    is_whole: bool = True
    credentials: tuple[str, ...] = ()


def availability(source: DataSource, need: DataNeed, *, now_ns: int | None = None) -> Availability:
    """Return what a source has of a need; only times are read where the source can tell them alone.

    Parameters
    ----------
    now_ns
        The present instant: days that are not over are not missing.

    Raises
    ------
    DataError
        If files are broken.
    """
    symbol = need.symbol
    entry = source.market_hours.try_get_entry(symbol.id.market, symbol.value, symbol.security_type)
    hours = SecurityExchangeHours.always_open("UTC") if entry is None else entry.exchange_hours
    first, last = _listed(source, need, hours, time.time_ns() if now_ns is None else now_ns)
    having = [kind for kind in need.tick_types if source.has(symbol, need.resolution, kind)]
    read = {kind: _days(source, need, kind, hours, (first, last)) for kind in having}
    there = {kind: found for kind, found in read.items() if found[1]}
    days = np.unique(np.concatenate([np.empty(0, np.int64), *(found[0] for found in there.values())]))
    # Without a calendar nobody knows on which days there is to be a bar.
    gaps = _gaps(days, first, last, hours, need) if entry is not None or not len(days) else ()
    missing = sum(each.days for each in gaps)
    return Availability(
        need=need,
        first_day=first,
        last_day=last,
        tick_types=tuple(there),
        bars=sum(count for _, count in there.values()),
        memory=sum(count * _bytes_of(need, kind) for kind, (_, count) in there.items()),
        gaps=gaps,
        missing_days=missing,
        derivable_from=_derivable(source, need, hours, gaps) if gaps else None,
        has_any=bool(having),
        takes_prices=TickType.TRADE in need.tick_types
        or not having
        or source.has(symbol, need.resolution, TickType.TRADE),
        is_synthetic=any(source.is_synthetic(symbol, need.resolution, kind) for kind in there),
    )


def fetches(found: Availability, names: Sequence[str] | None = None, *, now_ns: int | None = None) -> list[Fetch]:
    """Return downloads that would bring what is missing, of sources without a key first.

    Parameters
    ----------
    names
        The sources that may be asked; all by default.
    """
    from tradinglab.data.sources.opening import NAMES, about_source

    need = found.need
    if not found.gaps or not found.takes_prices:
        return []
    today = (time.time_ns() if now_ns is None else now_ns) // DAY_NS
    series = SeriesKey.of(need.symbol, need.resolution, TickType.TRADE)
    first, last = found.gaps[0].first_day, found.gaps[-1].last_day
    wanted = []
    for about in map(about_source, NAMES if names is None else names):
        served = about.served(series)
        if served is None:
            continue
        reach = served.reach_days.get(need.resolution)
        begin = first if reach is None else max(first, today - reach + 1)
        if begin <= last:
            fetch = Fetch(
                source=about.name, series=series, first_day=begin, last_day=last, is_whole=begin == first,
                credentials=about.credentials,
            )  # fmt: skip
            wanted.append(fetch)
    return sorted(wanted, key=lambda each: (not each.is_whole, bool(each.credentials)))


def joined_fetches(found: Iterable[Availability], *, names: Sequence[str] | None = None) -> list[list[Fetch]]:
    """Return for each series that lacks something the downloads of which one brings it: what warms up and what follows.

    Each covers all that any need of its series lacks.
    """
    by_series: dict[SeriesKey, dict[str, Fetch]] = {}
    for each in found:
        for fetch in fetches(each, names):
            known = by_series.setdefault(fetch.series, {})
            other = known.get(fetch.source)
            known[fetch.source] = fetch if other is None else _both(fetch, other)
    return [list(each.values()) for each in by_series.values()]


def _both(one: Fetch, other: Fetch) -> Fetch:
    return Fetch(
        source=one.source,
        series=one.series,
        first_day=min(one.first_day, other.first_day),
        last_day=max(one.last_day, other.last_day),
        is_whole=one.is_whole and other.is_whole,
        credentials=one.credentials,
    )


def _listed(source: DataSource, need: DataNeed, hours: SecurityExchangeHours, now_ns: int) -> tuple[int, int]:
    """Return the days of a need that are over, and on which the security was listed."""
    zone = hours.time_zone
    first, last = (int(zone.local_ns(at) // DAY_NS) for at in (need.start_ns, max(need.start_ns, need.end_ns - 1)))
    last = min(last, int(zone.local_ns(now_ns) // DAY_NS) - 1)
    known = source.map_file(need.symbol)
    if known is not None:
        first, last = max(first, known.first_day), min(last, known.delisting_day)
    return first, last


def _days(
    source: DataSource, need: DataNeed, kind: TickType, hours: SecurityExchangeHours, span: tuple[int, int]
) -> tuple[Ints, int]:
    """Return the days with bars, and how many bars there are, between two days."""
    zone = hours.time_zone
    days, count = [np.empty(0, np.int64)], 0
    for times in _times(source, need, kind, zone.utc_ns(span[0] * DAY_NS), zone.utc_ns((span[1] + 1) * DAY_NS)):
        days.append(np.unique(days_of(times, need.resolution, zone)))
        count += len(times)
    return np.unique(np.concatenate(days)), count


def _times(source: DataSource, need: DataNeed, kind: TickType, start_ns: int, end_ns: int) -> Iterator[Ints]:
    """Yield the starts of bars (nanoseconds UTC), at most a year's at once."""
    for first_ns, last_ns in pairwise([*range(start_ns, end_ns, _YEAR_NS), end_ns]):
        if isinstance(source, StoreSource):
            key = source.series(need.symbol, need.resolution, kind)
            times = source.store.times(key, first_ns // _US, last_ns // _US) * _US
            yield times if need.resolution == Resolution.TICK else np.unique(times)
        else:
            yield source.bars(need.symbol, need.resolution, kind, first_ns, last_ns).time_ns


def _gaps(days: Ints, first: int, last: int, hours: SecurityExchangeHours, need: DataNeed) -> tuple[Gap, ...]:
    return () if last < first else tuple(gaps_between(days, first, last, hours, need.resolution))


def _derivable(
    source: DataSource, need: DataNeed, hours: SecurityExchangeHours, gaps: Sequence[Gap]
) -> Resolution | None:
    """Return the coarsest of the finer resolutions of which there are bars where others are missing."""
    span = gaps[0].first_day, gaps[-1].last_day
    for resolution in (each for each in _FINER if each < need.resolution):
        finer = replace(need, resolution=resolution)
        for kind in need.tick_types:
            if source.has(need.symbol, resolution, kind) and _days(source, finer, kind, hours, span)[1]:
                return resolution
    return None


def _bytes_of(need: DataNeed, kind: TickType) -> int:
    return _WORD * (_TIMES + len(SeriesKey.of(need.symbol, need.resolution, kind).fields))
