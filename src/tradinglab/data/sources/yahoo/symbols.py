"""What securities are called at Yahoo."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from tradinglab.core.enums import SecurityType
from tradinglab.data.sources.protocol import Listing, SeriesKey

_INDICES: Final = {
    "SPX": "^GSPC", "NDX": "^NDX", "DJI": "^DJI", "RUT": "^RUT", "VIX": "^VIX", "COMP": "^IXIC",
}  # fmt: skip
_CLASS = re.compile(r"([A-Z]+)[./]([A-Z])")
_PAIR_LENGTH: Final = 6
_TYPES: Final = {
    "EQUITY": SecurityType.EQUITY,
    "ETF": SecurityType.EQUITY,
    "INDEX": SecurityType.INDEX,
    "CURRENCY": SecurityType.FOREX,
    "CRYPTOCURRENCY": SecurityType.CRYPTO,
}
_MARKETS: Final = {SecurityType.FOREX: "oanda", SecurityType.CRYPTO: "coinbase"}
_QUOTES: Final = ("USDT", "USDC", "USD", "EUR", "GBP", "JPY", "BTC", "ETH")


def symbol_of(key: SeriesKey) -> str:
    """Return what a series' security is called at Yahoo: ``BRK.B`` is ``BRK-B``, ``EURUSD`` is ``EURUSD=X``."""
    ticker = key.ticker.upper()
    if key.security_type == SecurityType.FOREX:
        return f"{ticker}=X"
    if key.security_type == SecurityType.CRYPTO:
        quote = next((one for one in _QUOTES if ticker.endswith(one) and len(ticker) > len(one)), ticker[-3:])
        return f"{ticker[: -len(quote)]}-{quote}"
    if key.security_type == SecurityType.INDEX:
        return _INDICES.get(ticker, f"^{ticker.lstrip('^')}")
    match = _CLASS.fullmatch(ticker)
    return f"{match[1]}-{match[2]}" if match else ticker


def listing_of(quote: Mapping[str, object]) -> Listing | None:
    """Return a result of a search, None if it is nothing that can be downloaded: an option, a share elsewhere."""
    symbol = str(quote.get("symbol") or "")
    kind = _TYPES.get(str(quote.get("quoteType") or ""))
    if not symbol or kind is None or (kind == SecurityType.EQUITY and "." in symbol):
        return None
    if kind == SecurityType.INDEX:
        ticker = next((ours for ours, theirs in _INDICES.items() if theirs == symbol), symbol.lstrip("^"))
    elif kind == SecurityType.FOREX:
        ticker = symbol.removesuffix("=X")
        # "JPY=X" is so many yen for a dollar.
        ticker = ticker if len(ticker) == _PAIR_LENGTH else f"USD{ticker}"
    else:
        ticker = symbol.replace("-", "" if kind == SecurityType.CRYPTO else ".")
    return Listing(
        ticker=ticker,
        symbol=symbol,
        name=str(quote.get("longname") or quote.get("shortname") or ""),
        security_type=kind,
        market=_MARKETS.get(kind, "usa"),
        exchange=str(quote.get("exchDisp") or quote.get("exchange") or ""),
    )
