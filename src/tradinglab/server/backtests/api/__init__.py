"""The REST resources of backtests."""
