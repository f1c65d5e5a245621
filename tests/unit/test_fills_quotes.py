"""The fill models of what is not a share: quotes decide. Prices are those of LEAN's unit tests where it has them."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from tests.order_market import BTCUSD, EURUSD, Market, Prices

from tradinglab.algorithm.bars import QuoteBar, TradeBar
from tradinglab.algorithm.models.fills import (
    FutureFillModel,
    ImmediateFillModel,
    LatestPriceFillModel,
    NeverClosesError,
)
from tradinglab.algorithm.models.slippage import ConstantSlippageModel
from tradinglab.algorithm.orders import (
    LimitIfTouchedOrder,
    LimitOrder,
    MarketOnCloseOrder,
    MarketOnOpenOrder,
    MarketOrder,
    Order,
    StopLimitOrder,
    StopMarketOrder,
    TrailingStopOrder,
)
from tradinglab.algorithm.ticks import Tick
from tradinglab.core.enums import OrderDirection, OrderStatus, Resolution

NOON = datetime(2013, 10, 8, 12)  # a Tuesday
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


@pytest.fixture
def market() -> Market:
    market = Market(EURUSD, kind=QuoteBar)
    assert type(market.security.fill_model) is ImmediateFillModel
    return market


def _price(market: Market, order: Order) -> float | None:
    event = market.fill(order)
    return event.fill_price if event.status == OrderStatus.FILLED else None


def _flat(price: float) -> Prices:
    return (price, price, price, price)


def test_a_market_order_meets_the_quote(market: Market) -> None:
    market.quote(NOON, _flat(10), _flat(12))
    assert _price(market, MarketOrder(EURUSD, 100, market.utc(NOON))) == 12
    assert _price(market, MarketOrder(EURUSD, -100, market.utc(NOON))) == 10


def test_a_quote_without_one_side_gives_the_last_price(market: Market) -> None:
    market.quote(NOON, _flat(10), None)
    assert _price(market, MarketOrder(EURUSD, 100, market.utc(NOON))) == 10


@pytest.mark.parametrize(("minutes_before", "price"), [(90, 100.0), (30, 102.3)])
def test_a_market_order_that_rested_before_an_hourly_bar_takes_its_open(minutes_before: int, price: float) -> None:
    market = Market(EURUSD, kind=QuoteBar, resolution=Resolution.HOUR)
    side = (100.0, 103.0, 99.0, 102.3)
    market.quote(NOON, side, side, HOUR)
    order = MarketOrder(EURUSD, 100, market.utc(NOON - timedelta(minutes=minutes_before)))
    assert _price(market, order) == price


def test_a_stale_price_is_waited_out_unless_it_is_of_a_tick() -> None:
    market = Market(EURUSD, kind=QuoteBar)
    market.quote(NOON - 2 * HOUR, _flat(10), _flat(12))
    market.at(NOON)
    assert _price(market, MarketOrder(EURUSD, 1, market.utc(NOON))) is None
    ticks = Market(EURUSD, kind=Tick, resolution=Resolution.TICK)
    ticks.tick(NOON - 2 * HOUR, 0, bid=10, ask=12)
    ticks.at(NOON)
    event = ticks.fill(MarketOrder(EURUSD, 1, ticks.utc(NOON)))
    assert event.fill_price == 12
    assert event.message == f"Warning: fill at stale price (10/08/2013 10:00:00 {ticks.zone})"


def test_a_tick_without_quotes_gives_its_price() -> None:
    market = Market(EURUSD, kind=Tick, resolution=Resolution.TICK)
    market.tick(NOON, 11)
    assert _price(market, MarketOrder(EURUSD, 1, market.utc(NOON))) == 11


def test_closed_markets_fill_nothing(market: Market) -> None:
    saturday = datetime(2013, 10, 12, 12)
    market.quote(saturday, _flat(10), _flat(12))
    assert _price(market, MarketOrder(EURUSD, 1, market.utc(saturday))) is None


@pytest.mark.parametrize(
    ("quantity", "limit", "bar", "price"),
    [
        (10, 101.5, (102, 103, 101, 102.3), 101.5),
        (10, 101.5, (102, 103, 101.5, 102.3), None),
        (10, 101.5, (100, 101, 99, 100), 101),  # all of the bar is beyond the limit: its worst price
        (-10, 101.5, (102, 103, 101, 102.3), 101.5),
        (-10, 101.5, (101, 101.5, 101, 101), None),
        (-10, 101.5, (103, 104, 102, 103), 102),
    ],
)
def test_limit_orders(market: Market, quantity: int, limit: float, bar: Prices, price: float | None) -> None:
    market.quote(NOON, bar, bar)
    assert _price(market, LimitOrder(EURUSD, quantity, limit, market.utc(NOON - HOUR))) == price


@pytest.mark.parametrize(
    ("quantity", "stop", "bar", "price"),
    [
        (10, 101.5, (101, 101.5, 101, 101), None),
        (10, 101.5, (102, 103, 101, 102.5), 102.5),  # the current price is worse than the stop
        (10, 101.5, (102, 103, 101, 101.2), 101.5),
        (-10, 101.5, (101.5, 102, 101.5, 102), None),
        (-10, 101.5, (101, 102, 100, 101), 101),
        (-10, 101.5, (101, 102, 100, 102), 101.5),
    ],
)
def test_stop_market_orders(market: Market, quantity: int, stop: float, bar: Prices, price: float | None) -> None:
    market.quote(NOON, bar, bar)
    assert _price(market, StopMarketOrder(EURUSD, quantity, stop, market.utc(NOON - HOUR))) == price


def test_slippage_of_a_stop_counts_on_the_current_price(market: Market) -> None:
    market.security.set_slippage_model(ConstantSlippageModel(0.1))
    market.quote(NOON, (10, 11, 9, 10), (10, 11, 9, 10))
    assert _price(market, StopMarketOrder(EURUSD, 10, 10.5, market.utc(NOON - HOUR))) == 11
    assert _price(market, StopMarketOrder(EURUSD, -10, 9.5, market.utc(NOON - HOUR))) == 9


def test_a_trailing_stop_moves_only_if_it_is_not_hit(market: Market) -> None:
    order = TrailingStopOrder(EURUSD, -10, 98, 2, False, market.utc(NOON - HOUR))
    market.quote(NOON - MINUTE, (100, 104, 98.5, 104), (100, 104, 98.5, 104))
    assert (_price(market, order), order.stop_price) == (None, 102.0)
    market.quote(NOON, (103, 110, 102, 109), (103, 110, 102, 109))
    assert (_price(market, order), order.stop_price) == (102, 102.0)


def test_a_trailing_stop_by_a_fraction_follows_downwards_to_buy(market: Market) -> None:
    order = TrailingStopOrder(EURUSD, 10, 110, 0.1, True, market.utc(NOON - HOUR))
    market.quote(NOON - MINUTE, _flat(90), (90, 95, 90, 92))
    assert (_price(market, order), order.stop_price) == (None, 99.0)
    market.quote(NOON, _flat(90), (95, 100, 95, 100))
    assert _price(market, order) == 100


def test_a_stop_limit_order_takes_the_close_into_account(market: Market) -> None:
    order = StopLimitOrder(EURUSD, 10, 101.5, 101.75, market.utc(NOON - HOUR))
    market.quote(NOON - MINUTE, _flat(102), _flat(102))
    assert (_price(market, order), order.stop_triggered) == (None, True)
    market.quote(NOON, _flat(101.66), _flat(101.66))
    assert _price(market, order) == 101.66


def test_limit_if_touched_orders_compare_with_the_far_quote() -> None:
    market = Market(EURUSD, kind=QuoteBar)
    market.subscribe(TradeBar)
    buy = LimitIfTouchedOrder(EURUSD, 10, 101.5, 100, market.utc(NOON - HOUR))
    market.quote(NOON, _flat(99), _flat(105))
    market.trade(NOON, _flat(102))
    assert (_price(market, buy), buy.trigger_touched) == (None, False)
    market.trade(NOON, _flat(101))
    assert (_price(market, buy), buy.trigger_touched) == (100, True)
    sell = LimitIfTouchedOrder(EURUSD, -10, 100.5, 106, market.utc(NOON - HOUR))
    assert (_price(market, sell), sell.trigger_touched) == (None, True)
    market.quote(NOON, _flat(99), _flat(106))
    assert _price(market, sell) == 106


@pytest.mark.parametrize("cls", [LimitOrder, StopMarketOrder])
def test_bars_that_ended_by_the_time_of_the_order_never_fill_it(market: Market, cls: type) -> None:
    market.quote(NOON, (100, 110, 90, 100), (100, 110, 90, 100))
    assert _price(market, cls(EURUSD, 10, 100, market.utc(NOON))) is None


@pytest.mark.parametrize("order", [MarketOnOpenOrder(BTCUSD, 1, 0), MarketOnCloseOrder(BTCUSD, 1, 0)])
def test_a_market_that_never_closes_has_no_auctions(order: Order) -> None:
    market = Market(BTCUSD, kind=QuoteBar)
    market.quote(NOON, _flat(10), _flat(12))
    with pytest.raises(NeverClosesError, match="never closes"):
        market.fill(order)


def test_auctions_of_a_market_that_closes(market: Market) -> None:
    sunday = datetime(2013, 10, 13, 17, 1)
    order = MarketOnOpenOrder(EURUSD, 10, market.utc(datetime(2013, 10, 12, 12)))
    market.quote(sunday, (1, 2, 0.5, 1.5), (2, 3, 1.5, 2.5))
    assert _price(market, order) == 2
    friday = datetime(2013, 10, 11, 17)
    closing = MarketOnCloseOrder(EURUSD, -10, market.utc(friday - 2 * HOUR))
    market.quote(friday - MINUTE, _flat(1), _flat(2))
    assert _price(market, closing) is None
    market.quote(friday, _flat(1.25), _flat(2))
    assert _price(market, closing) == 1.25


def test_the_latest_of_trade_and_quote_decides_for_crypto() -> None:
    market = Market(BTCUSD, kind=QuoteBar)
    market.subscribe(TradeBar)
    market.security.set_fill_model(LatestPriceFillModel())
    market.quote(NOON, _flat(10), _flat(12))
    market.trade(NOON, _flat(11))
    order = MarketOrder(BTCUSD, 1, market.utc(NOON))
    assert _price(market, order) == 12
    market.trade(NOON + MINUTE, _flat(11.5))
    assert _price(market, order) == 11.5
    market.quote(NOON + 2 * MINUTE, _flat(10), _flat(13))
    assert _price(market, order) == 13
    assert _price(market, MarketOrder(BTCUSD, -1, market.utc(NOON))) == 10


def test_futures_fill_in_extended_hours() -> None:
    market = Market(kind=QuoteBar, extended=True)
    market.security.set_fill_model(FutureFillModel())
    early = datetime(2013, 10, 8, 8)
    market.quote(early, (9, 11, 8, 10), (10, 12, 9, 11))
    assert _price(market, MarketOrder(market.symbol, 1, market.utc(early))) == 11
    assert _price(market, StopMarketOrder(market.symbol, 1, 11.5, market.utc(early - HOUR))) == 11.5


def test_an_order_for_nothing_takes_the_last_price(market: Market) -> None:
    market.quote(NOON, _flat(10), _flat(12))
    market.fill(MarketOrder(EURUSD, 1, market.utc(NOON)))
    prices = market.security.fill_model.get_prices(market.security, OrderDirection.HOLD)
    assert (prices.current, prices.end_time) == (11.0, NOON)
