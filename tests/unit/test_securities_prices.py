"""Prices of a security from feeds and from pushed data points."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import numpy as np
import pytest
from tests.securities_kit import MONDAY, Account, ListFeed, quote, trade

from tradinglab.algorithm.bars import Bar, QuoteBar, TradeBar
from tradinglab.algorithm.base_data import BaseData
from tradinglab.algorithm.securities import Security
from tradinglab.algorithm.ticks import Tick
from tradinglab.core.enums import Resolution, SecurityType, TickType

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
TICKERS = {SecurityType.FOREX: "EURUSD", SecurityType.CRYPTO: "BTCUSD"}


def with_feeds(kind: SecurityType, *feeds: ListFeed) -> Security:
    account = Account()
    security = account.add(TICKERS.get(kind, "SPY"), kind)
    for feed in feeds:
        feed.symbol = security.symbol
        security.cache.attach(feed)
    return security


def feed(*rows: dict[str, float], tick_type: TickType = TickType.TRADE, resolution: Resolution = Resolution.MINUTE,
         start_minute: int = 0) -> ListFeed:  # fmt: skip
    start = MONDAY + start_minute * MINUTE
    return ListFeed(None, rows, tick_type, resolution=resolution, start=start)  # type: ignore[arg-type]


def test_nothing_is_known_before_the_first_bar() -> None:
    trades = feed(trade(10))
    spy = with_feeds(SecurityType.EQUITY, trades)
    assert (spy.price, spy.open, spy.bid_price, spy.volume) == (0, 0, 0, 0)
    assert not spy.has_data
    assert spy.get_last_data() is None
    trades.at = 0
    assert (spy.price, spy.has_data) == (10, True)


def test_prices_follow_the_row_of_the_feed() -> None:
    trades = feed(trade(10, 9, 50), trade(11, 12, 70))
    spy = with_feeds(SecurityType.EQUITY, trades)
    for row, expected in ((0, (10, 9, 10, 9, 50)), (1, (11, 12, 12, 11, 70))):
        trades.at = row
        assert (spy.price, spy.open, spy.high, spy.low, spy.volume) == expected
        assert spy.exact_close == Decimal(str(spy.close))
    last = spy.get_last_data()
    assert isinstance(last, TradeBar)
    assert (last.close, last.end_time) == (11, MONDAY + 2 * MINUTE)
    assert spy.get_last_data() is last


def test_quotes_of_a_share_set_bid_and_ask_alone() -> None:
    trades, quotes = feed(trade(10)), feed(quote(11, 13, 5), tick_type=TickType.QUOTE)
    spy = with_feeds(SecurityType.EQUITY, trades, quotes)
    quotes.at = 0
    assert (spy.price, spy.bid_price, spy.ask_price, spy.bid_size) == (0, 11, 13, 5)
    assert spy.get_last_data() is None
    trades.at = 0
    assert spy.price == spy.close == 10
    assert isinstance(spy.get_last_data(), TradeBar)
    assert isinstance(spy.cache.get_data(QuoteBar), QuoteBar)


def test_bid_and_ask_read_as_the_price_without_quotes() -> None:
    trades = feed(trade(10))
    spy = with_feeds(SecurityType.EQUITY, trades)
    trades.at = 0
    assert (spy.bid_price, spy.ask_price, spy.exact_ask_price) == (10, 10, 10)


def test_quotes_of_a_pair_set_the_price() -> None:
    quotes = feed(quote(1.0, 1.5), quote(2.0, 2.5), tick_type=TickType.QUOTE)
    pair = with_feeds(SecurityType.FOREX, quotes)
    quotes.at = 1
    assert (pair.price, pair.bid_price, pair.ask_price) == (2.25, 2.0, 2.5)
    assert pair.exact_price == Decimal("2.25")


def test_quote_wins_over_a_trade_of_the_same_time() -> None:
    quotes, trades = feed(quote(1, 3), tick_type=TickType.QUOTE), feed(trade(5))
    coin = with_feeds(SecurityType.FOREX, quotes, trades)
    quotes.at = trades.at = 0
    assert coin.price == 2
    assert isinstance(coin.get_last_data(), QuoteBar)


def test_price_of_a_coin_is_that_of_the_last_trade_bar() -> None:
    quotes, trades = feed(quote(1, 3), quote(6, 8), tick_type=TickType.QUOTE), feed(trade(5))
    coin = with_feeds(SecurityType.CRYPTO, quotes, trades)
    quotes.at = 0
    assert (coin.price, coin.exact_price, coin.close) == (2, 2, 2)
    trades.at = 0
    quotes.at = 1
    assert (coin.price, coin.exact_price, coin.close, coin.cache.price) == (5, 5, 7, 7)
    coin.set_market_price(bar(coin, 9, volume=0))
    assert (coin.price, coin.exact_price) == (9, 9)


def test_bar_that_ends_later_wins_and_of_equal_ones_the_finer() -> None:
    """The hourly feed of a benchmark and the minutes of the same share."""
    minutes = feed(*(trade(100 + n) for n in range(61)))
    hours = feed(trade(500), resolution=Resolution.HOUR)
    spy = with_feeds(SecurityType.EQUITY, minutes, hours)
    minutes.at = 58
    assert spy.price == 158
    minutes.at, hours.at = 57, 0
    assert spy.price == 500
    minutes.at = 59
    assert spy.price == 159
    assert spy.exact_price == 159


def test_absent_and_zero_prices_leave_the_last_ones() -> None:
    trades = feed(trade(10, volume=5), trade(0, volume=0))
    quotes = feed(quote(9, 11), quote(np.nan, 12), quote(0, 13), tick_type=TickType.QUOTE)
    spy = with_feeds(SecurityType.EQUITY, trades, quotes)
    trades.at, quotes.at = 1, 2
    assert (spy.price, spy.volume) == (10, 5)
    assert (spy.bid_price, spy.ask_price) == (9, 13)
    assert (spy.exact_price, spy.exact_bid_price, spy.exact_ask_price) == (10, 9, 13)


def test_pair_with_one_side_has_that_price() -> None:
    quotes = feed(quote(np.nan, 12), tick_type=TickType.QUOTE)
    pair = with_feeds(SecurityType.FOREX, quotes)
    quotes.at = 0
    assert (pair.price, pair.exact_price, pair.bid_price) == (12, 12, 12)


def test_ticks_move_the_price_but_no_bar() -> None:
    trades = feed({"close": 10, "volume": 3}, {"close": 11, "volume": 4}, resolution=Resolution.TICK)
    trades.columns.end_ns[:] = trades.columns.end_ns[0]
    quotes = feed(quote(9, 13), tick_type=TickType.QUOTE, resolution=Resolution.TICK, start_minute=5)
    spy = with_feeds(SecurityType.EQUITY, trades, quotes)
    trades.at = 1
    assert (spy.price, spy.open, spy.volume) == (11, 11, 4)
    ticks = spy.cache.get_all(Tick)
    assert [tick.value for tick in ticks] == [10, 11]
    quotes.at = 0
    assert (spy.price, spy.bid_price) == (11, 9)  # the middle of the quote is 11
    assert spy.cache.get_data(Tick).tick_type == TickType.QUOTE  # type: ignore[union-attr]


# Pushed data points.


def bar(security: Security, price: float, **more: float) -> TradeBar:
    return TradeBar(security.local_time, security.symbol, price, price, price, price, more.get("volume", 1))


def test_pushed_bar_holds_until_the_feed_moves() -> None:
    trades = feed(trade(10), trade(11))
    spy = with_feeds(SecurityType.EQUITY, trades)
    spy.set_market_price(bar(spy, 7))
    assert (spy.price, spy.exact_price, spy.open) == (7, 7, 7)
    trades.at = 0
    assert (spy.price, spy.open) == (10, 10)
    spy.set_market_price(bar(spy, 8))
    assert spy.price == 8
    assert spy.get_last_data().value == 8  # type: ignore[union-attr]
    trades.at = 1
    assert spy.price == 11


def test_seed_holds_until_a_feed_that_is_attached_later_moves() -> None:
    spy = with_feeds(SecurityType.EQUITY)
    spy.set_market_price(bar(spy, 7))
    trades = feed(trade(10), trade(11))
    spy.cache.attach(trades)
    assert spy.price == 7
    trades.at = 0
    assert (spy.price, spy.exact_price) == (10, 10)
    spy.set_market_price(bar(spy, 8))
    spy.cache.attach(feed(quote(1, 2), tick_type=TickType.QUOTE))
    assert spy.price == 8
    trades.at = 1
    assert spy.price == 11


@pytest.mark.parametrize("quote_first", [True, False])
def test_pushed_quote_wins_over_a_trade_of_the_same_end(quote_first: bool) -> None:
    """LEAN seeds BTCUSD with both kinds; the rate of its cash is the middle of the quote."""
    coin = with_feeds(SecurityType.FOREX)
    time = coin.local_time
    side = Bar(7, 7, 7, 7)
    bars = [QuoteBar(time, coin.symbol, side, 1, side, 1), TradeBar(time, coin.symbol, 9, 9, 9, 9, 5)]
    for point in bars if quote_first else reversed(bars):
        coin.set_market_price(point)
    assert (coin.price, coin.open, coin.volume, coin.cache.exact_last_price) == (7, 7, 5, 7)
    assert isinstance(coin.get_last_data(), QuoteBar)


def test_trade_of_a_share_is_its_last_data_though_a_quote_came_first() -> None:
    spy = with_feeds(SecurityType.EQUITY)
    pushed = bar(spy, 8)
    spy.set_market_price(QuoteBar(pushed.time, spy.symbol, Bar(6, 6, 6, 6), 1, Bar(8, 8, 8, 8), 1))
    assert spy.get_last_data() is None
    spy.set_market_price(pushed)
    assert spy.get_last_data() is pushed


def test_filled_forward_points_do_not_count() -> None:
    spy = with_feeds(SecurityType.EQUITY)
    spy.set_market_price(bar(spy, 7).clone(fill_forward=True))
    assert not spy.has_data
    assert spy.price == 0


def test_custom_data_sets_the_price_and_is_kept_by_type() -> None:
    class Weather(BaseData):
        pass

    spy = with_feeds(SecurityType.EQUITY)
    point = Weather()
    point.value = 21.5
    spy.update([point], Weather)
    assert (spy.price, spy.open) == (21.5, 21.5)
    assert spy.cache.get_data(Weather) is point
    assert spy.cache.has_data(Weather)
    assert spy.cache.get_data(TradeBar) is None


def test_open_interest_is_no_price() -> None:
    spy = with_feeds(SecurityType.EQUITY)
    spy.set_market_price(Tick(MONDAY, spy.symbol, 1234, tick_type=TickType.OPEN_INTEREST))
    assert (spy.open_interest, spy.price, spy.has_data) == (1234, 0, False)


def test_replaced_columns_are_read_after_a_refresh() -> None:
    trades = feed(trade(10))
    spy = with_feeds(SecurityType.EQUITY, trades)
    trades.at = 0
    assert spy.price == 10
    trades.columns = feed(trade(20)).columns
    spy.cache.refresh(trades)
    assert (spy.price, spy.exact_price) == (20, 20)
    spy.cache.detach(trades)
    assert spy.price == 0


def test_reset_forgets_what_was_pushed() -> None:
    spy = with_feeds(SecurityType.EQUITY)
    spy.set_market_price(bar(spy, 7))
    spy.cache.reset()
    assert (spy.price, spy.has_data) == (0, False)


# The author's own properties.


def test_properties_of_the_authors_own() -> None:
    spy = with_feeds(SecurityType.EQUITY)
    spy.ema = 3
    spy["sma"] = 4
    spy.add("rsi", 5)
    assert (spy["ema"], spy.sma, spy.get("rsi"), spy.get[int]("rsi")) == (3, 4, 5, 5)
    assert spy.cache.properties == {"ema": 3, "sma": 4, "rsi": 5}
    assert spy.try_get("none") == (False, None)
    assert spy.remove("rsi")
    assert not spy.remove[int]("rsi")
    with pytest.raises(KeyError):
        spy.get("rsi")
    with pytest.raises(AttributeError):
        _ = spy.rsi
    spy.clear()
    assert spy.cache.properties == {}


def test_prices_cannot_be_assigned() -> None:
    spy = with_feeds(SecurityType.EQUITY)
    with pytest.raises(AttributeError):
        spy.price = 3  # type: ignore[misc]


def test_security_reads_its_subscriptions() -> None:
    class Config:
        fill_data_forward, extended_market_hours, is_custom_data, is_internal_feed = True, False, False, False
        data_normalization_mode = 0
        resolution = Resolution.HOUR

    spy = with_feeds(SecurityType.EQUITY)
    assert spy.resolution == Resolution.DAILY
    config = Config()
    spy.add_data(config)  # type: ignore[arg-type]
    spy.add_data(config)  # type: ignore[arg-type]
    assert spy.subscriptions == [config]
    assert (spy.resolution, spy.is_fill_data_forward, spy.is_extended_market_hours) == (Resolution.HOUR, True, False)
    spy.reset()
    assert (spy.subscriptions, spy.is_tradable) == ([], False)


def test_a_feed_without_bars_is_no_feed_until_it_has_some() -> None:
    trades, quotes = feed(trade(10), trade(11)), feed(tick_type=TickType.QUOTE)
    coin = with_feeds(SecurityType.CRYPTO, trades, quotes)
    assert coin.cache.feeds == [trades, quotes]
    assert coin.cache.only_trade_feed() is not None
    trades.at = 0
    assert (coin.cache.price, coin.exact_price) == (10, 10)
    Account().price(coin, 33)  # holds until a feed moves on
    quotes.columns = feed(quote(20, 22), tick_type=TickType.QUOTE).columns
    coin.cache.refresh(quotes)
    assert (coin.cache.price, coin.cache.only_trade_feed()) == (33, None)
    quotes.at = 0
    assert (coin.cache.price, coin.bid_price) == (21, 20)
    coin.cache.detach(quotes)
    assert (coin.cache.price, coin.cache.feeds) == (10, [trades])
