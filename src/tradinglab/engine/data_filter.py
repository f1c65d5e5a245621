"""What a security's own data filter lets through."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tradinglab.algorithm.bar_views import bar_view
from tradinglab.algorithm.securities.price_variation import SecurityDataFilter
from tradinglab.core.enums import Resolution

if TYPE_CHECKING:
    from tradinglab.algorithm.securities import Security
    from tradinglab.algorithm.subscriptions import SubscriptionDataConfig
    from tradinglab.data.columns import BarColumns


def filtered(columns: BarColumns, security: Security, config: SubscriptionDataConfig) -> BarColumns:
    """Return the rows that the author's filter of a security accepts; the engine's own feeds are not asked.

    The filter is asked when the bars are read, ahead of the run, as LEAN does.
    """
    own = security.data_filter
    if type(own) is SecurityDataFilter or config.is_internal_feed or not len(columns):
        return columns
    is_tick = config.resolution == Resolution.TICK
    zone = security.exchange.time_zone
    accepted = [
        row for row in range(len(columns)) if own.filter(security, bar_view(columns, row, config.symbol, zone, is_tick))
    ]
    return columns.take(np.array(accepted, np.int64))
