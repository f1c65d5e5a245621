"""Sums over positions that are kept while prices and positions change, against sums made anew."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.securities_kit import Account, ListFeed, trade

from tradinglab.algorithm.models.buying_power import SecurityMarginModel, reserved_margin
from tradinglab.algorithm.securities import Security
from tradinglab.core.decimal_arrays import decimals_of
from tradinglab.core.decimals import ZERO, to_decimal
from tradinglab.core.enums import SecurityType
from tradinglab.data.columns import BarColumns, TickType

TICKERS = ("SPY", "IBM", "AAPL", "XOM")
ROWS = 12
PRICES = st.one_of(
    st.decimals("0.01", "900", places=4), st.decimals("1", "900", places=1), st.just("100"), st.floats(0.01, 900)
).map(float)
COLUMNS = st.lists(st.lists(PRICES, min_size=ROWS, max_size=ROWS), min_size=len(TICKERS), max_size=len(TICKERS))
STEPS = st.just(("step", 0, 0))
FILLS = st.tuples(st.just("fill"), st.integers(0, 3), st.sampled_from([-200, -5, 3, 10, 200, 0]))
LEVERAGES = st.tuples(st.just("leverage"), st.integers(0, 3), st.sampled_from([1, 2, 4]))
MODELS = st.tuples(st.just("model"), st.integers(0, 3), st.sampled_from([1, 4]))
PUSHES = st.tuples(st.just("push"), st.integers(0, 3), st.sampled_from([7, 33]))
REMOVALS = st.tuples(st.just("remove"), st.integers(0, 3), st.just(0))
ACTIONS = st.lists(st.one_of(STEPS, FILLS, FILLS, LEVERAGES, MODELS, PUSHES, REMOVALS), max_size=30)


MANY = tuple(f"T{number}" for number in range(9))
#: So many positions at prices of so few digits are added up in integers.
SHORT_PRICES = st.one_of(st.integers(1, 10**7).map(lambda n: n / 10_000), st.decimals("1", "900", places=1).map(float))
MANY_COLUMNS = st.lists(st.lists(SHORT_PRICES, min_size=ROWS, max_size=ROWS), min_size=len(MANY), max_size=len(MANY))
FIRST_FILLS = st.lists(st.sampled_from([-200, -5, 3, 10, 200]), min_size=len(MANY), max_size=len(MANY))


def account_over(
    columns: list[list[float]], tickers: tuple[str, ...] = TICKERS
) -> tuple[Account, list[Security], list[ListFeed]]:
    account = Account()
    securities, feeds = [], []
    for ticker, prices in zip(tickers, columns, strict=True):
        security = account.add(ticker)
        feed = ListFeed(security.symbol, [trade(price) for price in prices])
        security.cache.attach(feed)
        securities.append(security)
        feeds.append(feed)
    return account, securities, feeds


def act(account: Account, security: Security, feeds: list[ListFeed], action: str, number: int) -> None:
    """Do what happens in a run: time goes by, orders are filled, models are set, prices are pushed."""
    match action:
        case "step":
            for feed in feeds:
                feed.at = min(feed.at + 1, ROWS - 1)
            account.portfolio.prices_moved()
        case "fill":
            # 0 closes the position.
            quantity = Decimal(number) or -security.holdings.exact_quantity
            if quantity:
                account.fill(security, quantity, 50)
        case "leverage":
            security.set_leverage(number)
        case "model":
            security.set_buying_power_model(SecurityMarginModel(number))
        case "push":
            account.price(security, number)
        case "remove":
            account.securities.remove(security.symbol)
            account.portfolio.invalidate_total_portfolio_value()


@settings(max_examples=150, deadline=None)
@given(COLUMNS, ACTIONS)
def test_sums_are_those_made_anew_with_their_scale(columns: list[list[float]], actions: list) -> None:  # type: ignore[type-arg]
    account, securities, feeds = account_over(columns)
    act(account, securities[0], feeds, "step", 0)
    for action, which, number in actions:
        act(account, securities[which], feeds, action, number)
        check_sums(account)


@settings(max_examples=100, deadline=None)
@given(MANY_COLUMNS, FIRST_FILLS, ACTIONS)
def test_sums_over_many_positions_are_those_made_anew(
    columns: list[list[float]],
    quantities: list[int],
    actions: list,  # type: ignore[type-arg]
) -> None:
    account, securities, feeds = account_over(columns, MANY)
    act(account, securities[0], feeds, "step", 0)
    for security, quantity in zip(securities, quantities, strict=True):
        act(account, security, feeds, "fill", quantity)
    worths = account.securities.worths
    seen: list[tuple[object, list[str], Callable[[], tuple[Decimal, ...]]]] = []
    for action, which, number in actions:
        act(account, securities[which], feeds, action, number)
        if action != "step":
            check_sums(account)
        found = [str(s.holdings.exact_holdings_value) for s in account.securities.invested]
        assert str(worths.held()) == str(sum(map(Decimal, found), ZERO))
        mark, later = worths.later()
        seen.append((mark, found, later))
    for version, found, later in seen:
        assert [str(worth) for worth in later()] == found
        assert all(found == other for mark, other, _ in seen if mark == version)


def check_sums(account: Account) -> None:
    """Hold the account's sums against those made anew from each position."""
    held = [s for s in account.securities.present() if s.holdings.invested]
    worth = sum((s.holdings.exact_holdings_value for s in held), ZERO)
    cash = account.portfolio.cash_book.exact_total_value_in_account_currency
    cash += account.portfolio.unsettled_cash_book.exact_total_value_in_account_currency
    assert str(account.portfolio.exact_total_portfolio_value) == str(cash + worth)
    assert account.portfolio.exact_total_margin_used == sum((reserved_margin(s) for s in held), ZERO)
    assert [str(account.portfolio.exact_worth(s)) for s in held] == [str(s.holdings.exact_holdings_value) for s in held]


def test_what_was_not_paid_for_counts_with_its_profit_alone() -> None:
    account = Account()
    gold = account.add("XAUUSD", SecurityType.CFD)
    feed = ListFeed(gold.symbol, [trade(1000), trade(1010)])
    gold.cache.attach(feed)
    for feed.at, total in ((0, 100_000), (1, 100_050)):
        account.portfolio.prices_moved()
        if feed.at == 0:
            account.fill(gold, 5, 1000)
        assert account.portfolio.exact_total_portfolio_value == total
        assert account.securities.worths.held() == 0


DOUBLES = st.one_of(
    st.floats(-1e27, 1e27),
    st.floats(1e-12, 1e14),
    st.decimals("0.01", "100000", places=2).map(float),
    st.integers(-(10**13), 10**13).map(float),
    st.just(0.0),
)


@settings(max_examples=300)
@given(st.lists(DOUBLES, max_size=40))
def test_decimals_of_an_array_are_those_of_its_values(values: list[float]) -> None:
    found = decimals_of(np.array(values, np.float64))
    assert [str(value) for value in found] == [str(to_decimal(value)) for value in values]


@settings(max_examples=60)
@given(
    st.lists(st.floats(0.01, 1000), min_size=9, max_size=40), st.lists(st.integers(0, 39), max_size=60), st.booleans()
)
def test_a_column_gives_the_same_decimals_in_any_order(prices: list[float], rows: list[int], walks: bool) -> None:
    count = len(prices)
    times = np.arange(count, dtype=np.int64)
    columns = BarColumns(TickType.TRADE, times, times + 1, {"close": np.array(prices)})
    for row in [*(range(count) if walks else ()), *rows]:
        assert str(columns.exact("close", row % count)) == str(to_decimal(prices[row % count]))
