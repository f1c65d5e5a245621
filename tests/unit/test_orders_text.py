"""Orders, tickets, requests and events as LEAN prints them; the lines are of its regression algorithms and tests."""

from __future__ import annotations

from datetime import datetime

import pytest
from tests.order_market import EURUSD, SPY

from tradinglab.algorithm.orders import (
    CancelOrderRequest,
    CashAmount,
    LimitIfTouchedOrder,
    LimitOrder,
    MarketOrder,
    Order,
    OrderEvent,
    OrderFee,
    OrderResponse,
    OrderTicket,
    StopLimitOrder,
    StopMarketOrder,
    SubmitOrderRequest,
    TrailingStopOrder,
    UpdateOrderFields,
    UpdateOrderRequest,
)
from tradinglab.core.enums import OrderDirection, OrderResponseErrorCode, OrderStatus, OrderType, SecurityType
from tradinglab.core.symbol_cache import SymbolCache

NOON = datetime(2013, 10, 7, 16, 0)


@pytest.fixture(autouse=True)
def _known_symbols() -> None:
    SymbolCache.set("SPY", SPY)
    SymbolCache.set("EURUSD", EURUSD)


def _numbered(order: Order, currency: str = "USD") -> Order:
    order.id = 7
    order.broker_id = ["7"]
    order.status = OrderStatus.SUBMITTED
    order.price_currency = currency
    return order


@pytest.mark.parametrize(
    ("order", "text"),
    [
        (MarketOrder(SPY, 1, NOON), "Submitted Market order for 1 unit of SPY"),
        (MarketOrder(SPY, -1, NOON), "Submitted Market order for -1 units of SPY"),
        (MarketOrder(SPY, 2.5, NOON, "a note"), "Submitted Market order for 2.5 units of SPY: a note"),
        (LimitOrder(SPY, 10, 144.77307790400, NOON), "Submitted Limit order for 10 units of SPY at limit $144.7731"),
        (
            StopMarketOrder(SPY, 10, 1234.56789, NOON),
            "Submitted StopMarket order for 10 units of SPY at stop $1234.5679",
        ),
        (
            StopLimitOrder(SPY, 10, 100, 101.5, NOON),
            "Submitted StopLimit order for 10 units of SPY at stop $100 limit $101.5",
        ),
        (
            LimitIfTouchedOrder(SPY, -10, 99, 98, NOON, "LIT"),
            "Submitted LimitIfTouched order for -10 units of SPY: LIT at trigger $99 limit $98",
        ),
        (
            TrailingStopOrder(SPY, 10, 100, 0.1, True, NOON),
            "Submitted TrailingStop order for 10 units of SPY at stop $100. Trailing amount: 10.0%",
        ),
        (
            TrailingStopOrder(SPY, 10, 100, 0.5, False, NOON),
            "Submitted TrailingStop order for 10 units of SPY at stop $100. Trailing amount: $0.5",
        ),
    ],
)
def test_orders(order: Order, text: str) -> None:
    assert str(_numbered(order)) == f"OrderId: 7 (BrokerId: 7) {text}"
    assert order.to_string() == order.ToString() == str(order)


def test_a_price_in_a_currency_without_a_sign_of_its_own() -> None:
    order = _numbered(LimitOrder(EURUSD, 1000, 1.0512345678, NOON), "CHF")
    assert str(order).endswith("at limit Fr1.051235")


@pytest.mark.parametrize(
    ("amount", "percentage", "tag"), [(2, False, "$2"), (0.05, True, "5.00%"), (0.5, False, "$0.5")]
)
def test_default_tags(amount: float, percentage: bool, tag: str) -> None:
    order = TrailingStopOrder(SPY, 10, 100, amount, percentage, NOON)
    order.price_currency = "USD"
    assert order.get_default_tag() == f"Trailing Amount: {tag}"
    assert MarketOrder(SPY, 1, NOON).get_default_tag() == ""


def test_an_event_of_a_limit_if_touched_order() -> None:
    order = LimitIfTouchedOrder(SPY, -1, 143.61, 144.3551, NOON)
    order.id, order.price_currency = 72, "USD"
    event = OrderEvent(order, datetime(2013, 10, 10, 13, 31), OrderFee(CashAmount(1, "USD")))
    event.id = 399
    event.status = OrderStatus.FILLED
    event.fill_quantity, event.fill_price = -1, 144.6434000
    event.limit_price, event.trigger_price = order.limit_price, order.trigger_price
    assert str(event) == (
        "Time: 10/10/2013 13:31:00 OrderID: 72 EventID: 399 Symbol: SPY Status: Filled Quantity: -1 "
        "FillQuantity: -1 FillPrice: $144.6434 LimitPrice: $144.3551 TriggerPrice: $143.61 OrderFee: 1 USD"
    )
    assert event.short_to_string() == (
        "10/10/2013 13:31:00 OID:72 SPY Filled Q:-1 FQ:-1 FP:$144.6434 LP:$144.3551 TP:$143.61 OF:$1 USD"
    )


def test_an_event_without_a_fill() -> None:
    order = _numbered(StopMarketOrder(SPY, 5, 100, NOON))
    event = OrderEvent(order, NOON, OrderFee.ZERO, "a message")
    event.stop_price = 100.0
    event.trailing_amount, event.trailing_as_percentage = 0.1, True
    assert str(event) == (
        "Time: 10/07/2013 16:00:00 OrderID: 7 EventID: 0 Symbol: SPY Status: Submitted Quantity: 5 "
        "StopPrice: $100 TrailingAmount: 10.0% Message: a message"
    )


def test_an_event_made_of_its_parts() -> None:
    fee = OrderFee(CashAmount("1.50", "USD"))
    event = OrderEvent(3, SPY, NOON, OrderStatus.FILLED, OrderDirection.BUY, 0.0, 12, fee, "Tag")
    assert (event.order_id, event.utc_time, event.fill_quantity, event.message) == (3, NOON, 12.0, "Tag")
    assert str(fee) == "1.5 USD"
    assert event.Clone().OrderFee.Value.Amount == 1.5


def _request(**keywords: object) -> SubmitOrderRequest:
    return SubmitOrderRequest(OrderType.LIMIT, SecurityType.EQUITY, SPY, 10, 0, 100.5, NOON, "tag", **keywords)  # type: ignore[arg-type]


def test_requests() -> None:
    request = _request()
    request.set_order_id(4)
    assert str(request) == (
        "10/07/2013 16:00:00 UTC: Submit Order: (4) - OrderId: 4 (BrokerId: ) New Limit order for 10 units of SPY: tag "
        "at limit 100.5 tag Status: Unprocessed Async: False"
    )
    fields = UpdateOrderFields(quantity=3, stop_price=2.5, tag="why")
    assert str(UpdateOrderRequest(NOON, 4, fields)) == (
        "10/07/2013 16:00:00 UTC: Update Order: (4) - Quantity: 3, StopPrice: 2.5 why Status: Unprocessed"
    )
    assert str(CancelOrderRequest(NOON, 4, "why")) == (
        "10/07/2013 16:00:00 UTC: Cancel Order: (4) - why Status: Unprocessed"
    )


def test_tickets() -> None:
    request = _request()
    request.set_order_id(4)
    ticket = OrderTicket(None, request)  # type: ignore[arg-type]
    assert str(ticket) == "4: Request Count: 1 Response Count: 0"
    request.set_response(OrderResponse.success(request))
    ticket.set_order(Order.create_order(request))
    ticket.add_update_request(UpdateOrderRequest(NOON, 4, UpdateOrderFields(tag="x")))
    assert str(ticket) == (
        "4: OrderId: 4 (BrokerId: ) New Limit order for 10 units of SPY: tag at limit 100.5 "
        "Request Count: 2 Response Count: 1"
    )


def test_responses() -> None:
    request = _request()
    request.set_order_id(4)
    order = _numbered(MarketOrder(SPY, 1, NOON))
    assert str(OrderResponse.UNPROCESSED) == "Unprocessed"
    assert str(OrderResponse.success(request)) == "Success"
    assert str(OrderResponse.unable_to_find_order(request)) == (
        "Error: UnableToFindOrder - Unable to locate order with id 4."
    )
    order.status = OrderStatus.FILLED
    assert OrderResponse.invalid_status(request, order).error_message == (
        "Unable to update order with id 4 because it already has Filled status."
    )
    assert OrderResponse.zero_quantity(request).error_message == (
        "Unable to submit order with id 4 that has zero quantity."
    )
    assert OrderResponse.error(request, OrderResponseErrorCode.PROCESSING_ERROR).error_message == (
        "An unexpected error occurred."
    )
    assert OrderResponse.success(request).error_message is None
    for response in (OrderResponse.warming_up(request), OrderResponse.missing_security(request)):
        assert response.is_error
        assert not response.is_success
        assert response.order_id == 4
