"""The session of a security: open, high, low, close and volume of the day so far, and of days before."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from tradinglab.algorithm.bar_spans import ONE_DAY
from tradinglab.algorithm.base_data import BaseData
from tradinglab.algorithm.consolidators.base import NEVER
from tradinglab.algorithm.consolidators.period_count import PeriodCountConsolidatorBase
from tradinglab.algorithm.consolidators.session_bar import SessionBar
from tradinglab.algorithm.rolling_window import RollingWindow
from tradinglab.algorithm.ticks import Tick
from tradinglab.core.enums import TickType

if TYPE_CHECKING:
    from tradinglab.core.market_hours import SecurityExchangeHours
    from tradinglab.core.symbol import Symbol


class SessionConsolidator(PeriodCountConsolidatorBase[BaseData, SessionBar]):
    """Makes the session of each trading day of whatever data of a security comes."""

    _input_class = BaseData
    _output_class = SessionBar

    def __init__(self, exchange_hours: SecurityExchangeHours, source_tick_type: TickType, symbol: Symbol) -> None:
        super().__init__(ONE_DAY)
        self._hours = exchange_hours
        self._source = source_tick_type
        self._session_symbol = symbol
        self._has_begun = False
        self._begin()

    @property
    def working_instance(self) -> SessionBar:
        """The session of today, or of the next trading day."""
        if self._working is None:
            self._begin()
        assert self._working is not None
        return self._working

    def aggregate_bar(self, working_bar: SessionBar | None, data: BaseData) -> SessionBar:
        """Take a data point into the session, if the market is open; return it."""
        bar = self.working_instance if working_bar is None else working_bar
        time = data.time
        if not self._has_begun:
            day = datetime(time.year, time.month, time.day)
            if bar.time == datetime.max or day > bar.time:
                bar.time = day
            self._has_begun = True
        if isinstance(data, Tick) and data.tick_type == TickType.OPEN_INTEREST:
            bar.open_interest = data.value
        elif self._hours.is_open(time, data.end_time, False):
            bar.take(data, self._consolidated)
        return bar

    def validate_and_scan(self, current_local_time: datetime) -> None:
        """Hand the session out if another day has come."""
        if self._has_begun and current_local_time.date() != self.working_instance.time.date():
            self.scan(current_local_time)

    def on_data_consolidated(self, consolidated: BaseData | None) -> None:
        """Hand out the session of a day, and begin the next."""
        self._working = None
        super().on_data_consolidated(consolidated)

    def _drop_working_bar(self) -> None:
        """Keep the session that the listeners made begin."""

    def _note_due(self) -> None:
        self.due_ns = NEVER

    def reset(self) -> None:
        """Forget everything but who listens."""
        super().reset()
        self._begin()

    def _begin(self) -> None:
        time = datetime.max
        if self._consolidated is not None:
            following = self._hours.get_next_trading_day(self._consolidated.time)
            time = datetime(following.year, following.month, following.day)
        self._working = SessionBar(self._source, time, self._session_symbol)
        self._has_begun = False


class Session(RollingWindow[SessionBar]):
    """The sessions of a security: ``session[0]`` is today's so far, ``session[1]`` the day before's.

    Nothing is gathered until ``size`` is set: ``security.session.size = 3``. Data is either pushed
    (``update`` and ``scan``) or pulled when the session is read (``follow``).
    """

    def __init__(
        self, tick_type: TickType, exchange_hours: SecurityExchangeHours, symbol: Symbol, size: int = 0
    ) -> None:
        super().__init__(size)
        self._symbol = symbol
        self._tick_type = tick_type
        self._hours = exchange_hours
        self._consolidator: SessionConsolidator | None = None
        self._new_data: Callable[[], Iterable[BaseData]] | None = None
        self._now: Callable[[], datetime] | None = None
        self._start()

    @property
    def size(self) -> int:
        """How many sessions are kept, today's included; 0 gathers nothing."""
        return self._size

    @size.setter
    def size(self, value: int) -> None:
        self._resize(value)
        self._start()

    @property
    def is_tracking(self) -> bool:
        """Whether sessions are gathered."""
        return self._consolidator is not None

    @property
    def symbol(self) -> Symbol:
        """The security."""
        return self._symbol

    @property
    def open(self) -> float:
        """Today's first price; 0 before it."""
        return self._today("open")

    @property
    def high(self) -> float:
        """Today's highest price so far."""
        return self._today("high")

    @property
    def low(self) -> float:
        """Today's lowest price so far."""
        return self._today("low")

    @property
    def close(self) -> float:
        """Today's last price so far."""
        return self._today("close")

    @property
    def volume(self) -> float:
        """Units traded today so far."""
        return self._today("volume")

    @property
    def open_interest(self) -> float:
        """The last open interest."""
        return self._today("open_interest")

    @property
    def end_time(self) -> datetime:
        """The end of today's session."""
        self._refresh()
        return datetime.min if self._consolidator is None else self._consolidator.working_instance.end_time

    def follow(self, new_data: Callable[[], Iterable[BaseData]], now: Callable[[], datetime]) -> None:
        """Pull data when the session is read, instead of waiting for it.

        Parameters
        ----------
        new_data
            Returns what has come since it was last called, in the order in which it came.
        now
            Returns the present time on the exchange's clock.
        """
        self._new_data, self._now = new_data, now

    def _refresh(self) -> None:
        """Take in what has come since the session was last read."""
        consolidator = self._consolidator
        if consolidator is None or self._new_data is None or self._now is None:
            return
        for data in self._new_data():
            consolidator.validate_and_scan(data.end_time)
            consolidator.update(data)
        consolidator.validate_and_scan(self._now())

    def _skip(self) -> None:
        """Pass over what has come until now."""
        if self._new_data is not None:
            for _ in self._new_data():
                pass

    def update(self, data: BaseData) -> None:
        """Take a data point in."""
        if self._consolidator is not None:
            self._consolidator.update(data)

    def scan(self, current_local_time: datetime) -> None:
        """Begin a new session if another day has come, on the exchange's clock."""
        if self._consolidator is not None:
            self._consolidator.validate_and_scan(current_local_time)

    def reset(self) -> None:
        """Forget all sessions."""
        if self._consolidator is not None:
            self._skip()
            super().reset()
            self._consolidator.reset()
            self.add(self._consolidator.working_instance)

    @property
    def count(self) -> int:
        """How many sessions there are, today's included."""
        self._refresh()
        return len(self._items)

    @property
    def samples(self) -> int:
        """How many sessions have begun."""
        self._refresh()
        return self._samples

    @property
    def is_ready(self) -> bool:
        """Whether as many sessions have begun as are kept."""
        return self.samples >= self._size

    def __getitem__(self, index: int) -> SessionBar:
        self._refresh()
        return super().__getitem__(index)

    def __iter__(self) -> Iterator[SessionBar]:
        self._refresh()
        return super().__iter__()

    def __len__(self) -> int:
        return self.count

    def _today(self, name: str) -> float:
        self._refresh()
        return 0.0 if self._consolidator is None else float(getattr(self._consolidator.working_instance, name))

    def _start(self) -> None:
        if self._size > 0 and self._consolidator is None:
            self._skip()
            self._consolidator = consolidator = SessionConsolidator(self._hours, self._tick_type, self._symbol)
            consolidator.engine_event += lambda sender, consolidated: self.add(consolidator.working_instance)
            self.add(consolidator.working_instance)

    def __str__(self) -> str:
        self._refresh()
        return "" if self._consolidator is None else str(self._consolidator.working_instance)
