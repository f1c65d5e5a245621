"""Market orders that are carried out in few steps come to what the general path makes of them."""

from __future__ import annotations

from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.engine_kit import Action, Bars, Scripted, bars, run

from tradinglab.algorithm.models.fees import FeeModel
from tradinglab.algorithm.orders import CashAmount, OrderFee
from tradinglab.algorithm.orders.serialization import order_json
from tradinglab.algorithm.qc_algorithm import QCAlgorithm
from tradinglab.core.enums import OrderStatus, Resolution
from tradinglab.engine.express import Express

KINDS = ("market", "market", "market", "open", "limit", "stop", "percent", "liquidate", "cancel")
actions = st.tuples(st.sampled_from(KINDS), st.integers(-40, 40).filter(bool), st.integers(-3, 3))
scripts = st.lists(st.none() | actions, min_size=3, max_size=40)


class Toll(FeeModel):
    """A fee that depends on how often it was asked for, so that a question more or less shows."""

    def __init__(self) -> None:
        self.asked = 0

    def get_order_fee(self, parameters: Any) -> OrderFee:
        self.asked += 1
        notional = parameters.order.absolute_quantity * parameters.security.price
        return OrderFee(CashAmount(round(notional * 0.001 + self.asked % 7 * 0.01, 4), "USD"))


class Reacting(Scripted):
    """Does something when it is told of an order."""

    reaction = ""

    def initialize(self) -> None:
        super().initialize()
        self.left = 3

    def act(self, kind: str, shares: int, percent: int, price: float) -> None:
        super().act(kind, shares, percent, price)
        if kind == "market" and shares % 3 == 0:
            self.market_order(self.ticker, -shares, tag="again")

    def on_order_event(self, order_event: Any) -> None:
        super().on_order_event(order_event)
        if not self.left or order_event.status not in (OrderStatus.SUBMITTED, OrderStatus.FILLED):
            return
        is_fill = order_event.status == OrderStatus.FILLED
        if self.reaction == "cancel" and not is_fill:
            self.left -= 1
            order_event.ticket.cancel()
        elif self.reaction == "order" and (self.left % 2 == 0) == is_fill:
            self.left -= 1
            self.market_order(self.ticker, 2)
        elif self.reaction == "leverage" and is_fill:
            self.left -= 1
            self.securities[self.ticker].set_leverage(1 + self.left)


#: The same as ``Scripted``, but deaf to events.
Deaf = type(
    "Deaf", (QCAlgorithm,), {k: v for k, v in vars(Scripted).items() if k not in ("on_order_event", "__dict__")}
)


class Peeking(Toll):
    """Looks at every ticket when it is asked, or at every other time: the others are written later."""

    every = 1
    algorithm: Any = None

    def __init__(self) -> None:
        super().__init__()
        self.peeked: list[Any] = []

    def get_order_fee(self, parameters: Any) -> OrderFee:
        transactions = self.algorithm.transactions
        if self.asked % self.every == 0:
            self.peeked += [
                (t.order_id, t.status, t.submit_request.status, len(t.order_events), t.exact_quantity_filled)
                for t in transactions.get_order_tickets()
            ]
        self.peeked.append([order.id for order in transactions.get_open_orders()])
        return super().get_order_fee(parameters)


def _watch(strategy: Any) -> None:
    Scripted.initialize(strategy)
    strategy.securities[strategy.ticker].fee_model.algorithm = strategy


Watched = type("Watched", (Deaf,), {"initialize": _watch})


def outcome(strategy: Scripted, result: Any) -> dict[str, Any]:
    tickets = strategy.transactions.get_order_tickets()
    security = strategy.securities[strategy.ticker]
    return {
        "orders": [order_json(order) for order in result.record.orders],
        "events": [(event.id, event.utc_ns, str(event)) for event in result.record.order_events],
        "tickets": [(t.order_id, t.status, str(t.submit_request), t.submit_request.response.error_code,
                     t.exact_quantity_filled, t.exact_average_fill_price, len(t.order_events))
                    for t in tickets],
        "seen": strategy.seen,
        "cash": [(cash.symbol, str(cash.exact_amount)) for cash in strategy.portfolio.cash_book.values()],
        "asked": getattr(security.fee_model, "asked", 0),
        "peeked": getattr(security.fee_model, "peeked", None),
        "statistics": result.statistics,
        "trades": [str(trade) for trade in strategy.trade_builder.closed_trades],
        "logs": result.logs,
    }  # fmt: skip


def compare(
    kind: type, found: Bars, script: list[Action | None], resolution: Resolution = Resolution.MINUTE, **members: Any
) -> None:
    if members.get("coin"):  # a market that never closes does not open either
        script = [action and (("market", *action[1:]) if action[0] == "open" else action) for action in script]

    def play() -> dict[str, Any]:
        with patch("tests.engine_kit.Scripted", kind):
            return outcome(*run(found, resolution, script, **members))

    quick = play()
    with (
        patch.object(Express, "take", lambda *_: None),
        patch.object(Express, "take_at_open", lambda *_: None),
        patch.object(Express, "fill_at_open", lambda *_: False),
    ):
        assert quick == play()


@pytest.mark.parametrize(
    ("kind", "reaction"),
    [(Deaf, ""), (Reacting, ""), (Reacting, "cancel"), (Reacting, "order"), (Reacting, "leverage")],
)
@given(data=st.data(), script=scripts, coin=st.booleans())
@settings(max_examples=15, deadline=None)
def test_few_steps_come_to_what_the_general_path_does(
    data: st.DataObject, script: list[Action | None], coin: bool, reaction: str, kind: type
) -> None:
    compare(kind, data.draw(bars(Resolution.MINUTE)), script, coin=coin, reaction=reaction, fee_model=Toll)


@pytest.mark.parametrize("kind", [Deaf, Reacting])
@given(data=st.data(), script=scripts, coin=st.booleans(), money=st.integers(300, 6000))
@settings(max_examples=25, deadline=None)
def test_they_do_so_when_money_is_short(
    data: st.DataObject, script: list[Action | None], coin: bool, money: int, kind: type
) -> None:
    compare(kind, data.draw(bars(Resolution.MINUTE)), script, coin=coin, money=money, fee=1.5)


@pytest.mark.parametrize("kind", [Deaf, Reacting])
@pytest.mark.parametrize("reaction", ["", "cancel", "order", "leverage"])
@given(data=st.data(), script=scripts, money=st.sampled_from([600, 3000, 100_000]))
@settings(max_examples=15, deadline=None)
def test_orders_for_the_open_come_to_the_same(
    data: st.DataObject, script: list[Action | None], money: int, reaction: str, kind: type
) -> None:
    """Daily bars end when the market is closed, so that orders at the market wait for the open."""
    found = data.draw(bars(Resolution.DAILY))
    compare(kind, found, script, Resolution.DAILY, money=money, reaction=reaction, fee=0.5)


@pytest.mark.parametrize("every", [1, 2, 5])
@given(data=st.data(), script=scripts, money=st.sampled_from([600, 100_000]))
@settings(max_examples=15, deadline=None)
def test_tickets_that_are_looked_at_halfway_are_the_same(
    data: st.DataObject, script: list[Action | None], money: int, every: int
) -> None:
    found = data.draw(bars(Resolution.DAILY))
    fee_model = type("Peeking", (Peeking,), {"every": every})
    compare(Watched, found, script, Resolution.DAILY, money=money, fee_model=fee_model)


def test_plain_market_orders_take_few_steps() -> None:
    """Otherwise the tests above compare the general path with itself."""
    taken = []
    take = Express.take

    def noted(self: Express, *given: Any) -> Any:
        taken.append(take(self, *given))
        return taken[-1]

    prices = {name: [100.0, 101.0, 102.0, 103.0] for name in ("open", "high", "low", "close")}
    found: Bars = {name: np.array(column) for name, column in prices.items()}
    found |= {"time": 1_583_159_400_000_000_000 + 60_000_000_000 * np.arange(4), "volume": np.full(4, 1e6)}
    with patch.object(Express, "take", noted):
        run(found, Resolution.MINUTE, [("market", 3, 0), ("market", -5, 0), ("market", 2, 0)])
    assert [ticket.status for ticket in taken] == [OrderStatus.FILLED] * 3
