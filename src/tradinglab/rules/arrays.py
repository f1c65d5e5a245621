"""Indicators as whole arrays: what the engine computes for a subscription, without a run."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np

from tradinglab.algorithm.bar_views import bar_view
from tradinglab.algorithm.indicators.tracks import NO_SHIFT, Place, field_column, point_of
from tradinglab.algorithm.securities.time_keeper import Cursor

if TYPE_CHECKING:
    from tradinglab.algorithm.base_data import BaseData
    from tradinglab.algorithm.indicators.base import IndicatorBase
    from tradinglab.algorithm.indicators.tracks import Track
    from tradinglab.core.clock import Zone
    from tradinglab.core.symbol import Symbol
    from tradinglab.data.columns import BarColumns, Floats


class WholeFeed:
    """Columns whose bars have all arrived (``IndicatorFeed``)."""

    first_row = 0

    def __init__(self, columns: BarColumns, symbol: Symbol, zone: Zone, selector: str = "") -> None:
        self.columns = columns
        self.symbol = symbol
        self.selector = selector
        self.cursor = Cursor()
        self.place = Place()
        self.place.shift = NO_SHIFT
        self._zone = zone

    def reading(self, selector: str) -> WholeFeed:
        """Return the same bars for indicators that read another field."""
        return self if selector == self.selector else WholeFeed(self.columns, self.symbol, self._zone, selector)

    def since(self, row: int) -> WholeFeed:
        """Return the bars from a row on."""
        return WholeFeed(self.columns.take(slice(row, None)), self.symbol, self._zone, self.selector)

    def row(self) -> int:
        """Return the last row."""
        return len(self.columns) - 1

    def time(self, row: int) -> datetime:
        """Return when the bar at *row* ended, in the exchange's time zone."""
        return self._zone.datetime(int(self.columns.end_ns[row]))

    def bar(self, row: int) -> BaseData:
        """Return the bar at *row*."""
        return bar_view(self.columns, row, self.symbol, self._zone, False)

    def stream(self) -> None:
        """There is nobody to tell: no further bar arrives."""

    def input(self, row: int, kind: str) -> BaseData:
        """Return what an indicator of a kind of input is updated with."""
        if kind != "point":
            return self.bar(row)
        column = field_column(self.columns, self.selector or "close")
        return point_of(self.symbol, self.time(row), float(column[row]))


def whole_values(make: Callable[[], IndicatorBase], feed: WholeFeed, line: str = "") -> Floats:
    """Return an indicator's value after each bar; NaN while it is not ready.

    Parameters
    ----------
    make
        Returns a new indicator.
    line
        The name of one of its further lines, such as ``signal``; empty for itself.

    Returns
    -------
    Floats
        One value for each row of the feed, bit for bit what a strategy reads at that bar.
    """
    indicator = make()
    ready = _ready_row(make(), feed)
    chosen: IndicatorBase = indicator
    if indicator.attach(feed):
        chosen = getattr(indicator, line) if line else indicator
        values = None if chosen._track is None else _track_values(chosen._track, len(feed.columns))
    else:
        values = None
    if values is None:
        values = _streamed(make(), feed, line)
    values[:ready] = np.nan
    return values


def _track_values(track: Track, count: int) -> Floats:
    """Return the value of a track after each sample."""
    series = track.series
    values = np.array(series.values[:count], np.float64)
    stamps = series.stamps
    if stamps is not None:
        taken = np.asarray(stamps[:count])
        values = np.where(taken < series.first, 0.0, values[np.maximum(taken, 0)])
    values[: min(series.first, count)] = 0.0
    return values


def _ready_row(indicator: IndicatorBase, feed: WholeFeed) -> int:
    """Return the first row at which an indicator is ready, by feeding it bar by bar."""
    for row in range(len(feed.columns)):
        indicator.consume(feed.input(row, indicator.input_kind))
        if indicator.is_ready:
            return row
    return len(feed.columns)


def _streamed(indicator: IndicatorBase, feed: WholeFeed, line: str) -> Floats:
    """Return the values of an indicator without an array form."""
    chosen = getattr(indicator, line) if line else indicator
    values = np.empty(len(feed.columns))
    for row in range(len(feed.columns)):
        indicator.consume(feed.input(row, indicator.input_kind))
        values[row] = chosen.current.value
    return values
