"""The fill model of markets with both trades and quotes: whichever came last decides."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tradinglab.algorithm.bars import QuoteBar, TradeBar
from tradinglab.algorithm.models.fills.base import latest
from tradinglab.algorithm.models.fills.fill_model import ImmediateFillModel
from tradinglab.algorithm.models.fills.prices import Prices
from tradinglab.algorithm.ticks import Tick
from tradinglab.core.enums import OrderDirection

if TYPE_CHECKING:
    from tradinglab.algorithm.securities import Security


class LatestPriceFillModel(ImmediateFillModel):
    """Fills at the trade bar or the quote bar that ended last, as crypto brokers do."""

    def get_prices(self, asset: Security, direction: OrderDirection) -> Prices:
        """Return the prices of a tick, else of the bar that ended last."""
        if direction == OrderDirection.HOLD:
            return self._last_prices(asset)
        configs = self.parameters.config_provider.get_subscription_data_configs(asset.symbol)
        found = None
        if any(config.type is Tick for config in configs):
            found = self._tick_prices(latest(asset, Tick), direction)
        if found is not None:
            return found
        quote, trade = latest(asset, QuoteBar), latest(asset, TradeBar)
        if quote is not None:
            if trade is not None and trade.end_time > quote.end_time:
                return Prices(trade)
            side = quote.bid if direction == OrderDirection.SELL else quote.ask
            if side is not None:
                return Prices(quote.time, quote.end_time, side)
        return self._last_prices(asset)
