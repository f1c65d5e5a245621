"""Conversion rates: where they come from and when they move."""

from __future__ import annotations

from decimal import Decimal

import pytest
from tests.securities_kit import Account

from tradinglab.algorithm.securities import Security, ensure_conversions, securities_to_seed
from tradinglab.core.currency_pairs import CurrencyPairUtil
from tradinglab.core.enums import SecurityType
from tradinglab.core.market import Market
from tradinglab.core.symbol import Symbol
from tradinglab.core.symbol_properties import SymbolProperties, SymbolPropertiesDatabase

MARKETS = {SecurityType.FOREX: Market.OANDA, SecurityType.CFD: Market.OANDA, SecurityType.CRYPTO: Market.COINBASE}


def properties(*pairs: tuple[str, str, SecurityType, str]) -> SymbolPropertiesDatabase:
    database = SymbolPropertiesDatabase()
    for ticker, quote, kind, market in pairs:
        database.set_entry(market, ticker, kind, SymbolProperties(ticker, quote, 1, "0.01", 1, ticker))
    return database


FOREX = [
    (ticker, ticker[3:], SecurityType.FOREX, Market.OANDA)
    for ticker in ("EURUSD", "USDJPY", "EURGBP", "GBPUSD", "EURCHF")
]


def resolve(account: Account, *pairs: tuple[str, str, SecurityType, str]) -> list[Security]:
    database = properties(*pairs)

    def make(symbol: Symbol) -> Security:
        _, quote = CurrencyPairUtil.decompose_currency_pair(
            symbol, database.get_symbol_properties(symbol.id.market, symbol, symbol.security_type, "USD")
        )
        return account.add(symbol.value, symbol.security_type, quote=quote)

    return ensure_conversions(account.portfolio.cash_book, account.securities, MARKETS, database, make)


def rate(account: Account, currency: str) -> float:
    return account.portfolio.cash_book[currency].conversion_rate


def test_direct_pair() -> None:
    account = Account()
    account.portfolio.set_cash("EUR", 1000, 0)
    (pair,) = resolve(account, *FOREX)
    assert pair.symbol.value == "EURUSD"
    assert securities_to_seed(account.portfolio.cash_book) == [pair]
    account.price(pair, "1.25")
    assert rate(account, "EUR") == 1.25
    assert account.portfolio.total_portfolio_value == 101_250
    assert securities_to_seed(account.portfolio.cash_book) == []


def test_inverted_pair() -> None:
    account = Account()
    account.portfolio.set_cash("JPY", 10_000, 0)
    (pair,) = resolve(account, *FOREX)
    account.price(pair, 125)
    assert rate(account, "JPY") == 0.008


def test_two_steps() -> None:
    account = Account()
    account.portfolio.set_cash("CHF", 1_000, 0)
    made = resolve(account, *FOREX)
    assert [security.symbol.value for security in made] == ["EURCHF", "EURUSD"]
    for security, price in zip(made, ("1.6", "1.2"), strict=True):
        account.price(security, price)
    assert rate(account, "CHF") == 0.75  # 1.2 / 1.6


def test_securities_of_the_algorithm_come_first() -> None:
    account = Account()
    own = account.add("EURUSD", SecurityType.FOREX, price="1.5", quote="USD")
    assert resolve(account, *FOREX) == []
    account.portfolio.cash_book.update_rates()
    assert rate(account, "EUR") == 1.5
    assert account.portfolio.cash_book["EUR"].security_symbols == [own.symbol]


def test_rate_moves_when_it_is_marked_as_outdated() -> None:
    account = Account()
    account.portfolio.set_cash("EUR", 1000, 0)
    (pair,) = resolve(account, *FOREX)
    account.price(pair, "1.25")
    book = account.portfolio.cash_book
    assert book.has_moving_rates
    assert account.portfolio.total_portfolio_value == 101_250
    account.price(pair, "1.5")
    assert account.portfolio.total_portfolio_value == 101_500
    assert account.portfolio.unsettled_cash_book["EUR"].conversion_rate == 1.5


def test_rate_that_the_author_gave_holds_until_a_price_comes() -> None:
    account = Account()
    account.portfolio.set_cash("EUR", 1000, Decimal("1.1"))
    (pair,) = resolve(account, *FOREX)
    assert rate(account, "EUR") == 1.1
    account.price(pair, "1.25")
    assert rate(account, "EUR") == 1.25


def test_stable_coin_is_worth_its_dollar() -> None:
    account = Account()
    account.portfolio.set_cash("USDC", 50, 0)
    assert resolve(account, *FOREX) == []
    assert rate(account, "USDC") == 1


def test_currency_that_nothing_trades_is_worth_nothing() -> None:
    account = Account()
    account.portfolio.set_cash("XXX", 50, 0)
    assert resolve(account, *FOREX) == []
    assert account.portfolio.total_portfolio_value == 100_000
    with pytest.raises(ValueError, match="conversion rate of XXX"):
        account.portfolio.cash_book.convert(1, "XXX", "USD")


def test_currency_without_a_way_is_an_error() -> None:
    account = Account()
    account.portfolio.set_cash("AAA", 50, 0)
    with pytest.raises(ValueError, match="no way to convert AAA"):
        resolve(account, ("AAABBB", "BBB", SecurityType.FOREX, Market.OANDA))


def test_account_currency_has_the_rate_one() -> None:
    account = Account()
    resolve(account, *FOREX)
    book = account.portfolio.cash_book
    assert str(book["USD"].exact_conversion_rate) == "1"
    assert str(book.exact_total_value_in_account_currency) == "100000"


def test_conversions_between_currencies() -> None:
    account = Account()
    account.portfolio.set_cash("EUR", 10, Decimal("1.25"))
    account.portfolio.set_cash("GBP", 10, Decimal("2.5"))
    book = account.portfolio.cash_book
    assert book.convert(10, "GBP", "EUR") == 20
    assert book.convert(0, "nothing", "at all") == 0
    assert book.convert_to_account_currency(4, "EUR") == 5
    assert "EUR" in str(book)
    with pytest.raises(KeyError, match="CHF"):
        book["CHF"]


def test_removed_currency_is_gone() -> None:
    account = Account()
    account.portfolio.set_cash("EUR", 10, 1)
    assert account.portfolio.cash_book.remove("EUR")
    assert account.portfolio.total_portfolio_value == 100_000
    assert not account.portfolio.cash_book.remove("EUR")
