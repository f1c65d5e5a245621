"""What runs a strategy: feed, time steps, orders, and the result."""
