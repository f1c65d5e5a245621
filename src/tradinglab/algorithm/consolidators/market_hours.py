"""Bars that follow the hours of the market: daily bars from open to close, others from the open on."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from tradinglab.algorithm.bar_spans import ONE_DAY, SPANS
from tradinglab.algorithm.bars import QuoteBar, TradeBar
from tradinglab.algorithm.base_data import BaseData
from tradinglab.algorithm.consolidators.base import ConsolidatorBase
from tradinglab.algorithm.consolidators.calendar import CalendarFunction, CalendarInfo, round_down
from tradinglab.algorithm.consolidators.errors import ConsolidationError
from tradinglab.algorithm.consolidators.quote_bars import QuoteBarConsolidator, TickQuoteBarConsolidator
from tradinglab.algorithm.consolidators.trade_bars import TickConsolidator, TradeBarConsolidator
from tradinglab.algorithm.ticks import Tick
from tradinglab.core.clock import to_ns
from tradinglab.core.enums import Resolution, SecurityType, TickType
from tradinglab.core.market import Market
from tradinglab.core.market_hours_database import MarketHoursDatabase

if TYPE_CHECKING:
    from tradinglab.algorithm.consolidators.period_count import PeriodCountConsolidatorBase
    from tradinglab.core.clock import Zone
    from tradinglab.core.market_hours import SecurityExchangeHours
    from tradinglab.core.symbol import Symbol

_HOUR = timedelta(hours=1)
_TICK = timedelta(microseconds=1)


def use_strict_end_time(
    is_enabled: bool, symbol: Symbol, increment: timedelta, exchange_hours: SecurityExchangeHours
) -> bool:
    """Return whether daily bars of a symbol go from open to close instead of from midnight to midnight."""
    if exchange_hours.is_market_always_open or increment <= _HOUR:
        return False
    kind = symbol.security_type
    if kind in (SecurityType.FOREX, SecurityType.BASE) or (
        kind == SecurityType.CFD and symbol.id.market == Market.OANDA
    ):
        return False
    return is_enabled


def daily_calendar(time: datetime, exchange_hours: SecurityExchangeHours, extended_market_hours: bool) -> CalendarInfo:
    """Return the bar, from the first open to the last close of a day, that a time belongs to."""
    start = exchange_hours.get_first_daily_market_open(time, extended_market_hours)
    return CalendarInfo(start, exchange_hours.get_last_daily_market_close(start, extended_market_hours) - start)


def intraday_calendar(
    time: datetime, period: timedelta, exchange_hours: SecurityExchangeHours, extended_market_hours: bool
) -> CalendarInfo:
    """Return the bar that a time belongs to, of those counted from the open; the last one ends at the close."""
    is_open = exchange_hours.is_open(time, extended_market_hours)
    opened = exchange_hours.get_previous_market_open(time + _TICK if is_open else time, extended_market_hours)
    start = opened + (time - opened) // period * period
    close = exchange_hours.get_next_market_close(opened, extended_market_hours)
    return CalendarInfo(start, min(start + period, close) - start)


class MarketHourAwareConsolidator(ConsolidatorBase):
    """Bars of the hours in which the market is open.

    Parameters
    ----------
    daily_strict_end_time_enabled
        Whether daily bars go from open to close (of markets that close, and have prices from an
        exchange) instead of from midnight to midnight.
    resolution
        A resolution, or a period. One that is neither a resolution nor longer than a day is
        counted from the open of the market.
    data_type, tick_type
        The type of the data that is taken.
    extended_market_hours
        Whether data outside regular hours counts.
    """

    def __init__(
        self,
        daily_strict_end_time_enabled: bool,
        resolution: Resolution | timedelta,
        data_type: type[BaseData],
        tick_type: TickType,
        extended_market_hours: bool,
    ) -> None:
        self._is_strict = daily_strict_end_time_enabled
        self._extended = extended_market_hours
        self._hours: SecurityExchangeHours | None = None
        self._uses_strict_end = False
        self._open_ns = self._close_ns = 0
        self._period = SPANS[resolution] if isinstance(resolution, Resolution) else resolution
        period: timedelta | CalendarFunction = self._period
        if self._period == ONE_DAY or self._period not in SPANS.values():
            period = self.intraday_calendar if self._period < ONE_DAY else self.daily_strict_end_time
        self._inner = self.create_consolidator(period, data_type, tick_type)
        self._inner.engine_event += self._forward

    @property
    def period(self) -> timedelta:
        """How long a bar is, at most."""
        return self._period

    @property
    def consolidator(self) -> ConsolidatorBase:
        """The consolidator that makes the bars."""
        return self._inner

    @property
    def exchange_hours(self) -> SecurityExchangeHours | None:
        """The hours of the market; ``None`` before the first data point."""
        return self._hours

    @property
    def data_time_zone(self) -> Zone | None:
        """The time zone that the data is stamped in; ``None`` before the first data point."""
        symbol = self._inner._symbol
        if symbol is None:
            return None
        return MarketHoursDatabase.from_data_folder().get_data_time_zone(symbol.id.market, symbol, symbol.security_type)

    @property
    def due_ns(self) -> int:  # type: ignore[override]
        """The moment before which a scan does nothing."""
        return self._inner.due_ns

    @property
    def working_data(self) -> BaseData | None:
        """The bar that is being made, as a copy; ``None`` if there is none."""
        return self._inner.working_data

    @property
    def input_type(self) -> type:
        """The type of data that is taken."""
        return self._inner.input_type

    @property
    def output_type(self) -> type:
        """The type of data that is made."""
        return self._inner.output_type

    def create_consolidator(
        self, period: timedelta | CalendarFunction, data_type: type[BaseData], tick_type: TickType
    ) -> PeriodCountConsolidatorBase:  # type: ignore[type-arg]
        """Return the consolidator that makes the bars."""
        if data_type is Tick:
            return TickConsolidator(period) if tick_type == TickType.TRADE else TickQuoteBarConsolidator(period)
        if data_type is TradeBar:
            return TradeBarConsolidator(period)
        if data_type is QuoteBar:
            return QuoteBarConsolidator(period)
        raise ConsolidationError(f"{type(self).__name__} takes ticks, trade bars and quote bars, not {data_type}.")

    def update(self, data: BaseData) -> None:
        """Take a data point in, if the market is open."""
        if self._hours is None:
            self._look_up(data.symbol)
        if self._extended or self._is_open(data):
            self._inner.update(data)

    def scan(self, current_local_time: datetime) -> None:
        """Hand out what is finished by a time on the exchange's clock."""
        self._inner.scan(current_local_time)

    def dispose(self) -> None:
        """Let go of the engine's listeners."""
        self._inner.engine_event -= self._forward
        self._inner.dispose()
        super().dispose()

    def reset(self) -> None:
        """Forget everything but who listens."""
        self._uses_strict_end = False
        self._hours = None
        self._open_ns = self._close_ns = 0
        self._inner.reset()
        super().reset()

    def daily_strict_end_time(self, time: datetime) -> CalendarInfo:
        """Return the day that a time belongs to."""
        if self._hours is None or not self._uses_strict_end or self._period > ONE_DAY:
            return CalendarInfo(time if self._period > ONE_DAY else round_down(time, self._period), self._period)
        return daily_calendar(time, self._hours, self._extended)

    def intraday_calendar(self, time: datetime) -> CalendarInfo:
        """Return the bar, counted from the open, that a time belongs to."""
        if self._hours is None or self._hours.is_market_always_open:
            return CalendarInfo(round_down(time, self._period), self._period)
        return intraday_calendar(time, self._period, self._hours, self._extended)

    def use_strict_end_time(self, symbol: Symbol) -> bool:
        """Return whether daily bars go from open to close."""
        assert self._hours is not None
        return use_strict_end_time(self._is_strict, symbol, self._period, self._hours)

    def _look_up(self, symbol: Symbol) -> None:
        known = MarketHoursDatabase.from_data_folder()
        self._hours = known.get_exchange_hours(symbol.id.market, symbol, symbol.security_type)
        self._uses_strict_end = self.use_strict_end_time(symbol)

    def _is_open(self, data: BaseData) -> bool:
        """Return whether the market is open at the start of a data point.

        Into a day go also hourly bars during which it opens.
        """
        assert self._hours is not None
        start_ns = to_ns(data.time)
        if self._open_ns <= start_ns < self._close_ns:
            return True
        if self._hours.is_open_ns(start_ns, False):
            if not self._hours.is_market_always_open:
                self._open_ns, self._close_ns = start_ns, self._hours.next_close_ns(start_ns, False)
            return True
        end_time = data.end_time
        return (
            self._period == ONE_DAY
            and end_time - data.time >= _HOUR
            and self._hours.is_open_during_ns(start_ns, to_ns(end_time), False)
        )

    def _forward(self, sender: object, consolidated: BaseData | None) -> None:
        self.on_data_consolidated(consolidated)
