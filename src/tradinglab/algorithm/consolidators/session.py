"""The session of a security: open, high, low, close and volume of the day so far, and of days before."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from tradinglab.algorithm.bars import Bar, BaseData, QuoteBar, Tick, TradeBar
from tradinglab.algorithm.consolidators.base import NEVER
from tradinglab.algorithm.consolidators.calendar import ONE_DAY
from tradinglab.algorithm.consolidators.period_count import PeriodCountConsolidatorBase
from tradinglab.algorithm.consolidators.quote_bars import joined, update_quote
from tradinglab.algorithm.rolling_window import RollingWindow
from tradinglab.core.decimals import smart_round, to_decimal
from tradinglab.core.enums import TickType

if TYPE_CHECKING:
    from tradinglab.core.market_hours import SecurityExchangeHours
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


class SessionConsolidator(PeriodCountConsolidatorBase[BaseData, SessionBar]):
    """Makes the session of each trading day of whatever data of a security comes."""

    _input_class = BaseData
    _output_class = SessionBar

    def __init__(self, exchange_hours: SecurityExchangeHours, source_tick_type: TickType, symbol: Symbol) -> None:
        super().__init__(ONE_DAY)
        self._hours = exchange_hours
        self._source = source_tick_type
        self._session_symbol = symbol
        self._has_begun = False
        self._begin()

    @property
    def working_instance(self) -> SessionBar:
        """The session of today, or of the next trading day."""
        if self._working is None:
            self._begin()
        assert self._working is not None
        return self._working

    def aggregate_bar(self, working_bar: SessionBar | None, data: BaseData) -> SessionBar:
        """Take a data point into the session, if the market is open; return it."""
        bar = self.working_instance if working_bar is None else working_bar
        time = data.time
        if not self._has_begun:
            day = datetime(time.year, time.month, time.day)
            if bar.time == datetime.max or day > bar.time:
                bar.time = day
            self._has_begun = True
        if isinstance(data, Tick) and data.tick_type == TickType.OPEN_INTEREST:
            bar.open_interest = data.value
        elif self._hours.is_open(time, data.end_time, False):
            bar.take(data, self._consolidated)
        return bar

    def validate_and_scan(self, current_local_time: datetime) -> None:
        """Hand the session out if another day has come."""
        if self._has_begun and current_local_time.date() != self.working_instance.time.date():
            self.scan(current_local_time)

    def on_data_consolidated(self, consolidated: BaseData | None) -> None:
        """Hand out the session of a day, and begin the next."""
        self._working = None
        super().on_data_consolidated(consolidated)

    def _drop_working_bar(self) -> None:
        """Keep the session that the listeners made begin."""

    def _note_due(self) -> None:
        self.due_ns = NEVER

    def reset(self) -> None:
        """Forget everything but who listens."""
        super().reset()
        self._begin()

    def _begin(self) -> None:
        time = datetime.max
        if self._consolidated is not None:
            following = self._hours.get_next_trading_day(self._consolidated.time)
            time = datetime(following.year, following.month, following.day)
        self._working = SessionBar(self._source, time, self._session_symbol)
        self._has_begun = False


class Session(RollingWindow[SessionBar]):
    """The sessions of a security: ``session[0]`` is today's so far, ``session[1]`` the day before's.

    Nothing is gathered until ``size`` is set: ``security.session.size = 3``.
    """

    def __init__(
        self, tick_type: TickType, exchange_hours: SecurityExchangeHours, symbol: Symbol, size: int = 0
    ) -> None:
        super().__init__(size)
        self._symbol = symbol
        self._tick_type = tick_type
        self._hours = exchange_hours
        self._consolidator: SessionConsolidator | None = None
        self._start()

    @property
    def size(self) -> int:
        """How many sessions are kept, today's included; 0 gathers nothing."""
        return self._size

    @size.setter
    def size(self, value: int) -> None:
        self._resize(value)
        self._start()

    @property
    def is_tracking(self) -> bool:
        """Whether sessions are gathered."""
        return self._consolidator is not None

    @property
    def symbol(self) -> Symbol:
        """The security."""
        return self._symbol

    @property
    def open(self) -> float:
        """Today's first price; 0 before it."""
        return self._today("open")

    @property
    def high(self) -> float:
        """Today's highest price so far."""
        return self._today("high")

    @property
    def low(self) -> float:
        """Today's lowest price so far."""
        return self._today("low")

    @property
    def close(self) -> float:
        """Today's last price so far."""
        return self._today("close")

    @property
    def volume(self) -> float:
        """Units traded today so far."""
        return self._today("volume")

    @property
    def open_interest(self) -> float:
        """The last open interest."""
        return self._today("open_interest")

    @property
    def end_time(self) -> datetime:
        """The end of today's session."""
        return datetime.min if self._consolidator is None else self._consolidator.working_instance.end_time

    def update(self, data: BaseData) -> None:
        """Take a data point in."""
        if self._consolidator is not None:
            self._consolidator.update(data)

    def scan(self, current_local_time: datetime) -> None:
        """Begin a new session if another day has come, on the exchange's clock."""
        if self._consolidator is not None:
            self._consolidator.validate_and_scan(current_local_time)

    def reset(self) -> None:
        """Forget all sessions."""
        if self._consolidator is not None:
            super().reset()
            self._consolidator.reset()
            self.add(self._consolidator.working_instance)

    def _today(self, name: str) -> float:
        return 0.0 if self._consolidator is None else float(getattr(self._consolidator.working_instance, name))

    def _start(self) -> None:
        if self._size > 0 and self._consolidator is None:
            self._consolidator = consolidator = SessionConsolidator(self._hours, self._tick_type, self._symbol)
            consolidator.engine_event += lambda sender, consolidated: self.add(consolidator.working_instance)
            self.add(consolidator.working_instance)

    def __str__(self) -> str:
        return "" if self._consolidator is None else str(self._consolidator.working_instance)
