"""How processes share what a server allows: token buckets, circuit breakers, clocks, and the values behind them."""
