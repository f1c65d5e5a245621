"""The trades that a simulation closed, as the engine's trade builder makes them of fills.

Each entry is a trade, closed in whole or in parts, the oldest first; amounts are rounded to cents, half to even.
"""

from __future__ import annotations

import math
from collections import deque
from decimal import ROUND_HALF_EVEN, Decimal
from typing import TYPE_CHECKING, Literal

import numpy as np

from tradinglab.core.values import dataclass
from tradinglab.rules.layout import FEE_TOLERANCE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tradinglab.data.columns import Ints
    from tradinglab.rules.bars import Instrument, MarketBars
    from tradinglab.rules.results import Fills

_NOISE_PLACES = 7
_NEAR_HALF = 1e-4


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedTrade:
    """A position, or a part of one, from its entry to its exit.

    Attributes
    ----------
    entry_ns, exit_ns
        When the bars closed in which it was entered and left; int64 nanoseconds UTC.
    quantity
        Units, never negative.
    profit_loss
        Before fees, in the account's currency.
    total_fees
        What was charged for the entry and the exit; the whole fee of an order counts with the first trade of it.
    mae, mfe
        The worst and the best unrealised profit that the closes and fills allowed since the position was opened.
    """

    ticker: str
    direction: Literal["long", "short"]
    entry_ns: int
    exit_ns: int
    entry_price: float
    exit_price: float
    quantity: float
    profit_loss: float
    total_fees: float
    mae: float
    mfe: float


def closed_trades(fills: Fills, bars: MarketBars) -> tuple[ClosedTrade, ...]:
    """Return the trades that fills, which are in the order of time, have closed."""
    grain = grain_of(fills)
    books = [_Book(one, places, grain) for one, places in zip(bars.instruments, bars.places, strict=True)]
    times = bars.steps
    columns = (fills.step, fills.security, fills.quantity, fills.price, fills.fee)
    found: list[ClosedTrade] = []
    for step, security, quantity, price, fee in zip(*(each.tolist() for each in columns), strict=True):
        found += books[security].take(step, int(times[step]), quantity, price, fee)
    return tuple(found)


def grain_of(fills: Fills) -> float:
    """Return the part of a lot that is noise: half of one, where fees take units half of what these leave."""
    return FEE_TOLERANCE if fills.taken.any() else 0.5


class Entry:
    """What is left of a fill that opened or grew a position; the quantity is below zero for a short one."""

    __slots__ = ("fee", "ns", "price", "quantity")

    def __init__(self, price: float, quantity: float, ns: int = 0, fee: float = 0.0) -> None:
        self.price = price
        self.quantity = quantity
        self.ns = ns
        self.fee = fee


def matched(entries: deque[Entry], quantity: float, least: float) -> tuple[list[tuple[Entry, float]], float]:
    """Close the oldest entries against a fill on the other side, and take closed ones away.

    Parameters
    ----------
    least
        A quantity below it is none.

    Returns
    -------
    tuple
        The entries with how much of each was closed, below zero of short ones, and what of the fill opens a position.
    """
    parts: list[tuple[Entry, float]] = []
    left = quantity
    while entries and left * entries[0].quantity < 0.0:
        entry = entries[0]
        closed = min(abs(left), abs(entry.quantity)) * (1.0 if entry.quantity > 0.0 else -1.0)
        parts.append((entry, closed))
        entry.quantity -= closed
        left += closed
        if abs(entry.quantity) < least:
            entries.popleft()
        if abs(left) < least:
            return parts, 0.0
    return parts, left


class _Book:
    """The open entries of one security, and between which prices it was since the first of them."""

    def __init__(self, instrument: Instrument, places: Ints, grain: float) -> None:
        self._ticker = instrument.listing.ticker
        self._multiplier = instrument.multiplier
        self._least = instrument.lot * grain
        self._closes = instrument.prices["close"]
        self._places = places
        self._entries: deque[Entry] = deque()
        self._seen = 0
        self._low = self._high = math.nan

    def take(self, step: int, ns: int, quantity: float, price: float, fee: float) -> Iterator[ClosedTrade]:
        """Book a fill, and yield the trades that it closes."""
        entries = self._entries
        if entries:
            self._look(step, price)
        parts, left = matched(entries, quantity, self._least)
        for entry, closed in parts:
            yield self._closed(entry, closed, ns, price, entry.fee + fee)
            entry.fee = fee = 0.0
        if not left:
            return
        if not entries:
            self._seen, self._low, self._high = step, price, price
        entries.append(Entry(price, left, ns, fee))

    def _look(self, step: int, price: float) -> None:
        """Widen the range by the closes up to a step, and by the price of a fill."""
        first, last = np.searchsorted(self._places, [self._seen, step], side="right")
        passed = self._closes[first:last]
        if len(passed):
            self._low, self._high = min(self._low, float(passed.min())), max(self._high, float(passed.max()))
        self._seen, self._low, self._high = step, min(self._low, price), max(self._high, price)

    def _closed(self, entry: Entry, closed: float, ns: int, price: float, fees: float) -> ClosedTrade:
        worth = closed * self._multiplier
        worst, best = (self._low, self._high) if closed > 0.0 else (self._high, self._low)
        return ClosedTrade(
            ticker=self._ticker,
            direction="long" if closed > 0.0 else "short",
            entry_ns=entry.ns,
            exit_ns=ns,
            entry_price=entry.price,
            exit_price=price,
            quantity=abs(closed),
            profit_loss=cents((price - entry.price) * worth),
            total_fees=round(fees, _NOISE_PLACES),
            mae=cents((worst - entry.price) * worth),
            mfe=cents((best - entry.price) * worth),
        )


def cents(amount: float) -> float:
    """Return an amount in cents, half to even, without the noise of floats."""
    whole = amount * 100.0
    if abs(abs(whole - math.floor(whole)) - 0.5) > _NEAR_HALF:
        return round(amount, 2) + 0.0  # no zero below zero
    return float(Decimal(repr(round(amount, _NOISE_PLACES))).quantize(Decimal("0.01"), rounding=ROUND_HALF_EVEN))
