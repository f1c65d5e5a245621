"""Quantiles of numbers that come in blocks, in little memory, with an error that is known.

Numbers are kept in levels: one of level ``l`` stands for ``2**l``. When a level is full, it is sorted and every second
of its numbers goes one level up, those at even places and those at odd ones by turns (G. Manku, S. Rajagopalan,
B. Lindsay, *Approximate Medians and other Quantiles in One Pass and with Limited Memory*, SIGMOD 1998). Each time, the
rank of a number changes by ``2**l`` at most, and the sum of that is the bound that :attr:`QuantileSketch.error` tells:
no chance is in it. For ``n`` numbers and levels of ``m`` it is below ``log2(2 n / m) / m``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from tradinglab.data.columns import Floats

#: Numbers of a level: 128 kB of each.
_SIZE: Final = 16_384


class QuantileSketch:
    """What is kept of numbers; all of them, and quantiles exact, as long as they are as few as a level holds.

    Parameters
    ----------
    size
        How many numbers a level holds; an even number.
    """

    def __init__(self, size: int = _SIZE) -> None:
        self.count = 0
        self._size, self._lost = size, 0
        self._levels: list[Floats] = [np.empty(0)]
        self._is_odd = [False]
        self._least, self._largest = np.inf, -np.inf

    def add(self, numbers: Floats) -> None:
        """Take numbers in; every one has to be finite."""
        if not len(numbers):
            return
        self.count += len(numbers)
        self._least, self._largest = min(self._least, numbers.min()), max(self._largest, numbers.max())
        self._put(0, numbers)

    def merge(self, other: QuantileSketch) -> None:
        """Take in what another one keeps."""
        self.count, self._lost = self.count + other.count, self._lost + other._lost
        self._least, self._largest = min(self._least, other._least), max(self._largest, other._largest)
        for level, numbers in enumerate(other._levels):
            self._put(level, numbers)

    @property
    def error(self) -> float:
        """By how much the rank of a quantile can be off at most, as a fraction of all numbers."""
        return self._lost / self.count if self.count else 0.0

    def quantiles(self, shares: Sequence[float]) -> list[float]:
        """Return the numbers below which such shares of all are; between two, as numpy's ``linear``, while it is exact.

        ``nan`` if there are none.
        """
        if not self.count:
            return [np.nan] * len(shares)
        if not self._lost:
            found: list[float] = np.quantile(np.concatenate(self._levels), shares).tolist()
            return found
        numbers = np.concatenate(self._levels)
        weights = np.concatenate([np.full(len(each), 1 << level) for level, each in enumerate(self._levels)])
        order = np.argsort(numbers, kind="stable")
        ranks = np.cumsum(weights[order])
        at = np.searchsorted(ranks, np.asarray(shares) * (ranks[-1] - 1), side="right")
        inner = numbers[order][np.minimum(at, len(ranks) - 1)]
        ends = np.where(np.asarray(shares) <= 0, self._least, np.where(np.asarray(shares) >= 1, self._largest, inner))
        return [float(each) for each in ends]

    def _put(self, level: int, numbers: Floats) -> None:
        while True:
            if level == len(self._levels):
                self._levels.append(np.empty(0))
                self._is_odd.append(False)
            kept = np.concatenate([self._levels[level], numbers])
            if len(kept) <= self._size:
                self._levels[level] = kept
                return
            even = len(kept) // 2 * 2
            self._levels[level] = kept[even:]
            halved = np.sort(kept[:even])[int(self._is_odd[level]) :: 2]
            self._is_odd[level] = not self._is_odd[level]
            self._lost += 1 << level
            level, numbers = level + 1, halved
