"""What every fill rule asks: is the exchange open, which prices count, are they too old."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, TypeVar

from tradinglab.algorithm.bars import QuoteBar, TradeBar
from tradinglab.algorithm.base_data import BaseData
from tradinglab.algorithm.models.fills.errors import NoMarketDataError
from tradinglab.algorithm.models.fills.parameters import FilledSubscription, FillModelParameters
from tradinglab.algorithm.models.fills.prices import Prices
from tradinglab.algorithm.orders import Order, OrderEvent, OrderFee
from tradinglab.algorithm.orders.text import Moment, instant_ns, local_time_text
from tradinglab.algorithm.ticks import Tick
from tradinglab.core.clock import DAY_NS, HOUR_NS, MINUTE_NS, SECOND_NS, Zone, span_ns, to_ns
from tradinglab.core.dual import Dual
from tradinglab.core.enums import OrderDirection, Resolution

if TYPE_CHECKING:
    from tradinglab.algorithm.securities import Security

T = TypeVar("T", bound=BaseData)

_COARSE = frozenset({Resolution.HOUR, Resolution.DAILY})
_SPAN_NS = {
    Resolution.TICK: 0,
    Resolution.SECOND: SECOND_NS,
    Resolution.MINUTE: MINUTE_NS,
    Resolution.HOUR: HOUR_NS,
    Resolution.DAILY: DAY_NS,
}
_FIRST_YEAR = 1900
LONG_AGO_NS = -(1 << 62)


def latest(asset: Security, kind: type[T]) -> T | None:
    """Return the last data point of a type, if there is one."""
    points = asset.cache.get_all(kind)
    return points[-1] if points else None


def utc_of(zone: Zone, moment: datetime) -> int:
    """Return the instant of a wall-clock time; one before any market is long ago."""
    return LONG_AGO_NS if moment.year < _FIRST_YEAR else zone.utc_ns(to_ns(moment))


def ended_ns(asset: Security, prices: Prices) -> int:
    """Return the instant at which prices end."""
    return utc_of(asset.exchange.time_zone, prices.end_time) if prices.ends_ns is None else prices.ends_ns


class FillRules(Dual):
    """Base of the fill models. A strategy's own model may override each method."""

    # A subclass of a strategy's author may not call our constructor.
    _parameters: FillModelParameters | None = None

    @property
    def parameters(self) -> FillModelParameters:
        """What the model was last asked to fill."""
        if self._parameters is None:
            raise RuntimeError("The fill model was not asked to fill an order yet: call fill(parameters) first.")
        return self._parameters

    @parameters.setter
    def parameters(self, value: FillModelParameters) -> None:
        self._parameters = value

    def get_subscription_data_configs(self, asset: Security) -> list[FilledSubscription]:
        """Return the subscriptions to *asset*, those that are hidden from the strategy too."""
        return list(self.parameters.config_provider.get_subscription_data_configs(asset.symbol, True))

    def get_subscribed_types(self, asset: Security) -> set[type[BaseData]]:
        """Return the types of data that a fill may be made from.

        Raises
        ------
        NoMarketDataError
            If there is no subscription to *asset*.
        """
        return self._types_of(asset, self.get_subscription_data_configs(asset))

    def _types_of(self, asset: Security, configs: list[FilledSubscription]) -> set[type[BaseData]]:
        types = {config.type for config in configs}
        if not types:
            raise NoMarketDataError(f"Cannot perform fill for {asset.symbol} because no data subscription were found.")
        return types

    def should_wait_for_fresh_data(
        self, asset: Security, subscription_configs: list[FilledSubscription] | None = None
    ) -> bool:
        """Return whether the strategy only sees bars of an hour or a day, so that it is better to wait for one."""
        configs = subscription_configs or self.get_subscription_data_configs(asset)
        seen = [config for config in configs if not config.is_internal_feed]
        return bool(seen) and all(config.resolution in _COARSE for config in seen)

    def _should_wait_on_stale(
        self, asset: Security, data_end_ns: int, order_ns: int, configs: list[FilledSubscription]
    ) -> bool:
        """Return whether a price that is too old is more than one bar behind the order."""
        if self.should_wait_for_fresh_data(asset, configs):
            return True
        bar_ns = _SPAN_NS[min(config.resolution for config in configs)]
        return bar_ns > 0 and order_ns - data_end_ns > bar_ns

    def should_wait_for_fresh_data_on_stale(
        self,
        asset: Security,
        data_end_time_utc: Moment,
        order_time_utc: Moment,
        subscription_configs: list[FilledSubscription] | None = None,
    ) -> bool:
        """Return whether a price that is too old is more than one bar behind the order."""
        configs = subscription_configs or self.get_subscription_data_configs(asset)
        return self._should_wait_on_stale(asset, instant_ns(data_end_time_utc), instant_ns(order_time_utc), configs)

    def get_market_fill_price(
        self,
        asset: Security,
        order: Order,
        prices: Prices,
        subscription_configs: list[FilledSubscription] | None = None,
    ) -> float:
        """Return the price of a market order: current, or the open of a coarse bar that it rested before."""
        return float(self._exact_market_price(asset, order, prices, subscription_configs))

    def get_prices_checking_python_wrapper(self, asset: Security, direction: OrderDirection) -> Prices:
        """Return the same as ``get_prices``, which a strategy's own model may override."""
        return self.get_prices(asset, direction)

    def set_python_wrapper(self, python_wrapper: object) -> None:
        """Accept what QuantConnect's engine tells models written in Python; there is nothing to do here."""

    def _exact_market_price(
        self, asset: Security, order: Order, prices: Prices, configs: list[FilledSubscription] | None = None
    ) -> Decimal:
        """Return the current price, or the bar's open if the order rested before a bar of an hour or a day."""
        if prices.exact_open and self.should_wait_for_fresh_data(asset, configs):
            if order.time_ns <= utc_of(asset.exchange.time_zone, prices.time):
                return prices.exact_open
        return prices.exact_current

    def is_exchange_open(self, asset: Security, is_extended_market_hours: bool) -> bool:
        """Return whether the exchange is open now, or was during the last bar.

        A bar of more than an hour counts on its date, a shorter one until it ends.
        """
        exchange = asset.exchange
        local_ns = exchange.local_ns
        if exchange.hours.is_open_ns(local_ns, is_extended_market_hours):
            return True
        bar = asset.get_last_data()
        if bar is None:
            return False
        start_ns, end_ns = to_ns(bar.time), to_ns(bar.end_time)
        is_current = local_ns // DAY_NS == end_ns // DAY_NS if end_ns - start_ns > HOUR_NS else local_ns <= end_ns
        return is_current and exchange.hours.is_open_during_ns(start_ns, end_ns, is_extended_market_hours)

    def _is_open_as_subscribed(self, asset: Security) -> bool:
        """Return whether the exchange is open, in extended hours if a subscription has those."""
        configs = self.get_subscription_data_configs(asset)
        if not configs:
            raise NoMarketDataError(f"Cannot perform fill for {asset.symbol} because no data subscription were found.")
        seen = [config for config in configs if not config.is_internal_feed] or configs
        return self.is_exchange_open(asset, any(config.extended_market_hours for config in seen))

    def get_prices(self, asset: Security, direction: OrderDirection) -> Prices:
        """Return the prices that an order of *direction* meets: tick, else quote bar, else trade bar."""
        return self._prices_of(asset, direction, self.get_subscribed_types(asset))

    def _prices_of(self, asset: Security, direction: OrderDirection, types: set[type[BaseData]]) -> Prices:
        if direction != OrderDirection.HOLD:
            found = self._tick_prices(latest(asset, Tick), direction) if Tick in types else None
            if found is not None:
                return found
            quote = latest(asset, QuoteBar) if QuoteBar in types else None
            side = None if quote is None else quote.bid if direction == OrderDirection.SELL else quote.ask
            if quote is not None and side is not None:
                return Prices(quote.time, quote.end_time, side)
            trade = latest(asset, TradeBar) if TradeBar in types else None
            if trade is not None:
                return Prices(trade)
        return self._last_prices(asset)

    @staticmethod
    def _tick_prices(tick: Tick | None, direction: OrderDirection) -> Prices | None:
        if tick is None:
            return None
        price = tick.exact_bid_price if direction == OrderDirection.SELL else tick.exact_ask_price
        price = price or tick.exact_value
        return Prices(tick.time, tick.end_time, price, 0, 0, 0, 0) if price else None

    @staticmethod
    def _last_prices(asset: Security) -> Prices:
        last = asset.cache.get_data()
        time, end_time = (datetime.min, datetime.min) if last is None else (last.time, last.end_time)
        return Prices(
            time,
            end_time,
            asset.exact_price,
            asset.exact_open,
            asset.exact_high,
            asset.exact_low,
            asset.exact_close,
        )

    @staticmethod
    def _no_fill(asset: Security, order: Order) -> OrderEvent:
        """Return the event of an order that is not filled: the order's own status, now."""
        return OrderEvent(order, asset.utc_ns, OrderFee.ZERO)

    def _stale_before_ns(self, order: Order) -> int:
        """Return the instant before which a price is too old for *order*."""
        return order.time_ns - span_ns(self.parameters.stale_price_time_span)


def stale_price_text(asset: Security, prices: Prices) -> str:
    """Return the warning of a fill at an old price."""
    return f"Warning: fill at stale price ({local_time_text(prices.end_time)} {asset.exchange.time_zone})"
