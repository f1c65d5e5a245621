"""What a job is asked to bring, checked as far as that can be told before it begins."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from tradinglab.core.enums import Resolution, SecurityType, TickType
from tradinglab.core.errors import TradingLabError
from tradinglab.data.errors import StoreError
from tradinglab.data.sources.asking import RESOLUTIONS, series_wanted, ticker_of
from tradinglab.data.sources.errors import SourceSettingError
from tradinglab.data.sources.opening import about_source
from tradinglab.data.store.bar_store import BarStore
from tradinglab.data.store.layout import SeriesKey, folder_of
from tradinglab.server.backtests.requests import check_day
from tradinglab.server.data_jobs.models import DataJobItem
from tradinglab.server.data_jobs.targets import Target
from tradinglab.server.datasets.models import WatchList
from tradinglab.server.errors import ConflictError, InputError

#: More are two jobs.
MOST_ITEMS = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Subjects:
    """Of which series: of tickers, of a watch-list, or of all that there are."""

    symbols: Sequence[str] = ()
    security_type: str | None = None
    market: str | None = None
    watch_list: WatchList | None = None
    is_all: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DownloadRequest:
    """Bars of a range that a store lacks.

    Attributes
    ----------
    start
        The first day; by default from where the first source has bars.
    end
        The last day; by default the last one that is over.
    refresh
        Whether to ask again for what was answered before.
    """

    target: Target
    subjects: Subjects
    sources: Sequence[str]
    resolution: str
    start: date | None = None
    end: date | None = None
    refresh: bool = False
    on_restated: str = "keep"

    def options(self) -> dict[str, Any]:
        """Return what is stored of it, beside its series."""
        return {
            "sources": list(self.sources),
            "start": None if self.start is None else self.start.isoformat(),
            "end": None if self.end is None else self.end.isoformat(),
            "refresh": self.refresh,
            "on_restated": self.on_restated,
            **told_of(self.subjects),
        }

    def keys(self) -> list[SeriesKey]:
        """Return the series.

        Raises
        ------
        InputError
            If a source, a ticker or a range cannot be used, or no source has bars of that kind.
        """
        sources_check(self.sources)
        if self.start is not None:
            check_day("start", self.start)
        if self.end is not None:
            # A last day to come asks for all until then.
            check_day("end", min(self.end, datetime.now(UTC).date()))
        if self.start is not None and self.end is not None and self.end < self.start:
            raise InputError("end", self.end.isoformat(), f"The last day is before the first, {self.start}; swap them.")
        keys = _series(self.subjects, [self.resolution], self.sources)
        _check_served(keys, self.sources)
        return keys


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateRequest:
    """The bars since the last one of series that a store has.

    Attributes
    ----------
    sources
        Who is asked; by default whoever gave the bars that there are.
    resolutions
        Of which lengths; empty: of all.
    overlap_days
        Days before the last bar that are asked for again, to see what was corrected.
    """

    target: Target
    subjects: Subjects
    sources: Sequence[str] = ()
    resolutions: Sequence[str] = ()
    overlap_days: int = 5
    on_restated: str = "keep"

    def options(self) -> dict[str, Any]:
        """Return what is stored of it, beside its series."""
        return {
            "sources": list(self.sources),
            "resolutions": list(self.resolutions),
            "overlap_days": self.overlap_days,
            "on_restated": self.on_restated,
            **told_of(self.subjects),
        }

    def keys(self) -> list[SeriesKey]:
        """Return the series, as far as the store has them.

        Raises
        ------
        InputError
            If a source or a ticker cannot be used, or the store has none of them.
        ConflictError
            If the store cannot be read.
        """
        if self.sources:
            sources_check(self.sources)
        try:
            there = BarStore(self.target.where).series()
        except (TradingLabError, OSError) as error:
            text = self.target.without_place(str(error))
            raise ConflictError(f"The bar store '{self.target.name}' cannot be read: {text}") from error
        wanted = self.resolutions or RESOLUTIONS
        there = [each for each in there if each.resolution.name.lower() in wanted and each.tick_type == TickType.TRADE]
        if self.subjects.is_all:
            if not there:
                text = "The store has no such bars to be updated. Download some first."
                raise InputError("target", self.target.name, text)
            return _bounded(there)
        return _bounded(self._named(there))

    def _named(self, there: Sequence[SeriesKey]) -> list[SeriesKey]:
        """Return the series of the instruments that are named; one that the store has nothing of is refused."""
        subjects, found = self.subjects, list[SeriesKey]()
        if subjects.watch_list is not None:
            listed = {(each.security_type, each.market, each.ticker) for each in _listed(subjects.watch_list)}
            found = [each for each in there if (each.security_type.name.lower(), each.market, each.ticker) in listed]
            if not found:
                text = f"The store '{self.target.name}' has no bars of its instruments. Download some first."
                raise InputError("watch_list", str(subjects.watch_list.pk), text)
            return found
        for place, text in enumerate(dict.fromkeys(subjects.symbols)):
            ticker = _ticker(place, text)
            own = [each for each in there if each.ticker == ticker and _fits(each, subjects)]
            if not own:
                problem = f"The store '{self.target.name}' has no such bars of {ticker}. Download it first."
                raise InputError(f"symbols.{place}", text, problem)
            found += own
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportRequest:
    """A file that was uploaded.

    Attributes
    ----------
    symbol
        Of what its bars are; empty: a column says it of each row.
    policy
        What is done about what checks find; empty: wrong rows are treated as *on_bad* says.
    """

    target: Target
    symbol: str
    resolution: str
    market: str = "usa"
    security_type: str | None = None
    tick_type: str = "trade"
    columns: dict[str, str] = field(default_factory=dict)
    time_format: str | None = None
    time_zone: str | None = None
    stamp: str = "start"
    on_bad: str = "error"
    on_conflict: str = "error"
    policy: str = ""

    def options(self) -> dict[str, Any]:
        """Return what is stored of it."""
        found = asdict(self)
        del found["target"]
        return found


AnyRequest = DownloadRequest | UpdateRequest


def told_of(subjects: Subjects) -> dict[str, Any]:
    """Return what a job tells of where its series are from."""
    watch_list = subjects.watch_list
    return {"watch_list": None if watch_list is None else str(watch_list.pk)}


def sources_check(names: Sequence[str]) -> None:
    """Refuse sources that there are not, or that are named twice.

    Raises
    ------
    InputError
        Names the one, and those that there are.
    """
    for place, name in enumerate(names):
        try:
            about_source(name)
        except SourceSettingError as error:
            raise InputError(f"sources.{place}", name, error.reason) from None
        if name in names[:place]:
            raise InputError(f"sources.{place}", name, "It is there twice; leave one out.")


def key_of(item: DataJobItem) -> SeriesKey:
    """Return the series of an item."""
    return SeriesKey(
        SecurityType[item.security_type.upper()],
        item.market,
        item.ticker,
        Resolution[item.resolution.upper()],
        TickType[item.tick_type.upper()],
    )


def _series(subjects: Subjects, resolutions: Iterable[str], sources: Sequence[str]) -> list[SeriesKey]:
    found: dict[str, SeriesKey] = {}
    for resolution in resolutions:
        if subjects.watch_list is not None:
            for each in _listed(subjects.watch_list):
                kind = SecurityType[each.security_type.upper()]
                key = SeriesKey(kind, each.market, each.ticker, Resolution[resolution.upper()], TickType.TRADE)
                found.setdefault(_folder("watch_list", each.ticker, key), key)
        for place, text in enumerate(subjects.symbols):
            key = series_wanted(
                _ticker(place, text), resolution, sources[0], security_type=subjects.security_type,
                market=subjects.market,
            )  # fmt: skip
            found.setdefault(_folder(f"symbols.{place}", text, key), key)
    return _bounded(list(found.values()))


def _listed(watch_list: WatchList) -> list[Any]:
    found = [each.instrument for each in watch_list.entries.select_related("instrument")]
    if not found:
        raise InputError("watch_list", str(watch_list.pk), "There is no instrument on it. Put some on it first.")
    return found


def _fits(key: SeriesKey, subjects: Subjects) -> bool:
    kinds = (None, key.security_type.name.lower())
    return subjects.security_type in kinds and (subjects.market or key.market).lower() == key.market


def _ticker(place: int, text: str) -> str:
    try:
        return ticker_of(text)
    except ValueError as problem:
        raise InputError(f"symbols.{place}", text, f"{problem}.") from None


def _folder(name: str, value: str, key: SeriesKey) -> str:
    try:
        return folder_of(key)
    except StoreError as error:
        raise InputError(name, value, str(error)) from None


def _bounded(keys: list[SeriesKey]) -> list[SeriesKey]:
    if len(keys) > MOST_ITEMS:
        text = f"These are {len(keys):,} series; one job brings at most {MOST_ITEMS:,}. Make several jobs of it."
        raise InputError("symbols", len(keys), text)
    return keys


def _check_served(keys: Sequence[SeriesKey], sources: Sequence[str]) -> None:
    """Refuse series of which none of the sources has bars at all."""
    abouts = [about_source(name) for name in sources]
    for key in keys:
        if not any(about.served(key) for about in abouts):
            named = " and ".join(about.title for about in abouts)
            text = f"{named}: no bars of {key} are to be had there. 'tradinglab data sources' lists what each has."
            raise InputError("sources", list(sources), text)
