"""``tradinglab optimize``: what it finds, and that nothing is lost or run twice, however it ends."""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import norm

from tradinglab import backtest
from tradinglab.cli.main import main

SHARED = """
from AlgorithmImports import *
from time import sleep

class Shared(QCAlgorithm):
    def initialize(self):
        self.set_start_date(2010, 1, 4)
        self.set_end_date(2010, 2, 1)
        self.share = float(self.get_parameter("share", 0.5))
        self.cap = float(self.get_parameter("cap", 1))
        if self.get_parameter("flavour", "plain") == "bad":
            raise ValueError("no such flavour")
        if self.get_parameter("flavour", "plain") == "deadly":
            import os
            os._exit(7)
        if self.get_parameter("flavour", "plain") == "slow":
            sleep(0.3)
        print("said to the output")
        self.symbol = self.add_equity("AAPL", Resolution.DAILY).symbol

    def on_data(self, data):
        if not self.portfolio.invested:
            self.set_holdings(self.symbol, min(self.share, self.cap))
"""


@pytest.fixture
def strategy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "shared.py"
    path.write_text(SHARED)
    return path


def result_of(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text()))


def told(path: Path) -> list[int]:
    lines = [json.loads(line) for line in path.read_bytes().splitlines() if line.endswith(b"}")]
    return [line["told"] for line in lines if "told" in line]


def test_a_grid_is_backtested_and_its_best_named(strategy: Path, capfd: pytest.CaptureFixture[str]) -> None:
    words = ["--space", "share=0.2:0.8:0.2", "--space", "cap=0.5,1", "--constraint", "share < cap"]
    words += ["-p", "flavor=plain"]
    assert main(["optimize", str(strategy), *words, "--target", "end_equity:min", "--jobs", "2"]) == 0
    out, err = capfd.readouterr()
    assert "--parameter flavor: the strategy does not ask for it" in err
    assert "Did you mean: 'flavour'?" in err
    assert "said to the output" not in out
    assert "6 trials, 6 completed; 6 of them were run now" in out
    result = result_of(Path("runs/optimize-shared.json"))
    assert [each["parameters"] for each in result["trials"]] == [
        {"share": share, "cap": cap}
        for share in ("0.2", "0.4", "0.6", "0.8") for cap in ("0.5", "1") if float(share) < float(cap)
    ]  # fmt: skip
    ratios = [each["figures"]["sharpe_ratio"] for each in result["trials"]]
    # After Bailey and Lopez de Prado (2014): what the best of six without skill is to be expected to have.
    first, second = (float(norm.ppf(1 - 1 / each)) for each in (6, 6 * math.e))
    by_luck = float(np.std(ratios, ddof=1)) * ((1 - np.euler_gamma) * first + np.euler_gamma * second)
    assert result["sharpe_ratio_by_luck"] == pytest.approx(by_luck)
    assert f"has a Sharpe ratio of {by_luck:.4g}" in out
    assert "the best trial closed no trade" not in out
    for each in result["trials"][::4]:
        alone = backtest(strategy, parameters=each["parameters"])
        assert each["figures"]["end_equity"] == pytest.approx(float(alone.record.account.value), abs=1e-3)
    best = result["trials"][result["best"]]
    assert best["figures"]["end_equity"] == min(each["figures"]["end_equity"] for each in result["trials"])
    assert not list(Path(tempfile.gettempdir()).glob(f"tradinglab-bars-{os.getpid()}*"))


def test_trials_that_fail_or_die_are_told_and_the_others_count(
    strategy: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    words = ["--space", "flavour=bad,deadly,plain,sweet", "--target", "end_equity", "--jobs", "1"]
    assert main(["optimize", str(strategy), *words]) == 0
    result = result_of(Path("runs/optimize-shared.json"))
    assert [each["state"] for each in result["trials"]] == ["failed", "failed", "completed", "completed"]
    assert "no such flavour" in result["trials"][0]["error"]
    assert "exit status 7" in result["trials"][1]["error"]
    assert result["best"] == 2
    assert "2 trials failed; trial 0: " in capfd.readouterr().err


def test_if_none_completes_the_status_says_so(strategy: Path) -> None:
    assert main(["optimize", str(strategy), "--space", "flavour=bad", "--out", "none.json"]) == 1
    assert result_of(Path("none.json"))["best"] is None


def test_several_targets_make_a_front(strategy: Path, capfd: pytest.CaptureFixture[str]) -> None:
    words = ["--space", "share=0.2:0.8:0.2", "--target", "end_equity:min", "--target", "drawdown", "--out", "f.json"]
    assert main(["optimize", str(strategy), *words, "--penalty", "drawdown=1"]) == 0
    # The share fell: less money at its end is had by more drawdown alone.
    assert result_of(Path("f.json"))["pareto_front"] == [0, 1, 2, 3]
    assert "The Pareto front: 4" in capfd.readouterr().out


def begun(strategy: Path, *words: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tradinglab.cli.main", "optimize", str(strategy), "--jobs", "2", *words]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def wait_for(journal: Path, count: int) -> None:
    end = time.monotonic() + 120
    while time.monotonic() < end:
        if journal.exists() and len(told(journal)) >= count:
            return
        time.sleep(0.05)
    raise AssertionError(f"fewer than {count} outcomes")


SEARCH = ["--space", "share=0.05:0.95:0.05", "--parameter", "flavour=slow", "--out", "s.json", "--target", "end_equity"]


@pytest.mark.parametrize("sampler", [[], ["--sampler", "bayesian", "--trials", "15", "--seed", "3"]])
def test_killed_in_its_middle_it_goes_on_with_what_is_left(strategy: Path, sampler: list[str]) -> None:
    journal = Path("s.journal")
    running = begun(strategy, *SEARCH, *sampler)
    wait_for(journal, 3)
    running.send_signal(signal.SIGKILL)
    running.communicate()
    before = journal.read_bytes()
    kept = told(journal)
    journal.write_bytes(before + b'{"told": 9')  # as if it had been killed while it wrote
    assert main(["optimize", str(strategy), *SEARCH, *sampler, "--resume"]) == 0
    assert journal.read_bytes().startswith(before)
    numbers = told(journal)
    assert numbers[: len(kept)] == kept
    assert sorted(numbers) == list(range(15 if sampler else 19))
    assert len(result_of(Path("s.json"))["trials"]) == len(numbers)
    assert main(["optimize", str(strategy), *SEARCH, *sampler, "--resume"]) == 0
    assert told(journal) == numbers


def test_ctrl_c_keeps_what_is_done(strategy: Path) -> None:
    running = begun(strategy, *SEARCH)
    wait_for(Path("s.journal"), 2)
    running.send_signal(signal.SIGINT)
    _, errors = running.communicate(timeout=60)
    assert running.returncode == 130
    assert b"Traceback" not in errors
    assert b"--resume goes on" in errors
    done = result_of(Path("s.json"))
    assert done["status"] == "interrupted"
    assert 2 <= len(done["trials"]) < 19


def test_a_journal_is_not_mixed_with_another_search(strategy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["optimize", str(strategy), "--space", "share=0.2,0.4", "--out", "s.json", "--jobs", "1"]
    assert main(words) == 0
    journal = Path("s.journal")
    unfinished = b"".join(journal.read_bytes().splitlines(keepends=True)[:-1])
    journal.write_bytes(unfinished)
    assert main(words) == 2
    assert "--resume" in capsys.readouterr().err
    assert main([*words, "--resume", "--cash", "5000"]) == 2
    assert 'cash was null, and is now "5000"' in capsys.readouterr().err
    strategy.write_text(SHARED + "\n")
    assert main([*words, "--resume"]) == 2
    assert "code was" in capsys.readouterr().err
    journal.write_text("no journal\n")
    assert main([*words, "--resume"]) == 2
    assert "line 1" in capsys.readouterr().err
    assert journal.read_text() == "no journal\n"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--space", "share=1:2:0"], "A step is above 0"),
        (["--space", "share=2:1:1"], "swap them"),
        (["--space", "share"], "no NAME="),
        (["--space", "share=1:2"], "no end of values"),
        (["--space", "share=0:1:log"], "begins above 0"),
        (["--space", "share=1:2:3:4:5"], "too many parts"),
        (["--space", "share=1,,2"], "comma without a value"),
        (["--space", "share=1,2", "--trials", "1000000000001"], "too large"),
        (["--space", "shares=1,2"], "does not ask for the parameter shares"),
        (["--space", "share=1,2", "-p", "share=3"], "is searched"),
        (["--space", "share=1,2", "--constraint", "share <"], "column 8"),
        (["--space", "share=1,2", "--constraint", "size < 1"], "no parameter 'size'"),
        (["--space", "share=1,2", "--constraint", "share > 2"], "No combination keeps to"),
        (["--space", "share=1:1000:1", "--space", "cap=1:1001:1"], "there are 1,001,000:"),
        (["--space", "share=1,2", "--target", "luck"], "no figure 'luck'"),
        (["--space", "share=1,2", "--target", "alpha:up"], "max or min"),
        (["--space", "share=1,2", "--bound", "drawdown"], "no bound"),
        (["--space", "share=1,2", "--penalty", "drawdown"], "FIGURE=WEIGHT"),
        (["--space", "share=1,2", "--sampler", "euler"], "min_step"),
        (["--space", "share=1:9:4:1"], "search by 'euler'"),
        (["--space", "share=1,2", "--jobs", "0"], "above zero"),
        (["--space", "share=1,2", "--data", "nowhere"], "nowhere"),
        (["--space", "share=1,2", "--start", "2010-02-01", "--end", "2010-01-01"], "swap them"),
        (["--space", "share=1,2", "--start", "2016-01-04", "--end", "2016-06-01"], "on none of these days has sample"),
        (["--space", "share=1,2", "--start", "2030-01-01"], "is after the end date"),
        (
            [
                "--space",
                "share=1,2",
                "--start",
                "2016-01-04",
                "--end",
                "2016-06-01",
                "--walk-forward",
                "train=20",
                "test=10",
            ],
            "there are 0 with data",
        ),
        (["--space", "share=1,2", "--constraint", "share ** share ** 9999999 < 1"], "column 10: an exponent"),
    ],
)
def test_what_cannot_be_searched_is_refused_before_anything_starts(
    strategy: Path, words: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["optimize", str(strategy), *words]) == 2
    assert says in capsys.readouterr().err
    assert not list(Path("runs").glob("*"))
