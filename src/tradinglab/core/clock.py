"""Instants and wall clocks.

Inside, an instant is an int: nanoseconds since 1970 UTC. An author sees naive ``datetime`` in the
time zone of the algorithm or of the exchange. A wall-clock time is also held as an int
("local nanoseconds": the naive time's distance from 1970-01-01 00:00), so that whole arrays convert.
"""

from __future__ import annotations

from bisect import bisect_right
from datetime import date, datetime, timedelta
from functools import cache

import numpy as np
import numpy.typing as npt

from tradinglab.core.dual import Dual
from tradinglab.core.tz_rules import read_changes

Ints = npt.NDArray[np.int64]
Moment = datetime  # `datetime` is also the name of a method below

SECOND_NS = 1_000_000_000
MINUTE_NS = 60 * SECOND_NS
HOUR_NS = 60 * MINUTE_NS
DAY_NS = 24 * HOUR_NS
_TICKS_PER_SECOND = 10_000_000
EPOCH = datetime(1970, 1, 1)
_EPOCH_ORDINAL = EPOCH.toordinal()
_LAST_YEAR = 2100
# Runs come back to the same days and times of day: both are kept, as making a timedelta is slow.
_MOST_KEPT = 20_000
_midnights: dict[int, datetime] = {}
_since_midnight: dict[int, timedelta] = {}
_FAR = 1 << 80  # beyond all that a datetime can hold


def to_ns(moment: date) -> int:
    """Return a naive datetime, or a date's midnight, as nanoseconds since 1970-01-01 00:00 of its own wall clock."""
    if not isinstance(moment, datetime):
        return day_of_date(moment) * DAY_NS
    delta = moment - EPOCH
    return (delta.days * 86_400 + delta.seconds) * SECOND_NS + delta.microseconds * 1_000


def from_ns(moment_ns: int) -> datetime:
    """Return nanoseconds since 1970-01-01 00:00 as a naive datetime, truncated to microseconds."""
    day, rest = divmod(moment_ns, DAY_NS)
    midnight, since = _midnights.get(day), _since_midnight.get(rest)
    if midnight is None:
        midnight = EPOCH + timedelta(day)
        if len(_midnights) < _MOST_KEPT:
            _midnights[day] = midnight
    if since is None:
        since = timedelta(microseconds=rest // 1_000)
        if len(_since_midnight) < _MOST_KEPT:
            _since_midnight[rest] = since
    return midnight + since


def span_ns(span: timedelta) -> int:
    """Return a timedelta in nanoseconds."""
    return (span.days * 86_400 + span.seconds) * SECOND_NS + span.microseconds * 1_000


def span_text(ticks: int) -> str:
    """Return a span of 100 ns ticks as .NET prints it: ``[-][d.]hh:mm:ss[.fffffff]``."""
    seconds, fraction = divmod(abs(ticks), _TICKS_PER_SECOND)
    days, rest = divmod(seconds, 86_400)
    text = f"{rest // 3600:02d}:{rest // 60 % 60:02d}:{rest % 60:02d}"
    return ("-" if ticks < 0 else "") + (f"{days}." if days else "") + text + (f".{fraction:07d}" if fraction else "")


def day_of(local_ns: int) -> int:
    """Return the days since 1970-01-01 of a wall-clock time."""
    return local_ns // DAY_NS


def date_of_day(day: int) -> date:
    """Return the date that is *day* days after 1970-01-01."""
    return date.fromordinal(day + _EPOCH_ORDINAL)


def day_of_date(when: date) -> int:
    """Return the days from 1970-01-01 to *when*."""
    return when.toordinal() - _EPOCH_ORDINAL


class Zone(Dual):
    """A time zone with its offsets as arrays, so that single instants and whole columns convert fast.

    Get one with :func:`zone`; ``Zone.name`` is the IANA name, or a fixed offset such as ``UTC-05``.
    Zones of one name are equal, and equal to the name.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        changes = read_changes(name, _LAST_YEAR)
        self._starts = [start * SECOND_NS for start, _ in changes]
        self._offsets = [offset * SECOND_NS for _, offset in changes]
        self._starts_array = np.array(self._starts, np.int64)
        self._offsets_array = np.array(self._offsets, np.int64)
        # From which wall-clock time on each offset is used. LEAN's rule: of times that occur twice the
        # later is meant, and times that are skipped stand for the instant of the change.
        before = np.concatenate([self._offsets_array[:1], self._offsets_array[:-1]])
        self._local_starts_array = self._starts_array + np.minimum(self._offsets_array, before)
        self._local_starts: list[int] = self._local_starts_array.tolist()
        # What was found last, which holds for half a year.
        self._from = self._until = self._offset = 0
        self._local_from = self._local_until = self._local_offset = self._earliest = 0

    def __repr__(self) -> str:
        return f"Zone({self.name!r})"

    def __str__(self) -> str:
        return self.name

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Zone):
            return self.name == other.name
        return self.name == other if isinstance(other, str) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.name)

    def __reduce__(self) -> tuple[object, ...]:
        return zone, (self.name,)

    @property
    def id(self) -> str:
        """The name of the zone, as NodaTime calls it."""
        return self.name

    def offset_ns(self, utc_ns: int) -> int:
        """Return local minus UTC at an instant, in nanoseconds."""
        if self._from <= utc_ns < self._until:
            return self._offset
        index = max(bisect_right(self._starts, utc_ns) - 1, 0)
        self._from = self._starts[index]
        self._until = self._starts[index + 1] if index + 1 < len(self._starts) else _FAR
        self._offset = self._offsets[index]
        return self._offset

    def local_ns(self, utc_ns: int) -> int:
        """Return the wall-clock time of an instant, as local nanoseconds."""
        return utc_ns + self.offset_ns(utc_ns)

    def utc_ns(self, local_ns: int) -> int:
        """Return the instant of a wall-clock time."""
        if not self._local_from <= local_ns < self._local_until:
            index = max(bisect_right(self._local_starts, local_ns) - 1, 0)
            self._local_from = self._local_starts[index] if index else -_FAR
            self._local_until = self._local_starts[index + 1] if index + 1 < len(self._starts) else _FAR
            self._local_offset = self._offsets[index]
            self._earliest = self._starts[index] if index else -_FAR
        found = local_ns - self._local_offset
        return found if found > self._earliest else self._earliest

    def local_ns_array(self, utc_ns: Ints) -> Ints:
        """Return the wall-clock times of instants."""
        index = np.searchsorted(self._starts_array, utc_ns, side="right") - 1
        local: Ints = utc_ns + self._offsets_array[np.maximum(index, 0)]
        return local

    def utc_ns_array(self, local_ns: Ints) -> Ints:
        """Return the instants of wall-clock times."""
        index = np.searchsorted(self._local_starts_array, local_ns, side="right") - 1
        index = np.maximum(index, 0)
        utc: Ints = np.maximum(local_ns - self._offsets_array[index], self._starts_array[index])
        return utc

    def skipped_array(self, local_ns: Ints) -> npt.NDArray[np.bool_]:
        """Return which wall-clock times there are not: those that clocks skip when they are put forward."""
        index = np.maximum(np.searchsorted(self._local_starts_array, local_ns, side="right") - 1, 0)
        found: npt.NDArray[np.bool_] = local_ns - self._offsets_array[index] < self._starts_array[index]
        return found

    def datetime(self, utc_ns: int) -> Moment:
        """Return the naive wall-clock datetime of an instant."""
        return from_ns(utc_ns + self.offset_ns(utc_ns))

    def to_utc(self, local: Moment) -> int:
        """Return the instant of a naive wall-clock datetime."""
        return self.utc_ns(to_ns(local))


@cache
def zone(name: str) -> Zone:
    """Return the zone of an IANA name or of a fixed offset (``UTC-05``), built once.

    Raises
    ------
    UnknownTimeZoneError
        If there is no zone of that name.
    """
    return Zone(name)


UTC_ZONE = "UTC"
NEW_YORK_ZONE = "America/New_York"
