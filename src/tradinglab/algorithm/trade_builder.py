"""From fills to closed trades.

A fill that opens or grows a position is remembered; one that reduces it closes trades, by a grouping method
(what makes up a trade) and a matching method (which entry is closed first).

Nothing is done while prices move, and fills are grouped when trades are asked for. How far a trade was ahead or
behind (MAE, MFE, the profit given back) depends on the security's prices between its fills, and these are columns
that remain after the run: the builder writes down a position's fills and splits, and reads the prices between them
when closed trades are first asked for. It needs a :class:`PriceHistory` for that; without one only the fill prices
count.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING

from tradinglab.algorithm.excursions import PriceHistory, PriceTrack, Unmeasured, measure
from tradinglab.algorithm.trade import Trade
from tradinglab.core.clock import to_ns
from tradinglab.core.decimals import ONE, ZERO, Number, round_half_even, to_decimal
from tradinglab.core.dual import NetObject
from tradinglab.core.enums import DataNormalizationMode, FillGroupingMethod, FillMatchingMethod, SecurityType
from tradinglab.core.enums import TradeDirection as Direction
from tradinglab.core.system_decimal import divide

if TYPE_CHECKING:
    from tradinglab.algorithm.market_events import Split
    from tradinglab.algorithm.orders import OrderEvent
    from tradinglab.core.symbol import Symbol

WinRule = Callable[["OrderEvent", Decimal], bool]

# Read without asking the enumeration, which also looks for other spellings.
_LONG, _SHORT = Direction.LONG, Direction.SHORT


class _Fill:
    """A fill, or what is left of it; *rate* turns price times quantity into the account's currency."""

    __slots__ = ("event", "fee", "order_id", "price", "quantity", "rate", "symbol", "utc_ns")

    def __init__(self, event: OrderEvent, fee: Decimal, rate: Decimal) -> None:
        self.event = event
        self.order_id = event.order_id
        self.symbol = event.symbol
        self.utc_ns = event.utc_ns
        self.price = event._exact_fill_price
        self.quantity = event._exact_fill_quantity
        self.fee = fee
        self.rate = rate

    @property
    def sign(self) -> int:
        return 1 if self.quantity > ZERO else -1


class _Position:
    """What is open of a symbol: trades with the marks of their entries, or fills."""

    __slots__ = ("fees", "fills", "track", "trades")

    def __init__(self, track: PriceTrack, fills: list[_Fill], fees: Decimal = ZERO) -> None:
        self.track = track
        self.trades: list[tuple[Trade, int]] = []
        self.fills = fills
        self.fees = fees


class TradeBuilder(NetObject):
    """Groups fills into trades; set another one with ``set_trade_builder``."""

    __slots__ = (
        "_closed", "_grouping", "_is_fill_to_fill", "_last_in_first_out", "_orders_with_fee", "_positions", "_prices",
        "_unmeasured", "_waiting", "_win_rule",
    )  # fmt: skip

    def __init__(
        self,
        grouping_method: FillGroupingMethod = FillGroupingMethod.FILL_TO_FILL,
        matching_method: FillMatchingMethod = FillMatchingMethod.FIFO,
    ) -> None:
        self._grouping = grouping_method
        self._is_fill_to_fill = grouping_method == FillGroupingMethod.FILL_TO_FILL
        self._last_in_first_out = matching_method == FillMatchingMethod.LIFO
        self._positions: dict[Symbol, _Position] = {}
        self._orders_with_fee: set[int] = set()
        self._closed: list[Trade] = []
        self._unmeasured: list[Unmeasured] = []
        self._prices: PriceHistory | None = None
        self._win_rule: WinRule | None = None
        #: Fills with their fees and rates that are not grouped yet: nobody has asked for trades since.
        self._waiting: list[tuple[OrderEvent, Decimal, Decimal]] = []

    def set_price_history(self, prices: PriceHistory) -> None:
        """Name where the prices between fills are read."""
        self._prices = prices

    def set_win_rule(self, win_rule: WinRule) -> None:
        """Set what makes a closing fill a win, for exercised options; by default its profit does."""
        self._catch_up()
        self._win_rule = win_rule

    @property
    def closed_trades(self) -> list[Trade]:
        """The trades closed so far, in the order in which they closed."""
        self._catch_up()
        for each in self._unmeasured:
            measure(each, self._prices)
        self._unmeasured.clear()
        return list(self._closed)

    def has_open_position(self, symbol: Symbol) -> bool:
        """Return whether fills of *symbol* wait for their closing one."""
        self._catch_up()
        position = self._positions.get(symbol)
        return position is not None and bool(position.trades or position.fills)

    def set_live_mode(self, live: bool) -> None:
        """Do nothing: a backtest keeps every trade."""

    def set_market_price(self, symbol: Symbol, price: Number) -> None:
        """Take a price that the price history does not have; the engine has no need of it."""
        self._catch_up()
        position = self._positions.get(symbol)
        if position is not None:
            position.track.add_price(to_decimal(price))

    def apply_split(
        self, split: Split, live_mode: bool, mode: DataNormalizationMode, utc_ns: int | None = None
    ) -> None:
        """Adjust what is open to a split, by default at its date; only raw equity prices jump at one."""
        self._catch_up()
        position = self._positions.get(split.symbol)
        is_raw_equity = split.symbol.security_type == SecurityType.EQUITY and mode == DataNormalizationMode.RAW
        if position is None or not is_raw_equity or not (position.trades or position.fills):
            return
        factor = split.exact_split_factor
        position.track.split(to_ns(split.end_time) if utc_ns is None else utc_ns, factor)
        for trade, _ in position.trades:
            trade.exact_quantity = divide(trade.exact_quantity, factor)
            trade.exact_entry_price *= factor
        for fill in position.fills:
            fill.quantity = divide(fill.quantity, factor)
            fill.price *= factor

    def process_fill(
        self,
        fill: OrderEvent,
        security_conversion_rate: Number,
        fee_in_account_currency: Number,
        multiplier: Number = ONE,
    ) -> None:
        """Take a fill; an order's fee counts with its first fill only."""
        rate = to_decimal(security_conversion_rate) * to_decimal(multiplier)
        fee = fee_in_account_currency
        self._waiting.append((fill, fee if type(fee) is Decimal else to_decimal(fee), rate))
        if self._win_rule is not None:
            self._catch_up()

    def _catch_up(self) -> None:
        """Group the fills that wait."""
        waiting, self._waiting = self._waiting, []
        for fill, fee, rate in waiting:
            order_id = fill.order_id
            if order_id in self._orders_with_fee:
                fee = ZERO
            self._orders_with_fee.add(order_id)
            if fill._exact_fill_quantity:
                self._group(fill, fee, rate)

    def _group(self, fill: OrderEvent, fee: Decimal, rate: Decimal) -> None:
        position = self._positions.get(fill.symbol)
        if self._is_fill_to_fill:
            self._fill_to_fill(position, fill, fee, rate)
        elif self._grouping == FillGroupingMethod.FLAT_TO_FLAT:
            self._flat_to_flat(position, _Fill(fill, fee, rate))
        else:
            self._flat_to_reduced(position, _Fill(fill, fee, rate))

    # Fill to fill: each entry is a trade, closed in whole or in parts.

    def _fill_to_fill(self, position: _Position | None, fill: OrderEvent, fee: Decimal, rate: Decimal) -> None:
        symbol, utc_ns, price, quantity = fill.symbol, fill.utc_ns, fill._exact_fill_price, fill._exact_fill_quantity
        direction = _LONG if quantity > ZERO else _SHORT
        if position is None:
            position = self._positions[symbol] = _Position(PriceTrack(symbol, utc_ns, price), [])
        elif position.trades:
            mark = position.track.fill(utc_ns, price)
            if direction == position.trades[-1][0].direction:
                trade = Trade(symbol, direction, utc_ns, price, abs(quantity), fee, {fill.order_id})
                position.trades.append((trade, mark))
                return
            quantity, fee = self._reduce_trades(position, fill, fee, rate, mark), ZERO
            if not quantity:
                return
            position.track = PriceTrack(symbol, utc_ns, price)  # the position turns around
        else:
            position.track = PriceTrack(symbol, utc_ns, price)
        position.trades.append((Trade(symbol, direction, utc_ns, price, abs(quantity), fee, {fill.order_id}), 0))

    def _reduce_trades(self, position: _Position, fill: OrderEvent, fee: Decimal, rate: Decimal, mark: int) -> Decimal:
        """Close trades, and return what is left of the quantity."""
        trades, left = position.trades, abs(fill._exact_fill_quantity)
        while trades and left:
            index = len(trades) - 1 if self._last_in_first_out else 0
            closed, entry_mark = trades[index]
            held = closed.exact_quantity
            quantity = min(left, held)
            left -= quantity
            if quantity == held:
                del trades[index]
            else:
                closed = _split_off(closed, quantity)
            closed.exact_total_fees += fee
            closed.order_ids.add(fill.order_id)
            self._unmeasured.append((closed, position.track, entry_mark, mark, quantity * rate))
            self._add(closed, fill, rate, closed.exact_entry_price, fill._exact_fill_price)
            fee = ZERO
        return left

    # Flat to flat: a trade lasts from a flat position to the next flat one.

    def _flat_to_flat(self, position: _Position | None, fill: _Fill) -> None:
        if position is None or not position.fills:
            self._positions[fill.symbol] = _Position(_track_from(fill), [fill], fill.fee)
            return
        held = sum((each.quantity for each in position.fills), ZERO)
        position.fills.append(fill)
        position.fees += fill.fee
        after = held + fill.quantity
        if after and (after > 0) == (held > 0):
            return
        entries = [each for each in position.fills if each.sign != fill.sign]
        exits = [each for each in position.fills if each.sign == fill.sign]
        if self._last_in_first_out:
            entries.reverse()
            exits.reverse()
        direction = _LONG if fill.sign < 0 else _SHORT
        entered, entry_price = _average(entries)
        _, exit_price = _average(exits)
        ids = {each.order_id for each in position.fills}
        trade = Trade(fill.symbol, direction, position.fills[0].utc_ns, entry_price, abs(entered), position.fees, ids)
        self._add(trade, fill.event, fill.rate, entry_price, exit_price)
        del self._positions[fill.symbol]
        if after:
            fill.quantity = after
            self._positions[fill.symbol] = _Position(_track_from(fill), [fill])

    # Flat to reduced: each reduction closes a trade.

    def _flat_to_reduced(self, position: _Position | None, fill: _Fill) -> None:
        if position is None or not position.fills:
            self._positions[fill.symbol] = _Position(_track_from(fill), [fill], fill.fee)
            return
        position.fees += fill.fee
        if fill.sign == position.fills[self._next(position.fills)].sign:
            position.fills.append(fill)
            return
        trade = self._reduce(position, fill)
        left = abs(fill.quantity) - trade.exact_quantity
        self._add(trade, fill.event, fill.rate, trade.exact_entry_price, fill.price)
        position.fees = ZERO
        if left:
            fill.quantity = fill.sign * left
            position.fills = [fill]
        elif not position.fills:
            del self._positions[fill.symbol]

    def _reduce(self, position: _Position, fill: _Fill) -> Trade:
        """Take what *fill* closes out of the position."""
        entry_ns = position.fills[self._next(position.fills)].utc_ns
        closed, entry_price, ids = ZERO, ZERO, {fill.order_id}
        while position.fills and closed < abs(fill.quantity):
            entry = position.fills[self._next(position.fills)]
            quantity = min(abs(fill.quantity) - closed, abs(entry.quantity))
            closed += quantity
            entry_price += divide((entry.price - entry_price) * quantity, closed)
            ids.add(entry.order_id)
            if quantity == abs(entry.quantity):
                position.fills.remove(entry)
                entry_ns = entry.utc_ns if self._last_in_first_out else entry_ns
            else:
                entry.quantity -= entry.sign * quantity
        direction = _LONG if fill.sign < 0 else _SHORT
        return Trade(fill.symbol, direction, entry_ns, entry_price, closed, position.fees, ids)

    def _next(self, pending: list[_Fill]) -> int:
        return len(pending) - 1 if self._last_in_first_out else 0

    def _add(self, trade: Trade, fill: OrderEvent, rate: Decimal, entry_price: Decimal, exit_price: Decimal) -> None:
        trade.exit_ns = fill.utc_ns
        trade.exact_exit_price = exit_price
        gain = (exit_price - entry_price) * trade.exact_quantity
        if trade.direction == _SHORT:
            gain = gain.copy_negate()
        trade.exact_profit_loss = profit = round_half_even(gain * rate, 2)
        rule = self._win_rule
        trade.is_win = profit > ZERO if rule is None else rule(fill, profit)
        self._closed.append(trade)
        trade.number = len(self._closed)


def _track_from(fill: _Fill) -> PriceTrack:
    return PriceTrack(fill.symbol, fill.utc_ns, fill.price)


def _split_off(trade: Trade, quantity: Decimal) -> Trade:
    """Take a part out of a trade, with all of its fees."""
    trade.exact_quantity -= quantity
    fees, trade.exact_total_fees = trade.exact_total_fees, ZERO
    ids = set(trade.order_ids)
    return Trade(trade.symbols[0], trade.direction, trade.entry_ns, trade.exact_entry_price, quantity, fees, ids)


def _average(fills: list[_Fill]) -> tuple[Decimal, Decimal]:
    """Return the quantity and the average price of fills, in LEAN's running form."""
    quantity = price = ZERO
    for fill in fills:
        quantity += fill.quantity
        price += divide((fill.price - price) * fill.quantity, quantity)
    return quantity, price
