"""Where a bar store keeps what.

``equity/usa/minute/trade/spy/manifest.json`` names the files of a series: ``2013.0f3a….parquet`` holds the bars of
2013 (UTC), and bars that arrived since lie beside it in small files of a day, ``2013-10-07.9b1c….parquet``, until
they are compacted. The digits are the beginning of the sha256 over the bars: a file never changes. What happened to
the shares is in ``equity/usa/factors/spy.json``, and the factors made of it in ``spy.77ad….csv`` beside it, in the
form of LEAN's factor files. In stores of format 1, files had no digits, and no manifest named them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import TypeVar

from tradinglab.core.enums import Resolution, SecurityType, TickType
from tradinglab.core.symbol import Symbol
from tradinglab.core.values import dataclass
from tradinglab.data.columns import QUOTE_FIELDS, TRADE_FIELDS
from tradinglab.data.errors import StoreError

MARKER = "store.json"
FORMAT = 2
KNOWN_FORMATS = (1, 2)
MANIFEST = "manifest.json"
#: Begins the name of a file of bars as they were before they were restated.
RESTATED = "restated"
_DIGITS = 12
_TYPE_FOLDERS = {kind: kind.name.replace("_", "").lower() for kind in SecurityType}
_PARTS = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}")
_OLD_FILE = re.compile(r"\d{4}(-\d\d-\d\d)?\.parquet")
_NAMED = re.compile(r"(?P<what>.+)\.[0-9a-f]{12}(-[0-9a-f]{8})?\.(parquet|csv)")


AnyPath = TypeVar("AnyPath", Path, PurePosixPath)


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

    def folder(self, root: AnyPath) -> AnyPath:
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


def market_folder(root: AnyPath, security_type: SecurityType, market: str) -> AnyPath:
    """Return the folder of a market."""
    return root / _TYPE_FOLDERS[security_type] / _safe(market, "market")


def factor_name(security_type: SecurityType, market: str, ticker: str) -> str:
    """Return where the factors of a ticker are, without what follows the ticker."""
    folder = market_folder(PurePosixPath(), security_type, market) / "factors"
    return (folder / _safe(ticker, "ticker")).as_posix()


def listing_name(security_type: SecurityType, market: str, ticker: str) -> str:
    """Return where it is noted what a ticker stands for, without what follows the ticker."""
    folder = market_folder(PurePosixPath(), security_type, market) / "listings"
    return (folder / _safe(ticker, "ticker")).as_posix()


def is_old_file(name: str) -> bool:
    """Return whether a file's name is that of a year or a day of bars in a store of format 1."""
    return _OLD_FILE.fullmatch(name) is not None


def is_content_named(name: str) -> bool:
    """Return whether a file's name tells its content, so that the file never changes."""
    return _NAMED.fullmatch(name) is not None


def content_name(what: str, sha256: str, suffix: str = "parquet", writer: str = "") -> str:
    """Return the name of a file by what it holds and the hash of its content.

    *writer* tells files of the same content apart where writers cannot lock each other out.
    """
    return f"{what}.{sha256[:_DIGITS]}{f'-{writer}' if writer else ''}.{suffix}"


def what_of(name: str) -> str:
    """Return what a file holds, by its name: ``2013`` of ``2013.0f3a….parquet`` and of ``2013.parquet``."""
    named = _NAMED.fullmatch(name)
    return named["what"] if named else name.rpartition(".")[0]


def folder_of(key: SeriesKey) -> str:
    """Return the folder of a series inside its store."""
    return key.folder(PurePosixPath()).as_posix()


def find_series(folders: Iterable[str]) -> Iterator[SeriesKey]:
    """Yield the series that lie in folders of a store, sorted by folder; what is no folder of a series is left out."""
    kinds = {folder: kind for kind, folder in _TYPE_FOLDERS.items()}
    resolutions = {one.name.lower(): one for one in Resolution}
    ticks = {one.name.lower(): one for one in TickType}
    for folder in sorted(set(folders)):
        kind, market, resolution, tick, ticker = folder.split("/")
        if kind in kinds and resolution in resolutions and tick in ticks:
            yield SeriesKey(kinds[kind], market, ticker.upper(), resolutions[resolution], ticks[tick])


def _safe(name: str, what: str) -> str:
    lower = name.lower()
    if not _PARTS.fullmatch(lower):
        raise StoreError(
            f"A {what} may have up to 100 letters (a to z), digits, '.', '_' and '-', and begins with a letter or a "
            f"digit; it was {name[:200]!r}."
        )
    return lower
