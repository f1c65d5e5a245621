"""The symbol properties that TradingLab ships: rules, for data that bring no table of their own."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from tradinglab.core.decimals import ONE
from tradinglab.core.enums import SecurityType
from tradinglab.core.market import Market
from tradinglab.core.security_database import WILDCARD, SecurityDatabaseKey
from tradinglab.core.symbol_properties import SymbolProperties

_CENT = Decimal("0.01")
_PIPETTE, _COARSE = Decimal("0.00001"), Decimal("0.001")
_COIN_STEP = Decimal("0.00000001")
_COARSE_CURRENCIES = frozenset({"JPY", "HUF", "THB", "KRW"})
_CURRENCIES = (
    "USD", "EUR", "GBP", "JPY", "CHF", "AUD", "CAD", "NZD", "HKD", "SGD", "SEK", "NOK", "DKK",
    "CNH", "CZK", "HUF", "ILS", "MXN", "PLN", "RUB", "THB", "TRY", "ZAR", "INR", "KRW", "BRL", "SAR", "TWD",
)  # fmt: skip
# The first name that a ticker ends with is its quote currency. Binance quotes in coins worth a dollar but not
# in dollars, others the other way round: ARBUSD is ARB in USD on one, and would be AR in BUSD on the other.
_COIN_QUOTES = ("USDT", "USDC", "USD", "DAI", "BTC", "ETH", *_CURRENCIES[1:])
_BINANCE_QUOTES = ("USDT", "USDC", "FDUSD", "BUSD", "TUSD", "USDP", "DAI", "BTC", "ETH", "BNB", *_CURRENCIES[1:])
_COIN_TYPES = frozenset({SecurityType.CRYPTO, SecurityType.CRYPTO_FUTURE})


class DefaultSymbolProperties:
    """Builds properties from the ticker of a pair; shares and indices have them by market."""

    def build(self, key: SecurityDatabaseKey) -> SymbolProperties | None:
        """Return the properties of exactly this key, None if there are none."""
        kind, ticker = key.security_type, key.symbol.upper()
        if key.symbol == WILDCARD:
            is_us = key.market.lower() == Market.USA and kind in (SecurityType.EQUITY, SecurityType.INDEX)
            return SymbolProperties("", "USD", ONE, _CENT, ONE, "") if is_us else None
        if kind is SecurityType.FOREX and len(ticker) == 6 and ticker[3:] in _CURRENCIES:
            lot = Decimal(1000) if key.market.lower() == Market.FXCM else ONE
            return _pair(ticker, ticker[3:], lot)
        if kind is SecurityType.CFD and ticker[-3:] in _CURRENCIES and len(ticker) > 3:
            return SymbolProperties(ticker, ticker[-3:], ONE, _COARSE, ONE, "")
        if kind in _COIN_TYPES:
            quotes = _BINANCE_QUOTES if key.market.lower() == Market.BINANCE else _COIN_QUOTES
            quote = next((name for name in quotes if ticker.endswith(name) and ticker != name), None)
            return None if quote is None else SymbolProperties(ticker, quote, ONE, _CENT, _COIN_STEP, ticker)
        return None

    def keys(self, market: str) -> Iterator[SecurityDatabaseKey]:
        """Return the keys of a market: rules cover any pair, so that none is listed."""
        yield from ()

    def market_of(self, symbol: str, security_type: SecurityType) -> str | None:
        """Return the market that has a symbol of a type, None if it cannot be told."""
        return Market.USA if security_type is SecurityType.EQUITY else None


def _pair(ticker: str, quote: str, lot: Decimal) -> SymbolProperties:
    step = _COARSE if quote in _COARSE_CURRENCIES else _PIPETTE
    return SymbolProperties(f"{ticker[:3]}/{quote}", quote, ONE, step, lot, "")
