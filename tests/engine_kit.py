"""Random bars in memory, and a strategy that trades them by a script, for the laws of a run."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
from hypothesis import strategies as st

from tradinglab.algorithm.models.fees import ConstantFeeModel
from tradinglab.algorithm.qc_algorithm import QCAlgorithm
from tradinglab.core.enums import AccountType, BrokerageName, OrderStatus, Resolution, SecurityType
from tradinglab.core.market import Market
from tradinglab.data.memory import MemorySource
from tradinglab.engine.result import BacktestResult
from tradinglab.engine.run import backtest

#: 2 March 2020, 09:30 in New York, and the weekdays that follow: no holiday is near.
_OPEN_NS = int(np.datetime64("2020-03-02T14:30", "ns").astype(np.int64))
_MIDNIGHT_NS = int(np.datetime64("2020-03-02T05:00", "ns").astype(np.int64))
_MINUTE_NS, _DAY_NS = 60_000_000_000, 86_400_000_000_000
LONGEST = {Resolution.MINUTE: 40, Resolution.DAILY: 5}

#: What a script may do at a bar: a kind of order, a number of shares, an offset of the price in percent.
KINDS = ("market", "limit", "stop", "stop_limit", "touched", "open", "close", "percent", "liquidate", "cancel")
Action = tuple[str, int, int]
Bars = dict[str, np.ndarray[Any, Any]]

actions = st.tuples(st.sampled_from(KINDS), st.integers(-20, 20).filter(bool), st.integers(-3, 3))
scripts = st.lists(st.none() | actions, min_size=1, max_size=40)


def _bar(opens: int, moves: tuple[int, int, int]) -> tuple[int, int, int, int]:
    up, down, close = moves
    high, low = opens + up, max(opens - down, 100)
    return opens, high, low, low + (high - low) * close // 10


@st.composite
def bars(draw: st.DrawFn, resolution: Resolution) -> Bars:
    """Draw bars whose prices are whole cents, from one to a few hundred dollars, with gaps between them."""
    moves = st.tuples(st.integers(0, 300), st.integers(0, 300), st.integers(0, 10))
    steps = draw(st.lists(st.tuples(moves, st.integers(-200, 200)), min_size=3, max_size=LONGEST[resolution]))
    price, rows = draw(st.integers(2_000, 20_000)), []
    for move, gap in steps:
        rows.append(_bar(max(price + gap, 200), move))
        price = rows[-1][3]
    first, step = (_OPEN_NS, _MINUTE_NS) if resolution == Resolution.MINUTE else (_MIDNIGHT_NS, _DAY_NS)
    columns = np.array(rows, float).T / 100
    found: Bars = dict(zip(("open", "high", "low", "close"), columns, strict=True))
    return found | {"time": first + step * np.arange(len(rows)), "volume": np.full(len(rows), 1e6)}


@dataclass
class Seen:
    """What a strategy saw at a bar."""

    time: Any
    cash: Decimal
    holdings: Decimal
    equity: Decimal
    average: tuple[float, int]


class Scripted(QCAlgorithm):
    """Trades by a script, one action a bar, and writes down what it sees."""

    resolution = Resolution.MINUTE
    script: list[Action | None] = []
    fee = 0.0
    money = 100_000
    cash_account = False
    coin = False
    fill_model: Any = None
    fee_model: Any = None
    last: Scripted

    def initialize(self) -> None:
        type(self).last = self
        self.set_start_date(2020, 3, 2)
        self.set_end_date(2020, 3, 2 if self.resolution == Resolution.MINUTE else 6)
        if self.cash_account:
            self.set_brokerage_model(BrokerageName.DEFAULT, AccountType.CASH)
        self.set_cash(2_000 if self.cash_account else self.money)
        self.set_benchmark(lambda time: 0)
        if self.coin:
            security = self.add_crypto("BTCUSD", self.resolution, Market.COINBASE)
        else:
            security = self.add_equity("ABC", self.resolution)
        self.ticker = security.symbol
        security.set_fee_model(ConstantFeeModel(self.fee) if self.fee_model is None else self.fee_model())
        if self.fill_model is not None:
            security.set_fill_model(self.fill_model)
        self.average = self.sma(self.ticker, 3)
        self.plan = iter(self.script)
        self.seen: list[Seen] = []
        self.events: list[Any] = []

    def on_data(self, slice: Any) -> None:
        self.note()
        action = next(self.plan, None)
        if action is not None and self.ticker in slice.bars:
            self.act(*action, slice.bars[self.ticker].close)

    def act(self, kind: str, shares: int, percent: int, price: float) -> None:
        near, far = price * (1 + percent / 100), price * (1 + 2 * percent / 100)
        if kind == "percent":
            self.set_holdings(self.ticker, shares / 20)
        elif kind == "liquidate":
            self.liquidate(self.ticker)
        elif kind == "cancel":
            self.transactions.cancel_open_orders(self.ticker)
        else:
            orders: dict[str, Any] = {
                "market": lambda: self.market_order(self.ticker, shares),
                "limit": lambda: self.limit_order(self.ticker, shares, near),
                "stop": lambda: self.stop_market_order(self.ticker, shares, near),
                "stop_limit": lambda: self.stop_limit_order(self.ticker, shares, near, far),
                "touched": lambda: self.limit_if_touched_order(self.ticker, shares, near, far),
                "open": lambda: self.market_on_open_order(self.ticker, shares),
                "close": lambda: self.market_on_close_order(self.ticker, shares),
            }
            orders[kind]()

    def note(self) -> None:
        portfolio, held = self.portfolio, self.portfolio[self.ticker]
        value = held.exact_quantity * self.securities[self.ticker].exact_price
        average = (self.average.current.value, self.average.samples)
        self.seen.append(Seen(self.utc_time, self.cash_held, value, portfolio.exact_total_portfolio_value, average))

    @property
    def cash_held(self) -> Decimal:
        return self.portfolio.cash_book["USD"].exact_amount

    def on_order_event(self, order_event: Any) -> None:
        self.events.append(order_event)

    def fills(self) -> list[Any]:
        return [each for each in self.events if each.status in (OrderStatus.FILLED, OrderStatus.PARTIALLY_FILLED)]


def run(
    found: Bars, resolution: Resolution, script: list[Action | None], **members: Any
) -> tuple[Scripted, BacktestResult]:
    """Run a script over bars; ``members`` replace those of the strategy."""
    kind = type("Script", (Scripted,), {"resolution": resolution, "script": script, **members})
    source = MemorySource()
    if members.get("coin"):
        source.add("BTCUSD", resolution, found, security_type=SecurityType.CRYPTO, market=Market.COINBASE)
    else:
        source.add("ABC", resolution, found)
    result = backtest(kind, data=source)
    return kind.last, result  # type: ignore[attr-defined]
