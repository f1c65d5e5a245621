"""Currencies: their signs, and the stable coins that need no exchange rate."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from types import MappingProxyType

from tradinglab.core.dual import Dual, DualType
from tradinglab.core.market import Market

_SIGNS = {
    "USD": "$", "GBP": "₤", "JPY": "¥", "KRW": "₩", "EUR": "€", "NZD": "$", "AUD": "$", "CAD": "$", "CHF": "Fr",
    "HKD": "$", "SGD": "$", "XAG": "Ag", "XAU": "Au", "CNH": "¥", "CNY": "¥", "CZK": "Kč", "DKK": "kr", "HUF": "Ft",
    "INR": "₹", "MXN": "$", "NOK": "kr", "PLN": "zł", "SAR": "﷼", "SEK": "kr", "THB": "฿", "TRY": "₺", "TWD": "NT$",
    "ZAR": "R", "RUB": "₽", "BRL": "R$", "GNF": "Fr", "IDR": "Rp",
    "BTC": "₿", "BCH": "Ƀ", "BSV": "Ɓ", "LTC": "Ł", "ETH": "Ξ", "EOS": "ε", "XRP": "✕", "XLM": "*", "ETC": "ξ",
    "ZRX": "ZRX", "USDT": "₮", "ADA": "₳", "SOL": "◎", "DOT": "●", "DOGE": "Ð", "DAI": "◈", "ALGO": "Ⱥ", "ICP": "∞",
    "XMR": "ɱ", "XTZ": "ꜩ", "IOTA": "ɨ", "MIOTA": "ɨ", "MKR": "Μ", "ZEC": "ⓩ", "DASH": "Đ", "XNO": "Ӿ", "REP": "Ɍ",
    "STEEM": "ȿ", "THETA": "ϑ", "FIL": "⨎", "BAT": "⟁", "LSK": "Ⱡ", "NAV": "Ꞥ",
}  # fmt: skip

_SAME_AS_DOLLAR = ("USDC", "USDT", "USDP", "SUSD", "BUSD", "UST", "TUSD", "DAI")
_STABLE_WITHOUT_PAIR = {
    Market.BINANCE: {f"{coin}USD" for coin in (*_SAME_AS_DOLLAR, "FDUSD", "BNFCR")} | {"IDRTIDR"},
    Market.BITFINEX: {"EURSEUR", "XCHFCHF"},
    Market.COINBASE: {"USDCUSD"},
    Market.BYBIT: {f"{coin}USD" for coin in _SAME_AS_DOLLAR},
    Market.DYDX: {"USDCUSD"},
}
_DOLLARS = ("USDT", "USDC", "USD")


class Currencies(Dual, metaclass=DualType):
    """Names of currencies, their signs and stable coins."""

    USD = "USD"
    EUR = "EUR"
    GBP = "GBP"
    INR = "INR"
    IDR = "IDR"
    CNH = "CNH"
    CHF = "CHF"
    HKD = "HKD"
    JPY = "JPY"
    KRW = "KRW"
    NULL_CURRENCY = "QCC"
    CURRENCY_SYMBOLS = MappingProxyType(_SIGNS)
    STABLE_PAIRS_COINBASE = frozenset((
        "DAIUSDC", "DAIUSD", "GYENUSD", "PAXUSD", "PAXUSDT", "MUSDUSD", "USDCEUR", "USDCGBP",
        "USDTEUR", "USDTGBP", "USDTUSD", "USDTUSDC", "USTEUR", "USTUSD", "USTUSDT", "WBTCBTC",
    ))  # fmt: skip

    STABLE_PAIRS_GDAX = STABLE_PAIRS_COINBASE

    @staticmethod
    def get_currency_symbol(currency: str | None) -> str:
        """Return the sign of a currency, its name if it has none."""
        return _SIGNS.get(currency, currency) if currency else ""

    @staticmethod
    def is_stable_coin_without_pair(symbol: str, market_or_other: str, market: str | None = None) -> bool:
        """Whether a pair is taken at one to one, since its market does not trade it.

        Called as ``is_stable_coin_without_pair(pair, market)`` or with the two currencies and the
        market; then USD, USDC and USDT count as one.
        """
        if market is None:
            return symbol in _STABLE_WITHOUT_PAIR.get(market_or_other, ())
        other = market_or_other
        names = [name for name in _DOLLARS if name != other] if symbol in _DOLLARS else [symbol]
        pairs = _STABLE_WITHOUT_PAIR.get(market, set())
        return any(name + other in pairs or other + name in pairs for name in names)

    @staticmethod
    def parse(value: str) -> float:
        """Return the amount of a text with or without a sign of currency: ``$1,000.50``.

        Raises
        ------
        ValueError
            If it is no amount.
        """
        return float(exact_amount(value))

    @classmethod
    def try_parse(cls, value: str) -> float | None:
        """Return the amount of a text, None if it is no amount."""
        try:
            return cls.parse(value)
        except ValueError:
            return None


def exact_amount(value: str) -> Decimal:
    """Return the amount of a text with or without a sign of currency, as a decimal.

    Raises
    ------
    ValueError
        If it is no amount.
    """
    try:
        return Decimal(re.sub(r"^[^\d\s+.-]+", "", value).replace(",", "").strip())
    except InvalidOperation:
        raise ValueError(f"An amount of money was expected; it was '{value}'.") from None
