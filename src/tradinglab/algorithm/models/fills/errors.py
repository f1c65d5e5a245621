"""Why an order cannot be filled at all."""

from __future__ import annotations

from tradinglab.core.errors import TradingLabError


class FillError(TradingLabError):
    """A fill model was asked for a fill that is impossible."""

    code = "fill"


class NoMarketDataError(FillError):
    """There is no price, or no subscription, that a fill could be made from."""

    code = "fill_no_market_data"


class NeverClosesError(FillError):
    """The order waits for an open or a close that its market does not have."""

    code = "fill_market_never_closes"
