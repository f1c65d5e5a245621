"""What has become of slices that somebody has read: bars that were restated since, and other splits and dividends.

Bars that were added after the last one, and files that were merged, are no change: who reads the same days again reads
the same bars.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import pairwise
from typing import Final, Literal

import numpy as np

from tradinglab.core.clock import date_of_day
from tradinglab.core.enums import Resolution
from tradinglab.core.values import dataclass
from tradinglab.data.errors import StoreError
from tradinglab.data.factors import FactorTable
from tradinglab.data.store.factor_book import load_book, read_table
from tradinglab.data.store.layout import SeriesKey, find_series
from tradinglab.data.store.merging import Bars
from tradinglab.data.store.store_reader import StoreReader

#: Factors are rounded to seven digits: steps that differ by less are the same.
_SAME: Final = 1e-5
_MOST_DAYS: Final = 5
ChangeKind = Literal["bars", "factors", "gone"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SliceChange:
    """What has changed of a series, or of the factors of a ticker.

    Attributes
    ----------
    kind
        ``bars``, ``factors``, or ``gone``: the bars are others, and those that were read are not kept any more.
    what
        The series, or the ticker.
    count
        How many bars are others, are missing or came in between; how many splits and dividends.
    first_day
        The day (UTC) of the first bar, or the last trading day before the first split or dividend; empty if it is not
        known.
    text
        All of it in a sentence.
    """

    kind: ChangeKind
    what: str
    count: int
    first_day: str
    text: str


def changes_since(store: StoreReader, slices: Mapping[str, str]) -> list[SliceChange]:
    """Return what a store has otherwise now than slices say that were read of it.

    Parameters
    ----------
    slices
        Hashes by what they are of, as :meth:`StoreReader.slices` returns them, or the manifest of a run names them.

    Raises
    ------
    MalformedDataError
        If files of the store are broken.
    """
    by_folder: dict[str, dict[str, str]] = {}
    for what, sha256 in slices.items():
        folder, _, name = what.rpartition("/")
        by_folder.setdefault(folder, {})[name] = sha256
    found = []
    for folder, named in by_folder.items():
        if folder.endswith("/factors"):
            changes = [_of_factors(store, f"{folder}/{ticker}", sha256) for ticker, sha256 in named.items()]
            found += [each for each in changes if each is not None]
        else:
            for key in find_series([folder] if folder.count("/") == 4 else []):
                change = _of_bars(store, key, named)
                found += [] if change is None else [change]
    return found


def state_mark(store: StoreReader, slices: Mapping[str, str]) -> str:
    """Return what changes whenever the state of one of the series or factors does; no file of bars is read."""
    folders = {what.rpartition("/")[0] for what in slices}
    names = [f"{each}/manifest.json" for each in folders if not each.endswith("/factors")]
    names += [f"{what}.json" for what in slices if what.rpartition("/")[0].endswith("/factors")]
    return "|".join(f"{store.place.tag(each)}" for each in sorted(names))


def _of_bars(store: StoreReader, key: SeriesKey, named: Mapping[str, str]) -> SliceChange | None:
    current = {each.sha256 for each in store.manifest(key).slices}
    years = sorted({period[:4] for period, sha256 in named.items() if sha256 not in current})
    different: list[int] = []
    for year in years:
        first, last = _bounds(year)
        hashes = [sha256 for period, sha256 in named.items() if period[:4] == year]
        try:
            old = store.read(key, first, last, at=hashes)
        except StoreError:
            text = f"{key}: the bars of {year} are others now, and those that were read are not kept."
            return SliceChange(kind="gone", what=str(key), count=0, first_day="", text=text)
        different += _different(key, old, store.read(key, first, last))
    if not different:
        return None
    day = _day(different[0])
    bars = "1 bar is" if len(different) == 1 else f"{len(different):,} bars are"
    text = f"{key}: {bars} not what they were, the first of {day}."
    return SliceChange(kind="bars", what=str(key), count=len(different), first_day=day, text=text)


def _different(key: SeriesKey, old: Bars, new: Bars) -> list[int]:
    """Return the times of bars that are others now, are missing, or came in between."""
    (old_times, old_values), (times, values) = old, new
    inside = times <= (old_times[-1] if len(old_times) else -1)
    times, values = times[inside], {name: column[inside] for name, column in values.items()}
    if key.resolution == Resolution.TICK:
        is_same = len(times) == len(old_times) and bool((times == old_times).all())
        is_same = is_same and all(np.array_equal(values[name], old_values[name], equal_nan=True) for name in key.fields)
        return [] if is_same else np.unique(old_times).tolist()
    both, at_old, at_new = np.intersect1d(old_times, times, assume_unique=True, return_indices=True)
    differs = np.zeros(len(both), np.bool_)
    for name in key.fields:
        before, after = old_values[name][at_old], values[name][at_new]
        differs |= (before != after) & ~(np.isnan(before) & np.isnan(after))
    only = np.setxor1d(old_times, times, assume_unique=True)
    found: list[int] = np.sort(np.concatenate([both[differs], only])).tolist()
    return found


def _of_factors(store: StoreReader, name: str, sha256: str) -> SliceChange | None:
    book, _ = load_book(store.place, name)
    if not book.versions or book.versions[-1].sha256 == sha256:
        return None
    ticker = name.rpartition("/")[2].upper()
    new = read_table(store.place, name)
    try:
        old = read_table(store.place, name, sha256)
    except StoreError:
        text = f"{ticker}: splits and dividends are others now, and the factors that were read are not kept."
        return SliceChange(kind="gone", what=ticker, count=0, first_day="", text=text)
    before, after = _steps(old), _steps(new)
    days = sorted(day for day in {*before, *after} if not _is_same(before.get(day), after.get(day)))
    if not days:
        return None
    told = [_said(day, before.get(day), after.get(day)) for day in days[:_MOST_DAYS]]
    told += [f"{len(days) - _MOST_DAYS} more"] if len(days) > _MOST_DAYS else []
    return SliceChange(
        kind="factors",
        what=ticker,
        count=len(days),
        first_day=str(date_of_day(days[0])),
        text=f"{ticker}: other splits and dividends: {', '.join(told)}.",
    )


Step = tuple[float, float]


def _steps(table: FactorTable | None) -> dict[int, Step]:
    """Return the steps of the factors of prices and of splits, by the last day before each."""
    rows = [] if table is None else table.rows
    found = {}
    for row, following in pairwise(rows):
        price = float(row.price_factor / following.price_factor)
        split = float(row.split_factor / following.split_factor)
        if not _is_same((price, split), (1.0, 1.0)):
            found[row.day] = price, split
    return found


def _is_same(one: Step | None, other: Step | None) -> bool:
    if one is None or other is None:
        return one is other
    return all(abs(a / b - 1) < _SAME for a, b in zip(one, other, strict=True))


def _said(day: int, before: Step | None, after: Step | None) -> str:
    step = after or before
    assert step is not None
    kind = "split" if abs(step[1] - 1) >= _SAME else "dividend"
    how = "new" if before is None else "taken back" if after is None else "changed"
    return f"{how} {kind} after {date_of_day(day)}"


def _bounds(year: str) -> tuple[int, int]:
    first, last = (int(datetime(int(year) + more, 1, 1, tzinfo=UTC).timestamp()) * 1_000_000 for more in (0, 1))
    return first, last


def _day(time_us: int) -> str:
    return str(np.datetime64(time_us, "us").astype("datetime64[D]"))
