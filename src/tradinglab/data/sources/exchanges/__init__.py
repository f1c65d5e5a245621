"""Exchanges of coins, through ccxt's public bars."""

from tradinglab.data.sources.exchanges.source import NAMES, CryptoExchange

__all__ = ["NAMES", "CryptoExchange"]
