"""Bookkeeping of an account: cash, average prices, profits, corporate actions."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from tests.securities_kit import MONDAY, Account, ListFeed, trade

from tradinglab.algorithm.market_events import Dividend, Split
from tradinglab.algorithm.securities import SecurityPortfolioModel
from tradinglab.core.clock import MINUTE_NS
from tradinglab.core.enums import DataNormalizationMode, SecurityType, SplitType


def test_buying_and_selling_a_share() -> None:
    account = Account()
    spy = account.add("SPY", price=100)
    account.fill(spy, 100, 100, fee=1)
    account.fill(spy, 100, 110, fee=1)
    assert spy.holdings.average_price == 105
    assert account.portfolio.cash == 100_000 - 21_000 - 2
    account.price(spy, 120)
    assert account.portfolio.total_portfolio_value == 100_000 - 21_000 - 2 + 24_000
    assert account.portfolio.total_unrealized_profit == 3_000
    account.fill(spy, -150, 120, fee=2)
    assert spy.holdings.quantity == 50
    assert spy.holdings.average_price == 105
    assert spy.holdings.profit == 150 * 15
    assert spy.holdings.last_trade_profit == 2250
    assert account.portfolio.total_fees == 4
    assert account.portfolio.total_net_profit == 2246
    assert account.portfolio.total_sale_volume == 10_000 + 11_000 + 18_000
    account.fill(spy, -50, 120)
    assert not account.portfolio.invested
    assert spy.holdings.average_price == 0


def test_the_total_is_that_of_the_step_it_is_asked_at() -> None:
    account = Account()
    spy = account.add("SPY", price=100)
    account.fill(spy, 10, 100)
    feed = ListFeed(spy.symbol, [trade(100), trade(110), trade(121)])
    spy.cache.attach(feed)
    seen = []
    for feed.at in range(3):
        account.clock.cursor.step += 1
        seen.append((account.portfolio.total_portfolio_value, account.portfolio.exact_worth(spy)))
    assert seen == [(100_000, 1000), (100_100, 1100), (100_210, 1210)]


def test_crossing_zero_starts_a_new_average() -> None:
    account = Account()
    spy = account.add("SPY", price=100)
    account.fill(spy, 100, 100)
    account.fill(spy, -300, 110)
    assert (spy.holdings.quantity, spy.holdings.average_price) == (-200, 110)
    assert spy.holdings.profit == 1_000
    assert spy.holdings.is_short
    account.fill(spy, -200, 120)
    assert spy.holdings.average_price == 115
    account.fill(spy, 500, 100)
    assert (spy.holdings.quantity, spy.holdings.average_price) == (100, 100)
    assert spy.holdings.profit == 1_000 + 400 * 15


def test_profit_of_a_closing_fill_has_twice_its_fee_taken_off() -> None:
    """LEAN's record of StopLimitOrderRegressionAlgorithm: a profit of 1279.61 with fees of 1 counts as 1277.61."""
    account = Account()
    spy = account.add("SPY", price=100)
    account.fill(spy, 100, 100, fee=1)
    account.fill(spy, -100, Decimal("112.7961"), fee=1)
    assert list(account.transactions.transaction_record.values()) == [1277.61]
    assert account.transactions.win_count == 1


def test_records_of_one_instant_are_a_millisecond_apart() -> None:
    account = Account()
    spy, ibm = account.add("SPY", price=100), account.add("IBM", price=100)
    for security in (spy, ibm):
        account.fill(security, 10, 100)
        account.fill(security, -10, 90)
    first, second = account.transactions.records
    assert second - first == 1_000_000
    assert account.transactions.loss_count == 2
    assert list(account.transactions.losing_transactions.values()) == [-100, -100]


def test_cfd_moves_cash_by_its_profit_only() -> None:
    account = Account()
    gold = account.add("XAUUSD", SecurityType.CFD, price=1000, multiplier=10)
    account.fill(gold, 2, 1000)
    assert account.portfolio.cash == 100_000
    account.price(gold, 1010)
    assert account.portfolio.total_portfolio_value == 100_000 + 200
    account.fill(gold, -2, 1010)
    assert account.portfolio.cash == 100_200


def test_pair_swaps_one_currency_for_another() -> None:
    account = Account()
    pair = account.add("EURUSD", SecurityType.FOREX, price="1.25", quote="USD")
    book = account.portfolio.cash_book
    book["EUR"].conversion_rate = Decimal("1.25")
    account.fill(pair, 1000, "1.25")
    assert book["EUR"].amount == 1000
    assert book["USD"].amount == 100_000 - 1250
    assert account.portfolio.total_portfolio_value == 100_000
    assert account.portfolio["EURUSD"].invested


def test_crumbs_below_a_lot_are_no_position() -> None:
    account = Account()
    coin = account.add("BTCUSD", SecurityType.CRYPTO, price=100, quote="USD", lot="0.01")
    account.portfolio.cash_book["BTC"].conversion_rate = 100
    account.fill(coin, "0.009", 100)
    assert coin.holdings.exact_quantity == Decimal("0.009")
    assert not coin.invested
    assert not account.portfolio.invested


def test_fee_in_another_currency_is_paid_in_it() -> None:
    account = Account()
    spy = account.add("SPY", price=100)
    account.portfolio.set_cash("EUR", 100, Decimal("1.5"))
    account.fill(spy, 1, 100, fee=10, currency="EUR")
    assert account.portfolio.cash_book["EUR"].amount == 90
    assert account.portfolio.total_fees == 15


# Corporate actions.


@pytest.mark.parametrize(
    ("mode", "paid"),
    [
        (DataNormalizationMode.RAW, 50),
        (DataNormalizationMode.SPLIT_ADJUSTED, 50),
        (DataNormalizationMode.ADJUSTED, 0),
        (DataNormalizationMode.TOTAL_RETURN, 0),
    ],
)
def test_dividend_is_paid_if_prices_do_not_have_it(mode: DataNormalizationMode, paid: float) -> None:
    account = Account()
    spy = account.add("SPY", price=100)
    account.fill(spy, 100, 100)
    account.portfolio.apply_dividend(Dividend(spy.symbol, MONDAY, Decimal("0.5"), 100), False, mode)
    assert account.portfolio.cash == 90_000 + paid
    assert spy.holdings.total_dividends == paid


def test_short_position_pays_the_dividend() -> None:
    account = Account()
    spy = account.add("SPY", price=100)
    account.fill(spy, -100, 100)
    account.portfolio.apply_dividend(Dividend(spy.symbol, MONDAY, 1, 100), False, DataNormalizationMode.RAW)
    assert account.portfolio.cash == 110_000 - 100


def test_split_changes_whole_shares_and_pays_the_rest() -> None:
    """15 shares at 90, three for two: 22 shares at 60 and half a share, 30 dollars, in cash."""
    account = Account()
    spy = account.add("SPY", price=90)
    account.fill(spy, 15, 90)
    factor = Decimal(2) / Decimal(3)
    split = Split(spy.symbol, MONDAY, 90, factor, SplitType.SPLIT_OCCURRED)
    account.portfolio.apply_split(split, spy, False, DataNormalizationMode.RAW)
    assert spy.holdings.quantity == 22
    assert spy.holdings.average_price == pytest.approx(60)
    assert spy.price == pytest.approx(60)
    assert account.portfolio.cash == pytest.approx(100_000 - 1350 + 30)
    assert account.portfolio.total_portfolio_value == pytest.approx(100_000)
    assert spy.volume == pytest.approx(1.5)


def test_split_of_adjusted_prices_changes_nothing() -> None:
    account = Account()
    spy = account.add("SPY", price=90)
    account.fill(spy, 15, 90)
    split = Split(spy.symbol, MONDAY, 90, Decimal("0.5"), SplitType.SPLIT_OCCURRED)
    account.portfolio.apply_split(split, spy, False, DataNormalizationMode.ADJUSTED)
    assert (spy.holdings.quantity, spy.price) == (15, 90)


# The account's currency.


def test_cash_is_carried_over_to_another_account_currency() -> None:
    account = Account(25_000)
    account.portfolio.set_account_currency("eur")
    assert account.portfolio.cash_book.account_currency == "EUR"
    assert account.portfolio.cash_book["EUR"].amount == 25_000
    assert "USD" not in account.portfolio.cash_book
    account.portfolio.set_account_currency("GBP")  # only the first call counts
    assert account.portfolio.cash_book.account_currency == "EUR"


def test_cash_of_a_named_currency_stays_in_it() -> None:
    account = Account()
    account.portfolio.set_cash("USD", 1_000, 1)
    account.portfolio.set_account_currency("EUR", 500)
    book = account.portfolio.cash_book
    assert (book["EUR"].amount, book["USD"].amount) == (500, 1_000)


def test_account_currency_is_set_before_securities() -> None:
    account = Account()
    account.add("SPY")
    with pytest.raises(ValueError, match="before any security"):
        account.portfolio.set_account_currency("EUR")


def test_total_value_keeps_the_scale_that_lean_prints() -> None:
    account = Account()
    assert str(account.portfolio.exact_total_portfolio_value) == "100000.0"


# The mapping.


def test_portfolio_is_read_by_symbol_ticker_and_security() -> None:
    account = Account()
    spy, ibm = account.add("SPY", price=100), account.add("IBM", price=50)
    account.fill(spy, 10, 100)
    portfolio = account.portfolio
    assert portfolio["SPY"] is portfolio[spy.symbol] is portfolio["spy"] is portfolio[spy] is spy.holdings
    assert "SPY" in portfolio
    assert portfolio.contains_key(ibm.symbol)
    assert portfolio.get("XYZ") is None
    assert [pair.key for pair in portfolio] == [spy.symbol, ibm.symbol]
    assert [pair.Value.quantity for pair in portfolio] == [10, 0]
    assert dict(portfolio.items())[spy.symbol].quantity == 10
    assert [holding.symbol.value for holding in portfolio.values()] == ["SPY", "IBM"]
    assert portfolio.Keys == portfolio.keys()
    assert portfolio.Count == len(portfolio) == 2
    with pytest.raises(KeyError, match="XYZ"):
        portfolio["XYZ"]
    with pytest.raises(NotImplementedError, match="clear"):
        portfolio.clear()


def test_removed_security_is_found_but_no_longer_iterated() -> None:
    account = Account()
    spy = account.add("SPY", price=100)
    account.fill(spy, 10, 100, fee=1)
    account.fill(spy, -10, 100, fee=1)
    assert account.securities.remove("SPY")
    assert not account.securities.remove("SPY")
    assert len(account.securities) == 0
    assert account.portfolio["SPY"] is spy.holdings
    assert account.portfolio.total_fees == 2


def test_both_spellings() -> None:
    account = Account()
    spy = account.add("SPY", price=100)
    account.fill(spy, 10, 100)
    assert account.portfolio.TotalPortfolioValue == account.portfolio.total_portfolio_value
    assert account.portfolio["SPY"].HoldStock is True
    assert spy.Holdings.AveragePrice == 100
    assert spy.Price == spy.price


# Replaceable parts.


def test_strategys_own_portfolio_model_books_fills() -> None:
    class Silent(SecurityPortfolioModel):
        def ProcessFill(self, portfolio, security, fill):  # type: ignore[no-untyped-def]
            security.holdings.set_holdings(1.5, 7)

    account = Account()
    spy = account.add("SPY", price=100)
    spy.set_portfolio_model(Silent())
    account.fill(spy, 10, 100)
    assert (spy.holdings.quantity, spy.holdings.average_price) == (7, 1.5)
    assert account.portfolio.cash == 100_000


def test_market_price_of_ones_own_holds_until_the_price_moves() -> None:
    account = Account()
    spy = account.add("SPY", price=100)
    account.fill(spy, 10, 100)
    spy.holdings.update_market_price(110)
    assert spy.holdings.holdings_value == 1100
    account.clock.utc_ns += MINUTE_NS
    account.price(spy, 120)
    assert spy.holdings.price == 120
    assert spy.holdings.holdings_value == 1200


def test_unrealized_profit_is_at_the_side_that_would_be_traded() -> None:
    from tradinglab.algorithm.bars import Bar, QuoteBar

    account = Account()
    spy = account.add("SPY", price=100)
    account.fill(spy, 10, 100)
    sides = [Bar(price, price, price, price) for price in (99, 101)]
    spy.set_market_price(QuoteBar(spy.local_time - timedelta(minutes=1), spy.symbol, sides[0], 1, sides[1], 1))
    assert spy.holdings.unrealized_profit == -10
    assert spy.holdings.unrealized_profit_percent == -0.01
    account.fill(spy, -20, 100)
    assert spy.holdings.unrealized_profit == -10
    assert spy.holdings.total_close_profit(exit_price=90) == 100


def test_events_are_raised_with_what_was_before() -> None:
    account = Account()
    spy = account.add("SPY", price=100)
    seen: list[tuple[float, float]] = []
    book: list[str] = []
    spy.holdings.quantity_changed += lambda _, args: seen.append((args.previous_quantity, args.previous_average_price))
    account.portfolio.cash_book.Updated += lambda _, args: book.append(str(args.update_type))
    account.fill(spy, 10, 100)
    account.fill(spy, 10, 110)
    assert seen == [(0, 0), (10, 100)]
    account.portfolio.set_cash("EUR", 5, 1)
    account.portfolio.cash_book.remove("EUR")
    assert book == ["Updated", "Updated", "Added", "Removed"]
    with pytest.raises(AttributeError, match=r"\+="):
        spy.holdings.quantity_changed = 3


def test_hours_can_be_replaced() -> None:
    from tradinglab.core.enums import DayOfWeek, MarketHoursState
    from tradinglab.core.local_market_hours import MarketHoursSegment

    account = Account()
    spy = account.add("SPY", price=100)
    assert spy.exchange.exchange_open
    afternoon = MarketHoursSegment(MarketHoursState.MARKET, timedelta(hours=13), timedelta(hours=14))
    spy.exchange.set_market_hours([afternoon], DayOfWeek.TUESDAY)
    assert spy.exchange.exchange_open  # it is Monday
    spy.exchange.set_market_hours([afternoon])
    assert not spy.exchange.exchange_open
    assert spy.exchange.date_time_is_open(MONDAY + timedelta(hours=13, minutes=30))


def test_session_is_made_when_asked_for() -> None:
    spy = Account().add("SPY", price=100)
    assert spy.cache.active_session is None
    spy.session.size = 2
    assert spy.cache.active_session is spy.session
