"""What every fill model keeps to. A new one is added to ``MODELS``."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from tests.order_market import SPY, Market

from tradinglab.algorithm.bars import QuoteBar, TradeBar
from tradinglab.algorithm.models.fills import (
    EquityFillModel,
    FillModel,
    FutureFillModel,
    FutureOptionFillModel,
    ImmediateFillModel,
    LatestPriceFillModel,
)
from tradinglab.algorithm.orders import (
    LimitIfTouchedOrder,
    LimitOrder,
    MarketOnCloseOrder,
    MarketOnOpenOrder,
    MarketOrder,
    Order,
    StopLimitOrder,
    StopMarketOrder,
    TrailingStopOrder,
)
from tradinglab.core.enums import OrderStatus

MODELS = [
    EquityFillModel,
    FillModel,
    FutureFillModel,
    FutureOptionFillModel,
    ImmediateFillModel,
    LatestPriceFillModel,
]
MONDAY = datetime(2013, 10, 7, 12)
NOON = datetime(2013, 10, 8, 12)


def _orders(quantity: int, time: int) -> list[Order]:
    """Return an order of each type that a bar around 100 fills."""
    far = 101 if quantity > 0 else 99
    return [
        MarketOrder(SPY, quantity, time),
        LimitOrder(SPY, quantity, far, time),
        StopMarketOrder(SPY, quantity, 100, time),
        StopLimitOrder(SPY, quantity, 100, far, time),
        LimitIfTouchedOrder(SPY, quantity, 100, far, time),
        TrailingStopOrder(SPY, quantity, 100, 50, False, time),
        MarketOnOpenOrder(SPY, quantity, time),
        MarketOnCloseOrder(SPY, quantity, time),
    ]


@pytest.fixture(params=MODELS, ids=lambda model: model.__name__)
def market(request: pytest.FixtureRequest) -> Market:
    market = Market(kind=TradeBar)
    market.subscribe(QuoteBar)
    market.security.set_fill_model(request.param())
    return market


def _bring(market: Market, end: datetime = NOON) -> None:
    market.quote(end, (100, 102, 98, 100), (100, 102, 98, 100))
    market.trade(end, (100, 102, 98, 100))


@pytest.mark.parametrize("quantity", [10, -10])
def test_fills_every_type_whole(market: Market, quantity: int) -> None:
    _bring(market)
    for order in _orders(quantity, market.utc(MONDAY)):
        order.id = 3
        event = market.fill(order)
        assert event.status == OrderStatus.FILLED, order
        assert (event.order_id, event.symbol, event.utc_ns) == (3, SPY, market.clock.utc_ns)
        assert (event.fill_quantity, event.direction) == (quantity, order.direction)
        assert 98 <= event.fill_price <= 102
        assert event.order_fee.value.amount == 0
        assert order.status == OrderStatus.NONE  # whoever asked decides what becomes of the order


def test_leaves_a_cancelled_order_alone(market: Market) -> None:
    _bring(market)
    for order in _orders(10, market.utc(MONDAY)):
        order.status = OrderStatus.CANCELED
        event = market.fill(order)
        assert (event.status, event.fill_quantity) == (OrderStatus.CANCELED, 0)


def test_waits_for_the_exchange(market: Market) -> None:
    _bring(market, datetime(2013, 10, 8, 3))
    for order in _orders(10, market.utc(datetime(2013, 10, 8, 2))):
        assert market.fill(order).status == OrderStatus.NONE, order


def test_fills_no_resting_order_from_a_bar_of_its_past(market: Market) -> None:
    _bring(market)
    for order in _orders(10, market.utc(NOON))[1:]:
        assert market.fill(order).status == OrderStatus.NONE, order


def test_answers_to_both_spellings(market: Market) -> None:
    model = market.security.fill_model
    for name in ("MarketFill", "LimitFill", "StopMarketFill", "StopLimitFill", "TrailingStopFill", "ComboMarketFill"):
        assert callable(getattr(model, name))
    _bring(market)
    order = MarketOrder(SPY, 1, market.utc(NOON - timedelta(minutes=1)))
    assert next(iter(model.Fill(market.parameters(order)))).FillQuantity == 1
