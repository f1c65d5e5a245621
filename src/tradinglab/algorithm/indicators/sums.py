"""Sums and means of a moving window, without drift, the same one by one and as arrays.

LEAN adds in decimals, where taking out what was put in leaves nothing behind: the average of equal
prices is that price. Floats drift. So a sum is kept exactly, as an integer, and rounded once; over
arrays the same number comes from two exact cumulative sums.
"""

from __future__ import annotations

from collections import deque
from math import ldexp
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from tradinglab.data.columns import Floats

_SHIFT = 200
_UNIT = 1 << _SHIFT
_SPLITTER = 134_217_729.0  # 2 ** 27 + 1


class ExactSum:
    """The sum of the last *size* values."""

    __slots__ = ("_size", "_total", "_values")

    def __init__(self, size: int) -> None:
        self._size = size
        self._values: deque[int] = deque()
        self._total = 0

    def push(self, value: float) -> None:
        """Add a value; the oldest leaves when there are more than *size*."""
        scaled = int(ldexp(value, _SHIFT))
        self._values.append(scaled)
        self._total += scaled
        if len(self._values) > self._size:
            self._total -= self._values.popleft()

    def __len__(self) -> int:
        return len(self._values)

    @property
    def value(self) -> float:
        """The sum, rounded once."""
        return self._total / _UNIT

    @property
    def mean(self) -> float:
        """The sum by the number of values."""
        high = self._total / _UNIT
        low = (self._total - int(ldexp(high, _SHIFT))) / _UNIT
        return float(_quotient(high, low, len(self._values)))

    def clear(self) -> None:
        """Forget all values."""
        self._values.clear()
        self._total = 0


def _quotient(high: Any, low: Any, count: Any) -> Any:
    """Return ``(high + low) / count``, corrected by the remainder of the first division."""
    guess = high / count
    top = guess * _SPLITTER
    top = top - (top - guess)
    product = guess * count
    error = (top * count - product) + (guess - top) * count
    return guess + (((high - product) - error) + low) / count


def window_sums(values: Floats, size: int) -> Floats:
    """Return the sum of the last *size* values at each place, of fewer at the beginning."""
    return _exact_sums(values, size)[0]


def window_means(values: Floats, size: int) -> Floats:
    """Return the mean of the last *size* values at each place, of fewer at the beginning."""
    high, low = _exact_sums(values, size)
    counts = np.minimum(np.arange(1, len(values) + 1), size).astype(np.float64)
    means: Floats = _quotient(high, low, counts)
    return means


def _exact_sums(values: Floats, size: int) -> tuple[Floats, Floats]:
    """Return window sums as pairs: the rounded sum, and what the rounding left."""
    parts = _exact_parts(values)
    if parts is None:
        return _sums_one_by_one(values, size)
    first, second = (_windowed(np.cumsum(part), size) for part in parts)
    high = first + second
    back = high - first
    return high, (first - (high - back)) + (second - back)


def _windowed(cumulative: Floats, size: int) -> Floats:
    result = cumulative.copy()
    result[size:] -= cumulative[:-size] if size < len(cumulative) else 0.0
    return result


def _exact_parts(values: Floats) -> tuple[Floats, Floats] | None:
    """Split values in two such that cumulative sums of either are exact; ``None`` if they cannot be."""
    size = np.abs(values)
    count = len(values)
    if not count or not np.isfinite(size).all():
        return None
    largest = float(size.max())
    if largest == 0.0:
        return values, np.zeros(count)
    finest = float(np.spacing(size[size > 0].min()))
    grain = 2.0 ** (np.ceil(np.log2(largest * count)) - 51)
    if finest < 2.0**-_SHIFT or count * grain / finest >= 2.0**53:
        return None
    coarse = np.rint(values / grain) * grain
    return coarse, values - coarse


def _sums_one_by_one(values: Floats, size: int) -> tuple[Floats, Floats]:
    total, window = 0, deque[int]()
    pairs = np.zeros((2, len(values)))
    for place, value in enumerate(values.tolist()):
        scaled = int(ldexp(value, _SHIFT))
        window.append(scaled)
        total += scaled
        if len(window) > size:
            total -= window.popleft()
        high = total / _UNIT
        pairs[0, place] = high
        pairs[1, place] = (total - int(ldexp(high, _SHIFT))) / _UNIT
    return pairs[0], pairs[1]
