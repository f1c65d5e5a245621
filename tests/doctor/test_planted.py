"""Faults that are planted in strategies, as authors write them, are found; strategies without one are left alone."""

from __future__ import annotations

import json
import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.doctor.kit import FIRST, bars, of, planned, source_of, wave
from tests.rules_kit import STEPS_NS, walk_source

from tradinglab.core.enums import Resolution
from tradinglab.data.memory import MemorySource
from tradinglab.doctor import Diagnosis, FindingCode, Severity, diagnose
from tradinglab.rules import load_rules
from tradinglab.rules.generator import algorithm_source
from tradinglab.rules.templates import all_rule_templates

Code = FindingCode
HEAD = f"""
from AlgorithmImports import *
from pathlib import Path
import json, os, time

SEEN = {{}}

class Planted(QCAlgorithm):
    def initialize(self):
        self.set_start_date({FIRST.year}, 1, 2)
        self.set_end_date({FIRST.year}, 6, 24)
        self.set_cash(100_000)
        self.symbol = self.add_equity("ABC", Resolution.DAILY).symbol
        self.bar = -1
        self.prepare()

    def prepare(self):
        pass

    def turn(self, wanted):
        held = self.portfolio[self.symbol].quantity
        if wanted != held:
            self.market_order(self.symbol, wanted - held)

    def on_data(self, data):
        self.bar += 1
        self.decide(data)
"""


@pytest.fixture(scope="module")
def market() -> MemorySource:
    return source_of(ABC=bars(wave(120)))


def diagnosed(folder: Path, body: str, source: MemorySource, **terms: Any) -> Diagnosis:
    path = folder / "main.py"
    indented = "\n".join(f"    {line}" if line else "" for line in body.strip("\n").split("\n"))
    path.write_text(HEAD + "\n" + indented + "\n")
    return diagnose(path, data=source, **{"cuts": 6, **terms})


LOOKING_AHEAD = {
    "three days ahead": """
def decide(self, data):
    closes = self.lab_context.source.bars(
        self.symbol, Resolution.DAILY, TickType.TRADE, -(1 << 62), 1 << 62).values["close"]
    self.turn(100 if self.bar + 3 < len(closes) and closes[self.bar + 3] > closes[self.bar] else 0)
""",
    "all bars, read before the first": """
def prepare(self):
    self.closes = self.lab_context.source.bars(
        self.symbol, Resolution.DAILY, TickType.TRADE, -(1 << 62), 1 << 62).values["close"]

def decide(self, data):
    mean = self.closes.mean()
    self.turn(100 if data[self.symbol].close < mean else 0)
""",
    "a peak that is known beforehand": """
def prepare(self):
    closes = self.lab_context.source.bars(
        self.symbol, Resolution.DAILY, TickType.TRADE, -(1 << 62), 1 << 62).values["close"]
    self.best = int(closes.argmax())

def decide(self, data):
    self.turn(100 + self.bar % 2 if self.bar < self.best else 0)
""",
    "the engine's columns": """
def decide(self, data):
    feed = next(each for each in self.securities[self.symbol].cache.feeds if "close" in each.columns.values)
    row = feed.row()
    closes = feed.columns.values["close"]
    self.turn(100 if row + 1 < len(closes) and closes[row + 1] > closes[row] else 0)
""",
    "an end of the run where the future is missing": """
def prepare(self):
    bars = self.lab_context.source.bars(self.symbol, Resolution.DAILY, TickType.TRADE, -(1 << 62), 1 << 62)
    if len(bars) < 120:
        self.quit("too little")

def decide(self, data):
    self.turn(100 if self.bar % 2 else 0)
""",
}


@pytest.mark.parametrize("body", LOOKING_AHEAD.values(), ids=LOOKING_AHEAD)
def test_the_future_is_found(body: str, tmp_path: Path, market: MemorySource) -> None:
    diagnosis = diagnosed(tmp_path, body, market)
    assert diagnosis.result.total_orders > 5
    finding = of(diagnosis, Code.LOOK_AHEAD)
    assert finding is not None, diagnosis.findings
    assert finding.place is not None


def test_what_history_gives_of_days_to_come_is_nothing(tmp_path: Path, market: MemorySource) -> None:
    """The engine itself lets nobody look ahead by it."""
    diagnosis = diagnosed(
        tmp_path,
        """
def decide(self, data):
    frame = self.history(self.symbol, self.time - timedelta(days=9), self.time + timedelta(days=5), Resolution.DAILY)
    closes = list(frame["close"]) if len(frame) else [0]
    self.turn(100 if closes[-1] > data[self.symbol].close else 0 if closes[0] > 100 else 50)
""",
        market,
        cuts=2,
    )
    assert of(diagnosis, Code.LOOK_AHEAD) is None, diagnosis.findings


def test_a_file_with_the_future_is_told_of(tmp_path: Path, market: MemorySource) -> None:
    (tmp_path / "closes.json").write_text(json.dumps(wave(120)))
    (tmp_path / "closes.csv").write_text("close\n" + "\n".join(map(str, wave(120))))
    body = f"""
def prepare(self):
    import pandas as pd
    self.closes = json.loads(Path({str(tmp_path / "closes.json")!r}).read_text())
    self.table = pd.read_csv({str(tmp_path / "closes.csv")!r})

def decide(self, data):
    self.turn(100 if self.bar + 1 < 120 and self.closes[self.bar + 1] > self.closes[self.bar] else 0)
"""
    diagnosis = diagnosed(tmp_path, body, market)
    finding = of(diagnosis, Code.OUTSIDE_DATA)
    assert finding is not None
    assert finding.severity == Severity.WARNING
    assert finding.evidence["files"] == 2, finding.evidence
    assert "closes.json" in finding.sentence
    assert "closes.csv" in finding.sentence


def test_files_of_the_engine_and_files_that_are_written_are_not_told_of(tmp_path: Path, market: MemorySource) -> None:
    (tmp_path / "helper.py").write_text("FEE = 1\n")
    body = f"""
def decide(self, data):
    from helper import FEE
    with open({str(tmp_path / "notes.txt")!r}, "w") as notes:
        notes.write(str(FEE))
    self.history(self.symbol, 3)
    self.turn(100 if self.bar % 2 else 0)
"""
    before = os.open, open
    assert of(diagnosed(tmp_path, body, market, cuts=1), Code.OUTSIDE_DATA) is None
    assert (os.open, open) == before


OTHERWISE_EACH_TIME = {
    "the machine's clock": "self.turn(time.perf_counter_ns() % 997)",
    "lots of its own": "self.turn(int.from_bytes(os.urandom(2), 'big') % 997)",
    "a module that remembers": "json.calls = getattr(json, 'calls', 0) + 1; self.turn(json.calls % 997)",
}


@pytest.mark.parametrize("line", OTHERWISE_EACH_TIME.values(), ids=OTHERWISE_EACH_TIME)
def test_what_differs_each_time_is_no_look_ahead(line: str, tmp_path: Path, market: MemorySource) -> None:
    diagnosis = diagnosed(tmp_path, f"def decide(self, data):\n    {line}", market, cuts=3)
    assert of(diagnosis, Code.LOOK_AHEAD) is None
    assert of(diagnosis, Code.NOT_REPEATABLE) is not None


SOUND = {
    "selling when all is over": """
def prepare(self):
    self.add_equity("ABC", Resolution.DAILY, fill_forward=False)

def decide(self, data):
    self.turn(100 if self.bar % 3 else 0)

def on_end_of_algorithm(self):
    self.liquidate()
""",
    "ending by itself": """
def decide(self, data):
    self.turn(100 if self.bar % 3 else 0)
    if self.bar == 80:
        self.quit("enough")
""",
    "what it has seen": """
def decide(self, data):
    SEEN[self.bar] = data[self.symbol].close
    self.turn(100 if SEEN[self.bar] > sum(SEEN.values()) / len(SEEN) else 0)
""",
    "stops and limits": """
def prepare(self):
    self.average = self.sma(self.symbol, 5)
    self.set_warm_up(5)

def decide(self, data):
    if self.is_warming_up or not self.average.is_ready:
        return
    if not self.portfolio.invested and not self.transactions.get_open_orders():
        self.limit_order(self.symbol, 10, round(self.average.current.value * 0.99, 2))
    elif self.portfolio.invested and not self.transactions.get_open_orders():
        self.stop_market_order(self.symbol, -10, round(data[self.symbol].close * 0.98, 2))
""",
    "consolidated weeks": """
def prepare(self):
    self.last = 0
    self.consolidate(self.symbol, Calendar.WEEKLY, self.on_week)

def on_week(self, bar):
    self.turn(100 if bar.close > self.last else 0)
    self.last = bar.close

def decide(self, data):
    pass
""",
}


@pytest.mark.parametrize("body", SOUND.values(), ids=SOUND)
def test_who_looks_back_is_not_accused(body: str, tmp_path: Path, market: MemorySource) -> None:
    diagnosis = diagnosed(tmp_path, body, market, cuts=8)
    assert diagnosis.result.total_orders > 3
    accused = {Code.LOOK_AHEAD, Code.NOT_REPEATABLE, Code.OUTSIDE_DATA, Code.UNREADY_INDICATORS}
    assert not [each for each in diagnosis.findings if each.code in accused], diagnosis.findings


RULES = {each.name: each for each in all_rule_templates()}


@pytest.mark.slow
@pytest.mark.parametrize("name", RULES)
def test_no_template_of_rules_looks_ahead(name: str, tmp_path: Path) -> None:
    rules = load_rules(RULES[name].path)
    span = timedelta(microseconds=STEPS_NS[rules.resolution] // 1000)
    rules = rules.model_copy(update={"end": max(rules.start, min(rules.end, rules.start + 400 * span))})
    path = tmp_path / "main.py"
    path.write_text(algorithm_source(rules))
    diagnosis = diagnose(path, data=walk_source(rules, 1), cuts=3)
    accused = {Code.LOOK_AHEAD, Code.NOT_REPEATABLE, Code.OUTSIDE_DATA}
    assert not [each for each in diagnosis.findings if each.code in accused], diagnosis.findings


def test_a_cut_is_no_reason_to_accuse_ticks_of_another_end() -> None:
    """Where bars are not repeated, the clock of a cut run stands still before the cut."""

    def prepare(self: Any) -> None:
        self.schedule.on(self.date_rules.every_day(), self.time_rules.at(9, 45), lambda: self.market_order("ABC", 1))

    rows = bars(wave(40), minute=True)
    strategy = planned(lambda self, bar, data: None, prepare=prepare, resolution=Resolution.MINUTE, days=0)
    assert of(diagnose(strategy, data=source_of(True, ABC=rows), cuts=3), Code.LOOK_AHEAD) is None
