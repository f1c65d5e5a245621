"""Rows that were read and checked, on the disk, sorted by the file of the store that they will go into.

A part holds the rows of one series and year (of seconds: month; of hours and days: all years) as they come: whole rows
of eight-byte words, time first, then values, then file and line. Parts only grow, so what was added after a moment is
taken away by cutting them to the length that they had. The words are summed up as they are written; so a part that lost
some of them, together with the machine's power, is recognised.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from tradinglab.core.enums import Resolution
from tradinglab.core.values import dataclass
from tradinglab.data.columns import Ints
from tradinglab.data.store.merging import periods_of
from tradinglab.data.store.rows import Rows

_LINE_BITS: Final = 44
_WORD: Final = 8
_PERIODS: Final = 1_000_000
_TOGETHER: Final = (Resolution.HOUR, Resolution.DAILY)
_PIECE: Final = 8_000_000
_ROWS_LOADED: Final = 100_000


@dataclass(slots=True)
class Part:
    """How long a part is, in bytes, and the CRC-32 of them."""

    size: int = 0
    crc: int = 0


@dataclass(slots=True)
class Order:
    """How the rows of a ticker come: its last time, and whether some were earlier, or later, than those before."""

    last_us: int
    is_back: bool = False
    is_forward: bool = False


class Staging:
    """A folder of parts.

    Parameters
    ----------
    fields
        The values of each row.
    """

    def __init__(self, folder: Path, fields: Sequence[str], resolution: Resolution) -> None:
        self.folder = folder
        self.parts: dict[tuple[int, int], Part] = {}
        self.orders: dict[int, Order] = {}
        self._fields = tuple(fields)
        self._width = len(fields) + 2
        self.row_bytes = self._width * _WORD
        self._resolution = resolution
        self._has_periods = resolution not in _TOGETHER

    def add(self, rows: Rows, file: int) -> None:
        """Add rows of a file, whose number is given, to the parts that they belong to."""
        if len(rows.lines) == 0:
            return
        table = self._table(rows, file)
        none = np.zeros(len(table), np.int64)
        periods = periods_of(self._resolution, rows.times_us) if self._has_periods else none
        tickers = np.zeros(len(table), np.int64) if rows.tickers is None else rows.tickers
        which = tickers * _PERIODS + periods
        if (which == which[0]).all():
            self._append(int(which[0]), table)
        else:
            order = np.argsort(which, kind="stable")
            which, table = which[order], table[order]
            first = np.flatnonzero(np.diff(which, prepend=which[0] - 1))
            for begin, end in zip(first.tolist(), [*first[1:].tolist(), len(which)], strict=True):
                self._append(int(which[begin]), table[begin:end])
        self._note_order(rows.times_us, tickers)

    def _table(self, rows: Rows, file: int) -> Ints:
        table = np.empty((len(rows.lines), self._width), np.int64)
        table[:, 0] = rows.times_us
        numbers = table.view(np.float64)
        for at, name in enumerate(self._fields, 1):
            numbers[:, at] = rows.values.get(name, np.nan)
        table[:, -1] = rows.lines + (file << _LINE_BITS)
        return table

    def _append(self, which: int, table: Ints) -> None:
        key = divmod(which, _PERIODS)
        part = self.parts.setdefault(key, Part())
        data = np.ascontiguousarray(table).data.cast("B")
        with self._path(key).open("ab") as stream:
            stream.write(data)
        part.size, part.crc = part.size + len(data), zlib.crc32(data, part.crc)

    def _note_order(self, times_us: Ints, tickers: Ints) -> None:
        """Note for each ticker whether rows were earlier or later than the ones before them."""
        if (tickers != tickers[0]).any():
            order = np.argsort(tickers, kind="stable")
            times_us, tickers = times_us[order], tickers[order]
        first = np.flatnonzero(np.diff(tickers, prepend=tickers[0] - 1))
        for begin, end in zip(first.tolist(), [*first[1:].tolist(), len(tickers)], strict=True):
            own = times_us[begin:end]
            known = self.orders.setdefault(int(tickers[begin]), Order(int(own[0])))
            steps = np.diff(own, prepend=known.last_us)
            known.is_back |= bool((steps < 0).any())
            known.is_forward |= bool((steps > 0).any())
            known.last_us = int(own[-1])

    def load(self, key: tuple[int, int]) -> tuple[Rows, Ints]:
        """Return the rows of a part as they came, and the number of the file of each."""
        count = self.parts[key].size // self.row_bytes
        times, places = np.empty(count, np.int64), np.empty(count, np.int64)
        values = {name: np.empty(count) for name in self._fields}
        with self._path(key).open("rb") as stream:
            # Piece by piece: a whole table beside its columns would take twice the memory.
            for begin in range(0, count, _ROWS_LOADED):
                table = np.fromfile(stream, np.int64, min(_ROWS_LOADED, count - begin) * self._width)
                table = table.reshape(-1, self._width)
                numbers, inside = table.view(np.float64), slice(begin, begin + len(table))
                times[inside], places[inside] = table[:, 0], table[:, -1]
                for at, name in enumerate(self._fields, 1):
                    values[name][inside] = numbers[:, at]
        return Rows(times, values, places & ((1 << _LINE_BITS) - 1)), places >> _LINE_BITS

    # Going on.

    def state(self) -> dict[str, Any]:
        """Return what :meth:`restore` needs to know."""
        return {
            "parts": [[*key, part.size, part.crc] for key, part in self.parts.items()],
            "orders": [[key, each.last_us, each.is_back, each.is_forward] for key, each in self.orders.items()],
        }

    def restore(self, state: Mapping[str, Any]) -> bool:
        """Bring the parts back to where they were; return whether all that was in them still is."""
        self.parts = {(int(ticker), int(period)): Part(size, crc) for ticker, period, size, crc in state["parts"]}
        self.orders = {int(key): Order(last, back, forward) for key, last, back, forward in state["orders"]}
        names = {self._path(key).name for key in self.parts}
        for path in self.folder.glob("*.rows"):
            if path.name not in names:
                path.unlink()
        return all(self._cut(key, part) for key, part in self.parts.items())

    def _cut(self, key: tuple[int, int], part: Part) -> bool:
        path = self._path(key)
        if not path.is_file() or path.stat().st_size < part.size:
            return False
        crc = 0
        with path.open("r+b") as stream:
            stream.truncate(part.size)
            while data := stream.read(_PIECE):
                crc = zlib.crc32(data, crc)
        return crc == part.crc

    def _path(self, key: tuple[int, int]) -> Path:
        return self.folder / f"{key[0]}-{key[1]}.rows"
