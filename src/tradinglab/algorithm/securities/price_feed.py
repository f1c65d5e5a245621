"""Prices of a security straight from the columns of its subscriptions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt

from tradinglab.core.decimals import ZERO
from tradinglab.core.enums import Resolution, SecurityType, TickType

if TYPE_CHECKING:
    from tradinglab.algorithm.base_data import BaseData
    from tradinglab.data.columns import BarColumns

_TWO = Decimal(2)


class PriceFeed(Protocol):
    """A subscription's bars and how far the present step has read them."""

    columns: BarColumns
    tick_type: TickType
    resolution: Resolution
    is_internal: bool
    #: What lies between the present step and the row of its last real bar; ``None`` if that is not always the same.
    #: Whoever changes it counts up ``PriceCache.pushes``.
    steady_shift: int | None

    def row(self) -> int:
        """Return the row of the last real (not filled-forward) bar that is known now, or -1."""
        ...

    def rows_by_step(self) -> Sequence[int] | None:
        """Return that row for each step, in a sequence that stays as it is; ``None`` if it does not follow from it.

        Who changes that counts up ``PriceCache.pushes``.
        """
        ...

    def bar(self, row: int) -> BaseData:
        """Return the data point at a row."""
        ...


class _Views(dict[str, memoryview]):
    """Fields of columns as floats, opened when first asked for."""

    __slots__ = ("_columns", "_is_quote")

    def __init__(self, columns: BarColumns, is_quote: bool) -> None:
        super().__init__()
        self._columns = columns
        self._is_quote = is_quote

    def __missing__(self, name: str) -> memoryview:
        columns = self._columns
        if self._is_quote and "_" not in name:
            values = _middle(columns.values[f"bid_{name}"], columns.values[f"ask_{name}"])
        else:
            values = columns.values[name]
        if np.any(np.isnan(values) | (values == 0)):
            values = _carried(values)
        found = self[name] = np.ascontiguousarray(values).data
        return found


class FeedReader:
    """A feed with its columns opened for quick reading, and what of a security's prices it sets."""

    __slots__ = ("_cached", "_cached_row", "_is_whole", "columns", "ends", "feed", "is_quote", "is_tick", "row",
                 "views")  # fmt: skip

    def __init__(self, feed: PriceFeed) -> None:
        self.feed = feed
        self.columns = feed.columns
        self.row: Callable[[], int] = feed.row
        self.is_quote = feed.tick_type == TickType.QUOTE
        self.is_tick = feed.resolution == Resolution.TICK
        self.ends = np.ascontiguousarray(feed.columns.end_ns).data
        #: Fields as floats; a price that is absent or zero is the last one that was not.
        self.views = _Views(self.columns, self.is_quote)
        self._is_whole: bool | None = None
        self._cached_row = -1
        self._cached: dict[str, Decimal] = {}

    @property
    def is_whole(self) -> bool:
        """Whether each of the feed's trade bars has a price."""
        found = self._is_whole
        if found is None:
            found = self._is_whole = not self.is_quote and bool(np.all(self.columns.values["close"] > 0))
        return found

    def exact(self, name: str, row: int) -> Decimal:
        """Return a field at a row as a decimal."""
        if not self.is_quote and self.columns.view(name)[row] > 0:
            return self.columns.exact(name, row)
        if row != self._cached_row:
            self._cached_row = row
            self._cached = {}
        found = self._cached.get(name)
        if found is None:
            found = self._cached[name] = self._read(name, row)
        return found

    def exact_closes(self, rows: Sequence[int]) -> list[Decimal]:
        """Return the closes at some rows as decimals."""
        if self.is_whole:
            return self.columns.exact_rows("close", rows)
        return [self.exact("close", row) for row in rows]

    def _read(self, name: str, row: int) -> Decimal:
        if self.views[name][row] == 0.0:
            return ZERO
        row = self._last_present(name, row)
        if not self.is_quote or "_" in name:
            return self.columns.exact(name, row)
        sides = [
            self.columns.exact(f"{side}_{name}", row)
            for side in ("bid", "ask")
            if _present(self.columns.view(f"{side}_{name}")[row])
        ]
        return (sides[0] + sides[1]) / _TWO if len(sides) == 2 else sides[0]

    def _last_present(self, name: str, row: int) -> int:
        if not self.is_quote or "_" in name:
            raw = self.columns.view(name)
            while row > 0 and not _present(raw[row]):
                row -= 1
            return row
        bid, ask = self.columns.view(f"bid_{name}"), self.columns.view(f"ask_{name}")
        while row > 0 and not (_present(bid[row]) or _present(ask[row])):
            row -= 1
        return row


def _present(value: float) -> bool:
    return value == value and value != 0


def _middle(bid: npt.NDArray[np.float64], ask: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the middle of two sides, or the one that is there."""
    has_bid, has_ask = ~np.isnan(bid) & (bid != 0), ~np.isnan(ask) & (ask != 0)
    return np.where(has_bid & has_ask, (bid + ask) / 2, np.where(has_bid, bid, np.where(has_ask, ask, 0.0)))


def _carried(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return a copy in which each absent or zero value repeats the last present one (0 before the first)."""
    absent = np.isnan(values) | (values == 0)
    rows = np.maximum.accumulate(np.where(absent, 0, np.arange(len(values))))
    carried = np.where(np.isnan(values), 0.0, values)[rows]
    return np.ascontiguousarray(carried)


def sets_price(reader: FeedReader, security_type: SecurityType) -> bool:
    """Return whether a feed moves the price: quote bars of shares do not."""
    return reader.is_tick or not reader.is_quote or security_type != SecurityType.EQUITY


def sets_last_data(reader: FeedReader, security_type: SecurityType) -> bool:
    """Return whether a feed's points count as the security's last data: quotes of shares do not."""
    return not reader.is_quote or security_type != SecurityType.EQUITY
