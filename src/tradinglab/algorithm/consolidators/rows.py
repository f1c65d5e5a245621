"""Rows of a subscription's columns that are sure to go into one bar.

A subscription hands its bars out as views of rows. As long as rows lie before the end of a
working bar, there is nothing to decide: their numbers are read from the columns and added up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tradinglab.algorithm.bar_views import QuoteBarView, TradeBarView
    from tradinglab.data.columns import BarColumns

_TRADES = ("high", "low", "close", "volume")
_QUOTES = ("bid_high", "bid_low", "bid_close", "bid_size", "ask_high", "ask_low", "ask_close", "ask_size")


class RowSpan:
    """The rows after ``row`` whose bars start before ``until_ns`` (UTC), and what is read of them."""

    __slots__ = ("closes", "columns", "highs", "lows", "quotes", "row", "times", "until_ns", "volumes")

    columns: BarColumns
    highs: Any
    lows: Any
    closes: Any
    volumes: Any
    quotes: tuple[Any, ...]

    def __init__(self, columns: BarColumns) -> None:
        self.columns = columns
        self.times: Any = memoryview(columns.time_ns)  # type: ignore[arg-type]
        self.row = -1
        self.until_ns = 0

    @classmethod
    def of_trades(cls, bar: TradeBarView, due_local_ns: int, before: RowSpan | None) -> RowSpan:
        """Return the span after a trade bar up to a local time; *before* is used again if it can be."""
        if before is None or before.columns is not bar._columns:
            before = cls(bar._columns)
            before.highs, before.lows, before.closes, before.volumes = map(bar._columns.view, _TRADES)
        return before._move(bar, due_local_ns)

    @classmethod
    def of_quotes(cls, bar: QuoteBarView, due_local_ns: int, before: RowSpan | None) -> RowSpan:
        """Return the span after a quote bar up to a local time; *before* is used again if it can be."""
        if before is None or before.columns is not bar._columns:
            before = cls(bar._columns)
            before.quotes = tuple(map(bar._columns.view, _QUOTES))
        return before._move(bar, due_local_ns)

    def _move(self, bar: TradeBarView | QuoteBarView, due_local_ns: int) -> RowSpan:
        zone = bar._zone
        self.row = bar._row
        offset = zone.offset_ns(self.times[bar._row])
        until_ns = due_local_ns - offset
        # Where clocks change on the way, each bar's own time decides.
        self.until_ns = until_ns if zone.offset_ns(until_ns - 1) == offset else 0
        return self
