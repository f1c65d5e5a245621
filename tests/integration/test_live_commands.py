"""What a live run hears while it waits, and what it tells."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tradinglab.core.clock import NEW_YORK_ZONE, SECOND_NS, to_ns, zone
from tradinglab.data.sample import SampleSource
from tradinglab.engine.live.link import LiveStatus, Message, SilentLink
from tradinglab.engine.live.options import LiveOptions, Position
from tradinglab.engine.live.pace import Pace
from tradinglab.engine.live.run import LiveEnd, run_live

START = zone(NEW_YORK_ZONE).to_utc(datetime(2012, 1, 9, 9, 40))
STRATEGY = """
from AlgorithmImports import *

class Listening(QCAlgorithm):
    def initialize(self):
        self.set_cash(50000)
        self.ibm = self.add_equity("IBM", Resolution.MINUTE).symbol
        self.add_command(Buy)
        self.log(f"live: {self.live_mode}")

    def on_command(self, data):
        if "fail" in data:
            raise ValueError("no such thing")
        self.log(f"heard {data.text} {data.get('more', 0)}")

class Buy(Command):
    quantity = 1
    notes = {}

    def run(self, algorithm):
        algorithm.market_order("IBM", self.quantity, tag=",".join(f"{n.key}={n.value}" for n in self.notes))
        return True
"""


class WallClock:
    """A wall's clock that goes on when somebody waits."""

    def __init__(self) -> None:
        self.ns = 0

    def __call__(self) -> int:
        return self.ns


class ScriptedLink(SilentLink):
    """Brings messages at seconds of the wall's clock, and lets it go on."""

    def __init__(self, clock: WallClock, script: dict[float, Message]) -> None:
        super().__init__()
        self._clock = clock
        self._script = sorted(script.items())

    def receive(self, timeout_s: float) -> list[Message]:
        end = self._clock.ns + max(int(timeout_s * SECOND_NS), 1)
        if self._script and self._script[0][0] * SECOND_NS <= end:
            at, message = self._script.pop(0)
            self._clock.ns = max(self._clock.ns, int(at * SECOND_NS))
            return [message]
        self._clock.ns = end
        return []

    def told(self, kind: str) -> list[Any]:
        return [value for each, value in self.sent if each == kind]


@pytest.fixture
def strategy(tmp_path: Path) -> Path:
    path = tmp_path / "main.py"
    path.write_text(STRATEGY)
    return path


def play(strategy: Path, script: dict[float, Message], **options: Any) -> tuple[LiveEnd, ScriptedLink]:
    clock = WallClock()
    link = ScriptedLink(clock, script)
    pace = Pace(START, options.pop("speed", 1.0), clock)
    return run_live(strategy, data="sample", options=LiveOptions(pace=pace, link=link, **options)), link


def test_commands_are_heard_between_bars(strategy: Path) -> None:
    ended, link = play(
        strategy,
        {
            65: {"kind": "command", "id": 1, "body": {"text": "foo"}},
            70: {"kind": "command", "id": 2, "body": {"$type": "Buy", "quantity": 5, "notes": {"a": "b"}}},
            75: {"kind": "command", "id": 3, "body": {"fail": True}},
            80: {"kind": "command", "id": 4, "body": {"$type": "Sell"}},
            140: {"kind": "stop"},
        },
        deployment_id="L-1",
    )
    assert ended.status == LiveStatus.STOPPED
    assert any(line.endswith("live: True") for line in link.told("log"))
    assert any(line.endswith("heard foo 0") for line in link.told("log"))
    assert [(each["id"], each["done"]) for each in link.told("answer")] == [
        (1, True),
        (2, True),
        (3, False),
        (4, False),
    ]
    assert "there is no command class 'Sell'" in link.told("answer")[3]["text"]
    (order,) = {each["order"]["id"]: each["order"] for each in link.told("order")}.values()
    assert (order["quantity"], order["tag"], order["time"][:19]) == (5, "a=b", "2012-01-09T14:41:10")
    assert link.told("portfolio")[-1]["holdings"]["IBM R735QTJ8XC9X"]["q"] == 5


def test_positions_and_cash_are_set_and_sold(strategy: Path) -> None:
    position = Position(symbol_id="AAPL R735QTJ8XC9X", ticker="AAPL", quantity=Decimal(3), average_price=Decimal(400))
    ended, link = play(strategy, {130: {"kind": "liquidate"}}, positions=(position,), cash={"USD": Decimal(777)})
    assert ended.status == LiveStatus.LIQUIDATED
    first = link.told("portfolio")[0]
    assert first["cash"]["USD"]["amount"] == 777
    assert (first["holdings"]["AAPL R735QTJ8XC9X"]["a"], first["holdings"]["AAPL R735QTJ8XC9X"]["q"]) == (400, 3)
    assert link.told("portfolio")[-1]["holdings"] == {}
    assert link.told("portfolio")[-1]["cash"]["USD"]["amount"] > 777


def test_what_the_strategy_raises_ends_the_run(strategy: Path) -> None:
    broken = STRATEGY.replace("    def on_command", "    def on_data(self, data):\n        1 / 0\n\n    def on_command")
    strategy.write_text(broken)
    ended, _ = play(strategy, {})
    assert ended.status == LiveStatus.RUNTIME_ERROR
    assert "division by zero" in ended.message
    assert (ended.phase, ended.time) == ("on_data", "2012-01-09 09:40:00")


def test_a_symbol_without_bars_does_not_end_the_run(strategy: Path) -> None:
    strategy.write_text(STRATEGY.replace('"IBM", Resolution.MINUTE', '"NONE", Resolution.MINUTE'))
    ended, link = play(strategy, {5: {"kind": "command", "id": 1, "body": {"text": "x"}}, 3000: {"kind": "stop"}})
    assert ended.status == LiveStatus.STOPPED
    assert any("The feed has no" in line and "NONE" in line for line in link.told("log"))


def test_bars_are_read_on_past_the_first_window(strategy: Path) -> None:
    counted = STRATEGY.replace(
        "    def on_command", "    def on_data(self, data):\n        self.log(str(self.time))\n\n    def on_command"
    )
    strategy.write_text(counted.replace("Resolution.MINUTE", "Resolution.DAILY"))
    week = 7 * 86_400
    ended, link = play(strategy, {week: {"kind": "stop"}})
    assert ended.status == LiveStatus.STOPPED, (ended.message, ended.trace)
    assert [line[:10] for line in link.told("log")[1:] if "16:00" in line] == [
        "2012-01-09", "2012-01-10", "2012-01-11", "2012-01-12", "2012-01-13",
    ]  # fmt: skip


def test_bars_go_on_after_the_last(strategy: Path) -> None:
    last = max(each.last_day for each in SampleSource().coverage() if each.ticker == "IBM")
    begin = to_ns(datetime(1970, 1, 1)) + (last + 400) * 86_400 * SECOND_NS
    clock = WallClock()
    link = ScriptedLink(clock, {7 * 86_400: {"kind": "stop"}})
    counted = STRATEGY.replace(
        "    def on_command", "    def on_data(self, data):\n        self.log('bar')\n\n    def on_command"
    )
    strategy.write_text(counted.replace("Resolution.MINUTE", "Resolution.DAILY"))
    run_live(strategy, data="sample", options=LiveOptions(pace=Pace(begin, 1.0, clock), link=link, repeat=True))
    assert sum(line.endswith(" bar") for line in link.told("log")) >= 4
