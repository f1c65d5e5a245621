"""The fill model of US shares: trades decide, quotes set the price of market orders."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tradinglab.algorithm.models.fills.equity_auctions import AuctionPrice, closing_price, opening_price
from tradinglab.algorithm.models.fills.equity_prices import BestEffort, best_effort_price, fresh_trade_bar
from tradinglab.algorithm.models.fills.fill_model import FillModel
from tradinglab.algorithm.models.fills.parameters import FilledSubscription
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
    StopMarketOrder,
)
from tradinglab.algorithm.orders.text import local_time_text
from tradinglab.core.clock import DAY_NS
from tradinglab.core.enums import OrderDirection, OrderStatus
from tradinglab.core.system_decimal import decimal_text

if TYPE_CHECKING:
    from decimal import Decimal

    from tradinglab.algorithm.bars import TradeBar
    from tradinglab.algorithm.base_data import BaseData
    from tradinglab.algorithm.securities import Security


class EquityFillModel(FillModel):
    """Fills shares.

    Market orders meet the latest quote or trade; if that is stale they fill with a warning, or wait if it is more
    than a bar old. Orders that wait for a price look at trade bars that ended after the order was made, and fill at
    the open of a bar that begins beyond their price. Trailing stops and combos fill as everywhere.
    """

    def _types_of(self, asset: Security, configs: list[FilledSubscription]) -> set[type[BaseData]]:
        # Only what the strategy sees: a hidden benchmark feed must not fill its orders.
        return super()._types_of(asset, [config for config in configs if not config.is_internal_feed])

    def _seen_configs(self, asset: Security) -> list[FilledSubscription]:
        return list(self.parameters.config_provider.get_subscription_data_configs(asset.symbol))

    def _is_open_as_subscribed(self, asset: Security) -> bool:
        return self.is_exchange_open(asset, self._is_extended(asset))

    def _is_extended(self, asset: Security) -> bool:
        return any(config.extended_market_hours for config in self._seen_configs(asset))

    def get_prices(self, asset: Security, direction: OrderDirection) -> Prices:
        """Return the prices that an order of *direction* meets: tick, else quote bar, else trade bar."""
        return self._prices_of(asset, direction, {config.type for config in self._seen_configs(asset)})

    def _best_effort(
        self, asset: Security, order: Order, is_ask: bool, types: set[type[BaseData]] | None = None
    ) -> BestEffort:
        types = self.get_subscribed_types(asset) if types is None else types
        return best_effort_price(asset, types, is_ask, self._stale_before_ns(order))

    def _fresh_bar(self, asset: Security, order: Order) -> TradeBar | None:
        return fresh_trade_bar(asset, self.get_subscribed_types(asset), order.time_ns)

    def market_fill(self, asset: Security, order: MarketOrder) -> OrderEvent:
        """Fill at the ask or the bid, else at the last trade."""
        fill = self._no_fill(asset, order)
        if order.status == OrderStatus.CANCELED or not self.is_exchange_open(asset, False):
            return fill
        slip = exact_slippage(asset, order)
        configs = self.get_subscription_data_configs(asset)
        types = self._types_of(asset, configs)
        is_buy = order.direction == OrderDirection.BUY
        found = self._best_effort(asset, order, is_buy, types)
        stale_ns = found.stale_end_ns
        if stale_ns is not None and self._should_wait_on_stale(asset, stale_ns, order.time_ns, configs):
            return fill
        fill.fill_price = found.price + slip if is_buy else found.price - slip
        fill.fill_quantity = order.exact_quantity
        fill.message = found.message
        fill.status = OrderStatus.FILLED
        return fill

    def stop_market_fill(self, asset: Security, order: StopMarketOrder) -> OrderEvent:
        """Fill at the stop once a trade reaches it, or at the open of a bar that begins beyond it."""
        fill = self._no_fill(asset, order)
        if order.status == OrderStatus.CANCELED or not self.is_exchange_open(asset, False):
            return fill
        bar = self._fresh_bar(asset, order)
        if bar is None:
            return fill
        stop, direction = order.exact_stop_price, order.direction
        is_sell = direction == OrderDirection.SELL
        if not ((is_sell and bar.exact_low <= stop) or (direction == OrderDirection.BUY and bar.exact_high >= stop)):
            return fill
        slip = exact_slippage(asset, order)
        price = stop
        if bar.exact_open <= stop if is_sell else bar.exact_open >= stop:
            price = bar.exact_open
            fill.message = _gap_text(asset, bar, "an unfavorable")
        return _complete(fill, order, price - slip if is_sell else price + slip)

    def limit_fill(self, asset: Security, order: LimitOrder) -> OrderEvent:
        """Fill at the limit once a trade is inside it, or at the open of a bar that begins inside it."""
        fill = self._no_fill(asset, order)
        if order.status == OrderStatus.CANCELED or not self._is_open_as_subscribed(asset):
            return fill
        bar = self._fresh_bar(asset, order)
        if bar is None:
            return fill
        limit, direction = order.exact_limit_price, order.direction
        is_buy = direction == OrderDirection.BUY
        if not ((is_buy and bar.exact_low < limit) or (direction == OrderDirection.SELL and bar.exact_high > limit)):
            return fill
        if bar.exact_open < limit if is_buy else bar.exact_open > limit:
            fill.message = _gap_text(asset, bar, "a favorable")
            return _complete(fill, order, bar.exact_open)
        return _complete(fill, order, limit)

    def limit_if_touched_fill(self, asset: Security, order: LimitIfTouchedOrder) -> OrderEvent:
        """Fill at the quote once the trigger was touched by a trade and the quote is inside the limit."""
        fill = self._no_fill(asset, order)
        if order.status == OrderStatus.CANCELED or not self._is_open_as_subscribed(asset):
            return fill
        bar = self._fresh_bar(asset, order)
        if bar is None:
            return fill
        trigger, limit, direction = order.exact_trigger_price, order.exact_limit_price, order.direction
        is_buy = direction == OrderDirection.BUY
        is_touched = (is_buy and bar.exact_low <= trigger) or (
            direction == OrderDirection.SELL and bar.exact_high >= trigger
        )
        if direction == OrderDirection.HOLD or not (is_touched or order.trigger_touched):
            return fill
        order.trigger_touched = True
        quote = self._best_effort(asset, order, is_ask=is_buy)
        if quote.price <= limit if is_buy else quote.price >= limit:
            fill.message = quote.message
            return _complete(fill, order, quote.price)
        return fill

    def market_on_open_fill(self, asset: Security, order: MarketOnOpenOrder) -> OrderEvent:
        """Fill at the opening price of the next session."""
        fill = self._no_fill(asset, order)
        if order.status == OrderStatus.CANCELED:
            return fill
        exchange = asset.exchange
        order_local_ns = exchange.time_zone.local_ns(order.time_ns)
        auction = opening_price(asset, self.get_subscribed_types(asset), order_local_ns)
        if not auction.is_due or order_local_ns >= auction.end_local_ns:
            return fill
        # An order that was made during a session waits for the next day.
        was_open = exchange.hours.is_open_ns(order_local_ns, False)
        if was_open and order_local_ns // DAY_NS == auction.end_local_ns // DAY_NS:
            return fill
        if not self.is_exchange_open(asset, False):
            return fill
        return self._fill_at_auction(asset, order, auction, fill)

    def market_on_close_fill(self, asset: Security, order: MarketOnCloseOrder) -> OrderEvent:
        """Fill at the closing price of the session."""
        fill = self._no_fill(asset, order)
        if order.status == OrderStatus.CANCELED:
            return fill
        exchange = asset.exchange
        close_ns = exchange.hours.next_close_ns(exchange.time_zone.local_ns(order.time_ns), False)
        if exchange.local_ns < close_ns:
            return fill
        auction = closing_price(asset, self.get_subscribed_types(asset), close_ns, self._is_extended(asset))
        return self._fill_at_auction(asset, order, auction, fill) if auction.is_due else fill

    def _fill_at_auction(self, asset: Security, order: Order, auction: AuctionPrice, fill: OrderEvent) -> OrderEvent:
        """Fill at the price of an auction, or at the quote if no trade is known."""
        slip = exact_slippage(asset, order)
        is_buy = order.direction == OrderDirection.BUY
        price, fill.message = auction.price, auction.message
        if not price:
            quote = self._best_effort(asset, order, is_ask=is_buy)
            price = quote.price
            fill.message += quote.message
        return _complete(fill, order, price + slip if is_buy else price - slip)


def _complete(fill: OrderEvent, order: Order, price: Decimal) -> OrderEvent:
    fill.status = OrderStatus.FILLED
    fill.fill_price = price
    fill.fill_quantity = order.exact_quantity
    return fill


def _gap_text(asset: Security, bar: TradeBar, kind: str) -> str:
    return (
        f"Due to {kind} gap at {local_time_text(bar.end_time)} {asset.exchange.time_zone}, order filled using the "
        f"open price ({decimal_text(bar.exact_open)})"
    )
