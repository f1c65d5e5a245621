"""Instants and wall clocks.

Inside, an instant is an int: nanoseconds since 1970 UTC. An author sees naive ``datetime`` in the
time zone of the algorithm or of the exchange. A wall-clock time is also held as an int
("local nanoseconds": the naive time's distance from 1970-01-01 00:00), so that whole arrays convert.
"""

from __future__ import annotations

from bisect import bisect_right
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

SECOND_NS = 1_000_000_000
MINUTE_NS = 60 * SECOND_NS
HOUR_NS = 60 * MINUTE_NS
DAY_NS = 24 * HOUR_NS
EPOCH = datetime(1970, 1, 1)
_EPOCH_ORDINAL = EPOCH.toordinal()
_FIRST_YEAR, _LAST_YEAR = 1900, 2100


def to_ns(moment: datetime) -> int:
    """Return a naive datetime as nanoseconds since 1970-01-01 00:00 of its own wall clock."""
    delta = moment - EPOCH
    return (delta.days * 86_400 + delta.seconds) * SECOND_NS + delta.microseconds * 1_000


def from_ns(moment_ns: int) -> datetime:
    """Return nanoseconds since 1970-01-01 00:00 as a naive datetime, truncated to microseconds."""
    return EPOCH + timedelta(microseconds=moment_ns // 1_000)


def span_ns(span: timedelta) -> int:
    """Return a timedelta in nanoseconds."""
    return (span.days * 86_400 + span.seconds) * SECOND_NS + span.microseconds * 1_000


def day_of(local_ns: int) -> int:
    """Return the days since 1970-01-01 of a wall-clock time."""
    return local_ns // DAY_NS


def date_of_day(day: int) -> date:
    """Return the date that is *day* days after 1970-01-01."""
    return date.fromordinal(day + _EPOCH_ORDINAL)


def day_of_date(when: date) -> int:
    """Return the days from 1970-01-01 to *when*."""
    return when.toordinal() - _EPOCH_ORDINAL


class Zone:
    """A time zone with its offsets as arrays, so that single instants and whole columns convert fast.

    Get one with :func:`zone`; ``Zone.name`` is the IANA name.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.info = ZoneInfo(name)
        starts, offsets = _transitions(self.info)
        self._starts = starts
        self._offsets = offsets
        self._starts_array = np.array(starts, np.int64)
        self._offsets_array = np.array(offsets, np.int64)
        # The wall-clock time at which each offset begins to hold. Times that a change skips map
        # forward; of times that occur twice the second (standard time) is meant, as in NodaTime's lenient rule.
        self._local_starts_array = self._starts_array + np.maximum(
            self._offsets_array, np.concatenate([self._offsets_array[:1], self._offsets_array[:-1]])
        )
        self._local_starts_array[0] = self._starts_array[0]
        self._from = self._until = self._offset = 0

    def __repr__(self) -> str:
        return f"Zone({self.name!r})"

    def __str__(self) -> str:
        return self.name

    def offset_ns(self, utc_ns: int) -> int:
        """Return local minus UTC at an instant, in nanoseconds."""
        if self._from <= utc_ns < self._until:
            return self._offset
        index = max(bisect_right(self._starts, utc_ns) - 1, 0)
        self._from = self._starts[index]
        self._until = self._starts[index + 1] if index + 1 < len(self._starts) else 1 << 62
        self._offset = self._offsets[index]
        return self._offset

    def local_ns(self, utc_ns: int) -> int:
        """Return the wall-clock time of an instant, as local nanoseconds."""
        return utc_ns + self.offset_ns(utc_ns)

    def utc_ns(self, local_ns: int) -> int:
        """Return the instant of a wall-clock time."""
        index = max(int(np.searchsorted(self._local_starts_array, local_ns, side="right")) - 1, 0)
        return local_ns - self._offsets[index]

    def local_ns_array(self, utc_ns: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Return the wall-clock times of instants."""
        index = np.searchsorted(self._starts_array, utc_ns, side="right") - 1
        return utc_ns + self._offsets_array[np.maximum(index, 0)]

    def utc_ns_array(self, local_ns: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Return the instants of wall-clock times."""
        index = np.searchsorted(self._local_starts_array, local_ns, side="right") - 1
        return local_ns - self._offsets_array[np.maximum(index, 0)]

    def datetime(self, utc_ns: int) -> datetime:
        """Return the naive wall-clock datetime of an instant."""
        return from_ns(utc_ns + self.offset_ns(utc_ns))

    def to_utc(self, local: datetime) -> int:
        """Return the instant of a naive wall-clock datetime."""
        return self.utc_ns(to_ns(local))


def _transitions(info: ZoneInfo) -> tuple[list[int], list[int]]:
    """Return when each UTC offset of a zone begins and what it is, both in nanoseconds."""

    def offset(seconds: int) -> int:
        found = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)).astimezone(info).utcoffset()
        return int(found.total_seconds()) if found is not None else 0

    first = day_of_date(date(_FIRST_YEAR, 1, 1)) * 86_400
    last = day_of_date(date(_LAST_YEAR, 1, 1)) * 86_400
    starts, offsets = [first], [offset(first)]
    step = 28 * 86_400
    at = first
    while at < last:
        following = min(at + step, last)
        if offset(following) != offsets[-1]:
            low, high = at, following
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (middle, high) if offset(middle) == offsets[-1] else (low, middle)
            starts.append(high)
            offsets.append(offset(high))
            following = high
        at = following
    return [s * SECOND_NS for s in starts], [o * SECOND_NS for o in offsets]


@lru_cache(maxsize=None)
def zone(name: str) -> Zone:
    """Return the zone of an IANA name, built once.

    Raises
    ------
    zoneinfo.ZoneInfoNotFoundError
        If there is no zone of that name.
    """
    return Zone(name)


UTC_ZONE = "UTC"
NEW_YORK_ZONE = "America/New_York"
