"""The same bar again and again, and long rows of bars without volume."""

from __future__ import annotations

import numpy as np

from tradinglab.core.values import dataclass
from tradinglab.data.columns import Flags
from tradinglab.data.quality.bars import Bars, SeriesFacts
from tradinglab.data.quality.cells import PRICES, sides_of
from tradinglab.data.quality.collecting import Collector
from tradinglab.data.quality.limits import Limits


@dataclass(slots=True)
class LongRun:
    """Notes bars of runs that are at least so long, however the bars come in blocks."""

    code: str
    least: int
    found: Collector
    field: str
    _open: Bars | None = None
    _length: int = 0

    def feed(self, flags: Flags, bars: Bars) -> None:
        """Take the next bars, and which of them go on with a run or begin one."""
        if not flags.any():
            self._close()
            return
        edges = np.flatnonzero(np.diff(flags.astype(np.int8), prepend=0, append=0))
        for start, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
            if start > 0:
                self._close()
            if end - start + self._length >= self.least or end == len(flags):
                self._go_on(bars, start, end)
        if not flags[-1]:
            self._close()

    def _go_on(self, bars: Bars, start: int, end: int) -> None:
        """Add bars to the run that is open; note it as soon as it is long enough."""
        length = self._length + end - start
        if length >= self.least:
            if self._open is not None:
                self.found.rows(self.code, np.arange(len(self._open)), self._open, self.field)
                self._open = None
            self.found.rows(self.code, np.arange(start, end), bars, self.field)
        else:
            part = bars.take(slice(start, end))
            self._open = part if self._open is None else self._open.joined(part)
        self._length = length

    def _close(self) -> None:
        self._open, self._length = None, 0


@dataclass(slots=True)
class Repeats:
    """Looks for bars that repeat the one before, and for rows without volume."""

    facts: SeriesFacts
    limits: Limits
    found: Collector
    has_volume: bool = False
    _stale: LongRun | None = None
    _flat: LongRun | None = None
    _zero: LongRun | None = None
    _last: Bars | None = None

    def feed(self, bars: Bars) -> None:
        """Take the next bars, in order of time and none twice."""
        if not len(bars):
            return
        if self._stale is None:
            self._begin(bars)
        assert self._stale is not None
        assert self._flat is not None
        same, flat = self._same(bars)
        self._stale.feed(same & ~flat, bars)
        self._flat.feed(same & flat, bars)
        if self._zero is not None:
            empty = bars.values["volume"] == 0
            self.has_volume = self.has_volume or not empty.all()
            self._zero.feed(empty, bars)
        self._last = bars.take(slice(len(bars) - 1, None))

    def finish(self) -> None:
        """Tell of a series without any volume in one line, not bar by bar."""
        if self._zero is not None and not self.has_volume:
            self.found.drop("zero_volume")
            self.found.note("no_volume", 1, [])

    def _begin(self, bars: Bars) -> None:
        limits, daily = self.limits, self.facts.is_daily
        name = f"{sides_of(bars.values)[-1]}close"
        self._stale = LongRun("stale", limits.daily_stale_bars if daily else limits.stale_bars, self.found, name)
        least = limits.daily_stale_flat_bars if daily else limits.stale_flat_bars
        self._flat = LongRun("stale", least, self.found, name)
        if "volume" in bars.values and self.facts.has_volume:
            least = limits.daily_zero_bars if daily else limits.zero_bars
            self._zero = LongRun("zero_volume", least, self.found, "volume")

    def _same(self, bars: Bars) -> tuple[Flags, Flags]:
        """Return which bars have the prices of the one before, and which have one price only."""
        same = np.zeros(len(bars), np.bool_)
        names = [side + name for side in sides_of(bars.values) for name in reversed(PRICES)]
        for place, name in enumerate(names):
            column = bars.values[name]
            if place == 0:
                np.equal(column[1:], column[:-1], out=same[1:])
                same[0] = self._last is not None and column[0] == self._last.values[name][0]
                continue
            if not same.any():
                break
            same[1:] &= column[1:] == column[:-1]
            same[0] = same[0] and self._last is not None and column[0] == self._last.values[name][0]
        prefix = sides_of(bars.values)[-1]
        return same, bars.values[f"{prefix}high"] == bars.values[f"{prefix}low"]
