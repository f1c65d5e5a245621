"""Sessions that lie at other hours than their market's: times of another zone, or of one without summer time.

Counted is at which minutes of the week there are bars, in winter and in summer by the exchange's clock. Times are wrong
if bars lie outside of regular hours as they are and inside of them once they are moved by some half hours. Bars from
before and after the session fit nowhere else, so that they are not taken for a mistake.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from tradinglab.core.clock import DAY_NS, HOUR_NS, MINUTE_NS, zone
from tradinglab.core.values import dataclass, field
from tradinglab.data.columns import Floats, Ints
from tradinglab.data.quality.bars import SeriesFacts

_US = 1_000
_WEEK = 7 * 24 * 60
_THURSDAY = 4  # the day of the week of 1970-01-01, Sunday being 0
_SHIFTS: Final = tuple(sorted((step * 30 for step in range(-28, 29)), key=abs))
_RIGHT, _WRONG = 0.001, 0.004
_ZONES: Final = (
    "UTC", "America/New_York", "America/Chicago", "Europe/London", "Europe/Berlin", "Asia/Kolkata", "Asia/Hong_Kong",
    "Asia/Tokyo", "Australia/Sydney",
)  # fmt: skip
#: Days on which no clock is about to change.
_WINTER_NS, _SUMMER_NS = 1_515_974_400 * 10**9, 1_531_612_800 * 10**9  # 2018-01-15, 2018-07-15


@dataclass(frozen=True, slots=True)
class WrongHours:
    """By which check hours are wrong, and a sentence that says how."""

    code: str
    detail: str


@dataclass(slots=True)
class HoursOfWeek:
    """At which minutes of the week there are bars."""

    facts: SeriesFacts
    #: By season (winter, summer) where stretches of bars begin (+1) and end (-1); of two weeks, as one may run over.
    _edges: Floats = field(default_factory=lambda: np.zeros((2, 2 * _WEEK + 1)))

    def feed(self, starts_us: Ints, ends_us: Ints) -> None:
        """Take stretches of bars without gaps."""
        where = self.facts.hours.exchange_hours.time_zone
        local = where.local_ns_array(starts_us * _US)
        offset = local - starts_us * _US
        standard = min(where.offset_ns(_WINTER_NS), where.offset_ns(_SUMMER_NS))
        season = (offset > standard).astype(np.int64)
        minute = ((local // DAY_NS + _THURSDAY) % 7) * 1440 + local % DAY_NS // MINUTE_NS
        length = np.minimum(-(-(ends_us - starts_us) * _US // MINUTE_NS), _WEEK)
        np.add.at(self._edges, (season, minute), 1.0)
        np.add.at(self._edges, (season, minute + length), -1.0)

    def judge(self, phase_us: int) -> WrongHours | None:
        """Return what is wrong with the hours, None if nothing is or it cannot be said."""
        filled = np.cumsum(self._edges[:, :-1], axis=1).reshape(2, 2, _WEEK).sum(axis=1)
        mask = self._mask(phase_us)
        shifts = [_shift(each, mask) if each.sum() else None for each in filled]
        if not any(shifts):
            return None
        winter, summer = shifts
        if winter is not None and summer is not None and 0 in (winter, summer):
            season, shift = ("summer", summer) if summer else ("winter", winter)
            return WrongHours("no_daylight_saving", f"In {season} they fit if they are moved by {_written(shift)}.")
        moved = " and ".join(
            f"{_written(shift)}{name}"
            for shift, name in (
                ((winter, " in winter"), (summer, " in summer"))
                if winter is not None and summer is not None and winter != summer
                else ((winter if winter is not None else summer, ""),)
            )
        )
        name = self._zone_of(winter, summer)
        return WrongHours(
            "wrong_time_zone",
            f"They fit if they are moved by {moved}" + (f", as if they were of {name}." if name else "."),
        )

    def _mask(self, phase_us: int) -> Floats:
        """Return at which minutes of the week bars of regular trading can be, 1 or 0."""
        found = np.zeros(_WEEK)
        period = max(self.facts.period_us * _US // MINUTE_NS, 1)
        phase = phase_us * _US // MINUTE_NS % period
        for day, hours in self.facts.hours.exchange_hours.market_hours.items():
            for start, end in hours.spans_ns(False):
                first = int(start // MINUTE_NS)
                first -= (first - phase) % period
                last = int(-(-end // MINUTE_NS))
                last += -(last - phase) % period
                minutes = int(day) * 1440 + np.arange(first, last)
                found[minutes % _WEEK] = 1.0
        return found

    def _zone_of(self, winter: int | None, summer: int | None) -> str:
        """Return the zone whose clock is off by so many minutes from the exchange's."""
        where = self.facts.hours.exchange_hours.time_zone
        for name in _ZONES:
            other = zone(name)
            off = [
                (where.offset_ns(moment) - other.offset_ns(moment)) * 60 // HOUR_NS
                for moment in (_WINTER_NS, _SUMMER_NS)
            ]
            if winter in (None, off[0]) and summer in (None, off[1]):
                return name
        return ""


def _shift(filled: Floats, mask: Floats) -> int:
    """Return by how many minutes bars are to be moved to lie within the mask, 0 if they do or nothing helps."""
    # Sums, not products of vectors: the threads that those begin take longer than the sums.
    total, inside = filled.sum(), mask > 0
    if 1 - filled[inside].sum() / total < _WRONG:
        return 0
    covered = np.count_nonzero(filled[inside])
    for shift in _SHIFTS:
        moved = np.roll(filled, shift)[inside]
        if 1 - moved.sum() / total <= _RIGHT and np.count_nonzero(moved) > covered:
            return shift
    return 0


def _written(minutes: int | None) -> str:
    hours = abs(minutes or 0) / 60
    return f"{'+' if (minutes or 0) > 0 else '-'}{hours:g} h"
