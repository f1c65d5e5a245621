"""A live run that is cut off and goes on from what it told: as if it had never been, with the orders that were open."""

from __future__ import annotations

import json
import math
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tradinglab.core.clock import NEW_YORK_ZONE, zone
from tradinglab.engine.live import reporter
from tradinglab.engine.live.link import SilentLink
from tradinglab.engine.live.options import LiveOptions, Position
from tradinglab.engine.live.pace import UNPACED, Pace
from tradinglab.engine.live.run import LiveEnd, run_live

NEW_YORK = zone(NEW_YORK_ZONE)
START = datetime(2012, 1, 9, 9, 40)
CUT = START + timedelta(minutes=20)
END = START + timedelta(days=4)
#: What is done on the first of the steps, and only in the first of the processes.
STRATEGY = """
from AlgorithmImports import *

class Resting(QCAlgorithm):
    def initialize(self):
        self.set_cash(100000)
        if {warm_up}:
            self.set_warm_up({warm_up}, Resolution.DAILY)
        self.ibm = self.add_equity("IBM", Resolution.MINUTE).symbol
        self.aapl = self.add_equity("AAPL", Resolution.MINUTE).symbol
        self.is_first = self.get_parameter("first", "no") == "yes"

    def on_warmup_finished(self):
        for order in self.transactions.get_open_orders():
            self.log(f"open {{order.id}} {{order.type}} {{order.quantity}} '{{order.tag}}' {{order.status}}")
        for ticket in self.transactions.get_open_order_tickets():
            self.log(f"ticket {{ticket.order_id}} {{ticket.quantity_filled}} {{len(ticket.order_events)}}")

    def on_data(self, data):
        if not self.is_first or self.is_warming_up or not self.securities[self.ibm].price:
            return
        self.is_first = False
        ibm, price = self.ibm, round(self.securities[self.ibm].price, 2)
        self.market_order(ibm, 100)
        {orders}

    def on_order_event(self, event):
        self.log(f"event {{event.order_id}} {{event.status}}")
"""
ORDERS = {
    "limit": "self.limit_order(ibm, -10, round(price * 1.004, 2), tag='up')",
    "never": "self.limit_order(ibm, -10, price * 2)",
    "stop": "self.stop_market_order(ibm, -10, round(price * 0.996, 2))",
    "stop limit": "self.stop_limit_order(ibm, -10, round(price * 0.998, 2), round(price * 0.9985, 2))",
    "touched": "self.limit_if_touched_order(ibm, -10, round(price * 1.001, 2), round(price * 1.004, 2))",
    "trailing": "self.trailing_stop_order(ibm, -10, 0.004, True)",
    "close": "self.market_on_close_order(ibm, -10)",
    "day": "p = OrderProperties(); p.time_in_force = TimeInForce.DAY\n        "
           "self.limit_order(ibm, -10, price * 2, order_properties=p)",
    "until": "p = OrderProperties(); p.time_in_force = TimeInForce.good_til_date(datetime(2012, 1, 11))\n        "
             "self.limit_order(ibm, -10, price * 2, order_properties=p)",
    "combo": "self.combo_limit_order([Leg.create(ibm, -1), Leg.create(self.aapl, 1)], 10, "
             "round((self.securities[self.aapl].price - price - 3) / 100, 4))",
}  # fmt: skip


class Told(SilentLink):
    """What an account's keeper makes of what it is told, in JSON and back."""

    def __init__(self, until_ns: int) -> None:
        super().__init__()
        self._until_ns = until_ns
        self.clock_ns = 0
        self.orders: dict[int, dict[str, Any]] = {}
        self.portfolio: dict[str, Any] = {}
        self.logs: list[str] = []
        self.events: list[dict[str, Any]] = []

    def send_together(self, messages: Any) -> None:
        at = next(value["time"] for kind, value in messages if kind == "beat")
        if at > self._until_ns:
            return
        self.clock_ns = at
        for kind, value in json.loads(json.dumps(messages)):
            if kind == "order":
                known = self.orders.get(value["order"]["id"], {"events": []})
                self.orders[value["order"]["id"]] = {
                    **value["order"],
                    "events": [*known["events"], *value["events"]],
                }
                self.events += value["events"]
            elif kind == "portfolio":
                self.portfolio = value

    def send(self, kind: str, value: Any) -> None:
        if kind == "log":
            self.logs.append(value)

    def holdings(self) -> dict[str, float]:
        return {each["symbol"]: each["q"] for each in self.portfolio["holdings"].values()}

    def cash(self) -> float:
        return float(self.portfolio["cash"]["USD"]["amount"])


@pytest.fixture(autouse=True)
def always(monkeypatch: pytest.MonkeyPatch) -> None:
    """The account is told of after every step, so that a run can be cut off behind any."""
    monkeypatch.setattr(reporter, "_BEAT_EVERY_S", 0.0)


def run(
    path: Path, end: datetime, *, cut: datetime | None = None, before: Told | None = None, waits: bool = False
) -> Told:
    """Run to a time, from the beginning or from what was told before; nothing is heard of what is after a cut."""
    until_ns = NEW_YORK.to_utc(end if cut is None else cut)
    waited = Waited(until_ns)
    link = waited if waits else Told(until_ns)
    more: dict[str, Any] = {"parameters": {"first": "yes"}}
    if before is not None:
        link.orders = dict(before.orders)
        more = {
            "cash": {name: Decimal(str(each["amount"])) for name, each in before.portfolio["cash"].items()},
            "positions": tuple(
                Position(
                    symbol_id=symbol_id, ticker=each["symbol"], quantity=Decimal(str(each["q"])),
                    average_price=Decimal(str(each["a"])),
                )
                for symbol_id, each in before.portfolio["holdings"].items()
            ),
            "orders_before": max(before.orders, default=0),
            "open_orders": tuple(each for each in before.orders.values() if each["status"] in (0, 1, 2, 8, 9)),
        }  # fmt: skip
    begin_ns = NEW_YORK.to_utc(START) if before is None else before.clock_ns + 1000
    pace = Pace(begin_ns, 600.0, lambda: waited.wall_ns) if waits else Pace(begin_ns, UNPACED)
    ended: LiveEnd = run_live(
        path, data="sample", options=LiveOptions(pace=pace, end_ns=NEW_YORK.to_utc(end), link=link, seed=1, **more)
    )
    assert ended.status == "Stopped", ended
    return link


def fills(told: Told) -> list[tuple[Any, ...]]:
    return [(e["orderId"], e["orderEventId"], e["time"], e["status"], e["fillPrice"], e["fillQuantity"], e["quantity"])
            for e in told.events]  # fmt: skip


@pytest.mark.parametrize("warm_up", [0, 3])
@pytest.mark.parametrize("kind", ORDERS)
def test_it_ends_as_if_it_had_not_been_cut_off(kind: str, warm_up: int, tmp_path: Path) -> None:
    path = tmp_path / "main.py"
    path.write_text(STRATEGY.format(orders=ORDERS[kind], warm_up=warm_up))
    whole = run(path, END)
    first = run(path, END, cut=CUT)
    assert first.clock_ns == NEW_YORK.to_utc(CUT)
    assert first.holdings() == {"IBM": 100}
    assert len(first.orders) == len(whole.orders)
    rest = run(path, END, before=first)
    assert [each for each in rest.logs if "open 2" in each], rest.logs
    assert [each for each in rest.logs if "ticket 2 0" in each]
    assert not [each for each in rest.logs if "event" in each and each.endswith("Submitted")]
    assert fills(first) + fills(rest) == fills(whole)
    assert rest.holdings() == whole.holdings()
    assert rest.cash() == pytest.approx(whole.cash(), abs=1e-6)
    assert {n: (each["status"], each.get("tag")) for n, each in rest.orders.items()} == {
        n: (each["status"], each.get("tag")) for n, each in whole.orders.items()
    }


#: Orders one share for the opening, once, in the evening before: no such order is taken while the market is open.
FOR_THE_OPENING = """
from AlgorithmImports import *

class Early(QCAlgorithm):
    def initialize(self):
        self.set_cash(100000)
        self.ibm = self.add_equity("IBM", Resolution.{resolution}).symbol
        self.schedule.on(self.date_rules.every_day(), self.time_rules.at(18, 0), self.evening)

    def evening(self):
        if self.get_parameter("first", "no") == "yes" and not self.transactions.orders_count:
            self.market_on_open_order(self.ibm, 10)

    def on_order_event(self, event):
        self.log(f"event {{event.status}} {{len(self.transactions.get_open_orders())}}")
"""
EVENING, OPENING = datetime(2012, 1, 9, 18), datetime(2012, 1, 10, 9, 30)


class Waited(Told):
    """The same, where the clock goes as far as it is waited for, and no further."""

    def __init__(self, until_ns: int) -> None:
        super().__init__(until_ns)
        self.wall_ns = 0

    def receive(self, timeout_s: float) -> list[Any]:
        self.wall_ns += math.ceil(timeout_s * 1e9)
        return []


@pytest.mark.parametrize("resolution", ["MINUTE", "HOUR", "DAILY"])
@pytest.mark.parametrize("cut", [EVENING, *(OPENING + timedelta(minutes=each) for each in (-60, -1, 0, 1, 2, 31))])
def test_what_is_ordered_for_the_opening_is_filled_once_wherever_it_is_cut_off(
    cut: datetime, resolution: str, tmp_path: Path
) -> None:
    path = tmp_path / "main.py"
    path.write_text(FOR_THE_OPENING.format(resolution=resolution))
    end = OPENING + timedelta(days=1)
    whole = run(path, end, waits=True)
    assert [(each["status"], each["fillQuantity"]) for each in whole.events] == [("submitted", 0), ("filled", 10)]
    first = run(path, end, cut=cut, waits=True)
    assert len(first.orders) == 1
    rest = run(path, end, before=first, waits=True)
    assert fills(first) + fills(rest) == fills(whole)
    assert rest.orders.keys() == whole.orders.keys()
    assert rest.holdings() == whole.holdings() == {"IBM": 10}
    assert rest.cash() == pytest.approx(whole.cash(), abs=1e-6)


def test_no_bar_is_heard_twice_and_none_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "main.py"
    text = STRATEGY.format(orders="pass", warm_up=0)
    path.write_text(text.replace("def on_data(self, data):", "def on_data(self, data):\n        self.log('bar')"))
    whole, first = run(path, END), run(path, END, cut=CUT)
    rest = run(path, END, before=first)

    def bars(told: Told) -> list[str]:
        return [each[:19] for each in told.logs if each.endswith("bar")]

    before = [each for each in bars(whole) if each <= str(CUT)]
    assert before + bars(rest) == bars(whole)


def test_a_number_is_not_given_out_twice_and_what_is_no_order_is_told_of(tmp_path: Path) -> None:
    path = tmp_path / "main.py"
    path.write_text(STRATEGY.format(orders=ORDERS["never"], warm_up=0))
    first = run(path, END, cut=CUT)
    first.orders[3] = {"id": 3, "status": 1, "symbol": {"id": "IBM R735QTJ8XC9X", "value": "IBM"}, "events": []}
    path.write_text(path.read_text().replace('self.get_parameter("first", "no") == "yes"', "True"))
    rest = run(path, END, before=first)
    assert [each for each in rest.logs if "Order 3 was open, and cannot be taken up again" in each]
    assert sorted(rest.orders) == [1, 2, 3, 4, 5]
    assert rest.holdings() == {"IBM": 200}
