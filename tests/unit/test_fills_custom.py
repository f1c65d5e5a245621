"""Combo orders, and the fill models that strategies write: overrides in both spellings, partial fills, own prices."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest
from tests.order_market import SPY, Market, Prices

from tradinglab.algorithm.bars import QuoteBar, TradeBar
from tradinglab.algorithm.models import fills
from tradinglab.algorithm.models.fills import EquityFillModel, Fill, FillModel, FillModelParameters, ImmediateFillModel
from tradinglab.algorithm.orders import (
    ComboLegLimitOrder,
    ComboLimitOrder,
    ComboMarketOrder,
    GroupOrderCacheManager,
    GroupOrderManager,
    Leg,
    LimitOrder,
    MarketOrder,
    Order,
    OrderEvent,
    OrderFee,
    UpdateOrderFields,
    UpdateOrderRequest,
    group_orders,
    group_quantity,
)
from tradinglab.core.enums import OrderDirection, OrderStatus

NOON = datetime(2013, 10, 8, 12)
MINUTE = timedelta(minutes=1)


def _flat(price: float) -> Prices:
    return (price, price, price, price)


class Pair:
    """Two securities, and the fill of a combo order over both."""

    def __init__(self) -> None:
        self.first, self.second = Market(kind=TradeBar), Market(kind=TradeBar)

    def trade(self, first: Prices, second: Prices) -> None:
        self.first.trade(NOON, first)
        self.second.trade(NOON, second)

    def fill(self, orders: list[Order], model: FillModel | None = None) -> list[OrderEvent]:
        securities = {orders[1]: self.second.security, orders[0]: self.first.security}
        order = orders[0]
        parameters = FillModelParameters(self.first.security, order, self.first, timedelta(hours=1), securities)
        return list((model or ImmediateFillModel()).fill(parameters))


def _legs(cls: type, *limits: float) -> list[Order]:
    group = GroupOrderManager(1, 2, 10, limits[0] if cls is ComboLimitOrder else 0)
    earlier = Market().utc(NOON - 5 * MINUTE)
    prices = [[], []] if not limits else [[limit] for limit in (limits if len(limits) == 2 else limits * 2)]
    legs = [cls(SPY, 10 * ratio, *price, earlier, group) for ratio, price in zip((1, -2), prices, strict=True)]
    for number, leg in enumerate(legs, 1):
        leg.id = number
    return legs


def test_a_combo_market_order_fills_all_legs() -> None:
    pair = Pair()
    pair.trade(_flat(100), _flat(40))
    events = pair.fill(_legs(ComboMarketOrder))
    assert [(event.order_id, event.fill_price, event.fill_quantity) for event in events] == [
        (1, 100.0, 10.0),
        (2, 40.0, -20.0),
    ]


def test_a_combo_fills_no_leg_while_one_cannot() -> None:
    pair = Pair()
    pair.trade(_flat(100), _flat(40))
    pair.second.at(NOON.replace(hour=20))
    assert pair.fill(_legs(ComboMarketOrder)) == []


def test_a_combo_limit_order_sums_the_legs_by_ratio() -> None:
    pair = Pair()
    pair.trade((100, 104, 98, 101), (40, 42, 39, 41))
    # One hundredth for shares: 98 - 2 * 39 = 20 at the lows.
    assert pair.fill(_legs(ComboLimitOrder, 0.20)) == []
    events = pair.fill(_legs(ComboLimitOrder, 0.21))
    assert [event.fill_price for event in events] == [98.0, 39.0]


def test_a_combo_of_leg_limits_needs_every_leg_inside() -> None:
    pair = Pair()
    pair.trade((100, 104, 98, 101), (40, 42, 39, 41))
    assert pair.fill(_legs(ComboLegLimitOrder, 97, 41)) == []
    assert [event.fill_price for event in pair.fill(_legs(ComboLegLimitOrder, 99, 41))] == [99.0, 41.0]


def test_quantity_and_limit_of_a_group_change_together() -> None:
    first, second = _legs(ComboLimitOrder, 0.2)
    first.apply_update_order_request(UpdateOrderRequest(NOON, 1, UpdateOrderFields(quantity=30, limit_price=0.5)))
    assert (first.quantity, second.quantity) == (30.0, -60.0)
    assert isinstance(second, ComboLimitOrder)
    assert second.limit_price == 0.5
    assert second.clone().group_order_manager is first.group_order_manager


def test_a_group_waits_for_its_last_leg() -> None:
    group = GroupOrderManager(1, 2, 10)
    first, second = (ComboMarketOrder(SPY, 10, NOON, group) for _ in range(2))
    cache = GroupOrderCacheManager()
    first.id = 1
    assert cache.try_get_group_cached_orders(first) is None
    second.id = 2
    assert cache.try_get_group_cached_orders(second) == [first, second]
    single = MarketOrder(SPY, 1, NOON)
    assert group_orders(single, lambda _: None) == [single]


def test_the_quantity_of_a_group_is_what_its_legs_share() -> None:
    assert group_quantity([10, -20, 5], OrderDirection.BUY) == 5
    assert group_quantity([10, -20], OrderDirection.SELL) == -10
    with pytest.raises(ValueError, match="Hold"):
        group_quantity([1], OrderDirection.HOLD)
    assert Leg.create(SPY, 2, 1.5).OrderPrice == 1.5
    assert Leg.create(SPY, 2).order_price is None


class PartialFills(ImmediateFillModel):
    """As strategies write it: no call of our constructor, numpy numbers, another spelling."""

    def __init__(self) -> None:
        self.left: dict[int, float] = {}

    def MarketFill(self, asset: Any, order: Any) -> OrderEvent:
        fill = super().MarketFill(asset, order)
        left = self.left.get(order.id, order.absolute_quantity)
        fill.fill_quantity = np.sign(order.quantity) * min(left, 4)
        self.left[order.id] = left - abs(fill.fill_quantity)
        fill.status = OrderStatus.FILLED if self.left[order.id] == 0 else OrderStatus.PARTIALLY_FILLED
        return fill


def test_partial_fills_of_a_model_in_pascal_case() -> None:
    market = Market(kind=TradeBar)
    market.security.set_fill_model(PartialFills())
    market.trade(NOON, _flat(100))
    order = MarketOrder(SPY, -10, market.utc(NOON))
    order.id = 1
    events = [market.fill(order) for _ in range(3)]
    assert [event.exact_fill_quantity for event in events] == [-4, -4, -2]
    assert [event.status for event in events][1:] == [OrderStatus.PARTIALLY_FILLED, OrderStatus.FILLED]


class OwnPrices(EquityFillModel):
    def get_prices(self, asset: Any, direction: Any) -> fills.Prices:
        return fills.Prices(asset.local_time, asset.local_time, 7.0, 0, 9.0, 5.0, 0)


def test_a_model_with_prices_of_its_own() -> None:
    market = Market(kind=TradeBar)
    market.security.set_fill_model(OwnPrices())
    market.trade(NOON, _flat(100))
    prices = OwnPrices().get_prices(market.security, OrderDirection.BUY)
    assert (prices.open, prices.high, prices.low, prices.close, prices.Current) == (7.0, 9.0, 5.0, 7.0, 7.0)


class ForwardDataOnly(EquityFillModel):
    def fill(self, parameters: FillModelParameters) -> Fill:
        data = parameters.security.cache.get_data(TradeBar)
        return super().fill(parameters) if parameters.order.time < data.end_time + timedelta(hours=4) else Fill([])


def test_a_model_that_decides_whether_to_fill_at_all() -> None:
    market = Market(kind=TradeBar)
    market.security.set_fill_model(ForwardDataOnly())
    market.trade(NOON, _flat(100))
    late = MarketOrder(SPY, 1, market.utc(NOON + MINUTE))
    assert list(market.security.fill_model.fill(market.parameters(late))) == []
    assert market.fill(MarketOrder(SPY, 1, market.utc(NOON - MINUTE))).status == OrderStatus.FILLED


class PartialCombos(FillModel):
    """Reads the orders of a combo as pairs, as LEAN's dictionaries give them."""

    def combo_market_fill(self, order: Order, parameters: FillModelParameters) -> list[OrderEvent]:
        events = super().combo_market_fill(order, parameters)
        pairs = sorted(parameters.securities_for_orders, key=lambda pair: pair.key.id)
        for pair, event in zip(pairs, events, strict=True):
            assert pair.Value.symbol == event.symbol
            event.fill_quantity = np.sign(pair.key.quantity) * 5
            event.status = OrderStatus.PARTIALLY_FILLED
        return events


def test_partial_fills_of_a_combo() -> None:
    pair = Pair()
    pair.trade(_flat(100), _flat(40))
    events = pair.fill(_legs(ComboMarketOrder), PartialCombos())
    assert [event.fill_quantity for event in events] == [5.0, -5.0]


class Simple:
    """A model that derives from nothing of ours."""

    def fill(self, parameters: FillModelParameters) -> Fill:
        event = OrderEvent(parameters.order, parameters.security.utc_ns, OrderFee.ZERO)
        event.fill_price, event.fill_quantity = parameters.security.price, parameters.order.quantity
        event.status = OrderStatus.FILLED
        return Fill(event)


def test_a_model_without_our_base_class() -> None:
    market = Market(kind=QuoteBar)
    market.security.set_fill_model(Simple())
    market.quote(NOON, _flat(10), _flat(12))
    assert market.fill(LimitOrder(SPY, 3, 1, market.utc(NOON))).fill_quantity == 3


def test_prices_fall_back_on_the_current_one() -> None:
    prices = fills.Prices(NOON, NOON, 5, 0, 6, 0, 0)
    assert (prices.open, prices.high, prices.low, prices.close) == (5.0, 6.0, 5.0, 5.0)


def test_an_order_that_no_rule_is_for() -> None:
    from tradinglab.algorithm.orders import OptionExerciseOrder

    market = Market(kind=TradeBar)
    with pytest.raises(ValueError, match="OptionExercise"):
        market.fill(OptionExerciseOrder(SPY, 1, NOON))
