"""Bars to be checked: of files as they are, right or wrong, and of data sources."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tradinglab.core.clock import DAY_NS, UTC_ZONE, zone
from tradinglab.core.enums import Resolution
from tradinglab.core.values import dataclass, field
from tradinglab.data.columns import Floats, Ints
from tradinglab.data.quality.bars import Bars, SeriesFacts
from tradinglab.data.store.column_names import match_columns
from tradinglab.data.store.options import ImportOptions
from tradinglab.data.store.tables import Block, read_blocks
from tradinglab.data.store.times import NOT_A_TIME, Times, parse_times, times_of_column, to_instants

if TYPE_CHECKING:
    import polars as pl

    from tradinglab.core.symbol import Symbol
    from tradinglab.data.source import DataSource

_US = 1_000
_SIZES = ("volume", "bid_size", "ask_size")
_YEAR_NS = 366 * DAY_NS


@dataclass(slots=True)
class RawFiles:
    """Reads the rows of files without judging them.

    Attributes
    ----------
    unread
        Rows whose time cannot be read: file, line and what stood there; the first hundred.
    unread_count
        How many there are.
    """

    paths: Sequence[Path]
    facts: SeriesFacts
    options: ImportOptions
    unread: list[tuple[str, int, str]] = field(default_factory=list)
    unread_count: int = 0
    _lines: list[tuple[int, str, Ints]] = field(default_factory=list)

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
            for block in read_blocks(path, self.options.tick_type):
                if not columns:
                    columns = match_columns(
                        block.frame.columns, self.facts.key.tick_type, self.options.columns, str(path), False
                    )
                times = self._times(block, columns, form, path)
                form = times.form if "%" in times.form else form
                bars, lines = self._bars(block, columns, times, path, row)
                self._lines.append((row, path.name, lines))
                row += len(bars)
                yield bars

    def place(self, row: int) -> tuple[str, int]:
        """Return file and line of a row."""
        at = int(np.searchsorted([first for first, _, _ in self._lines], row, side="right")) - 1
        first, name, lines = self._lines[at]
        return name, int(lines[row - first])

    def _times(self, block: Block, columns: dict[str, str], form: str | None, path: Path) -> Times:
        frame = block.frame
        column: pl.Series = (
            frame[columns["date"]] + " " + frame[columns["clock"]] if "date" in columns else frame[columns["time"]]
        )
        return times_of_column(column) or parse_times(column, form, str(path))

    def _bars(
        self, block: Block, columns: dict[str, str], times: Times, path: Path, first_row: int
    ) -> tuple[Bars, Ints]:
        wrong = times.ns == NOT_A_TIME
        for at in np.flatnonzero(wrong)[: max(0, 100 - len(self.unread))].tolist():
            what = " ".join(
                str(block.frame[columns[name]][at]) for name in ("date", "clock", "time") if name in columns
            )
            self.unread.append((path.name, int(block.lines[at]), what))
        self.unread_count += int(wrong.sum())
        good = ~wrong
        name = columns.get("time", "").lower()
        own = UTC_ZONE if any(mark in name for mark in ("utc", "gmt")) else str(self.facts.hours.data_time_zone)
        at_zone = zone(UTC_ZONE if times.is_instant else self.options.time_zone or own)
        known = Times(times.ns[good], times.is_instant, times.form)
        key = self.facts.key
        starts = to_instants(known, key.resolution, self.facts.hours.data_time_zone, at_zone)
        if self.options.stamp == "end" and key.resolution != Resolution.DAILY:
            starts = starts - self.facts.period_us
        values = {name: _numbers(block.frame, columns.get(name), name)[good] for name in key.fields}
        return Bars.of(starts, values, first_row), np.asarray(block.lines)[good]


def _numbers(frame: pl.DataFrame, column: str | None, name: str) -> Floats:
    import polars as pl

    if column is None:
        return np.zeros(len(frame))
    cells = frame[column]
    if name in _SIZES and cells.dtype == pl.String:
        cells = cells.set(cells == "", "0")
    numbers: Floats = cells.cast(pl.Float64, strict=False).fill_null(float("nan")).to_numpy().astype(np.float64)
    return numbers


def source_blocks(
    source: DataSource, symbol: Symbol, facts: SeriesFacts, first_day: int, last_day: int
) -> Iterator[Bars]:
    """Yield the bars that a source has of some days (exchange's clock), a year at a time."""
    where = facts.hours.exchange_hours.time_zone
    start, end, row = where.utc_ns((first_day - 1) * DAY_NS), where.utc_ns((last_day + 2) * DAY_NS), 0
    step = _YEAR_NS if facts.period_us >= 60_000_000 else _YEAR_NS // 12
    while start < end:
        until = min(start + step, end)
        columns = source.bars(symbol, facts.key.resolution, facts.key.tick_type, start, until)
        if len(columns):
            values = {name: columns.values[name] for name in facts.key.fields if name in columns.values}
            yield Bars.of(columns.time_ns // _US, values, row)
            row += len(columns)
        start = until
