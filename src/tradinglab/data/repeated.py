"""Stored bars that go on for ever: after the last one, the last weeks come again, on the same weekdays.

A live run on a feed that has only the past needs bars of the present. They are those of a whole number of weeks ago, so
that weekdays and sessions are the right ones; what is stored is read as it is.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np

from tradinglab.core.clock import DAY_NS, Zone
from tradinglab.core.enums import DataNormalizationMode, Resolution, SecurityType, TickType
from tradinglab.core.symbol import Symbol
from tradinglab.data.adjust import normalize
from tradinglab.data.columns import BarColumns, join_columns
from tradinglab.data.delegating import DelegatingSource
from tradinglab.data.mapping import MapFile, MapRow

WEEK_NS = 7 * DAY_NS
#: What comes again are the last weeks, of a year at most.
_MOST_WEEKS = 52
_LAST_DAY = 29_584  # 2050-12-31, on which LEAN's map files end
_Key = tuple[str, SecurityType, str, Resolution, TickType]


class RepeatedSource(DelegatingSource):
    """Another source, whose last whole weeks come again and again after its end.

    What comes again is adjusted for splits and dividends: there is none a second time.
    """

    @cached_property
    def _spans(self) -> dict[_Key, tuple[int, int]]:
        return {
            (each.ticker, each.security_type, each.market, each.resolution, each.tick_type): (
                each.first_day,
                each.last_day,
            )
            for each in self._source.coverage()
        }

    def last_day(self, symbol: Symbol, resolution: Resolution, tick_type: TickType) -> int | None:
        """Return the last day (since 1970-01-01) of which there are bars, ``None`` if there are none."""
        span = self._span(symbol, resolution, tick_type)
        return None if span is None else span[1]

    def _span(self, symbol: Symbol, resolution: Resolution, tick_type: TickType) -> tuple[int, int] | None:
        return self._spans.get((symbol.value.upper(), symbol.security_type, symbol.id.market, resolution, tick_type))

    def bars(
        self, symbol: Symbol, resolution: Resolution, tick_type: TickType, start_ns: int, end_ns: int
    ) -> BarColumns:
        """Return raw bars that start in ``[start_ns, end_ns)``; after the last one, those of whole weeks before."""
        span = self._span(symbol, resolution, tick_type)
        zone = self._zone(symbol)
        stored = self._source.bars(symbol, resolution, tick_type, start_ns, end_ns)
        if span is None:
            return stored
        first_day, last_day = span
        weeks = min((last_day - first_day + 1) // 7, _MOST_WEEKS)
        over_ns = (last_day + 1) * DAY_NS
        end_local_ns = zone.local_ns(end_ns)
        if weeks == 0 or end_local_ns <= over_ns:
            return stored
        period_ns = weeks * WEEK_NS
        begin_local_ns = max(zone.local_ns(start_ns), over_ns)
        found = stored
        for times in range((begin_local_ns - over_ns) // period_ns + 1, (end_local_ns - 1 - over_ns) // period_ns + 2):
            shift_ns = times * period_ns
            low_ns = max(begin_local_ns - shift_ns, over_ns - period_ns)
            high_ns = min(end_local_ns - shift_ns, over_ns)
            if low_ns < high_ns:
                again = self._adjusted(symbol, resolution, tick_type, zone.utc_ns(low_ns), zone.utc_ns(high_ns))
                found = join_columns(found, _shifted(again, zone, shift_ns))
        return found

    def _adjusted(
        self, symbol: Symbol, resolution: Resolution, tick_type: TickType, start_ns: int, end_ns: int
    ) -> BarColumns:
        bars = self._source.bars(symbol, resolution, tick_type, start_ns, end_ns)
        factors = self._source.factors(symbol)
        if factors is None or not len(bars):
            return bars
        return normalize(bars, factors, DataNormalizationMode.ADJUSTED, self._zone(symbol))

    def _zone(self, symbol: Symbol) -> Zone:
        hours = self.market_hours.get_exchange_hours(symbol.id.market, symbol.value, symbol.security_type)
        return hours.time_zone

    def map_file(self, symbol: Symbol) -> MapFile | None:
        """Return the tickers of an equity over time; the last one lasts, for the bars do."""
        return lasting(self._source.map_file(symbol))


def lasting(found: MapFile | None) -> MapFile | None:
    """Return tickers over time of which the last one lasts: what is traded live is listed."""
    if found is None or found.delisting_day >= _LAST_DAY:
        return found
    last = found.rows[-1]
    return MapFile(found.permtick, [*found.rows[:-1], MapRow(_LAST_DAY, last.ticker, last.exchange)])


def _shifted(bars: BarColumns, zone: Zone, shift_ns: int) -> BarColumns:
    """Return bars as they are on the clock on the wall, so many weeks later."""
    return bars.take(
        np.arange(len(bars)),
        time_ns=zone.utc_ns_array(zone.local_ns_array(bars.time_ns) + shift_ns),
        end_ns=zone.utc_ns_array(zone.local_ns_array(bars.end_ns) + shift_ns),
    )
