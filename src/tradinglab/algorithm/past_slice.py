"""The slices of a history request."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from tradinglab.algorithm.slice import Slice

if TYPE_CHECKING:
    from tradinglab.algorithm.base_data import BaseData
    from tradinglab.core.clock import Zone


class PastSlice(Slice):
    """A slice of history."""

    __slots__ = ("_past", "_utc_ns", "_zone")

    def __init__(self, zone: Zone, utc_ns: int, data: list[BaseData]) -> None:
        self._zone = zone
        self._utc_ns = utc_ns
        self._past = data
        self._data = None

    @property
    def utc_ns(self) -> int:
        """The time of the step as an instant."""
        return self._utc_ns

    @property
    def time(self) -> datetime:
        """The time of the step, in the algorithm's time zone."""
        return self._zone.datetime(self._utc_ns)

    def _load(self) -> list[BaseData]:
        return self._past
