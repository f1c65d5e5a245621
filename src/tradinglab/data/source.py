"""What the engine asks a source of market data, and how a source is named and opened."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Protocol

from tradinglab.core.enums import Resolution, SecurityType, TickType
from tradinglab.core.market_hours_database import MarketHoursDatabase
from tradinglab.core.security_definitions import SecurityDefinition
from tradinglab.core.symbol import Symbol
from tradinglab.core.symbol_properties import SymbolPropertiesDatabase
from tradinglab.core.values import dataclass
from tradinglab.data.columns import BarColumns
from tradinglab.data.errors import DataSourceError
from tradinglab.data.factors import FactorTable
from tradinglab.data.interest import InterestRates
from tradinglab.data.mapping import MapFile


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """What a source has of one ticker, resolution and tick type; days count from 1970-01-01.

    Attributes
    ----------
    sources
        Whom bars were downloaded from, as far as that is noted; who was asked first is first.
    """

    ticker: str
    security_type: SecurityType
    market: str
    resolution: Resolution
    tick_type: TickType
    first_day: int
    last_day: int
    bars: int | None = None
    is_synthetic: bool = False
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ShortableDay:
    """How many shares could be borrowed on a day (``None``: no limit known) and at what yearly rates."""

    quantity: int | None
    rebate_rate: Decimal
    fee_rate: Decimal


class DataSource(Protocol):
    """Bars and what is needed to read them.

    Attributes
    ----------
    name
        The spec by which the source is opened.
    default_benchmark
        What a strategy is compared with if it does not say; ``None`` means SPY.
    warnings
        What was found wrong, and how it was dealt with, while reading; grows as bars are read.
    """

    name: str
    default_benchmark: Symbol | None
    warnings: list[str]

    @property
    def market_hours(self) -> MarketHoursDatabase:
        """When markets are open."""
        ...

    @property
    def symbol_properties(self) -> SymbolPropertiesDatabase:
        """Lot sizes and the like."""
        ...

    def bars(
        self, symbol: Symbol, resolution: Resolution, tick_type: TickType, start_ns: int, end_ns: int
    ) -> BarColumns:
        """Return raw bars that start in ``[start_ns, end_ns)``, of all hours, nothing filled forward.

        Raises
        ------
        MalformedDataError
            If a file cannot be read.
        """
        ...

    def tick_types(self, symbol: Symbol, resolution: Resolution) -> tuple[TickType, ...]:
        """Return the tick types of which there are bars."""
        ...

    def has(self, symbol: Symbol, resolution: Resolution, tick_type: TickType) -> bool:
        """Return whether there are any bars."""
        ...

    def is_synthetic(self, symbol: Symbol, resolution: Resolution, tick_type: TickType) -> bool:
        """Return whether the bars are made up."""
        ...

    def factors(self, symbol: Symbol) -> FactorTable | None:
        """Return the factors of an equity, if it has any."""
        ...

    def map_file(self, symbol: Symbol) -> MapFile | None:
        """Return the tickers of an equity over time, if they are known."""
        ...

    def resolve_symbol(self, ticker: str, security_type: SecurityType, market: str, day: int | None = None) -> Symbol:
        """Return the symbol that a ticker stands for on a day (default today)."""
        ...

    def first_listing(self, ticker: str, market: str, when: datetime | None) -> tuple[str, datetime] | None:
        """Return first ticker and first date of the equity that a ticker names, if known."""
        ...

    def interest_rates(self) -> InterestRates:
        """Return the risk-free interest rate over time."""
        ...

    def margin_interest_rates(self, symbol: Symbol) -> list[tuple[int, Decimal]]:
        """Return instants (nanoseconds UTC) and funding rates of a perpetual future."""
        ...

    def shortable(self, symbol: Symbol, brokerage: str) -> Mapping[int, ShortableDay]:
        """Return what a brokerage could lend, by day; a day that is missing has no limit."""
        ...

    def security_definitions(self) -> Iterable[SecurityDefinition]:
        """Return what securities are called in the industry, as far as it is known."""
        ...

    def coverage(self) -> Iterable[Coverage]:
        """Return what the source has."""
        ...


def open_source(spec: str) -> DataSource:
    """Return the source that a spec names.

    Parameters
    ----------
    spec
        ``sample``, ``lean:DIR`` (a LEAN data folder), ``store:DIR`` or ``store:s3://BUCKET/PREFIX`` (a bar store);
        ``store:DIR@PIN`` for the bars and factors that a pin of the store keeps.

    Raises
    ------
    DataSourceError
        If the spec is none of these, or there is no such folder.
    """
    kind, _, where = spec.partition(":")
    if spec == "sample":
        from tradinglab.data.sample import SampleSource

        return SampleSource()
    if kind not in ("lean", "store"):
        raise DataSourceError(spec, "it is not a source. Use sample, lean:DIR or store:DIR.")
    if not where:
        raise DataSourceError(spec, f"the folder is missing. Write {kind}:DIR.")
    if kind == "store":
        from tradinglab.data.store import StoreSource
        from tradinglab.data.store.places import S3, split_pin

        where, pin = split_pin(where)
        if where.startswith(S3):
            return StoreSource(where, pin)
        return StoreSource(_folder(spec, where), pin)
    from tradinglab.data.lean import LeanSource

    return LeanSource(_folder(spec, where))


def _folder(spec: str, where: str) -> Path:
    folder = Path(where).expanduser()
    if not folder.is_dir():
        raise DataSourceError(spec, f"there is no folder {folder}.")
    return folder
