"""The bars of securities, and how they stand on one line of instants."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tradinglab.core.enums import TickType
from tradinglab.core.values import dataclass
from tradinglab.rules import layout
from tradinglab.rules.layout import BUY_CLOSE, BUY_OPEN, CLOSE, PRICES_WIDTH, SELL_CLOSE, SELL_OPEN, VOLUME

if TYPE_CHECKING:
    from tradinglab.data.columns import BarColumns, Flags, Floats, Ints
    from tradinglab.rules.arrays import WholeFeed
    from tradinglab.rules.quotes import Told
    from tradinglab.rules.schema import Listing


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument:
    """One security's bars, by row.

    Attributes
    ----------
    end_ns, local_end_ns
        When each bar closes: UTC, and on the clock of the exchange; int64 nanoseconds.
    prices
        ``open``, ``high``, ``low``, ``close`` (of quotes: the middle) and ``volume``, float64.
    buy_open, sell_open, buy_close, sell_close
        What a buyer pays and a seller gets at the open and at the close.
    waits
        The bars at whose close the exchange is closed, so that an order waits for the next open.
    lot
        The smallest quantity that can be ordered.
    tick
        The step of prices of orders.
    per_year
        Bars in a year, by which volatility is made yearly.
    told
        What bars of trades and quotes tell together, those of the warm-up too; where there are no quotes besides
        trades, or they decide nothing but what market orders meet, there is none.
    past
        The same security with the bars of the warm-up before these, if there are any.
    """

    listing: Listing
    feed: WholeFeed
    end_ns: Ints
    local_end_ns: Ints
    prices: dict[str, Floats]
    buy_open: Floats
    sell_open: Floats
    buy_close: Floats
    sell_close: Floats
    waits: Flags
    lot: float
    multiplier: float
    tick: float
    per_year: float
    is_always_open: bool
    told: Told | None = None
    past: Instrument | None = None

    def __len__(self) -> int:
        return len(self.end_ns)

    @property
    def whole(self) -> Instrument:
        """The security with the bars of the warm-up, which operands and conditions are worked out over."""
        return self if self.past is None else self.past

    def since(self, row: int) -> Instrument:
        """Return the security whose bars before a row are those of the warm-up."""
        columns = ("end_ns", "local_end_ns", "buy_open", "sell_open", "buy_close", "sell_close", "waits")
        return replace(
            self,
            feed=self.feed.since(row),
            prices={name: column[row:] for name, column in self.prices.items()},
            past=self,
            **{name: getattr(self, name)[row:] for name in columns},
        )

    def reaches(self) -> tuple[Floats, Floats, Floats, Floats]:
        """Return the lowest and the highest price of each bar for sellers, and those for buyers."""
        buy_low, sell_low = sides(self.feed.columns, "low")
        buy_high, sell_high = sides(self.feed.columns, "high")
        return sell_low, sell_high, buy_low, buy_high


class ToldSteps(NamedTuple):
    """The steps at which a bar of trades or of quotes closes, and how far the bars then reach (``Told``)."""

    places: Ints
    reaches: tuple[Floats, ...]


@dataclass(frozen=True, slots=True)
class MarketBars:
    """The bars of several securities.

    Attributes
    ----------
    steps
        The instants at which a bar closes, of trades or of quotes besides, int64 nanoseconds UTC, each once.
    places
        For each instrument, the step of each of its rows.
    prices
        By instrument and step: close, what is paid and got at the open, what is paid and got at the close, and volume.
        The close is the last one known, the others are not a number where there is no bar. Quotes besides add columns.
    marks
        What a unit is worth at each step: the closes again, by themselves, or what came last of trades and quotes.
    seen_closes
        The closes of the steps of the warm-up, then those of these; without steps at which there are quotes alone.
    told
        By instrument, where there are quotes besides trades; else empty.
    """

    instruments: tuple[Instrument, ...]
    steps: Ints
    places: tuple[Ints, ...]
    prices: Floats
    marks: Floats
    seen_closes: Floats
    told: tuple[ToldSteps, ...] = ()


def market_of(instruments: tuple[Instrument, ...]) -> MarketBars:
    """Put the bars of instruments on one line of instants."""
    wholes = tuple(each.whole for each in instruments)
    told = [each.told for each in wholes if each.told is not None]
    places: tuple[Ints, ...]
    if len(wholes) == 1 and not told:
        steps, places = wholes[0].end_ns, (np.arange(len(wholes[0])),)
    else:
        steps = np.unique(np.concatenate([each.end_ns for each in told or wholes]))
        places = tuple(np.searchsorted(steps, each.end_ns) for each in wholes)
    prices, closes = _by_step(wholes, len(steps), places, layout.QUOTED_WIDTH if told else PRICES_WIDTH)
    begins = [int(each.end_ns[each.first]) for each in told] or [int(each.end_ns[0]) for each in instruments]
    first = int(np.searchsorted(steps, min(begins)))
    if told:
        return _quoted(instruments, told, steps, first, places, prices, closes)
    if not first:
        return MarketBars(instruments, steps, places, prices, closes, closes)
    return MarketBars(
        instruments=instruments,
        steps=steps[first:],
        places=_cut(instruments, places, first),
        prices=np.ascontiguousarray(prices[:, first:]),
        marks=np.ascontiguousarray(closes[:, first:]),
        seen_closes=closes,
    )


def _cut(instruments: tuple[Instrument, ...], places: tuple[Ints, ...], first: int) -> tuple[Ints, ...]:
    """Return the places of the rows that are none of a warm-up, counted from a step on."""
    return tuple(place[-len(each) :] - first for each, place in zip(instruments, places, strict=True))


def _quoted(
    instruments: tuple[Instrument, ...],
    told: list[Told],
    steps: Ints,
    first: int,
    places: tuple[Ints, ...],
    prices: Floats,
    closes: Floats,
) -> MarketBars:
    """Return the bars of instruments of which there are quotes besides trades, from a step on."""
    seen: list[ToldSteps] = []
    for at, each in enumerate(told):
        rows = np.searchsorted(steps, each.end_ns)
        # What the trades have told is written over, but for their closes.
        prices[at, rows, 1:] = each.prices[:, 1:]
        prices[at, rows, layout.BUY_AT] = np.searchsorted(steps, each.buy_ns) - first
        prices[at, rows, layout.SELL_AT] = np.searchsorted(steps, each.sell_ns) - first
        last = np.searchsorted(rows, np.arange(len(steps)), side="right") - 1
        prices[at, :, layout.MARK] = np.where(last < 0, 0.0, each.prices[np.maximum(last, 0), layout.MARK])
        seen.append(ToldSteps(rows[each.first :] - first, tuple(reach[each.first :] for reach in each.reaches)))
    has_bar = np.zeros(len(steps), bool)
    has_bar[np.concatenate(places)] = True
    return MarketBars(
        instruments=instruments,
        steps=steps[first:],
        places=_cut(instruments, places, first),
        prices=np.ascontiguousarray(prices[:, first:]),
        marks=np.ascontiguousarray(prices[:, first:, layout.MARK]),
        seen_closes=np.ascontiguousarray(closes[:, has_bar]),
        told=tuple(seen),
    )


def _by_step(
    instruments: tuple[Instrument, ...], count: int, places: tuple[Ints, ...], width: int
) -> tuple[Floats, Floats]:
    """Return the prices by instrument and step, and the closes by themselves."""
    prices, closes = np.full((len(instruments), count, width), np.nan), np.zeros((len(instruments), count))
    for at, (each, place) in enumerate(zip(instruments, places, strict=True)):
        prices[at, place, BUY_OPEN], prices[at, place, SELL_OPEN] = each.buy_open, each.sell_open
        prices[at, place, BUY_CLOSE], prices[at, place, SELL_CLOSE] = each.buy_close, each.sell_close
        prices[at, place, VOLUME] = each.prices.get("volume", 0.0)
        last = np.searchsorted(place, np.arange(count), side="right") - 1
        closes[at] = np.where(last < 0, 0.0, each.prices["close"][np.maximum(last, 0)])
        prices[at, :, CLOSE] = closes[at]
    return prices, closes


def sides(columns: BarColumns, name: str) -> tuple[Floats, Floats]:
    """Return what a buyer pays and a seller gets: ask and bid, or the trade for both."""
    if columns.tick_type == TickType.QUOTE:
        return (
            np.ascontiguousarray(columns.values[f"ask_{name}"]),
            np.ascontiguousarray(columns.values[f"bid_{name}"]),
        )
    column = np.ascontiguousarray(columns.values[name])
    return column, column
