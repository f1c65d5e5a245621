"""What a command leaves when its reader or its strategy gives up."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tradinglab import backtest
from tradinglab.core.errors import TradingLabError

FAILING = """
from AlgorithmImports import *

class Failing(QCAlgorithm):
    def initialize(self):
        self.set_start_date(2010, 1, 1)
        self.set_end_date(2010, 2, 1)
        self.add_equity("IBM", Resolution.DAILY)

    def on_data(self, data):
        raise RuntimeError("no more")
"""


@pytest.fixture
def strategy(tmp_path: Path) -> Path:
    path = tmp_path / "failing.py"
    path.write_text(FAILING)
    return path


def test_a_reader_that_leaves_costs_neither_report_nor_status(strategy: Path, tmp_path: Path) -> None:
    report = tmp_path / "report.html"
    command = [sys.executable, "-m", "tradinglab.cli.main", "backtest", str(strategy), "--report", str(report)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert process.stdout is not None
    process.stdout.close()
    assert process.wait(60) == 1
    assert report.stat().st_size > 0


def test_a_strategy_that_failed_is_not_told_why_it_did_not_trade(strategy: Path) -> None:
    command = [sys.executable, "-m", "tradinglab.cli.main", "backtest", str(strategy)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert "RuntimeError: no more" in ended.stderr
    assert "No order was asked for" not in ended.stdout


@pytest.mark.parametrize("cash", [0, -1])
def test_cash_must_be_above_zero_in_python_too(strategy: Path, cash: int) -> None:
    with pytest.raises(TradingLabError, match=f"above zero is expected, it was {cash}"):
        backtest(strategy, cash=cash)
