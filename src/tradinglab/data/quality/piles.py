"""Bars that are gone through more than once: kept in memory, or on the disk however many there are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np

from tradinglab.core.enums import Resolution
from tradinglab.data.columns import Ints
from tradinglab.data.ingest.staging import Staging
from tradinglab.data.quality.bars import Bars
from tradinglab.data.store.rows import Rows

#: Bars that are looked at together: enough for arrays to pay, few enough to stay in the processor's cache.
BLOCK: Final = 1 << 17


class Pile:
    """Bars in the order in which they were added.

    Parameters
    ----------
    resolution
        How long they are.
    folder
        Where they are kept; ``None``: in memory.

    Attributes
    ----------
    names
        Their fields: those that every block had.
    span
        The earliest and the latest start (microseconds UTC).
    """

    def __init__(self, resolution: Resolution, folder: Path | None = None) -> None:
        self.names: list[str] = []
        self.span: tuple[int, int] | None = None
        self._resolution, self._folder, self._count = resolution, folder, 0
        self._parts: list[Bars] = []
        self._fields: list[str] = []
        self._in_order: Pile | None = None
        self._path: Path | None = None
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
            self._path = folder / f"{sum(1 for _ in folder.iterdir())}.bars"
            self._path.touch()

    @classmethod
    def of(cls, bars: Bars, resolution: Resolution) -> Pile:
        """Return bars in memory."""
        pile = cls(resolution)
        pile.add(bars)
        return pile

    def __len__(self) -> int:
        return self._count

    def another(self) -> Pile:
        """Return an empty one beside this one."""
        other = Pile(self._resolution, self._folder)
        other.names, other._fields = list(self.names), list(self.names)
        return other

    def add(self, bars: Bars) -> None:
        """Add a block."""
        if not len(bars):
            return
        if not self._fields:
            self.names = self._fields = list(bars.values)
        self.names = [name for name in self.names if name in bars.values]
        first, last = int(bars.times_us.min()), int(bars.times_us.max())
        self.span = (first, last) if self.span is None else (min(first, self.span[0]), max(last, self.span[1]))
        self._count += len(bars)
        if self._path is None:
            self._parts.append(bars)
            return
        table = np.empty((len(bars), len(self._fields) + 2), np.int64)
        table[:, 0], table[:, 1] = bars.times_us, bars.rows
        for at, name in enumerate(self._fields, 2):
            table.view(np.float64)[:, at] = bars.values.get(name, np.nan)
        with self._path.open("ab") as stream:
            stream.write(table.data.cast("B"))

    def blocks(self) -> Iterator[Bars]:
        """Yield the bars block by block."""
        if self._path is None:
            for part in self._parts:
                yield Bars(part.times_us, {name: part.values[name] for name in self.names}, part.rows)
            return
        width = len(self._fields) + 2
        with self._path.open("rb") as stream:
            while len(table := np.fromfile(stream, np.int64, BLOCK * width)):
                yield self._bars(table.reshape(-1, width))

    def _bars(self, table: Ints) -> Bars:
        numbers = table.view(np.float64)
        values = {name: numbers[:, self._fields.index(name) + 2].copy() for name in self.names}
        return Bars(table[:, 0].copy(), values, table[:, 1].copy())

    def whole(self) -> Bars:
        """Return all bars in memory."""
        parts = list(self.blocks())
        if len(parts) == 1:
            return parts[0]
        return Bars(
            np.concatenate([np.empty(0, np.int64), *(each.times_us for each in parts)]),
            {name: np.concatenate([np.empty(0), *(each.values[name] for each in parts)]) for name in self.names},
            np.concatenate([np.empty(0, np.int64), *(each.rows for each in parts)]),
        )

    def in_order(self) -> Pile:
        """Return the bars in order of time; those of one time stay as they were.

        On the disk they are put in order a year at a time, seconds a month.
        """
        if self._in_order is None:
            self._in_order = self.another()
            if self._folder is None:
                self._in_order.add(self.whole().sorted())
            else:
                self._sort_into(self._in_order, self._folder)
        return self._in_order

    def _sort_into(self, target: Pile, folder: Path) -> None:
        parts = folder / "parts"
        parts.mkdir(exist_ok=True)
        staging = Staging(parts, self.names, self._resolution)
        for bars in self.blocks():
            staging.add(Rows(bars.times_us, dict(bars.values), bars.rows), 0)
        for part in sorted(staging.parts):
            rows, _ = staging.load(part)
            target.add(Bars(rows.times_us, rows.values, rows.lines).sorted())
        for path in parts.iterdir():
            path.unlink()

    def remove(self) -> None:
        """Take the bars from the disk."""
        if self._path is not None:
            # Emptied, not removed: its name must not be given again.
            self._path.write_bytes(b"")
        if self._in_order is not None:
            self._in_order.remove()
