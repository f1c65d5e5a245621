"""What a source has, series by series, read only where something has changed.

A source lies in places: a folder of a bar store, an archive or a folder of days of a LEAN folder. Each place has a
mark, which is made without opening a file of bars. Who has kept the mark of a place, and what was found there, need
not look again as long as the mark is the same.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path

import numpy as np

from tradinglab.core.enums import Resolution, SecurityType, TickType
from tradinglab.core.market_hours import SecurityExchangeHours
from tradinglab.core.symbol import Symbol
from tradinglab.core.values import dataclass
from tradinglab.data.columns import Ints
from tradinglab.data.lean.listing import SeriesPlace, list_places, read_place
from tradinglab.data.lean.source import LeanSource
from tradinglab.data.periods import WEEKEND, days_of
from tradinglab.data.sample import SampleSource
from tradinglab.data.source import Coverage, DataSource
from tradinglab.data.store.files import Origin
from tradinglab.data.store.layout import MANIFEST, SeriesKey, factor_name, find_series
from tradinglab.data.store.manifest import Slice, SourceRange, joined_sources
from tradinglab.data.store.source import StoreSource

_US = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """One series of a source.

    Attributes
    ----------
    days
        On which there is a bar (in the exchange's zone, counted from 1970-01-01), in order; ``None`` if unknown.
    size
        Of its files, in bytes; ``None`` if there are none of its own.
    generation
        Of the bar store's manifest; ``None`` elsewhere.
    content
        The sha256 over the hashes of its slices, in a bar store; empty elsewhere.
    first_us, last_us
        Starts of the first and the last bar (microseconds UTC), where they are known.
    """

    coverage: Coverage
    days: Ints | None = None
    size: int | None = None
    generation: int | None = None
    content: str = ""
    first_us: int | None = None
    last_us: int | None = None
    origins: tuple[Origin, ...] = ()
    sources: tuple[SourceRange, ...] = ()
    written_at: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where series of a source are: its name inside the source, and a mark that changes when they do."""

    name: str
    mark: str
    what: SeriesKey | SeriesPlace | None = None


@dataclass(frozen=True, slots=True)
class Gap:
    """Days on which the market was open and there is no bar: the first, the last, and how many."""

    first_day: int
    last_day: int
    days: int


def places(source: DataSource) -> Iterator[Place]:
    """Yield the places of a source with their marks; no bar is read.

    Raises
    ------
    OSError
        If a folder cannot be read.
    """
    if isinstance(source, StoreSource):
        for folder in source.store.place.series_folders():
            # A store of format 1 has no manifest: it is looked at each time.
            mark = source.store.place.tag(f"{folder}/{MANIFEST}") or ""
            for key in find_series([folder]):
                yield Place(folder, _with_actions(source, key, mark), key)
    elif isinstance(source, SampleSource):
        marks = "".join(_mark(each.path) for each in list_places(source.folder))
        yield Place("sample", hashlib.sha256(marks.encode()).hexdigest())
    elif isinstance(source, LeanSource):
        for each in list_places(source.folder):
            yield Place(each.path.relative_to(source.folder).as_posix(), _mark(each.path), each)


def holdings(source: DataSource, place: Place) -> list[Holding]:
    """Return the series at a place.

    Raises
    ------
    DataError
        If files are broken, or were replaced meanwhile.
    """
    if isinstance(place.what, SeriesKey) and isinstance(source, StoreSource):
        return _of_store(source, place.what)
    if isinstance(place.what, SeriesPlace):
        return _of_lean(place.what)
    return _of_sample(source) if isinstance(source, SampleSource) else []


def gaps_of(days: Ints, hours: SecurityExchangeHours, resolution: Resolution = Resolution.DAILY) -> list[Gap]:
    """Return where bars are missing between the first and the last day, against a market's calendar.

    A market that opens on Sunday evening may or may not have a daily bar of Sunday, as the vendor has it: where a
    series has none on any Saturday or Sunday, none is missing there.
    """
    return gaps_between(days, int(days[0]), int(days[-1]), hours, resolution) if len(days) > 1 else []


def gaps_between(
    days: Ints, first_day: int, last_day: int, hours: SecurityExchangeHours, resolution: Resolution
) -> list[Gap]:
    """Return where bars are missing from one day to another, as :func:`gaps_of` does between those that there are."""
    span = np.arange(first_day, last_day + 1)
    is_open = np.fromiter((hours.is_day_open(int(day)) for day in span), np.bool_, len(span))
    expected = span[is_open]
    if resolution == Resolution.DAILY and len(days):
        unused = np.setdiff1d(WEEKEND, days % 7)
        expected = expected[~np.isin(expected % 7, unused)]
    missing = np.flatnonzero(~np.isin(expected, days))
    found = []
    for _, run in groupby(enumerate(missing.tolist()), key=lambda each: each[1] - each[0]):
        at = [place for _, place in run]
        found.append(Gap(int(expected[at[0]]), int(expected[at[-1]]), len(at)))
    return found


def content_mark(
    source: DataSource, symbol: Symbol, resolution: Resolution, tick_type: TickType, place: str, tickers: Iterable[str]
) -> str:
    """Return what changes when the bars of a series do; no bar is read.

    Parameters
    ----------
    place
        Where the series is, as :func:`places` names it.
    tickers
        All that the security had: a LEAN folder has its bars under each of them.

    Raises
    ------
    OSError
        If there is nothing there.
    """
    if isinstance(source, StoreSource):
        slices = source.store.manifest(SeriesKey.of(symbol, resolution, tick_type)).slices
        return hashlib.sha256("".join(each.sha256 for each in slices).encode()).hexdigest()
    if isinstance(source, SampleSource):
        return "".join(each.mark for each in places(source))
    assert isinstance(source, LeanSource)
    path = source.folder / place
    own = path.name.split(".")[0].split("_")[0]
    others = {path.with_name(path.name.replace(own, each.lower(), 1)) for each in tickers}
    found = [path, *sorted(each for each in others if each != path and each.exists())]
    return hashlib.sha256("".join(_deep_mark(each) for each in found).encode()).hexdigest()


def _deep_mark(path: Path) -> str:
    """Return what changes when a file does, or any of a folder of days."""
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    return "".join(f"{each.name}:{_mark(each)}," for each in files)


def _mark(path: Path) -> str:
    """Return what changes when a file does, or when one is added to a folder, removed or replaced."""
    state = path.stat()
    return f"{state.st_ino}-{state.st_size}-{state.st_mtime_ns}"


def _with_actions(source: StoreSource, key: SeriesKey, mark: str) -> str:
    """Return a mark that changes with the splits and dividends, too: by them it is judged whether prices are right."""
    if not mark or key.security_type != SecurityType.EQUITY:
        return mark
    book = source.store.place.tag(f"{factor_name(key.security_type, key.market, key.ticker)}.json")
    return f"{mark}+{book}" if book else mark


def _of_store(source: StoreSource, key: SeriesKey) -> list[Holding]:
    manifest = source.store.manifest(key)
    slices: Sequence[Slice] = manifest.slices
    if not slices:
        return []
    times = source.store.times(key)
    if key.resolution != Resolution.TICK:
        times = np.unique(times)
    zone = source.market_hours.get_exchange_hours(key.market, key.ticker, key.security_type).time_zone
    days = np.unique(days_of(times * _US, key.resolution, zone))
    origins = tuple(dict.fromkeys(origin for each in slices for origin in each.origins))
    coverage = Coverage(
        ticker=key.ticker,
        security_type=key.security_type,
        market=key.market,
        resolution=key.resolution,
        tick_type=key.tick_type,
        first_day=int(days[0]),
        last_day=int(days[-1]),
        bars=len(times),
        is_synthetic=any(each.is_synthetic for each in origins),
    )
    found = Holding(
        coverage=coverage,
        days=days,
        size=sum(each.size for each in slices),
        generation=manifest.generation,
        content=hashlib.sha256("".join(each.sha256 for each in slices).encode()).hexdigest(),
        first_us=int(times[0]),
        last_us=int(times[-1]),
        origins=origins,
        sources=joined_sources(each.sources for each in slices),
        written_at=manifest.written_at,
    )
    return [found]


def _of_lean(place: SeriesPlace) -> list[Holding]:
    is_file = place.path.is_file()
    found = []
    for coverage, days in read_place(place):
        tick = f"_{coverage.tick_type.name.lower().replace('_', '')}.zip"
        files = [place.path] if is_file else [each for each in place.path.glob("*.zip") if each.name.endswith(tick)]
        size = sum(each.stat().st_size for each in files)
        found.append(Holding(coverage=coverage, days=np.array(days, np.int64), size=size))
    return found


def _of_sample(source: SampleSource) -> list[Holding]:
    real = {}
    for place in list_places(source.folder):
        for each in _of_lean(place):
            real[each.coverage.ticker, each.coverage.security_type] = each
    found = []
    for coverage in source.coverage():
        daily = real.get((coverage.ticker, coverage.security_type))
        if daily is None or coverage.is_synthetic:
            found.append(Holding(coverage=coverage, days=None if daily is None else daily.days))
        else:
            found.append(replace(daily, coverage=coverage))
    return found
