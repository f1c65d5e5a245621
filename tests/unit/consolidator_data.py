"""Data points for tests of consolidators."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from tests.unit.schedule_markets import NEW_YORK, SPY

from tradinglab.algorithm.bar_views import QuoteBarView, TradeBarView
from tradinglab.algorithm.bars import Bar, QuoteBar, TradeBar
from tradinglab.algorithm.ticks import Tick
from tradinglab.core.clock import Zone, to_ns
from tradinglab.core.enums import TickType
from tradinglab.core.symbol import Symbol
from tradinglab.data.columns import BarColumns

MONDAY = datetime(2024, 3, 4)
MINUTE = timedelta(minutes=1)


def at(hour: int, minute: int = 0, day: datetime = MONDAY) -> datetime:
    return day + timedelta(hours=hour, minutes=minute)


def trade_bar(
    time: datetime, close: float = 10.0, volume: float = 1.0, period: timedelta = MINUTE, symbol: Symbol = SPY,
    open: float | None = None, high: float | None = None, low: float | None = None,
) -> TradeBar:  # fmt: skip
    first = close if open is None else open
    top = max(first, close) if high is None else high
    bottom = min(first, close) if low is None else low
    return TradeBar(time, symbol, first, top, bottom, close, volume, period)


def quote_bar(
    time: datetime, bid: float | None, ask: float | None, size: float = 100, period: timedelta = MINUTE
) -> QuoteBar:
    return QuoteBar(
        time, SPY, None if bid is None else Bar(bid, bid, bid, bid), size,
        None if ask is None else Bar(ask, ask, ask, ask), size + 1, period,
    )  # fmt: skip


def trade(time: datetime, price: float, quantity: float = 1) -> Tick:
    return Tick(time, SPY, price, quantity)


def quote(time: datetime, bid: float, ask: float, size: float = 1) -> Tick:
    tick: Any = Tick(time, SPY, (bid + ask) / 2, tick_type=TickType.QUOTE)
    tick.bid_price, tick.ask_price, tick.bid_size, tick.ask_size = bid, ask, size, size
    return tick


class Heard:
    """What a consolidator handed out."""

    def __init__(self, consolidator: Any) -> None:
        self.bars: list[Any] = []
        self.consolidator = consolidator
        consolidator.data_consolidated += self.hear

    def hear(self, sender: object, bar: Any) -> None:
        assert sender is self.consolidator
        self.bars.append(bar)

    @property
    def times(self) -> list[tuple[datetime, datetime]]:
        return [(bar.time, bar.end_time) for bar in self.bars]

    @property
    def prices(self) -> list[tuple[float, ...]]:
        return [(bar.open, bar.high, bar.low, bar.close, bar.volume) for bar in self.bars]

    def last(self) -> Any:
        return self.bars[-1]


def run(consolidator: Any, data: Iterable[Any], *, scan: bool = True) -> Heard:
    """Feed data as the engine does: a scan at the end of each data point."""
    heard = Heard(consolidator)
    for point in data:
        consolidator.update(point)
        if scan:
            consolidator.scan(point.end_time)
    return heard


def trade_columns(times: np.ndarray[Any, Any], values: np.ndarray[Any, Any], span_ns: int) -> BarColumns:
    """Return columns of trade bars: *values* has a row of open, high, low, close, volume for each time (UTC)."""
    names = ("open", "high", "low", "close", "volume")
    columns = {name: np.ascontiguousarray(values[:, index]) for index, name in enumerate(names)}
    return BarColumns(TickType.TRADE, times, times + span_ns, columns)


def trade_views(columns: BarColumns, zone: Zone = NEW_YORK, symbol: Symbol = SPY) -> list[TradeBarView]:
    return [TradeBarView(columns, row, symbol, zone) for row in range(len(columns))]


def quote_views(columns: BarColumns, zone: Zone = NEW_YORK) -> list[QuoteBarView]:
    return [QuoteBarView(columns, row, SPY, zone) for row in range(len(columns))]


def minutes_from(start: datetime, count: int, zone: Zone = NEW_YORK) -> np.ndarray[Any, Any]:
    """Return the starts, UTC nanoseconds, of consecutive minutes from a local time on."""
    return zone.utc_ns(to_ns(start)) + np.arange(count, dtype=np.int64) * 60_000_000_000
