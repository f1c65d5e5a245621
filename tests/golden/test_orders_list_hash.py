"""Single orders, filled on LEAN's sample data, give the order list hash of LEAN's regression algorithms.

The hashes are those that QuantConnect/LEAN's regression tests expect (commit 24863901), each in the class named
in the test. They fix the fill's price and time, the quotes at submission, and the JSON of every member. Nothing
but orders and fill models takes part: the tests step through the bars themselves.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from tests.order_market import SPY, Market

from tradinglab.algorithm.bar_views import QuoteBarView, TradeBarView
from tradinglab.algorithm.bars import QuoteBar, TradeBar
from tradinglab.algorithm.base_data import BaseData
from tradinglab.algorithm.orders import (
    LimitOrder,
    MarketOnOpenOrder,
    MarketOrder,
    Order,
    OrderProperties,
    OrderSubmissionData,
    OrderTicket,
    StopLimitOrder,
    SubmitOrderRequest,
    TimeInForce,
    TrailingStopOrder,
    order_list_hash,
)
from tradinglab.core.clock import DAY_NS
from tradinglab.core.decimals import Number, to_decimal
from tradinglab.core.enums import DataNormalizationMode, OrderDirection, OrderStatus, Resolution, TickType
from tradinglab.data.adjust import normalize
from tradinglab.data.columns import BarColumns
from tradinglab.data.source import open_source


class Feed:
    """Adjusted bars in regular hours, read up to the market's time."""

    is_internal = False

    def __init__(
        self, market: Market, folder: Path, resolution: Resolution, tick_type: TickType, days: tuple[datetime, datetime]
    ) -> None:
        source = open_source(f"lean:{folder}")
        start, end = (market.zone.to_utc(day) for day in days)
        raw = source.bars(SPY, resolution, tick_type, start, end)
        columns = normalize(raw, source.factors(SPY), DataNormalizationMode.ADJUSTED, market.zone)
        self.columns: BarColumns = self._in_hours(columns, market, resolution)
        self.tick_type, self.resolution = tick_type, resolution
        self._market = market

    @staticmethod
    def _in_hours(columns: BarColumns, market: Market, resolution: Resolution) -> BarColumns:
        local = market.zone.local_ns_array(columns.time_ns)
        if resolution != Resolution.DAILY:
            return columns.take(market.hours.is_open_mask(local, False).nonzero()[0])
        opens, closes = market.hours.segments(int(local[0] // DAY_NS), int(local[-1] // DAY_NS), False)
        own = columns.take(np.arange(len(columns.time_ns)))  # what was read is kept from run to run
        own.time_ns[:] = market.zone.utc_ns_array(opens)
        own.end_ns[:] = market.zone.utc_ns_array(closes)
        return own

    steady_shift = None

    def row(self) -> int:
        """Return the last bar that has ended."""
        return int(self.columns.end_ns.searchsorted(self._market.clock.utc_ns, side="right")) - 1

    def bar(self, row: int) -> BaseData:
        """Return a bar."""
        view = QuoteBarView if self.tick_type == TickType.QUOTE else TradeBarView
        return view(self.columns, row, SPY, self._market.zone)


class Replay:
    """Submits orders and fills them bar by bar, as a brokerage does."""

    def __init__(self, folder: Path, resolution: Resolution, days: tuple[datetime, datetime]) -> None:
        self.market = Market(kind=TradeBar, resolution=resolution)
        self.orders: list[Order] = []
        self._tickets: dict[int, OrderTicket] = {}
        feeds = [Feed(self.market, folder, resolution, TickType.TRADE, days)]
        if resolution == Resolution.MINUTE:
            self.market.subscribe(QuoteBar, resolution)
            feeds.append(Feed(self.market, folder, resolution, TickType.QUOTE, days))
        for feed in feeds:
            self.market.security.cache.attach(feed)
        self.ends = feeds[0].columns.end_ns.tolist()

    def submit(self, order: Order) -> Order:
        """Give the order what the engine gives it, and try to fill a market order."""
        security = self.market.security
        order.id = len(self.orders) + 1
        order.broker_id = [str(order.id)]
        order.status = OrderStatus.SUBMITTED
        order.price_currency = "USD"
        order.tag = order.get_default_tag()
        order.price_adjustment_mode = DataNormalizationMode.ADJUSTED
        order.order_submission_data = OrderSubmissionData(
            security.exact_bid_price, security.exact_ask_price, security.exact_close
        )
        self.orders.append(order)
        request = SubmitOrderRequest(order.type, order.security_type, SPY, order.exact_quantity, 0, 0, order.time)
        self._tickets[order.id] = OrderTicket(None, request)  # type: ignore[arg-type]
        self._tickets[order.id].set_order(order)
        return order

    def fill(self, order: Order) -> bool:
        """Try to fill an order, and book the fill."""
        event = self.market.fill(order)
        if event.status != OrderStatus.FILLED:
            return False
        order.status = event.status
        order.last_fill_time_ns = event.utc_ns
        self._tickets[order.id].add_order_event(event)
        return True

    def fill_later(self, order: Order) -> int:
        """Step to the bar that fills an order; return when."""
        for end_ns in self.ends:
            if end_ns > order.time_ns:
                self.market.clock.set_utc_ns(end_ns)
                if self.fill(order):
                    return int(end_ns)
        raise AssertionError(f"{order} was never filled")


def test_market_order_at_the_first_minute(lean_data: Path) -> None:
    """BasicTemplateAlgorithm: 688 shares at 09:31 on 7 October 2013, at the ask."""
    replay = Replay(lean_data, Resolution.MINUTE, (datetime(2013, 10, 7), datetime(2013, 10, 8)))
    replay.market.at(datetime(2013, 10, 7, 9, 31))
    order = replay.submit(MarketOrder(SPY, 688, replay.market.clock.utc_ns))
    assert replay.fill(order)
    assert order.price == pytest.approx(144.78172417, abs=1e-8)
    assert order_list_hash(replay.orders) == "3da9fa60bf95b9ed148b95e02e0cfc9e"


def test_market_on_open_order_from_daily_bars(lean_data: Path) -> None:
    """BasicTemplateDailyAlgorithm: sent at the close of 8 October 2013, filled at the next open."""
    replay = Replay(lean_data, Resolution.DAILY, (datetime(2013, 10, 8), datetime(2013, 10, 11)))
    replay.market.at(datetime(2013, 10, 8, 16, 0))
    order = replay.submit(MarketOnOpenOrder(SPY, 697, replay.market.clock.utc_ns))
    assert not replay.fill(order)
    replay.fill_later(order)
    assert order_list_hash(replay.orders) == "70f21e930175a2ec9d465b21edc1b6d9"


def _trailing(market: Market, quantity: int, amount: Number) -> TrailingStopOrder:
    direction = OrderDirection.BUY if quantity > 0 else OrderDirection.SELL
    exact = to_decimal(amount)
    stop = TrailingStopOrder.calculate_exact_stop_price(market.security.exact_price, exact, False, direction)
    return TrailingStopOrder(SPY, quantity, stop, exact, False, market.clock.utc_ns)


def test_trailing_stops_there_and_back(lean_data: Path) -> None:
    """TrailingStopOrderRegressionAlgorithm: a purchase that trails by 2 dollars, a sale by 50 cents."""
    replay = Replay(lean_data, Resolution.MINUTE, (datetime(2013, 10, 7), datetime(2013, 10, 12)))
    replay.market.at(datetime(2013, 10, 7, 9, 31))
    replay.fill_later(replay.submit(_trailing(replay.market, 100, 2)))
    replay.fill_later(replay.submit(_trailing(replay.market, -100, 0.5)))
    assert order_list_hash(replay.orders) == "d56bac89a568c3a45cac595e69a35875"


def _ema(values: list[float], period: int) -> list[float]:
    """Return the exponential averages; the first is the mean of the first *period* values."""
    averages = [sum(values[:period]) / period]
    weight = 2 / (period + 1)
    for value in values[period:]:
        averages.append(value * weight + averages[-1] * (1 - weight))
    return [float("nan")] * (period - 1) + averages


def test_stop_limits_from_daily_bars(lean_data: Path) -> None:
    """StopLimitOrderRegressionAlgorithm: 100 shares bought above the market, sold when the averages turn."""
    replay = Replay(lean_data, Resolution.DAILY, (datetime(2013, 1, 1), datetime(2017, 1, 2)))
    market = replay.market
    columns = market.security.cache.feeds[0].columns
    closes = columns.values["close"].tolist()
    fast, slow = _ema(closes, 30), _ema(closes, 60)
    bought: StopLimitOrder | None = None
    sold: StopLimitOrder | None = None
    for row, end_ns in enumerate(replay.ends):
        market.clock.set_utc_ns(end_ns)
        for order in (bought, sold):
            if order is not None and order.status == OrderStatus.SUBMITTED and end_ns > order.time_ns:
                replay.fill(order)
        security = market.security
        if row < 59:
            continue
        if bought is None and fast[row] > slow[row] * 1.001:
            bought = StopLimitOrder(SPY, 100, security.high * 1.10, security.high * 1.11, end_ns)
            replay.submit(bought)
        elif (
            bought is not None
            and bought.status == OrderStatus.FILLED
            and sold is None
            and fast[row] < slow[row] * 1.001
        ):
            sold = StopLimitOrder(SPY, -100, security.low * 0.99, security.low * 0.98, end_ns)
            replay.submit(sold)
    assert [order.status for order in replay.orders] == [OrderStatus.FILLED, OrderStatus.FILLED]
    assert order_list_hash(replay.orders) == "f315858f3f9e6a983cfcf887237f70fd"


def test_times_in_force(lean_data: Path) -> None:
    """TimeInForceAlgorithm: two limit orders each until cancelled, for the day, and until a date."""
    replay = Replay(lean_data, Resolution.MINUTE, (datetime(2013, 10, 7), datetime(2013, 10, 12)))
    market = replay.market.at(datetime(2013, 10, 7, 9, 31))
    until_10th = TimeInForce.good_til_date(datetime(2013, 10, 10))
    for limit, time_in_force in (
        (100, TimeInForce.GOOD_TIL_CANCELED), (160, TimeInForce.GOOD_TIL_CANCELED),
        (140, TimeInForce.DAY), (180, TimeInForce.DAY), (100, until_10th), (160, until_10th),
    ):  # fmt: skip
        properties = OrderProperties()
        properties.time_in_force = time_in_force
        replay.submit(LimitOrder(SPY, 10, limit, market.clock.utc_ns, properties=properties))
    for end_ns in replay.ends[1:]:
        market.clock.set_utc_ns(end_ns)
        for order in replay.orders:
            if order.status != OrderStatus.SUBMITTED:
                continue
            if order.time_in_force.is_order_expired(market.security, order):
                order.status = OrderStatus.CANCELED
                order.canceled_time_ns = end_ns
            else:
                replay.fill(order)
    filled, canceled, working = OrderStatus.FILLED, OrderStatus.CANCELED, OrderStatus.SUBMITTED
    assert [order.status for order in replay.orders] == [working, filled, canceled, filled, canceled, filled]
    assert order_list_hash(replay.orders) == "a0588650916ed396fb5793375118e7b3"
