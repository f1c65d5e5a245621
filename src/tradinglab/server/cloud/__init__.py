"""A user's QuantConnect account, driven from here: credentials, projects, backtests, import, push and pull."""
