"""Optimizations: one strategy, backtested with many combinations of its parameters."""
