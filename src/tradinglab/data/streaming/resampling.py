"""Short bars into long ones, a block at a time: the same bars however they come."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import numpy as np

from tradinglab.core.enums import TickType
from tradinglab.data.columns import Floats, Ints
from tradinglab.data.store.files import Values
from tradinglab.data.store.merging import Bars
from tradinglab.data.streaming.cutting import Cut
from tradinglab.data.streaming.errors import ResamplingError

_SIDES: Final = ("bid", "ask")


class Resampler:
    """Makes long bars of short ones.

    A bar of trades opens with its first bar, closes with its last, and adds up volumes. One of quotes opens where the
    one before closed, as those of LEAN and the engine do, and has the last sizes; each side by itself.
    The bars of one long bar are kept until all of them are there, so that blocks leave no trace in the figures.

    Attributes
    ----------
    rows, left_out
        Bars that were taken in, and how many of them were outside of the market's hours and did not count.
    last_us
        Start of the last bar that counted (microseconds UTC), 0 before there was one.
    """

    def __init__(self, cut: Cut, tick_type: TickType) -> None:
        self.rows = self.left_out = self.last_us = 0
        self._cut, self._tick_type = cut, tick_type
        self._kept: tuple[Ints, Ints, Values] | None = None
        self._before = {name: np.nan for side in _SIDES for name in (f"{side}_close", f"{side}_size")}

    def add(self, times_us: Ints, values: Values) -> Bars:
        """Take the next bars; return the long bars that are whole by now: those after which another has begun.

        Parameters
        ----------
        times_us, values
            Starts in microseconds UTC, in order of time and none twice, and a column for each field.

        Raises
        ------
        ResamplingError
            If they are out of order.
        """
        self._check_order(times_us)
        self.rows += len(times_us)
        counts = self._cut.counts(times_us)
        if not counts.all():
            self.left_out += int((~counts).sum())
            times_us, values = times_us[counts], {name: column[counts] for name, column in values.items()}
        starts = self._cut.cutter.starts(times_us)
        if self._kept is not None:
            old_times, old_starts, old_values = self._kept
            times_us, starts = np.concatenate([old_times, times_us]), np.concatenate([old_starts, starts])
            values = {name: np.concatenate([old_values[name], column]) for name, column in values.items()}
        if not len(times_us):
            return self._made(starts, values)
        self.last_us = int(times_us[-1])
        whole = int(np.searchsorted(starts, starts[-1]))
        # Copies, or the whole block would be kept for the sake of its end.
        rest = {name: column[whole:].copy() for name, column in values.items()}
        self._kept = times_us[whole:].copy(), starts[whole:].copy(), rest
        return self._made(starts[:whole], {name: column[:whole] for name, column in values.items()})

    def finish(self) -> Bars:
        """Return the last long bar: the one that no other has followed; none if there were no bars."""
        times, starts, values = self._kept or (np.zeros(0, np.int64), np.zeros(0, np.int64), {})
        self._kept = None
        return self._made(starts, values) if len(times) else (starts, {})

    def _check_order(self, times_us: Ints) -> None:
        last = self._kept[0][-1:] if self._kept is not None else times_us[:0]
        steps = np.diff(np.concatenate([last, times_us]))
        if (steps <= 0).any():
            at = int(np.flatnonzero(steps <= 0)[0]) + 1 - len(last)
            when = np.datetime64(int(times_us[at]), "us")
            raise ResamplingError(f"Bars must come in order of time, none twice; that at {when} UTC did not.")

    def _made(self, starts: Ints, values: Values) -> Bars:
        first = np.flatnonzero(np.diff(starts, prepend=starts[:1] - 1))
        if not len(first):
            return starts[:0], {name: column[:0] for name, column in values.items()}
        if self._tick_type != TickType.QUOTE:
            return starts[first], _trades(values, first)
        made: dict[str, Floats] = {}
        for side in _SIDES:
            made |= self._side(side, values, first)
        return starts[first], made

    def _side(self, side: str, values: Values, first: Ints) -> dict[str, Floats]:
        """Return bids or asks of quote bars; where a side has no price, the one before goes on."""
        names = [f"{side}_{what}" for what in ("open", "high", "low", "close", "size")]
        opens, highs, lows, closes, sizes = (values[name] for name in names)
        known = ~np.isnan(closes)
        own = np.logical_or.reduceat(known, first)
        made = {name: np.full(len(first), np.nan) for name in names}
        if own.any():
            rows = np.flatnonzero(known)
            bars = np.searchsorted(first, rows, side="right") - 1
            at = np.flatnonzero(np.diff(bars, prepend=-1))
            ends = rows[np.append(at[1:], len(rows)) - 1]
            made[names[0]][own], made[names[3]][own] = opens[rows[at]], closes[ends]
            made[names[1]][own] = np.maximum.reduceat(highs[rows], at)
            made[names[2]][own] = np.minimum.reduceat(lows[rows], at)
            made[names[4]][own] = np.nan_to_num(sizes[ends])
        size = _filled(made[names[4]], self._before[names[4]])
        close = _filled(made[names[3]], self._before[names[3]])
        before = np.concatenate([[self._before[names[3]]], close[:-1]])
        goes_on = ~np.isnan(before)
        made[names[0]] = np.where(goes_on, before, made[names[0]])
        made[names[1]], made[names[2]] = np.fmax(made[names[1]], before), np.fmin(made[names[2]], before)
        made[names[3]], made[names[4]] = close, np.nan_to_num(size)
        self._before[names[3]], self._before[names[4]] = float(close[-1]), float(size[-1])
        return made


def _trades(values: Values, first: Ints) -> dict[str, Floats]:
    last = np.append(first[1:], len(values["close"])) - 1
    return {
        "open": values["open"][first],
        "high": np.maximum.reduceat(values["high"], first),
        "low": np.minimum.reduceat(values["low"], first),
        "close": values["close"][last],
        "volume": np.add.reduceat(values["volume"], first),
    }


def _filled(column: Floats, before: float) -> Floats:
    """Return a column with the last known value where there is none."""
    at = np.maximum.accumulate(np.where(np.isnan(column), -1, np.arange(len(column))))
    return np.where(at < 0, before, column[np.maximum(at, 0)])


def resample_blocks(blocks: Iterable[Bars], resampler: Resampler) -> Iterator[Bars]:
    """Yield the long bars of blocks of short ones, as soon as they are whole; empty blocks are left out."""
    for times, values in blocks:
        made = resampler.add(times, values)
        if len(made[0]):
            yield made
    made = resampler.finish()
    if len(made[0]):
        yield made
