"""The exchange of a security: its hours, and whether it is open now."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from tradinglab.core.clock import MINUTE_NS, Zone, to_ns
from tradinglab.core.dual import Spelled

if TYPE_CHECKING:
    from tradinglab.algorithm.securities.time_keeper import TimeKeeper
    from tradinglab.core.enums import DayOfWeek
    from tradinglab.core.market_hours import MarketHoursSegment, SecurityExchangeHours


class SecurityExchange(Spelled):
    """Hours of an exchange, read at the algorithm's present time."""

    __slots__ = ("_clock", "_hours", "_zone")

    days_per_year: ClassVar[int] = 365

    def __init__(self, exchange_hours: SecurityExchangeHours, clock: TimeKeeper | None = None) -> None:
        self._hours = exchange_hours
        self._zone: Zone = exchange_hours.time_zone
        self._clock = clock

    @property
    def hours(self) -> SecurityExchangeHours:
        """The opening hours."""
        return self._hours

    @property
    def time_zone(self) -> Zone:
        """The time zone of the exchange."""
        return self._zone

    @property
    def trading_days_per_year(self) -> int:
        """Days of a year on which there is trading, by convention."""
        return self.days_per_year

    @property
    def utc_ns(self) -> int:
        """The present instant."""
        if self._clock is None:
            raise RuntimeError("The security has no clock yet: add it to the algorithm before asking for its time.")
        return self._clock.utc_ns

    @property
    def local_ns(self) -> int:
        """The present time on the exchange's wall clock, in nanoseconds."""
        return self._zone.local_ns(self.utc_ns)

    @property
    def local_time(self) -> datetime:
        """The present time, in the exchange's time zone."""
        return self._zone.datetime(self.utc_ns)

    @property
    def exchange_open(self) -> bool:
        """Whether the exchange is open for regular trading now."""
        utc_ns = self.utc_ns if self._clock is None else self._clock.utc_ns
        return self._hours.is_open_at(utc_ns)

    @property
    def closing_soon(self) -> bool:
        """Whether the exchange closes within ten minutes, or is closed."""
        return self.is_closing_soon(10)

    def set_clock(self, clock: TimeKeeper) -> None:
        """Tell the exchange which clock to read."""
        self._clock = clock

    def is_closing_soon(self, minutes_to_close: int) -> bool:
        """Return whether the exchange will be closed in so many minutes."""
        return not self._hours.is_open_ns(self.local_ns + minutes_to_close * MINUTE_NS, False)

    def date_is_open(self, date_to_check: datetime, extended_market_hours: bool = False) -> bool:
        """Return whether there is trading on a date."""
        return self._hours.is_date_open(date_to_check, extended_market_hours)

    def date_time_is_open(self, date_time: datetime) -> bool:
        """Return whether the exchange is open at a local time."""
        return self._hours.is_open_ns(to_ns(date_time), False)

    def is_open_during_bar(
        self, bar_start_time: datetime, bar_end_time: datetime, is_extended_market_hours: bool
    ) -> bool:
        """Return whether the exchange is open at some time of a bar."""
        return self._hours.is_open_during_ns(to_ns(bar_start_time), to_ns(bar_end_time), is_extended_market_hours)

    def set_market_hours(self, market_hours_segments: Iterable[MarketHoursSegment], *days: DayOfWeek) -> None:
        """Replace the hours of the given days of the week, of all if none is given."""
        from tradinglab.core.enums import DayOfWeek
        from tradinglab.core.local_market_hours import LocalMarketHours
        from tradinglab.core.market_hours import SecurityExchangeHours

        known, segments = self._hours, list(market_hours_segments)
        week = known.market_hours | {day: LocalMarketHours(day, segments) for day in days or tuple(DayOfWeek)}
        self._hours = SecurityExchangeHours(
            known.time_zone, known.holidays, week, known.early_close_by_day, known.late_open_by_day, known.bank_holidays
        )


class EquityExchange(SecurityExchange):
    """An exchange of shares: 252 days a year."""

    __slots__ = ()
    days_per_year = 252


class ForexExchange(SecurityExchange):
    """A currency market: every day but Saturdays."""

    __slots__ = ()
    days_per_year = 313


class CfdExchange(SecurityExchange):
    """A market of contracts for difference: every day but Saturdays."""

    __slots__ = ()
    days_per_year = 313


class IndexExchange(SecurityExchange):
    """Where an index is computed: every day but Saturdays."""

    __slots__ = ()
    days_per_year = 313


class CryptoExchange(SecurityExchange):
    """A market that never closes."""

    __slots__ = ()


class CryptoFutureExchange(SecurityExchange):
    """A market of perpetual and dated crypto futures that never closes."""

    __slots__ = ()
