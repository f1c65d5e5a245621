"""How much money a strategy could trade before its own orders moved the market.

As LEAN estimates it (Common/CapacityEstimate.cs in QuantConnect/LEAN): after each fill the dollar volume of the
following bars is captured for a while; at every snapshot the symbol with the smallest captured volume bounds the
capacity by its share of what was traded or held. Where the bars are columns that can be read later, nothing is done
between two snapshots but to note the fills; elsewhere each step is handed in while a capture window is open.
"""

from __future__ import annotations

from bisect import bisect_left
from decimal import Decimal
from functools import lru_cache
from operator import attrgetter
from typing import Protocol

from tradinglab.core.clock import DAY_NS, MINUTE_NS
from tradinglab.core.decimals import ONE, ZERO, to_decimal
from tradinglab.core.enums import Resolution
from tradinglab.core.symbol import Symbol
from tradinglab.core.system_decimal import divide, multiply, round_to_multiple
from tradinglab.core.values import dataclass, field
from tradinglab.engine.capacity_batch import traded_after
from tradinglab.engine.capacity_window import SCALES, CapacityBar, CapacityStream, CaptureWindow, round_up

NEVER_NS = 1 << 62

_EFFECT_NS = 30 * DAY_NS
_ROUNDED_TO = Decimal("1000.00")
_TRADING_MINUTES = Decimal(390)
_LEAST_DISCOUNT = Decimal("0.20")
# Up to when after a fill the next one has the least discount, and from when on none.
_SOON_NS, _LATE_NS = 39 * MINUTE_NS, 195 * MINUTE_NS
_MARKET_VOLUME = attrgetter("market_volume")
_NEW_WEIGHT, _OLD_WEIGHT = Decimal("0.33"), Decimal("0.66")


@lru_cache(maxsize=1)
def rounded_capacity(value: Decimal) -> Decimal:
    """Return a capacity to the nearest thousand; that of one day is often that of the next."""
    return round_to_multiple(value, _ROUNDED_TO)


class CapacityMarket(Protocol):
    """What the estimate asks of the account and its securities."""

    def stream(self, symbol: Symbol) -> CapacityStream | None:
        """Return the bars of a symbol, ``None`` if they are known at their step only or their rate moves."""
        ...

    def portfolio_value(self) -> Decimal:
        """Return what the account is worth."""
        ...

    def bar(self, symbol: Symbol) -> CapacityBar | None:
        """Return the symbol's bar of the present step, if there is one."""
        ...

    def conversion_rate(self, symbol: Symbol) -> Decimal:
        """Return what one unit of the symbol's quote currency is worth."""
        ...

    def contract_multiplier(self, symbol: Symbol) -> Decimal:
        """Return the symbol's contract multiplier."""
        ...

    def used_buying_power(self, symbol: Symbol) -> Decimal:
        """Return the margin that the position binds, times its leverage."""
        ...

    def is_invested(self, symbol: Symbol) -> bool:
        """Return whether the symbol is held."""
        ...


class Filled(Protocol):
    """The part of a fill event that counts here."""

    @property
    def symbol(self) -> Symbol:
        """The symbol filled."""
        ...

    @property
    def utc_ns(self) -> int:
        """When."""
        ...

    @property
    def exact_fill_price(self) -> Decimal:
        """At which price."""
        ...

    @property
    def exact_fill_quantity(self) -> Decimal:
        """How much, signed."""
        ...


@dataclass(slots=True)
class _SymbolCapacity:
    """What was captured for one symbol since the last snapshot."""

    symbol: Symbol
    rate: Decimal = ONE
    multiplier: Decimal = ONE
    trades: int = 0
    sale_volume: Decimal = ZERO
    captured: Decimal = ZERO
    discount: Decimal = ZERO
    window: CaptureWindow = field(default_factory=CaptureWindow)
    starts_over: bool = False
    #: Fills that were not counted yet: time, price, quantity.
    waiting: list[tuple[int, Decimal, Decimal]] = field(default_factory=list)
    stream: CapacityStream | None = None
    #: What of the captured volume counts.
    market_volume: Decimal = ZERO * SCALES[Resolution.TICK]

    @property
    def is_open(self) -> bool:
        return self.window.is_open

    def catch_up(self) -> None:
        """Count the fills that wait, and capture the bars of the stream up to the present one."""
        stream, window = self.stream, self.window
        if stream is None or not (window.is_open or self.waiting):
            return
        ends_ns = stream.ends_ns
        self._take_together(stream)
        for utc_ns, price, quantity in self.waiting:
            # The bar that a fill's step brings is captured after the fill.
            row = bisect_left(ends_ns, utc_ns, window.next_row)
            if window.is_open:
                self._capture_until(row - 1, stream)
            self.on_fill(utc_ns, price, quantity)
            window.next_row = row
        self.waiting.clear()
        self._capture_until(stream.last_row(), stream)
        self._captured_changed()

    def _take_together(self, stream: CapacityStream) -> None:
        """Count all fills that wait but the last, if the bars after them can be read together."""
        waiting, window = self.waiting, self.window
        if not waiting:
            return
        row = bisect_left(stream.ends_ns, waiting[0][0], window.next_row)
        if window.is_open:
            self._capture_until(row - 1, stream)
        after_each = traded_after(window, [fill[0] for fill in waiting], row, stream, self.rate)
        if after_each is not None:
            for fill, traded in zip(waiting, after_each, strict=False):
                self.on_fill(*fill)
                self._count(traded)
            del waiting[:-1]

    def _capture_until(self, last_row: int, stream: CapacityStream) -> None:
        self._count(self.window.traded_until(last_row, stream, self.rate))

    def _count(self, traded: Decimal) -> None:
        if traded:
            self.captured += traded * self.discount * self.rate * self.multiplier

    def _captured_changed(self) -> None:
        self.market_volume = self.captured * SCALES[self.window.resolution]

    def on_fill(self, utc_ns: int, price: Decimal, quantity: Decimal) -> None:
        amount = self.rate * price * abs(quantity)
        self.sale_volume += amount * self.multiplier
        # Frequent trading captures less of each bar; the first fill all of it.
        window = self.window
        since_ns = DAY_NS if window.filled_ns is None else utc_ns - window.filled_ns
        if since_ns <= _SOON_NS:
            self.discount = _LEAST_DISCOUNT
        elif since_ns >= _LATE_NS:
            self.discount = ONE
        else:
            self.discount = 2 * divide(to_decimal(since_ns / MINUTE_NS), _TRADING_MINUTES)
        if self.starts_over:
            self.captured = ZERO
            self._captured_changed()
            self.trades = 0
            self.starts_over = False
        self.trades += 1
        window.filled_ns = utc_ns
        window.is_open = True

    def capture(self, bar: CapacityBar, utc_ns: int) -> bool:
        """Take a bar in; return whether the window stays open."""
        is_open = self.window.takes(bar, utc_ns, self.rate)
        if is_open:
            self.captured += bar.close * self.discount * bar.volume * self.rate * self.multiplier
            self._captured_changed()
        return is_open


@dataclass(slots=True)
class CapacityEstimate:
    """The estimate of a run from *start_ns* to *end_ns*, wall-clock times of the algorithm's time zone."""

    market: CapacityMarket
    start_ns: int
    end_ns: int
    lowest_capacity_asset: Symbol | None = None
    _value: Decimal = ZERO
    _next_snapshot_ns: int = 0
    _period_ns: int = 0
    _by_symbol: dict[Symbol, _SymbolCapacity] = field(default_factory=dict)
    _open: list[_SymbolCapacity] = field(default_factory=list)
    #: The first instant at which :meth:`update` has something to do.
    due_ns: int = NEVER_NS

    def __post_init__(self) -> None:
        self._period_ns = max(min(self.end_ns - self.start_ns - DAY_NS, 7 * DAY_NS), DAY_NS)
        self._next_snapshot_ns = self.start_ns + self._period_ns

    @property
    def exact_capacity(self) -> Decimal:
        """The capacity in the account's currency, not rounded yet."""
        return self._value

    @property
    def capacity(self) -> Decimal:
        """The capacity in the account's currency, to the nearest thousand."""
        return rounded_capacity(self._value)

    @property
    def is_capturing(self) -> bool:
        """Whether a window is open, so that every step must be handed in."""
        return bool(self._open)

    @property
    def next_snapshot_ns(self) -> int:
        """The first instant at which a snapshot is due; without any fill, never."""
        return round_up(self._next_snapshot_ns, DAY_NS) if self._by_symbol else NEVER_NS

    def on_fill(self, fill: Filled) -> None:
        """Open or prolong the window of a symbol that was filled."""
        found = self._by_symbol.get(fill.symbol)
        if found is None:
            found = self._by_symbol[fill.symbol] = _SymbolCapacity(
                fill.symbol, multiplier=self.market.contract_multiplier(fill.symbol)
            )
            self._reschedule()
        if found.stream is None and not found.is_open:
            found.rate = self.market.conversion_rate(fill.symbol)
            found.stream = self.market.stream(fill.symbol)
        if found.stream is not None:
            found.waiting.append((fill.utc_ns, fill.exact_fill_price, fill.exact_fill_quantity))
            return
        found.rate = self.market.conversion_rate(fill.symbol)
        found.on_fill(fill.utc_ns, fill.exact_fill_price, fill.exact_fill_quantity)
        if not any(each is found for each in self._open):
            self._open.append(found)
            self._reschedule()

    def update(self, utc_ns: int, force: bool = False) -> None:
        """Take the bars of the present step in, and the snapshot if one is due or forced."""
        if self._open:
            self._open = [each for each in self._open if self._stays_open(each, utc_ns)]
        if self._by_symbol and (force or utc_ns // DAY_NS * DAY_NS >= self._next_snapshot_ns):
            for each in self._by_symbol.values():
                if each.waiting or each.window.is_open:
                    each.catch_up()
                if force and each.is_open and each.stream is not None:
                    # The end of a run takes the last step in again, as LEAN's does.
                    self._stays_open(each, utc_ns)
            self._take_snapshot(utc_ns)
        self._reschedule()

    def _reschedule(self) -> None:
        self.due_ns = 0 if self._open else self.next_snapshot_ns

    def on_streams_changing(self) -> None:
        """Read what there is to read before subscriptions come or go; streams are looked for anew at later fills."""
        for each in self._by_symbol.values():
            each.catch_up()
            each.stream = None
            if each.is_open and not any(other is each for other in self._open):
                self._open.append(each)
        self._reschedule()

    def _stays_open(self, each: _SymbolCapacity, utc_ns: int) -> bool:
        bar = self.market.bar(each.symbol)
        if bar is None or not bar.volume:
            return True
        each.rate = self.market.conversion_rate(each.symbol)
        return each.capture(bar, utc_ns)

    def _take_snapshot(self, utc_ns: int) -> None:
        portfolio_value = self.market.portfolio_value()
        if not portfolio_value:
            return
        everything = self._by_symbol.values()
        smallest = min(everything, key=_MARKET_VOLUME)
        self.lowest_capacity_asset = smallest.symbol
        sold = sum([each.sale_volume for each in everything if each.sale_volume], ZERO)
        share_of_sales = divide(smallest.sale_volume, sold) if sold else ZERO
        share_of_holdings = divide(self.market.used_buying_power(smallest.symbol), portfolio_value)
        share = max(share_of_sales, share_of_holdings)
        daily_volume = divide(smallest.market_volume, Decimal(smallest.trades))
        value = divide(daily_volume, share) if share else self._value
        if self._value:
            value = multiply(_NEW_WEIGHT, value) + multiply(self._value, _OLD_WEIGHT)
        self._value = value
        self._start_over(utc_ns)
        self._next_snapshot_ns = utc_ns // DAY_NS * DAY_NS + self._period_ns

    def _start_over(self, utc_ns: int) -> None:
        since_ns, is_invested = utc_ns - _EFFECT_NS, self.market.is_invested
        gone = []
        for each in self._by_symbol.values():
            filled_ns = each.window.filled_ns
            if (filled_ns is not None and filled_ns > since_ns) or is_invested(each.symbol):
                each.starts_over = True
                each.sale_volume = ZERO
            else:
                gone.append(each)
        for each in gone:
            del self._by_symbol[each.symbol]
            self._open = [other for other in self._open if other is not each]
