"""What is wrong with bars, before they are stored."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from tradinglab.core.values import dataclass
from tradinglab.data.columns import SIZE_FIELDS, Flags, Floats


@dataclass(frozen=True, slots=True)
class Problem:
    """The first row that is wrong in a way, the field, and how many rows are."""

    row: int
    field: str
    text: str
    count: int


def wrong_rows(values: Mapping[str, Floats], *, allow_negative: bool = False) -> tuple[Flags, list[Problem]]:
    """Return which bars are wrong, and why.

    A price must be a positive number and a size not negative, highs not below opens, lows and closes,
    lows not above them. All four prices of one side of a quote may be missing.
    """
    count = len(next(iter(values.values())))
    wrong = np.zeros(count, np.bool_)
    problems: list[Problem] = []

    def note(flags: Flags, field: str, text: str) -> None:
        fresh = flags & ~wrong
        if fresh.any():
            problems.append(Problem(int(np.flatnonzero(fresh)[0]), field, text, int(fresh.sum())))
            wrong[fresh] = True

    absent = {side: _absent(values, side) for side in ("bid", "ask") if f"{side}_close" in values}
    for name, column in values.items():
        missing = ~np.isfinite(column)
        if name in SIZE_FIELDS:
            note(missing, name, "The size is missing or not a number.")
            note(column < 0, name, "A size cannot be negative.")
        else:
            note(
                missing & ~absent.get(name.partition("_")[0], np.False_), name, "The price is missing or not a number."
            )
            if not allow_negative:
                note(column <= 0, name, "A price must be positive.")
    for prefix in ("", "bid_", "ask_"):
        if f"{prefix}high" in values:
            opened, high, low, close = (values[prefix + part] for part in ("open", "high", "low", "close"))
            note(high < np.maximum(opened, close), f"{prefix}high", "The high is below another price.")
            note(low > np.minimum(np.minimum(opened, close), high), f"{prefix}low", "The low is above another price.")
    if len(absent) == 2:
        note(absent["bid"] & absent["ask"], "bid_close", "A quote needs a bid or an ask.")
    return wrong, problems


def _absent(values: Mapping[str, Floats], side: str) -> Flags:
    prices = [column for name, column in values.items() if name.startswith(side) and name not in SIZE_FIELDS]
    found: Flags = np.logical_and.reduce([np.isnan(column) for column in prices])
    return found
