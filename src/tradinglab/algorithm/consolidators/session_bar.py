"""One session of a security: a day's open, high, low, close and volume."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from tradinglab.algorithm.bar_spans import ONE_DAY
from tradinglab.algorithm.bars import Bar, QuoteBar, TradeBar
from tradinglab.algorithm.base_data import BaseData
from tradinglab.algorithm.consolidators.quote_bars import joined, update_quote
from tradinglab.algorithm.ticks import Tick
from tradinglab.core.decimals import smart_round, to_decimal
from tradinglab.core.enums import TickType

if TYPE_CHECKING:
    from tradinglab.core.symbol import Symbol

_NO_PRICE_YET = 79228162514264337593543950335.0
"""The low of a session of trades before its first trade: .NET's largest decimal, as LEAN has it."""


def _price_of(name: str, doc: str) -> property:
    def read(self: SessionBar) -> float:
        return self._price(name)

    return property(read, doc=doc)


class SessionBar(TradeBar):
    """A day of a security. Its prices are 0 until the first data point of the session."""

    def __init__(
        self, source_tick_type: TickType = TickType.TRADE, time: datetime = datetime.max, symbol: Symbol | None = None
    ) -> None:
        super().__init__(time, symbol, period=ONE_DAY)
        self._source = source_tick_type
        self._bar: QuoteBar | None = None
        self._seen_until = datetime.min
        self._volume_until = datetime.min
        self._has_open = False
        self._open_interest = 0.0

    def _price(self, name: str) -> float:
        bar = self._bar
        if bar is None:
            return 0.0
        # A session of trades keeps its prices in the bid of its quote bar.
        return float(getattr(bar.bid if self._source == TickType.TRADE else bar, name))

    open = _price_of("open", "First price.")
    high = _price_of("high", "Highest price.")
    low = _price_of("low", "Lowest price.")
    close = _price_of("close", "Last price.")
    value = _price_of("close", "The close.")

    @property
    def open_interest(self) -> float:
        """The last open interest."""
        return self._open_interest

    @open_interest.setter
    def open_interest(self, value: float) -> None:
        self._open_interest = float(value)

    @property
    def end_time(self) -> datetime:
        """The end of the day."""
        return self._time if self._time == datetime.max else self._time + self._period

    @end_time.setter
    def end_time(self, value: datetime) -> None:
        self._period = value - self._time

    def take(self, data: BaseData, before: BaseData | None) -> None:
        """Take a data point in; *before* is the session of the day before."""
        if self._bar is None:
            self._begin(data, before)
        time, end_time = data.time, data.end_time
        if time < self._seen_until:
            return  # overlaps with what was seen, as an hourly bar after minute bars does
        if isinstance(data, TradeBar):
            self._add_volume(data.volume, time, end_time)
            if self._source == TickType.TRADE:
                self._add_prices(data.open, data.high, data.low, data.close)
                self._seen_until = end_time
        elif isinstance(data, QuoteBar):
            if self._source == TickType.QUOTE:
                self._add_quote_bar(data)
                self._seen_until = end_time
        elif isinstance(data, Tick):
            self._add_tick(data, time, end_time)

    def _begin(self, data: BaseData, before: BaseData | None) -> None:
        time = data.time
        self._bar = QuoteBar(datetime(time.year, time.month, time.day), data.symbol, period=self._period)
        self._seen_until = self._bar.time
        if self._source == TickType.TRADE:
            self._bar.bid = Bar(0.0, 0.0, _NO_PRICE_YET, 0.0)
        elif isinstance(before, SessionBar):
            last = before._bar
            bid, ask = (None, None) if last is None else (last.bid, last.ask)
            update_quote(self._bar, bid.close if bid else 0.0, ask.close if ask else 0.0, 0.0, 0.0)

    def _add_volume(self, volume: float, time: datetime, end_time: datetime) -> None:
        if self._volume_until <= time:
            self._volume_until = end_time
            self._volume += volume

    def _add_prices(self, first: float, high: float, low: float, last: float) -> None:
        bar: Any = self._bar
        prices = bar.bid
        if not self._has_open:
            self._has_open = True
            prices.open = first
        prices.close = last
        prices.low = min(prices.low, low)
        prices.high = max(prices.high, high)

    def _add_quote_bar(self, data: QuoteBar) -> None:
        bar = self._bar
        assert bar is not None
        if data.bid is not None:
            bar.bid = joined(bar.bid, data.bid)
        if data.ask is not None:
            bar.ask = joined(bar.ask, data.ask)

    def _add_tick(self, data: Any, time: datetime, end_time: datetime) -> None:
        self._add_volume(data.quantity, time, end_time)
        if data.tick_type != self._source:
            return
        if self._source == TickType.TRADE:
            self._add_prices(data.value, data.value, data.value, data.value)
        else:
            assert self._bar is not None
            update_quote(self._bar, data.bid_price, data.ask_price, data.bid_size, data.ask_size)
        self._seen_until = end_time

    def __str__(self) -> str:
        prices = {"O": self.open, "H": self.high, "L": self.low, "C": self.close, "V": self.volume}
        shown = " ".join(f"{name}: {smart_round(to_decimal(price))}" for name, price in prices.items())
        return f"{shown} OI: {self.open_interest:g}"
