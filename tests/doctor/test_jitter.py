"""Parameters a little off: which variants are drawn, and the bands of what they come to."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradinglab import backtest
from tradinglab.cli.main import main
from tradinglab.doctor import ParameterRange, jitter, jittered
from tradinglab.engine.errors import StrategyError, UsageError
from tradinglab.rules import algorithm_source, load_rules

STRATEGY = """
from AlgorithmImports import *

class Some(QCAlgorithm):
    def initialize(self):
        self.set_start_date(2010, 1, 4)
        self.set_end_date(2010, 3, 1)
        self.share = float(self.get_parameter("share", "0.5"))
        self.days = int(self.get_parameter("days", "10"))
        self.word = self.get_parameter("word", "fine")
        if self.share > 0.55:
            raise ValueError("too much")
        self.symbol = self.add_equity("AAPL", Resolution.DAILY).symbol

    def on_data(self, data):
        if not self.portfolio.invested:
            self.set_holdings(self.symbol, self.share)
"""


@given(
    st.integers(-200, 200).filter(bool),
    st.floats(0.01, 100),
    st.floats(0.01, 0.9),
    st.integers(1, 40),
    st.integers(0, 5),
)
def test_variants_stay_near_and_differ(whole: int, real: float, share: float, trials: int, seed: int) -> None:
    given_ = {"whole": str(whole), "real": f"{real:.4g}", "word": "fine"}
    found = jittered(given_, share=share, trials=trials, seed=seed)
    assert len(found) <= trials
    assert len({tuple(each.items()) for each in found}) == len(found)
    for each in found:
        assert each["word"] == "fine"
        assert int(each["whole"]) * whole > 0
        assert abs(int(each["whole"]) - whole) <= max(1, round(abs(whole) * share))
        assert abs(float(each["real"]) - float(given_["real"])) <= float(given_["real"]) * share * 1.001 + 1
    assert found == jittered(given_, share=share, trials=trials, seed=seed)


def test_there_may_be_fewer_variants() -> None:
    found = jittered({"days": "3"}, share=0.1, trials=50)
    assert sorted(each["days"] for each in found) == ["2", "4"]


@given(
    st.decimals(-50, 50, places=2),
    st.sampled_from(["0.25", "0.5", "1", "4"]),
    st.integers(1, 6),
    st.decimals(0, 20, places=1),
    st.integers(0, 3),
)
def test_steps_are_those_declared_and_stay_in_the_range(
    own: Decimal, step: str, reach: int, width: Decimal, seed: int
) -> None:
    low, high = own - width, own + width
    ranges = {"x": ParameterRange(minimum=float(low), maximum=float(high), step=float(step))}
    within = [k for k in range(-reach, reach + 1) if k and low <= own + k * Decimal(step) <= high]
    if not within:
        with pytest.raises(UsageError):
            jittered({"x": str(own)}, steps=reach, ranges=ranges, trials=50, seed=seed)
        return
    found = jittered({"x": str(own), "text": "as it is"}, steps=reach, ranges=ranges, trials=1000, seed=seed)
    assert {Decimal(each["x"]) for each in found} == {own + k * Decimal(step) for k in within}


def test_without_a_declared_step_whole_numbers_move_by_ones_and_others_stay() -> None:
    found = jittered({"days": "2", "share": "0.5", "none": "0"}, steps=2, trials=50)
    assert sorted({each["days"] for each in found}) == ["1", "2", "3", "4"]
    assert {each["none"] for each in found} == {"-2", "-1", "0", "1", "2"}
    assert {each["share"] for each in found} == {"0.5"}
    assert len(found) == 4 * 5 - 1


def test_a_share_keeps_to_the_declared_range() -> None:
    ranges = {"days": ParameterRange(minimum=9), "share": ParameterRange(maximum=0.5)}
    found = jittered({"days": "10", "share": "0.5"}, share=0.3, ranges=ranges, trials=60)
    assert {each["days"] for each in found} == {"9", "10", "11", "12", "13"}
    assert all(0.35 <= float(each["share"]) <= 0.5 for each in found)


@pytest.mark.parametrize(
    ("parameters", "settings"),
    [
        ({}, {}),
        ({"word": "fine", "none": "0"}, {}),
        ({"x": "nan"}, {}),
        ({"x": "1"}, {"share": 0.0}),
        ({"x": "1"}, {"share": 1.5}),
        ({"x": "1"}, {"trials": 0}),
        ({"x": "1"}, {"trials": 100_000}),
        ({"x": "1"}, {"steps": 1}),
        ({"x": "1"}, {"share": None, "steps": 0}),
        ({"x": "0.5"}, {"share": None, "steps": 3}),
        ({"x": "1e999"}, {}),
    ],
)
def test_what_cannot_be_moved_is_refused(parameters: dict[str, str], settings: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        jittered(parameters, **{"share": 0.1, "trials": 5, **settings})


def test_bands_are_those_of_the_runs(tmp_path: Any) -> None:
    file = tmp_path / "main.py"
    file.write_text(STRATEGY)
    found = jitter(file, parameters={"share": "0.5"}, share=0.2, trials=12, seed=1)
    fine = [each for each in found.rows if not each.problem]
    assert 0 < len(fine) < len(found.rows) == 12
    assert all(float(each.parameters["share"]) > 0.55 for each in found.rows if each.problem)
    drawdowns = [each.drawdown for each in fine]
    assert found.bands["drawdown"] == pytest.approx(np.quantile(np.array(drawdowns, float), found.levels))
    one = backtest(file, parameters=fine[0].parameters).statistics_results.total_performance.portfolio_statistics
    assert fine[0].sharpe == pytest.approx(float(one.sharpe_ratio))
    assert found.chosen.drawdown is not None
    assert found.ranks["drawdown"] == np.mean([(each or 0) > found.chosen.drawdown for each in drawdowns])
    with pytest.raises(StrategyError):
        jitter(file, parameters={"share": "0.9"}, trials=2)


def test_the_command_moves_defaults_too(tmp_path: Any, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "main.py"
    file.write_text(STRATEGY)
    words = ["stress", str(file), "--jitter", "5%", "--trials", "3", "-p", "share=0.4"]
    assert main([*words, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["chosen"]["parameters"] == {"days": "10", "share": "0.4"}
    assert [sorted(each["parameters"]) for each in found["rows"]] == [["days", "share"]] * 3
    assert main(words) == 0
    assert "chosen is better than" in capsys.readouterr().out
    assert main([*words[:3], "120%"]) == 2


RULES = """
rules "Cross"
universe AAPL daily
from 2010-01-04 to 2010-09-01
cash 100000
parameter fast = 5 from 4 to 6 step 1
parameter slow = 20 from 12 to 40 step 4
enter long when SMA(fast) crosses above SMA(slow)
exit long when SMA(fast) crosses below SMA(slow)
size equal weight of 95 % of equity
"""


def test_the_command_simulates_rules_by_their_steps(tmp_path: Any, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "cross.rules"
    file.write_text(RULES)
    words = ["stress", str(file), "--jitter", "1step", "-p", "slow=16"]
    assert main([*words, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["chosen"]["parameters"] == {"fast": "5", "slow": "16"}
    tried = {(each["parameters"]["fast"], each["parameters"]["slow"]): each for each in found["rows"]}
    assert set(tried) == {(a, b) for a in "456" for b in ("12", "16", "20")} - {("5", "16")}
    # Each is what the engine comes to with the source that is generated of the rules.
    source = tmp_path / "cross.py"
    source.write_text(algorithm_source(load_rules(file)))
    run = backtest(source, parameters={"fast": "4", "slow": "20"})
    performance = run.statistics_results.total_performance.portfolio_statistics
    assert tried["4", "20"]["sharpe"] == pytest.approx(float(performance.sharpe_ratio), rel=1e-4)
    assert tried["4", "20"]["net_return"] == pytest.approx(float(performance.total_net_profit), rel=1e-4)
    assert main(["stress", str(file), "--jitter", "0steps"]) == 2
    assert main(["stress", str(file), "--trials", "5"]) == 2
