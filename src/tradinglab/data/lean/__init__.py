"""LEAN's data folders."""

from tradinglab.data.lean.source import LeanSource

__all__ = ["LeanSource"]
