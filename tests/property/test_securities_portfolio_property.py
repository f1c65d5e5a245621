"""An account over random fills: nothing is made or lost but what prices and fees explain."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.securities_kit import Account

from tradinglab.algorithm.models.buying_power.parameters import InitialMarginParameters, MaintenanceMarginParameters
from tradinglab.algorithm.models.buying_power.queries import initial_margin, maintenance_margin
from tradinglab.algorithm.securities.portfolio_model import SecurityPortfolioModel, average_after
from tradinglab.core.enums import SecurityType

QUANTITIES = st.integers(-500, 500).filter(bool).map(Decimal)
PRICES = st.decimals("0.5", "1000", places=4)
FEES = st.decimals("0", "20", places=2)
FILLS = st.lists(st.tuples(st.integers(0, 2), QUANTITIES, PRICES, FEES), max_size=25)


def account_with_all_kinds() -> tuple[Account, list]:  # type: ignore[type-arg]
    account = Account()
    pair = account.add("EURUSD", SecurityType.FOREX, price=1, quote="USD")
    securities = [account.add("SPY", price=1), account.add("XAUUSD", SecurityType.CFD, price=1, multiplier=10), pair]
    return account, securities


@settings(max_examples=60, deadline=None)
@given(FILLS, st.tuples(PRICES, PRICES, PRICES))
def test_worth_is_start_plus_profit_at_each_price(fills: list, last: tuple[Decimal, ...]) -> None:  # type: ignore[type-arg]
    account, securities = account_with_all_kinds()
    expected = Decimal(100_000)
    for index, quantity, price, fee in fills:
        security = securities[index]
        account.fill(security, quantity, price, fee)
        multiplier = security.symbol_properties.exact_contract_multiplier
        expected += quantity * (last[index] - price) * multiplier - fee
    for security, price in zip(securities, last, strict=True):
        account.price(security, price)
    account.portfolio.cash_book["EUR"].conversion_rate = last[2]
    assert abs(account.portfolio.exact_total_portfolio_value - expected) <= Decimal("1e-12") * abs(expected)


@settings(max_examples=60, deadline=None)
@given(FILLS)
def test_cash_plus_holdings_is_equity_at_every_fill(fills: list) -> None:  # type: ignore[type-arg]
    account = Account()
    spy = account.add("SPY", price=1)
    for _, quantity, price, fee in fills:
        account.fill(spy, quantity, price, fee)
        account.price(spy, price)
        equity = account.portfolio.cash_book.exact_total_value_in_account_currency + spy.holdings.exact_holdings_value
        assert account.portfolio.exact_total_portfolio_value == equity
        assert account.portfolio.invested == bool(spy.holdings.quantity)
    booked = spy.holdings.exact_net_profit + spy.holdings.exact_unrealized_profit
    worth = account.portfolio.exact_total_portfolio_value - 100_000
    assert abs(booked - worth) < Decimal("1e-10")


@given(st.lists(st.tuples(QUANTITIES, PRICES), min_size=1, max_size=20))
def test_average_price_lies_between_the_prices_of_the_open_side(fills: list[tuple[Decimal, Decimal]]) -> None:
    held = average = Decimal(0)
    seen: list[Decimal] = []
    for quantity, price in fills:
        average = average_after(held, average, quantity, price)
        if held * (held + quantity) <= 0:
            seen = []
        held += quantity
        if held * quantity > 0:
            seen.append(price)
        if held:
            slack = Decimal("1e-20")
            assert min(seen) - slack <= average <= max(seen) + slack
        else:
            assert average == 0


@settings(max_examples=60, deadline=None)
@given(
    st.decimals("0.01", "5000", places=4),
    st.decimals("-2", "2", places=4).filter(bool),
    st.sampled_from(["1", "0.01", "100"]),
    QUANTITIES,
)
def test_target_never_binds_more_than_it_may(price: Decimal, share: Decimal, lot: str, held: Decimal) -> None:
    from tradinglab.algorithm.portfolio_target import PortfolioTarget

    account = Account()
    account.settings.minimum_order_margin_portfolio_percentage = 0
    spy = account.add("SPY", price=price, lot=lot)
    account.fill(spy, held * Decimal(lot), price)
    target = PortfolioTarget.percent(account, spy.symbol, share)
    assert target is not None
    total = account.portfolio.exact_total_portfolio_value
    wanted = abs(share) * total * Decimal("0.9975")
    worth = abs(target.exact_quantity) * price
    assert worth <= wanted
    assert worth > wanted - price * Decimal(lot)
    assert target.exact_quantity * share >= 0
    assert target.exact_quantity % Decimal(lot) == 0


@settings(max_examples=60, deadline=None)
@given(PRICES, QUANTITIES, st.decimals("1", "50", places=2), st.sampled_from([1, 10]))
def test_the_short_ways_to_margins_give_what_the_model_answers(
    price: Decimal, quantity: Decimal, leverage: Decimal, multiplier: int
) -> None:
    account = Account()
    spy = account.add("SPY", price=price, multiplier=multiplier, leverage=leverage)
    account.fill(spy, quantity, price)
    model = spy.buying_power_model
    opening = model.get_initial_margin_requirement(InitialMarginParameters(spy, quantity))
    keeping = model.get_maintenance_margin(MaintenanceMarginParameters.for_current_holdings(spy))
    assert str(initial_margin(model, spy, quantity)) == str(opening.exact_value)
    assert str(maintenance_margin(model, spy)) == str(keeping.exact_value)


class OwnModel(SecurityPortfolioModel):
    """A model of an author's own, which is asked at every turn."""


KINDS = (
    {"ticker": "SPY", "security_type": SecurityType.EQUITY},
    {"ticker": "IBM", "security_type": SecurityType.EQUITY, "multiplier": "2.50", "quote": "EUR"},
    {"ticker": "XAUUSD", "security_type": SecurityType.CFD, "multiplier": 10, "quote": "EUR"},
    {"ticker": "EURUSD", "security_type": SecurityType.FOREX, "quote": "USD"},
    {"ticker": "BTCUSD", "security_type": SecurityType.CRYPTO, "quote": "USD", "lot": "0.5"},
    {"ticker": "ETHUSD", "security_type": SecurityType.CRYPTO_FUTURE, "quote": "USD"},
)
MIXED = st.lists(
    st.tuples(
        st.integers(0, len(KINDS) - 1),
        st.decimals("-50", "50", places=1).filter(bool),
        PRICES,
        FEES,
        st.sampled_from(["USD", "EUR"]),
    ),
    max_size=20,
)


def booked(fills: list, model: SecurityPortfolioModel, watched: bool) -> list[str]:  # type: ignore[type-arg]
    """Return every figure that fills leave in an account, each with its scale, and what a handler saw."""
    account = Account()
    securities = [account.add(price=1, **kind) for kind in KINDS]  # type: ignore[arg-type]
    seen: list[str] = []
    for currency in ("USD", "EUR"):
        cash = account.portfolio.cash_book[currency]
        if currency == "EUR":
            cash.conversion_rate = Decimal("1.2345")
        if watched:
            cash.updated += lambda sender, _: seen.append(
                f"{sender.exact_amount} {account.portfolio.exact_total_portfolio_value}"
            )
    for index, quantity, price, fee, fee_currency in fills:
        security = securities[index]
        security.portfolio_model = model
        account.fill(security, quantity, price, fee, fee_currency)
        seen.append(str(account.portfolio.exact_total_portfolio_value))
    for security in securities:
        held = security.holdings
        seen += map(str, (held.exact_quantity, held.exact_average_price, held.average_price, held.quantity,
                          held.exact_profit, held.last_trade_profit, held.exact_total_fees, held.invested,
                          held.exact_total_sale_volume))  # fmt: skip
    seen += map(str, account.portfolio.cash_book.values())
    seen += [f"{cash.exact_amount}" for cash in account.portfolio.cash_book.values()]
    seen += map(str, account.transactions.records.items())
    return seen


@settings(max_examples=150, deadline=None)
@given(MIXED, st.booleans())
def test_the_short_way_to_book_a_fill_leaves_the_same_figures(fills: list, watched: bool) -> None:  # type: ignore[type-arg]
    assert booked(fills, SecurityPortfolioModel(), watched) == booked(fills, OwnModel(), watched)
