"""Bars as columns: what every source returns and every reader of prices shares.

A column of prices has two faces. ``values`` are float64, for signals and arrays; ``exact(i)`` is
the decimal that LEAN would hold, digits and trailing zeros included, for money.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from tradinglab.core.decimals import to_decimal
from tradinglab.core.enums import TickType

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

TRADE_FIELDS = ("open", "high", "low", "close", "volume")
QUOTE_FIELDS = (
    "bid_open", "bid_high", "bid_low", "bid_close", "bid_size",
    "ask_open", "ask_high", "ask_low", "ask_close", "ask_size",
)  # fmt: skip


class Exact(Protocol):
    """The decimal face of a column."""

    def exact(self, row: int) -> Decimal:
        """Return the decimal at *row*."""
        ...

    def take(self, rows: Ints) -> Exact:
        """Return the column that has the given rows, in their order."""
        ...


@dataclass(frozen=True, slots=True)
class FloatExact:
    """A column whose source had floats: a decimal has their 15 significant digits."""

    values: Floats

    def exact(self, row: int) -> Decimal:
        return to_decimal(float(self.values[row]))

    def take(self, rows: Ints) -> Exact:
        return FloatExact(self.values[rows])


@dataclass(frozen=True, slots=True)
class ScaledExact:
    """Integers times a unit, times a factor that changes from row to row (LEAN's equity files)."""

    raw: Ints
    unit: Decimal
    factors: Sequence[Decimal] = ()
    factor_of_row: Ints | None = None

    def exact(self, row: int) -> Decimal:
        value = Decimal(int(self.raw[row])) * self.unit
        return value if self.factor_of_row is None else value * self.factors[self.factor_of_row[row]]

    def take(self, rows: Ints) -> Exact:
        index = None if self.factor_of_row is None else self.factor_of_row[rows]
        return replace(self, raw=self.raw[rows], factor_of_row=index)


@dataclass(frozen=True, slots=True)
class TextExact:
    """Decimal texts as they stood in the file (LEAN's forex and crypto files)."""

    texts: npt.NDArray[Any]

    def exact(self, row: int) -> Decimal:
        return Decimal(self.texts[row])

    def take(self, rows: Ints) -> Exact:
        return TextExact(self.texts[rows])


@dataclass(slots=True)
class BarColumns:
    """Bars of one symbol, resolution and tick type, in time order.

    ``time_ns`` and ``end_ns`` are the start and end of each bar, int64 nanoseconds UTC.
    ``values`` maps the names in ``TRADE_FIELDS`` or ``QUOTE_FIELDS`` to float64 arrays (a quote
    side that is absent is NaN); ``decimals`` maps the price fields to their decimal face.
    ``filled`` marks bars that repeat the one before because there was none (``None``: no bar is).
    Ticks use the same class: a trade tick has ``close`` and ``volume`` only, a quote tick
    ``bid_close``, ``bid_size``, ``ask_close``, ``ask_size``.
    """

    tick_type: TickType
    time_ns: Ints
    end_ns: Ints
    values: dict[str, Floats]
    decimals: dict[str, Exact] = field(default_factory=dict)
    filled: Flags | None = None
    _views: dict[str, memoryview] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.end_ns)

    def view(self, name: str) -> memoryview:
        """Return a field as a memoryview: ``view[i]`` is a Python float, at a fifth of numpy's cost."""
        found = self._views.get(name)
        if found is None:
            found = self._views[name] = memoryview(np.ascontiguousarray(self.values[name]))
        return found

    def exact(self, name: str, row: int) -> Decimal:
        """Return the decimal of field *name* at *row*."""
        column = self.decimals.get(name)
        return column.exact(row) if column is not None else to_decimal(float(self.values[name][row]))

    def take(self, rows: Ints, *, time_ns: Ints | None = None, end_ns: Ints | None = None,
             filled: Flags | None = None) -> BarColumns:  # fmt: skip
        """Return the bars at *rows*, with other times where given."""
        return BarColumns(
            tick_type=self.tick_type,
            time_ns=self.time_ns[rows] if time_ns is None else time_ns,
            end_ns=self.end_ns[rows] if end_ns is None else end_ns,
            values={name: column[rows] for name, column in self.values.items()},
            decimals={name: column.take(rows) for name, column in self.decimals.items()},
            filled=filled if filled is not None else (None if self.filled is None else self.filled[rows]),
        )

    @classmethod
    def empty(cls, tick_type: TickType) -> BarColumns:
        """Return no bars."""
        names = QUOTE_FIELDS if tick_type == TickType.QUOTE else TRADE_FIELDS
        none = np.empty(0, np.int64)
        return cls(tick_type, none, none, {name: np.empty(0) for name in names})
