"""Bars in and out: sources, the bar store, adjustment for splits and dividends, import."""
