"""Quotes beside trades: what bars of both kinds tell of a security together, and what orders meet then."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tradinglab.core.clock import HOUR_NS
from tradinglab.core.values import dataclass
from tradinglab.rules import layout

if TYPE_CHECKING:
    from tradinglab.data.columns import BarColumns, Flags, Floats, Ints

#: Older quotes are stale: of shares the trade counts then, orders for others wait for a new one.
STALE_NS = HOUR_NS
#: The end of a bar that there has not been.
_NEVER_NS = -(1 << 62)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What is known of a security whenever a bar of trades or of quotes closes, by row.

    Attributes
    ----------
    end_ns
        When a bar of either kind closes, int64 nanoseconds UTC, each once.
    prices
        ``[row, layout.CLOSE and so on]``; the close of trades and what is a step's place are left out.
    reaches
        The lowest and the highest price that sellers meet, and those that buyers meet.
    buy_ns, sell_ns
        When the bar closed that buyers and sellers meet.
    first
        The first row that is none of a warm-up.
    """

    end_ns: Ints
    prices: Floats
    reaches: tuple[Floats, Floats, Floats, Floats]
    buy_ns: Ints
    sell_ns: Ints
    first: int


def told_of(trades: BarColumns, quotes: BarColumns | None, start_ns: int) -> Told:
    """Put trades and quotes together as LEAN does for all but shares.

    Orders meet the last quote, however old, and a trade where there has been none. What came last is the price; of
    what came together, the quote.
    """
    end_ns = trades.end_ns if quotes is None else np.union1d(trades.end_ns, quotes.end_ns)
    ours = _Last(trades, end_ns)
    prices = np.full((len(end_ns), layout.QUOTED_WIDTH), np.nan)
    buy, sell = _Side(ours, quotes, "ask"), _Side(ours, quotes, "bid")
    for at, side in ((layout.BUY_CLOSE, buy), (layout.SELL_CLOSE, sell)):
        prices[:, at] = side.met("close")
    volumes = ours.column("volume") if "volume" in trades.values else np.zeros(len(end_ns))
    if quotes is None:
        for at in (layout.MARK, layout.ASK, layout.BID):
            prices[:, at] = ours.column("close")
        prices[:, layout.BUY_OPEN] = prices[:, layout.SELL_OPEN] = ours.column("open")
        prices[:, layout.BUY_SIZE] = prices[:, layout.SELL_SIZE] = volumes
    else:
        is_quote = buy.last.ends >= ours.ends
        mark = np.where(is_quote, _middle(buy.quoted("close"), sell.quoted("close")), ours.column("close"))
        prices[:, layout.MARK] = mark
        for at, side, other in ((layout.BUY_OPEN, buy, sell), (layout.SELL_OPEN, sell, buy)):
            opens = _either(side.quoted("open"), other.quoted("open"))
            prices[:, at] = np.where(is_quote, opens, ours.column("open"))
        last = _either(ours.column("close"), mark)
        prices[:, layout.ASK] = _either(buy.quoted("close"), last)
        prices[:, layout.BID] = _either(sell.quoted("close"), last)
        # LEAN's slippage by volume asks what there is on the other side of the book than the order meets.
        prices[:, layout.BUY_SIZE] = np.where(is_quote, np.nan_to_num(sell.quoted("size")), volumes)
        prices[:, layout.SELL_SIZE] = np.where(is_quote, np.nan_to_num(buy.quoted("size")), volumes)
    return Told(
        end_ns=end_ns,
        prices=prices,
        reaches=(sell.met("low"), sell.met("high"), buy.met("low"), buy.met("high")),
        buy_ns=buy.ends(),
        sell_ns=sell.ends(),
        first=int(np.searchsorted(end_ns, start_ns)),
    )


def share_sides(trades: BarColumns, quotes: BarColumns) -> tuple[Floats, Floats]:
    """Return what buyers and sellers of shares meet when a bar of trades closes: the last quote, if it is not stale."""
    last, closes = _Last(quotes, trades.end_ns), trades.values["close"]
    ask, bid = last.column("ask_close"), last.column("bid_close")
    is_fresh = last.ends >= trades.end_ns - STALE_NS
    return (
        np.ascontiguousarray(np.where(is_fresh, _either(ask, bid), closes)),
        np.ascontiguousarray(np.where(is_fresh, _either(bid, ask), closes)),
    )


def stale_ns(trades: BarColumns, quotes: BarColumns, start_ns: int) -> int | None:
    """Return the first close of a bar of trades from a start on at which the last quote is stale, if there is one."""
    ends = trades.end_ns
    last = _Last(quotes, ends)
    # Before the first quote orders meet trades.
    found = np.flatnonzero((last.rows >= 0) & (last.ends + STALE_NS < ends) & (ends >= start_ns))
    return int(ends[found[0]]) if len(found) else None


class _Last:
    """The last bar of a kind at some instants."""

    def __init__(self, columns: BarColumns, end_ns: Ints) -> None:
        self._columns = columns
        self.instants = end_ns
        self.rows = np.searchsorted(columns.end_ns, end_ns, side="right") - 1
        self.ends = self._ends()

    def column(self, name: str) -> Floats:
        """Return a column; not a number where there has been no bar."""
        values = self._columns.values[name]
        if not len(values):
            return np.full(len(self.rows), np.nan)
        return np.where(self.rows >= 0, values[np.maximum(self.rows, 0)], np.nan)

    def _ends(self) -> Ints:
        ends = self._columns.end_ns
        if not len(ends):
            return np.full(len(self.rows), _NEVER_NS)
        return np.where(self.rows >= 0, ends[np.maximum(self.rows, 0)], _NEVER_NS)


class _Side:
    """What one side of the market meets: the last quote, or the last trade while the quotes have not had the side."""

    def __init__(self, trades: _Last, quotes: BarColumns | None, name: str) -> None:
        self._trades = trades
        self._name = name
        self.last = trades if quotes is None else _Last(quotes, trades.instants)
        self._is_quoted: Flags | None = None if quotes is None else ~np.isnan(self.quoted("close"))

    def quoted(self, field: str) -> Floats:
        return self.last.column(f"{self._name}_{field}")

    def met(self, field: str) -> Floats:
        traded = self._trades.column(field)
        return traded if self._is_quoted is None else np.where(self._is_quoted, self.quoted(field), traded)

    def ends(self) -> Ints:
        if self._is_quoted is None:
            return self._trades.ends
        return np.where(self._is_quoted, self.last.ends, self._trades.ends)


def _either(values: Floats, others: Floats) -> Floats:
    """Return values, and others where they are not numbers."""
    return np.where(np.isnan(values), others, values)


def _middle(ask: Floats, bid: Floats) -> Floats:
    """Return the middle, or the side that is there."""
    return np.where(np.isnan(ask), bid, np.where(np.isnan(bid), ask, (bid + ask) / 2))
