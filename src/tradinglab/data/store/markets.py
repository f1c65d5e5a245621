"""What is usually traded where."""

from __future__ import annotations

from tradinglab.core.enums import SecurityType

_FOREX_MARKETS = ("oanda", "fxcm", "dukascopy")
_CRYPTO_MARKETS = (
    "binance", "binanceus", "bitfinex", "bitstamp", "bybit", "coinbase", "dydx", "ftx", "ftxus", "kraken", "poloniex",
)  # fmt: skip


def type_of_market(market: str) -> SecurityType:
    """Return what is usually traded on a market."""
    if market.lower() in _FOREX_MARKETS:
        return SecurityType.FOREX
    return SecurityType.CRYPTO if market.lower() in _CRYPTO_MARKETS else SecurityType.EQUITY
