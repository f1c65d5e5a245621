"""What a strategy is written in: the algorithm, its securities, orders, indicators and data."""
