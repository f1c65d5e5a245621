"""Look-ahead by truncation: who reads the future is found, who does not is not."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.doctor.kit import DAY_NS, FIRST, MINUTE_NS, OPEN_NS, Plan, bars, of, planned, source_of, wave

from tradinglab import backtest
from tradinglab.core.enums import Resolution, SecurityType, TickType
from tradinglab.data.memory import MemorySource
from tradinglab.doctor import FindingCode, Severity, diagnose
from tradinglab.doctor.asked import Asked
from tradinglab.doctor.cutting import CutSource
from tradinglab.doctor.replay import cut_points
from tradinglab.engine.errors import UsageError
from tradinglab.templates import all_templates

ALL_TIME = (-(1 << 62), 1 << 62)


def peeking(self: Any, bar: int, slice: Any) -> None:
    """Buy if tomorrow's close, as the source has it, is higher than today's."""
    symbol = self.securities["ABC"].symbol
    source = self.lab_context.source
    closes = source.bars(symbol, Resolution.DAILY, TickType.TRADE, *ALL_TIME).values["close"]
    ahead = closes[bar + 1] if bar + 1 < len(closes) else 0
    wanted = 100 if ahead > closes[bar] else 0
    if wanted != self.portfolio["ABC"].quantity:
        self.market_order("ABC", wanted - self.portfolio["ABC"].quantity)


def momentum(self: Any, bar: int, slice: Any) -> None:
    """Buy if the close is higher than five bars ago, by history; bars that are only repeated are left alone."""
    if bar >= 80:
        return
    frame = self.history(["ABC"], 6, self.resolution)
    closes = frame["close"] if len(frame) else frame
    wanted = 100 if len(closes) == 6 and closes.iloc[-1] > closes.iloc[0] else 0
    if wanted != self.portfolio["ABC"].quantity:
        self.market_order("ABC", wanted - self.portfolio["ABC"].quantity)


def test_tomorrow_s_close_is_found_and_the_first_order_named() -> None:
    diagnosis = diagnose(planned(peeking), data=source_of(ABC=bars(wave(200))), cuts=4)
    finding = of(diagnosis, FindingCode.LOOK_AHEAD)
    assert finding is not None
    assert finding.severity == Severity.ERROR
    assert diagnosis.has_errors
    assert diagnosis.findings[0] is finding
    assert "ABC" in str(finding.evidence["asked_with_all_data"])
    assert finding.place is not None
    assert finding.place.symbol == "ABC"
    assert finding.place.row is not None
    assert 0 < float(finding.evidence["cuts_that_differ"]) <= 4


def test_the_bar_that_is_named_is_the_one_at_which_the_order_was_decided() -> None:
    source = source_of(ABC=bars(wave(200)))
    finding = of(diagnose(planned(peeking), data=source, cuts=3), FindingCode.LOOK_AHEAD)
    assert finding is not None
    assert finding.place is not None
    columns = source.bars(source.resolve_symbol("ABC", SecurityType.EQUITY, "usa"), Resolution.DAILY, TickType.TRADE,
                          *ALL_TIME)  # fmt: skip
    row = finding.place.row
    assert row is not None
    assert columns.time_ns[row] < finding.place.utc_ns <= columns.end_ns[row]
    day = np.datetime64(int(columns.time_ns[row]), "ns").astype("datetime64[D]")
    assert str(day) == f"{finding.place.time:%Y-%m-%d}"


def test_a_minute_ahead_is_found() -> None:
    def act(self: Any, bar: int, slice: Any) -> None:
        source, symbol = self.lab_context.source, self.securities["ABC"].symbol
        closes = source.bars(symbol, Resolution.MINUTE, TickType.TRADE, *ALL_TIME).values["close"]
        if bar + 1 < len(closes) and closes[bar + 1] > closes[bar]:
            self.market_order("ABC", 1)

    strategy = planned(act, resolution=Resolution.MINUTE, days=0)
    source = source_of(minute=True, ABC=bars(wave(200), minute=True))
    assert of(diagnose(strategy, data=source), FindingCode.LOOK_AHEAD) is not None


def test_a_strategy_that_fails_where_the_future_is_missing_is_found() -> None:
    def act(self: Any, bar: int, slice: Any) -> None:
        source, symbol = self.lab_context.source, self.securities["ABC"].symbol
        closes = source.bars(symbol, Resolution.DAILY, TickType.TRADE, *ALL_TIME).values["close"]
        if bar < 190 and closes[bar + 3] > closes[bar]:
            self.market_order("ABC", 1)

    finding = of(diagnose(planned(act), data=source_of(ABC=bars(wave(200)))), FindingCode.LOOK_AHEAD)
    assert finding is not None
    assert finding.evidence["asked_with_cut_data"] == "the end of the run"


@pytest.mark.parametrize("minute", [False, True])
def test_history_is_no_look_ahead(minute: bool) -> None:
    strategy = planned(
        momentum, resolution=Resolution.MINUTE if minute else Resolution.DAILY, days=0 if minute else 300
    )
    diagnosis = diagnose(strategy, data=source_of(minute, ABC=bars(wave(80), minute=minute)), cuts=8)
    assert diagnosis.result.total_orders > 10
    assert of(diagnosis, FindingCode.LOOK_AHEAD) is None
    assert of(diagnosis, FindingCode.NOT_REPEATABLE) is None


def test_orders_of_scheduled_events_changes_and_cancellations_are_compared() -> None:
    def prepare(self: Any) -> None:
        self.schedule.on(self.date_rules.every_day("ABC"), self.time_rules.after_market_open("ABC", 30), self.order)
        self.ticket = None

    def order(self: Any) -> None:
        if self.ticket is None:
            self.ticket = self.limit_order("ABC", 10, 1)
        elif self.bar % 7 == 0:
            self.ticket.cancel()
            self.ticket = None
        else:
            self.ticket.update_quantity(10 + self.bar)

    strategy = planned(lambda self, bar, data: None, prepare=prepare, order=order)
    diagnosis = diagnose(strategy, data=source_of(ABC=bars(wave(60))), cuts=15)
    assert diagnosis.result.total_orders > 5
    assert of(diagnosis, FindingCode.LOOK_AHEAD) is None


def test_a_changed_quantity_is_a_difference() -> None:
    def act(self: Any, bar: int, slice: Any) -> None:
        source, symbol = self.lab_context.source, self.securities["ABC"].symbol
        if bar == 0:
            self.ticket = self.limit_order("ABC", 10, 1)
        self.ticket.update_quantity(len(source.bars(symbol, Resolution.DAILY, TickType.TRADE, *ALL_TIME)) + bar)

    finding = of(diagnose(planned(act), data=source_of(ABC=bars(wave(60)))), FindingCode.LOOK_AHEAD)
    assert finding is not None
    assert "change of order" in str(finding.evidence["asked_with_all_data"])


def test_dice_that_the_seed_does_not_set_are_no_look_ahead() -> None:
    dice = random.Random(1)
    strategy = planned(lambda self, bar, data: self.market_order("ABC", dice.randint(1, 1000)))
    diagnosis = diagnose(strategy, data=source_of(ABC=bars(wave(60))))
    assert of(diagnosis, FindingCode.LOOK_AHEAD) is None
    assert of(diagnosis, FindingCode.NOT_REPEATABLE) is not None
    seeded = planned(lambda self, bar, data: self.market_order("ABC", random.randint(1, 1000)))
    assert of(diagnose(seeded, data=source_of(ABC=bars(wave(60)))), FindingCode.NOT_REPEATABLE) is None


def test_another_result_than_the_one_that_was_given_is_a_finding() -> None:
    source = source_of(ABC=bars(wave(60)))
    result = backtest(planned(momentum), data=source)
    assert of(diagnose(planned(momentum), result, source), FindingCode.NOT_REPEATABLE) is None
    other = diagnose(planned(momentum), result, source_of(ABC=bars(wave(60, seed=2))), cuts=0)
    assert of(other, FindingCode.NOT_REPEATABLE) is not None


@pytest.mark.slow
@pytest.mark.parametrize("name", [each.name for each in all_templates()])
def test_no_template_looks_ahead(name: str) -> None:
    path = next(each.path for each in all_templates() if each.name == name)
    diagnosis = diagnose(path, cuts=4)
    assert diagnosis.result.total_orders
    assert not diagnosis.has_errors, diagnosis.findings
    assert of(diagnosis, FindingCode.UNREADY_INDICATORS) is None


def test_a_cut_hides_what_has_not_ended() -> None:
    source = source_of(minute=True, ABC=bars(wave(10), minute=True))
    symbol = source.resolve_symbol("ABC", SecurityType.EQUITY, "usa")
    for rows in range(11):
        for late in (0, MINUTE_NS - 1):
            cut = CutSource(source, OPEN_NS + rows * MINUTE_NS + late)
            assert len(cut.bars(symbol, Resolution.MINUTE, TickType.TRADE, *ALL_TIME)) == min(rows, 10)


def test_a_daily_bar_is_there_when_its_session_is_over() -> None:
    source = source_of(ABC=bars(wave(10)))
    symbol = source.resolve_symbol("ABC", SecurityType.EQUITY, "usa")
    close_ns = OPEN_NS + 390 * MINUTE_NS
    for cut_ns, count in ((close_ns - 1, 0), (close_ns, 1), (close_ns + DAY_NS - 1, 1), (close_ns + DAY_NS, 2)):
        assert len(CutSource(source, cut_ns).bars(symbol, Resolution.DAILY, TickType.TRADE, *ALL_TIME)) == count


@pytest.mark.parametrize(("instants", "cuts", "expected"), [
    ([], 5, []), ([7], 5, [7]), ([7, 7, 7], 2, [7]), (list(range(10)), 5, [1, 4, 5, 8, 9]),
    (list(range(10)), 0, []), (list(range(3)), 9, [0, 1, 2]),
])  # fmt: skip
def test_cuts_are_spread_over_the_instants(instants: list[int], cuts: int, expected: list[int]) -> None:
    assert cut_points([Asked(utc_ns=each, what="Market", of="ABC") for each in instants], cuts) == expected


@pytest.mark.parametrize("cuts", [-1, 1001])
def test_a_number_of_cuts_that_cannot_be_is_refused(cuts: int) -> None:
    with pytest.raises(UsageError, match="cuts"):
        diagnose(Plan, data=MemorySource(), cuts=cuts)


def test_a_file_is_loaded_anew_for_each_run(tmp_path: Path) -> None:
    path = tmp_path / "main.py"
    path.write_text(
        "from AlgorithmImports import *\n"
        "CALLS = []\n"
        "class Once(QCAlgorithm):\n"
        "    def initialize(self):\n"
        f"        self.set_start_date({FIRST.year}, 1, 2)\n"
        f"        self.set_end_date({FIRST.year}, 3, 1)\n"
        "        self.add_equity('ABC', Resolution.DAILY)\n"
        "    def on_data(self, data):\n"
        "        CALLS.append(1)\n"
        "        self.market_order('ABC', len(CALLS))\n"
    )
    diagnosis = diagnose(path, data=source_of(ABC=bars(wave(40))))
    assert not diagnosis.has_errors, diagnosis.findings
