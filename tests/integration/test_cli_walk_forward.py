"""``tradinglab optimize … --walk-forward``: each test by what was best before it, and nothing run twice."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from tests.integration.test_cli_optimize import SHARED, told

from tradinglab import backtest
from tradinglab.cli.main import main

WORDS = ["--space", "share=0.3,0.9", "--target", "end_equity", "--start", "2010-01-04", "--end", "2010-06-30"]
WALK = ["--walk-forward", "train=40", "test=20"]


@pytest.fixture
def strategy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "shared.py"
    path.write_text(SHARED)
    return path


def result_of(path: str) -> dict[str, Any]:
    return dict(json.loads(Path(path).read_text()))


def test_each_window_is_tested_with_what_was_best_before(strategy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["optimize", str(strategy), *WORDS, *WALK, "--purge", "2", "--jobs", "2"]) == 0
    assert "All tests, one after the other" in capsys.readouterr().out
    found = result_of("runs/walk-forward-shared.json")
    assert len(found["steps"]) == 4  # 124 days of trading: 40 and 2 before the first of 4 times 20
    ends = [(each["train_last"], each["test_first"]) for each in found["steps"]]
    assert all(one < other for one, other in ends)
    for each in found["steps"]:
        scores = {}
        for share in ("0.3", "0.9"):
            days = {"start": each["train_first"], "end": each["train_last"]}
            scores[share] = float(backtest(strategy, parameters={"share": share}, **days).record.account.value)
        best = max(scores, key=lambda share: scores[share])
        assert each["parameters"] == {"share": best}
        assert each["train_score"] == pytest.approx(scores[best], abs=1e-3)
        tested = backtest(strategy, parameters={"share": best}, start=each["test_first"], end=each["test_last"])
        assert each["test_return"] == pytest.approx(float(tested.record.account.value) / 100_000 - 1, abs=1e-6)
    total = 1.0
    for each in found["steps"]:
        total *= 1 + each["test_return"]
    assert found["equity"][-1] == pytest.approx(100_000 * total)
    assert len(found["days"]) == len(found["equity"]) == 80
    assert found["drift"]["share"]["values"] == [each["parameters"]["share"] for each in found["steps"]]


def test_windows_may_be_named_by_their_dates(strategy: Path) -> None:
    window = "2010-01-04:2010-02-26:2010-03-01:2010-03-31"
    assert main(["optimize", str(strategy), *WORDS, "--window", window, "--out", "w.json"]) == 0
    (step,) = result_of("w.json")["steps"]
    assert (step["test_first"], step["trials"]) == ("2010-03-01", 2)
    assert {date.fromisoformat(day).month for day in result_of("w.json")["days"]} == {3}


def test_killed_in_the_middle_it_goes_on_with_what_is_left(strategy: Path) -> None:
    words = ["optimize", str(strategy), *WORDS, *WALK, "-p", "flavour=slow", "--out", "w.json", "--jobs", "2"]
    running = subprocess.Popen([sys.executable, "-m", "tradinglab.cli.main", *words], stderr=subprocess.DEVNULL)
    journal, end = Path("w.journal"), time.monotonic() + 120
    while not (journal.exists() and len(told(journal)) >= 4):
        assert time.monotonic() < end
        time.sleep(0.05)
    running.send_signal(signal.SIGKILL)
    running.wait()
    before = journal.read_bytes()
    assert main([*words, "--resume"]) == 0
    assert journal.read_bytes().startswith(before)
    numbers = told(journal)
    assert sorted(numbers) == list(range(4 * 3))
    whole = result_of("w.json")
    assert main([*words[:-4], "--out", "again.json", "--jobs", "1"]) == 0
    again = result_of("again.json")
    assert (again["steps"], again["equity"]) == (whole["steps"], whole["equity"])


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--walk-forward", "train=120", "test=20"], "A window takes 140 trading days (120 to train, 20 to test), and"),
        (["--walk-forward", "train=1", "test=20"], "at least 2 days"),
        (["--walk-forward", "train=20", "train=20"], "both train=DAYS and test=DAYS"),
        (["--walk-forward", "train=x", "test=20"], "no whole number"),
        (["--walk-forward", "train=10", "test=5", "--stop-at", "3"], "--stop-at"),
        (["--window", "2010-01-04:2010-02-26:2010-03-01:2011-03-31"], "there are data from 2010-01-04 to 2010-06-30"),
        (["--window", "2010-01-04:2010-02-26"], "no TRAIN_FIRST"),
        (["--window", "2010-01-04:2010-02-26:2010-02-01:2010-03-31"], "four dates follow"),
        (["--anchored"], "for --walk-forward"),
        (["--purge", "3"], "for --walk-forward"),
    ],
)
def test_windows_that_cannot_be_walked_are_refused_before_anything_starts(
    strategy: Path, words: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["optimize", str(strategy), *WORDS, *words]) == 2
    assert says in capsys.readouterr().err
    assert not list(Path("runs").glob("*"))
