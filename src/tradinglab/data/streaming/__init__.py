"""Bars of any length of history, a block at a time: made longer, and described by figures."""
