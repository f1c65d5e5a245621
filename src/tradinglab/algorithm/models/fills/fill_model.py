"""The fill model of everything that is not a share: quotes decide, and orders fill whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tradinglab.algorithm.bars import QuoteBar, TradeBar
from tradinglab.algorithm.models.fills.base import LONG_AGO_NS, ended_ns, latest, utc_of
from tradinglab.algorithm.models.fills.combo_fills import ComboFills
from tradinglab.algorithm.models.fills.errors import NeverClosesError, NoMarketDataError
from tradinglab.algorithm.models.fills.parameters import Fill, FillModelParameters
from tradinglab.algorithm.models.fills.prices import Prices
from tradinglab.algorithm.models.slippage import exact_slippage
from tradinglab.algorithm.orders import (
    LimitIfTouchedOrder,
    LimitOrder,
    MarketOnCloseOrder,
    MarketOnOpenOrder,
    MarketOrder,
    Order,
    OrderEvent,
    StopLimitOrder,
    StopMarketOrder,
)
from tradinglab.algorithm.ticks import Tick
from tradinglab.core.clock import DAY_NS, to_ns
from tradinglab.core.decimals import ZERO
from tradinglab.core.enums import OrderDirection, OrderStatus, OrderType, TickType

if TYPE_CHECKING:
    from decimal import Decimal

    from tradinglab.algorithm.orders import TrailingStopOrder
    from tradinglab.algorithm.securities import Security

_SINGLE = {
    OrderType.MARKET: "market_fill",
    OrderType.LIMIT: "limit_fill",
    OrderType.LIMIT_IF_TOUCHED: "limit_if_touched_fill",
    OrderType.STOP_MARKET: "stop_market_fill",
    OrderType.TRAILING_STOP: "trailing_stop_fill",
    OrderType.STOP_LIMIT: "stop_limit_fill",
    OrderType.MARKET_ON_OPEN: "market_on_open_fill",
    OrderType.MARKET_ON_CLOSE: "market_on_close_fill",
}
_COMBO = {
    OrderType.COMBO_MARKET: "combo_market_fill",
    OrderType.COMBO_LIMIT: "combo_limit_fill",
    OrderType.COMBO_LEG_LIMIT: "combo_leg_limit_fill",
}


class FillModel(ComboFills):
    """Decides whether, at which price and how much of an order is filled now.

    Each method returns an event: with the order's own status if nothing is filled. Bars that ended before the
    order was made never fill an order that waits for a price.
    """

    def fill(self, parameters: FillModelParameters) -> Fill:
        """Try to fill the order, or all orders of its combo.

        Raises
        ------
        ValueError
            If there is no rule for the type of order.
        """
        self._parameters = parameters
        order = parameters.order
        if order.type in _SINGLE:
            return Fill([getattr(self, _SINGLE[order.type])(parameters.security, order)])
        if order.type in _COMBO:
            return Fill(getattr(self, _COMBO[order.type])(order, parameters))
        raise ValueError(f"A fill model cannot fill an order of type {order.type}.")

    def market_fill(self, asset: Security, order: MarketOrder) -> OrderEvent:
        """Fill at the current price."""
        return self._fill_market(asset, order)

    def limit_fill(self, asset: Security, order: LimitOrder) -> OrderEvent:
        """Fill at the limit once the price goes through it."""
        return self._fill_limit(asset, order, order.exact_limit_price)

    def _fresh_prices(self, asset: Security, order: Order) -> Prices | None:
        """Return the prices of a bar that ended after the order was made, if that is the last one."""
        prices = self.get_prices(asset, order.direction)
        return prices if ended_ns(asset, prices) > order.time_ns else None

    def stop_market_fill(self, asset: Security, order: StopMarketOrder) -> OrderEvent:
        """Fill at the stop, or at the current price if that is worse, once the price goes through the stop."""
        return self._fill_stop(asset, order, extended=False)

    def _fill_stop(self, asset: Security, order: StopMarketOrder, extended: bool) -> OrderEvent:
        fill = self._no_fill(asset, order)
        if order.status == OrderStatus.CANCELED or not self.is_exchange_open(asset, extended):
            return fill
        prices = self._fresh_prices(asset, order)
        if prices is None:
            return fill
        slip = exact_slippage(asset, order)
        stop, direction = order.exact_stop_price, order.direction
        is_hit = (direction == OrderDirection.SELL and prices.exact_low < stop) or (
            direction == OrderDirection.BUY and prices.exact_high > stop
        )
        return self._filled(asset, order, _worse(prices, stop, slip, direction)) if is_hit else fill

    def trailing_stop_fill(self, asset: Security, order: TrailingStopOrder) -> OrderEvent:
        """Fill as a stop that is reached; if it is not, let the stop follow the market."""
        fill = self._no_fill(asset, order)
        if order.status == OrderStatus.CANCELED or not self.is_exchange_open(asset, False):
            return fill
        prices = self._fresh_prices(asset, order)
        if prices is None:
            return fill
        slip = exact_slippage(asset, order)
        stop, direction = order.exact_stop_price, order.direction
        is_sell = direction == OrderDirection.SELL
        if (is_sell and prices.exact_low <= stop) or (direction == OrderDirection.BUY and prices.exact_high >= stop):
            return self._filled(asset, order, _worse(prices, stop, slip, direction))
        # Only after the attempt to fill: a stop that moved within this bar must not be hit by the same bar.
        trailed = order.trailed_stop_price(prices.exact_high if is_sell else prices.exact_low)
        if trailed is not None:
            order.exact_stop_price = trailed
            self.parameters.on_order_updated(order)
        return fill

    def stop_limit_fill(self, asset: Security, order: StopLimitOrder) -> OrderEvent:
        """Fill inside the limit once the stop was passed, in this bar or an earlier one."""
        fill = self._no_fill(asset, order)
        if order.status == OrderStatus.CANCELED or not self._is_open_as_subscribed(asset):
            return fill
        prices = self._fresh_prices(asset, order)
        if prices is None:
            return fill
        stop, limit, direction = order.exact_stop_price, order.exact_limit_price, order.direction
        is_buy = direction == OrderDirection.BUY
        if direction == OrderDirection.HOLD:
            return fill
        if not order.stop_triggered:
            if not (prices.exact_high > stop if is_buy else prices.exact_low < stop):
                return fill
            order.stop_triggered = True
            self.parameters.on_order_updated(order)
        # The best price of the bar may have been there before the stop was passed: the last one decides.
        if is_buy and prices.exact_current < limit:
            return self._filled(asset, order, min(prices.exact_high, limit))
        if not is_buy and prices.exact_current > limit:
            return self._filled(asset, order, max(prices.exact_low, limit))
        return fill

    def limit_if_touched_fill(self, asset: Security, order: LimitIfTouchedOrder) -> OrderEvent:
        """Fill at the limit once the trigger was touched and the quote reaches the limit."""
        fill = self._no_fill(asset, order)
        if order.status == OrderStatus.CANCELED or not self._is_open_as_subscribed(asset):
            return fill
        low, high, end_ns = self._traded_range(asset, order)
        if end_ns <= order.time_ns:
            return fill
        trigger, limit, direction = order.exact_trigger_price, order.exact_limit_price, order.direction
        if direction == OrderDirection.SELL and (order.trigger_touched or high >= trigger):
            order.trigger_touched = True
            is_filled = self._quoted(asset, is_ask=True) >= limit
        elif direction == OrderDirection.BUY and (order.trigger_touched or low <= trigger):
            order.trigger_touched = True
            is_filled = self._quoted(asset, is_ask=False) <= limit
        else:
            return fill
        return self._filled(asset, order, limit) if is_filled else fill

    def _traded_range(self, asset: Security, order: Order) -> tuple[Decimal, Decimal, int]:
        """Return the lowest and the highest trade, and when they end."""
        types = self.get_subscribed_types(asset)
        zone = asset.exchange.time_zone
        if Tick in types:
            prices = self.get_prices(asset, order.direction)
            return prices.exact_current, prices.exact_current, utc_of(zone, prices.end_time)
        bar = latest(asset, TradeBar) if TradeBar in types else None
        return (ZERO, ZERO, LONG_AGO_NS) if bar is None else (bar.exact_low, bar.exact_high, utc_of(zone, bar.end_time))

    def _quoted(self, asset: Security, is_ask: bool) -> Decimal:
        """Return the ask or the bid: of a tick, else of a quote bar, else the last trade."""
        types = self.get_subscribed_types(asset)
        ticks = asset.cache.get_all(Tick) if Tick in types else []
        for tick in reversed(ticks):
            price = tick.exact_ask_price if is_ask else tick.exact_bid_price
            if tick.tick_type == TickType.QUOTE and price > 0:
                return price
        quote = latest(asset, QuoteBar) if QuoteBar in types else None
        if quote is not None:
            side = quote.ask if is_ask else quote.bid
            return quote.exact_close if side is None else side.exact_close
        for tick in reversed(ticks):
            if tick.tick_type == TickType.TRADE and tick.exact_value > 0:
                return tick.exact_value
        trade = latest(asset, TradeBar) if TradeBar in types else None
        if trade is not None:
            return trade.exact_close
        raise NoMarketDataError(
            f"Cannot get {'ask' if is_ask else 'bid'} price to perform fill for {asset.symbol} because no market data "
            "was found."
        )

    def market_on_open_fill(self, asset: Security, order: MarketOnOpenOrder) -> OrderEvent:
        """Fill at the open of the first bar of the next session."""
        _require_close(asset, OrderType.MARKET_ON_OPEN)
        fill = self._no_fill(asset, order)
        if order.status == OrderStatus.CANCELED:
            return fill
        exchange = asset.exchange
        bar = asset.get_last_data()
        order_local_ns = exchange.time_zone.local_ns(order.time_ns)
        if bar is None or order_local_ns >= to_ns(bar.end_time):
            return fill
        # An order that was made during a session waits for the next day.
        was_open = exchange.hours.is_open_ns(order_local_ns, False)
        if was_open and order_local_ns // DAY_NS == exchange.local_ns // DAY_NS:
            return fill
        if not self.is_exchange_open(asset, False):
            return fill
        return self._filled_with_slippage(asset, order, self.get_prices(asset, order.direction).exact_open)

    def market_on_close_fill(self, asset: Security, order: MarketOnCloseOrder) -> OrderEvent:
        """Fill at the close of the last bar of the session."""
        _require_close(asset, OrderType.MARKET_ON_CLOSE)
        fill = self._no_fill(asset, order)
        if order.status == OrderStatus.CANCELED or not _is_past_close(asset, order):
            return fill
        return self._filled_with_slippage(asset, order, self.get_prices(asset, order.direction).exact_close)

    def _filled_with_slippage(self, asset: Security, order: Order, price: Decimal) -> OrderEvent:
        slip = exact_slippage(asset, order)
        return self._filled(asset, order, price + slip if order.direction == OrderDirection.BUY else price - slip)


class ImmediateFillModel(FillModel):
    """The fill model under the name that strategies derive from."""


def _worse(prices: Prices, stop: Decimal, slip: Decimal, direction: OrderDirection) -> Decimal:
    """Return the stop or the current price with slippage, whichever is worse."""
    if direction == OrderDirection.SELL:
        return min(stop, prices.exact_current - slip)
    return max(stop, prices.exact_current + slip)


def _require_close(asset: Security, order_type: OrderType) -> None:
    if asset.exchange.hours.is_market_always_open:
        raise NeverClosesError(
            f"Market never closes for this symbol {asset.symbol}, can no submit a {order_type} order."
        )


def _is_past_close(asset: Security, order: Order) -> bool:
    """Return whether the first close after the order was made has come."""
    exchange = asset.exchange
    close_ns = exchange.hours.next_close_ns(exchange.time_zone.local_ns(order.time_ns), False)
    return exchange.local_ns >= close_ns
