"""The data points that an author sees: bars, ticks and corporate events.

A bar that comes from a subscription is a *view*: it holds a row number and reads its column when
asked, so that a bar nobody looks at costs nothing. A bar that an author or a consolidator makes
holds its own numbers. Both are the same types. Times are naive, in the exchange's time zone.
"""

from __future__ import annotations

import copy
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Self

from tradinglab.core.decimals import ZERO, Number, to_decimal
from tradinglab.core.dual import Dual
from tradinglab.core.enums import DelistingType, MarketDataType, SplitType, TickType

if TYPE_CHECKING:
    from tradinglab.core.symbol import Symbol

ONE_MINUTE = timedelta(minutes=1)


class BaseData(Dual):
    """A data point: a symbol, a time, a value."""

    data_type: MarketDataType = MarketDataType.BASE
    is_fill_forward = False

    def __init__(self) -> None:
        self._symbol: Symbol | None = None
        self._time = datetime.min
        self._end_time: datetime | None = None
        self._value: Number = 0.0

    @property
    def symbol(self) -> Symbol:
        """The symbol that the data point belongs to."""
        return self._symbol  # type: ignore[return-value]

    @symbol.setter
    def symbol(self, value: Symbol) -> None:
        self._symbol = value

    @property
    def time(self) -> datetime:
        """The start of the time that the data point covers."""
        return self._time

    @time.setter
    def time(self, value: datetime) -> None:
        self._time = value

    @property
    def end_time(self) -> datetime:
        """The end of the time that the data point covers: when it became known."""
        return self.time if self._end_time is None else self._end_time

    @end_time.setter
    def end_time(self, value: datetime) -> None:
        self._end_time = value

    @property
    def value(self) -> float:
        """The value that stands for the data point: of a bar, its close."""
        return float(self._value)

    @value.setter
    def value(self, value: Number) -> None:
        self._value = value

    @property
    def price(self) -> float:
        """The same as ``value``."""
        return self.value

    @property
    def exact_value(self) -> Decimal:
        """``value`` as a decimal."""
        return to_decimal(self._value)

    @property
    def exact_price(self) -> Decimal:
        """``price`` as a decimal."""
        return self.exact_value

    def clone(self, fill_forward: bool = False) -> Self:
        """Return a copy, marked as filled forward if asked."""
        twin = copy.copy(self)
        if fill_forward:
            twin.is_fill_forward = True
        return twin

    def __str__(self) -> str:
        return f"{self.symbol}: {self.value:g}"

    def to_string(self) -> str:
        """Return the data point as text."""
        return str(self)


class Bar(Dual):
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


class Tick(BaseData):
    """One trade or one quote."""

    data_type = MarketDataType.TICK

    def __init__(
        self,
        time: datetime = datetime.min,
        symbol: Symbol | None = None,
        value: Number = 0.0,
        quantity: Number = 0.0,
        *,
        tick_type: TickType = TickType.TRADE,
        bid_price: Number = 0.0,
        ask_price: Number = 0.0,
        bid_size: Number = 0.0,
        ask_size: Number = 0.0,
    ) -> None:
        super().__init__()
        self._symbol, self._time, self._value = symbol, time, value
        self._tick_type = tick_type
        self._quantity = quantity
        self._bid_price, self._ask_price = bid_price, ask_price
        self._bid_size, self._ask_size = bid_size, ask_size
        self.exchange = ""
        self.sale_condition = ""
        self.suspicious = False

    @property
    def tick_type(self) -> TickType:
        """Whether the tick is a trade or a quote."""
        return self._tick_type

    @tick_type.setter
    def tick_type(self, value: TickType) -> None:
        self._tick_type = value

    @property
    def last_price(self) -> float:
        """The price of the trade, or the middle of the quote."""
        return self.value

    @property
    def exact_quantity(self) -> Decimal:
        """``quantity`` as a decimal."""
        return to_decimal(self._quantity)

    @property
    def exact_bid_price(self) -> Decimal:
        """``bid_price`` as a decimal."""
        return to_decimal(self._bid_price)

    @property
    def exact_ask_price(self) -> Decimal:
        """``ask_price`` as a decimal."""
        return to_decimal(self._ask_price)

    def __str__(self) -> str:
        return f"{self.symbol}: {self.tick_type} {self.value:g} x {self.quantity:g}"


def _float_field(name: str, doc: str) -> property:
    """Return a property over ``_name`` that reads as a float and keeps what is written exactly."""

    def read(self: Any) -> float:
        return float(getattr(self, name))

    def write(self: Any, value: Number) -> None:
        setattr(self, name, value)

    return property(read, write, doc=doc)


def _add_field(cls: type, name: str, pascal: str, doc: str) -> None:
    field = _float_field("_" + name, doc)
    setattr(cls, name, field)
    setattr(cls, pascal, field)


_add_field(Tick, "quantity", "Quantity", "Units traded.")
_add_field(Tick, "bid_price", "BidPrice", "The bid, of a quote.")
_add_field(Tick, "ask_price", "AskPrice", "The ask, of a quote.")
_add_field(Tick, "bid_size", "BidSize", "Units bid for.")
_add_field(Tick, "ask_size", "AskSize", "Units asked for.")


class IndicatorDataPoint(BaseData):
    """A value of an indicator at a time: ``(time, value)`` or ``(symbol, time, value)``."""

    def __init__(self, *args: Any) -> None:
        super().__init__()
        if len(args) == 3:
            self._symbol, self._time, self._value = args
        elif len(args) == 2:
            self._time, self._value = args

    def __float__(self) -> float:
        return self.value

    def __lt__(self, other: Any) -> bool:
        return self.value < float(other)

    def __gt__(self, other: Any) -> bool:
        return self.value > float(other)

    def __str__(self) -> str:
        return f"{self.time} - {self.value:g}"


class Split(BaseData):
    """A stock split: ``split_factor`` is old shares for each new one (0.5 when one becomes two)."""

    data_type = MarketDataType.AUXILIARY

    def __init__(self, symbol: Symbol, date: datetime, price: Number, split_factor: Number, type: SplitType) -> None:
        super().__init__()
        self._symbol, self._time, self._value = symbol, date, price
        self._split_factor = to_decimal(split_factor)
        self._type = type

    @property
    def type(self) -> SplitType:
        """Warning of a split, or the split itself."""
        return self._type

    @property
    def split_factor(self) -> float:
        """New price over old price."""
        return float(self._split_factor)

    @property
    def exact_split_factor(self) -> Decimal:
        """``split_factor`` as a decimal."""
        return self._split_factor

    @property
    def reference_price(self) -> float:
        """The closing price before the split."""
        return self.value

    @property
    def exact_reference_price(self) -> Decimal:
        """``reference_price`` as a decimal."""
        return self.exact_value


class Dividend(BaseData):
    """A cash dividend: ``distribution`` per share."""

    data_type = MarketDataType.AUXILIARY

    def __init__(self, symbol: Symbol, date: datetime, distribution: Number, reference_price: Number) -> None:
        super().__init__()
        self._symbol, self._time, self._value = symbol, date, distribution
        self._reference_price = to_decimal(reference_price)

    @property
    def distribution(self) -> float:
        """Cash for each share."""
        return self.value

    @property
    def exact_distribution(self) -> Decimal:
        """``distribution`` as a decimal."""
        return self.exact_value

    @property
    def reference_price(self) -> float:
        """The closing price before the dividend."""
        return float(self._reference_price)


class Delisting(BaseData):
    """A delisting, or the warning of it a day ahead."""

    data_type = MarketDataType.AUXILIARY

    def __init__(self, symbol: Symbol, date: datetime, price: Number, type: DelistingType) -> None:
        super().__init__()
        self._symbol, self._time, self._value = symbol, date, price
        self._type = type
        self._ticket: Any = None

    @property
    def type(self) -> DelistingType:
        """Warning of a delisting, or the delisting itself."""
        return self._type

    @property
    def ticket(self) -> Any:
        """The ticket of the order that closed the position, if one did."""
        return self._ticket

    def set_order_ticket(self, ticket: Any) -> None:
        """Remember the order that closed the position."""
        self._ticket = ticket


class SymbolChangedEvent(BaseData):
    """A change of ticker."""

    data_type = MarketDataType.AUXILIARY

    def __init__(self, symbol: Symbol, date: datetime, old_symbol: str, new_symbol: str) -> None:
        super().__init__()
        self._symbol, self._time = symbol, date
        self._old_symbol, self._new_symbol = old_symbol, new_symbol

    @property
    def old_symbol(self) -> str:
        """The ticker before the change."""
        return self._old_symbol

    @property
    def new_symbol(self) -> str:
        """The ticker after the change."""
        return self._new_symbol


class MarginInterestRate(BaseData):
    """The funding rate of a perpetual future: a fraction of the position's value."""

    data_type = MarketDataType.AUXILIARY

    def __init__(self, symbol: Symbol, time: datetime, interest_rate: Number) -> None:
        super().__init__()
        self._symbol, self._time, self._value = symbol, time, to_decimal(interest_rate)

    @property
    def interest_rate(self) -> float:
        """The rate."""
        return self.value
