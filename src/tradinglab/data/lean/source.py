"""A LEAN data folder as it is, as a source of bars."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from pathlib import Path

from tradinglab.core.clock import DAY_NS, date_of_day, day_of, day_of_date
from tradinglab.core.enums import Resolution, SecurityType, TickType
from tradinglab.core.market_hours_database import MarketHoursDatabase
from tradinglab.core.security_definitions import SecurityDefinition
from tradinglab.core.security_identifier import SecurityIdentifier
from tradinglab.core.symbol import Symbol
from tradinglab.core.symbol_properties import SymbolPropertiesDatabase
from tradinglab.data.columns import BarColumns
from tradinglab.data.factors import FactorTable
from tradinglab.data.interest import InterestRates
from tradinglab.data.lean.bars import Series, read_bars, read_long_bars
from tradinglab.data.lean.paths import LONG, WITH_BARS, DataFile, day_file, long_file, market_folder, parse_day_name
from tradinglab.data.lean.tables import (
    read_factor_file,
    read_interest_rates,
    read_map_files,
    read_margin_interest,
    read_security_definitions,
    read_shortable,
)
from tradinglab.data.loaded import LoadedBars
from tradinglab.data.mapping import FIRST_DAY_OF_ALL, MapFile, MapFiles, TickerSpan
from tradinglab.data.reads import note_read
from tradinglab.data.source import Coverage, ShortableDay

_ALWAYS = (-(10**6), 10**6)
_TICK_TYPES = (TickType.TRADE, TickType.QUOTE)


class LeanSource:
    """Bars, factors, tickers, market hours and rates from a folder laid out as LEAN's.

    Parameters
    ----------
    folder
        The folder that holds ``equity``, ``forex``, ``market-hours`` and so on.
    """

    default_benchmark: Symbol | None = None

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.name = f"lean:{folder}"
        self.warnings: list[str] = []
        self._loaded = LoadedBars()
        self._days: dict[Path, dict[TickType, list[int]]] = {}
        self._maps: dict[str, MapFiles] = {}
        self._factors: dict[SecurityIdentifier, FactorTable | None] = {}

    @cached_property
    def market_hours(self) -> MarketHoursDatabase:
        """When markets are open, from the folder if it says."""
        has_own = (self.folder / "market-hours").is_dir()
        if has_own:
            note_read(self.folder / "market-hours" / "market-hours-database.json")
        return MarketHoursDatabase.from_lean(self.folder) if has_own else MarketHoursDatabase.default()

    @cached_property
    def symbol_properties(self) -> SymbolPropertiesDatabase:
        """Lot sizes and the like, from the folder if it says."""
        has_own = (self.folder / "symbol-properties").is_dir()
        if has_own:
            note_read(self.folder / "symbol-properties" / "symbol-properties-database.csv")
        return SymbolPropertiesDatabase.from_lean(self.folder) if has_own else SymbolPropertiesDatabase.default()

    # ---- bars

    def bars(
        self, symbol: Symbol, resolution: Resolution, tick_type: TickType, start_ns: int, end_ns: int
    ) -> BarColumns:
        """Return raw bars that start in ``[start_ns, end_ns)``."""
        if symbol.security_type not in WITH_BARS or end_ns <= start_ns:
            return BarColumns.empty(tick_type)
        series = self._series(symbol, resolution, tick_type)
        if resolution in LONG:
            first, last = _ALWAYS
        else:
            zone = series.data_zone
            first, last = day_of(zone.local_ns(start_ns)), day_of(zone.local_ns(end_ns - 1))

        def read(first_day: int, last_day: int) -> BarColumns:
            return self._read(symbol, series, first_day, last_day)

        key = (symbol.id, resolution, tick_type)
        return self._loaded.get(key, first, last, read).between(start_ns, end_ns)

    def _series(self, symbol: Symbol, resolution: Resolution, tick_type: TickType) -> Series:
        entry = self.market_hours.get_entry(symbol.id.market, symbol.value, symbol.security_type)
        return Series(
            symbol.security_type,
            resolution,
            tick_type,
            entry.data_time_zone,
            entry.exchange_hours.time_zone,
            f"{symbol.value} {resolution.name.lower()} {tick_type.name.lower()}",
            self.warnings,
        )

    def _read(self, symbol: Symbol, series: Series, first_day: int, last_day: int) -> BarColumns:
        spans = self._spans(symbol, first_day, last_day)
        if series.resolution in LONG:
            files = [self._long_file(symbol, series.resolution, series.tick_type, span) for span in spans]
            bars = read_long_bars([file for file in files if file is not None], series)
        else:
            bars = read_bars(self._day_files(symbol, series, spans), series)
        return self._since_factors(symbol, bars, series)

    def _since_factors(self, symbol: Symbol, bars: BarColumns, series: Series) -> BarColumns:
        """Drop bars of days whose factors are unknown, which could not be compared with later ones."""
        factors = self.factors(symbol)
        minimum = factors.minimum_day if factors is not None else None
        if minimum is None or len(bars) == 0:
            return bars
        first_ns = series.exchange_zone.utc_ns(minimum * DAY_NS)
        return bars if bars.end_ns[0] >= first_ns else bars.take(slice(int((bars.end_ns < first_ns).sum()), None))

    def _spans(self, symbol: Symbol, first_day: int, last_day: int) -> list[TickerSpan]:
        """Return the tickers under which a symbol's files are found."""
        found = self.map_file(symbol)
        if found is not None:
            return found.spans(first_day, last_day)
        is_pair = symbol.security_type == SecurityType.CRYPTO_FUTURE
        return [TickerSpan(symbol.id.symbol if is_pair else symbol.value, first_day, last_day)]

    def _long_file(
        self, symbol: Symbol, resolution: Resolution, tick_type: TickType, span: TickerSpan
    ) -> DataFile | None:
        folder = market_folder(self.folder, symbol.security_type, symbol.id.market) / resolution.name.lower()
        return long_file(folder, symbol.security_type, span, tick_type)

    def _day_files(self, symbol: Symbol, series: Series, spans: list[TickerSpan]) -> Iterator[DataFile]:
        for span in spans:
            folder = self._day_folder(symbol, series.resolution, span.ticker)
            for day in self._days_in(folder).get(series.tick_type, ()):
                if span.first_day <= day <= span.last_day:
                    yield day_file(folder, span.ticker, series.resolution, series.tick_type, day)

    def _day_folder(self, symbol: Symbol, resolution: Resolution, ticker: str) -> Path:
        folder = market_folder(self.folder, symbol.security_type, symbol.id.market)
        return folder / resolution.name.lower() / ticker.lower()

    def _days_in(self, folder: Path) -> dict[TickType, list[int]]:
        """Return the days that a folder has archives of, by tick type."""
        found = self._days.get(folder)
        if found is None:
            found = self._days[folder] = {}
            names = sorted(entry.name for entry in folder.iterdir()) if folder.is_dir() else []
            for name in names:
                parsed = parse_day_name(name)
                if parsed is not None:
                    found.setdefault(parsed[1], []).append(parsed[0])
        return found

    def tick_types(self, symbol: Symbol, resolution: Resolution) -> tuple[TickType, ...]:
        """Return the tick types of which there are bars."""
        return tuple(kind for kind in _TICK_TYPES if self.has(symbol, resolution, kind))

    def has(self, symbol: Symbol, resolution: Resolution, tick_type: TickType) -> bool:
        """Return whether there are any bars."""
        if symbol.security_type not in WITH_BARS:
            return False
        for span in self._spans(symbol, *_ALWAYS):
            if resolution in LONG:
                if self._long_file(symbol, resolution, tick_type, span) is not None:
                    return True
            elif self._days_in(self._day_folder(symbol, resolution, span.ticker)).get(tick_type):
                return True
        return False

    def is_synthetic(self, symbol: Symbol, resolution: Resolution, tick_type: TickType) -> bool:
        """Return whether the bars are made up: never."""
        return False

    # ---- equities over time

    def _map_files(self, market: str) -> MapFiles:
        market = market.lower()
        found = self._maps.get(market)
        if found is None:
            folder = market_folder(self.folder, SecurityType.EQUITY, market) / "map_files"
            found = self._maps[market] = read_map_files(folder)
        return found

    def map_file(self, symbol: Symbol) -> MapFile | None:
        """Return the tickers of an equity over time, if they are known."""
        if symbol.security_type != SecurityType.EQUITY:
            return None
        return self._map_files(symbol.id.market).resolve(symbol.id.symbol, day_of_date(symbol.id.date.date()))

    def factors(self, symbol: Symbol) -> FactorTable | None:
        """Return the factors of an equity, if it has any."""
        if symbol.security_type != SecurityType.EQUITY:
            return None
        if symbol.id not in self._factors:
            found = self.map_file(symbol)
            permtick = symbol.value if found is None else found.permtick
            folder = market_folder(self.folder, SecurityType.EQUITY, symbol.id.market) / "factor_files"
            self._factors[symbol.id] = read_factor_file(folder, permtick)
        return self._factors[symbol.id]

    def first_listing(self, ticker: str, market: str, when: datetime | None) -> tuple[str, datetime] | None:
        """Return first ticker and first date of the equity that a ticker names, if known."""
        day = day_of_date(date.today() if when is None else when.date())
        found = self._map_files(market).resolve(ticker, day)
        if found is None:
            return None
        return found.first_ticker, datetime.combine(date_of_day(found.first_day), datetime.min.time())

    def resolve_symbol(self, ticker: str, security_type: SecurityType, market: str, day: int | None = None) -> Symbol:
        """Return the symbol that a ticker stands for on a day (default today)."""
        if security_type != SecurityType.EQUITY:
            return Symbol.create(ticker, security_type, market)
        when = None if day is None else datetime.combine(date_of_day(max(day, FIRST_DAY_OF_ALL)), datetime.min.time())
        listing = self.first_listing(ticker, market, when)
        if listing is None:
            return Symbol(SecurityIdentifier.generate_equity(ticker, market, False), ticker)
        first_ticker, first_date = listing
        return Symbol(SecurityIdentifier.generate_equity(first_date, first_ticker, market), ticker)

    # ---- rates, and what there is

    def interest_rates(self) -> InterestRates:
        """Return the risk-free interest rate over time."""
        return read_interest_rates(self.folder / "alternative" / "interest-rate" / "usa" / "interest-rate.csv")

    def margin_interest_rates(self, symbol: Symbol) -> list[tuple[int, Decimal]]:
        """Return instants (nanoseconds UTC) and funding rates of a perpetual future."""
        folder = market_folder(self.folder, symbol.security_type, symbol.id.market) / "margin_interest"
        return read_margin_interest(folder / f"{symbol.id.symbol.lower()}.csv")

    def security_definitions(self) -> list[SecurityDefinition]:
        """Return what securities are called in the industry, from ``symbol-properties/security-database.csv``."""
        return read_security_definitions(self.folder / "symbol-properties" / "security-database.csv")

    def shortable(self, symbol: Symbol, brokerage: str) -> Mapping[int, ShortableDay]:
        """Return what a brokerage could lend, by day; a day that is missing has no limit."""
        folder = market_folder(self.folder, symbol.security_type, symbol.id.market) / "shortable" / brokerage.lower()
        return read_shortable(folder / "symbols" / f"{symbol.value.lower()}.csv")

    def coverage(self) -> Iterator[Coverage]:
        """Return what the folder has."""
        from tradinglab.data.lean.listing import list_coverage

        return list_coverage(self.folder)
