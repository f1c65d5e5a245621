"""Positions that are each worth what one column of prices says: their worths and the sum of them at any rows."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from decimal import Decimal
from operator import add, getitem, is_, mul
from typing import TYPE_CHECKING, NamedTuple

from tradinglab.algorithm.securities.tick_table import TickTable, TickTotals
from tradinglab.core.decimal_arrays import TICK_PLACES
from tradinglab.core.decimals import ONE

if TYPE_CHECKING:
    from tradinglab.algorithm.securities.security import Security
    from tradinglab.data.columns import BarColumns, Ticks

_FEWEST = 8  # below that, columns of ticks cost more than they save
#: Prices have fewer than 15 digits as ticks. Sums over so much in all are not rounded to 28 digits on the way.
_MOST_UNITS = 10**12
_MOST_PLACES = 12
#: Where positions stand in their columns: a step, if the rows follow from it, or a row for each.
Place = int | Sequence[int]
#: The same of positions whose worths may be worked out when the run has gone on, on another timeline too.
Mark = int | tuple[int, ...]
_UNITS = tuple(ONE.scaleb(-places) for places in range(_MOST_PLACES + 1))


class PositionReader(NamedTuple):
    """How a position's worth comes from one column of prices: where it stands there, and how much is held.

    ``shift`` is what lies between the step and the row, if that is always the same; ``rows`` is the row at each step,
    if that follows from it.
    """

    row: Callable[[], int]
    columns: BarColumns
    quantity: Decimal
    shift: int | None = None
    rows: Sequence[int] | None = None

    def worth(self, row: int) -> Decimal:
        """Return what the position is worth at a row."""
        return self.columns.exact("close", row) * self.quantity


class TickWorths:
    """Worths worked out in Python's integers, of positions whose prices are whole ten-thousandths.

    They are those of decimals, and so is their sum, scales included: a worth has the scale of its price and that of its
    quantity together, the sum has the largest among them.

    Parameters
    ----------
    ticks
        The prices of each position.
    quantities
        How many units of the finest quantity each position has.
    scales
        The decimals that each quantity has, trailing zeros included.
    table
        The same prices step by step, if their rows follow from the step.
    """

    __slots__ = ("_numbers", "_places", "_quantities", "_scales", "_shift", "_shifts", "_totals", "table")

    def __init__(
        self, ticks: Sequence[Ticks], quantities: Sequence[int], scales: Sequence[int], table: TickTable | None
    ) -> None:
        self.table = table
        self._totals = None if table is None else TickTotals(table, quantities, scales)
        self._numbers = [each.numbers for each in ticks]
        self._places = [each.places for each in ticks]
        self._quantities = quantities
        self._scales = scales
        self._shift = max(scales) + TICK_PLACES

    def each(self, place: Place) -> tuple[Decimal, ...]:
        """Return what each position is worth at a place."""
        rows = self._rows(place)
        worths = map(mul, map(getitem, self._numbers, rows), self._quantities)
        return tuple(map(self._decimal, worths, self._scales_at(rows)))

    def total(self, place: Place) -> Decimal:
        """Return what all positions are worth together."""
        if isinstance(place, int) and self._totals is not None:
            found = self._totals.at(place)
            if found is not None:
                return self._decimal(*found)
        rows = self._rows(place)
        worths = map(mul, map(getitem, self._numbers, rows), self._quantities)
        return self._decimal(sum(worths), max(self._scales_at(rows)))

    def _rows(self, place: Place) -> Sequence[int]:
        if not isinstance(place, int):
            return place
        assert self.table is not None
        return [place + shift for shift in self.table.shifts]

    def _scales_at(self, rows: Sequence[int]) -> map[int]:
        return map(add, map(getitem, self._places, rows), self._scales)

    def _decimal(self, worth: int, scale: int) -> Decimal:
        return Decimal(worth // 10 ** (self._shift - scale)) * _UNITS[scale]


class PositionPlan:
    """All positions of an account, while their quantities are the same.

    ``before`` are the worths of other quantities, as like as not of the same columns.
    """

    __slots__ = ("follows_steps", "keys", "readers", "ticks")

    def __init__(self, keys: list[int], readers: list[PositionReader], before: TickWorths | None = None) -> None:
        self.keys = keys
        self.readers = readers
        self.ticks = _in_ticks(readers, before)
        self.follows_steps = None not in [reader.rows for reader in readers]

    def mark(self, step: int) -> Mark:
        """Return what tells later where the positions stand now: the step, if their rows follow from it."""
        return step if step >= 0 and self.follows_steps else tuple([reader.row() for reader in self.readers])

    def each(self, mark: Mark) -> tuple[Decimal, ...]:
        """Return what each position was worth then."""
        return tuple([reader.worth(row) for reader, row in zip(self.readers, rows_of(self.readers, mark), strict=True)])

    def place(self, step: int) -> Place:
        """Return where the positions stand in their columns at the present step."""
        if step >= 0 and self.ticks is not None and self.ticks.table is not None:
            return step
        return array("q", [reader.row() for reader in self.readers])


def rows_of(readers: Sequence[PositionReader], mark: Mark) -> Sequence[int]:
    """Return the row at which each position stood."""
    return [reader.rows[mark] for reader in readers] if isinstance(mark, int) else mark  # type: ignore[index]


def _in_ticks(readers: list[PositionReader], before: TickWorths | None) -> TickWorths | None:
    """Return the worths in integers; ``None`` if that takes too many digits, or is not worth it."""
    if len(readers) < _FEWEST:
        return None
    scales = [_scale_of(reader.quantity) for reader in readers]
    most = max(scales)
    if min(scales) < 0 or most + TICK_PLACES > _MOST_PLACES:
        return None
    quantities = [int(reader.quantity.scaleb(most) if most else reader.quantity) for reader in readers]
    if sum(map(abs, quantities)) > _MOST_UNITS:
        return None
    ticks: list[Ticks] = []
    for reader in readers:
        found = reader.columns.ticks("close")
        if found is None:
            return None
        ticks.append(found)
    return TickWorths(ticks, quantities, scales, _table_of(readers, ticks, before))


def _scale_of(quantity: Decimal) -> int:
    """Return the decimals of a quantity, trailing zeros included; less than none for one that is no whole number."""
    if quantity.same_quantum(ONE):
        return 0
    exponent = quantity.as_tuple().exponent
    return -exponent if isinstance(exponent, int) else -1


def _table_of(readers: list[PositionReader], ticks: list[Ticks], before: TickWorths | None) -> TickTable | None:
    """Return the prices step by step; ``None`` if some rows do not follow from the step."""
    shifts = [reader.shift for reader in readers if reader.shift is not None]
    if len(shifts) < len(readers):
        return None
    known = None if before is None else before.table
    if known is not None and known.shifts == shifts and all(map(is_, known.ticks, ticks)):
        return known
    return TickTable(ticks, shifts)


def plan_of(
    invested: dict[int, Security],
    reader_of: Callable[[int, Security], PositionReader | None],
    before: TickWorths | None,
) -> PositionPlan | None:
    """Return the readers of all positions, if each was paid for and is worth what one column says; else nothing."""
    readers: list[PositionReader] = []
    for key, security in invested.items():
        if security.is_margined or security.is_swapped:
            return None
        reader = reader_of(key, security)
        if reader is None or reader.row() < 0:
            return None
        readers.append(reader)
    return PositionPlan(list(invested), readers, before) if readers else None


def reader_of(security: Security) -> PositionReader | None:
    """Return how the worth of a position in the account's currency is read; ``None`` if it takes more than a column."""
    feed = security.cache.only_trade_feed()
    holdings, rate = security.holdings, security.quote_currency.exact_conversion_rate
    multiplier = security.symbol_properties.exact_contract_multiplier
    if feed is None or holdings._price is not None:
        return None
    # Only then does it not matter for what is rounded which factor comes first.
    if multiplier != ONE or rate != ONE:
        return None
    quantity = holdings._quantity * multiplier * rate
    return PositionReader(feed.row, feed.columns, quantity, feed.feed.steady_shift, feed.feed.rows_by_step())
