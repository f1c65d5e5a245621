"""A source that passes on what another one says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal

from tradinglab.core.enums import Resolution, SecurityType, TickType
from tradinglab.core.market_hours_database import MarketHoursDatabase
from tradinglab.core.security_definitions import SecurityDefinition
from tradinglab.core.symbol import Symbol
from tradinglab.core.symbol_properties import SymbolPropertiesDatabase
from tradinglab.data.columns import BarColumns
from tradinglab.data.factors import FactorTable
from tradinglab.data.interest import InterestRates
from tradinglab.data.mapping import MapFile
from tradinglab.data.source import Coverage, DataSource, ShortableDay


class DelegatingSource:
    """Base of sources that are another one but for something."""

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

    def bars(
        self, symbol: Symbol, resolution: Resolution, tick_type: TickType, start_ns: int, end_ns: int
    ) -> BarColumns:
        """Return raw bars that start in ``[start_ns, end_ns)``."""
        return self._source.bars(symbol, resolution, tick_type, start_ns, end_ns)

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
        """Return the tickers of an equity over time, if they are known."""
        return self._source.map_file(symbol)

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
        """Return what the source has."""
        return self._source.coverage()
