"""Insights that a strategy emits in a run: what it sees of them, and what the result has."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tradinglab.algorithm.insights import Insight
from tradinglab.algorithm.qc_algorithm import QCAlgorithm
from tradinglab.core.enums import InsightDirection, InsightType, Resolution
from tradinglab.engine.result import BacktestResult
from tradinglab.engine.run import backtest

UP, DOWN = InsightDirection.UP, InsightDirection.DOWN


class Saying(QCAlgorithm):
    """Says something of IBM at each of its days; the tests say what."""

    def initialize(self) -> None:
        self.set_start_date(2013, 1, 2)
        self.set_end_date(2013, 1, 10)
        self.ibm = self.add_equity("IBM", Resolution.DAILY).symbol
        self.heard: list[Any] = []
        self.insights_generated += lambda algorithm, told: self.heard.append((algorithm, told))

    def on_data(self, data: Any) -> None:
        self.say(data)

    def say(self, data: Any) -> None:
        self.emit_insights(Insight.price("IBM", timedelta(days=2), UP, 0.05, 0.5, None, 0.25, "tag"))


def run(cls: type[QCAlgorithm]) -> BacktestResult:
    return backtest(cls, data="sample")


def test_they_are_filled_in_told_and_kept(tmp_path: Path) -> None:
    class Listens(Saying):
        def on_end_of_algorithm(self) -> None:
            assert [told.date_time_utc for _, told in self.heard] == [each.generated_time_utc for each in self.insights]
            assert all(algorithm is self and len(told.insights) == 1 for algorithm, told in self.heard)
            assert self.Insights.TotalCount == len(self.heard)

    result = run(Listens)
    first, *rest = result.record.insights
    assert (first.symbol.value, first.type, first.direction) == ("IBM", InsightType.PRICE, UP)
    assert (first.magnitude, first.confidence, first.weight, first.tag) == (0.05, 0.5, 0.25, "tag")
    assert (first.source_model, first.group_id, first.id) == ("NullAlphaModel", "", f"{1:032x}")
    assert [int(each.id, 16) for each in rest] == list(range(2, len(rest) + 2))
    frame = result.insights
    assert frame["generated_time"].iloc[0] == datetime(2013, 1, 2, 16)
    assert frame["close_time"].iloc[0] == datetime(2013, 1, 4, 16)
    assert (frame["period"] == 2 * 86_400).all()
    assert frame["reference_value"].iloc[0] == pytest.approx(float(first.reference_value)) != 0
    state = json.loads(result.write_json(tmp_path / "result.json").read_text())["state"]
    assert state["InsightCount"] == str(len(frame)) == str(result.record.insight_count)
    assert [each.id for each in run(Listens).record.insights] == [first.id, *(each.id for each in rest)]


def test_no_order_follows_and_no_figure_changes() -> None:
    class Silent(Saying):
        def say(self, data: Any) -> None:
            pass

    said, silent = run(Saying), run(Silent)
    assert said.total_orders == 0
    assert said.statistics == silent.statistics
    assert (list(silent.record.insights), silent.record.insight_count, len(silent.insights)) == ([], 0, 0)


def test_volatility_groups_and_sources() -> None:
    class Groups(Saying):
        def say(self, data: Any) -> None:
            if not self.insights.count:
                pair = Insight.group(
                    Insight.price(self.ibm, Resolution.DAILY, 1, UP, source_model="Mine"),
                    Insight(self.ibm, timedelta(1), InsightType.VOLATILITY, DOWN),
                )
                self.emit_insights(pair)
                self.insights[self.ibm][0].score.set_score(0, 0.75, self.utc_time)
            else:
                self.insights.cancel([self.ibm])

    first, second = run(Groups).record.insights
    assert first.group_id == second.group_id != ""
    assert (first.source_model, second.source_model) == ("Mine", "NullAlphaModel")
    assert (second.type, second.reference_value) == (InsightType.VOLATILITY, Decimal(0))
    assert (first.score_direction, first.is_final_score) == (0.75, False)
    # A daily bar later, just at its close, it still held: it was cancelled a second before.
    assert first.period_s == 86_400 - 1 == (first.close_ns - first.generated_ns) / 1e9


def test_during_a_warm_up_none_is_taken_in() -> None:
    class Warm(Saying):
        def initialize(self) -> None:
            super().initialize()
            self.set_warm_up(3, Resolution.DAILY)

    result = run(Warm)
    assert sum("emitted during algorithm warmup" in line for line in result.logs) == 1
    assert min(result.insights["generated_time"]) >= datetime(2013, 1, 2)


def test_of_a_delisted_security_none_is_taken_in() -> None:
    class Delisted(Saying):
        def say(self, data: Any) -> None:
            self.securities["IBM"].is_delisted = True
            self.emit_insights([Insight.price("IBM", timedelta(1), UP)])

    result = run(Delisted)
    assert not result.record.insights
    assert sum("cannot emit insights for delisted securities" in line for line in result.logs) == 1


def test_moments_that_no_clock_reaches_do_no_harm() -> None:
    class Far(Saying):
        def say(self, data: Any) -> None:
            super().say(data)
            for insight in self.insights:
                insight.close_time_utc = datetime.max

    assert {each.close_ns for each in run(Far).record.insights} == {(1 << 63) - 1}
    assert len(run(Far).insights) > 0
