"""The fill models of futures, which trade around the clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tradinglab.algorithm.models.fills.fill_model import ImmediateFillModel
from tradinglab.algorithm.orders import MarketOrder, OrderEvent, StopMarketOrder

if TYPE_CHECKING:
    from tradinglab.algorithm.securities import Security


class FutureFillModel(ImmediateFillModel):
    """Fills market orders in extended hours too, and stops if extended hours are subscribed to."""

    def market_fill(self, asset: Security, order: MarketOrder) -> OrderEvent:
        """Fill at the current price."""
        return self._fill_market(asset, order, extended=True)

    def stop_market_fill(self, asset: Security, order: StopMarketOrder) -> OrderEvent:
        """Fill at the stop, or at the current price if that is worse, once the price goes through the stop."""
        extended = any(config.extended_market_hours for config in self.get_subscription_data_configs(asset))
        return self._fill_stop(asset, order, extended)


class FutureOptionFillModel(FutureFillModel):
    """Fills options on futures as futures."""
