"""Prices of several columns side by side, of some steps at a time: what positions are worth is then a product."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from tradinglab.data.columns import Ticks

_GAP = 2  # steps that may be left out by one who still counts as going step by step
_MOST_AHEAD = 256
_MOST_EXACT = 2**62

_Numbers = npt.NDArray[np.int64]


class TickTable:
    """Reads columns whose rows are the steps of the timeline, each moved by a constant.

    Parameters
    ----------
    ticks
        The columns.
    shifts
        What is added to a step to have the row of each column.
    """

    __slots__ = ("_columns", "_steps", "first", "largest", "numbers", "places", "shifts", "ticks")

    def __init__(self, ticks: Sequence[Ticks], shifts: Sequence[int]) -> None:
        self.ticks = ticks
        self.shifts = shifts
        self._columns = [
            (np.asarray(each.numbers), np.asarray(each.places), shift)
            for each, shift in zip(ticks, shifts, strict=True)
        ]
        #: The steps at which every column has a row.
        self._steps = range(-min(shifts), min(len(numbers) - shift for numbers, _, shift in self._columns))
        #: The steps that were read last: the first one, a line of numbers and of places for each, the largest number.
        self.first = 0
        self.numbers: _Numbers = np.empty((0, 0), np.int64)
        self.places: _Numbers = np.empty((0, 0), np.int64)
        self.largest = 0

    def read(self, step: int) -> bool:
        """Have a step, and more the longer one goes step by step, among those read; return whether it is there."""
        count = len(self.numbers)
        at = step - self.first
        if 0 <= at < count:
            return True
        if step not in self._steps:
            return False
        ahead = min(2 * count, _MOST_AHEAD) if count and 0 <= at - count < _GAP else 1
        end = min(step + ahead, self._steps.stop)
        self.first = step
        self.numbers = np.array([numbers[step + shift : end + shift] for numbers, _, shift in self._columns]).T.copy()
        places = np.array([places[step + shift : end + shift] for _, places, shift in self._columns])
        self.places = places.T.astype(np.int64)
        self.largest = int(np.abs(self.numbers).max())
        return True


class TickTotals:
    """The sums over positions of one quantity each, in whole numbers, and the places that the sums have."""

    __slots__ = ("_end", "_first", "_places", "_quantities", "_scales", "_size", "_sums", "_table")

    def __init__(self, table: TickTable, quantities: Sequence[int], scales: Sequence[int]) -> None:
        self._table = table
        self._quantities = np.array(quantities, np.int64)
        self._scales = np.array(scales, np.int64)
        self._size = sum(map(abs, quantities))
        self._first = self._end = 0
        self._sums: list[int] = []
        self._places: list[int] = []

    def at(self, step: int) -> tuple[int, int] | None:
        """Return the sum at a step and its places; ``None`` if the table does not have it, or it may be too large."""
        if not self._first <= step < self._end and not self._add_up(step):
            return None
        at = step - self._first
        return self._sums[at], self._places[at]

    def _add_up(self, step: int) -> bool:
        table = self._table
        if not table.read(step) or table.largest * self._size >= _MOST_EXACT:
            return False
        at = step - table.first
        self._first, self._end = step, table.first + len(table.numbers)
        self._sums = (table.numbers[at:] @ self._quantities).tolist()
        self._places = (table.places[at:] + self._scales).max(axis=1).tolist()
        return True
