"""The deepest fall of prices that come in blocks, with its dates."""

from __future__ import annotations

import numpy as np

from tradinglab.core.values import dataclass
from tradinglab.data.columns import Floats, Ints


@dataclass(frozen=True, slots=True)
class Fall:
    """A fall from a peak.

    Attributes
    ----------
    depth
        Of the price at the peak: zero or a fraction below it.
    peak_us, trough_us
        When it began and was deepest (microseconds UTC).
    recovery_us
        When the peak was reached again; ``None``: not yet.
    """

    depth: float
    peak_us: int
    trough_us: int
    recovery_us: int | None = None


class DrawdownTracker:
    """Follows prices, in order of time; what it knows does not depend on the blocks that they come in.

    Attributes
    ----------
    deepest
        The deepest fall, of equal ones the first; ``None`` before there were prices that fell.
    current
        How far the last price is below the highest so far: zero or a fraction below.
    """

    def __init__(self) -> None:
        self.deepest: Fall | None = None
        self.current = 0.0
        self._peak, self._peak_us = -np.inf, 0
        self._deepest_peak = 0.0

    def add(self, times_us: Ints, prices: Floats) -> None:
        """Take prices in; a fall is counted from a peak above zero alone."""
        if not len(prices):
            return
        peaks = np.maximum.accumulate(np.maximum(prices, self._peak))
        with np.errstate(all="ignore"):
            depths = np.where(peaks > 0, prices / peaks - 1, 0.0)
        self._recover(times_us, prices)
        at = int(np.argmin(depths))
        if depths[at] < (0.0 if self.deepest is None else self.deepest.depth):
            # The first of the peak's price: the fall lasts from there.
            is_older = self._peak == peaks[at]
            peak_us = self._peak_us if is_older else int(times_us[int(np.argmax(prices == peaks[at]))])
            self.deepest = Fall(float(depths[at]), peak_us, int(times_us[at]))
            self._deepest_peak = float(peaks[at])
            self._recover(times_us[at:], prices[at:])
        if peaks[-1] > self._peak:
            self._peak_us = int(times_us[int(np.argmax(prices == peaks[-1]))])
            self._peak = float(peaks[-1])
        self.current = float(depths[-1])

    def _recover(self, times_us: Ints, prices: Floats) -> None:
        known = self.deepest
        if known is None or known.recovery_us is not None:
            return
        reached = np.flatnonzero(prices >= self._deepest_peak)
        if len(reached):
            self.deepest = Fall(known.depth, known.peak_us, known.trough_us, int(times_us[reached[0]]))
