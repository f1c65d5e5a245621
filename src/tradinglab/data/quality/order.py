"""Bars out of order, and several of one time."""

from __future__ import annotations

import numpy as np

from tradinglab.core.values import dataclass, field
from tradinglab.data.columns import Flags, Ints
from tradinglab.data.quality.bars import Bars
from tradinglab.data.quality.calendar_changes import is_autumn_change
from tradinglab.data.quality.collecting import Collector

_LOWEST = np.iinfo(np.int64).min
_HOUR_US = 3_600_000_000


@dataclass(slots=True)
class Order:
    """Looks for rows that are earlier than ones before them."""

    found: Collector
    _latest: int = _LOWEST

    def feed(self, bars: Bars) -> None:
        """Take the next rows, in the order of the file."""
        times = bars.times_us
        if not len(times):
            return
        if int(times[0]) >= self._latest and bool((times[1:] >= times[:-1]).all()):
            self._latest = int(times[-1])
            return
        latest = np.maximum.accumulate(np.maximum(times, self._latest))
        self.found.mark("unsorted", times < latest, bars)
        self._latest = int(latest[-1])


@dataclass(slots=True)
class Duplicates:
    """Looks for bars of one time among bars in order of time."""

    found: Collector
    period_us: int
    _differing: list[Bars] = field(default_factory=list)
    _against: list[Ints] = field(default_factory=list)

    def feed(self, bars: Bars, first: int) -> Flags | None:
        """Take bars, of which those before *first* were seen; return which repeat a time, None if none does."""
        times = bars.times_us
        again = np.zeros(len(times), np.bool_)
        np.equal(times[1:], times[:-1], out=again[1:])
        if not again.any():
            return None
        at = np.flatnonzero(again)
        at = at[at >= first]
        differs = np.zeros(len(at), np.bool_)
        for column in bars.values.values():
            one, two = column[at], column[at - 1]
            differs |= (one != two) & ~(np.isnan(one) & np.isnan(two))
        self.found.rows("duplicate", at[~differs], bars)
        odd = at[differs]
        if len(odd):
            # Neighbours are told in the examples: all rows around them are kept until it is known what they are.
            self._differing.append(bars.take(odd))
            self._against.append(bars.rows[odd - 1])
        return again

    def finish(self) -> None:
        """Tell of the rows that differ: of the hour that clocks repeat, or of any other."""
        for bars, against in zip(self._differing, self._against, strict=True):
            doubled = is_autumn_change(bars.times_us)
            # A full hour of them, or most of it: a single one on that day is like any other.
            doubled &= doubled.sum() * self.period_us >= _HOUR_US // 2
            for code, which in (("doubled_hour", doubled), ("conflicting_duplicate", ~doubled)):
                self.found.rows(code, np.flatnonzero(which), bars, _first_field(bars), before=against[which])


def _first_field(bars: Bars) -> str:
    return "close" if "close" in bars.values else "bid_close"
