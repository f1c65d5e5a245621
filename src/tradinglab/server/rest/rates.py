"""Rates: so many in a second, a minute, an hour or a day."""

from __future__ import annotations

import re
from typing import NamedTuple

_RATE = re.compile(r"([1-9]\d{0,8})/(s|min|h|day)", re.ASCII)
_SECONDS = {"s": 1, "min": 60, "h": 3600, "day": 86_400}


class Rate(NamedTuple):
    """How many requests, in how many seconds."""

    most: int
    seconds: int

    @property
    def per_second(self) -> float:
        """How fast the bucket fills."""
        return self.most / self.seconds


def read_rate(text: str) -> Rate:
    """Return the rate that *text* writes, such as ``3000/min``.

    Raises
    ------
    ValueError
        If it is none.
    """
    found = _RATE.fullmatch(text)
    if found is None:
        raise ValueError("write it as 3000/min; s, min, h and day are known")
    return Rate(int(found[1]), _SECONDS[found[2]])
