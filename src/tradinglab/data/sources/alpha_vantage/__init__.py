"""Alpha Vantage: shares, currencies and coins, with a key."""

from tradinglab.data.sources.alpha_vantage.source import AlphaVantage

__all__ = ["AlphaVantage"]
