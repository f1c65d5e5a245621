"""How far trades were ahead and behind, from the prices between their fills."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Protocol

import numpy as np
import numpy.typing as npt

from tradinglab.algorithm.trade import Trade
from tradinglab.core.decimals import ONE, ZERO, round_half_even, to_decimal
from tradinglab.core.symbol import Symbol

Floats = npt.NDArray[np.float64]
_NOTHING: Floats = np.empty(0)


class PriceHistory(Protocol):
    """The prices that a security had while the run went on."""

    def prices(self, symbol: Symbol, after_ns: int, until_ns: int) -> Sequence[float]:
        """Return the security's price at each step after *after_ns* and up to *until_ns*, in time order."""
        ...


class PriceTrack:
    """The fills and splits of a position from its first fill on; each has a number, its *mark*."""

    __slots__ = ("_events", "_ranges", "symbol")

    def __init__(self, symbol: Symbol, utc_ns: int, price: Decimal) -> None:
        self.symbol = symbol
        # (time, fill price or None, factor of a split or 1)
        self._events: list[tuple[int, Decimal | None, Decimal]] = [(utc_ns, price, ONE)]
        # The lowest and highest price from the first fill to each mark, as far as computed.
        self._ranges: list[tuple[Decimal, Decimal]] | None = None

    def fill(self, utc_ns: int, price: Decimal) -> int:
        """Note a fill and return its mark."""
        self._events.append((utc_ns, price, ONE))
        return len(self._events) - 1

    def add_price(self, price: Decimal) -> None:
        """Note a price seen since the last event."""
        self._events.append((self._events[-1][0], price, ONE))

    def split(self, utc_ns: int, factor: Decimal) -> None:
        """Note a split: earlier prices are multiplied by *factor*."""
        self._events.append((utc_ns, None, factor))

    def range_until(self, mark: int, prices: PriceHistory | None) -> tuple[Decimal, Decimal]:
        """Return the lowest and the highest price from the first fill to *mark*."""
        ranges = self._ranges
        if ranges is None:
            price = self._events[0][1] or ZERO
            ranges = self._ranges = [(price, price)]
        while len(ranges) <= mark:
            low, high = ranges[-1]
            segment = self._segment(len(ranges), prices)
            if len(segment):
                low = min(low, to_decimal(float(segment.min())))
                high = max(high, to_decimal(float(segment.max())))
            _, reached, factor = self._events[len(ranges)]
            if reached is None:
                low, high = low * factor, high * factor
            else:
                low, high = min(low, reached), max(high, reached)
            ranges.append((low, high))
        return ranges[mark]

    def deepest_giveback(self, entry_mark: int, exit_mark: int, sign: int, prices: PriceHistory | None) -> Decimal:
        """Return the largest fall, per unit, of the profit of a trade between two marks from its highest, or zero."""
        _, entry, _ = self._events[entry_mark]
        price_at_entry = entry if entry is not None else ZERO
        best = deepest = ZERO  # in units of price
        for mark in range(entry_mark + 1, exit_mark + 1):
            segment = self._segment(mark, prices)
            _, price, factor = self._events[mark]
            best, deepest = _giveback(segment, sign, price_at_entry, best, deepest)
            if price is None:
                price_at_entry, best, deepest = price_at_entry * factor, best * factor, deepest * factor
            else:
                profit = sign * (price - price_at_entry)
                deepest = max(deepest, best - profit)
                best = max(best, profit)
        return deepest

    def _segment(self, mark: int, prices: PriceHistory | None) -> Floats:
        after, until = self._events[mark - 1][0], self._events[mark][0]
        if prices is None or after >= until:
            return _NOTHING
        return np.asarray(prices.prices(self.symbol, after, until), np.float64)


def _giveback(segment: Floats, sign: int, entry: Decimal, best: Decimal, deepest: Decimal) -> tuple[Decimal, Decimal]:
    """Return the highest profit and the deepest fall from it after the prices of *segment*."""
    if not len(segment):
        return best, deepest
    start = entry + sign * best
    gains = np.concatenate([[sign * float(start)], sign * segment])
    peaks = np.maximum.accumulate(gains)
    trough = int(np.argmax(peaks - gains))
    peak = int(np.argmax(gains[: trough + 1]))
    if peak < trough:
        high = start if peak == 0 else to_decimal(float(segment[peak - 1]))
        deepest = max(deepest, sign * (high - to_decimal(float(segment[trough - 1]))))
    best = max(best, sign * (to_decimal(sign * float(peaks[-1])) - entry))
    return best, deepest


#: A closed trade, its position's fills, the marks of its entry and exit, and what turns prices into amounts.
Unmeasured = tuple[Trade, PriceTrack, int, int, Decimal]


def measure(closed: Unmeasured, prices: PriceHistory | None) -> None:
    """Fill in the excursions of a closed trade.

    The range is that of the whole *position*, from its first fill to the trade's exit, as in LEAN; the profit
    given back counts from the trade's own entry.
    """
    trade, track, entry_mark, exit_mark, worth = closed
    low, high = track.range_until(exit_mark, prices)
    entry = trade.exact_entry_price
    adverse, favorable = (low - entry, high - entry) if trade.sign > 0 else (entry - high, entry - low)
    trade.exact_mae = round_half_even(adverse * worth, 2)
    trade.exact_mfe = round_half_even(favorable * worth, 2)
    giveback = track.deepest_giveback(entry_mark, exit_mark, trade.sign, prices)
    trade.exact_end_trade_drawdown = round_half_even(giveback * worth, 2)
