"""The nights in which clocks of Europe and North America are set forward and back."""

from __future__ import annotations

from functools import cache

import numpy as np

from tradinglab.core.clock import DAY_NS, HOUR_NS, Zone, zone
from tradinglab.data.columns import Flags, Ints

_DAY_US = DAY_NS // 1_000
_HOUR_US = HOUR_NS // 1_000
#: Their changes are at the same hours as those of the zones around them.
_ZONES = ("America/New_York", "America/Chicago", "Europe/London", "Europe/Berlin")
_FIRST_YEAR, _LAST_YEAR = 1970, 2100
#: A change shows in times that were written by the clock (0 to 3 o'clock) or in instants (5 to 8 o'clock UTC).
_LAST_HOUR = 8


def is_spring_change(times_us: Ints) -> Flags:
    """Return which times are of the hours in which clocks are set forward."""
    return _is_change(times_us, forward=True)


def is_autumn_change(times_us: Ints) -> Flags:
    """Return which times are of the hours in which clocks are set back."""
    return _is_change(times_us, forward=False)


def _is_change(times_us: Ints, *, forward: bool) -> Flags:
    days = times_us // _DAY_US
    found: Flags = np.isin(days, _changes(forward)) & (times_us % _DAY_US < _LAST_HOUR * _HOUR_US)
    return found


@cache
def _changes(forward: bool) -> Ints:
    """Return the days (UTC) on which a clock of the zones is set forward, or back."""
    first = int(np.datetime64(f"{_FIRST_YEAR}-01-01", "D").astype(np.int64))
    last = int(np.datetime64(f"{_LAST_YEAR}-01-01", "D").astype(np.int64))
    days = np.arange(first, last, dtype=np.int64)
    parts = [_of_zone(zone(name), days, forward) for name in _ZONES]
    return np.unique(np.concatenate(parts))


def _of_zone(where: Zone, days: Ints, forward: bool) -> Ints:
    offsets = where.local_ns_array(days * DAY_NS) - days * DAY_NS
    steps = np.diff(offsets)
    return days[:-1][steps > 0] if forward else days[:-1][steps < 0]
