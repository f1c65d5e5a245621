"""Fill models: whether, at which price and how much of an order is filled.

To add one, derive from :class:`FillModel`, override the methods that differ, and add it to the list in
``tests/contract/test_fill_models.py``, whose checks every fill model passes.
"""

from tradinglab.core.lazy_names import lazy_names

with lazy_names(globals()):
    from tradinglab.algorithm.models.fills.equity_fill_model import EquityFillModel
    from tradinglab.algorithm.models.fills.errors import FillError, NeverClosesError, NoMarketDataError
    from tradinglab.algorithm.models.fills.fill_model import FillModel, ImmediateFillModel
    from tradinglab.algorithm.models.fills.future import FutureFillModel, FutureOptionFillModel
    from tradinglab.algorithm.models.fills.latest_price import LatestPriceFillModel
    from tradinglab.algorithm.models.fills.parameters import Fill, FillModelParameters, SecuritiesForOrders
    from tradinglab.algorithm.models.fills.prices import Prices

__all__ = [
    "EquityFillModel",
    "Fill",
    "FillError",
    "FillModel",
    "FillModelParameters",
    "FutureFillModel",
    "FutureOptionFillModel",
    "ImmediateFillModel",
    "LatestPriceFillModel",
    "NeverClosesError",
    "NoMarketDataError",
    "Prices",
    "SecuritiesForOrders",
]
