"""Models of how a market treats an order and an account, each replaceable by a strategy."""
