"""Where a bar store keeps what.

``equity/usa/minute/trade/spy/2013.parquet`` holds the bars of 2013 (UTC); bars that arrived since
lie beside it in small files of a day, ``2013-10-07.parquet``, until they are compacted. Factors are
in ``equity/usa/factors/spy.csv``, in the form of LEAN's factor files.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from tradinglab.core.enums import Resolution, SecurityType, TickType
from tradinglab.core.symbol import Symbol
from tradinglab.core.values import dataclass
from tradinglab.data.columns import QUOTE_FIELDS, TRADE_FIELDS
from tradinglab.data.errors import StoreError

MARKER = "store.json"
FORMAT = 1
_TYPE_FOLDERS = {kind: kind.name.replace("_", "").lower() for kind in SecurityType}
_PARTS = re.compile(r"[a-z0-9][a-z0-9._-]*")
_FILE = re.compile(r"\d{4}(-\d\d-\d\d)?\.parquet")


@dataclass(frozen=True, slots=True)
class SeriesKey:
    """What a series of bars is of."""

    security_type: SecurityType
    market: str
    ticker: str
    resolution: Resolution
    tick_type: TickType

    @classmethod
    def of(cls, symbol: Symbol, resolution: Resolution, tick_type: TickType) -> SeriesKey:
        """Return the key of a symbol's bars."""
        return cls(symbol.security_type, symbol.id.market, symbol.value.upper(), resolution, tick_type)

    @property
    def fields(self) -> tuple[str, ...]:
        """The columns of a file, beside the time."""
        if self.resolution == Resolution.TICK:
            is_quote = self.tick_type == TickType.QUOTE
            return ("bid_close", "bid_size", "ask_close", "ask_size") if is_quote else ("close", "volume")
        return QUOTE_FIELDS if self.tick_type == TickType.QUOTE else TRADE_FIELDS

    def folder(self, root: Path) -> Path:
        """Return the folder of the series.

        Raises
        ------
        StoreError
            If market or ticker cannot be the name of a folder.
        """
        tick = self.tick_type.name.lower()
        return (
            market_folder(root, self.security_type, self.market)
            / self.resolution.name.lower()
            / tick
            / _safe(self.ticker, "ticker")
        )

    def __str__(self) -> str:
        tick, resolution = self.tick_type.name.lower(), self.resolution.name.lower()
        return f"{self.ticker} ({_TYPE_FOLDERS[self.security_type]}, {self.market}, {resolution}, {tick})"


def market_folder(root: Path, security_type: SecurityType, market: str) -> Path:
    """Return the folder of a market."""
    return root / _TYPE_FOLDERS[security_type] / _safe(market, "market")


def factor_folder(root: Path, security_type: SecurityType, market: str) -> Path:
    """Return the folder of a market's factor tables."""
    return market_folder(root, security_type, market) / "factors"


def is_bar_file(name: str) -> bool:
    """Return whether a file's name is that of a year or a day of bars."""
    return _FILE.fullmatch(name) is not None


def find_series(root: Path) -> Iterator[SeriesKey]:
    """Yield the series of a store, sorted by path."""
    kinds = {folder: kind for kind, folder in _TYPE_FOLDERS.items()}
    resolutions = {one.name.lower(): one for one in Resolution}
    ticks = {one.name.lower(): one for one in TickType}
    for folder in sorted(path for path in root.glob("*/*/*/*/*") if path.is_dir()):
        kind, market, resolution, tick, ticker = folder.relative_to(root).parts
        if kind in kinds and resolution in resolutions and tick in ticks:
            if any(is_bar_file(path.name) for path in folder.iterdir()):
                yield SeriesKey(kinds[kind], market, ticker.upper(), resolutions[resolution], ticks[tick])


def _safe(name: str, what: str) -> str:
    lower = name.lower()
    if not _PARTS.fullmatch(lower):
        raise StoreError(f"A {what} may have letters, digits, '.', '_' and '-'; it was '{name}'.")
    return lower
