"""Rows of a series and year, all together: sorted, checked against each other and the store, written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby
from operator import itemgetter

import numpy as np

from tradinglab.core.enums import Resolution
from tradinglab.core.market_hours_database import MarketHoursDatabase, MarketHoursEntry
from tradinglab.core.values import dataclass
from tradinglab.data.errors import DataImportError
from tradinglab.data.ingest.journal import Journal, Written
from tradinglab.data.ingest.staging import Staging
from tradinglab.data.ingest.watching import Watch
from tradinglab.data.periods import PERIODS
from tradinglab.data.store.actions import ACTION_FIELDS, StoredFactors, store_factors
from tradinglab.data.store.bar_store import BarStore
from tradinglab.data.store.files import Origin
from tradinglab.data.store.layout import SeriesKey
from tradinglab.data.store.merging import chosen, merge
from tradinglab.data.store.rows import FileReader, Rows, joined_rows, sorted_rows
from tradinglab.data.store.sessions import SessionTally

_US = 1_000
_HOUR_US = 3_600_000_000
_FEW = 3
#: Rows that are written in one step: a year of minutes around the clock.
_TOGETHER = 530_000


@dataclass(slots=True)
class Settled:
    """What is known of a series whose rows have been looked at all together."""

    key: SeriesKey
    entry: MarketHoursEntry
    number: int
    tally: SessionTally
    bars: int = 0
    repeated: int = 0
    first_us: int = 0
    last_us: int = 0
    shortest_us: int = 0
    added: int = 0
    known: int = 0
    files: tuple[str, ...] = ()
    factors: StoredFactors = StoredFactors(0, 0)


class Settler:
    """Brings what was read into the store."""

    def __init__(self, readers: Sequence[FileReader], staging: Staging, store: BarStore, watch: Watch) -> None:
        self._readers, self._staging, self._store, self._watch = readers, staging, store, watch
        self._paths = [reader.path for reader in readers]
        self._names = {number: name for name, number in (readers[0].tickers or {}).items()}
        self._total = sum(part.size for part in staging.parts.values()) // staging.row_bytes

    def check(self, journal: Journal) -> list[Settled]:
        """Look at all rows before any is stored; return what is known of each series.

        Raises
        ------
        DataImportError
            If rows of one time differ, or do not fit the resolution.
        StoreError
            If the store holds other bars of the same times, and this is not to be.
        """
        found, done = [], 0
        for number, parts in groupby(sorted(self._staging.parts), itemgetter(0)):
            one = self._begin(number)
            for part in parts:
                done += self._look(one, part, part in journal.written)
                self._watch("checking", done, self._total)
            _check_spacing(one)
            found.append(one)
        return found

    def _begin(self, number: int) -> Settled:
        reader = self._readers[0]
        key = replace(reader.key, ticker=self._names[number]) if self._names else reader.key
        entry = MarketHoursDatabase.default().get_entry(key.market, key.ticker, key.security_type)
        if entry.data_time_zone != reader.data_zone:
            raise DataImportError(
                f"The days of {key.ticker} begin in {entry.data_time_zone}, those of the other symbols in "
                f"{reader.data_zone}. Import the rows of {key.ticker} from a file of their own, with its symbol."
            )
        return Settled(key, entry, number, SessionTally(key.resolution, entry.exchange_hours))

    def _look(self, one: Settled, part: tuple[int, int], is_written: bool) -> int:
        rows, repeated = self._load(one.key, part)
        times, key = rows.times_us, one.key
        steps = np.diff(times, prepend=one.last_us) if one.bars else np.diff(times)
        if len(steps):
            shortest = int(steps.min())
            one.shortest_us = min(one.shortest_us, shortest) if one.bars > 1 else shortest
        one.first_us = one.first_us if one.bars else int(times[0])
        one.last_us = int(times[-1])
        one.bars, one.repeated = one.bars + len(times), one.repeated + repeated
        one.tally.add(times * _US)
        reader = self._readers[0]
        if reader.options.on_conflict == "error" and not is_written and self._store.has(key):
            stored = self._store.read(key, int(times[0]), int(times[-1]) + 1)
            merge(key, stored, chosen(key, times, rows.values), "error")
        return len(times) + repeated

    def _load(self, key: SeriesKey, part: tuple[int, int]) -> tuple[Rows, int]:
        rows, owner = self._staging.load(part)
        return sorted_rows(rows, owner, self._paths, key)

    def write(self, found: Sequence[Settled], journal: Journal, origins: Sequence[Origin]) -> None:
        """Write all bars that are not stored yet; the journal is kept after each part."""
        done = 0
        for one in found:
            parts = [part for part in sorted(self._staging.parts) if part[0] == one.number]
            for batch in self._batches([part for part in parts if part not in journal.written]):
                journal.written[batch[0]] = self._write(one, batch, origins)
                journal.written.update({part: Written(0, 0, []) for part in batch[1:]})
                journal.save(self._readers, self._staging)
                done += sum(self._rows(part) for part in batch)
                self._watch("writing", done, self._total)
            told = [journal.written[part] for part in parts]
            one.added, one.known = sum(each.added for each in told), sum(each.known for each in told)
            one.files = tuple(file for each in told for file in each.files)

    def _batches(self, parts: Sequence[tuple[int, int]]) -> list[list[tuple[int, int]]]:
        """Return parts in groups that are written together: as few as there must be, and none too large."""
        found: list[list[tuple[int, int]]] = []
        rows = 0
        for part in parts:
            rows += self._rows(part)
            if not found or rows > _TOGETHER:
                found.append([])
                rows = self._rows(part)
            found[-1].append(part)
        return found

    def _rows(self, part: tuple[int, int]) -> int:
        return self._staging.parts[part].size // self._staging.row_bytes

    def _write(self, one: Settled, parts: Sequence[tuple[int, int]], origins: Sequence[Origin]) -> Written:
        rows = joined_rows([self._load(one.key, part)[0] for part in parts])
        conflict = self._readers[0].options.on_conflict
        stored = self._store.write(one.key, rows.times_us, rows.values, origins, on_conflict=conflict)
        names = [name for name in ACTION_FIELDS if any(name in reader.columns for reader in self._readers)]
        if names:
            zone, extra = one.entry.data_time_zone, {name: rows.values[name] for name in names}
            one.factors = store_factors(self._store, one.key, zone, rows.times_us, rows.values["close"], extra)
        return Written(stored.added, stored.known, [str(file.path) for file in stored.files])


def _check_spacing(one: Settled) -> None:
    """Refuse bars that are nearer to each other, or all farther apart, than their resolution says."""
    if one.bars < _FEW:
        return
    key, shortest, period = one.key, one.shortest_us, PERIODS[one.key.resolution] // _US
    # A day may have 23 hours.
    if shortest < period - (_HOUR_US if key.resolution == Resolution.DAILY else 0):
        raise DataImportError(
            f"The bars are {shortest / 1e6:g} s apart; bars of the resolution {key.resolution.name.lower()} "
            f"are at least {period / 1e6:g} s apart. {_resolution_hint(shortest)}"
        )
    if key.resolution != Resolution.DAILY and shortest > period:
        raise DataImportError(
            f"The bars are at least {shortest / 1e6:g} s apart, those of the resolution {key.resolution.name.lower()} "
            f"{period / 1e6:g} s. {_resolution_hint(shortest)}"
        )


def _resolution_hint(shortest_us: int) -> str:
    """Return which resolution bars seem to have that are so far apart."""
    # A day may have 23 hours.
    if shortest_us >= PERIODS[Resolution.DAILY] // _US - _HOUR_US:
        return "They are bars of days: give --resolution daily."
    for resolution in (Resolution.HOUR, Resolution.MINUTE, Resolution.SECOND):
        if shortest_us == PERIODS[resolution] // _US:
            return f"Give their own: --resolution {resolution.name.lower()}."
    return "Bars of other lengths than a second, a minute, an hour or a day cannot be stored."
