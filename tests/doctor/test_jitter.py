"""Parameters a little off: which variants are drawn, and the bands of what they come to."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradinglab import backtest
from tradinglab.cli.main import main
from tradinglab.doctor import jitter, jittered
from tradinglab.engine.errors import StrategyError, UsageError

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
