"""Whole-array forms of what indicators compute one by one, with the same operations in the same order."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING

import numpy as np

from tradinglab.algorithm.indicators.sums import window_means

if TYPE_CHECKING:
    from tradinglab.data.columns import Floats


def recursive_average(values: Floats, weight: float, seed: float) -> Floats:
    """Return the average that each value moves by *weight* of its distance, starting at *seed*."""
    moved = accumulate(values.tolist(), lambda last, value: last + (value - last) * weight, initial=seed)
    return np.fromiter(moved, np.float64, len(values) + 1)[1:]


def exponential_average(values: Floats, period: int, weight: float) -> Floats:
    """Return zero, then at the *period*-th value the mean so far, then the exponential average."""
    result = np.zeros(len(values))
    if len(values) >= period:
        seed = float(window_means(values[:period], period)[-1])
        result[period - 1] = seed
        result[period:] = recursive_average(values[period:], weight, seed)
    return result


def wilder_average(values: Floats, period: int) -> Floats:
    """Return the mean so far, then from the *period*-th value on Wilder's average."""
    result = np.zeros(len(values))
    head = window_means(values[: period - 1], period)
    result[: period - 1] = head
    seed = float(head[-1]) if len(head) else 0.0
    result[period - 1 :] = recursive_average(values[period - 1 :], 1.0 / period, seed)
    return result


def linear_average(values: Floats, period: int) -> Floats:
    """Return zero until there are *period* values, then their average weighted by recency."""
    result = np.zeros(len(values))
    full = len(values) - period + 1
    if full > 0:
        total = np.zeros(full)
        for age in range(period):
            start = period - 1 - age
            total += (period - age) * values[start : start + full]
        result[period - 1 :] = total / (period * (period + 1) // 2)
    return result


def window_variances(values: Floats, period: int) -> Floats:
    """Return the population variance of the last *period* values, of fewer at the beginning."""
    means = window_means(values, period)
    result = np.zeros(len(values))
    for place in range(1, min(period - 1, len(values))):
        gaps = values[: place + 1] - means[place]
        result[place] = np.cumsum(gaps * gaps)[-1] / (place + 1)
    full = len(values) - period + 1
    if full > 0 and period > 1:
        total = np.zeros(full)
        centre = means[period - 1 :]
        for start in range(period):
            gaps = values[start : start + full] - centre
            total += gaps * gaps
        result[period - 1 :] = total / period
    return result


def window_extremes(values: Floats, period: int, larger: np.ufunc) -> Floats:
    """Return the extreme of the last *period* values, of fewer at the beginning.

    *larger* is ``np.maximum`` or ``np.minimum``. Blocks of *period* values are scanned from both
    ends: a window is the end of one block and the beginning of the next.
    """
    count = len(values)
    if count <= period:
        return larger.accumulate(values)
    blocks = -(-count // period)
    filler = -np.inf if larger is np.maximum else np.inf
    padded = np.full(blocks * period, filler)
    padded[:count] = values
    table = padded.reshape(blocks, period)
    ahead = larger.accumulate(table, axis=1).ravel()[:count]
    behind = larger.accumulate(table[:, ::-1], axis=1)[:, ::-1].ravel()[:count]
    result = larger.accumulate(values[:period])
    return np.concatenate([result, larger(ahead[period:], behind[1 : count - period + 1])])


def lagged(values: Floats, period: int) -> Floats:
    """Return the value *period* places before; the first one where there is none."""
    result = np.empty(len(values))
    result[:period] = values[:1]
    result[period:] = values[:-period] if period < len(values) else values[:0]
    return result


def true_ranges(high: Floats, low: Floats, close: Floats) -> Floats:
    """Return true ranges; the first is the range of the bar."""
    result = high - low
    before = close[:-1]
    rest = np.maximum(result[1:], np.abs(before - high[1:]))
    result[1:] = np.maximum(rest, np.abs(before - low[1:]))
    return result


def window_deviations(values: Floats, period: int) -> Floats:
    """Return the mean distance of the last *period* values from their mean, of fewer at the beginning."""
    means = window_means(values, period)
    result = np.zeros(len(values))
    for place in range(1, min(period - 1, len(values))):
        result[place] = np.cumsum(np.abs(values[: place + 1] - means[place]))[-1] / (place + 1)
    full = len(values) - period + 1
    if full > 0:
        total = np.zeros(full)
        centre = means[period - 1 :]
        for start in range(period):
            total += np.abs(values[start : start + full] - centre)
        result[period - 1 :] = total / period
    return result
