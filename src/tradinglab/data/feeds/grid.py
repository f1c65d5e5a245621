"""When the next bar of a series may end: by its market's hours, on the wall clock of its data."""

from __future__ import annotations

from tradinglab.core.clock import DAY_NS, day_of
from tradinglab.core.enums import Resolution
from tradinglab.core.market_hours import SecurityExchangeHours
from tradinglab.core.market_hours_database import MarketHoursDatabase
from tradinglab.data.columns import Ints
from tradinglab.data.feeds.protocol import Series
from tradinglab.data.periods import PERIODS, ends_of

_MOST_DAYS = 366


class BarGrid:
    """Ends of bars.

    Parameters
    ----------
    hours
        When markets are open; hours before and after the session count, as sources may have bars of them.
    """

    def __init__(self, hours: MarketHoursDatabase | None = None) -> None:
        self._database = MarketHoursDatabase.default() if hours is None else hours

    def hours(self, series: Series) -> SecurityExchangeHours:
        """Return the hours of a series' market."""
        symbol = series.symbol
        return self._database.get_exchange_hours(symbol.id.market, symbol.value, symbol.security_type)

    def ends(self, series: Series, time_ns: Ints) -> Ints:
        """Return the ends of bars from their starts."""
        return ends_of(time_ns, series.resolution, self.hours(series).time_zone)

    def next_end_ns(self, series: Series, after_ns: int) -> int:
        """Return the first instant after another at which a bar may end; a day's bar ends at midnight."""
        if series.resolution == Resolution.DAILY:
            return self._next_midnight_ns(series, after_ns)
        period, hours = PERIODS[series.resolution], self.hours(series)
        end_ns = self._on_grid(series, after_ns, period)
        if hours.is_market_always_open:
            return end_ns
        zone = hours.time_zone
        start_ns = zone.local_ns(end_ns - period)
        if hours.is_open_during_ns(start_ns, zone.local_ns(end_ns), True):
            return end_ns
        return self._on_grid(series, zone.utc_ns(hours.next_open_ns(start_ns, True)), period)

    def _on_grid(self, series: Series, after_ns: int, period: int) -> int:
        symbol = series.symbol
        zone = self._database.get_data_time_zone(symbol.id.market, symbol.value, symbol.security_type)
        shift = zone.offset_ns(after_ns)
        return (after_ns + shift) // period * period + period - shift

    def _next_midnight_ns(self, series: Series, after_ns: int) -> int:
        hours = self.hours(series)
        zone = hours.time_zone
        first = day_of(zone.local_ns(after_ns))
        for day in range(first, first + _MOST_DAYS):
            end_ns = zone.utc_ns((day + 1) * DAY_NS)
            if end_ns > after_ns and (hours.is_market_always_open or hours.is_day_open(day)):
                return end_ns
        return zone.utc_ns((first + _MOST_DAYS) * DAY_NS)
