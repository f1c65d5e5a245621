"""Small names of LEAN's that strategies use: spans, extension methods, test errors."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import Any

from tradinglab.algorithm.events import EventMember
from tradinglab.core.clock import Zone, from_ns, to_ns
from tradinglab.core.decimals import smart_round, strip_zeros, to_decimal
from tradinglab.core.dual import Dual
from tradinglab.core.enums import OrderStatus, Resolution, SecurityType
from tradinglab.core.system_decimal import round_to_significant_digits

_CLOSED = (OrderStatus.FILLED, OrderStatus.CANCELED, OrderStatus.INVALID)
_SPANS = {
    Resolution.TICK: timedelta(0),
    Resolution.SECOND: timedelta(seconds=1),
    Resolution.MINUTE: timedelta(minutes=1),
    Resolution.HOUR: timedelta(hours=1),
    Resolution.DAILY: timedelta(days=1),
}


class RegressionTestException(Exception):
    """Raised by LEAN's own test strategies when something is not as it should be."""


class Time(Dual):
    """Spans of time by name."""

    ONE_YEAR = timedelta(days=365)
    ONE_DAY = timedelta(days=1)
    ONE_HOUR = timedelta(hours=1)
    ONE_MINUTE = timedelta(minutes=1)
    ONE_SECOND = timedelta(seconds=1)
    ONE_MILLISECOND = timedelta(milliseconds=1)
    MAX_TIME_SPAN = timedelta.max
    BEGINNING_OF_TIME = datetime(1, 1, 1)
    END_OF_TIME = datetime(2050, 12, 31)
    END_OF_TIME_TIME_SPAN = END_OF_TIME - BEGINNING_OF_TIME

    @staticmethod
    def multiply(interval: timedelta, multiplier: float) -> timedelta:
        """Return a length of time so many times over."""
        return interval * multiplier


class Math(Dual):
    """The functions of .NET's ``Math`` that strategies call."""

    @staticmethod
    def abs(value: float) -> float:
        """Return a number without its sign."""
        return abs(value)

    @staticmethod
    def max(val1: float, val2: float) -> float:
        """Return the larger of two numbers."""
        return max(val1, val2)

    @staticmethod
    def min(val1: float, val2: float) -> float:
        """Return the smaller of two numbers."""
        return min(val1, val2)

    @staticmethod
    def sqrt(d: float) -> float:
        """Return the square root of a number; of one below zero it is not a number."""
        return math.sqrt(d) if d >= 0 else math.nan

    @staticmethod
    def floor(d: float) -> float:
        """Return the whole number that is not above a number."""
        return float(math.floor(d))

    @staticmethod
    def ceiling(a: float) -> float:
        """Return the whole number that is not below a number."""
        return float(math.ceil(a))

    @staticmethod
    def sign(value: float) -> int:
        """Return 1 for a number above zero, -1 below it, and 0 for zero."""
        return (value > 0) - (value < 0)

    @staticmethod
    def sin(a: float) -> float:
        """Return the sine of an angle in radians."""
        return math.sin(a)


class TimeSpan(Dual):
    """Lengths of time, made as .NET makes them; what is made is a ``timedelta``."""

    ZERO = timedelta(0)

    def __new__(cls, *parts: float) -> timedelta:  # type: ignore[misc]
        """Return a length of ``(hours, minutes, seconds)``, ``(days, hours, minutes, seconds[, ms])`` or ticks."""
        if len(parts) == 1:
            return timedelta(microseconds=parts[0] / 10)
        if len(parts) == 3:
            parts = (0, *parts)
        if len(parts) not in (4, 5):
            raise TypeError(f"TimeSpan takes 1, 3, 4 or 5 numbers; there were {len(parts)}.")
        days, hours, minutes, seconds = parts[:4]
        milliseconds = parts[4] if len(parts) == 5 else 0
        return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds, milliseconds=milliseconds)

    @staticmethod
    def from_days(value: float) -> timedelta:
        """Return a number of days."""
        return timedelta(days=value)

    @staticmethod
    def from_hours(value: float) -> timedelta:
        """Return a number of hours."""
        return timedelta(hours=value)

    @staticmethod
    def from_minutes(value: float) -> timedelta:
        """Return a number of minutes."""
        return timedelta(minutes=value)

    @staticmethod
    def from_seconds(value: float) -> timedelta:
        """Return a number of seconds."""
        return timedelta(seconds=value)

    @staticmethod
    def from_milliseconds(value: float) -> timedelta:
        """Return a number of milliseconds."""
        return timedelta(milliseconds=value)

    @staticmethod
    def from_ticks(value: float) -> timedelta:
        """Return a number of ticks of 100 ns; what is under a microsecond is lost."""
        return timedelta(microseconds=value / 10)


class Extensions(Dual):
    """LEAN's extension methods that strategies call by class."""

    @staticmethod
    def is_open(status: OrderStatus) -> bool:
        """Return whether an order of a status still works."""
        return status not in _CLOSED

    @staticmethod
    def is_closed(status: OrderStatus) -> bool:
        """Return whether an order of a status is over."""
        return status in _CLOSED

    @staticmethod
    def is_fill(status: OrderStatus) -> bool:
        """Return whether a status is that of a fill."""
        return status in (OrderStatus.FILLED, OrderStatus.PARTIALLY_FILLED)

    @staticmethod
    def to_time_span(resolution: Resolution) -> timedelta:
        """Return the span of a bar of a resolution."""
        return _SPANS[resolution]

    @staticmethod
    def round_down(moment: datetime, interval: timedelta) -> datetime:
        """Return a time rounded down to an interval."""
        if not interval:
            return moment
        return moment - (moment - datetime.min) % interval

    @staticmethod
    def convert_from_utc(moment: datetime, zone: Zone) -> datetime:
        """Return a time of UTC in a time zone."""
        return zone.datetime(to_ns(moment))

    @staticmethod
    def convert_to_utc(moment: datetime, zone: Zone) -> datetime:
        """Return a time of a time zone in UTC."""
        return from_ns(zone.to_utc(moment))

    @staticmethod
    def convert_to(moment: datetime, source: Zone, target: Zone) -> datetime:
        """Return a time of one time zone in another."""
        return target.datetime(source.to_utc(moment))

    @staticmethod
    def normalize(value: Any) -> float:
        """Return a number without trailing zeros."""
        return float(to_decimal(value))

    @staticmethod
    def normalize_to_str(value: Any) -> str:
        """Return the text of a number without trailing zeros."""
        return format(strip_zeros(to_decimal(value)), "f")

    @staticmethod
    def is_option(security_type: SecurityType) -> bool:
        """Return whether a type of security is an option."""
        return security_type in (SecurityType.OPTION, SecurityType.FUTURE_OPTION, SecurityType.INDEX_OPTION)

    @staticmethod
    def smart_rounding(value: Any) -> float:
        """Return a number rounded as LEAN's charts have it."""
        return float(smart_round(to_decimal(value)))

    @staticmethod
    def round_to_significant_digits(value: Any, digits: int) -> float:
        """Return a number with so many significant digits."""
        return float(round_to_significant_digits(to_decimal(value), digits))


class CircularQueue(Dual):
    """A queue that begins again when it is through; ``circle_completed`` fires whenever its first item comes up."""

    circle_completed = EventMember("The queue began again.")

    def __init__(self, *items: Any) -> None:
        self._items = list(items[0]) if len(items) == 1 and isinstance(items[0], (list, tuple)) else list(items)
        self._at = 0

    def __class_getitem__(cls, kind: object) -> type[CircularQueue]:
        """Return the class itself: the kind of the items is for readers only."""
        return cls

    def dequeue(self) -> Any:
        """Return the next item."""
        item = self._items[self._at]
        if item == self._items[0]:
            self.circle_completed(self, None)
        self._at = (self._at + 1) % len(self._items)
        return item


class InvalidOperationException(RuntimeError):
    """What .NET raises when something cannot be done in the present state."""


class ArgumentException(ValueError):
    """What .NET raises when an argument is not valid."""


class Globals(Dual):
    """Where LEAN keeps its files: nowhere here."""

    DATA_FOLDER = ""


__all__ = [
    "ArgumentException",
    "CircularQueue",
    "Extensions",
    "Globals",
    "InvalidOperationException",
    "Math",
    "RegressionTestException",
    "Time",
    "TimeSpan",
]
