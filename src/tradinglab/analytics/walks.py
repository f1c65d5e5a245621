"""What is worked out one return after the other: plain arithmetic, which numba compiles.

It comes to the same bits as the same figures of whole arrays; a test holds them equal.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tradinglab.analytics.arrays import Floats

#: A sum is made of this many partial sums, each of the values this many places apart: several are added at once.
LANES = 128


def lanes_of(values: Floats) -> Floats:
    """Return the partial sums of each row, of the values ``LANES`` places apart, shape (rows, lanes)."""
    count = values.shape[1]
    whole = count // LANES * LANES
    found: Floats = values[:, :whole].reshape(len(values), whole // LANES, LANES).sum(axis=1)
    found[:, : count - whole] += values[:, whole:]
    return found


def sums_of(lanes: Floats) -> Floats:
    """Return the sum of the lanes of each row."""
    found: Floats = lanes.sum(axis=1)
    return found


def add_lanes(rows: Floats, totals: Floats, squares: Floats) -> None:
    """Add the values of each row, and their squares, to those of its lanes."""
    whole = rows.shape[1] // LANES * LANES
    for series in range(rows.shape[0]):
        for first in range(0, whole, LANES):
            for lane in range(LANES):
                value = rows[series, first + lane]
                totals[series, lane] += value
                squares[series, lane] += value * value
        for place in range(whole, rows.shape[1]):
            value = rows[series, place]
            totals[series, place - whole] += value
            squares[series, place - whole] += value * value


def add_shortfalls(rows: Floats, required: float, squares: Floats) -> None:
    """Add the squares of what falls short of the required value to those of its lanes."""
    whole = rows.shape[1] // LANES * LANES
    for series in range(rows.shape[0]):
        for first in range(0, whole, LANES):
            for lane in range(LANES):
                short = min(rows[series, first + lane] - required, 0.0)
                squares[series, lane] += short * short
        for place in range(whole, rows.shape[1]):
            short = min(rows[series, place] - required, 0.0)
            squares[series, place - whole] += short * short


def walk_falls(rows: Floats, growth: Floats, highest: Floats, lowest: Floats, fall: Floats) -> None:
    """Go along the wealth of each row of returns, shape (series, periods), and write down how it went.

    Parameters
    ----------
    growth, highest, lowest
        What one unit of money has become in the end; the highest peak, at least one; the lowest wealth.
    fall
        The least share of a former peak that was left.
    """
    for series in range(rows.shape[0]):
        wealth = peak = least = 1.0
        low = np.inf
        for period in range(rows.shape[1]):
            wealth *= 1.0 + rows[series, period]
            if wealth > peak:
                peak = wealth
            if wealth < low:
                low = wealth
            left = wealth / peak
            if left < least:
                least = left
        growth[series], highest[series], lowest[series], fall[series] = wealth, peak, low, least


def pick_tails(rows: Floats, limits: Floats, counts: npt.NDArray[np.int64], picked: Floats) -> None:
    """Write down the returns up to the limit of each row, shape (series, periods), and how many they are.

    Parameters
    ----------
    picked
        Room of the shape of *rows*; what lies beyond the count has no meaning.
    """
    for series in range(rows.shape[0]):
        limit, count = limits[series], 0
        for period in range(rows.shape[1]):
            value = rows[series, period]
            # Without a branch, which would often be guessed wrong.
            picked[series, count] = value
            count += value <= limit
        counts[series] = count
