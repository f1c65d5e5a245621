"""What writing, appending and compacting make of the state of a series that they find."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np

from tradinglab.core.clock import date_of_day
from tradinglab.core.enums import Resolution
from tradinglab.data.columns import Ints
from tradinglab.data.store.commits import FIRST_US, LAST_US, Change, Part, now
from tradinglab.data.store.files import Origin
from tradinglab.data.store.layout import SeriesKey
from tradinglab.data.store.manifest import Manifest, Slice, SourceRange, joined_sources
from tradinglab.data.store.merging import BY_MONTH, DAY_US, Bars, merge, period_name, periods_of
from tradinglab.data.store.options import OnConflict
from tradinglab.data.store.restating import restatement_part

#: Bars of some slices in a range of time.
Reader = Callable[[Sequence[Slice], int, int], Bars]


class Plan(Protocol):
    """Says what is to become of a series; asked again whenever the state has changed meanwhile."""

    def __call__(self, manifest: Manifest) -> Change | None:
        """Return the change, ``None`` if there is nothing to do."""
        ...


class WritePlan:
    """Bars go into the files of their years, together with those that are there, or instead of all of them.

    Seconds and ticks go into files of months.

    Attributes
    ----------
    added
        How many bars were not there before.
    """

    def __init__(
        self,
        key: SeriesKey,
        read: Reader,
        bars: Bars,
        origins: Sequence[Origin],
        on_conflict: OnConflict,
        source: str,
        *,
        is_whole: bool = False,
    ) -> None:
        self.added = 0
        self._key, self._read, self._bars, self._is_whole = key, read, bars, is_whole
        self._origins, self._on_conflict, self._source = origins, on_conflict, source

    def __call__(self, manifest: Manifest) -> Change | None:
        """Return files of years, or of months."""
        times, values = self._bars
        periods = _periods(self._key, manifest, times)
        parts: list[Part] = []
        dropped: list[Slice] = []
        restated = []
        self.added = 0
        for name in map(period_name, np.unique(periods).tolist()):
            old = _of_period(manifest, name)
            inside = periods == int(name.replace("-", ""))
            new = times[inside], {name: column[inside] for name, column in values.items()}
            stored = self._read(old, FIRST_US, LAST_US)
            merged = merge(self._key, stored, new, self._on_conflict)
            self.added += merged.added
            bars, kept, used = merged.bars, old, merged.used
            if self._is_whole and (bars is not None or len(stored[0]) > len(new[0])):
                bars, kept, used = new, [], new[0]
            if merged.restated is not None:
                restated.append(merged.restated)
            if bars is not None:
                parts.append(_part(name, bars, kept, self._origins, _range(self._source, used)))
                dropped += old
        if not parts:
            return None
        return Change(parts=parts, dropped=dropped, restatement=restatement_part(restated, self._origins))


class AppendPlan:
    """Bars of a day get a file of their own, together with those that such a file has already."""

    def __init__(self, key: SeriesKey, read: Reader, bars: Bars, origin: Origin, source: str) -> None:
        self._key, self._read, self._bars = key, read, bars
        self._origins, self._source = [origin], source
        self._day = str(date_of_day(int(bars[0][0]) // DAY_US))

    def __call__(self, manifest: Manifest) -> Change | None:
        """Return the file of a day; that of the month, if ticks meet others that are not in the day's."""
        first, last = int(self._bars[0][0]), int(self._bars[0][-1])
        name = period_name(int(_periods(self._key, manifest, self._bars[0][:1])[0]))
        of_period = _of_period(manifest, name)
        seen = self._read(of_period, first, last + 1)
        judged = merge(self._key, seen, self._bars, "replace")
        if judged.bars is None:
            return None
        period, dropped = self._day, [each for each in of_period if each.period == self._day]
        if self._key.resolution == Resolution.TICK and len(seen[0]) and len(dropped) < len(of_period):
            period, dropped = name, of_period
        merged = merge(self._key, self._read(dropped, FIRST_US, LAST_US), self._bars, "replace")
        bars = merged.bars if merged.bars is not None else self._bars
        part = _part(period, bars, dropped, self._origins, _range(self._source, self._bars[0]))
        told = [] if judged.restated is None else [judged.restated]
        return Change(parts=[part], dropped=dropped, restatement=restatement_part(told, self._origins))


class CompactPlan:
    """Files of days go into those of their years, or months.

    Attributes
    ----------
    count
        How many files of days there were.
    """

    def __init__(self, key: SeriesKey, read: Reader) -> None:
        self.count = 0
        self._key, self._read = key, read

    def __call__(self, manifest: Manifest) -> Change | None:
        """Return files of years, or of months."""
        days = [each for each in manifest.slices if each.is_day]
        self.count = len(days)
        parts: list[Part] = []
        dropped: list[Slice] = []
        firsts = np.array([each.first_us for each in days], np.int64)
        for name in map(period_name, np.unique(_periods(self._key, manifest, firsts)).tolist()):
            old = _of_period(manifest, name)
            parts.append(_part(name, self._read(old, FIRST_US, LAST_US), old, [], ()))
            dropped += old
        return Change(parts=parts, dropped=dropped) if parts else None


def _periods(key: SeriesKey, manifest: Manifest, times: Ints) -> Ints:
    """Return the period that each time belongs to; years that have a file of their own keep it."""
    periods = periods_of(key.resolution, times)
    if key.resolution not in BY_MONTH:
        return periods
    whole = [int(each.period) for each in manifest.slices if each.is_year]
    found: Ints = np.where(np.isin(periods // 100, whole), periods // 100, periods)
    return found


def _of_period(manifest: Manifest, name: str) -> list[Slice]:
    return [each for each in manifest.slices if each.period.startswith(name)]


def _part(
    period: str, bars: Bars, old: Sequence[Slice], origins: Sequence[Origin], sources: Sequence[SourceRange]
) -> Part:
    """Return bars for a file, with the origins and sources of those that it stands in for."""
    times, values = bars
    return Part(
        period=period,
        times_us=times,
        values=values,
        origins=list(dict.fromkeys([*(one for each in old for one in each.origins), *origins])),
        sources=joined_sources([*(each.sources for each in old), sources]),
    )


def _range(source: str, times: Ints) -> tuple[SourceRange, ...]:
    return (SourceRange(source, int(times[0]), int(times[-1]), now()),) if source else ()
