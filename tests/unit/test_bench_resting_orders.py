"""Orders that are left alone until a price is met come to the same as orders that are looked at in every step."""

from __future__ import annotations

import random
from datetime import UTC, datetime

import numpy as np
import pytest
from bench.workloads import minute_bars

from tradinglab import backtest
from tradinglab.algorithm.qc_algorithm import QCAlgorithm
from tradinglab.core.enums import OrderStatus, Resolution, SecurityType
from tradinglab.core.market import Market
from tradinglab.data.memory import MemorySource
from tradinglab.engine.resting import RestingOrders

_BARS = 1440


class _Restless(QCAlgorithm):
    """Sends, changes and cancels orders of every resting kind around the price, by a seed."""

    def initialize(self) -> None:
        self.set_time_zone("UTC")
        self.set_start_date(2020, 1, 1)
        self.set_end_date(2020, 1, 1)
        self.set_cash(30_000)
        self.set_benchmark(lambda time: 0)
        self.coins = [
            self.add_crypto(ticker, Resolution.MINUTE, Market.COINBASE, fill_forward=False).symbol
            for ticker in ("BTCUSD", "ETHUSD")
        ]
        self.random = random.Random(int(self.get_parameter("seed")))
        self.log_of_events: list[str] = []

    def on_data(self, data: object) -> None:
        luck = self.random
        if luck.random() > 0.08:
            return
        coin = luck.choice(self.coins)
        price = self.securities[coin].price
        quantity = luck.choice((-60, -20, 20, 60, 150))
        near, far = (price * (1 + luck.choice((-1, 1)) * luck.random() * 0.004) for _ in range(2))
        match luck.randrange(9):
            case 0 | 1:
                self.limit_order(coin, quantity, near)
            case 2 | 3:
                self.stop_market_order(coin, quantity, near)
            case 4:
                self.stop_limit_order(coin, quantity, near, far)
            case 5:
                self.limit_if_touched_order(coin, quantity, near, far)
            case 6:
                tickets = list(self.transactions.get_open_order_tickets())
                if tickets:
                    luck.choice(tickets).update_quantity(quantity)
            case 7:
                tickets = list(self.transactions.get_open_order_tickets())
                if tickets:
                    luck.choice(tickets).cancel()
            case _:
                self.liquidate(coin)
        if luck.random() < 0.02:
            self.securities[coin].set_leverage(luck.choice((1, 2, 3)))
        if luck.random() < 0.02:
            self.portfolio.cash_book["USD"].add_amount(luck.choice((-4000, 4000)))

    def on_order_event(self, order_event: object) -> None:
        self.log_of_events.append(str(order_event))
        self.log(str(order_event))


def _source() -> MemorySource:
    source = MemorySource()
    bars = minute_bars(2 * _BARS)
    for number, ticker in enumerate(("BTCUSD", "ETHUSD")):
        rows = slice(number * _BARS, (number + 1) * _BARS)
        part = {name: column[rows] for name, column in bars.items()} | {"time": bars["time"][:_BARS]}
        source.add(ticker, Resolution.MINUTE, part, security_type=SecurityType.CRYPTO, market=Market.COINBASE)
    return source


@pytest.mark.parametrize("seed", range(6))
def test_orders_left_alone_fare_as_orders_looked_at(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    asleep = 0
    original = RestingOrders.sleep

    def counted(self: RestingOrders, orders: object) -> int | None:
        nonlocal asleep
        found = original(self, orders)  # type: ignore[arg-type]
        asleep += found is not None
        return found

    monkeypatch.setattr(RestingOrders, "sleep", counted)
    quick = backtest(_Restless, data=_source(), parameters={"seed": seed})
    monkeypatch.setattr(RestingOrders, "sleep", lambda self, orders: None)
    slow = backtest(_Restless, data=_source(), parameters={"seed": seed})
    assert asleep > 10
    assert quick.logs == slow.logs
    assert quick.statistics == slow.statistics
    states = {order.status for order in slow.record.orders}
    assert OrderStatus.FILLED in states


def test_the_bars_of_the_race_are_a_walk_around_the_clock() -> None:
    bars = minute_bars(1000)
    assert datetime.fromtimestamp(int(bars["time"][0]) // 10**9, UTC).isoformat() == "2020-01-01T00:00:00+00:00"
    assert (np.diff(bars["time"]) == 60 * 10**9).all()
    assert (bars["low"] <= np.minimum(bars["open"], bars["close"])).all()
    assert (bars["high"] >= np.maximum(bars["open"], bars["close"])).all()
    longer = minute_bars(2000)
    assert all((longer[name][:1000] == column).all() for name, column in bars.items())
