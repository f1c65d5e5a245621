"""What holds for all orders, bars and fills."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.order_market import EURUSD, SPY, Market, Prices

from tradinglab.algorithm.bars import QuoteBar, TradeBar
from tradinglab.algorithm.orders import (
    LimitOrder,
    MarketOrder,
    Order,
    OrderEvent,
    OrderFee,
    OrderTicket,
    StopLimitOrder,
    StopMarketOrder,
    SubmitOrderRequest,
    TrailingStopOrder,
    order_json,
    order_list_hash,
)
from tradinglab.core.enums import OrderDirection, OrderStatus, OrderType, SecurityType
from tradinglab.core.symbol import Symbol

NOON = datetime(2013, 10, 8, 12)

# A busy machine is no failure.
unhurried = settings(deadline=None)

cents = st.integers(1, 100_000).map(lambda value: value / 100)
quantities = st.integers(-1000, 1000).filter(bool)


@st.composite
def bars(draw: st.DrawFn) -> Prices:
    """Return a bar whose open and close lie between its low and its high."""
    low, *_, high = prices = sorted(draw(st.lists(cents, min_size=4, max_size=4)))
    return (draw(st.sampled_from(prices)), high, low, draw(st.sampled_from(prices)))


def _filled(symbol: Symbol, order: Order, bar: Prices) -> OrderEvent | None:
    market = Market(symbol, kind=TradeBar if symbol == SPY else QuoteBar)
    order.time_ns = market.utc(NOON - timedelta(minutes=5))
    market.trade(NOON, bar)
    if symbol != SPY:
        market.quote(NOON, bar, bar)
    event = market.fill(order)
    return event if event.status == OrderStatus.FILLED else None


@unhurried
@given(st.sampled_from([SPY, EURUSD]), quantities, cents, bars())
def test_a_limit_order_is_never_filled_at_a_worse_price(
    symbol: Symbol, quantity: int, limit: float, bar: Prices
) -> None:
    event = _filled(symbol, LimitOrder(symbol, quantity, limit, NOON), bar)
    if event is not None:
        assert event.fill_price <= limit if quantity > 0 else event.fill_price >= limit
        assert bar[2] <= event.fill_price <= bar[1]


@unhurried
@given(st.sampled_from([SPY, EURUSD]), quantities, cents, bars())
def test_a_stop_order_is_never_filled_at_a_better_price(
    symbol: Symbol, quantity: int, stop: float, bar: Prices
) -> None:
    event = _filled(symbol, StopMarketOrder(symbol, quantity, stop, NOON), bar)
    if event is not None:
        assert event.fill_price >= stop if quantity > 0 else event.fill_price <= stop
        assert bar[2] <= event.fill_price <= bar[1]


@unhurried
@given(st.sampled_from([SPY, EURUSD]), quantities, cents, cents, bars())
def test_a_stop_limit_order_keeps_its_limit(
    symbol: Symbol, quantity: int, stop: float, limit: float, bar: Prices
) -> None:
    order = StopLimitOrder(symbol, quantity, stop, limit, NOON)
    event = _filled(symbol, order, bar)
    if event is not None:
        assert order.stop_triggered
        assert event.fill_price <= limit if quantity > 0 else event.fill_price >= limit


@unhurried
@given(quantities, cents, st.integers(1, 5000).map(lambda value: value / 100), st.booleans(), cents)
def test_a_trailing_stop_only_ever_moves_towards_the_market(
    quantity: int, stop: float, amount: float, as_percentage: bool, market_price: float
) -> None:
    amount = amount / 100 if as_percentage else amount
    order = TrailingStopOrder(SPY, quantity, stop, amount, as_percentage, NOON)
    moved = order.trailed_stop_price(Decimal(str(market_price)))
    if moved is not None:
        assert moved < order.exact_stop_price if quantity > 0 else moved > order.exact_stop_price
        order.exact_stop_price = moved
        assert order.trailed_stop_price(Decimal(str(market_price))) is None


@unhurried
@given(
    st.lists(st.tuples(st.integers(1, 500), cents), min_size=1, max_size=12),
    st.sampled_from([OrderDirection.BUY, OrderDirection.SELL]),
)
def test_partial_fills_sum_to_the_quantity(parts: list[tuple[int, float]], direction: OrderDirection) -> None:
    sign = 1 if direction == OrderDirection.BUY else -1
    total = sign * sum(quantity for quantity, _ in parts)
    request = SubmitOrderRequest(OrderType.MARKET, SecurityType.EQUITY, SPY, total, 0, 0, NOON, "")
    request.set_order_id(1)
    ticket = OrderTicket(None, request)  # type: ignore[arg-type]
    order = Order.create_order(request)
    ticket.set_order(order)
    for index, (quantity, price) in enumerate(parts, 1):
        event = OrderEvent(order, NOON, OrderFee.ZERO)
        event.status = OrderStatus.FILLED if index == len(parts) else OrderStatus.PARTIALLY_FILLED
        event.fill_quantity, event.fill_price = sign * quantity, price
        ticket.add_order_event(event)
    assert ticket.exact_quantity_filled == total == sum(event.exact_fill_quantity for event in ticket.order_events)
    assert ticket.quantity_remaining == 0
    prices = [price for _, price in parts]
    assert min(prices) - 1e-9 <= order.price <= max(prices) + 1e-9
    assert order.price == ticket.average_fill_price


@st.composite
def order_lists(draw: st.DrawFn) -> list[Order]:
    """Return orders of several types, numbered from 1."""
    orders: list[Order] = []
    for number in range(1, draw(st.integers(1, 6)) + 1):
        quantity, price = draw(quantities), draw(cents)
        order: Order = draw(
            st.sampled_from(
                [
                    MarketOrder(SPY, quantity, NOON),
                    LimitOrder(SPY, quantity, price, NOON),
                    TrailingStopOrder(EURUSD, quantity, price, 0.1, True, NOON),
                ]
            )
        )
        order.id, order.price, order.tag = number, price, draw(st.text(max_size=5))
        orders.append(order)
    return orders


@unhurried
@given(order_lists(), st.randoms(use_true_random=False))
def test_the_hash_does_not_depend_on_the_order_of_the_list(orders: list[Order], random: object) -> None:
    shuffled = list(orders)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert order_list_hash(shuffled) == order_list_hash(orders)
    assert order_list_hash(order.clone() for order in orders) == order_list_hash(orders)


@unhurried
@given(order_lists())
def test_the_json_of_an_order_can_be_read(orders: list[Order]) -> None:
    for order in orders:
        read = json.loads(order_json(order))
        assert (read["id"], read["quantity"], read["tag"]) == (order.id, order.quantity, order.tag)
        assert read["symbol"]["id"] == str(order.symbol.id)
        assert Decimal(str(read["value"])) == Decimal(str(float(order.exact_value)))
