"""A live run whose bars come by a feed: each makes a step, once, in order; what was missed is made up for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from tests.feeds.kit import Clock
from tests.feeds.tape import Tape

from tradinglab.core.clock import MINUTE_NS, SECOND_NS, to_ns
from tradinglab.data.feeds.errors import NotFedError
from tradinglab.data.feeds.grid import BarGrid
from tradinglab.data.feeds.polling import PollingFeed
from tradinglab.engine.live.link import Message, SilentLink
from tradinglab.engine.live.options import LiveOptions
from tradinglab.engine.live.pace import Pace
from tradinglab.engine.live.run import LiveEnd, run_live

START = to_ns(datetime(2024, 3, 1, 12, 0, 30))
STRATEGY = """
from AlgorithmImports import *

class Fed(QCAlgorithm):
    def initialize(self):
        self.set_account_currency("USDT")
        self.set_cash(1000000)
        self.set_time_zone(TimeZones.UTC)
        self.set_benchmark(lambda time: 1)
        self.set_warm_up({warm_up}, Resolution.MINUTE)
        self.btc = self.add_crypto("BTCUSDT", Resolution.MINUTE, Market.BINANCE).symbol
        self.average = self.sma(self.btc, 3)
        self.schedule.on(self.date_rules.every_day(), self.time_rules.at(12, 3, 20), lambda: self.log("event"))

    def on_data(self, data):
        bar = data.bars.get(self.btc)
        if bar is None:
            return
        kind = "warm" if self.is_warming_up else "filled" if data.bars[self.btc].is_fill_forward else "bar"
        self.log(f"{{kind}} {{self.utc_time:%H:%M}} {{bar.open:g}} {{self.average.current.value:g}}")
        if not self.is_warming_up and self.utc_time.minute == 2:
            self.market_order(self.btc, 1)
            self.log("history " + " ".join(f"{{each.open:g}}" for each in self.history[TradeBar](self.btc, 4)))
"""


class Watching(SilentLink):
    """Lets time go by as the run waits, and ends it at an instant."""

    def __init__(self, clock: Clock, end_ns: int) -> None:
        super().__init__()
        self._clock, self._end_ns = clock, end_ns
        self.at: list[tuple[str, float]] = []  # what was told, and how many seconds after the start

    def receive(self, timeout_s: float) -> list[Message]:
        self._clock.sleep(max(timeout_s, 0.01))
        return [{"kind": "stop"}] if self._clock.ns >= self._end_ns else []

    def send(self, kind: str, value: object) -> None:
        super().send(kind, value)
        self.at.append((str(value), (self._clock.ns - START) / SECOND_NS))

    def told(self, kind: str) -> list[Any]:
        return [value for each, value in self.sent if each == kind]

    def lines(self, *kinds: str) -> list[str]:
        lines = [line.partition(" ")[2].partition(" ")[2] for line in self.told("log")]
        return [line for line in lines if line.split()[0] in kinds]


def minute(count: int) -> int:
    return START // MINUTE_NS * MINUTE_NS + count * MINUTE_NS


def play(
    tmp_path: Path, change: Callable[[Tape], None] = lambda tape: None, *, minutes: int = 6, warm_up: int = 0,
    script: str = STRATEGY,
) -> tuple[LiveEnd, Watching, Tape]:  # fmt: skip
    path = tmp_path / "main.py"
    path.write_text(script.format(warm_up=warm_up))
    clock = Clock(START)
    tape = Tape(clock, {minute(each): 100.0 + each for each in range(-10, 20)})
    change(tape)
    feed = PollingFeed(tape, BarGrid(), now_ns=clock.now_ns, sleep=clock.sleep)
    link = Watching(clock, minute(minutes) + 30 * SECOND_NS)
    options = LiveOptions(pace=Pace(START, 1.0, clock.now_ns), feed=feed, link=link)
    return run_live(path, data="sample", options=options), link, tape


def test_each_bar_is_a_step_as_it_comes(tmp_path: Path) -> None:
    ended, link, _ = play(tmp_path)
    assert ended.status == "Stopped", (ended.message, ended.trace)
    bars = link.lines("bar", "filled")
    assert [each.split()[:3] for each in bars] == [["bar", f"12:0{each + 1}", str(100 + each)] for each in range(6)]
    assert [each.split()[3] for each in bars[2:]] == ["101.5", "102.5", "103.5", "104.5"]  # of the last three closes
    assert link.lines("event") == ["event"]
    assert link.lines("history") == ["history 98 99 100 101"]
    (order,) = {each["order"]["id"]: each["order"] for each in link.told("order")}.values()
    assert (order["status"], order["price"]) == (3, 101.5)
    # Not before it was there to be seen.
    first = next(at for told, at in link.at if "bar 12:01" in told)
    assert 32 <= first <= 34
    assert [each["kind"] for each in link.told("feed")] == ["connected"]


def test_the_warm_up_is_read_from_the_history_of_the_feed(tmp_path: Path) -> None:
    _, link, _ = play(tmp_path, warm_up=4, minutes=2)
    assert [each.split()[1:3] for each in link.lines("warm")] == [
        ["11:56", "95"], ["11:57", "96"], ["11:58", "97"], ["11:59", "98"], ["12:00", "99"],
    ]  # fmt: skip
    assert link.lines("bar")[0].split() == ["bar", "12:01", "100", "99.5"]


def test_what_was_missed_is_made_up_for_in_order(tmp_path: Path) -> None:
    def cut(tape: Tape) -> None:
        tape.away = [(minute(1) // SECOND_NS, minute(4) // SECOND_NS)]

    ended, link, _ = play(tmp_path, cut)
    assert ended.status == "Stopped", (ended.message, ended.trace)
    assert [each.split()[1:3] for each in link.lines("bar")] == [
        [f"12:0{each + 1}", str(100 + each)] for each in range(6)
    ]
    assert link.lines("event") == ["event"]
    kinds = [each["kind"] for each in link.told("feed")]
    assert kinds[:2] == ["connected", "stale"]
    assert kinds[-2:] == ["gap_filled", "connected"]


def test_a_minute_without_trades_is_filled_and_a_late_bar_makes_no_step(tmp_path: Path) -> None:
    def change(tape: Tape) -> None:
        del tape.bars[minute(2)]
        tape.lags = {minute(0): 30.0}

    ended, link, _ = play(tmp_path, change)
    assert ended.status == "Stopped", (ended.message, ended.trace)
    lines = [each.split()[:3] for each in link.lines("bar", "filled")]
    assert lines == [
        ["filled", "12:01", "99"], ["bar", "12:02", "101"], ["filled", "12:03", "101"], ["bar", "12:04", "103"],
        ["bar", "12:05", "104"], ["bar", "12:06", "105"],
    ]  # fmt: skip
    assert link.lines("history") == ["history 98 99 100 101"]  # it is there when the past is looked at
    assert [each["kind"] for each in link.told("feed")] == ["connected", "late"]


def test_what_the_feed_does_not_offer_is_refused_at_the_start(tmp_path: Path) -> None:
    script = STRATEGY.replace("self.average = self.sma(self.btc, 3)", 'self.add_equity("IBM", Resolution.MINUTE)')
    with pytest.raises(NotFedError, match="IBM"):
        play(tmp_path, script=script)


def test_what_is_added_later_and_not_offered_is_told_of_in_the_log(tmp_path: Path) -> None:
    script = STRATEGY.replace('lambda: self.log("event")', 'lambda: self.add_equity("IBM", Resolution.MINUTE)')
    ended, link, _ = play(tmp_path, script=script)
    assert ended.status == "Stopped", (ended.message, ended.trace)
    assert any("IBM" in line and "no bars" in line for line in link.told("log")), link.told("log")
    assert len(link.lines("bar")) == 6
