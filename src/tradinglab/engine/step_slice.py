"""The slice of a time step, which looks at the feed only when it is looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from tradinglab.algorithm.slice import Slice
from tradinglab.core.clock import Zone

if TYPE_CHECKING:
    from tradinglab.algorithm.bars import BaseData
    from tradinglab.engine.timeline import Timeline

Load = Callable[["Timeline", int], "list[BaseData]"]


class StepSlice(Slice):
    """A slice that knows its step. Making one costs a few attributes: most are never opened."""

    _data = None
    _bars = None
    _quote_bars = None
    _ticks = None
    _by_symbol = None

    def __init__(self, zone: Zone, utc_ns: int, load: Load, timeline: Timeline, step: int) -> None:
        self._zone = zone
        self._utc_ns = utc_ns
        self._load_at = load
        self._timeline = timeline
        self._step = step

    @property
    def time(self) -> datetime:
        """The time of the step, in the algorithm's time zone."""
        return self._zone.datetime(self._utc_ns)

    def _load(self) -> Iterable[BaseData]:
        return self._load_at(self._timeline, self._step)

    @property
    def _events(self) -> dict[type, object]:  # type: ignore[override]
        return self.__dict__.setdefault("_event_tables", {})
