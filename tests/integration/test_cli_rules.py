"""``tradinglab rules`` from outside: what it prints, and what it refuses."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tradinglab.cli.main import main

GOOD = """rules "Small"
universe AAPL daily
from 2010-01-04 to 2012-12-31
parameter days = 20 from 5 to 50 step 5
enter long when close crosses above SMA(days)
exit long when close crosses below SMA(days)
"""


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    path = tmp_path / "small.rules"
    path.write_text(GOOD)
    return path


def test_both_engines_print_the_same(rules: Path, capsys: pytest.CaptureFixture[str]) -> None:
    printed = []
    for engine in ("vectorised", "local"):
        assert main(["rules", "run", str(rules), "--engine", engine, "-p", "days=30", "--trades"]) == 0
        printed.append(capsys.readouterr().out)
    assert printed[0] == printed[1]
    assert "Total Orders" in printed[0]
    assert printed[0].count("AAPL    long") > 5
    assert {"Sharpe Ratio", "Drawdown", "Win Rate"} <= {line.partition("  ")[0] for line in printed[0].splitlines()}


def test_text_and_json_are_told_apart_by_the_name(rules: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "show", str(rules), "--json"]) == 0
    path = rules.with_suffix(".json")
    path.write_text(capsys.readouterr().out)
    assert main(["rules", "check", str(path)]) == 0
    assert "nothing is wrong" in capsys.readouterr().out
    main(["rules", "show", str(path)])
    shown = capsys.readouterr().out
    main(["rules", "show", str(rules)])
    assert shown == capsys.readouterr().out
    assert "enter long when close crosses above SMA(days)" in shown


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (GOOD.replace("crosses above", "crosses over"), "line 5, column 31"),
        (GOOD.replace("SMA(days)", "SMMA(days)", 1), "Did you mean: 'SMA'?"),
        (GOOD.replace("from 5 to 50", "from 50 to 5"), "parameters.days.minimum"),
        (GOOD.replace("AAPL", "ZZZZ"), "has no daily bars of ZZZZ"),
    ],
)
def test_what_is_wrong_is_said(text: str, message: str, rules: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rules.write_text(text)
    assert main(["rules", "run", str(rules)]) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [["run", "GOOD", "-p", "dayz=3"], ["run", "GOOD", "-p", "days=many"], ["run", "GOOD", "-p", "days=60"],
     ["run", "GOOD", "-p", "days=nan"], ["check", "missing.rules"], ["check", "/"],
     ["run", "GOOD", "-p", "days=0"], ["run", "GOOD", "--engine", "local", "-p", "days=0"]],
)  # fmt: skip
def test_bad_words(words: list[str], rules: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", *(str(rules) if word == "GOOD" else word for word in words)]) == 2
    assert "Error" in capsys.readouterr().err


def test_lists(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "schema"]) == 0
    assert json.loads(capsys.readouterr().out)["title"] == "Rules"
    assert main(["rules", "indicators"]) == 0
    assert "MACD(fast_period, slow_period, signal_period, [type])" in capsys.readouterr().out
    assert main(["rules", "templates"]) == 0
    assert "sma-cross" in capsys.readouterr().out


def test_nothing_heavy_is_imported_with_the_package() -> None:
    code = "import sys, tradinglab, tradinglab.rules; print([n for n in ('numba', 'pydantic') if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_names_of_the_package_are_not_those_of_its_modules() -> None:
    code = (
        "import pkgutil, importlib, tradinglab.rules as rules\n"
        "modules = {each.name for each in pkgutil.iter_modules(rules.__path__)}\n"
        "print(modules & set(rules.__all__))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_what_was_written_by_hand_is_not_written_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mine, generated = tmp_path / "mine.rules", tmp_path / "main.py"
    mine.write_text(GOOD)
    before = mine.read_text()
    assert main(["rules", "generate", str(mine), "-o", str(mine)]) == 2
    assert "was not generated from rules" in capsys.readouterr().err
    assert mine.read_text() == before
    for _ in range(2):
        assert main(["rules", "generate", str(mine), "-o", str(generated)]) == 0
    assert [each.name for each in tmp_path.iterdir()] in (["mine.rules", "main.py"], ["main.py", "mine.rules"])


def test_files_that_cannot_be_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "check", "a" * 5_000]) == 2
    said = capsys.readouterr().err
    assert "File name too long" in said
    assert len(said) < 300


@pytest.mark.parametrize("engine", ["vectorised", "local"])
def test_a_run_says_what_its_bars_are_and_why_nothing_was_ordered(
    engine: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "never.rules"
    path.write_text("universe IBM hour\nfrom 2012-01-03 to 2012-01-31\nenter long when close > SMA(5000)\n")
    assert main(["rules", "run", str(path), "--engine", engine]) == 0
    said = capsys.readouterr().err
    assert "The hourly bars of IBM are synthetic" in said
    assert "needs more bars than there are" in said


def test_commands_for_strategies_say_what_to_do_with_rules(rules: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for command in ("backtest", "doctor", "stress"):
        assert main([command, str(rules)]) == 2
        assert "tradinglab rules generate" in capsys.readouterr().err
