"""Small names of LEAN's that strategies use: time zones, spans, extension methods, test errors."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from tradinglab.core.clock import zone
from tradinglab.core.decimals import smart_round, to_decimal
from tradinglab.core.dual import Dual
from tradinglab.core.enums import OrderStatus, Resolution

if TYPE_CHECKING:
    from tradinglab.core.clock import Zone

_CLOSED = (OrderStatus.FILLED, OrderStatus.CANCELED, OrderStatus.INVALID)
_SPANS = {
    Resolution.TICK: timedelta(0),
    Resolution.SECOND: timedelta(seconds=1),
    Resolution.MINUTE: timedelta(minutes=1),
    Resolution.HOUR: timedelta(hours=1),
    Resolution.DAILY: timedelta(days=1),
}


class RegressionTestException(Exception):  # noqa: N818
    """Raised by LEAN's own test strategies when something is not as it should be."""


class _TimeZones:
    """Time zones by LEAN's names, such as ``TimeZones.NEW_YORK``."""

    _NAMES = {
        "utc": "UTC", "newyork": "America/New_York", "easternstandard": "EST5EDT", "london": "Europe/London",
        "hongkong": "Asia/Hong_Kong", "tokyo": "Asia/Tokyo", "rome": "Europe/Rome", "sydney": "Australia/Sydney",
        "vancouver": "America/Vancouver", "toronto": "America/Toronto", "chicago": "America/Chicago",
        "losangeles": "America/Los_Angeles", "phoenix": "America/Phoenix", "auckland": "Pacific/Auckland",
        "moscow": "Europe/Moscow", "madrid": "Europe/Madrid", "buenosaires": "America/Argentina/Buenos_Aires",
        "brisbane": "Australia/Brisbane", "saopaulo": "America/Sao_Paulo", "cairo": "Africa/Cairo",
        "johannesburg": "Africa/Johannesburg", "anchorage": "America/Anchorage", "denver": "America/Denver",
        "detroit": "America/Detroit", "mexicocity": "America/Mexico_City", "jerusalem": "Asia/Jerusalem",
        "shanghai": "Asia/Shanghai", "melbourne": "Australia/Melbourne", "amsterdam": "Europe/Amsterdam",
        "athens": "Europe/Athens", "berlin": "Europe/Berlin", "brussels": "Europe/Brussels",
        "dublin": "Europe/Dublin", "helsinki": "Europe/Helsinki", "istanbul": "Europe/Istanbul",
        "minsk": "Europe/Minsk", "paris": "Europe/Paris", "zurich": "Europe/Zurich", "honolulu": "Pacific/Honolulu",
        "kolkata": "Asia/Kolkata", "seoul": "Asia/Seoul",
    }  # fmt: skip

    def __getattr__(self, name: str) -> Zone:
        found = self._NAMES.get(name.replace("_", "").lower())
        if found is None:
            raise AttributeError(f"TimeZones has no '{name}'; it has: {', '.join(sorted(self._NAMES))}")
        return zone(found)


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
    def smart_rounding(value: Any) -> float:
        """Return a number rounded as LEAN's charts have it."""
        return float(smart_round(to_decimal(value)))


class Globals(Dual):
    """Where LEAN keeps its files: nowhere here."""

    DATA_FOLDER = ""


TimeZones = _TimeZones()

__all__ = ["Extensions", "Globals", "RegressionTestException", "Time", "TimeZones"]
