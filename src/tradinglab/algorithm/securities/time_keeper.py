"""The one clock that all securities of an algorithm read."""

from __future__ import annotations

from datetime import datetime

from tradinglab.core.clock import Zone, from_ns, to_ns, zone
from tradinglab.core.dual import Spelled

_BEFORE_ALL = -(1 << 62)


class Cursor:
    """Where a run stands: the index of the current step on the timeline.

    ``step`` is what prices are read at; ``consumed`` what indicators and consolidators have
    seen, which lags behind during fills and scheduled events. Both are negative before the first;
    ``consumed`` so much that no row is reached from there. ``rated_ns`` is the instant of the last
    step whose prices count for currency rates: models that are scanned in a step still see the rates before.
    """

    __slots__ = ("consumed", "rated_ns", "step")

    def __init__(self) -> None:
        self.rated_ns = _BEFORE_ALL
        self.rewind()

    def rewind(self) -> None:
        """Go back before the first step."""
        self.step, self.consumed = -1, _BEFORE_ALL


class TimeKeeper(Spelled):
    """Holds the present instant, and the step that prices are read at; the engine moves both."""

    __slots__ = ("cursor", "utc_ns")

    def __init__(self, utc_ns: int = 0) -> None:
        self.utc_ns = utc_ns
        self.cursor = Cursor()

    @property
    def utc_time(self) -> datetime:
        """The present time, UTC."""
        return from_ns(self.utc_ns)

    def get_time_in(self, time_zone: Zone | str) -> datetime:
        """Return the present time in a time zone."""
        return (zone(time_zone) if isinstance(time_zone, str) else time_zone).datetime(self.utc_ns)

    def set_utc_date_time(self, utc_date_time: datetime) -> None:
        """Move the clock."""
        self.utc_ns = to_ns(utc_date_time)

    def set_utc_ns(self, utc_ns: int) -> None:
        """Move the clock."""
        self.utc_ns = utc_ns
