"""The one clock that all securities of an algorithm read."""

from __future__ import annotations

from datetime import datetime

from tradinglab.core.clock import from_ns
from tradinglab.core.dual import Spelled


class TimeKeeper(Spelled):
    """Holds the present instant; the engine moves it."""

    __slots__ = ("utc_ns",)

    def __init__(self, utc_ns: int = 0) -> None:
        self.utc_ns = utc_ns

    @property
    def utc_time(self) -> datetime:
        """The present time, UTC."""
        return from_ns(self.utc_ns)

    def set_utc_ns(self, utc_ns: int) -> None:
        """Move the clock."""
        self.utc_ns = utc_ns
