"""``tradinglab backtest --against``: a run beside a result of the same strategy by another engine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tradinglab.cli.main import main


@pytest.fixture
def result(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    path = tmp_path / "lean.json"
    assert main(["backtest", "sma-cross", "--quiet", "--json", str(path)]) == 0
    capsys.readouterr()
    return path


def against(path: Path, *more: str) -> int:
    return main(["backtest", "sma-cross", "--quiet", "--against", str(path), *more])


def change(path: Path, **changes: Any) -> None:
    told = json.loads(path.read_text())
    told["orders"]["4"] |= changes
    path.write_text(json.dumps(told))


def test_the_same_is_told_and_shown(result: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = tmp_path / "report.html"
    assert against(result, "--report", str(report)) == 0
    assert "Parity with lean.json: 100 % (12 of 12 orders)" in capsys.readouterr().out
    assert "Parity of this run and lean.json" in report.read_text()


def test_an_engine_that_fills_dearer(result: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = tmp_path / "report.html"
    change(result, price=json.loads(result.read_text())["orders"]["4"]["price"] * 1.001)
    assert against(result, "--report", str(report)) == 0
    said = capsys.readouterr().out
    assert "Parity with lean.json: 91.67 % (11 of 12 orders)\nProbable cause: fill price." in said
    assert "They part first at 2002-07-10 20:00:00 UTC: Sell AAPL" in said
    assert "Probable cause: fill price" in report.read_text()


@pytest.mark.parametrize("text", ["", "no json", "[]", '{"orders": {}}', "[" * 100_000])
def test_what_is_no_result_is_refused_before_the_run(
    tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "other.json"
    path.write_text(text)
    assert against(path) == 2
    shown = capsys.readouterr()
    assert "--against" in shown.err
    assert shown.out == ""
    assert against(tmp_path / "none.json") == 2
    assert "there is no file" in capsys.readouterr().err
