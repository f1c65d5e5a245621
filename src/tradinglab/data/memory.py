"""Bars held in memory: arrays or data frames of one's own as a source."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from tradinglab.core.clock import DAY_NS, day_of
from tradinglab.core.enums import Resolution, SecurityType, TickType
from tradinglab.core.market import Market
from tradinglab.core.market_hours_database import MarketHoursDatabase
from tradinglab.core.symbol import Symbol
from tradinglab.core.symbol_properties import SymbolPropertiesDatabase
from tradinglab.core.values import dataclass
from tradinglab.data.bars_only import BarsOnlySource
from tradinglab.data.columns import TRADE_FIELDS, BarColumns
from tradinglab.data.errors import DataError
from tradinglab.data.factors import FactorTable
from tradinglab.data.source import Coverage

_SPAN_NS = {
    Resolution.SECOND: 1_000_000_000,
    Resolution.MINUTE: 60_000_000_000,
    Resolution.HOUR: 3_600_000_000_000,
    Resolution.DAILY: DAY_NS,
}


@dataclass(frozen=True, slots=True)
class _Held:
    symbol: Symbol
    resolution: Resolution
    columns: BarColumns


class MemorySource(BarsOnlySource):
    """A source of trade bars that are in memory already.

    Prices are taken as they are: there are no splits, dividends or changes of ticker.
    """

    def __init__(self, *, market_hours: MarketHoursDatabase | None = None,
                 symbol_properties: SymbolPropertiesDatabase | None = None,
                 default_benchmark: Symbol | None = None) -> None:  # fmt: skip
        self.name = "memory"
        self.warnings: list[str] = []
        self.default_benchmark = default_benchmark
        self._market_hours = MarketHoursDatabase.default() if market_hours is None else market_hours
        self._symbol_properties = SymbolPropertiesDatabase.default() if symbol_properties is None else symbol_properties
        self._held: dict[tuple[Symbol, Resolution], _Held] = {}
        self._symbols: dict[tuple[str, SecurityType, str], Symbol] = {}

    def add(self, ticker: str, resolution: Resolution, bars: Mapping[str, Any], *,
            security_type: SecurityType = SecurityType.EQUITY, market: str = Market.USA) -> Symbol:  # fmt: skip
        """Add bars of a ticker.

        Parameters
        ----------
        bars
            ``time`` (start of each bar: int64 nanoseconds UTC, or datetime64 taken as UTC), ``open``,
            ``high``, ``low``, ``close`` and, if there is one, ``volume``. A data frame will do.

        Raises
        ------
        DataError
            If a column is missing, lengths differ, times do not increase, or a price is not a
            positive number.
        """
        symbol = self.resolve_symbol(ticker, security_type, market)
        columns = _columns(ticker, resolution, bars)
        self._held[symbol, resolution] = _Held(symbol, resolution, columns)
        return symbol

    @property
    def market_hours(self) -> MarketHoursDatabase:
        """Opening hours."""
        return self._market_hours

    @property
    def symbol_properties(self) -> SymbolPropertiesDatabase:
        """Lot sizes, tick sizes, currencies."""
        return self._symbol_properties

    def bars(self, symbol: Symbol, resolution: Resolution, tick_type: TickType, start_ns: int,
             end_ns: int) -> BarColumns:  # fmt: skip
        """Return the bars that start in ``[start_ns, end_ns)``."""
        held = self._held.get((symbol, resolution))
        if held is None or tick_type != TickType.TRADE:
            return BarColumns.empty(tick_type)
        first, last = np.searchsorted(held.columns.time_ns, [start_ns, end_ns])
        if first == 0 and last == len(held.columns):
            return held.columns
        return held.columns.take(np.arange(first, last))

    def tick_types(self, symbol: Symbol, resolution: Resolution) -> tuple[TickType, ...]:
        """Return the tick types of which there are bars."""
        return (TickType.TRADE,) if (symbol, resolution) in self._held else ()

    def has(self, symbol: Symbol, resolution: Resolution, tick_type: TickType) -> bool:
        """Return whether there are any bars."""
        return tick_type in self.tick_types(symbol, resolution)

    def is_synthetic(self, symbol: Symbol, resolution: Resolution, tick_type: TickType) -> bool:
        """Return ``False``: who adds bars knows where they are from."""
        return False

    def factors(self, symbol: Symbol) -> FactorTable | None:
        """Return ``None``: prices are taken as they are."""
        return None

    def resolve_symbol(self, ticker: str, security_type: SecurityType, market: str, day: int | None = None) -> Symbol:
        """Return the symbol of a ticker."""
        key = (ticker.upper(), security_type, market)
        if key not in self._symbols:
            self._symbols[key] = Symbol.create(ticker, security_type, market)
        return self._symbols[key]

    def coverage(self) -> Iterable[Coverage]:
        """Return what there is."""
        for held in self._held.values():
            times = held.columns.time_ns
            if len(times):
                yield Coverage(
                    ticker=held.symbol.value,
                    security_type=held.symbol.security_type,
                    market=held.symbol.id.market,
                    resolution=held.resolution,
                    tick_type=TickType.TRADE,
                    first_day=day_of(int(times[0])),
                    last_day=day_of(int(times[-1])),
                    bars=len(times),
                )


def _columns(ticker: str, resolution: Resolution, bars: Mapping[str, Any]) -> BarColumns:
    missing = [name for name in ("time", "open", "high", "low", "close") if name not in bars]
    if missing:
        raise DataError(f"the bars of {ticker} have no column '{missing[0]}'; time, open, high, low, close are needed")
    raw = np.asarray(bars["time"])
    time_ns = raw.astype("datetime64[ns]").astype(np.int64) if raw.dtype.kind == "M" else raw.astype(np.int64)
    values = {name: np.ascontiguousarray(bars[name], dtype=np.float64) for name in TRADE_FIELDS if name in bars}
    values.setdefault("volume", np.zeros(len(time_ns)))
    for name, column in values.items():
        if len(column) != len(time_ns):
            raise DataError(f"the bars of {ticker}: '{name}' has {len(column)} values, 'time' has {len(time_ns)}")
        bad = np.flatnonzero(~np.isfinite(column) | ((column <= 0) if name != "volume" else (column < 0)))
        if len(bad):
            raise DataError(
                f"the bars of {ticker}: '{name}' in row {bad[0]} is {column[bad[0]]}, not a positive number"
            )
    unsorted = np.flatnonzero(np.diff(time_ns) <= 0)
    if len(unsorted):
        raise DataError(f"the bars of {ticker}: the time in row {unsorted[0] + 1} does not follow the one before")
    return BarColumns(TickType.TRADE, time_ns, time_ns + _SPAN_NS[resolution], values)
