"""Backtests: what is asked for, and the figures that came out."""
