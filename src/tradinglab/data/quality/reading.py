"""Bars to be checked: of files as they are, right or wrong, and of data sources."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tradinglab.core.clock import DAY_NS, UTC_ZONE, zone
from tradinglab.core.enums import Resolution
from tradinglab.core.values import dataclass, field
from tradinglab.data.columns import Floats, Ints
from tradinglab.data.quality.bars import Bars, SeriesFacts
from tradinglab.data.store.actions import ACTION_FIELDS
from tradinglab.data.store.column_names import match_columns
from tradinglab.data.store.layout import SeriesKey
from tradinglab.data.store.number_texts import numbers_of
from tradinglab.data.store.options import ImportOptions
from tradinglab.data.store.source import StoreSource
from tradinglab.data.store.tables import Block, read_blocks
from tradinglab.data.store.times import NOT_A_TIME, Times, parse_times, skipped_times, times_of_column, to_instants

if TYPE_CHECKING:
    import polars as pl

    from tradinglab.core.symbol import Symbol
    from tradinglab.data.source import DataSource

_US = 1_000
_YEAR_NS = 366 * DAY_NS
_MOST_UNREAD = 10_000


@dataclass(slots=True)
class RawFiles:
    """Reads the rows of files without judging them.

    Attributes
    ----------
    unread
        Rows whose time cannot be read, or does not exist: file, line and what stood there; the first ten thousand.
    unread_count
        How many there are.
    with_actions
        Whether adjusted closes, dividends and splits are read, too.
    columns, time_form, is_instant
        What was recognised, of the last file.
    """

    paths: Sequence[Path]
    facts: SeriesFacts
    options: ImportOptions
    unread: list[tuple[str, int, str]] = field(default_factory=list)
    unread_count: int = 0
    with_actions: bool = False
    columns: dict[str, str] = field(default_factory=dict)
    time_form: str = ""
    is_instant: bool = False
    #: By block the number of its first row, the file, and the lines of its rows: the first, if they follow each other.
    _lines: list[tuple[int, str, Ints | int]] = field(default_factory=list)

    def blocks(self) -> Iterator[Bars]:
        """Yield the rows that have times.

        Raises
        ------
        DataImportError
            If columns or times are not recognised.
        MalformedDataError
            If a file is broken.
        """
        self.unread.clear()
        self._lines.clear()
        self.unread_count = row = 0
        for path in dict.fromkeys(self.paths):
            columns: dict[str, str] = {}
            form: str | None = self.options.time_form
            for block in read_blocks(path, self.options.tick_type, partial(self._numbers, str(path))):
                if not columns:
                    columns = self._match(block.frame.columns, str(path))
                times = self._times(block, columns, form, path)
                self.columns, self.time_form, self.is_instant = columns, times.form, times.is_instant
                form = times.form if "%" in times.form else form
                bars, lines = self._bars(block, columns, times, path, row)
                is_run = len(lines) > 0 and int(lines[-1]) - int(lines[0]) == len(lines) - 1
                self._lines.append((row, path.name, int(lines[0]) if is_run else lines))
                row += len(bars)
                yield bars

    def _match(self, names: Sequence[str], file: str) -> dict[str, str]:
        return match_columns(names, self.facts.key.tick_type, self.options.columns, file, self.with_actions)

    def _numbers(self, file: str, names: Sequence[str]) -> list[str]:
        """Return which columns hold numbers."""
        found = self._match(names, file)
        if self.options.decimal == "comma":
            return []
        return [found[name] for name in (*self.facts.key.fields, *ACTION_FIELDS) if name in found]

    @property
    def time_zone(self) -> str:
        """The zone of times: their own, the one that was given, that in the column's name, or the market's."""
        if self.is_instant:
            return UTC_ZONE
        name = self.columns.get("time", "").lower()
        says_utc = any(mark in name for mark in ("utc", "gmt"))
        return self.options.time_zone or (UTC_ZONE if says_utc else str(self.facts.hours.data_time_zone))

    def place(self, row: int) -> tuple[str, int]:
        """Return file and line of a row."""
        at = int(np.searchsorted([first for first, _, _ in self._lines], row, side="right")) - 1
        first, name, lines = self._lines[at]
        return name, lines + row - first if isinstance(lines, int) else int(lines[row - first])

    def _times(self, block: Block, columns: dict[str, str], form: str | None, path: Path) -> Times:
        frame = block.frame
        column: pl.Series = (
            frame[columns["date"]] + " " + frame[columns["clock"]] if "date" in columns else frame[columns["time"]]
        )
        return times_of_column(column) or parse_times(column, form, str(path))

    def _bars(
        self, block: Block, columns: dict[str, str], times: Times, path: Path, first_row: int
    ) -> tuple[Bars, Ints]:
        at_zone, are_ends = zone(self.time_zone), self.options.stamp == "end"
        gone = skipped_times(times, self.facts.key.resolution, at_zone, are_ends=are_ends)
        wrong = (times.ns == NOT_A_TIME) | gone
        for at in np.flatnonzero(wrong)[: max(0, _MOST_UNREAD - len(self.unread))].tolist():
            what = " ".join(
                str(block.frame[columns[name]][at]) for name in ("date", "clock", "time") if name in columns
            )
            what += f" (clocks of {at_zone} skip it)" if gone[at] else ""
            self.unread.append((path.name, int(block.lines[at]), what))
        self.unread_count += int(wrong.sum())
        good = ~wrong
        known = Times(times.ns[good], times.is_instant, times.form)
        key = self.facts.key
        starts = to_instants(known, key.resolution, self.facts.hours.data_time_zone, at_zone)
        if are_ends and key.resolution != Resolution.DAILY:
            starts = starts - self.facts.period_us
        names = [*key.fields, *(name for name in ACTION_FIELDS if self.with_actions and name in columns)]
        values = {name: self._column(block, columns.get(name), name, path)[good] for name in names}
        return Bars.of(starts, values, first_row), np.asarray(block.lines)[good]

    def _column(self, block: Block, column: str | None, name: str, path: Path) -> Floats:
        if column is None:
            return np.zeros(len(block.frame))
        return numbers_of(block.frame[column], name, self.options.decimal or block.decimal, str(path))


def source_blocks(
    source: DataSource, symbol: Symbol, facts: SeriesFacts, first_day: int, last_day: int
) -> Iterator[Bars]:
    """Yield the bars that a source has of some days (exchange's clock), a year at a time."""
    where = facts.hours.exchange_hours.time_zone
    start, end, row = where.utc_ns(first_day * DAY_NS), where.utc_ns((last_day + 1) * DAY_NS), 0
    step = _YEAR_NS if facts.period_us >= 60_000_000 else _YEAR_NS // 12
    while start < end:
        until = min(start + step, end)
        times, values = _read(source, symbol, facts.key, start, until)
        if len(times):
            yield Bars.of(times, values, row)
            row += len(times)
        start = until


def _read(
    source: DataSource, symbol: Symbol, key: SeriesKey, start_ns: int, end_ns: int
) -> tuple[Ints, Mapping[str, Floats]]:
    if isinstance(source, StoreSource):
        # Past what the source keeps at hand for strategies that come back: these bars are looked at once.
        return source.store.read(key, start_ns // _US, end_ns // _US)
    columns = source.bars(symbol, key.resolution, key.tick_type, start_ns, end_ns)
    return columns.time_ns // _US, {name: columns.values[name] for name in key.fields if name in columns.values}
