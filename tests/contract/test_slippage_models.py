"""What every slippage model keeps to. A new one is added to ``MODELS``."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import pytest
from tests.order_market import SPY, Market

from tradinglab.algorithm.models.slippage import (
    AlphaStreamsSlippageModel,
    ConstantSlippageModel,
    NullSlippageModel,
    SlippageModel,
    VolumeShareSlippageModel,
    exact_slippage,
)
from tradinglab.algorithm.orders import MarketOrder

MODELS = [
    AlphaStreamsSlippageModel(),
    ConstantSlippageModel(0.001),
    NullSlippageModel(),
    SlippageModel(),
    VolumeShareSlippageModel(),
]
NOON = datetime(2013, 10, 8, 12)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: type(model).__name__)
def test_slippage_is_a_number_that_never_helps(model: SlippageModel) -> None:
    market = Market()
    market.trade(NOON, (100, 100, 100, 100))
    market.security.set_slippage_model(model)
    for quantity in (1, 1000, -1000):
        order = MarketOrder(SPY, quantity, market.utc(NOON))
        exact = exact_slippage(market.security, order)
        assert isinstance(exact, Decimal)
        assert 0 <= exact <= 100
        assert model.get_slippage_approximation(market.security, order) == float(exact)
        assert market.fill(order).exact_fill_price == 100 + (exact if quantity > 0 else -exact)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: type(model).__name__)
def test_without_data_there_is_none(model: SlippageModel) -> None:
    market = Market().at(NOON)
    assert model.get_slippage_approximation(market.security, MarketOrder(SPY, 1, NOON)) == 0.0
