"""What is worked out for whole arrays one element after the other: plain arithmetic, which numba can compile.

The averages do the same operations in the same order as the engine's indicators do on arrays, and come to the same
bits; a test holds the two equal.
"""

from __future__ import annotations

from tradinglab.data.columns import Floats, Ints

_SPLITTER = 134_217_729.0  # 2 ** 27 + 1

# What ``figures`` writes down.
FINAL, DRAWDOWN, RETURNS, SQUARES = range(4)
FIGURES_WIDTH = 4


def figures(
    cash: float,
    close: Floats,
    multiplier: Floats,
    seen: Ints,
    security: Ints,
    quantity: Floats,
    spent: Floats,
    held: Floats,
    result: Floats,
) -> None:
    """Go along the account's worth, and write down the last one, the largest drawdown, and sums of returns.

    Parameters
    ----------
    close, multiplier
        Last known closes ``[security, step]``, and what a unit's price counts.
    seen, security, quantity, spent
        The fills, by the step from which on they count: ``seen`` does not decrease.
    held
        Room for the quantities: zeros, one a security.
    result
        ``FINAL``, ``DRAWDOWN`` (a fraction), ``RETURNS`` (the sum of the returns of steps), ``SQUARES`` (of theirs).
    """
    steps, fills, at, start = close.shape[1], len(seen), 0, 0
    walk = (cash, cash, 0.0, 0.0, 0.0)
    while start < steps:
        while at < fills and seen[at] <= start:
            cash -= spent[at]
            which = security[at]
            held[which] += quantity[at]
            if abs(held[which]) < 1e-9:
                held[which] = 0.0
            at += 1
        end = steps
        if at < fills and seen[at] < steps:
            end = seen[at]
        walk = stretch(walk, cash, close, multiplier, held, start, end)
        start = end
    while at < fills:
        cash -= spent[at]
        held[security[at]] += quantity[at]
        at += 1
    walk = stretch(walk, cash, close, multiplier, held, steps - 1, steps)
    _, result[FINAL], result[DRAWDOWN], result[RETURNS], result[SQUARES] = walk


def stretch(
    walk: tuple[float, float, float, float, float],
    cash: float,
    close: Floats,
    multiplier: Floats,
    held: Floats,
    start: int,
    end: int,
) -> tuple[float, float, float, float, float]:
    """Go on along a stretch without fills; return peak, last worth, largest drawdown, and the sums of returns."""
    peak, before, most, total, squares = walk
    is_flat = True
    for each in range(len(held)):
        if held[each] != 0.0:
            is_flat = False
    # Without a position only the first step can differ from the one before.
    last = min(start + 1, end) if is_flat else end
    units, row = held[0] * multiplier[0], close[0]
    for step in range(start, last):
        worth = cash + units * row[step]
        for each in range(1, len(held)):
            worth += held[each] * close[each, step] * multiplier[each]
        if worth > peak:
            peak = worth
        elif peak - worth > most * peak:
            most = (peak - worth) / peak
        if before > 0.0:
            gain = worth / before - 1.0
            total += gain
            squares += gain * gain
        before = worth
    return peak, before, most, total, squares


def moving_means(values: Floats, grain: float, size: int, result: Floats) -> None:
    """Write down the mean of the last *size* values at each place, of fewer at the beginning.

    Values are split at *grain*, so that running sums of either part are exact.
    """
    coarse_sum = fine_sum = 0.0
    for place in range(len(values)):
        value = values[place]
        coarse = round_even(value / grain) * grain
        coarse_sum += coarse
        fine_sum += value - coarse
        if place >= size:
            old = values[place - size]
            coarse = round_even(old / grain) * grain
            coarse_sum -= coarse
            fine_sum -= old - coarse
        high = coarse_sum + fine_sum
        back = high - coarse_sum
        low = (coarse_sum - (high - back)) + (fine_sum - back)
        count = float(min(place + 1, size))
        guess = high / count
        top = guess * _SPLITTER
        top = top - (top - guess)
        product = guess * count
        error = (top * count - product) + (guess - top) * count
        result[place] = guess + (((high - product) - error) + low) / count


def round_even(value: float) -> float:
    """Return the nearest whole number, of two the even one, as a float.

    Numbers below 2**51 lose their fraction when 1.5 * 2**52 is added and taken off again.
    """
    return (value + 6755399441055744.0) - 6755399441055744.0


def moving_average(values: Floats, first: int, seed: float, weight: float, result: Floats) -> None:
    """Write down the average that each value after place *first* moves by *weight* of its distance from *seed* on."""
    last = seed
    result[first] = last
    for place in range(first + 1, len(values)):
        last = last + (values[place] - last) * weight
        result[place] = last


def mark_crossings(left: Floats, right: Floats, rises: int, falls: int, flags: Ints) -> None:
    """Set bits where one operand has just passed another: beyond it now, and not beyond it a place before."""
    for place in range(1, len(flags)):
        gap, before = left[place] - right[place], left[place - 1] - right[place - 1]
        # Without branches, which let several places be looked at at once.
        is_above, is_below = (gap > 0.0) & (before <= 0.0), (gap < 0.0) & (before >= 0.0)
        flags[place] |= (rises if is_above else 0) | (falls if is_below else 0)
