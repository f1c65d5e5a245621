"""Fills to trades: the scenarios and figures of LEAN's own tests of its trade builder, and prices read afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from tradinglab.algorithm.market_events import Split
from tradinglab.algorithm.orders import OrderEvent, OrderFee
from tradinglab.algorithm.trade import Trade
from tradinglab.algorithm.trade_builder import TradeBuilder
from tradinglab.core.clock import MINUTE_NS, to_ns
from tradinglab.core.enums import (
    DataNormalizationMode,
    FillGroupingMethod,
    FillMatchingMethod,
    OrderDirection,
    OrderStatus,
    SecurityType,
    SplitType,
)
from tradinglab.core.symbol import Symbol

START = datetime(2015, 8, 6, 15, 30)
SPY = Symbol.create("SPY", SecurityType.EQUITY, "usa")
FILL_TO_FILL, FLAT_TO_FLAT, FLAT_TO_REDUCED = FillGroupingMethod
FIFO, LIFO = FillMatchingMethod

# (entry minute, entry price, quantity, exit minute, exit price, profit, fees, mae, mfe, order ids); short if < 0
Expected = tuple[int, str, int, int, str, int, int, int, int, set[int]]
Step = tuple[int, str, int] | str  # a fill: minute, price, quantity; or a market price


def fill(builder: TradeBuilder, number: int, minute: int, price: str, quantity: int) -> None:
    direction = OrderDirection.BUY if quantity > 0 else OrderDirection.SELL
    time = START + timedelta(minutes=minute)
    event = OrderEvent(number, SPY, time, OrderStatus.FILLED, direction, Decimal(price), quantity, OrderFee.ZERO)
    builder.process_fill(event, 1, 1)


def run(grouping: FillGroupingMethod, matching: FillMatchingMethod, steps: Sequence[Step]) -> list[Trade]:
    builder = TradeBuilder(grouping, matching)
    number = 0
    for step in steps:
        if isinstance(step, str):
            builder.set_market_price(SPY, Decimal(step))
        else:
            number += 1
            fill(builder, number, *step)
    assert not builder.has_open_position(SPY)
    return builder.closed_trades


def shown(trade: Trade) -> Expected:
    return (
        (trade.entry_ns - to_ns(START)) // MINUTE_NS,
        f"{trade.exact_entry_price.normalize():f}",
        int(trade.exact_quantity) * trade.sign,
        (trade.exit_ns - to_ns(START)) // MINUTE_NS,
        f"{trade.exact_exit_price.normalize():f}",
        int(trade.exact_profit_loss),
        int(trade.exact_total_fees),
        int(trade.exact_mae),
        int(trade.exact_mfe),
        trade.order_ids,
    )


ALL_IN_ALL_OUT: list[Step] = [(0, "1.08", 1000), "1.075", "1.10", (10, "1.09", -1000)]
SCALE_IN: list[Step] = [(0, "1.08", 1000), "1.075", (10, "1.07", 1000), "1.065", "1.10", (20, "1.09", -2000)]
SCALE_OUT: list[Step] = [(0, "1.07", 2000), "1.075", (10, "1.08", -1000), "1.065", "1.10", (20, "1.09", -1000)]
REVERSAL: list[Step] = [(0, "1.07", 1000), "1.075", (10, "1.08", -2000), "1.065", "1.10", (20, "1.09", 1000)]
SCALE_IN_AND_OUT: list[Step] = [
    (0, "1.07", 1000), "1.075", (10, "1.08", 1000), "1.065", "1.10",
    (20, "1.09", -1000), (30, "1.08", 1000), (40, "1.09", -2000),
]  # fmt: skip


def mirrored(steps: Sequence[Step]) -> list[Step]:
    return [step if isinstance(step, str) else (step[0], step[1], -step[2]) for step in steps]


@pytest.mark.parametrize("matching", list(FillMatchingMethod))
@pytest.mark.parametrize("grouping", list(FillGroupingMethod))
def test_all_in_all_out(grouping: FillGroupingMethod, matching: FillMatchingMethod) -> None:
    measured = grouping == FILL_TO_FILL
    (long,) = run(grouping, matching, ALL_IN_ALL_OUT)
    assert shown(long) == (0, "1.08", 1000, 10, "1.09", 10, 2, -5 * measured, 20 * measured, {1, 2})
    (short,) = run(grouping, matching, mirrored(ALL_IN_ALL_OUT))
    assert shown(short) == (0, "1.08", -1000, 10, "1.09", -10, 2, -20 * measured, 5 * measured, {1, 2})


CASES: list[tuple[FillGroupingMethod, FillMatchingMethod, list[Step], list[Expected]]] = [
    (FILL_TO_FILL, FIFO, SCALE_IN, [
        (0, "1.08", 1000, 20, "1.09", 10, 2, -15, 20, {1, 3}), (10, "1.07", 1000, 20, "1.09", 20, 1, -5, 30, {2, 3})]),
    (FILL_TO_FILL, LIFO, SCALE_IN, [
        (10, "1.07", 1000, 20, "1.09", 20, 2, -5, 30, {2, 3}), (0, "1.08", 1000, 20, "1.09", 10, 1, -15, 20, {1, 3})]),
    (FLAT_TO_FLAT, FIFO, SCALE_IN, [(0, "1.075", 2000, 20, "1.09", 30, 3, 0, 0, {1, 2, 3})]),
    (FLAT_TO_REDUCED, FIFO, SCALE_IN, [(0, "1.075", 2000, 20, "1.09", 30, 3, 0, 0, {1, 2, 3})]),
    (FILL_TO_FILL, FIFO, mirrored(SCALE_IN), [
        (0, "1.08", -1000, 20, "1.09", -10, 2, -20, 15, {1, 3}),
        (10, "1.07", -1000, 20, "1.09", -20, 1, -30, 5, {2, 3})]),
    (FILL_TO_FILL, FIFO, SCALE_OUT, [
        (0, "1.07", 1000, 10, "1.08", 10, 2, 0, 10, {1, 2}), (0, "1.07", 1000, 20, "1.09", 20, 1, -5, 30, {1, 3})]),
    (FLAT_TO_FLAT, LIFO, SCALE_OUT, [(0, "1.07", 2000, 20, "1.085", 30, 3, 0, 0, {1, 2, 3})]),
    (FLAT_TO_REDUCED, FIFO, SCALE_OUT, [
        (0, "1.07", 1000, 10, "1.08", 10, 2, 0, 0, {1, 2}), (0, "1.07", 1000, 20, "1.09", 20, 1, 0, 0, {1, 3})]),
    (FILL_TO_FILL, FIFO, REVERSAL, [
        (0, "1.07", 1000, 10, "1.08", 10, 2, 0, 10, {1, 2}), (10, "1.08", -1000, 20, "1.09", -10, 1, -20, 15, {2, 3})]),
    (FLAT_TO_FLAT, FIFO, REVERSAL, [
        (0, "1.07", 1000, 10, "1.08", 10, 2, 0, 0, {1, 2}), (10, "1.08", -1000, 20, "1.09", -10, 1, 0, 0, {2, 3})]),
    (FLAT_TO_REDUCED, LIFO, mirrored(REVERSAL), [
        (0, "1.07", -1000, 10, "1.08", -10, 2, 0, 0, {1, 2}), (10, "1.08", 1000, 20, "1.09", 10, 1, 0, 0, {2, 3})]),
    (FILL_TO_FILL, FIFO, SCALE_IN_AND_OUT, [
        (0, "1.07", 1000, 20, "1.09", 20, 2, -5, 30, {1, 3}), (10, "1.08", 1000, 40, "1.09", 10, 2, -15, 20, {2, 5}),
        (30, "1.08", 1000, 40, "1.09", 10, 1, -15, 20, {4, 5})]),
    (FILL_TO_FILL, LIFO, SCALE_IN_AND_OUT, [
        (10, "1.08", 1000, 20, "1.09", 10, 2, -15, 20, {2, 3}), (30, "1.08", 1000, 40, "1.09", 10, 2, -15, 20, {4, 5}),
        (0, "1.07", 1000, 40, "1.09", 20, 1, -5, 30, {1, 5})]),
    (FLAT_TO_REDUCED, FIFO, SCALE_IN_AND_OUT, [
        (0, "1.07", 1000, 20, "1.09", 20, 3, 0, 0, {1, 3}), (10, "1.08", 2000, 40, "1.09", 20, 2, 0, 0, {2, 4, 5})]),
    (FLAT_TO_REDUCED, LIFO, SCALE_IN_AND_OUT, [
        (10, "1.08", 1000, 20, "1.09", 10, 3, 0, 0, {2, 3}), (0, "1.075", 2000, 40, "1.09", 30, 2, 0, 0, {1, 4, 5})]),
]  # fmt: skip


@pytest.mark.parametrize(("grouping", "matching", "steps", "expected"), CASES)
def test_scenarios(
    grouping: FillGroupingMethod, matching: FillMatchingMethod, steps: list[Step], expected: list[Expected]
) -> None:
    assert [shown(trade) for trade in run(grouping, matching, steps)] == expected


def test_flat_to_flat_averages_all_entries() -> None:
    (trade,) = run(FLAT_TO_FLAT, FIFO, SCALE_IN_AND_OUT)
    assert (trade.exact_quantity, trade.exact_profit_loss, trade.exact_total_fees) == (3000, 40, 5)
    assert trade.order_ids == {1, 2, 3, 4, 5}


class Path:
    """Prices at given minutes."""

    def __init__(self, prices: dict[float, float]) -> None:
        self._prices = {to_ns(START) + int(minute * MINUTE_NS): price for minute, price in prices.items()}

    def prices(self, symbol: Symbol, after_ns: int, until_ns: int) -> list[float]:
        assert symbol == SPY
        return [price for time, price in self._prices.items() if after_ns < time <= until_ns]


def test_excursions_are_read_from_the_price_history() -> None:
    builder = TradeBuilder()
    builder.set_price_history(Path({0: 0.5, 1: 104.0, 2: 98.0, 3: 110.0, 4: 103.0, 5: 108.0, 6: 1.0}))
    fill(builder, 1, 0, "100", 10)  # the price at the entry's own step came before the fill
    fill(builder, 2, 5, "107", -10)
    (trade,) = builder.closed_trades
    assert (trade.mae, trade.mfe, trade.end_trade_drawdown) == (-20.0, 100.0, 70.0)
    assert (trade.profit_loss, trade.is_win, trade.duration) == (70.0, True, timedelta(minutes=5))


def test_a_short_trade_gives_back_when_prices_rise() -> None:
    builder = TradeBuilder()
    builder.set_price_history(Path({1: 97.0, 2: 103.0, 3: 95.0}))
    fill(builder, 1, 0, "100", -10)
    fill(builder, 2, 4, "99", 10)
    (trade,) = builder.closed_trades
    assert (trade.mae, trade.mfe, trade.end_trade_drawdown, trade.profit_loss) == (-30.0, 50.0, 60.0, 10.0)


@pytest.mark.parametrize("grouping", list(FillGroupingMethod))
def test_a_split_rescales_what_is_open(grouping: FillGroupingMethod) -> None:
    builder = TradeBuilder(grouping, FIFO)
    builder.set_price_history(Path({1: 90.0, 3: 48.0}))
    fill(builder, 1, 0, "100", 10)
    split = Split(SPY, START + timedelta(minutes=2), 90, 0.5, SplitType.SPLIT_OCCURRED)
    builder.apply_split(split, False, DataNormalizationMode.ADJUSTED)  # nothing to do: adjusted prices do not jump
    builder.apply_split(split, False, DataNormalizationMode.RAW)
    fill(builder, 2, 4, "52", -20)
    (trade,) = builder.closed_trades
    assert (trade.entry_price, trade.quantity, trade.profit_loss) == (50.0, 20.0, 40.0)
    if grouping == FILL_TO_FILL:
        assert (trade.mae, trade.mfe, trade.end_trade_drawdown) == (-100.0, 40.0, 100.0)


def test_an_orders_fee_counts_once() -> None:
    builder = TradeBuilder()
    fill(builder, 1, 0, "100", 5)
    fill(builder, 1, 1, "100", 5)
    fill(builder, 2, 2, "101", -10)
    assert [trade.total_fees for trade in builder.closed_trades] == [2.0, 0.0]


def test_both_spellings() -> None:
    trade = run(FILL_TO_FILL, FIFO, ALL_IN_ALL_OUT)[0]
    assert trade.ProfitLoss == trade.profit_loss
    assert trade.Symbol == SPY
    assert trade.EntryTime == START
    assert "SPY" in repr(trade)


@pytest.mark.parametrize("matching", list(FillMatchingMethod))
@pytest.mark.parametrize("grouping", list(FillGroupingMethod))
def test_a_split_between_two_positions_changes_neither(
    grouping: FillGroupingMethod, matching: FillMatchingMethod
) -> None:
    builder = TradeBuilder(grouping, matching)
    split = Split(SPY, START + timedelta(minutes=15), 1, Decimal("0.5"), SplitType.SPLIT_OCCURRED)
    for number, (minute, price, quantity) in enumerate([(0, "100", 10), (10, "110", -10)], 1):
        fill(builder, number, minute, price, quantity)
    builder.set_market_price(SPY, Decimal(500))
    builder.apply_split(split, False, DataNormalizationMode.RAW)
    for number, (minute, price, quantity) in enumerate([(20, "52", -10), (30, "50", 10)], 3):
        fill(builder, number, minute, price, quantity)
    measured = grouping == FILL_TO_FILL
    assert [shown(trade) for trade in builder.closed_trades] == [
        (0, "100", 10, 10, "110", 100, 2, 0, 100 * measured, {1, 2}),
        (20, "52", -10, 30, "50", 20, 2, 0, 20 * measured, {3, 4}),
    ]
