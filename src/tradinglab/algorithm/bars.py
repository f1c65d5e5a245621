"""Bars of trades and of quotes.

A bar that comes from a subscription is a *view*: it holds a row number and reads its column when
asked, so that a bar nobody looks at costs nothing. A bar that an author or a consolidator makes
holds its own numbers. Both are the same types. Times are naive, in the exchange's time zone.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from tradinglab.algorithm.base_data import BaseData
from tradinglab.core.decimals import ZERO, Number, to_decimal
from tradinglab.core.dual import Derivable
from tradinglab.core.enums import MarketDataType

if TYPE_CHECKING:
    from tradinglab.core.symbol import Symbol

ONE_MINUTE = timedelta(minutes=1)


class Bar(Derivable):
    """Open, high, low and close of one side of a quote."""

    def __init__(self, open: Number = 0.0, high: Number = 0.0, low: Number = 0.0, close: Number = 0.0) -> None:
        self._open, self._high, self._low, self._close = float(open), float(high), float(low), float(close)

    @property
    def open(self) -> float:
        """First price."""
        return self._open

    @open.setter
    def open(self, value: Number) -> None:
        self._open = float(value)

    @property
    def high(self) -> float:
        """Highest price."""
        return self._high

    @high.setter
    def high(self, value: Number) -> None:
        self._high = float(value)

    @property
    def low(self) -> float:
        """Lowest price."""
        return self._low

    @low.setter
    def low(self, value: Number) -> None:
        self._low = float(value)

    @property
    def close(self) -> float:
        """Last price."""
        return self._close

    @close.setter
    def close(self, value: Number) -> None:
        self._close = float(value)

    @property
    def exact_open(self) -> Decimal:
        """``open`` as a decimal."""
        return to_decimal(self.open)

    @property
    def exact_high(self) -> Decimal:
        """``high`` as a decimal."""
        return to_decimal(self.high)

    @property
    def exact_low(self) -> Decimal:
        """``low`` as a decimal."""
        return to_decimal(self.low)

    @property
    def exact_close(self) -> Decimal:
        """``close`` as a decimal."""
        return to_decimal(self.close)

    def update(self, value: Number) -> None:
        """Take one more price into the bar."""
        price = float(value)
        if price == 0:
            return
        if self._open == 0:
            self._open = self._high = self._low = self._close = price
            return
        self._high = max(self._high, price)
        self._low = min(self._low, price)
        self._close = price

    def clone(self) -> Bar:
        """Return a copy that holds its own numbers."""
        return Bar(self.open, self.high, self.low, self.close)

    def __str__(self) -> str:
        return f"O: {self.open:g} H: {self.high:g} L: {self.low:g} C: {self.close:g}"


class TradeBar(BaseData, Bar):
    """Open, high, low, close and volume of the trades in a span of time."""

    data_type = MarketDataType.TRADE_BAR

    def __init__(
        self,
        time: datetime = datetime.min,
        symbol: Symbol | None = None,
        open: Number = 0.0,
        high: Number = 0.0,
        low: Number = 0.0,
        close: Number = 0.0,
        volume: Number = 0.0,
        period: timedelta | None = None,
    ) -> None:
        BaseData.__init__(self)
        Bar.__init__(self, open, high, low, close)
        self._symbol = symbol
        self._time = time
        self._volume = float(volume)
        self._period = ONE_MINUTE if period is None else period

    @property
    def volume(self) -> float:
        """Units traded."""
        return self._volume

    @volume.setter
    def volume(self, value: Number) -> None:
        self._volume = float(value)

    @property
    def exact_volume(self) -> Decimal:
        """``volume`` as a decimal."""
        return to_decimal(self.volume)

    @property
    def period(self) -> timedelta:
        """The span of time that the bar covers."""
        return self._period

    @period.setter
    def period(self, value: timedelta) -> None:
        self._period = value

    @property
    def end_time(self) -> datetime:
        """The end of the bar."""
        return self.time + self.period

    @end_time.setter
    def end_time(self, value: datetime) -> None:
        self._period = value - self.time

    @property
    def value(self) -> float:
        """The close."""
        return self.close

    @value.setter
    def value(self, value: Number) -> None:
        self.close = value

    @property
    def exact_value(self) -> Decimal:
        """The close as a decimal."""
        return self.exact_close

    def update_trade(self, price: Number, volume: Number) -> None:
        """Take one more trade into the bar."""
        Bar.update(self, price)
        self._volume = self.volume + float(volume)

    def clone(self, fill_forward: bool = False) -> TradeBar:
        """Return a copy that holds its own numbers."""
        twin = TradeBar(self.time, self.symbol, self.open, self.high, self.low, self.close, self.volume, self.period)
        twin.is_fill_forward = fill_forward or self.is_fill_forward
        return twin

    def __str__(self) -> str:
        return f"{self.symbol}: {Bar.__str__(self)} V: {self.volume:g}"


class QuoteBar(BaseData):
    """Bid and ask bars over a span of time; open, high, low, close are of the middle."""

    data_type = MarketDataType.QUOTE_BAR

    def __init__(
        self,
        time: datetime = datetime.min,
        symbol: Symbol | None = None,
        bid: Bar | None = None,
        last_bid_size: Number = 0.0,
        ask: Bar | None = None,
        last_ask_size: Number = 0.0,
        period: timedelta | None = None,
    ) -> None:
        super().__init__()
        self._symbol = symbol
        self._time = time
        self._bid = None if bid is None else bid.clone()
        self._ask = None if ask is None else ask.clone()
        self._last_bid_size = float(last_bid_size)
        self._last_ask_size = float(last_ask_size)
        self._period = ONE_MINUTE if period is None else period

    @property
    def bid(self) -> Bar | None:
        """The bar of the bid, or ``None``."""
        return self._bid

    @bid.setter
    def bid(self, value: Bar | None) -> None:
        self._bid = value

    @property
    def ask(self) -> Bar | None:
        """The bar of the ask, or ``None``."""
        return self._ask

    @ask.setter
    def ask(self, value: Bar | None) -> None:
        self._ask = value

    @property
    def last_bid_size(self) -> float:
        """Units bid for at the end of the bar."""
        return self._last_bid_size

    @last_bid_size.setter
    def last_bid_size(self, value: Number) -> None:
        self._last_bid_size = float(value)

    @property
    def last_ask_size(self) -> float:
        """Units asked for at the end of the bar."""
        return self._last_ask_size

    @last_ask_size.setter
    def last_ask_size(self, value: Number) -> None:
        self._last_ask_size = float(value)

    @property
    def period(self) -> timedelta:
        """The span of time that the bar covers."""
        return self._period

    @period.setter
    def period(self, value: timedelta) -> None:
        self._period = value

    @property
    def end_time(self) -> datetime:
        """The end of the bar."""
        return self.time + self.period

    @end_time.setter
    def end_time(self, value: datetime) -> None:
        self._period = value - self.time

    def _middle(self, name: str) -> float:
        bid = 0.0 if self.bid is None else getattr(self.bid, name)
        ask = 0.0 if self.ask is None else getattr(self.ask, name)
        return (bid + ask) / 2 if bid and ask else bid or ask

    def _exact_middle(self, name: str) -> Decimal:
        bid = ZERO if self.bid is None else getattr(self.bid, name)
        ask = ZERO if self.ask is None else getattr(self.ask, name)
        return (bid + ask) / 2 if bid and ask else bid or ask

    @property
    def open(self) -> float:
        """Middle of the first bid and ask; the one there is if the other is absent."""
        return self._middle("open")

    @property
    def high(self) -> float:
        """Middle of the highest bid and ask."""
        return self._middle("high")

    @property
    def low(self) -> float:
        """Middle of the lowest bid and ask."""
        return self._middle("low")

    @property
    def close(self) -> float:
        """Middle of the last bid and ask."""
        return self._middle("close")

    @property
    def exact_open(self) -> Decimal:
        """``open`` as a decimal."""
        return self._exact_middle("exact_open")

    @property
    def exact_high(self) -> Decimal:
        """``high`` as a decimal."""
        return self._exact_middle("exact_high")

    @property
    def exact_low(self) -> Decimal:
        """``low`` as a decimal."""
        return self._exact_middle("exact_low")

    @property
    def exact_close(self) -> Decimal:
        """``close`` as a decimal."""
        return self._exact_middle("exact_close")

    @property
    def value(self) -> float:
        """The close of the middle, or what was set."""
        return self.close if self.bid is not None or self.ask is not None else float(self._value)

    @value.setter
    def value(self, value: Number) -> None:
        self._value = value

    @property
    def exact_value(self) -> Decimal:
        """``value`` as a decimal."""
        return self.exact_close if self.bid is not None or self.ask is not None else to_decimal(self._value)

    def collapse(self) -> TradeBar:
        """Return the middle as a trade bar without volume."""
        return TradeBar(self.time, self.symbol, self.open, self.high, self.low, self.close, 0, self.period)

    def clone(self, fill_forward: bool = False) -> QuoteBar:
        """Return a copy that holds its own numbers."""
        twin = QuoteBar(self.time, self.symbol, self.bid, self.last_bid_size, self.ask, self.last_ask_size, self.period)
        twin.is_fill_forward = fill_forward or self.is_fill_forward
        return twin

    def __str__(self) -> str:
        return f"{self.symbol}: Bid: {self.bid} Ask: {self.ask}"
