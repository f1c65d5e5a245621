"""Bars for indicators, made up but always the same, and a subscription of them."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np

from tradinglab.algorithm.bars import TradeBar
from tradinglab.algorithm.base_data import BaseData
from tradinglab.algorithm.indicators.base import IndicatorBase
from tradinglab.algorithm.indicators.tracks import Place
from tradinglab.algorithm.securities.time_keeper import Cursor
from tradinglab.core.clock import DAY_NS
from tradinglab.core.enums import TickType
from tradinglab.core.symbol import Symbol
from tradinglab.data.columns import BarColumns, Floats

SPY = Symbol.create_equity("SPY", "usa")
START = datetime(2020, 1, 1)
DAY = timedelta(days=1)


def market(count: int = 400, seed: int = 1, *, flat: bool = False) -> BarColumns:
    """Return daily bars of a random walk with prices in cents; *flat* makes it stand still for a while."""
    generator = np.random.default_rng(seed)
    close = np.round(100 * np.exp(np.cumsum(generator.normal(0, 0.01, count))), 2)
    if flat:
        close[count // 3 : count // 2] = close[count // 3]
    opening = np.round(close * (1 + generator.normal(0, 0.003, count)), 2)
    high = np.maximum(opening, close) + np.round(generator.random(count), 2)
    low = np.minimum(opening, close) - np.round(generator.random(count), 2)
    if flat:
        still = slice(count // 3, count // 2)
        opening[still] = high[still] = low[still] = close[still]
    return columns(opening, high, low, close, np.floor(generator.random(count) * 1000) + 1)


def columns(opening: Floats, high: Floats, low: Floats, close: Floats, volume: Floats) -> BarColumns:
    """Return daily bars of the given prices."""
    times = np.arange(len(close)) * DAY_NS
    values = {"open": opening, "high": high, "low": low, "close": close, "volume": volume}
    return BarColumns(TickType.TRADE, times, times + DAY_NS, values)


def of_closes(closes: Floats) -> BarColumns:
    """Return bars whose four prices are equal."""
    return columns(closes, closes, closes, closes, np.ones(len(closes)))


class Subscription:
    """A feed of indicators whose bars are consumed one by one with ``advance``."""

    def __init__(self, bars: BarColumns, selector: str = "", first_row: int = 0) -> None:
        self.columns = bars
        self.selector = selector
        self.first_row = first_row
        self.symbol = SPY
        self.is_streaming = False
        self.cursor = Cursor()
        self.place = Place()
        self.place.shift = 0
        self._row = first_row - 1

    def row(self) -> int:
        """Return the last row consumed."""
        return self._row

    def time(self, row: int) -> datetime:
        """Return the end of a bar."""
        return START + (row + 1) * DAY

    def bar(self, row: int) -> TradeBar:
        """Return a bar with numbers of its own."""
        values = [float(self.columns.values[name][row]) for name in ("open", "high", "low", "close", "volume")]
        return TradeBar(START + row * DAY, SPY, *values, DAY)

    def stream(self) -> None:
        """Note that the indicator wants its bars one by one."""
        self.is_streaming = True

    def advance(self, *indicators: IndicatorBase) -> BaseData:
        """Consume the next bar; indicators that stream are updated with it."""
        self._row += 1
        self.cursor.consumed = self._row
        bar = self.bar(self._row)
        for indicator in indicators:
            indicator.consume(bar)
        return bar


def values_of(indicator: IndicatorBase, bars: BarColumns, part: str = "") -> Floats:
    """Return the value of an indicator, or of a part of it, after each bar."""
    feed, result = Subscription(bars), []
    for _ in range(len(bars)):
        feed.advance(indicator)
        result.append(float(getattr(indicator, part) if part else indicator))
    return np.array(result)
