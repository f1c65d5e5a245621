"""Where bars begin: spans of time, calendar periods, and dates counted from a date."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

from tradinglab.algorithm.bar_spans import ONE_DAY, ONE_WEEK
from tradinglab.algorithm.consolidators.errors import ConsolidationError
from tradinglab.core.dual import Dual, DualType
from tradinglab.core.values import dataclass

_TRIAL = datetime(2022, 1, 3, 10, 10, 10)


@dataclass(frozen=True, slots=True)
class CalendarInfo(Dual):
    """The bar that a moment belongs to: its start (a date stands for its midnight) and how long it is."""

    start: datetime
    period: timedelta

    def __post_init__(self) -> None:
        """Turn a date into its midnight."""
        if not hasattr(self.start, "hour"):
            object.__setattr__(self, "start", datetime(self.start.year, self.start.month, self.start.day))

    @property
    def end(self) -> datetime:
        """The end of the bar."""
        return self.start + self.period

    def __str__(self) -> str:
        return f"{self.start} {self.period}"


CalendarFunction = Callable[[datetime], CalendarInfo]


class Periods(Protocol):
    """Says where the bar begins that a moment belongs to, and how long it is."""

    period: timedelta | None

    def start_of(self, time: datetime) -> datetime:
        """Return the start of the bar; ``period`` is then its length."""
        ...


class Unaligned:
    """Bars begin with their first data point."""

    def __init__(self, period: timedelta | None = None) -> None:
        self.period = period

    def start_of(self, time: datetime) -> datetime:
        """Return the moment itself."""
        return time


class Spans:
    """Bars of equal length, counted from midnight or from a time of day.

    Longer than a day they begin with their first data point, unless *start_time* is given: then
    they are counted from it on each day, from a week on from the first of the month.
    """

    def __init__(self, period: timedelta, start_time: timedelta | None = None) -> None:
        self.period: timedelta | None = period
        self._span = period
        self._start_time = start_time

    def start_of(self, time: datetime) -> datetime:
        """Return the start of the bar."""
        if self._start_time is not None:
            midnight = datetime(time.year, time.month, 1 if self._span >= ONE_WEEK else time.day)
            anchor = midnight + self._start_time
            return anchor + (time - anchor) // self._span * self._span
        return time if self._span > ONE_DAY else round_down(time, self._span)


class CalendarPeriods:
    """Bars whose start and length a function says."""

    def __init__(self, function: CalendarFunction) -> None:
        if function(_TRIAL).start > _TRIAL:
            raise ConsolidationError(
                "The function of a calendar consolidator returns the start of the bar that a time belongs to; "
                f"for {_TRIAL} it returned a later one."
            )
        self._function = function
        self.period: timedelta | None = None

    def start_of(self, time: datetime) -> datetime:
        """Return the start of the bar."""
        info = self._function(time)
        self.period = info.period
        return info.start


def round_down(time: datetime, interval: timedelta) -> datetime:
    """Return the last multiple of *interval*, counted from the year 1, up to a time."""
    return time - (time - datetime.min) % interval if interval else time


def add_months(time: datetime, months: int) -> datetime:
    """Return the same day and time some months later; the month's last day if it has no such day."""
    year, month = divmod(time.year * 12 + time.month - 1 + months, 12)
    return time.replace(year=year, month=month + 1, day=min(time.day, monthrange(year, month + 1)[1]))


class Expiry(metaclass=DualType):
    """Moments in the future, as functions of now."""

    @staticmethod
    def ONE_MONTH(time: datetime) -> datetime:  # noqa: N802 - QuantConnect's name
        """Return a month later."""
        return add_months(time, 1)

    @staticmethod
    def ONE_QUARTER(time: datetime) -> datetime:  # noqa: N802
        """Return three months later."""
        return add_months(time, 3)

    @staticmethod
    def ONE_YEAR(time: datetime) -> datetime:  # noqa: N802
        """Return a year later."""
        return add_months(time, 12)

    @staticmethod
    def END_OF_DAY(time: datetime) -> datetime:  # noqa: N802
        """Return the next midnight."""
        return _midnight(time) + ONE_DAY

    @staticmethod
    def END_OF_WEEK(time: datetime) -> datetime:  # noqa: N802
        """Return the midnight at which the next Monday begins."""
        return _midnight(time) + timedelta(days=7 - time.weekday())

    @staticmethod
    def END_OF_MONTH(time: datetime) -> datetime:  # noqa: N802
        """Return the midnight at which the next month begins."""
        return add_months(datetime(time.year, time.month, 1), 1)

    @staticmethod
    def END_OF_QUARTER(time: datetime) -> datetime:  # noqa: N802
        """Return the midnight at which the next quarter begins."""
        return add_months(_quarter(time), 3)

    @staticmethod
    def END_OF_YEAR(time: datetime) -> datetime:  # noqa: N802
        """Return the midnight at which the next year begins."""
        return datetime(time.year + 1, 1, 1)


class Calendar(metaclass=DualType):
    """Calendar periods to consolidate to."""

    @staticmethod
    def WEEKLY(time: datetime) -> CalendarInfo:  # noqa: N802
        """Return the week, from Monday."""
        return CalendarInfo(Expiry.END_OF_WEEK(time) - ONE_WEEK, ONE_WEEK)

    @staticmethod
    def MONTHLY(time: datetime) -> CalendarInfo:  # noqa: N802
        """Return the month."""
        start = datetime(time.year, time.month, 1)
        return CalendarInfo(start, Expiry.END_OF_MONTH(time) - start)

    @staticmethod
    def QUARTERLY(time: datetime) -> CalendarInfo:  # noqa: N802
        """Return the quarter."""
        start = _quarter(time)
        return CalendarInfo(start, Expiry.END_OF_QUARTER(time) - start)

    @staticmethod
    def YEARLY(time: datetime) -> CalendarInfo:  # noqa: N802
        """Return the year."""
        start = datetime(time.year, 1, 1)
        return CalendarInfo(start, Expiry.END_OF_YEAR(time) - start)


CalendarType = Calendar


def _midnight(time: datetime) -> datetime:
    return datetime(time.year, time.month, time.day)


def _quarter(time: datetime) -> datetime:
    return datetime(time.year, (time.month - 1) // 3 * 3 + 1, 1)
