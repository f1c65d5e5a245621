"""Alpaca: bars of US shares and of coins, with the keys of an account."""

from tradinglab.data.sources.alpaca.source import Alpaca

__all__ = ["Alpaca"]
