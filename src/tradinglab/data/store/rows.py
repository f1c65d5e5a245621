"""Blocks of a table to rows of bars, each of which is right or refused."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np

from tradinglab.core.clock import UTC_ZONE, Zone, zone
from tradinglab.core.enums import Resolution, SecurityType
from tradinglab.core.values import dataclass, field
from tradinglab.data.columns import SIZE_FIELDS, Flags, Floats, Ints
from tradinglab.data.errors import DataImportError, MalformedDataError
from tradinglab.data.periods import PERIODS
from tradinglab.data.store.actions import ACTION_FIELDS, may_have_actions
from tradinglab.data.store.checks import wrong_rows
from tradinglab.data.store.column_names import match_columns, symbol_column
from tradinglab.data.store.layout import SeriesKey
from tradinglab.data.store.number_texts import numbers_of
from tradinglab.data.store.options import ImportOptions
from tradinglab.data.store.tables import Block
from tradinglab.data.store.times import (
    NOT_A_TIME,
    Times,
    parse_times,
    skipped_text,
    skipped_times,
    times_of_column,
    to_instants,
)

if TYPE_CHECKING:
    import polars as pl

_US = 1_000
_FEW = 5
_MAY_BE_NEGATIVE = (SecurityType.CFD, SecurityType.FUTURE, SecurityType.INDEX)
_TICKER = re.compile(r"[A-Z0-9][A-Z0-9._-]{0,99}")


@dataclass(frozen=True, slots=True)
class Rows:
    """Bars: starts in microseconds UTC, values, and the lines they stood in.

    ``tickers`` are the numbers of their tickers, where there are several, and ``dropped`` says of how many rows of each
    (or of -1: of none that is known) nothing was made.
    """

    times_us: Ints
    values: dict[str, Floats]
    lines: Ints
    tickers: Ints | None = None
    dropped: Counter[int] = field(default_factory=Counter)

    def take(self, rows: Ints | Flags) -> Rows:
        """Return some of the rows."""
        values = {name: column[rows] for name, column in self.values.items()}
        tickers = None if self.tickers is None else self.tickers[rows]
        return Rows(self.times_us[rows], values, self.lines[rows], tickers)


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
    tickers
        Numbers of the tickers in the column of symbols, shared by all files; ``None`` if all rows are of the key's.
    dropped_of
        How many rows of each of these were left out.
    form
        How times are written, once that is known.
    symbols
        What a column says the rows are of, where all of them are to be of one symbol.
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
    tickers: dict[str, int] | None = None
    dropped_of: Counter[int] = field(default_factory=Counter)
    form: str | None = None
    symbols: set[str] = field(default_factory=set)
    _lock: Lock = field(default_factory=Lock)

    def numbers(self, names: Sequence[str]) -> Collection[str]:
        """Return which columns hold prices and sizes; find out which column is what, unless that is known."""
        if not self.columns:
            self.columns = match_columns(
                names,
                self.key.tick_type,
                self.options.columns,
                str(self.path),
                may_have_actions(self.key),
                with_symbol=self.tickers is not None,
            )
        if self.options.decimal == "comma":
            return ()
        return {self.columns[name] for name in self.key.fields if name in self.columns}

    def read(self, block: Block) -> Rows:
        """Return the bars in a block, and count those that were left out. Errors are those of :meth:`parse`."""
        rows = self.parse(block)
        self.count(rows)
        return rows

    def count(self, rows: Rows) -> None:
        """Count the rows of a block that were left out."""
        self.dropped += rows.dropped.total()
        self.dropped_of.update(rows.dropped)

    def parse(self, block: Block) -> Rows:
        """Return the bars in a block; several may be parsed at once, after the first one.

        Raises
        ------
        DataImportError
            If columns or times are not recognised.
        MalformedDataError
            If a row is wrong and such rows are not to be dropped.
        """
        frame = block.frame
        self.numbers(frame.columns)
        times = self._times(frame)
        tickers = self._tickers(frame)
        wrong = times.ns == NOT_A_TIME
        at_zone, are_ends = zone(self.time_zone), self.options.stamp == "end"
        gone = skipped_times(times, self.key.resolution, at_zone, are_ends=are_ends)
        no_name = np.zeros(len(frame), np.bool_) if tickers is None else tickers < 0
        values = {name: self._numbers(block, name) for name in self.key.fields}
        bad, problems = wrong_rows(values, allow_negative=self.key.security_type in _MAY_BE_NEGATIVE)
        unfit = wrong | gone | bad | no_name
        if block.texts is not None and (unfit.any() or self._has_gaps(frame)):
            # What is said of wrong rows shows them as they stand in the file.
            return self.parse(block.texts())
        if wrong.any():
            text = f"This is no time of the form {times.form} from 1678 to 2261."
            self._refuse(block, int(np.flatnonzero(wrong)[0]), "time", text)
        if gone.any():
            self._refuse(block, int(np.flatnonzero(gone)[0]), "time", skipped_text(at_zone))
        if no_name.any():
            text = "A ticker has letters (A to Z), digits, '.', '_' and '-': write EURUSD for EUR/USD."
            self._refuse(block, int(np.flatnonzero(no_name)[0]), "symbol", text)
        for problem in problems:
            self._refuse(block, problem.row, problem.field, problem.text)
        good = ~unfit
        dropped = Counter([-1] * int((~good).sum()) if tickers is None else tickers[~good].tolist())
        values.update({name: self._numbers(block, name) for name in ACTION_FIELDS if name in self.columns})
        kept = Times(times.ns[good], times.is_instant, times.form)
        starts = to_instants(kept, self.key.resolution, self.data_zone, at_zone)
        if are_ends and self.key.resolution != Resolution.DAILY:
            starts = starts - PERIODS[self.key.resolution] // _US
        found = {name: column[good] for name, column in values.items()}
        return Rows(starts, found, block.lines[good], None if tickers is None else tickers[good], dropped)

    def _has_gaps(self, frame: pl.DataFrame) -> bool:
        sizes = [self.columns[name] for name in SIZE_FIELDS if name in self.columns and name in self.key.fields]
        return any(frame[name].null_count() for name in sizes)

    def _tickers(self, frame: pl.DataFrame) -> Ints | None:
        """Return the number of each row's ticker, -1 for what can be none."""
        import polars as pl

        if self.tickers is None:
            self._check_one_symbol(frame)
            return None
        column = frame[self.columns["symbol"]].cast(pl.String).fill_null("").str.strip_chars().str.to_uppercase()
        for name in column.unique(maintain_order=True).to_list():
            with self._lock:
                if _TICKER.fullmatch(name):
                    self.tickers.setdefault(name, len(self.tickers))
        known = {name: self.tickers.get(name, -1) for name in column.unique().to_list()}
        found: Ints = column.replace_strict(known, return_dtype=pl.Int64).to_numpy()
        return found

    def _check_one_symbol(self, frame: pl.DataFrame) -> None:
        """Refuse rows of which a column says that they are not all of one symbol."""
        name = symbol_column(frame.columns)
        if name is None or name in self.columns.values():
            return
        with self._lock:
            self.symbols.update(frame[name].drop_nulls().unique(maintain_order=True).cast(str).to_list()[:_FEW])
            if len(self.symbols) > 1:
                raise DataImportError(
                    f"{self.path} has rows of several symbols in '{name}': {', '.join(sorted(self.symbols))}. "
                    "Leave the symbol out to import each of them, or remove the column if they are all of one."
                )

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
            times = parse_times(column, self.options.time_form or self.form, str(self.path))
            self.form = self.form if self.form is not None else times.form if "%" in times.form else None
        self.time_form, self.is_instant = times.form, times.is_instant
        return times

    def _numbers(self, block: Block, field: str) -> Floats:
        import polars as pl

        frame = block.frame
        name = self.columns.get(field)
        if name is None:
            self._note(f"{self.path.name} has no {field.replace('_', ' ')}: it is 0.")
            return np.zeros(len(frame))
        column = frame[name]
        if field in SIZE_FIELDS and column.dtype == pl.String and (column == "").any():
            self._note(f"{self.path.name} has rows without {field.replace('_', ' ')}: it is 0.")
        return numbers_of(column, field, self.options.decimal or block.decimal, str(self.path))

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
    rows = joined_rows(list(files.values()))
    steps = np.diff(rows.times_us)
    notes = order_notes(is_back=bool((steps < 0).any()), is_forward=bool((steps > 0).any()))
    return *sorted_rows(rows, owner, paths, key), notes


def joined_rows(parts: Sequence[Rows]) -> Rows:
    """Return rows of one ticker after each other."""
    if len(parts) == 1:
        return parts[0]
    return Rows(
        np.concatenate([one.times_us for one in parts]),
        {name: np.concatenate([one.values[name] for one in parts]) for name in parts[0].values},
        np.concatenate([one.lines for one in parts]),
    )


def order_notes(*, is_back: bool, is_forward: bool) -> list[str]:
    """Return what to note of rows some of which are earlier, or later, than those before them."""
    if not is_back:
        return []
    return ["the rows were not in order of time" if is_forward else "the rows were newest first"]


def sorted_rows(rows: Rows, owner: Ints, paths: Sequence[Path], key: SeriesKey) -> tuple[Rows, int]:
    """Return rows in order of time, and how many repeated another.

    Parameters
    ----------
    owner
        The place among *paths* of the file that each is from.

    Raises
    ------
    DataImportError
        If two rows of the same time differ.
    """
    if (np.diff(rows.times_us) < 0).any():
        order = np.argsort(rows.times_us, kind="stable")
        rows, owner = rows.take(order), owner[order]
    same = np.diff(rows.times_us) == 0
    if not same.any():
        return rows, 0
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
            else " 'tradinglab data check' tells whether it is the hour that clocks repeat."
        )
        raise DataImportError(f"Two rows say different things of {when} UTC: {places[0]} and {places[1]}.{hint}")
    return rows.take(np.append(True, ~same)), int(same.sum())
