"""Margin calls and warnings."""

from __future__ import annotations

from decimal import Decimal

import pytest
from tests.securities_kit import Account

from tradinglab.algorithm.models.margin_call import DefaultMarginCallModel, MarginCallModel
from tradinglab.core.enums import OrderType


def levered(price: str) -> Account:
    """Hold 1,800 shares bought at 100 with 100,000: equity at *price* is 1,800 * price - 80,000."""
    account = Account()
    spy = account.add("SPY", price=100)
    account.fill(spy, 1800, 100)
    account.price(spy, price)
    return account


def test_no_call_without_positions() -> None:
    assert Account().portfolio.margin_call_orders() == ([], False)


@pytest.mark.parametrize(
    ("price", "warned"),
    [
        ("100", False),  # margin 90,000 of 100,000: 10 % left
        ("93", True),  # margin 83,700 of 87,400: 4.2 % left
        ("89", True),  # margin 80,100 of 80,200: 0.1 % left
    ],
)
def test_warning_at_five_percent(price: str, warned: bool) -> None:
    orders, warn = levered(price).portfolio.margin_call_orders()
    assert orders == []
    assert warn is warned


def test_beyond_the_buffer_the_excess_is_sold() -> None:
    """At 80: equity 64,000, margin 72,000, which is over 70,400. Margin must fall by 8,000: 200 shares."""
    account = levered("80")
    (order,), warn = account.portfolio.margin_call_orders()
    assert warn
    assert (order.order_type, order.tag) == (OrderType.MARKET, "Margin Call")
    # the target is 64,000 of 64,000: 1,600 shares of 40 margin each
    assert order.exact_quantity == -200


def test_within_the_buffer_nothing_is_sold_and_nobody_warned() -> None:
    """At 85: equity 73,000, margin 76,500: over, but by less than a tenth."""
    assert levered("85").portfolio.margin_call_orders() == ([], False)


def test_short_position_is_bought_back() -> None:
    account = Account()
    spy = account.add("SPY", price=100)
    account.fill(spy, -1800, 100)
    account.price(spy, 112)  # equity 78,400, margin 100,800
    (order,), _ = account.portfolio.margin_call_orders()
    assert order.exact_quantity == 400  # 78,400 / 56 = 1,400 shares are left


def test_worst_loser_is_closed_first_and_only_while_margin_lacks() -> None:
    account = Account()
    for ticker, price in (("AAA", 90), ("BBB", 70)):
        security = account.add(ticker, price=100)
        account.fill(security, 1000, 100)
        account.price(security, price)
    orders, _ = account.portfolio.margin_call_orders()
    assert [order.symbol.value for order in orders] == ["AAA", "BBB"]
    account.portfolio.margin_call_model.execute_margin_call(orders)
    assert [request.symbol.value for request in account.processor.requests] == ["BBB", "AAA"]
    account.processor.requests.clear()
    account.price(account.securities["BBB"], 130)
    assert account.portfolio.margin_call_model.execute_margin_call(orders) == []


def test_buffer_and_model_are_replaceable() -> None:
    account = levered("85")
    account.portfolio.set_margin_call_model(DefaultMarginCallModel(account.portfolio, margin_buffer=Decimal("0.01")))
    assert len(account.portfolio.margin_call_orders()[0]) == 1
    account.portfolio.set_margin_call_model(MarginCallModel.NULL)
    assert account.portfolio.margin_call_orders() == ([], False)


def test_strategys_own_model() -> None:
    class Own:
        def GetMarginCallOrders(self, issue_margin_call_warning):  # type: ignore[no-untyped-def]
            return [], True

        def ExecuteMarginCall(self, orders):  # type: ignore[no-untyped-def]
            return []

    account = levered("80")
    account.portfolio.set_margin_call_model(Own())
    assert account.portfolio.margin_call_orders() == ([], True)
