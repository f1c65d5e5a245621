"""The fill model of shares, rule by rule; prices and times are those of LEAN's own unit tests where it has them."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from tests.order_market import SPY, Market

from tradinglab.algorithm.bars import QuoteBar, TradeBar
from tradinglab.algorithm.models.fills import EquityFillModel, NoMarketDataError
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
from tradinglab.core.enums import OrderStatus, Resolution

DAY = datetime(2013, 10, 7)  # a Monday
NOON = DAY.replace(hour=12)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
ONE_DAY = timedelta(days=1)


@pytest.fixture
def market() -> Market:
    market = Market(kind=TradeBar)
    market.subscribe(QuoteBar)
    assert isinstance(market.security.fill_model, EquityFillModel)
    return market


def _price(market: Market, order: Order) -> float | None:
    """Return the price of the fill, ``None`` if there is none."""
    event = market.fill(order)
    if event.status != OrderStatus.FILLED:
        assert event.fill_quantity == 0
        assert event.status == order.status
        return None
    assert event.fill_quantity == order.quantity
    assert event.utc_ns == market.clock.utc_ns
    return event.fill_price


def test_a_market_order_meets_the_quote(market: Market) -> None:
    market.quote(NOON, (1, 2, 3, 4), (11, 12, 13, 14))
    market.trade(NOON, (5, 6, 7, 8))
    assert _price(market, MarketOrder(SPY, 100, market.utc(NOON))) == 14
    assert _price(market, MarketOrder(SPY, -100, market.utc(NOON))) == 4


def test_a_market_order_without_fresh_quotes_meets_the_last_trade(market: Market) -> None:
    market.quote(DAY.replace(hour=10), (1, 2, 3, 4), (11, 12, 13, 14))
    market.trade(DAY.replace(hour=11), (5, 6, 7, 8))
    market.at(NOON)
    event = market.fill(MarketOrder(SPY, 100, market.utc(NOON)))
    assert event.fill_price == 8
    assert event.message == (
        "Warning: No quote information available at 10/07/2013 11:00:00 America/New_York, "
        "order filled using TradeBar data"
    )


def test_slippage_makes_a_market_order_worse(market: Market) -> None:
    market.security.set_slippage_model(ConstantSlippageModel(0.01))
    market.trade(NOON, (100, 100, 100, 100))
    assert _price(market, MarketOrder(SPY, 10, market.utc(NOON))) == 101
    assert _price(market, MarketOrder(SPY, -10, market.utc(NOON))) == 99


def test_a_market_order_waits_while_data_are_more_than_a_bar_behind(market: Market) -> None:
    market.trade(NOON - 2 * HOUR, (5, 6, 7, 8))
    market.at(NOON)
    assert _price(market, MarketOrder(SPY, 1, market.utc(NOON))) is None


def test_stale_ticks_fill_with_a_warning() -> None:
    market = Market(kind=Tick, resolution=Resolution.TICK)
    market.tick(NOON - 2 * HOUR, 0, bid=9, ask=11)
    market.at(NOON)
    event = market.fill(MarketOrder(SPY, 1, market.utc(NOON)))
    assert event.fill_price == 11
    assert (
        event.message == "Warning: fill at stale price (10/07/2013 10:00:00 America/New_York), using Quote Tick data."
    )


def test_hourly_bars_that_are_stale_are_waited_for() -> None:
    market = Market(kind=TradeBar, resolution=Resolution.HOUR)
    market.trade(DAY.replace(hour=10), (5, 6, 7, 8), HOUR)
    market.at(NOON)
    assert _price(market, MarketOrder(SPY, 1, market.utc(NOON))) is None
    market.trade(NOON, (5, 6, 7, 9), HOUR)
    assert _price(market, MarketOrder(SPY, 1, market.utc(NOON))) == 9


def test_a_market_order_needs_regular_hours(market: Market) -> None:
    for time in (DAY.replace(hour=8), DAY.replace(hour=16, minute=30)):
        market.trade(time, (5, 6, 7, 8))
        assert _price(market, MarketOrder(SPY, 1, market.utc(time))) is None
    close = DAY.replace(hour=16)
    market.trade(close, (5, 6, 7, 8))
    assert _price(market, MarketOrder(SPY, 1, market.utc(close))) == 8


def test_a_hidden_subscription_fills_nothing() -> None:
    market = Market(kind=TradeBar, internal=True)
    market.trade(NOON, (5, 6, 7, 8))
    with pytest.raises(NoMarketDataError, match="no data subscription"):
        market.fill(MarketOrder(SPY, 1, market.utc(NOON)))


def test_a_market_order_without_any_data_is_an_error(market: Market) -> None:
    market.at(NOON)
    with pytest.raises(NoMarketDataError, match=r"Cannot get ask price.*\[QuoteBar,TradeBar\]"):
        market.fill(MarketOrder(SPY, 1, market.utc(NOON)))


@pytest.mark.parametrize(
    ("quantity", "limit", "bar", "price"),
    [
        (10, 101, (102, 103, 100.5, 102), 101),  # through the limit
        (10, 101, (102, 103, 101, 102), None),  # only at it
        (10, 101, (100, 103, 99, 102), 100),  # opened beyond it
        (-10, 101, (100, 101.5, 99, 100), 101),
        (-10, 101, (100, 101, 99, 100), None),
        (-10, 101, (102, 103, 100, 100), 102),
    ],
)
def test_limit_orders(
    market: Market, quantity: int, limit: float, bar: tuple[float, float, float, float], price: float | None
) -> None:
    order = LimitOrder(SPY, quantity, limit, market.utc(NOON - 5 * MINUTE))
    market.trade(NOON, bar)
    assert _price(market, order) == price
    if price is not None and price != limit:
        assert market.fill(order).message == (
            "Due to a favorable gap at 10/07/2013 12:00:00 America/New_York, order filled using the open price "
            f"({price})"
        )


@pytest.mark.parametrize(
    ("quantity", "stop", "bar", "price"),
    [
        (10, 101, (100, 101, 99, 100), 101),  # reached
        (10, 101, (100, 100.9, 99, 100), None),
        (10, 101, (102, 103, 100, 100), 102),  # opened beyond it
        (-10, 101, (102, 103, 101, 102), 101),
        (-10, 101, (102, 103, 101.1, 102), None),
        (-10, 101, (100, 103, 99, 102), 100),
    ],
)
def test_stop_market_orders(
    market: Market, quantity: int, stop: float, bar: tuple[float, float, float, float], price: float | None
) -> None:
    order = StopMarketOrder(SPY, quantity, stop, market.utc(NOON - 5 * MINUTE))
    market.trade(NOON, bar)
    assert _price(market, order) == price
    if price is not None and price != stop:
        assert "Due to an unfavorable gap at 10/07/2013 12:00:00" in market.fill(order).message


def test_slippage_moves_a_stop_but_not_a_limit(market: Market) -> None:
    market.security.set_slippage_model(ConstantSlippageModel(0.01))
    market.trade(NOON, (101, 102, 99, 100))
    earlier = market.utc(NOON - 5 * MINUTE)
    assert _price(market, StopMarketOrder(SPY, -1, 100, earlier)) == 99
    assert _price(market, LimitOrder(SPY, -1, 101.5, earlier)) == 101.5


@pytest.mark.parametrize("cls", [LimitOrder, StopMarketOrder])
@pytest.mark.parametrize("quantity", [10, -10])
def test_bars_that_ended_by_the_time_of_the_order_never_fill_it(market: Market, cls: type, quantity: int) -> None:
    market.trade(NOON, (100, 110, 90, 100))
    assert _price(market, cls(SPY, quantity, 100, market.utc(NOON))) is None
    market.trade(NOON + MINUTE, (100, 110, 90, 100))
    assert _price(market, cls(SPY, quantity, 100, market.utc(NOON))) == 100


def test_quotes_alone_do_not_fill_a_resting_order(market: Market) -> None:
    market.quote(NOON, (90, 110, 80, 100), (90, 110, 80, 100))
    assert _price(market, LimitOrder(SPY, 10, 95, market.utc(NOON - MINUTE))) is None


def test_trade_ticks_fill_resting_orders() -> None:
    market = Market(kind=Tick, resolution=Resolution.TICK)
    order = LimitOrder(SPY, 100, 290.50, market.utc(NOON - MINUTE))
    market.tick(NOON, 291)
    assert _price(market, order) is None
    market.tick(NOON, 290.4)
    assert _price(market, order) == 290.4  # a single tick opens beyond the limit


def test_stop_limit_orders_remember_their_trigger(market: Market) -> None:
    order = StopLimitOrder(SPY, 100, 101.5, 101.75, market.utc(NOON - 5 * MINUTE))
    market.trade(NOON - 2 * MINUTE, (100, 101.5, 100, 100.66))
    assert (_price(market, order), order.stop_triggered) == (None, False)
    market.trade(NOON - MINUTE, (102, 102.5, 101, 102))
    assert (_price(market, order), order.stop_triggered) == (None, True)
    assert market.updated == [order]
    market.trade(NOON, (100, 100.66, 100, 100.66))
    assert _price(market, order) == 100.66
    assert market.updated == [order]


def test_a_stop_limit_sale(market: Market) -> None:
    order = StopLimitOrder(SPY, -100, 101.75, 101.50, market.utc(NOON - 5 * MINUTE))
    market.trade(NOON - MINUTE, (101, 101, 101, 101))
    assert (_price(market, order), order.stop_triggered) == (None, True)
    market.trade(NOON, (101.66, 101.66, 101.60, 101.66))
    assert _price(market, order) == 101.60


def test_limit_if_touched_orders(market: Market) -> None:
    order = LimitIfTouchedOrder(SPY, 100, 101.5, 100, market.utc(NOON - 5 * MINUTE))
    market.quote(NOON - 2 * MINUTE, (101, 101, 101, 101), (102, 102, 102, 102))
    market.trade(NOON - 2 * MINUTE, (102, 102, 102, 102))
    assert (_price(market, order), order.trigger_touched) == (None, False)
    market.trade(NOON - MINUTE, (102, 102, 101.5, 102))
    assert (_price(market, order), order.trigger_touched) == (None, True)
    market.quote(NOON, (99, 99, 99, 99), (99.5, 99.5, 99.5, 99.5))
    market.trade(NOON, (102, 102, 102, 102))
    assert _price(market, order) == 99.5
    sale = LimitIfTouchedOrder(SPY, -100, 102, 98, market.utc(NOON - 5 * MINUTE))
    assert _price(market, sale) == 99


def test_trailing_stops_follow_the_quote(market: Market) -> None:
    order = TrailingStopOrder(SPY, -10, 95, 5, False, market.utc(NOON - 5 * MINUTE))
    market.quote(NOON - MINUTE, (100, 104, 99, 103), (101, 105, 100, 104))
    assert (_price(market, order), order.stop_price) == (None, 99.0)
    assert market.updated == [order]
    market.quote(NOON, (103, 103, 98.5, 98.8), (104, 104, 99, 99))
    assert _price(market, order) == 98.8
    buy = TrailingStopOrder(SPY, 10, 110, 0.1, True, market.utc(NOON - 5 * MINUTE))
    assert _price(market, buy) is None
    assert buy.exact_stop_price == 99 * type(buy.exact_stop_price)("1.1")


def test_an_order_at_the_open_takes_the_first_open_after_it(market: Market) -> None:
    order = MarketOnOpenOrder(SPY, 10, market.utc(DAY - timedelta(hours=7)))  # Sunday, 17:00
    for minute in (29, 30):  # bars before the open
        market.trade(DAY.replace(hour=9, minute=minute), (1, 2, 3, 4))
        assert _price(market, order) is None
    market.trade(DAY.replace(hour=9, minute=31), (5, 6, 4, 5.5))
    assert _price(market, order) == 5


def test_an_order_at_the_open_that_was_made_in_a_session_waits_for_the_next(market: Market) -> None:
    order = MarketOnOpenOrder(SPY, 10, market.utc(NOON))
    market.trade(NOON + 5 * MINUTE, (5, 6, 4, 5.5))
    assert _price(market, order) is None
    market.trade(DAY.replace(hour=9, minute=31) + ONE_DAY, (7, 8, 6, 7.5))
    assert _price(market, order) == 7


def test_an_order_at_the_open_of_daily_bars() -> None:
    market = Market(kind=TradeBar, resolution=Resolution.DAILY)
    session = timedelta(hours=6.5)
    close = DAY.replace(hour=16)
    market.trade(close, (1, 2, 0.5, 1.5), session)
    order = MarketOnOpenOrder(SPY, 10, market.utc(close))
    assert _price(market, order) is None
    market.trade(close + ONE_DAY, (3, 4, 2.5, 3.5), session)
    assert _price(market, order) == 3


def test_an_order_at_the_open_from_ticks_prefers_the_official_print() -> None:
    market = Market(kind=Tick, resolution=Resolution.TICK)
    market.security.primary_exchange = "P"
    order = MarketOnOpenOrder(SPY, 10, market.utc(DAY.replace(hour=8)))
    market.tick(DAY.replace(hour=9, minute=30, second=10), 100.1)
    assert _price(market, order) is None
    market.tick(DAY.replace(hour=9, minute=30, second=20), 100.2, sale="4000000", exchange="P")
    assert _price(market, order) == 100.2
    market.tick(DAY.replace(hour=9, minute=31, second=1), 100.3)
    event = market.fill(order)
    assert (event.fill_price, event.message) == (
        100.3,
        "No trade with the OfficialOpen or OpeningPrints flag within the 1-minute timeout. Fill with last Trade data.",
    )


def test_an_order_at_the_close(market: Market) -> None:
    order = MarketOnCloseOrder(SPY, -10, market.utc(NOON))
    market.trade(DAY.replace(hour=15, minute=59), (1, 2, 0.5, 1.5))
    assert _price(market, order) is None
    market.trade(DAY.replace(hour=16), (1, 2, 0.5, 1.25))
    assert _price(market, order) == 1.25


def test_an_order_at_the_close_from_ticks() -> None:
    market = Market(kind=Tick, resolution=Resolution.TICK)
    market.security.primary_exchange = "P"
    order = MarketOnCloseOrder(SPY, 10, market.utc(NOON))
    market.tick(DAY.replace(hour=16), 99.5)
    assert market.fill(order).message.startswith("No trade with the OfficialClose or ClosingPrints flag for data that")
    market.tick(DAY.replace(hour=16), 99.75, sale="1000000", exchange="P")
    assert _price(market, order) == 99.75


def test_auctions_without_trades_take_the_quote() -> None:
    market = Market(kind=QuoteBar)
    order = MarketOnCloseOrder(SPY, 10, market.utc(NOON))
    market.quote(DAY.replace(hour=16), (1, 1, 1, 1), (2, 2, 2, 2))
    event = market.fill(order)
    assert event.fill_price == 2
    assert event.message == (
        "Warning: No trade information available at 10/07/2013 16:00:00 America/New_York, order filled using Quote data"
    )


@pytest.mark.parametrize(
    "order",
    [
        MarketOrder(SPY, 1, 0), LimitOrder(SPY, 1, 999, 0), StopMarketOrder(SPY, 1, 1, 0),
        StopLimitOrder(SPY, 1, 1, 999, 0), LimitIfTouchedOrder(SPY, 1, 999, 999, 0),
        TrailingStopOrder(SPY, 1, 1, 1, False, 0), MarketOnOpenOrder(SPY, 1, 0), MarketOnCloseOrder(SPY, 1, 0),
    ],
    ids=lambda order: str(order.type),
)  # fmt: skip
def test_a_cancelled_order_is_not_filled(market: Market, order: Order) -> None:
    market.quote(NOON, (5, 6, 4, 5), (5, 6, 4, 5))
    market.trade(NOON, (5, 6, 4, 5))
    order.time_ns = market.utc(NOON - 3 * ONE_DAY)
    assert _price(market, order) is not None
    order.status = OrderStatus.CANCELED
    assert _price(market, order) is None
