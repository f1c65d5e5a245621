"""The JSON of orders: members, their order, scales of decimals, times."""

from __future__ import annotations

import json
from datetime import datetime
from decimal import Decimal

import pytest
from tests.order_market import SPY

from tradinglab.algorithm.orders import (
    BitfinexOrderProperties,
    ComboLegLimitOrder,
    ComboLimitOrder,
    ComboMarketOrder,
    Exchange,
    FixOrderProperties,
    GroupOrderManager,
    IndiaOrderProperties,
    InteractiveBrokersOrderProperties,
    KrakenOrderProperties,
    LimitIfTouchedOrder,
    LimitOrder,
    MarketOrder,
    Order,
    OrderProperties,
    OrderSubmissionData,
    StopLimitOrder,
    StopMarketOrder,
    TimeInForce,
    TrailingStopOrder,
    dYdXOrderProperties,
    number_json,
    order_json,
    order_list_hash,
)
from tradinglab.core.enums import DataNormalizationMode, OrderDirection, OrderStatus

TIME = datetime(2013, 10, 7, 13, 31)


def _member(order: Order, name: str) -> str:
    """Return the raw text of a member, so that its scale is seen."""
    return str(json.loads(order_json(order), parse_float=str, parse_int=str)[name])


def test_the_whole_of_a_filled_market_order() -> None:
    order = MarketOrder(SPY, 688, TIME)
    order.id, order.broker_id, order.status = 1, ["1"], OrderStatus.FILLED
    order.price, order.price_currency = Decimal("144.78172417"), "USD"
    order.last_fill_time_ns = order.time_ns
    order.price_adjustment_mode = DataNormalizationMode.ADJUSTED
    order.order_submission_data = OrderSubmissionData(
        Decimal("144.76443104400"), Decimal("144.78172417000"), Decimal("144.77307790400")
    )
    assert order_json(order) == (
        '{"type":0,"id":1,"contingentId":0,"brokerId":["1"],"symbol":{"value":"SPY","id":"SPY R735QTJ8XC9X",'
        '"permtick":"SPY"},"price":144.78172417,"priceCurrency":"USD","time":"2013-10-07T13:31:00Z",'
        '"createdTime":"2013-10-07T13:31:00Z","lastFillTime":"2013-10-07T13:31:00Z","quantity":688.0,"status":3,'
        '"tag":"","properties":{"timeInForce":{}},"securityType":1,"direction":0,"value":99609.82622896,'
        '"orderSubmissionData":{"bidPrice":144.76443104400,"askPrice":144.78172417000,"lastPrice":144.77307790400},'
        '"isMarketable":true,"priceAdjustmentMode":1}'
    )


@pytest.mark.parametrize(
    ("order", "names"),
    [
        (LimitOrder(SPY, 1, 2, TIME), ["limitPrice", "type", "id"]),
        (StopMarketOrder(SPY, 1, 2, TIME), ["stopPrice", "type", "id"]),
        (StopLimitOrder(SPY, 1, 2, 3, TIME), ["stopPrice", "stopTriggered", "limitPrice", "type", "id"]),
        (LimitIfTouchedOrder(SPY, 1, 2, 3, TIME), ["type", "triggerPrice", "limitPrice", "triggerTouched", "id"]),
        (
            TrailingStopOrder(SPY, 1, 2, 3, True, TIME),
            ["trailingAmount", "trailingAsPercentage", "type", "stopPrice", "id"],
        ),
        (ComboMarketOrder(SPY, 10, TIME, GroupOrderManager(1, 2, 5)), ["type", "quantity", "id"]),
        (ComboLimitOrder(SPY, 10, 9, TIME, GroupOrderManager(1, 2, 5)), ["type", "quantity", "id"]),
        (ComboLegLimitOrder(SPY, 10, 9, TIME, GroupOrderManager(1, 2, 5)), ["type", "limitPrice", "quantity", "id"]),
    ],
)
def test_members_of_the_class_come_before_those_of_every_order(order: Order, names: list[str]) -> None:
    members = list(json.loads(order_json(order)))
    assert members[: len(names)] == names
    assert members.count("quantity") == 1


def test_the_group_of_a_combo_order() -> None:
    group = GroupOrderManager(3, 2, -10, Decimal("1.50"))
    first, second = ComboLimitOrder(SPY, -10, group.limit_price, TIME, group), ComboMarketOrder(SPY, 20, TIME, group)
    first.id, second.id = 4, 5
    assert (
        '"groupOrderManager":{"id":3,"quantity":-10.0,"count":2,"limitPrice":1.5,"orderIds":[4,5],"direction":1},'
        in (order_json(first))
    )
    assert (first.quantity, second.quantity) == (-10.0, 20.0)
    assert second.direction == OrderDirection.BUY


def test_what_is_absent_is_left_out() -> None:
    order = MarketOrder(SPY, 1, TIME, tag=None)
    members = json.loads(order_json(order))
    assert members["orderSubmissionData"] is None
    assert not {"tag", "lastFillTime", "lastUpdateTime", "canceledTime", "groupOrderManager"} & set(members)


@pytest.mark.parametrize(
    ("time", "text"),
    [
        (TIME, "2013-10-07T13:31:00Z"),
        (TIME.replace(microsecond=500_000), "2013-10-07T13:31:00.5Z"),
        (TIME.replace(microsecond=123_456), "2013-10-07T13:31:00.123456Z"),
    ],
)
def test_times(time: datetime, text: str) -> None:
    assert _member(MarketOrder(SPY, 1, time), "time") == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Decimal(0), "0.0"), (Decimal("-0.0"), "0.0"), (Decimal(688), "688.0"), (Decimal("1.50"), "1.50"),
        (Decimal("1E-8"), "0.00000001"), (Decimal("-2.5"), "-2.5"),
    ],
)  # fmt: skip
def test_numbers(value: Decimal, text: str) -> None:
    assert number_json(value) == text


def _properties(properties: OrderProperties) -> str:
    text = order_json(MarketOrder(SPY, 1, TIME, properties=properties))
    return text[text.index('"properties":') + 13 : text.index(',"securityType"')]


def test_times_in_force() -> None:
    properties = OrderProperties()
    properties.time_in_force = TimeInForce.DAY
    assert _properties(properties) == '{"timeInForce":{"$type":"QuantConnect.Orders.TimeInForces.DayTimeInForce"}}'
    properties.TimeInForce = TimeInForce.GoodTilDate(datetime(2013, 10, 10))
    assert _properties(properties) == (
        '{"timeInForce":{"$type":"QuantConnect.Orders.TimeInForces.GoodTilDateTimeInForce",'
        '"Expiry":"2013-10-10T00:00:00"}}'
    )


def test_properties_of_brokers() -> None:
    assert _properties(BitfinexOrderProperties()) == '{"PostOnly":false,"Hidden":false,"timeInForce":{}}'
    interactive = InteractiveBrokersOrderProperties()
    interactive.fa_percentage = 20
    interactive.Account = 'a "name"'
    assert _properties(interactive) == (
        '{"Account":"a \\"name\\"","FaGroup":null,"FaMethod":null,"FaPercentage":20,"FaProfile":null,'
        '"OutsideRegularTradingHours":false,"timeInForce":{}}'
    )
    fix = FixOrderProperties()
    fix.additional_properties["114"] = "N"
    assert _properties(fix) == (
        '{"AdditionalProperties":{"114":"N"},"HandleInstruction":null,"Notes":null,"timeInForce":{}}'
    )
    india = IndiaOrderProperties(Exchange.NSE, IndiaOrderProperties.IndiaProductType.CNC)
    assert _properties(india) == (
        '{"ProductType":"CNC","timeInForce":{},"Exchange":{"Code":"NSE","Name":"NSE","Market":"india",'
        '"SecurityTypes":[1]}}'
    )


def test_a_copy_of_properties_is_independent() -> None:
    fix = FixOrderProperties()
    fix.additional_properties["1"] = "a"
    twin = fix.clone()
    twin.additional_properties["2"] = "b"
    twin.notes = "changed"
    assert (fix.additional_properties, fix.notes) == ({"1": "a"}, None)


def test_settings_that_exclude_each_other() -> None:
    kraken = KrakenOrderProperties()
    kraken.fee_in_base = True
    kraken.fee_in_quote = True
    assert (kraken.fee_in_base, kraken.fee_in_quote) == (False, True)
    kraken.fee_in_quote = False
    assert kraken.fee_in_quote
    dydx = dYdXOrderProperties()
    dydx.post_only = True
    with pytest.raises(ValueError, match="exclude each other"):
        dydx.ioc = True


def test_the_hash_rounds_prices_and_leaves_the_orders_alone() -> None:
    order = LimitOrder(SPY, 10, Decimal("144.77307790400"), TIME)
    order.id, order.price = 1, Decimal("1234.50001")
    twin = LimitOrder(SPY, 10, Decimal("144.7731"), TIME)
    twin.id, twin.price = 1, Decimal("1234.5")
    before = order_json(order)
    assert order_list_hash([order]) == order_list_hash([twin])
    assert order_json(order) == before


def test_whether_a_limit_is_marketable_is_judged_after_rounding() -> None:
    ask = Decimal("144.77307790400")
    order = LimitOrder(SPY, 10, ask, TIME)
    order.order_submission_data = OrderSubmissionData(ask, ask, ask)
    assert order.is_marketable
    higher = LimitOrder(SPY, 10, Decimal("144.7731"), TIME)
    higher.order_submission_data = OrderSubmissionData(ask, ask, ask)
    assert order_list_hash([order]) == order_list_hash([higher])


def test_no_orders_hash_as_an_empty_text() -> None:
    assert order_list_hash([]) == "d41d8cd98f00b204e9800998ecf8427e"
