"""Bars of open interest."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from tradinglab.algorithm.base_data import BaseData
from tradinglab.algorithm.consolidators.period_count import PeriodCountConsolidatorBase
from tradinglab.algorithm.ticks import OpenInterest, Tick
from tradinglab.core.enums import TickType

if TYPE_CHECKING:
    from tradinglab.algorithm.consolidators.calendar import CalendarFunction

_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)


class OpenInterestConsolidator(PeriodCountConsolidatorBase[Tick, OpenInterest]):
    """The last open interest of each period.

    By the hour and by the day it is handed out as soon as the next hour or date has come, and
    has the time of its last data point.
    """

    _input_class = Tick
    _output_class = OpenInterest
    _is_long = False
    _last_input: BaseData | None = None

    def __init__(
        self,
        period: timedelta | int | CalendarFunction | None = None,
        start_time: timedelta | None = None,
        *,
        max_count: int | None = None,
        func: CalendarFunction | None = None,
    ) -> None:
        super().__init__(period, start_time, max_count=max_count, func=func)
        self._is_long = isinstance(period, timedelta) and period >= _HOUR

    def should_process(self, data: Tick) -> bool:
        """Return whether a tick tells of open interest."""
        return data.tick_type == TickType.OPEN_INTEREST

    def update(self, data: BaseData) -> None:
        """Take a tick in."""
        last = self._last_input
        if last is not None and self._is_long and self._is_over(last.end_time, data.end_time):
            self.scan(last.end_time + (self._period or _HOUR) + _SECOND)
        super().update(data)
        self._last_input = data

    def _is_over(self, last: datetime, now: datetime) -> bool:
        if self._period == _HOUR:
            return now.hour != last.hour
        return self._period == _DAY and now.date() != last.date()

    def aggregate_bar(self, working_bar: OpenInterest | None, data: Tick) -> OpenInterest:
        """Take a tick into the working value, or begin one; return it."""
        if working_bar is None:
            start = data.end_time if self._is_long else self._start_of(data)
            return OpenInterest(start, data.symbol, data.value)
        working_bar.value = data.value
        if self._is_long:
            working_bar.time = data.end_time
        return working_bar
