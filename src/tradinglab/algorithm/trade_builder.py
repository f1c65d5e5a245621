"""From fills to closed trades.

A fill that opens or grows a position is remembered; one that reduces it closes trades, by a grouping method
(what makes up a trade) and a matching method (which entry is closed first).

Nothing is done while prices move. How far a trade was ahead or behind (MAE, MFE, the profit given back) depends on
the security's prices between its fills, and these are columns that remain after the run: the builder writes down
a position's fills and splits, and reads the prices between them when closed trades are first asked for. It needs
a :class:`PriceHistory` for that; without one only the fill prices count.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING

from tradinglab.algorithm.excursions import Excursion, PriceHistory, PriceTrack
from tradinglab.algorithm.trade import Trade
from tradinglab.core.clock import to_ns
from tradinglab.core.decimals import ONE, ZERO, Number, round_half_even, to_decimal
from tradinglab.core.dual import Dual
from tradinglab.core.enums import DataNormalizationMode, FillGroupingMethod, FillMatchingMethod, SecurityType
from tradinglab.core.enums import TradeDirection as Direction
from tradinglab.core.system_decimal import divide
from tradinglab.core.values import dataclass, field

if TYPE_CHECKING:
    from tradinglab.algorithm.market_events import Split
    from tradinglab.algorithm.orders import OrderEvent
    from tradinglab.core.symbol import Symbol

WinRule = Callable[["OrderEvent", Decimal], bool]


@dataclass(slots=True)
class _Fill:
    """A fill, or what is left of it; *rate* turns price times quantity into the account's currency."""

    order_id: int
    symbol: Symbol
    utc_ns: int
    price: Decimal
    quantity: Decimal
    fee: Decimal
    rate: Decimal
    is_win: Callable[[Decimal], bool]

    @property
    def sign(self) -> int:
        return 1 if self.quantity > 0 else -1


@dataclass(slots=True)
class _OpenTrade:
    trade: Trade
    entry_mark: int


@dataclass(slots=True)
class _Position:
    track: PriceTrack
    trades: list[_OpenTrade] = field(default_factory=list)
    fills: list[_Fill] = field(default_factory=list)
    fees: Decimal = ZERO


class TradeBuilder(Dual):
    """Groups fills into trades; set another one with ``set_trade_builder``."""

    def __init__(
        self,
        grouping_method: FillGroupingMethod = FillGroupingMethod.FILL_TO_FILL,
        matching_method: FillMatchingMethod = FillMatchingMethod.FIFO,
    ) -> None:
        self._grouping = grouping_method
        self._last_in_first_out = matching_method == FillMatchingMethod.LIFO
        self._positions: dict[Symbol, _Position] = {}
        self._orders_with_fee: set[int] = set()
        self._closed: list[Trade] = []
        self._unmeasured: list[Excursion] = []
        self._prices: PriceHistory | None = None
        self._win_rule: WinRule | None = None

    def set_price_history(self, prices: PriceHistory) -> None:
        """Name where the prices between fills are read."""
        self._prices = prices

    def set_win_rule(self, win_rule: WinRule) -> None:
        """Set what makes a closing fill a win, for exercised options; by default its profit does."""
        self._win_rule = win_rule

    @property
    def closed_trades(self) -> list[Trade]:
        """The trades closed so far, in the order in which they closed."""
        for excursion in self._unmeasured:
            excursion.measure(self._prices)
        self._unmeasured.clear()
        return list(self._closed)

    def has_open_position(self, symbol: Symbol) -> bool:
        """Return whether fills of *symbol* wait for their closing one."""
        position = self._positions.get(symbol)
        return position is not None and bool(position.trades or position.fills)

    def set_live_mode(self, live: bool) -> None:
        """Do nothing: a backtest keeps every trade."""

    def set_market_price(self, symbol: Symbol, price: Number) -> None:
        """Take a price that the price history does not have; the engine has no need of it."""
        position = self._positions.get(symbol)
        if position is not None:
            position.track.add_price(to_decimal(price))

    def apply_split(
        self, split: Split, live_mode: bool, mode: DataNormalizationMode, utc_ns: int | None = None
    ) -> None:
        """Adjust what is open to a split, by default at its date; only raw equity prices jump at one."""
        position = self._positions.get(split.symbol)
        is_raw_equity = split.symbol.security_type == SecurityType.EQUITY and mode == DataNormalizationMode.RAW
        if position is None or not is_raw_equity:
            return
        factor = split.exact_split_factor
        position.track.split(to_ns(split.end_time) if utc_ns is None else utc_ns, factor)
        for open_trade in position.trades:
            trade = open_trade.trade
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
        fee = ZERO
        if fill.order_id not in self._orders_with_fee:
            self._orders_with_fee.add(fill.order_id)
            fee = to_decimal(fee_in_account_currency)
        rule = self._win_rule
        taken = _Fill(
            order_id=fill.order_id,
            symbol=fill.symbol,
            utc_ns=fill.utc_ns,
            price=fill._exact_fill_price,
            quantity=fill._exact_fill_quantity,
            fee=fee,
            rate=to_decimal(security_conversion_rate) * to_decimal(multiplier),
            is_win=_is_gain if rule is None else lambda profit: rule(fill, profit),
        )
        if not taken.quantity:
            return
        position = self._positions.get(taken.symbol)
        if self._grouping == FillGroupingMethod.FILL_TO_FILL:
            self._fill_to_fill(position, taken)
        elif self._grouping == FillGroupingMethod.FLAT_TO_FLAT:
            self._flat_to_flat(position, taken)
        else:
            self._flat_to_reduced(position, taken)

    # Fill to fill: each entry is a trade, closed in whole or in parts.

    def _fill_to_fill(self, position: _Position | None, fill: _Fill) -> None:
        if position is None or not position.trades:
            position = self._positions[fill.symbol] = _Position(_track_from(fill))
            position.trades.append(_open_trade(fill, fill.fee, 0))
            return
        mark = position.track.fill(fill.utc_ns, fill.price)
        if fill.sign == position.trades[self._next(position.trades)].trade.sign:
            position.trades.append(_open_trade(fill, fill.fee, mark))
            return
        left, fee = abs(fill.quantity), fill.fee
        while position.trades and left:
            open_trade = position.trades[self._next(position.trades)]
            quantity = min(left, open_trade.trade.exact_quantity)
            left -= quantity
            self._close(position, open_trade, quantity, fill, fee, mark)
            fee = ZERO
        if left:  # the position turns around
            fill.quantity = fill.sign * left
            position.track = _track_from(fill)
            position.trades = [_open_trade(fill, ZERO, 0)]
        elif not position.trades:
            del self._positions[fill.symbol]

    def _close(
        self, position: _Position, open_trade: _OpenTrade, quantity: Decimal, fill: _Fill, fee: Decimal, mark: int
    ) -> None:
        trade = open_trade.trade
        if quantity == trade.exact_quantity:
            position.trades.remove(open_trade)
            closed = trade
        else:
            trade.exact_quantity -= quantity
            closed = Trade(trade.symbol, trade.direction, trade.entry_ns, trade.exact_entry_price, quantity,
                           trade.exact_total_fees, set(trade.order_ids))  # fmt: skip
            trade.exact_total_fees = ZERO
        closed.exact_total_fees += fee
        closed.order_ids.add(fill.order_id)
        self._unmeasured.append(Excursion(closed, position.track, open_trade.entry_mark, mark, quantity * fill.rate))
        self._add(closed, fill, closed.exact_entry_price, fill.price)

    # Flat to flat: a trade lasts from a flat position to the next flat one.

    def _flat_to_flat(self, position: _Position | None, fill: _Fill) -> None:
        if position is None or not position.fills:
            self._positions[fill.symbol] = _Position(_track_from(fill), fills=[fill], fees=fill.fee)
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
        direction = Direction.LONG if fill.sign < 0 else Direction.SHORT
        entered, entry_price = _average(entries)
        _, exit_price = _average(exits)
        ids = {each.order_id for each in position.fills}
        trade = Trade(fill.symbol, direction, position.fills[0].utc_ns, entry_price, abs(entered), position.fees, ids)
        self._add(trade, fill, entry_price, exit_price)
        del self._positions[fill.symbol]
        if after:
            fill.quantity = after
            self._positions[fill.symbol] = _Position(_track_from(fill), fills=[fill])

    # Flat to reduced: each reduction closes a trade.

    def _flat_to_reduced(self, position: _Position | None, fill: _Fill) -> None:
        if position is None or not position.fills:
            self._positions[fill.symbol] = _Position(_track_from(fill), fills=[fill], fees=fill.fee)
            return
        position.fees += fill.fee
        if fill.sign == position.fills[self._next(position.fills)].sign:
            position.fills.append(fill)
            return
        trade = self._reduce(position, fill)
        left = abs(fill.quantity) - trade.exact_quantity
        self._add(trade, fill, trade.exact_entry_price, fill.price)
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
        direction = Direction.LONG if fill.sign < 0 else Direction.SHORT
        return Trade(fill.symbol, direction, entry_ns, entry_price, closed, position.fees, ids)

    def _next(self, pending: list[_OpenTrade] | list[_Fill]) -> int:
        return len(pending) - 1 if self._last_in_first_out else 0

    def _add(self, trade: Trade, fill: _Fill, entry_price: Decimal, exit_price: Decimal) -> None:
        trade.exit_ns = fill.utc_ns
        trade.exact_exit_price = exit_price
        gain = (exit_price - entry_price) * trade.exact_quantity * trade.sign * fill.rate
        trade.exact_profit_loss = round_half_even(gain, 2)
        trade.is_win = fill.is_win(trade.exact_profit_loss)
        self._closed.append(trade)
        trade.number = len(self._closed)


def _is_gain(profit: Decimal) -> bool:
    return profit > 0


def _track_from(fill: _Fill) -> PriceTrack:
    return PriceTrack(fill.symbol, fill.utc_ns, fill.price)


def _open_trade(fill: _Fill, fee: Decimal, mark: int) -> _OpenTrade:
    direction = Direction.LONG if fill.quantity > 0 else Direction.SHORT
    trade = Trade(fill.symbol, direction, fill.utc_ns, fill.price, abs(fill.quantity), fee, {fill.order_id})
    return _OpenTrade(trade, mark)


def _average(fills: list[_Fill]) -> tuple[Decimal, Decimal]:
    """Return the quantity and the average price of fills, in LEAN's running form."""
    quantity = price = ZERO
    for fill in fills:
        quantity += fill.quantity
        price += divide((fill.price - price) * fill.quantity, quantity)
    return quantity, price
