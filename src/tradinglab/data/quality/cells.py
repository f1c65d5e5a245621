"""What is wrong with a bar by itself."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from tradinglab.data.columns import SIZE_FIELDS, Flags, Floats
from tradinglab.data.quality.bars import Bars, SeriesFacts
from tradinglab.data.quality.collecting import Collector

PRICES = ("open", "high", "low", "close")


def sides_of(values: Mapping[str, Floats]) -> list[str]:
    """Return what stands before the names of prices: nothing, or bid and ask."""
    return [side for side in ("", "bid_", "ask_") if f"{side}close" in values]


def check_cells(bars: Bars, facts: SeriesFacts, found: Collector) -> dict[str, Flags]:
    """Note values that are wrong by themselves or against others of their bar.

    Returns
    -------
    dict
        For each side of prices, which bars have four of them that can be reckoned with.
    """
    values, sound = bars.values, {}
    sides = sides_of(values)
    absent = {side: _absent(values, side) if side else np.zeros(len(bars), np.bool_) for side in sides}
    if len(absent) == 2:
        found.mark("not_finite", absent["bid_"] & absent["ask_"], bars, "bid_close", "neither bid nor ask")
    for side in sides:
        sound[side] = _check_side(bars, side, absent[side], facts, found)
    for name in SIZE_FIELDS:
        if name in values:
            column = values[name]
            # A sum is finite only if all are: one pass without an array of flags.
            if not np.isfinite(column.sum()):
                found.mark("not_finite", ~np.isfinite(column), bars, name)
            if column.min() < 0 or np.isnan(column.min()):
                found.mark("negative_size", column < 0, bars, name)
    if len(sides) == 2:
        found.mark("crossed_quote", values["bid_close"] > values["ask_close"], bars, "bid_close")
    return sound


def _check_side(bars: Bars, side: str, absent: Flags, facts: SeriesFacts, found: Collector) -> Flags:
    values = bars.values
    opened, high, low, close = (values[side + name] for name in PRICES)
    good: Flags = ~absent
    for name in PRICES:
        column = values[side + name]
        if not np.isfinite(column.sum()):
            wrong = ~np.isfinite(column) & ~absent
            found.mark("not_finite", wrong, bars, side + name)
            good &= np.isfinite(column)
        if not column.min() > 0:
            wrong = column <= 0
            if not facts.may_be_negative:
                found.mark("non_positive", wrong, bars, side + name)
            good &= ~wrong
    crossed = high < low
    found.mark("high_below_low", crossed, bars, side + "high")
    for name, column in (("open", opened), ("close", close)):
        outside = (column > high) | (column < low)
        if outside.any():
            found.mark("outside_range", outside & ~crossed, bars, side + name)
    return good


def _absent(values: Mapping[str, Floats], side: str) -> Flags:
    found: Flags = np.logical_and.reduce([np.isnan(values[side + name]) for name in PRICES])
    return found
