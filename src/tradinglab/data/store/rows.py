"""Blocks of a table to rows of bars, each of which is right or refused."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tradinglab.core.clock import UTC_ZONE, Zone, zone
from tradinglab.core.enums import Resolution, SecurityType
from tradinglab.core.values import dataclass, field
from tradinglab.data.columns import Flags, Floats, Ints
from tradinglab.data.errors import DataImportError, MalformedDataError
from tradinglab.data.periods import PERIODS
from tradinglab.data.store.actions import ACTION_FIELDS, may_have_actions
from tradinglab.data.store.checks import wrong_rows
from tradinglab.data.store.column_names import match_columns
from tradinglab.data.store.layout import SeriesKey
from tradinglab.data.store.options import ImportOptions
from tradinglab.data.store.tables import Block
from tradinglab.data.store.times import NOT_A_TIME, Times, parse_times, times_of_column, to_instants

if TYPE_CHECKING:
    import polars as pl

_US = 1_000
_SIZES = ("volume", "bid_size", "ask_size")
_MAY_BE_NEGATIVE = (SecurityType.CFD, SecurityType.FUTURE, SecurityType.INDEX)


@dataclass(frozen=True, slots=True)
class Rows:
    """Bars: starts in microseconds UTC, values, and the lines they stood in."""

    times_us: Ints
    values: dict[str, Floats]
    lines: Ints

    def take(self, rows: Ints | Flags) -> Rows:
        """Return some of the rows."""
        return Rows(self.times_us[rows], {name: column[rows] for name, column in self.values.items()}, self.lines[rows])


@dataclass(slots=True)
class FileReader:
    """Reads the blocks of one file.

    Attributes
    ----------
    columns, time_form, is_instant
        What was recognised.
    dropped
        How many rows were left out because they were wrong.
    notes
        What else a user should know.
    """

    path: Path
    key: SeriesKey
    options: ImportOptions
    data_zone: Zone
    columns: dict[str, str] = field(default_factory=dict)
    time_form: str = ""
    is_instant: bool = False
    dropped: int = 0
    notes: list[str] = field(default_factory=list)
    _form: str | None = None

    def read(self, block: Block) -> Rows:
        """Return the bars in a block.

        Raises
        ------
        DataImportError
            If columns or times are not recognised.
        MalformedDataError
            If a row is wrong and such rows are not to be dropped.
        """
        frame = block.frame
        if not self.columns:
            self.columns = match_columns(
                frame.columns, self.key.tick_type, self.options.columns, str(self.path), may_have_actions(self.key)
            )
        times = self._times(frame)
        wrong = times.ns == NOT_A_TIME
        if wrong.any():
            self._refuse(block, int(np.flatnonzero(wrong)[0]), "time", f"This is no time of the form {times.form}.")
        values = {name: self._numbers(frame, name) for name in self.key.fields}
        bad, problems = wrong_rows(values, allow_negative=self.key.security_type in _MAY_BE_NEGATIVE)
        for problem in problems:
            self._refuse(block, problem.row, problem.field, problem.text)
        good = ~(wrong | bad)
        self.dropped += int((~good).sum())
        values.update({name: self._numbers(frame, name) for name in ACTION_FIELDS if name in self.columns})
        kept = Times(times.ns[good], times.is_instant, times.form)
        starts = to_instants(kept, self.key.resolution, self.data_zone, zone(self.time_zone))
        if self.options.stamp == "end" and self.key.resolution != Resolution.DAILY:
            starts = starts - PERIODS[self.key.resolution] // _US
        return Rows(starts, {name: column[good] for name, column in values.items()}, block.lines[good])

    @property
    def time_zone(self) -> str:
        """The zone of times: their own, the one that was given, that in the column's name, or the market's."""
        if self.is_instant:
            return UTC_ZONE
        name = self.columns.get("time", "").lower()
        says_utc = any(mark in name for mark in ("utc", "gmt"))
        return self.options.time_zone or (UTC_ZONE if says_utc else str(self.data_zone))

    def _times(self, frame: pl.DataFrame) -> Times:
        if "date" in self.columns:
            column = frame[self.columns["date"]] + " " + frame[self.columns["clock"]]
        else:
            column = frame[self.columns["time"]]
        times = times_of_column(column)
        if times is None:
            times = parse_times(column, self.options.time_form or self._form, str(self.path))
            self._form = times.form if "%" in times.form else None
        self.time_form, self.is_instant = times.form, times.is_instant
        return times

    def _numbers(self, frame: pl.DataFrame, field: str) -> Floats:
        import polars as pl

        name = self.columns.get(field)
        if name is None:
            self._note(f"{self.path.name} has no {field.replace('_', ' ')}: it is 0.")
            return np.zeros(len(frame))
        column = frame[name]
        if field in _SIZES and column.dtype == pl.String and (empty := column == "").any():
            self._note(f"{self.path.name} has rows without {field.replace('_', ' ')}: it is 0.")
            column = column.set(empty, "0")
        return column.cast(pl.Float64, strict=False).fill_null(float("nan")).to_numpy().astype(np.float64)

    def _refuse(self, block: Block, row: int, field: str, problem: str) -> None:
        if self.options.on_bad == "drop":
            return
        names = [self.columns[name] for name in ((field,) if field in self.columns else ("date", "clock"))]
        value = " ".join(str(block.frame[name][row]) for name in names)
        raise MalformedDataError(self.path, problem, line=int(block.lines[row]), field=names[0], value=value)

    def _note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)


def in_order(files: Mapping[Path, Rows], key: SeriesKey) -> tuple[Rows, int, list[str]]:
    """Return the rows of all files in order of time, how many repeated another, and what to note.

    Raises
    ------
    DataImportError
        If two rows of the same time differ.
    """
    paths = list(files)
    owner = np.repeat(np.arange(len(paths)), [len(rows.lines) for rows in files.values()])
    rows = Rows(
        np.concatenate([one.times_us for one in files.values()]),
        {
            name: np.concatenate([one.values[name] for one in files.values()])
            for name in next(iter(files.values())).values
        },
        np.concatenate([one.lines for one in files.values()]),
    )
    notes = []
    steps = np.diff(rows.times_us)
    if (steps < 0).any():
        notes.append("the rows were newest first" if (steps <= 0).all() else "the rows were not in order of time")
        order = np.argsort(rows.times_us, kind="stable")
        rows, owner = rows.take(order), owner[order]
    same = np.diff(rows.times_us) == 0
    if not same.any():
        return rows, 0, notes
    differs = np.zeros(len(same), np.bool_)
    for name in key.fields:
        column = rows.values[name]
        differs |= (column[1:] != column[:-1]) & ~(np.isnan(column[1:]) & np.isnan(column[:-1]))
    if (same & differs).any():
        at = int(np.flatnonzero(same & differs)[0])
        places = [f"{paths[owner[row]]}, line {rows.lines[row]}" for row in (at, at + 1)]
        when = np.datetime64(int(rows.times_us[at]), "us")
        hint = (
            " If the bars are shorter than a day, give their --resolution."
            if key.resolution == Resolution.DAILY
            else ""
        )
        raise DataImportError(f"Two rows say different things of {when} UTC: {places[0]} and {places[1]}.{hint}")
    return rows.take(np.append(True, ~same)), int(same.sum()), notes
