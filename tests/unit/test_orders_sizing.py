"""Sizes of orders, and order events as JSON."""

from __future__ import annotations

import json
from datetime import datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from tests.order_market import SPY, Market

from tradinglab.algorithm.models.fees import ConstantFeeModel
from tradinglab.algorithm.orders import (
    CashAmount,
    MarketOrder,
    OrderEvent,
    OrderFee,
    OrderSizing,
    TrailingStopOrder,
    order_event_json,
)
from tradinglab.core.enums import OrderDirection, OrderStatus, SecurityType
from tradinglab.core.market import Market as Markets
from tradinglab.core.symbol import Symbol

NOON = datetime(2013, 10, 8, 12)


def _market() -> Market:
    market = Market()
    market.trade(NOON, (100, 100, 100, 100), volume=1000)
    return market


@pytest.mark.parametrize(("desired", "size"), [(10, 10), (-10, -10), (500, 100), (-500, -100), (0, 0)])
def test_a_fraction_of_the_volume(desired: float, size: float) -> None:
    assert OrderSizing.get_order_size_for_percent_volume(_market().security, 0.1, desired) == size


@pytest.mark.parametrize(("desired", "size"), [(10, 10), (500, 25), (-500, -25)])
def test_a_value(desired: float, size: float) -> None:
    assert OrderSizing.get_order_size_for_maximum_value(_market().security, 2599, desired) == size
    assert OrderSizing.get_order_size_for_maximum_value(Market().security, 2599, desired) == 0


@pytest.mark.parametrize(("quantity", "size"), [(9.5, 9), (-9.5, -9), (9.9999999999, 10), (-9.9999999999, -10), (0, 0)])
def test_whole_lots(quantity: float, size: float) -> None:
    assert OrderSizing.AdjustByLotSize(_market().security, quantity) == size


def test_what_is_missing_to_a_target() -> None:
    symbol = Symbol.create("BTCUSD", SecurityType.CRYPTO, Markets.BINANCE)
    market = Market(symbol)
    market.trade(NOON, (100, 100, 100, 100))
    market.security.set_fee_model(ConstantFeeModel(2, "BTC"))
    held: Any = SimpleNamespace(exact_projected_quantity=Decimal(30))
    algorithm: Any = SimpleNamespace(
        securities={symbol: market.security},
        transactions=SimpleNamespace(get_projected_holdings=lambda security: held),
    )
    target: Any = SimpleNamespace(symbol=symbol, exact_quantity=Decimal(100))
    assert OrderSizing.get_unordered_quantity(algorithm, target) == 70
    assert OrderSizing.get_unordered_quantity(algorithm, target, market.security, True) == 72


@pytest.mark.parametrize(
    ("direction", "stop", "market", "amount", "percentage", "moved"),
    [
        (OrderDirection.SELL, 269, 300, 0.1, True, (True, 270.0)),
        (OrderDirection.SELL, 270, 300, 0.1, True, (False, 0.0)),
        (OrderDirection.SELL, 269, 300, 30, False, (True, 270.0)),
        (OrderDirection.BUY, 331, 300, 0.1, True, (True, 330.0)),
        (OrderDirection.BUY, 330, 300, 30, False, (False, 0.0)),
    ],
)
def test_trailing_stop_prices(
    direction: OrderDirection, stop: float, market: float, amount: float, percentage: bool, moved: tuple[bool, float]
) -> None:
    assert TrailingStopOrder.try_update_stop_price(market, stop, amount, percentage, direction) == moved
    if moved[0]:
        assert TrailingStopOrder.CalculateStopPrice(market, amount, percentage, direction) == moved[1]


def test_an_event_as_json() -> None:
    event = OrderEvent(MarketOrder(SPY, 10, NOON), NOON, OrderFee(CashAmount("1.50", "USD")))
    event.order_id, event.id, event.fill_price_currency = 1, 2, "USD"
    event.status, event.fill_price, event.fill_quantity = OrderStatus.PARTIALLY_FILLED, 100.25, 4
    event.stop_price = 99
    assert order_event_json(event, "run") == (
        '{"id":"run-1-2","algorithmId":"run","orderId":1,"orderEventId":2,"symbol":"SPY R735QTJ8XC9X",'
        '"symbolValue":"SPY","symbolPermtick":"SPY","time":1381233600.0,"status":"partiallyFilled","orderFeeAmount":1.5,'
        '"orderFeeCurrency":"USD","fillPrice":100.25,"fillPriceCurrency":"USD","fillQuantity":4.0,"direction":"buy",'
        '"isAssignment":false,"quantity":10.0,"stopPrice":99.0}'
    )
    event.order_fee, event.message = OrderFee.ZERO, 'a "message"'
    read = json.loads(order_event_json(event, "run"))
    assert read["message"] == 'a "message"'
    assert "orderFeeAmount" not in read
