"""A bar store as a source of bars."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from itertools import pairwise
from pathlib import Path

import numpy as np

from tradinglab.core.clock import DAY_NS
from tradinglab.core.enums import Resolution, SecurityType, TickType
from tradinglab.core.market_hours_database import MarketHoursDatabase
from tradinglab.core.security_identifier import SecurityIdentifier
from tradinglab.core.symbol import Symbol
from tradinglab.core.symbol_properties import SymbolPropertiesDatabase
from tradinglab.data.bars_only import BarsOnlySource
from tradinglab.data.columns import BarColumns, Floats
from tradinglab.data.errors import DataSourceError, StoreError
from tradinglab.data.factors import FactorTable
from tradinglab.data.known_listings import known_listing
from tradinglab.data.loaded import LoadedBars
from tradinglab.data.periods import ends_of
from tradinglab.data.source import Coverage
from tradinglab.data.store.bar_store import BarStore
from tradinglab.data.store.files import BarFile
from tradinglab.data.store.layout import MARKER, SeriesKey, factor_name, folder_of
from tradinglab.data.store.manifest import joined_sources
from tradinglab.data.store.store_reader import iter_origins

_US = 1_000
_TICK_TYPES = (TickType.TRADE, TickType.QUOTE)
#: What is traded by bid and ask alone.
_QUOTED = (SecurityType.FOREX, SecurityType.CFD)


class StoreSource(BarsOnlySource):
    """Bars from a bar store; market hours, symbol properties and rates are those shipped.

    Of currency pairs and CFDs of which the store has prices and no quotes, as downloads bring them, the prices count as
    bid and as ask: there is no spread, and a warning says so.

    Parameters
    ----------
    where
        The store's folder, or ``s3://bucket/prefix``.
    pin
        The name of a pin whose slices are read in place of those that the store has now: the bars and factors that a
        run has read. What the pin does not name is read as it is now.

    Raises
    ------
    DataSourceError
        If there is no bar store, or no such pin.
    """

    default_benchmark: Symbol | None = None

    def __init__(self, where: Path | str, pin: str = "") -> None:
        self.name = f"store:{where}" + (f"@{pin}" if pin else "")
        self.warnings: list[str] = []
        try:
            self.store = BarStore(where)
            is_store = self.store.place.document(MARKER) is not None
            self._pinned = self.store.pinned(pin) if pin else {}
        except StoreError as problem:
            raise DataSourceError(self.name, str(problem)) from problem
        if not is_store:
            raise DataSourceError(self.name, f"it is not a bar store, it has no {MARKER}. Import bars into it first.")
        self.folder = self.store.folder
        self._loaded = LoadedBars()
        self._is_synthetic: dict[SeriesKey, bool] = {}

    @cached_property
    def market_hours(self) -> MarketHoursDatabase:
        """When markets are open."""
        return MarketHoursDatabase.default()

    @cached_property
    def symbol_properties(self) -> SymbolPropertiesDatabase:
        """Lot sizes and the like."""
        return SymbolPropertiesDatabase.default()

    def bars(
        self, symbol: Symbol, resolution: Resolution, tick_type: TickType, start_ns: int, end_ns: int
    ) -> BarColumns:
        """Return raw bars that start in ``[start_ns, end_ns)``."""
        asked, key = SeriesKey.of(symbol, resolution, tick_type), self.series(symbol, resolution, tick_type)
        if end_ns <= start_ns or not self._holds(key):
            return BarColumns.empty(tick_type)
        self._say_synthetic(key)
        if key != asked:
            self._say(
                f"The store has prices of {symbol.value} and no quotes: bid and ask are the same, without a spread."
            )
        zone = self.market_hours.get_exchange_hours(symbol.id.market, symbol.value, symbol.security_type).time_zone

        def read(first_day: int, last_day: int) -> BarColumns:
            day_us = DAY_NS // _US
            times, values = self.store.read(key, first_day * day_us, (last_day + 1) * day_us, at=self._state(key))
            time_ns = times * _US
            if key != asked:
                values = _as_quotes(values)
            return BarColumns(tick_type, time_ns, ends_of(time_ns, resolution, zone), values)

        first, last = start_ns // DAY_NS, (end_ns - 1) // DAY_NS
        return self._loaded.get(asked, first, last, read).between(start_ns, end_ns)

    def tick_types(self, symbol: Symbol, resolution: Resolution) -> tuple[TickType, ...]:
        """Return the tick types of which there are bars."""
        return tuple(kind for kind in _TICK_TYPES if self.has(symbol, resolution, kind))

    def has(self, symbol: Symbol, resolution: Resolution, tick_type: TickType) -> bool:
        """Return whether there are any bars."""
        return self._holds(self.series(symbol, resolution, tick_type))

    def is_synthetic(self, symbol: Symbol, resolution: Resolution, tick_type: TickType) -> bool:
        """Return whether any of the bars are made up."""
        return self._any_synthetic(self.series(symbol, resolution, tick_type))

    def factors(self, symbol: Symbol) -> FactorTable | None:
        """Return the factors of an equity, if it has any."""
        if symbol.security_type != SecurityType.EQUITY:
            return None
        kind, market = symbol.security_type, symbol.id.market
        name = factor_name(kind, market, symbol.value)
        sha256 = self._pinned.get(name)
        if sha256 is None and any(_is_bars_of(name, what) for what in self._pinned):
            return None  # the run has read bars of it, and there were no factors
        return self.store.factors(kind, market, symbol.value, sha256)

    def resolve_symbol(self, ticker: str, security_type: SecurityType, market: str, day: int | None = None) -> Symbol:
        """Return the symbol of a ticker."""
        if security_type == SecurityType.EQUITY:
            listing = known_listing(ticker, market)
            if listing is not None:
                first_ticker, first_date = listing
                return Symbol(SecurityIdentifier.generate_equity(first_date, first_ticker, market), ticker)
            return Symbol(SecurityIdentifier.generate_equity(ticker, market, False), ticker)
        return Symbol.create(ticker, security_type, market)

    def coverage(self) -> Iterator[Coverage]:
        """Return what the store has."""
        for key in self.store.series():
            files = self.store.files(key)
            zone = self.market_hours.get_exchange_hours(key.market, key.ticker, key.security_type).time_zone
            yield Coverage(
                ticker=key.ticker,
                security_type=key.security_type,
                market=key.market,
                resolution=key.resolution,
                tick_type=key.tick_type,
                first_day=zone.local_ns(min(file.first_us for file in files) * _US) // DAY_NS,
                last_day=zone.local_ns(max(file.last_us for file in files) * _US) // DAY_NS,
                bars=self._count(key, files),
                is_synthetic=any(origin.is_synthetic for origin in iter_origins(files)),
                sources=self._sources(key),
            )

    def series(self, symbol: Symbol, resolution: Resolution, tick_type: TickType) -> SeriesKey:
        """Return the series whose bars answer: in place of quotes that are not there, of some types, the prices."""
        key = SeriesKey.of(symbol, resolution, tick_type)
        if tick_type != TickType.QUOTE or symbol.security_type not in _QUOTED or self._holds(key):
            return key
        prices = SeriesKey.of(symbol, resolution, TickType.TRADE)
        return prices if self._holds(prices) else key

    def _holds(self, key: SeriesKey) -> bool:
        return self._state(key) is not None or self.store.has(key)

    def _state(self, key: SeriesKey) -> list[str] | None:
        """Return the hashes of the slices that are pinned of a series, ``None`` if none is."""
        folder = folder_of(key)
        return [sha256 for what, sha256 in self._pinned.items() if what.rpartition("/")[0] == folder] or None

    def _count(self, key: SeriesKey, files: list[BarFile]) -> int:
        """Return how many bars there are; they are read only if files may hold bars of the same times."""
        ordered = sorted(files, key=lambda file: file.first_us)
        if all(before.last_us < after.first_us for before, after in pairwise(ordered)):
            return sum(file.rows for file in files)
        return len(self.store.read(key)[0])

    def _sources(self, key: SeriesKey) -> tuple[str, ...]:
        ranges = joined_sources(each.sources for each in self.store.manifest(key).slices)
        return tuple(dict.fromkeys(each.source for each in ranges))

    def _any_synthetic(self, key: SeriesKey) -> bool:
        if key not in self._is_synthetic:
            self._is_synthetic[key] = any(origin.is_synthetic for origin in iter_origins(self.store.files(key)))
        return self._is_synthetic[key]

    def _say_synthetic(self, key: SeriesKey) -> None:
        if self._any_synthetic(key):
            self._say(f"Bars of {key} are synthetic. Results on them say nothing about the market.")

    def _say(self, text: str) -> None:
        if text not in self.warnings:
            self.warnings.append(text)


def _as_quotes(values: Mapping[str, Floats]) -> dict[str, Floats]:
    """Return bars of quotes whose bid and ask are both the prices; nothing is known of their sizes."""
    sizes = np.zeros(len(values["close"]))
    found: dict[str, Floats] = {}
    for side in ("bid", "ask"):
        found |= {f"{side}_{name}": values[name] for name in ("open", "high", "low", "close")}
        found[f"{side}_size"] = sizes
    return found


def _is_bars_of(factors: str, what: str) -> bool:
    """Return whether a slice holds bars of the ticker whose factors have this name."""
    kind, market, _, ticker = factors.split("/")
    parts = what.split("/")
    return len(parts) == 6 and (*parts[:2], parts[4]) == (kind, market, ticker)
