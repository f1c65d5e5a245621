"""Bars by time, by count, or by whichever comes first: what the bar consolidators share."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Generic, TypeVar

from tradinglab.algorithm.bar_spans import SPANS
from tradinglab.algorithm.bars import TradeBar
from tradinglab.algorithm.base_data import BaseData
from tradinglab.algorithm.consolidators.base import NEVER, ConsolidatorBase
from tradinglab.algorithm.consolidators.calendar import (
    CalendarFunction,
    CalendarPeriods,
    Periods,
    Spans,
    Unaligned,
)
from tradinglab.algorithm.consolidators.errors import ConsolidationError
from tradinglab.algorithm.events import EventMember
from tradinglab.core.clock import to_ns
from tradinglab.core.enums import Resolution

if TYPE_CHECKING:
    from typing import Self

    from tradinglab.core.symbol import Symbol

In = TypeVar("In", bound=BaseData)
Out = TypeVar("Out", bound=BaseData)

_HOUR = timedelta(hours=1)


class PeriodCountConsolidatorBase(ConsolidatorBase, Generic[In, Out]):
    """Gathers data points into bars.

    Parameters
    ----------
    period
        How long a bar is (a timedelta; bars are aligned to midnight of the exchange's clock); or
        how many data points make one (an int); or a function of a time that gives the
        ``CalendarInfo`` of the bar which that time belongs to.
    start_time
        After a timedelta: the time of day that bars are counted from. After an int: the period
        at which a bar ends at the latest.

    A bar by time is handed out by ``scan`` when its time is over, or by the first data point
    that lies beyond it; a bar by count by its last data point.
    """

    data_consolidated = EventMember("Raised with sender and bar when a bar is made, after the engine was told.")

    _periods: Periods = Unaligned()
    _max_count: int | None = None
    _period: timedelta | None = None
    _count = 0
    _working: Out | None = None
    _last_emit: datetime | None = None
    _symbol: Symbol | None = None
    _is_checked = False
    _taken: BaseData | None = None
    _taken_time = datetime.min
    _input_class: type[BaseData] = BaseData
    _output_class: type[BaseData] = BaseData

    def __init__(
        self,
        period: timedelta | int | CalendarFunction | None = None,
        start_time: timedelta | None = None,
        *,
        max_count: int | None = None,
        func: CalendarFunction | None = None,
    ) -> None:
        what = next((value for value in (period, max_count, func) if value is not None), None)
        if max_count is not None and isinstance(period, timedelta):
            what, start_time = max_count, period
        if isinstance(what, timedelta):
            self._periods = Spans(what, start_time)
        elif isinstance(what, int) and not isinstance(what, Resolution):
            self._max_count = what
            self._periods = Unaligned(start_time)
        elif callable(what):
            self._periods = CalendarPeriods(what)
        else:
            raise ConsolidationError(
                f"{type(self).__name__} takes a timedelta, a number of data points or a function of time; "
                f"it was given {what!r}."
            )
        self._period = self._periods.period

    @classmethod
    def from_resolution(cls, resolution: Resolution) -> Self:
        """Return a consolidator to bars of a resolution."""
        return cls(SPANS[resolution])

    @property
    def period(self) -> timedelta | None:
        """How long a bar is; ``None`` if bars are counted."""
        return self._period

    @property
    def is_time_based(self) -> bool:
        """Whether bars are made by time and not by count."""
        return self._max_count is None

    @property
    def input_type(self) -> type:
        """The type of data that is taken."""
        return self._input_class

    @property
    def output_type(self) -> type:
        """The type of data that is made."""
        return self._output_class

    @property
    def working_data(self) -> BaseData | None:
        """The bar that is being made, as a copy; ``None`` if there is none."""
        return None if self._working is None else self._working.clone()

    def aggregate_bar(self, working_bar: Out | None, data: In) -> Out:
        """Take a data point into the working bar, or begin one; return it."""
        raise NotImplementedError

    def should_process(self, data: In) -> bool:
        """Return whether a data point counts."""
        return True

    def update(self, data: BaseData) -> None:
        """Take a data point in."""
        self._take(data)

    def _take(self, data: BaseData) -> None:
        """Take any data point in; ``update`` may have a faster way for the common ones."""
        self._check(data)
        if not self.should_process(data):  # type: ignore[arg-type]
            return
        self._taken, self._taken_time = data, data.time
        time = self._taken_time
        if not self._is_checked and isinstance(self._periods, Spans):
            self._check_length(data)
        by_count = self._max_count is not None
        fire = self._count_one() if by_count else False
        if self._last_emit is None:
            self._last_emit = time if by_count else datetime.min
        gather_first = by_count
        if self._period is not None:
            working = self._working
            if working is not None and time - working.time >= self._period:
                fire = fire or self._start_of(data) > self._last_emit
            if not self._period:
                fire = gather_first = True
        if gather_first and time >= self._last_emit:
            self._gather(data)
            if by_count and self._working is not None:
                self._working.end_time = data.end_time
        if fire:
            self._hand_out_before(time)
        if not gather_first and time >= self._last_emit:
            self._gather(data)
        self._note_due()

    def scan(self, current_local_time: datetime) -> None:
        """Hand the working bar out if its time is over."""
        working, period = self._working, self._period
        if (
            working is not None
            and period
            and current_local_time - working.time >= period
            and self._last_emit is not None
            and self._round(current_local_time) > self._last_emit
        ):
            self._last_emit = working.end_time
            self.on_data_consolidated(working)
            self._note_due()

    def on_data_consolidated(self, consolidated: BaseData | None) -> None:
        """Hand out a bar, and begin anew."""
        super().on_data_consolidated(consolidated)
        self.data_consolidated(self, consolidated)
        self._drop_working_bar()

    def reset(self) -> None:
        """Forget everything but who listens."""
        super().reset()
        self._symbol = None
        self._count = 0
        self._working = None
        self._last_emit = None
        self._is_checked = False
        self._taken = None
        self.due_ns = NEVER

    def _gather(self, data: BaseData) -> None:
        self._working = self.aggregate_bar(self._working, data)  # type: ignore[arg-type]

    def _hand_out_before(self, time: datetime) -> None:
        """Hand the working bar out because of a data point at *time*."""
        working = self._working
        if self._period is not None and isinstance(working, TradeBar):
            working.period = self._period
        self._last_emit = working.end_time if working is not None and self._max_count is None else time
        self.on_data_consolidated(working)

    def _drop_working_bar(self) -> None:
        self._working = None

    def _note_due(self) -> None:
        if self._working is None or not self._period:
            self.due_ns = NEVER
        else:
            self.due_ns = to_ns(self._working.time + self._period)

    def _count_one(self) -> bool:
        """Count a data point; return whether it is the last of a bar."""
        self._count += 1
        if self._count < self._max_count:  # type: ignore[operator]
            return False
        self._count = 0
        return True

    def _check(self, data: BaseData) -> None:
        self._expect(data, self._input_class)
        symbol = data.symbol
        if symbol is self._symbol:
            return
        if self._symbol is not None and symbol.id != self._symbol.id:
            raise ConsolidationError(
                f"A consolidator takes the data of one symbol; it had {self._symbol.id} and was given {symbol.id}."
            )
        self._symbol = symbol

    def _check_length(self, data: BaseData) -> None:
        self._is_checked = True
        length = data.end_time - data.time
        if self._period is not None and length > self._period:
            raise ConsolidationError(
                f"Bars of {data.symbol.value} last {length}: bars of {self._period} cannot be made of them."
            )

    def _round(self, time: datetime) -> datetime:
        """Return the start of the bar that a time belongs to; for a new bar, note how long it is."""
        start = self._periods.start_of(time)
        if self._working is None:
            self._period = self._periods.period
        return start

    def _start_of(self, data: BaseData) -> datetime:
        """Return the start of the bar that a data point belongs to."""
        time = self._taken_time if data is self._taken else data.time
        end_time = data.end_time
        start = self._round(time)
        if self._period is not None and start + self._period < end_time:
            # LEAN's hourly bars of US equities start at 9:00, before the open: they belong to the day
            # that they end in. Any other bar that is too long for its period starts one of its own.
            if end_time - time == _HOUR and start.date() < time.date():
                return self._round(end_time)
            return time
        return start

    def _period_of(self, data: BaseData) -> timedelta | None:
        """Return how long the bar is that begins with a data point: its own length if bars are counted."""
        if self._max_count is None and self._period is not None:
            return self._period
        return getattr(data, "period", None)
