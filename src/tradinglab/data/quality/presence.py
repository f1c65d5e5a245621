"""What coverage says: which bars could be there, which are, by month, and what of it is to be told."""

from __future__ import annotations

import numpy as np

from tradinglab.core.clock import date_of_day
from tradinglab.core.values import dataclass, field
from tradinglab.data.columns import Ints
from tradinglab.data.quality.report import Example, Month


@dataclass(slots=True)
class Presence:
    """How many bars there are and could be.

    Attributes
    ----------
    missing
        Without those that little trading explains.
    details
        By check what is particular to the series.
    """

    expected: int = 0
    missing: int = 0
    months: tuple[Month, ...] = ()
    details: dict[str, str] = field(default_factory=dict)


def months_of(days: Ints, bars: Ints, expected: Ints) -> tuple[Month, ...]:
    """Return the months of days in order, with the sums of what there is and could be."""
    if not len(days):
        return ()
    months = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    first, last = int(months.min()), int(months.max())
    sums = [np.bincount(months - first, weights=each, minlength=last - first + 1) for each in (bars, expected)]
    names = np.arange(first, last + 1).astype("datetime64[M]").astype(str)
    return tuple(
        Month(name=str(name), bars=int(have), expected=int(could))
        for name, have, could in zip(names, *sums, strict=True)
    )


def day_example(day: int, time_us: int, text: str) -> Example:
    """Return the example of a session or day that has no bars."""
    return Example(time_us=time_us, text=f"{date_of_day(day):%a %Y-%m-%d}, {text}")
