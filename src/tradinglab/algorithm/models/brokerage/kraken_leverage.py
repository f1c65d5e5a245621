"""How much Kraken lends, by pair."""

from __future__ import annotations

from decimal import Decimal

_LEVERAGE = {
    "BTC": 5, "ETH": 5, "USDT": 2, "XMR": 2, "REP": 2, "XRP": 3, "BCH": 2, "XTZ": 2, "LTC": 3, "ADA": 3, "EOS": 3,
    "DASH": 3, "TRX": 3, "LINK": 3, "USDC": 3,
}  # fmt: skip
_FIATS = ("USD", "EUR")
#: Coins that are lent against, by the currencies that they must be quoted in; the first that fits counts.
_GROUPS = (
    (("BTC", "USDT", "USDC"), _FIATS),
    (("REP", "XTZ", "ADA", "EOS", "TRX", "LINK"), ("BTC", "ETH", *_FIATS)),
    (tuple(_LEVERAGE), ("BTC", *_FIATS)),
)


def kraken_leverage(ticker: str) -> Decimal:
    """Return the leverage of a pair; 1 if nothing is lent."""
    for coins, quotes in _GROUPS:
        for coin in coins:
            if ticker.startswith(coin) and ticker.endswith(quotes):
                return Decimal(_LEVERAGE[coin])
    return Decimal(1)
