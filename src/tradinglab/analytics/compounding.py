"""What many series grow to and how far they fall on the way, without a value for each period.

The path of a stretch of time is summed up in four numbers: what one unit grows to, its highest and its lowest value,
and its deepest fall as a quotient of a value and one before it. Two stretches that follow one another make one:

    growth = growth1 growth2            highest = max(highest1, growth1 highest2)
    lowest = min(lowest1, growth1 lowest2)
    fall   = min(fall1, fall2, growth1 lowest2 / highest1)

That is associative. So a series is cut into stretches that are walked through side by side, and these are then joined
two by two: the processor works on whole arrays, where a running product waits for itself at every period.
"""

from __future__ import annotations

import numpy as np

from tradinglab.analytics.arrays import NAN, Floats

#: Periods in a stretch, about.
_STRETCH = 32


def growth_and_fall(rows: Floats) -> tuple[Floats, Floats]:
    """Return what one unit of money becomes, and the deepest fall from a peak: zero or a fraction below it.

    Parameters
    ----------
    rows
        Returns above -1, shape (series, periods), at least one period.

    Returns
    -------
    tuple
        Two arrays of one number for each series; not-a-number where the values leave the range of float64.
    """
    series, periods = rows.shape
    stretches = 1 << max(0, (periods // _STRETCH - 1).bit_length())
    length = -(-periods // stretches)
    # Periods without a return at the end change nothing.
    padded = np.ones((series, stretches * length))
    np.add(rows, 1.0, out=padded[:, :periods])
    parts = padded.reshape(series, stretches, length)
    growth = parts[:, :, 0].copy()
    highest, lowest, fall, quotient = growth.copy(), growth.copy(), np.ones_like(growth), np.empty_like(growth)
    for step in range(1, length):
        growth *= parts[:, :, step]
        np.maximum(highest, growth, out=highest)
        np.minimum(lowest, growth, out=lowest)
        np.divide(growth, highest, out=quotient)
        np.minimum(fall, quotient, out=fall)
    while growth.shape[1] > 1:
        growth, highest, lowest, fall = _joined(growth, highest, lowest, fall)
    deepest = np.minimum(fall[:, 0], np.minimum(lowest[:, 0], 1.0)) - 1
    is_known = np.isfinite(highest[:, 0])
    return np.where(is_known, growth[:, 0], NAN), np.where(is_known, deepest, NAN)


def _joined(growth: Floats, highest: Floats, lowest: Floats, fall: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Join each stretch with an even number and the one after it."""
    first, second = slice(0, None, 2), slice(1, None, 2)
    before = growth[:, first]
    low = before * lowest[:, second]
    return (
        before * growth[:, second],
        np.maximum(highest[:, first], before * highest[:, second]),
        np.minimum(lowest[:, first], low),
        np.minimum(np.minimum(fall[:, first], fall[:, second]), low / highest[:, first]),
    )
