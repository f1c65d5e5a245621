"""Portfolios that prices can ruin: their steps are quiet while the prices ahead cannot, and no fact changes by it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import numpy as np
import pytest

from tradinglab.algorithm.models.fees import ConstantFeeModel
from tradinglab.algorithm.models.margin_call import MarginCallModel
from tradinglab.algorithm.qc_algorithm import QCAlgorithm
from tradinglab.core.enums import Resolution, SecurityType, TickType
from tradinglab.core.market import Market
from tradinglab.core.symbol import Symbol
from tradinglab.data.columns import BarColumns
from tradinglab.data.memory import MemorySource
from tradinglab.engine.risk import RuinWatch
from tradinglab.engine.run import backtest
from tradinglab.engine.step import FullStep

_OPEN_NS = int(np.datetime64("2020-03-02T14:30", "ns").astype(np.int64))
_MINUTE_NS = 60_000_000_000
_BARS = 390
#: What is held, and how its price goes in the end: where it starts, where it ends.
CASES = {
    "a share sold short": ("ABC", SecurityType.EQUITY, Market.USA, -1000, (100.0, 260.0)),
    "a share bought on margin": ("ABC", SecurityType.EQUITY, Market.USA, 1800, (100.0, 20.0)),
    "a currency sold short": ("EURUSD", SecurityType.FOREX, Market.OANDA, -1_000_000, (1.0, 1.3)),
    "a currency quoted in another": ("USDJPY", SecurityType.FOREX, Market.OANDA, 1_000_000, (110.0, 80.0)),
    "a coin sold short": ("BTCUSD", SecurityType.CRYPTO, Market.COINBASE, -10, (10_000.0, 30_000.0)),
}


class Quotes(MemorySource):
    """Holds a pair's quotes, whose spread is 0.02 %."""

    def bars(self, symbol: Symbol, resolution: Resolution, tick_type: TickType, start_ns: int, end_ns: int) -> Any:
        """Return the bars, as quotes."""
        found = super().bars(symbol, resolution, TickType.TRADE, start_ns, end_ns)
        if tick_type != TickType.QUOTE or not len(found):
            return BarColumns.empty(tick_type)
        sides = {"bid": 0.9999, "ask": 1.0001}
        values = {
            f"{side}_{name}": np.round(found.values[name] * factor, 5)
            for side, factor in sides.items() for name in ("open", "high", "low", "close")
        }  # fmt: skip
        sizes = {f"{side}_size": np.ones(len(found)) for side in sides}
        return BarColumns(tick_type, found.time_ns, found.end_ns, values | sizes)

    def tick_types(self, symbol: Symbol, resolution: Resolution) -> tuple[TickType, ...]:
        """Return that there are quotes."""
        return (TickType.QUOTE,) if super().tick_types(symbol, resolution) else ()


class Holding(QCAlgorithm):
    """Takes a position in the first minute and looks at what it is worth."""

    ticker, kind, market, quantity = "ABC", SecurityType.EQUITY, Market.USA, -1000
    meddles: Any = None
    last: Holding

    def initialize(self) -> None:
        type(self).last = self
        self.set_start_date(2020, 3, 2)
        self.set_end_date(2020, 3, 2)
        self.set_cash(100_000)
        self.set_benchmark(lambda time: 0)
        security = self.add_security(self.kind, self.ticker, Resolution.MINUTE, self.market, True, 30, False)
        security.set_fee_model(ConstantFeeModel(0))
        self.portfolio.set_margin_call_model(MarginCallModel.NULL)
        self.seen: list[Any] = []

    def on_data(self, slice: Any) -> None:
        if not self.seen:
            self.market_order(self.ticker, self.quantity)
        self.seen.append((self.utc_time, self.portfolio.exact_total_portfolio_value))
        if self.meddles is not None and len(self.seen) == _BARS // 2:
            self.meddles(self)


def _closes(prices: tuple[float, float], turn: int) -> Any:
    """Return closes that wander at first and go to their end in the last bars."""
    wander = prices[0] * (1 + 0.01 * np.sin(np.arange(turn)))
    return np.round(np.concatenate([wander, np.linspace(prices[0], prices[1], _BARS - turn)]), 5)


@contextmanager
def _counted(*, always_full: bool = False) -> Iterator[list[int]]:
    """Count the full steps, and let all of them be full if asked."""
    taken: list[int] = []
    take = FullStep.take

    def counting(self: FullStep, utc_ns: int, step: int) -> bool:
        taken.append(step)
        return take(self, utc_ns, step)

    with mock.patch.object(FullStep, "take", counting):
        if not always_full:
            yield taken
            return
        with mock.patch.object(RuinWatch, "next_ns", return_value=0):
            yield taken


def _run(case: str, turn: int, meddles: Any = None, *, always_full: bool = False) -> tuple[Any, int]:
    ticker, kind, market, quantity, prices = CASES[case]
    source = Quotes() if kind == SecurityType.FOREX else MemorySource()
    close = _closes(prices, turn)
    columns = dict.fromkeys(("open", "high", "low", "close"), close)
    times = _OPEN_NS + _MINUTE_NS * np.arange(_BARS)
    source.add(
        ticker, Resolution.MINUTE, {"time": times, "volume": np.ones(_BARS), **columns}, security_type=kind,
        market=market,
    )  # fmt: skip
    members = {
        "ticker": ticker,
        "kind": kind,
        "market": market,
        "quantity": quantity,
        "meddles": staticmethod(meddles) if meddles else None,
    }
    strategy = type("Case", (Holding,), members)
    with _counted(always_full=always_full) as taken:
        result = backtest(strategy, data=source)
    found = strategy.last  # type: ignore[attr-defined]
    return (found.seen, result.statistics, found.lab_logs, found.portfolio.exact_total_portfolio_value), len(taken)


@pytest.mark.parametrize("turn", [300, 20, 390])
@pytest.mark.parametrize("case", CASES)
def test_it_ends_when_it_would_if_each_step_were_looked_at(case: str, turn: int) -> None:
    quiet, few = _run(case, turn)
    full, many = _run(case, turn, always_full=True)
    assert quiet == full
    assert few < many / 2 or turn == 20
    assert (len(quiet[0]) < _BARS) == (turn < _BARS)


def _pay(strategy: Any) -> None:
    strategy.portfolio.cash_book["USD"].add_amount(-250_000)


def _hold(strategy: Any) -> None:
    strategy.portfolio[strategy.ticker].set_holdings(100, -100_000)


@pytest.mark.parametrize("meddles", [_pay, _hold])
def test_what_the_author_changes_by_hand_is_seen_at_once(meddles: Any) -> None:
    quiet, _ = _run("a share sold short", _BARS, meddles)
    full, _ = _run("a share sold short", _BARS, meddles, always_full=True)
    assert quiet == full
    assert len(quiet[0]) < _BARS
