"""Differences of prices, and percentages made of them, as decimals give them.

A price is a decimal that a float comes close to. The difference of two is off by as much, which is
much of a small difference: (145.08 - 145.00) / (145.10 - 145.00) is not 0.8, and an oscillator that
LEAN sees at 80 would be above it. A difference is therefore put back on the grid of decimals that
prices of its size have at most: eleven places below 1,000, and one less for each digit more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from tradinglab.data.columns import Floats

_GRIDS = ((1e3, 1e11), (1e4, 1e10), (1e5, 1e9), (1e6, 1e8))
_PERCENT_GRID = 1e12


def gap(first: float, second: float) -> float:
    """Return *first* less *second*, without what floats add."""
    size = max(abs(first), abs(second))
    for limit, grid in _GRIDS:
        if size < limit:
            return round((first - second) * grid) / grid
    return first - second


def gaps(first: Floats, second: Floats) -> Floats:
    """Return the same of arrays."""
    size, plain = np.maximum(np.abs(first), np.abs(second)), first - second
    choices = [np.rint(plain * grid) / grid for _, grid in _GRIDS]
    return np.select([size < limit for limit, _ in _GRIDS], choices, plain)


def percent(value: float) -> float:
    """Return a percentage to twelve places: what LEAN's is, as a float."""
    return round(value * _PERCENT_GRID) / _PERCENT_GRID


def percents(values: Floats) -> Floats:
    """Return the same of an array."""
    return np.rint(values * _PERCENT_GRID) / _PERCENT_GRID
