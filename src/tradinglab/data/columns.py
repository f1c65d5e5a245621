"""Bars as columns: what every source returns and every reader of prices shares.

A column of prices has two faces. ``values`` are float64, for signals and arrays; ``exact(i)`` is
the decimal that LEAN would hold, digits and trailing zeros included, for money.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from tradinglab.core.decimal_arrays import TICK_PLACES, decimals_of, ticks_of
from tradinglab.core.decimals import scale_of, to_decimal
from tradinglab.core.enums import TickType
from tradinglab.core.values import dataclass, field

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Texts = npt.NDArray[np.str_]
Rows = npt.NDArray[np.int64] | slice

_GAP = 2  # rows that may be left out by one who still counts as reading row after row
_MOST_AHEAD = 256
_SHORT = 15  # digits that a double keeps apart
_TICK_UNITS = frozenset(Decimal(1).scaleb(-places) for places in range(TICK_PLACES + 1))

TRADE_FIELDS = ("open", "high", "low", "close", "volume")
QUOTE_FIELDS = (
    "bid_open", "bid_high", "bid_low", "bid_close", "bid_size",
    "ask_open", "ask_high", "ask_low", "ask_close", "ask_size",
)  # fmt: skip
#: The fields that are no prices.
SIZE_FIELDS = ("volume", "bid_size", "ask_size")


class Ticks(NamedTuple):
    """Prices as whole ten-thousandths, and how many decimals each of them has, trailing zeros included."""

    numbers: memoryview
    places: memoryview


class Exact(Protocol):
    """The decimal face of a column."""

    def exact(self, row: int) -> Decimal:
        """Return the decimal at *row*."""
        ...

    def take(self, rows: Rows) -> Exact:
        """Return the column that has the given rows, in their order."""
        ...


@dataclass(frozen=True, slots=True)
class FloatExact:
    """A column whose source had floats: a decimal has their 15 significant digits."""

    values: Floats

    def exact(self, row: int) -> Decimal:
        """Return the decimal at *row*."""
        return to_decimal(float(self.values[row]))

    def take(self, rows: Rows) -> Exact:
        """Return the column that has the given rows, in their order."""
        return FloatExact(self.values[rows])


@dataclass(frozen=True, slots=True)
class ScaledExact:
    """Integers times a unit (LEAN's equity files hold prices times 10,000)."""

    raw: Ints
    unit: Decimal

    def exact(self, row: int) -> Decimal:
        """Return the decimal at *row*."""
        return Decimal(int(self.raw[row])) * self.unit

    def take(self, rows: Rows) -> Exact:
        """Return the column that has the given rows, in their order."""
        return ScaledExact(self.raw[rows], self.unit)


@dataclass(frozen=True, slots=True)
class DigitsExact:
    """Integers, each with its own number of decimals: the digits of a text file, trailing zeros included."""

    raw: Ints
    scales: npt.NDArray[np.int8]

    def exact(self, row: int) -> Decimal:
        """Return the decimal at *row*."""
        return Decimal(int(self.raw[row])).scaleb(-int(self.scales[row]))

    def take(self, rows: Rows) -> Exact:
        """Return the column that has the given rows, in their order."""
        return DigitsExact(self.raw[rows], self.scales[rows])


@dataclass(frozen=True, slots=True)
class AdjustedExact:
    """Another column times a factor plus an amount, both of which change from row to row.

    ``index[row]`` says which of ``terms``, pairs of factor and amount, apply.
    """

    base: Exact
    terms: Sequence[tuple[Decimal, Decimal]]
    index: Ints

    def exact(self, row: int) -> Decimal:
        """Return the decimal at *row*."""
        factor, amount = self.terms[int(self.index[row])]
        return self.base.exact(row) * factor + amount

    def take(self, rows: Rows) -> Exact:
        """Return the column that has the given rows, in their order."""
        return AdjustedExact(self.base.take(rows), self.terms, self.index[rows])


@dataclass(slots=True)
class BarColumns:
    """Bars of one symbol, resolution and tick type, in time order.

    ``time_ns`` and ``end_ns`` are the start and end of each bar, int64 nanoseconds UTC.
    ``values`` maps the names in ``TRADE_FIELDS`` or ``QUOTE_FIELDS`` to float64 arrays (a quote
    side that is absent is NaN); ``decimals`` maps the price fields to their decimal face.
    ``filled`` marks bars that repeat the one before because there was none (``None``: no bar is).
    Ticks use the same class: a trade tick has ``close`` and ``volume`` only, a quote tick
    ``bid_close``, ``bid_size``, ``ask_close``, ``ask_size``; where the file has them, ``texts``
    holds ``exchange`` and ``sale_condition``, and ``values`` holds ``suspicious`` as 0 or 1.
    """

    tick_type: TickType
    time_ns: Ints
    end_ns: Ints
    values: dict[str, Floats]
    decimals: dict[str, Exact] = field(default_factory=dict)
    filled: Flags | None = None
    texts: dict[str, Texts] = field(default_factory=dict)
    _views: dict[str, memoryview] = field(default_factory=dict)
    _ticks: dict[str, Ticks | None] = field(default_factory=dict)
    #: The decimals of each field that were read last, and the row of the first of them.
    _last: dict[str, tuple[int, list[Decimal]]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.end_ns)

    def view(self, name: str) -> memoryview:
        """Return a field as a memoryview: ``view[i]`` is a Python float, at a fifth of numpy's cost."""
        found = self._views.get(name)
        if found is None:
            found = self._views[name] = np.ascontiguousarray(self.values[name]).data
        return found

    def exact(self, name: str, row: int) -> Decimal:
        """Return the decimal of field *name* at *row*."""
        known = self._last.get(name)
        if known is None:
            return self._read_ahead(name, row, 1)
        first, found = known
        at = row - first
        if 0 <= at < len(found):
            return found[at]
        # Who reads row after row is given more and more of them at a time; who jumps, one.
        is_next = 0 <= at - len(found) < _GAP
        return self._read_ahead(name, row, min(2 * len(found), _MOST_AHEAD) if is_next else 1)

    def exact_once(self, name: str, row: int) -> Decimal:
        """Return the decimal of field *name* at *row* to one who jumps: nothing is read ahead, or kept."""
        column = self.decimals.get(name)
        return to_decimal(self.view(name)[row]) if column is None else column.exact(row)

    def exact_rows(self, name: str, rows: Sequence[int]) -> list[Decimal]:
        """Return the decimals of field *name* at some rows, in any order."""
        column = self.decimals.get(name)
        return decimals_of(self.values[name][rows]) if column is None else [column.exact(row) for row in rows]

    def are_short(self, name: str) -> bool:
        """Return whether no decimal of field *name* has more than fifteen digits, so that its float tells which it is.

        That is known only of columns that are as a source made them.
        """
        column = self.decimals.get(name)
        if isinstance(column, ScaledExact):
            return len(column.unit.as_tuple().digits) == 1 and _has_fewer_digits(column.raw, _SHORT - 1)
        if isinstance(column, DigitsExact):
            return _has_fewer_digits(column.raw, _SHORT)
        return column is None or isinstance(column, FloatExact)

    def ticks(self, name: str) -> Ticks | None:
        """Return field *name* in ten-thousandths; ``None`` if some of its decimals has more places or many digits."""
        if name not in self._ticks:
            self._ticks[name] = _ticks_of(self.decimals.get(name) or FloatExact(self.values[name]))
        return self._ticks[name]

    def _read_ahead(self, name: str, row: int, count: int) -> Decimal:
        column = self.decimals.get(name)
        if column is not None:
            found = [column.exact(each) for each in range(row, min(row + count, len(self)))]
        elif count == 1:
            found = [to_decimal(self.view(name)[row])]
        else:
            found = decimals_of(self.values[name][row : row + count])
        self._last[name] = (row, found)
        return found[0]

    def take(self, rows: Rows, *, time_ns: Ints | None = None, end_ns: Ints | None = None,
             filled: Flags | None = None) -> BarColumns:  # fmt: skip
        """Return the bars at *rows*, with other times where given."""
        return BarColumns(
            tick_type=self.tick_type,
            time_ns=self.time_ns[rows] if time_ns is None else time_ns,
            end_ns=self.end_ns[rows] if end_ns is None else end_ns,
            values={name: column[rows] for name, column in self.values.items()},
            decimals={name: column.take(rows) for name, column in self.decimals.items()},
            filled=filled if filled is not None else (None if self.filled is None else self.filled[rows]),
            texts={name: column[rows] for name, column in self.texts.items()},
        )

    def between(self, start_ns: int, end_ns: int) -> BarColumns:
        """Return the bars that start in ``[start_ns, end_ns)``, as views where arrays allow it."""
        first, last = np.searchsorted(self.time_ns, [start_ns, end_ns])
        return self.take(slice(int(first), int(last)))

    @classmethod
    def empty(cls, tick_type: TickType) -> BarColumns:
        """Return no bars."""
        names = QUOTE_FIELDS if tick_type == TickType.QUOTE else TRADE_FIELDS
        none = np.empty(0, np.int64)
        return cls(tick_type, none, none, {name: np.empty(0) for name in names})


def _has_fewer_digits(numbers: Ints, count: int) -> bool:
    bound = 10**count
    return len(numbers) == 0 or bool(numbers.max() < bound and numbers.min() > -bound)


def _ticks_of(column: Exact) -> Ticks | None:
    if isinstance(column, FloatExact):
        found = ticks_of(column.values)
        return None if found is None else Ticks(found[0].data, found[1].data)
    if isinstance(column, DigitsExact):
        raw, places = column.raw, column.scales.astype(np.int64)
    elif isinstance(column, ScaledExact) and column.unit in _TICK_UNITS:
        raw, places = column.raw, np.full(len(column.raw), scale_of(column.unit))
    else:
        return None
    is_in_range = (places >= 0) & (places <= TICK_PLACES)
    if not is_in_range.all() or not _has_fewer_digits(raw, _SHORT - TICK_PLACES):
        return None
    numbers = raw.astype(np.int64) * 10 ** (TICK_PLACES - places)
    return Ticks(numbers.data, places.astype(np.uint8).data)


@dataclass(frozen=True, slots=True)
class JoinedExact:
    """Two decimal columns, one after the other."""

    first: Exact
    split: int
    second: Exact
    count: int

    def exact(self, row: int) -> Decimal:
        """Return the decimal at *row*."""
        return self.first.exact(row) if row < self.split else self.second.exact(row - self.split)

    def take(self, rows: Rows) -> Exact:
        """Return the column that has the given rows, in their order."""
        return TakenExact(self, np.arange(self.count)[rows])


@dataclass(frozen=True, slots=True)
class TakenExact:
    """Some rows of a decimal column."""

    column: Exact
    rows: Ints

    def exact(self, row: int) -> Decimal:
        """Return the decimal at *row*."""
        return self.column.exact(int(self.rows[row]))

    def take(self, rows: Rows) -> Exact:
        """Return the column that has the given rows, in their order."""
        return TakenExact(self.column, self.rows[rows])


def join_columns(first: BarColumns, second: BarColumns) -> BarColumns:
    """Return two sets of bars as one; of the second only what ends after the first."""
    if len(first) == 0:
        return second
    second = second.take(np.flatnonzero(second.end_ns > first.end_ns[-1]))
    if len(second) == 0:
        return first
    split = len(first)

    def flags(bars: BarColumns) -> Flags:
        return np.zeros(len(bars), bool) if bars.filled is None else bars.filled

    filled = None if first.filled is None and second.filled is None else np.concatenate([flags(first), flags(second)])
    names = first.decimals.keys() | second.decimals.keys()
    return BarColumns(
        tick_type=first.tick_type,
        time_ns=np.concatenate([first.time_ns, second.time_ns]),
        end_ns=np.concatenate([first.end_ns, second.end_ns]),
        values={name: np.concatenate([column, second.values[name]]) for name, column in first.values.items()},
        decimals={
            name: JoinedExact(
                first.decimals.get(name) or FloatExact(first.values[name]),
                split,
                second.decimals.get(name) or FloatExact(second.values[name]),
                split + len(second),
            )
            for name in names
        },
        filled=filled,
        texts={
            name: np.concatenate([column, second.texts[name]])
            for name, column in first.texts.items()
            if name in second.texts
        },
    )
