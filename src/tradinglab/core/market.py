"""Names and codes of markets."""

from __future__ import annotations

from typing import ClassVar

from tradinglab.core.dual import Dual, DualType
from tradinglab.core.errors import UnknownMarketError

_CODES = {
    "empty": 0,
    "usa": 1,
    "fxcm": 2,
    "oanda": 3,
    "dukascopy": 4,
    "bitfinex": 5,
    "cmeglobex": 6,
    "nymex": 7,
    "cbot": 8,
    "ice": 9,
    "cboe": 10,
    "india": 11,
    "kraken": 13,
    "bittrex": 14,
    "bithumb": 15,
    "binance": 16,
    "poloniex": 17,
    "coinone": 18,
    "hitbtc": 19,
    "okcoin": 20,
    "bitstamp": 21,
    "comex": 22,
    "cme": 23,
    "sgx": 24,
    "hkfe": 25,
    "nyseliffe": 26,
    "cfe": 33,
    "ftx": 34,
    "ftxus": 35,
    "binanceus": 36,
    "bybit": 37,
    "coinbase": 38,
    "interactivebrokers": 39,
    "eurex": 40,
    "ose": 41,
    "dydx": 42,
    "krx": 43,
}
_CODE_LIMIT = 1000


class Market(Dual, metaclass=DualType):
    """The markets that have a code, as constants, and the way to add one."""

    USA = "usa"
    OANDA = "oanda"
    FXCM = "fxcm"
    DUKASCOPY = "dukascopy"
    BITFINEX = "bitfinex"
    GLOBEX = "cmeglobex"
    NYMEX = "nymex"
    CBOT = "cbot"
    ICE = "ice"
    CBOE = "cboe"
    CFE = "cfe"
    INDIA = "india"
    COMEX = "comex"
    CME = "cme"
    EUREX = "eurex"
    SGX = "sgx"
    HKFE = "hkfe"
    OSE = "ose"
    NYSELIFFE = "nyseliffe"
    GDAX = "coinbase"
    KRAKEN = "kraken"
    BITSTAMP = "bitstamp"
    OK_COIN = "okcoin"
    BITHUMB = "bithumb"
    BINANCE = "binance"
    POLONIEX = "poloniex"
    COINONE = "coinone"
    HIT_BTC = "hitbtc"
    BITTREX = "bittrex"
    FTX = "ftx"
    FTXUS = "ftxus"
    BINANCE_US = "binanceus"
    BYBIT = "bybit"
    COINBASE = "coinbase"
    INTERACTIVE_BROKERS = "interactivebrokers"
    DYDX = "dydx"
    KRX = "krx"

    # "gdax" (12) was renamed: its old identifiers still decode, to the new name.
    _codes: ClassVar[dict[str, int]] = dict(_CODES)
    _names: ClassVar[dict[int, str]] = {code: name for name, code in _CODES.items()} | {12: "coinbase"}

    @classmethod
    def add(cls, market: str, identifier: int) -> None:
        """Register a market of one's own.

        Raises
        ------
        ValueError
            If the code is not in 0 to 999, or the name or the code is taken by another.
        """
        market = market.lower()
        if not 0 <= identifier < _CODE_LIMIT:
            raise ValueError(f"A market code must lie in 0 to {_CODE_LIMIT - 1}; it was {identifier}.")
        if cls._codes.get(market, identifier) != identifier:
            raise ValueError(f"The market '{market}' already has the code {cls._codes[market]}.")
        if cls._names.get(identifier, market) != market:
            raise ValueError(f"The code {identifier} already belongs to the market '{cls._names[identifier]}'.")
        cls._codes[market] = identifier
        cls._names[identifier] = market

    @classmethod
    def encode(cls, market: str) -> int | None:
        """Return the code of a market in lower case, None if it has none."""
        return cls._codes.get(market)

    @classmethod
    def decode(cls, code: int) -> str | None:
        """Return the market of a code, None if there is none."""
        return cls._names.get(code)

    @classmethod
    def supported_markets(cls) -> list[str]:
        """Return the names of all markets that have a code."""
        return list(cls._codes)

    @classmethod
    def code_of(cls, market: str) -> int:
        """Return the code of a market, in any case of letters.

        Raises
        ------
        UnknownMarketError
            If it has none.
        """
        code = cls._codes.get(market.lower())
        if code is None:
            raise UnknownMarketError(market)
        return code
