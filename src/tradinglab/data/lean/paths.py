"""Where a LEAN data folder keeps what.

Bars of a minute and finer lie in one archive per day, ``equity/usa/minute/spy/20131007_trade.zip``;
hourly and daily ones in one per ticker, ``equity/usa/daily/spy.zip`` or, where a market has both
trades and quotes, ``crypto/coinbase/daily/btcusd_trade.zip``. All names are in lower case.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

from tradinglab.core.clock import date_of_day, day_of_date
from tradinglab.core.enums import Resolution, SecurityType, TickType
from tradinglab.core.values import dataclass
from tradinglab.data.mapping import TickerSpan

LONG = (Resolution.HOUR, Resolution.DAILY)
WITH_BARS = (
    SecurityType.EQUITY,
    SecurityType.FOREX,
    SecurityType.CRYPTO,
    SecurityType.CRYPTO_FUTURE,
    SecurityType.CFD,
    SecurityType.INDEX,
)
_QUOTES_ONLY = (SecurityType.FOREX, SecurityType.CFD)
_TICK_IN_NAME = (SecurityType.CRYPTO, SecurityType.CRYPTO_FUTURE)
_TYPE_FOLDERS = {kind: kind.name.replace("_", "").lower() for kind in SecurityType}
_TICK_NAMES = {TickType.TRADE: "trade", TickType.QUOTE: "quote", TickType.OPEN_INTEREST: "openinterest"}
_TICK_TYPES = {name: tick_type for tick_type, name in _TICK_NAMES.items()}


@dataclass(frozen=True, slots=True)
class DataFile:
    """An archive.

    Attributes
    ----------
    entries
        Names that its entry may have.
    first_day, last_day
        The days whose bars are wanted; one and the same if the rows do not say theirs.
    """

    path: Path
    entries: tuple[str, ...]
    first_day: int
    last_day: int


def market_folder(root: Path, security_type: SecurityType, market: str) -> Path:
    """Return the folder of a market."""
    return root / _TYPE_FOLDERS[security_type] / market.lower()


def default_tick_type(security_type: SecurityType) -> TickType:
    """Return what an archive holds whose name does not say."""
    return TickType.QUOTE if security_type in _QUOTES_ONLY else TickType.TRADE


def long_file(folder: Path, security_type: SecurityType, span: TickerSpan, tick_type: TickType) -> DataFile | None:
    """Return the archive of a ticker's hourly or daily bars in their folder, if there is one.

    Equities, indices, forex and CFDs have one named after the ticker alone; the other form is
    accepted everywhere.
    """
    ticker, tick = span.ticker.lower(), _TICK_NAMES[tick_type]
    entries = (f"{ticker}.csv", f"{ticker}_{tick}.csv", f"{ticker}_{tick}_perp.csv")
    names = [f"{ticker}_{tick}.zip"]
    if tick_type == default_tick_type(security_type):
        names.insert(1 if security_type in _TICK_IN_NAME else 0, f"{ticker}.zip")
    for name in names:
        if (folder / name).is_file():
            return DataFile(folder / name, entries, span.first_day, span.last_day)
    return None


def parse_long_name(name: str, security_type: SecurityType) -> tuple[str, TickType] | None:
    """Return ticker and tick type that the name of an archive of hourly or daily bars says."""
    if not name.endswith(".zip"):
        return None
    stem = name.removesuffix(".zip")
    ticker, _, tick = stem.rpartition("_")
    if ticker and tick in _TICK_TYPES:
        return ticker.upper(), _TICK_TYPES[tick]
    return stem.upper(), default_tick_type(security_type)


def day_file(folder: Path, ticker: str, resolution: Resolution, tick_type: TickType, day: int) -> DataFile:
    """Return the archive of one day of a ticker."""
    when, ticker, tick = f"{date_of_day(day):%Y%m%d}", ticker.lower(), _TICK_NAMES[tick_type]
    stem = f"{when}_{ticker}_{resolution.name.lower()}_{tick}"
    entries = (f"{stem}.csv", f"{when}_{ticker}_{tick_type}_{resolution}.csv", f"{stem}_perp.csv")
    return DataFile(folder / f"{when}_{tick}.zip", entries, day, day)


def parse_day_name(name: str) -> tuple[int, TickType] | None:
    """Return day and tick type that the name of an archive of one day says."""
    when, _, tick = name.removesuffix(".zip").partition("_")
    if not name.endswith(".zip") or tick not in _TICK_TYPES:
        return None
    try:
        return parse_day(when), _TICK_TYPES[tick]
    except ValueError:
        return None


def parse_day(text: str) -> int:
    """Return the day, counted from 1970-01-01, of a date such as ``20131007``.

    Raises
    ------
    ValueError
        If it is no date.
    """
    if len(text) != 8 or not text.isdecimal():
        raise ValueError(text)
    return day_of_date(date(int(text[:4]), int(text[4:6]), int(text[6:])))
