"""Tickets: what they tell, how they change an order, and what fills do to them."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from tests.order_market import SPY

from tradinglab.algorithm.orders import (
    CancelOrderRequest,
    LimitIfTouchedOrder,
    LimitOrder,
    MarketOrder,
    Order,
    OrderEvent,
    OrderFee,
    OrderRequest,
    OrderResponse,
    OrderTicket,
    StopLimitOrder,
    StopMarketOrder,
    SubmitOrderRequest,
    UpdateOrderFields,
    UpdateOrderRequest,
)
from tradinglab.core.clock import to_ns
from tradinglab.core.enums import (
    OrderField,
    OrderRequestStatus,
    OrderResponseErrorCode,
    OrderStatus,
    OrderType,
    SecurityType,
)

TIME = datetime(2013, 10, 7, 13, 31)


class Manager:
    """Carries out every request at once."""

    utc_ns = to_ns(TIME)

    def __init__(self) -> None:
        self.ticket: OrderTicket
        self.order: Order

    def open(self, order_type: OrderType, *prices: float, quantity: float = 10) -> OrderTicket:
        stop, limit, *rest = (*prices, 0, 0)[: max(2, len(prices))]
        request = SubmitOrderRequest(order_type, SecurityType.EQUITY, SPY, quantity, stop, limit, *rest, TIME, "made")
        request.set_order_id(1)
        request.set_response(OrderResponse.success(request), OrderRequestStatus.PROCESSED)
        self.ticket = OrderTicket(self, request)
        self.order = Order.create_order(request)
        self.ticket.set_order(self.order)
        return self.ticket

    def process_request(self, request: OrderRequest) -> OrderTicket:
        if isinstance(request, UpdateOrderRequest):
            self.ticket.add_update_request(request)
            self.order.apply_update_order_request(request)
        elif isinstance(request, CancelOrderRequest):
            self.ticket.try_set_cancel_request(request)
            self.order.status = OrderStatus.CANCELED
        request.set_response(OrderResponse.success(request), OrderRequestStatus.PROCESSED)
        return self.ticket


def _fill(manager: Manager, quantity: float, price: float, status: OrderStatus) -> None:
    event = OrderEvent(manager.order, TIME, OrderFee.ZERO)
    event.status, event.fill_quantity, event.fill_price = status, quantity, price
    manager.ticket.add_order_event(event)
    manager.order.status = status


def test_partial_fills_average_by_quantity() -> None:
    manager = Manager()
    ticket = manager.open(OrderType.MARKET)
    assert (ticket.status, ticket.quantity_filled, ticket.average_fill_price) == (OrderStatus.NEW, 0.0, 0.0)
    _fill(manager, 4, 10, OrderStatus.PARTIALLY_FILLED)
    assert (ticket.quantity_filled, ticket.quantity_remaining, ticket.average_fill_price) == (4.0, 6.0, 10.0)
    assert not ticket.order_closed.wait_one()
    _fill(manager, 6, 11, OrderStatus.FILLED)
    assert ticket.exact_average_fill_price == Decimal("10.6")
    assert (ticket.quantity_remaining, manager.order.price, ticket.status) == (0.0, 10.6, OrderStatus.FILLED)
    assert ticket.order_closed.wait_one()
    assert [event.fill_quantity for event in ticket.order_events] == [4.0, 6.0]


def test_sales_average_as_purchases_do() -> None:
    manager = Manager()
    ticket = manager.open(OrderType.MARKET, quantity=-10)
    _fill(manager, -5, 10, OrderStatus.PARTIALLY_FILLED)
    _fill(manager, -5, 12, OrderStatus.FILLED)
    assert (ticket.quantity_filled, ticket.average_fill_price, manager.order.price) == (-10.0, 11.0, 11.0)


@pytest.mark.parametrize(
    ("order_type", "prices", "field", "value"),
    [
        (OrderType.LIMIT, (0, 101), OrderField.LIMIT_PRICE, 101.0),
        (OrderType.STOP_MARKET, (99, 0), OrderField.STOP_PRICE, 99.0),
        (OrderType.STOP_LIMIT, (99, 98), OrderField.LIMIT_PRICE, 98.0),
        (OrderType.STOP_LIMIT, (99, 98), OrderField.STOP_PRICE, 99.0),
        (OrderType.LIMIT_IF_TOUCHED, (0, 98, 97), OrderField.TRIGGER_PRICE, 97.0),
        (OrderType.LIMIT_IF_TOUCHED, (0, 98, 97), OrderField.LIMIT_PRICE, 98.0),
        (OrderType.TRAILING_STOP, (99, 0, 0, 0.1, True), OrderField.STOP_PRICE, 99.0),
        (OrderType.TRAILING_STOP, (99, 0, 0, 0.1, True), OrderField.TRAILING_AMOUNT, 0.1),
        (OrderType.TRAILING_STOP, (99, 0, 0, 0.1, True), OrderField.TRAILING_AS_PERCENTAGE, True),
    ],
)
def test_fields(order_type: OrderType, prices: tuple[float, ...], field: OrderField, value: float) -> None:
    ticket = Manager().open(order_type, *prices)
    assert ticket.get(field) == value
    assert ticket.Get(field) == ticket.get[bool](field) == value


def test_a_field_that_the_order_has_not() -> None:
    ticket = Manager().open(OrderType.MARKET)
    with pytest.raises(ValueError, match="Unable to get field LimitPrice on order of type Market"):
        ticket.get(OrderField.LIMIT_PRICE)


def test_updates_reach_the_order() -> None:
    manager = Manager()
    ticket = manager.open(OrderType.STOP_LIMIT, 99, 98)
    assert ticket.update_limit_price(97.5, "lower").is_success
    assert ticket.update_stop_price(98.5).is_success
    assert ticket.update_quantity(3).is_success
    assert (ticket.get(OrderField.LIMIT_PRICE), ticket.get(OrderField.STOP_PRICE)) == (97.5, 98.5)
    assert (ticket.quantity, ticket.tag, len(ticket.update_requests)) == (3.0, "lower", 3)
    fields = UpdateOrderFields()
    fields.Tag = "only a note"
    assert ticket.update(fields).IsSuccess
    assert ticket.update_requests[-1].is_allowed_for_closed_order()
    assert ticket.get_most_recent_order_request() is manager.ticket.update_requests[-1]


def test_an_order_is_cancelled_once() -> None:
    manager = Manager()
    ticket = manager.open(OrderType.LIMIT, 0, 90)
    assert ticket.cancel("enough").is_success
    assert ticket.cancel_request is not None
    assert ticket.cancel_request.tag == "enough"
    again = ticket.cancel()
    assert again.error_code == OrderResponseErrorCode.REQUEST_CANCELED
    assert again.error_message == "Order 1 has already received a cancellation request."


def test_tickets_of_what_does_not_exist() -> None:
    cancel = CancelOrderRequest(TIME, 9, "x")
    ticket = OrderTicket.invalid_cancel_order_id(Manager(), cancel)
    assert (ticket.order_id, ticket.status, ticket.cancel_request) == (9, OrderStatus.INVALID, cancel)
    assert int(ticket) == OrderResponseErrorCode.UNABLE_TO_FIND_ORDER
    update = UpdateOrderRequest(TIME, 9, UpdateOrderFields(tag="x"))
    assert OrderTicket.invalid_update_order_id(Manager(), update).update_requests == [update]
    submit = SubmitOrderRequest(OrderType.MARKET, SecurityType.EQUITY, SPY, 0, 0, 0, TIME, "")
    refused = OrderTicket.invalid_submit_request(Manager(), submit, OrderResponse.zero_quantity(submit))
    assert (refused.status, refused.submit_request.response.is_error) == (OrderStatus.INVALID, True)


def test_a_ticket_keeps_to_its_order() -> None:
    ticket = Manager().open(OrderType.MARKET)
    other = MarketOrder(SPY, 1, TIME)
    other.id = 2
    with pytest.raises(ValueError, match="order 1, not of order 2"):
        ticket.set_order(other)
    with pytest.raises(ValueError, match="order 2, this is order 1"):
        ticket.add_update_request(UpdateOrderRequest(TIME, 2, UpdateOrderFields()))


def test_submit_requests_take_their_prices_as_in_lean() -> None:
    base = (OrderType.TRAILING_STOP, SecurityType.EQUITY, SPY, 10, 1, 2)
    assert SubmitOrderRequest(*base, TIME, "t").tag == "t"
    assert SubmitOrderRequest(*base, 3, TIME, "t").trigger_price == 3.0
    full = SubmitOrderRequest(*base, 3, 4, True, TIME, "t", asynchronous=True)
    assert (full.trailing_amount, full.trailing_as_percentage, full.asynchronous) == (4.0, True, True)
    with pytest.raises(TypeError, match="no argument wrong"):
        SubmitOrderRequest(*base, TIME, "t", wrong=1)


@pytest.mark.parametrize(
    ("order", "price", "value"),
    [
        (MarketOrder(SPY, 10, TIME), 100, 1100),
        (LimitOrder(SPY, 10, 102, TIME), 100, 1100),  # buys at the lower of limit and price
        (LimitOrder(SPY, 10, 99, TIME), 100, 1089),
        (LimitOrder(SPY, -10, 102, TIME), 100, -1122),
        (StopMarketOrder(SPY, -10, 90, TIME), 100, -1100),
        (StopLimitOrder(SPY, 10, 90, 95, TIME), 100, 1045),
        (LimitIfTouchedOrder(SPY, -10, 90, 95, TIME), 100, -1100),
        (LimitOrder(SPY, 0, 95, TIME), 100, 0),
    ],
)
def test_the_value_of_an_order_in_the_currency_of_the_account(order: Order, price: int, value: float) -> None:
    euro = SimpleNamespace(exact_conversion_rate=Decimal("1.1"), symbol="EUR")
    properties = SimpleNamespace(exact_contract_multiplier=Decimal(1))
    security: Any = SimpleNamespace(exact_price=Decimal(price), quote_currency=euro, symbol_properties=properties)
    assert order.get_value(security) == pytest.approx(value)
