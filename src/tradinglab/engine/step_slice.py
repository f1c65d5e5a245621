"""The slice of a time step, which looks at the feed only when it is looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from tradinglab.algorithm.slice import Slice
from tradinglab.core.clock import Zone
from tradinglab.core.enums import TickType

if TYPE_CHECKING:
    from tradinglab.algorithm.base_data import BaseData
    from tradinglab.core.symbol import Symbol
    from tradinglab.data.columns import BarColumns
    from tradinglab.engine.subscription import Subscription
    from tradinglab.engine.timeline import Timeline

Load = Callable[["Timeline", int], "list[BaseData]"]


class Steps:
    """What the slices of one timeline have in common."""

    __slots__ = ("_load", "_streams", "_timeline", "_times", "zone")

    def __init__(self, zone: Zone, timeline: Timeline, load: Load) -> None:
        self.zone = zone
        self._timeline = timeline
        self._times = timeline.times.data
        self._load = load
        self._streams: dict[Symbol, list[Subscription]] = {}

    def utc_ns(self, step: int) -> int:
        """Return the instant of a step."""
        return self._times[step]

    def newest_trade(self, step: int, symbol: Symbol) -> tuple[BarColumns, int] | None:
        """Return the trade bar of a symbol that a step brings: its columns and row; ``None`` if it brings none."""
        streams = self._streams.get(symbol)
        if streams is None:
            streams = self._streams[symbol] = [
                each
                for each in self._timeline.rows
                if each.symbol == symbol and not (each.is_internal or each.is_tick or each.tick_type != TickType.TRADE)
            ]
        found = None
        for stream in streams:
            rows = self._timeline.rows[stream]
            if rows[step] > (rows[step - 1] if step else self._timeline.before[stream]):
                found = (stream.columns, rows[step])
        return found

    def only_trade_bars(self, symbol: Symbol) -> Subscription | None:
        """Return the stream of a symbol's trade bars, if that is its only one."""
        found = [s for s in self._timeline.rows if s.symbol == symbol and not s.is_internal and len(s)]
        if len(found) != 1 or found[0].is_tick or found[0].tick_type != TickType.TRADE:
            return None
        return found[0]

    def load(self, step: int) -> Iterable[BaseData]:
        """Return the data of a step."""
        return self._load(self._timeline, step)


class StepSlice(Slice):
    """A slice that knows its step. Making one costs little: most are never opened."""

    __slots__ = ("_step", "_steps")

    _steps: Steps
    _step: int

    @classmethod
    def of(cls, steps: Steps, step: int) -> StepSlice:
        """Return the slice of a step; the loop does the same without the call."""
        made = cls()
        made._steps, made._step, made._data = steps, step, None
        return made

    def newest_trade(self, symbol: Symbol) -> tuple[BarColumns, int] | None:
        """Return columns and row of a symbol's trade bar at this step, without making a bar of it."""
        return self._steps.newest_trade(self._step, symbol)

    def only_trade_bars(self, symbol: Symbol) -> Subscription | None:
        """Return the stream of a symbol's trade bars, if that is its only one."""
        return self._steps.only_trade_bars(symbol)

    @property
    def utc_ns(self) -> int:
        """The time of the step as an instant."""
        return self._steps.utc_ns(self._step)

    @property
    def time(self) -> datetime:
        """The time of the step, in the algorithm's time zone."""
        return self._steps.zone.datetime(self.utc_ns)

    def _load(self) -> Iterable[BaseData]:
        return self._steps.load(self._step)
