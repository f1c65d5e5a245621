"""Laws of a run that hold whatever the bars and the orders."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import Any
from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.engine_kit import Action, Bars, Scripted, Seen, bars, run, scripts

from tradinglab.algorithm.models.fills import FillModel
from tradinglab.core.enums import OrderStatus, Resolution
from tradinglab.engine.step import FullStep

RESOLUTIONS = pytest.mark.parametrize("resolution", [Resolution.MINUTE, Resolution.DAILY], ids=["minute", "daily"])


@RESOLUTIONS
@given(data=st.data(), script=scripts, fee=st.sampled_from([0.0, 1.5]))
@settings(max_examples=20, deadline=None)
def test_equity_is_cash_and_holdings_at_every_step(
    resolution: Resolution, data: st.DataObject, script: list[Action | None], fee: float
) -> None:
    strategy, result = run(data.draw(bars(resolution)), resolution, script, fee=fee)
    assert all(seen.equity == seen.cash + seen.holdings for seen in strategy.seen)
    cash = Decimal(100_000)
    for fill in strategy.fills():
        cash -= fill.exact_fill_quantity * fill.exact_fill_price + fill.order_fee.value.exact_amount
    assert strategy.cash_held == cash
    assert Decimal(result.statistics["End Equity"]) == round(strategy.portfolio.exact_total_portfolio_value, 2)


@RESOLUTIONS
@given(data=st.data(), script=scripts, fee=st.integers(1, 500))
@settings(max_examples=12, deadline=None)
def test_fees_only_ever_reduce_equity(
    resolution: Resolution, data: st.DataObject, script: list[Action | None], fee: int
) -> None:
    """Orders of fixed size are the same with fees and without; the account differs by what was paid."""
    script = [action if action is None or action[0] != "percent" else None for action in script]
    found = data.draw(bars(resolution))
    free, _ = run(found, resolution, script)
    paying, _ = run(found, resolution, script, fee=fee / 100)
    assert [seen.time for seen in free.seen] == [seen.time for seen in paying.seen]
    paid = [before.equity - after.equity for before, after in zip(free.seen, paying.seen, strict=True)]
    assert paid == sorted(paid)
    assert all(amount % (Decimal(fee) / 100) == 0 and amount >= 0 for amount in paid)
    total = free.portfolio.exact_total_portfolio_value - paying.portfolio.exact_total_portfolio_value
    assert total == paying.portfolio.exact_total_fees == len(paying.fills()) * Decimal(fee) / 100


def _until(strategy: Scripted, count: int) -> tuple[list[Seen], list[Any]]:
    """Return what a strategy saw at the first bars, and what its orders did up to the last of them."""
    seen = strategy.seen[:count]
    events = [
        (event.utc_time, event.order_id, event.status, event.exact_fill_quantity, event.exact_fill_price)
        for event in strategy.events
        if event.utc_time <= seen[-1].time
    ]
    return seen, events


@RESOLUTIONS
@given(data=st.data(), script=scripts)
@settings(max_examples=20, deadline=None)
def test_what_comes_later_changes_nothing_before(
    resolution: Resolution, data: st.DataObject, script: list[Action | None]
) -> None:
    """Other bars after *t* leave orders, account and indicators up to *t* as they were."""
    found = data.draw(bars(resolution))
    count = len(found["time"])
    last = data.draw(st.integers(0, count - 2))
    factor = data.draw(st.sampled_from([0.5, 0.9, 1.1, 3.0]))
    other: Bars = {
        name: column if name == "time" else np.where(np.arange(count) > last, column * factor, column)
        for name, column in found.items()
    }
    one, _ = run(found, resolution, script)
    two, _ = run(other, resolution, script)
    assert _until(one, last + 1) == _until(two, last + 1)


@RESOLUTIONS
@given(data=st.data(), script=scripts)
@settings(max_examples=20, deadline=None)
def test_an_indicator_is_that_of_the_bars_until_now(
    resolution: Resolution, data: st.DataObject, script: list[Action | None]
) -> None:
    found = data.draw(bars(resolution))
    strategy, _ = run(found, resolution, script)
    closes = found["close"]
    for count, seen in enumerate(strategy.seen[: len(closes)], start=1):
        window = closes[max(count - 3, 0) : count]
        value, samples = seen.average
        assert samples == count
        assert value == pytest.approx(window.mean(), rel=1e-12)


@RESOLUTIONS
@given(data=st.data(), script=scripts)
@settings(max_examples=12, deadline=None)
def test_a_run_repeated_gives_the_same(
    resolution: Resolution, data: st.DataObject, script: list[Action | None]
) -> None:
    found = data.draw(bars(resolution))
    one, first = run(found, resolution, script)
    two, second = run(found, resolution, script)
    assert first.statistics == second.statistics
    assert one.seen == two.seen


@pytest.mark.parametrize("resolution", [Resolution.MINUTE, Resolution.DAILY])
@given(data=st.data(), script=scripts, coin=st.booleans())
@settings(max_examples=20, deadline=None)
def test_a_quiet_step_does_what_a_full_one_does(
    resolution: Resolution, data: st.DataObject, script: list[Action | None], coin: bool
) -> None:
    if coin:
        script = [None if action is None or action[0] in ("open", "close") else action for action in script]
    found = data.draw(bars(resolution))
    quiet, told = run(found, resolution, script, coin=coin)
    with mock.patch.object(FullStep, "must_repeat", return_value=True):
        full, known = run(found, resolution, script, coin=coin)
    assert _until(quiet, len(quiet.seen)) == _until(full, len(full.seen))
    assert told.statistics == known.statistics


class _Parts(FillModel):
    """Fills market orders in parts of given sizes."""

    def __init__(self, parts: list[int]) -> None:
        super().__init__()
        self._parts = parts
        self._done: dict[int, int] = defaultdict(int)

    def market_fill(self, asset: Any, order: Any) -> Any:
        fill = super().market_fill(asset, order)
        left = int(order.absolute_quantity) - self._done[order.id]
        part = min(self._parts[order.id % len(self._parts)], left)
        self._done[order.id] += part
        fill.fill_quantity = part if order.quantity > 0 else -part
        fill.status = OrderStatus.FILLED if part == left else OrderStatus.PARTIALLY_FILLED
        return fill


@RESOLUTIONS
@given(data=st.data(), script=scripts, parts=st.none() | st.lists(st.integers(1, 10), min_size=1, max_size=4))
@settings(max_examples=12, deadline=None)
def test_no_more_is_filled_than_was_ordered(
    resolution: Resolution, data: st.DataObject, script: list[Action | None], parts: list[int] | None
) -> None:
    model = None if parts is None else _Parts(parts)
    strategy, _ = run(data.draw(bars(resolution)), resolution, script, fill_model=model)
    filled: dict[int, Decimal] = defaultdict(Decimal)
    for fill in strategy.fills():
        filled[fill.order_id] += fill.exact_fill_quantity
    tickets = {ticket.order_id: ticket for ticket in strategy.transactions.get_order_tickets()}
    for number, quantity in filled.items():
        ordered = tickets[number].exact_quantity
        assert quantity * ordered > 0
        assert abs(quantity) <= abs(ordered)
        assert tickets[number].exact_quantity_filled == quantity
        assert (tickets[number].status == OrderStatus.FILLED) == (quantity == ordered)
    assert strategy.portfolio["ABC"].exact_quantity == sum(filled.values())


@RESOLUTIONS
@given(data=st.data(), script=scripts, fee=st.sampled_from([0.0, 1.0, 7.0]))
@settings(max_examples=20, deadline=None)
def test_a_cash_account_that_only_buys_and_liquidates_never_owes(
    resolution: Resolution, data: st.DataObject, script: list[Action | None], fee: float
) -> None:
    """What a sale brings is not settled at once, so its fee is the most that cash can fall short by."""
    buying = [None if action is None else (action[0], abs(action[1]), action[2]) for action in script]
    strategy, _ = run(data.draw(bars(resolution)), resolution, buying, fee=fee, cash_account=True)
    least = -sum(Decimal(fee) for fill in strategy.fills() if fill.exact_fill_quantity < 0)
    assert all(seen.cash >= least and seen.holdings >= 0 for seen in strategy.seen)
    assert strategy.cash_held >= least


@given(found=bars(Resolution.MINUTE), script=scripts, fee=st.sampled_from([0.0, 1.0, 7.0]))
@settings(max_examples=20, deadline=None)
def test_a_cash_account_of_coins_owes_neither_coins_nor_money(
    found: Bars, script: list[Action | None], fee: float
) -> None:
    # An account is asked for a stop order's money at the stop's price, and the fill may be dearer, as in LEAN.
    left_out = ("open", "close", "stop")
    script = [None if action is None or action[0] in left_out else action for action in script]
    strategy, _ = run(found, Resolution.MINUTE, script, fee=fee, cash_account=True, coin=True)
    assert all(seen.cash >= 0 and seen.holdings >= 0 for seen in strategy.seen)
    assert strategy.cash_held >= 0
    assert strategy.portfolio.cash_book["BTC"].exact_amount >= 0
