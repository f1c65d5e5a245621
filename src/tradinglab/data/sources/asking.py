"""What is asked for when somebody names a ticker: of what kind it is, at which market, from when on."""

from __future__ import annotations

import re

from tradinglab.core.clock import DAY_NS, date_of_day
from tradinglab.core.enums import Resolution, SecurityType, TickType
from tradinglab.data.sources.opening import about_source
from tradinglab.data.sources.protocol import Downloader, SeriesKey
from tradinglab.data.sources.resume import Ledger
from tradinglab.data.sources.shaping import data_zone

TYPES = ("equity", "index", "forex", "crypto")
RESOLUTIONS = ("minute", "hour", "daily")
#: What a folder of a store can be called.
_TICKER = re.compile(r"[A-Z0-9][A-Z0-9._-]{0,31}")
_US = 1_000


def ticker_of(text: str) -> str:
    """Return a ticker in capitals.

    Raises
    ------
    ValueError
        If it is none; says how to write it.
    """
    name = text.strip().upper()
    if not _TICKER.fullmatch(name):
        raise ValueError(
            f"'{text[:40]}' is no ticker; write it like SPY, BRK.B, EURUSD or BTCUSDT, an index as a search shows it"
        )
    return name


def series_wanted(
    ticker: str, resolution: str, source: str, *, security_type: str | None = None, market: str | None = None
) -> SeriesKey:
    """Return the series that a ticker means.

    Parameters
    ----------
    source
        Who is asked first: at an exchange of coins a ticker is a coin there.
    security_type, market
        What is usual for the source, and for what is traded, unless it is said.

    Raises
    ------
    SourceSettingError
        If there is no such source.
    """
    served = about_source(source).serves
    is_exchange = {each.security_type for each in served} == {SecurityType.CRYPTO} and len(served) == 1
    kind = security_type or ("crypto" if is_exchange else "equity")
    usual = {"forex": "oanda", "crypto": source if is_exchange else "coinbase"}
    where = (market or usual.get(kind, "usa")).lower()
    return SeriesKey(SecurityType[kind.upper()], where, ticker, Resolution[resolution.upper()], TickType.TRADE)


def first_us_known(key: SeriesKey, ledger: Ledger, first: Downloader) -> int | None:
    """Return from when on a series is to be had: what was answered before, or what the *first* source says, if any."""
    answered = min((each.start_us for each in ledger.read(key)), default=None)
    return first.coverage(key).first_us if answered is None else answered


def day_text_of(key: SeriesKey, us: int) -> str:
    """Return the day of an instant by the clock of the series' market."""
    return date_of_day(data_zone(key).local_ns(us * _US) // DAY_NS).isoformat()
