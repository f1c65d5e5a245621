"""Bars that read the columns of a subscription when asked."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from tradinglab.algorithm.bars import Bar, QuoteBar, TradeBar
from tradinglab.algorithm.base_data import BaseData
from tradinglab.algorithm.ticks import Tick
from tradinglab.core.clock import Zone
from tradinglab.core.decimals import Number
from tradinglab.core.enums import TickType

if TYPE_CHECKING:
    from tradinglab.core.symbol import Symbol
    from tradinglab.data.columns import BarColumns


class _View(BaseData):
    """Times and fill-forward mark of a row of columns; written to, it becomes a bar with its own numbers."""

    _columns: BarColumns
    _row: int
    _zone: Zone

    def __init__(self, columns: BarColumns, row: int, symbol: Symbol, zone: Zone) -> None:
        self._columns = columns
        self._row = row
        self._symbol = symbol
        self._zone = zone

    def _own(self) -> None:
        """Become an ordinary bar: copy the numbers and forget the columns."""
        plain = self.clone()
        self.__class__ = type(plain)
        self.__dict__.clear()
        self.__dict__.update(plain.__dict__)

    @property
    def time(self) -> datetime:
        """The start of the bar, in the exchange's time zone."""
        return self._zone.datetime(int(self._columns.time_ns[self._row]))

    @time.setter
    def time(self, value: datetime) -> None:
        self._own()
        self.time = value

    @property
    def end_time(self) -> datetime:
        """The end of the bar, in the exchange's time zone."""
        return self._zone.datetime(int(self._columns.end_ns[self._row]))

    @end_time.setter
    def end_time(self, value: datetime) -> None:
        self._own()
        self.end_time = value

    @property
    def period(self) -> timedelta:
        """The span of time that the bar covers."""
        columns, row = self._columns, self._row
        return timedelta(microseconds=int(columns.end_ns[row] - columns.time_ns[row]) // 1000)

    @period.setter
    def period(self, value: timedelta) -> None:
        self._own()
        self.period = value

    @property
    def end_ns(self) -> int:
        """The end of the bar, as an instant."""
        return int(self._columns.end_ns[self._row])

    @property
    def time_ns(self) -> int:
        """The start of the bar, as an instant."""
        return int(self._columns.time_ns[self._row])

    @property
    def is_fill_forward(self) -> bool:
        """Whether the bar repeats the one before because there was none."""
        filled = self._columns.filled
        return filled is not None and bool(filled[self._row])

    @is_fill_forward.setter
    def is_fill_forward(self, value: bool) -> None:
        self._own()
        self.is_fill_forward = value


def _price(name: str, doc: str) -> property:
    def read(self: TradeBarView) -> float:
        return self._columns.view(name)[self._row]

    def write(self: TradeBarView, value: Number) -> None:
        self._own()
        setattr(self, name, value)

    return property(read, write, doc=doc)


def _exact(name: str) -> property:
    def read(self: TradeBarView) -> Decimal:
        return self._columns.exact(name, self._row)

    return property(read, doc=f"``{name}`` as a decimal.")


class TradeBarView(_View, TradeBar):
    """A trade bar over a row of columns."""

    open = _price("open", "First price.")
    high = _price("high", "Highest price.")
    low = _price("low", "Lowest price.")
    close = _price("close", "Last price.")
    volume = _price("volume", "Units traded.")
    value = _price("close", "The close.")
    price = _price("close", "The close.")
    exact_open = _exact("open")
    exact_high = _exact("high")
    exact_low = _exact("low")
    exact_close = _exact("close")
    exact_volume = _exact("volume")
    exact_value = _exact("close")
    exact_price = _exact("close")


def _side_price(name: str, doc: str) -> property:
    def read(self: QuoteSideView) -> float:
        return self._columns.view(f"{self._side}_{name}")[self._row]

    return property(read, doc=doc)


def _exact_side_price(name: str) -> property:
    def read(self: QuoteSideView) -> Decimal:
        return self._columns.exact(f"{self._side}_{name}", self._row)

    return property(read, doc=f"``{name}`` as a decimal.")


class QuoteSideView(Bar):
    """The bid or the ask over a row of columns."""

    def __init__(self, columns: BarColumns, row: int, side: str) -> None:
        self._columns = columns
        self._row = row
        self._side = side

    open = _side_price("open", "First price.")
    high = _side_price("high", "Highest price.")
    low = _side_price("low", "Lowest price.")
    close = _side_price("close", "Last price.")
    exact_open = _exact_side_price("open")
    exact_high = _exact_side_price("high")
    exact_low = _exact_side_price("low")
    exact_close = _exact_side_price("close")


class QuoteBarView(_View, QuoteBar):
    """A quote bar over a row of columns."""

    def _side(self, side: str) -> Bar | None:
        price = self._columns.view(side + "_close")[self._row]
        return QuoteSideView(self._columns, self._row, side) if price == price else None

    @property
    def bid(self) -> Bar | None:
        """The bar of the bid, or ``None``."""
        return self._side("bid")

    @bid.setter
    def bid(self, value: Bar | None) -> None:
        self._own()
        self.bid = value

    @property
    def ask(self) -> Bar | None:
        """The bar of the ask, or ``None``."""
        return self._side("ask")

    @ask.setter
    def ask(self, value: Bar | None) -> None:
        self._own()
        self.ask = value

    @property
    def last_bid_size(self) -> float:
        """Units bid for at the end of the bar."""
        size = self._columns.view("bid_size")[self._row]
        return size if size == size else 0.0

    @last_bid_size.setter
    def last_bid_size(self, value: Number) -> None:
        self._own()
        self.last_bid_size = value

    @property
    def last_ask_size(self) -> float:
        """Units asked for at the end of the bar."""
        size = self._columns.view("ask_size")[self._row]
        return size if size == size else 0.0

    @last_ask_size.setter
    def last_ask_size(self, value: Number) -> None:
        self._own()
        self.last_ask_size = value

    @property
    def value(self) -> float:
        """The close of the middle."""
        return self.close

    @value.setter
    def value(self, value: Number) -> None:
        self._own()
        self.value = value


def bar_view(columns: BarColumns, row: int, symbol: Symbol, zone: Zone, is_tick: bool) -> TradeBar | QuoteBar | Tick:
    """Return the data point at a row: a view of a bar, or a tick."""
    if is_tick:
        return _tick(columns, row, symbol, zone)
    if columns.tick_type == TickType.QUOTE:
        return QuoteBarView(columns, row, symbol, zone)
    return TradeBarView(columns, row, symbol, zone)


def _tick(columns: BarColumns, row: int, symbol: Symbol, zone: Zone) -> Tick:
    time = zone.datetime(int(columns.end_ns[row]))
    if columns.tick_type == TickType.TRADE:
        return Tick(time, symbol, columns.exact("close", row), columns.exact("volume", row))

    def side(name: str) -> Decimal:
        price = columns.view(name)[row]
        return columns.exact(name, row) if price == price else Decimal(0)

    bid, ask = side("bid_close"), side("ask_close")
    return Tick(
        time, symbol, (bid + ask) / 2 if bid and ask else bid or ask, tick_type=TickType.QUOTE,
        bid_price=bid, ask_price=ask, bid_size=side("bid_size"), ask_size=side("ask_size"),
    )  # fmt: skip
