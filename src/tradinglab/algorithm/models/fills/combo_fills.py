"""Fills of combo orders: every leg at once, or none."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from tradinglab.algorithm.models.fills.base import FillRules, ended_ns, stale_price_text, utc_of
from tradinglab.algorithm.models.fills.parameters import FillModelParameters
from tradinglab.algorithm.models.fills.prices import Prices
from tradinglab.algorithm.models.slippage import exact_slippage
from tradinglab.algorithm.orders import Order, OrderEvent
from tradinglab.core.clock import span_ns
from tradinglab.core.enums import OrderDirection, OrderStatus, SecurityType

if TYPE_CHECKING:
    from tradinglab.algorithm.securities import Security

_SHARES_OF_A_CONTRACT = 100


class ComboFills(FillRules):
    """Market and limit fills by the current prices, for single orders and for the legs of a combo."""

    def _fill_market(self, asset: Security, order: Order, extended: bool = False) -> OrderEvent:
        """Fill at the current price, moved by slippage; wait if the price is more than a bar old."""
        fill = self._no_fill(asset, order)
        if order.status == OrderStatus.CANCELED or not self.is_exchange_open(asset, extended):
            return fill
        direction = order.direction
        prices = self.get_prices(asset, direction)
        end_ns = ended_ns(asset, prices)
        configs = None
        if end_ns + span_ns(self.parameters.stale_price_time_span) < order.time_ns:
            configs = self.get_subscription_data_configs(asset)
            if self._should_wait_on_stale(asset, end_ns, order.time_ns, configs):
                return fill
            fill.message = stale_price_text(asset, prices)
        price = self._exact_market_price(asset, order, prices, configs)
        fill.status = OrderStatus.FILLED
        slip = exact_slippage(asset, order)
        if direction == OrderDirection.BUY:
            price += slip
        elif direction == OrderDirection.SELL:
            price -= slip
        fill.fill_price = price
        fill.fill_quantity = order.exact_quantity
        return fill

    def _fill_limit(self, asset: Security, order: Order, limit: Decimal) -> OrderEvent:
        """Fill once a bar goes through the limit: at the limit, or at the bar's far end if that is all beyond it."""
        fill = self._no_fill(asset, order)
        if order.status == OrderStatus.CANCELED or not self._is_open_as_subscribed(asset):
            return fill
        direction = order.direction
        prices = self.get_prices(asset, direction)
        if ended_ns(asset, prices) <= order.time_ns:
            return fill
        if direction == OrderDirection.BUY and prices.exact_low < limit:
            fill.fill_price = min(prices.exact_high, limit)
        elif direction == OrderDirection.SELL and prices.exact_high > limit:
            fill.fill_price = max(prices.exact_low, limit)
        else:
            return fill
        fill.status = OrderStatus.FILLED
        fill.fill_quantity = order.exact_quantity
        return fill

    def combo_market_fill(self, order: Order, parameters: FillModelParameters) -> list[OrderEvent]:
        """Fill every leg at its current price, or none."""
        fills = []
        for leg, security in parameters.legs():
            fill = self._fill_market(security, leg)
            if fill.status != OrderStatus.FILLED:
                return []
            fills.append(fill)
        return fills

    def combo_limit_fill(self, order: Order, parameters: FillModelParameters) -> list[OrderEvent]:
        """Fill every leg once the sum of the legs' best prices, by ratio, is inside the common limit."""
        found: list[tuple[Order, Security, Prices]] = []
        for leg, security in parameters.legs():
            prices = self.get_prices(security, leg.direction)
            if utc_of(security.exchange.time_zone, prices.end_time) < leg.time_ns:
                return []
            found.append((leg, security, prices))
        group = order.group_order_manager
        if group is None or group.direction == OrderDirection.HOLD:
            return []
        is_buy = group.direction == OrderDirection.BUY
        current = sum((_leg_price(leg, security, prices, is_buy) for leg, security, prices in found), Decimal(0))
        if not (current < group.exact_limit_price if is_buy else current > group.exact_limit_price):
            return []
        return [
            self._filled(security, leg, prices.exact_low if is_buy else prices.exact_high)
            for leg, security, prices in found
        ]

    def _filled(self, asset: Security, order: Order, price: Decimal) -> OrderEvent:
        fill = self._no_fill(asset, order)
        fill.status = OrderStatus.FILLED
        fill.fill_price = price
        fill.fill_quantity = order.exact_quantity
        return fill

    def combo_leg_limit_fill(self, order: Order, parameters: FillModelParameters) -> list[OrderEvent]:
        """Fill every leg once each is through its own limit, or none."""
        from tradinglab.algorithm.orders import ComboLegLimitOrder

        fills = []
        for leg, security in parameters.legs():
            if not isinstance(leg, ComboLegLimitOrder):
                return []
            fill = self._fill_limit(security, leg, leg.exact_limit_price)
            if fill.status != OrderStatus.FILLED:
                return []
            fills.append(fill)
        return fills


def _leg_price(leg: Order, security: Security, prices: Prices, is_buy: bool) -> Decimal:
    """Return what a leg adds to the price of one unit of its combo; shares count by the hundred."""
    from tradinglab.algorithm.orders import leg_ratio

    ratio = leg_ratio(leg.exact_quantity, leg.group_order_manager)
    if security.symbol.security_type == SecurityType.EQUITY:
        ratio /= _SHARES_OF_A_CONTRACT
    return (prices.exact_low if is_buy else prices.exact_high) * ratio
