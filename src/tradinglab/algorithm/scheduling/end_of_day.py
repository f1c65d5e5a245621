"""The events behind ``on_end_of_day``: shortly before each security's close, and before midnight."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from tradinglab.algorithm.scheduling.rules import ONE_DAY, days_between, midnight
from tradinglab.algorithm.scheduling.scheduled_event import ScheduledEvent
from tradinglab.core.clock import from_ns

if TYPE_CHECKING:
    from tradinglab.algorithm.scheduling.schedule_manager import ScheduleManager
    from tradinglab.algorithm.securities import Security, SecurityManager, TimeKeeper
    from tradinglab.core.clock import Zone
    from tradinglab.core.symbol import Symbol

SECURITY_DELTA = timedelta(minutes=10)
"""How long before its close a security's day ends."""

ALGORITHM_DELTA = timedelta(minutes=2)
"""How long before midnight an algorithm's day ends."""


class EndOfDayEvents:
    """Schedules the ends of days as securities come and go.

    Parameters
    ----------
    on_security
        Called with the symbol ten minutes before its market's last close of the day (at the
        midnight after the day, if the market never closes); ``None`` if nobody asks.
    on_day
        Called two minutes before midnight, in the algorithm's time zone, of every day on which
        a security trades; ``None`` if nobody asks.
    """

    def __init__(
        self,
        schedule: ScheduleManager,
        securities: SecurityManager,
        time_keeper: TimeKeeper,
        *,
        on_security: Callable[[Symbol], object] | None,
        on_day: Callable[[], object] | None,
    ) -> None:
        self._schedule = schedule
        self._securities = securities
        self._time_keeper = time_keeper
        self._on_security = on_security
        self._on_day = on_day
        self._by_symbol: dict[Symbol, ScheduledEvent] = {}
        self._day_event: ScheduledEvent | None = None

    def start(self, time: datetime, end: datetime, zone: Zone) -> None:
        """Schedule the ends of the algorithm's days from its local *time* to *end*."""
        if self._on_day is None:
            return
        if self._day_event is not None:
            self._schedule.remove(self._day_event)
        now_ns = self._time_keeper.utc_ns
        times = _algorithm_ends(self._securities, time, end, zone, now_ns)
        self._day_event = ScheduledEvent("Algorithm.EndOfDay", times, self._on_day)
        self._schedule.add(self._day_event)

    def on_securities_changed(
        self, added: Iterable[Security], removed: Iterable[Security], end: datetime, zone: Zone
    ) -> None:
        """Schedule the ends of days of added securities, and forget removed ones."""
        now_ns = self._time_keeper.utc_ns
        now = from_ns(now_ns)
        if self._on_security is not None:
            for security in added:
                self._add(security, now, end, now_ns, self._on_security)
            for security in removed:
                event = self._by_symbol.pop(security.symbol, None)
                if event is not None:
                    self._schedule.remove(event)
        self.start(now, end, zone)

    def _add(
        self, security: Security, now: datetime, end: datetime, now_ns: int, callback: Callable[[Symbol], object]
    ) -> None:
        symbol = security.symbol
        event = ScheduledEvent(
            f"{symbol}.EndOfDay", _security_ends(security, now, end, now_ns), lambda: callback(symbol)
        )
        self._by_symbol[symbol] = event
        self._schedule.add(event)


def _security_ends(security: Security, start: datetime, end: datetime, now_ns: int) -> Iterator[int]:
    """Return the ends of a security's trading days that are still to come."""
    hours = security.exchange.hours
    for day in days_between(start, end):
        if not hours.is_date_open(day):
            continue
        if hours.is_market_always_open:
            local = day + ONE_DAY
        else:
            local = hours.get_last_daily_market_close(day, security.is_extended_market_hours) - SECURITY_DELTA
        at_ns = hours.time_zone.to_utc(local)
        if at_ns > now_ns:
            yield at_ns


def _algorithm_ends(
    securities: SecurityManager, start: datetime, end: datetime, zone: Zone, now_ns: int
) -> Iterator[int]:
    """Return the ends, still to come, of the days on which any security trades."""
    for day in days_between(midnight(start), end):
        if any(security.exchange.hours.is_date_open(day) for security in securities.values()):
            at_ns = zone.to_utc(day + ONE_DAY - ALGORITHM_DELTA)
            if at_ns > now_ns:
                yield at_ns
