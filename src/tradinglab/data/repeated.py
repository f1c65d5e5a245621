"""Stored bars that go on for ever: after the last one, the last weeks come again, on the same weekdays.

A live run on a feed that has only the past needs bars of the present. They are those of a whole number of weeks ago, so
that weekdays and sessions are the right ones; what is stored is read as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from functools import cached_property

import numpy as np

from tradinglab.core.clock import DAY_NS, Zone
from tradinglab.core.enums import DataNormalizationMode, Resolution, SecurityType, TickType
from tradinglab.core.market_hours_database import MarketHoursDatabase
from tradinglab.core.security_definitions import SecurityDefinition
from tradinglab.core.symbol import Symbol
from tradinglab.core.symbol_properties import SymbolPropertiesDatabase
from tradinglab.data.adjust import normalize
from tradinglab.data.columns import BarColumns, join_columns
from tradinglab.data.factors import FactorTable
from tradinglab.data.interest import InterestRates
from tradinglab.data.mapping import MapFile, MapRow
from tradinglab.data.source import Coverage, DataSource, ShortableDay

WEEK_NS = 7 * DAY_NS
#: What comes again are the last weeks, of a year at most.
_MOST_WEEKS = 52
_LAST_DAY = 29_584  # 2050-12-31, on which LEAN's map files end
_Key = tuple[str, SecurityType, str, Resolution, TickType]


class RepeatedSource:
    """Another source, whose last whole weeks come again and again after its end.

    What comes again is adjusted for splits and dividends: there is none a second time.
    """

    def __init__(self, source: DataSource) -> None:
        self._source = source
        self.name = source.name
        self.default_benchmark = source.default_benchmark
        self.warnings = source.warnings

    @property
    def market_hours(self) -> MarketHoursDatabase:
        """When markets are open."""
        return self._source.market_hours

    @property
    def symbol_properties(self) -> SymbolPropertiesDatabase:
        """Lot sizes and the like."""
        return self._source.symbol_properties

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

    def tick_types(self, symbol: Symbol, resolution: Resolution) -> tuple[TickType, ...]:
        """Return the tick types of which there are bars."""
        return self._source.tick_types(symbol, resolution)

    def has(self, symbol: Symbol, resolution: Resolution, tick_type: TickType) -> bool:
        """Return whether there are any bars."""
        return self._source.has(symbol, resolution, tick_type)

    def is_synthetic(self, symbol: Symbol, resolution: Resolution, tick_type: TickType) -> bool:
        """Return whether the bars are made up."""
        return self._source.is_synthetic(symbol, resolution, tick_type)

    def factors(self, symbol: Symbol) -> FactorTable | None:
        """Return the factors of an equity, if it has any."""
        return self._source.factors(symbol)

    def map_file(self, symbol: Symbol) -> MapFile | None:
        """Return the tickers of an equity over time; the last one lasts, for the bars do."""
        found = self._source.map_file(symbol)
        if found is None or found.delisting_day >= _LAST_DAY:
            return found
        last = found.rows[-1]
        return MapFile(found.permtick, [*found.rows[:-1], MapRow(_LAST_DAY, last.ticker, last.exchange)])

    def resolve_symbol(self, ticker: str, security_type: SecurityType, market: str, day: int | None = None) -> Symbol:
        """Return the symbol that a ticker stands for on a day (default today)."""
        return self._source.resolve_symbol(ticker, security_type, market, day)

    def first_listing(self, ticker: str, market: str, when: datetime | None) -> tuple[str, datetime] | None:
        """Return first ticker and first date of the equity that a ticker names, if known."""
        return self._source.first_listing(ticker, market, when)

    def interest_rates(self) -> InterestRates:
        """Return the risk-free interest rate over time."""
        return self._source.interest_rates()

    def margin_interest_rates(self, symbol: Symbol) -> list[tuple[int, Decimal]]:
        """Return instants (nanoseconds UTC) and funding rates of a perpetual future."""
        return self._source.margin_interest_rates(symbol)

    def shortable(self, symbol: Symbol, brokerage: str) -> Mapping[int, ShortableDay]:
        """Return what a brokerage could lend, by day; a day that is missing has no limit."""
        return self._source.shortable(symbol, brokerage)

    def security_definitions(self) -> Iterable[SecurityDefinition]:
        """Return what securities are called in the industry, as far as it is known."""
        return self._source.security_definitions()

    def coverage(self) -> Iterable[Coverage]:
        """Return what is stored."""
        return self._source.coverage()


def _shifted(bars: BarColumns, zone: Zone, shift_ns: int) -> BarColumns:
    """Return bars as they are on the clock on the wall, so many weeks later."""
    return bars.take(
        np.arange(len(bars)),
        time_ns=zone.utc_ns_array(zone.local_ns_array(bars.time_ns) + shift_ns),
        end_ns=zone.utc_ns_array(zone.local_ns_array(bars.end_ns) + shift_ns),
    )
