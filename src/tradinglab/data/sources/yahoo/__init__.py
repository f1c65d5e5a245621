"""Yahoo Finance: shares, indices, currencies and coins, without a key."""

from tradinglab.data.sources.yahoo.source import YahooFinance

__all__ = ["YahooFinance"]
