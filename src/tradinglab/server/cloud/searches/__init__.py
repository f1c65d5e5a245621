"""Optimizations in a user's QuantConnect account."""
