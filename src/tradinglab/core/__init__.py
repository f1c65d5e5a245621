"""Values that all of TradingLab shares: symbols, clocks, decimals, market hours, errors."""
