"""``tradinglab rules`` from outside: what it prints, and what it refuses."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tradinglab.cli.main import main
from tradinglab.data.source import open_source
from tradinglab.rules import load_bars, read_rules

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
    path.write_text("universe IBM hour\nfrom 2012-01-03 to 2012-01-31\nenter long when close > 5000\n")
    assert main(["rules", "run", str(path), "--engine", engine]) == 0
    said = capsys.readouterr().err
    assert "The hourly bars of IBM are synthetic" in said
    assert "No order was sent: what is to be entered was never true." in said


_DAILY = "universe AAPL, IBM daily\nfrom 2001-01-02 to 2001-03-29\n"  # 61 days of trading
_PORTFOLIO = "rebalance monthly top 2 by ROC(5)"


@pytest.mark.parametrize(
    ("said", "path", "bars"),
    [
        ("enter long when close > SMA(62)", "enter_long.right", 62),
        ("enter long when close > highest(SMA(40), 23)", "enter_long.right", 62),
        ("enter long when close > close 61 bars ago", "enter_long.right", 62),
        ("let slow = EMA(62)\nenter long when close > slow", "names.slow", 62),
        ("enter long when volatility(61) < 1", "enter_long.left", 62),
        ("enter long when close > 1\nsize volatility 15 % over 61 bars at most 100 %", "sizing.bars", 62),
        ("enter long when close > 1\nstop loss 3 ATR(62)", "stop_loss.period", 62),
        ("enter long when close > 1\nrank by ROC(62)", "rank", 63),
        (f"{_PORTFOLIO} weighted by minimum variance over 61 bars", "rebalance.weighting.bars", 62),
        (f"{_PORTFOLIO} weighted by volatility over 5000 bars", "rebalance.weighting.bars", 5_001),
        ("rebalance monthly top 2 by ROC(62)", "rebalance.rank", 63),
        ("warm up 1000 bars\nenter long when close > 1", "warm_up.bars", 1_000),
        ("warm up 2000 days\nenter long when close > 1", "warm_up.days", 2_000),
    ],
)
def test_windows_longer_than_the_data_are_refused_before_anything_starts(
    said: str, path: str, bars: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "long.rules"
    file.write_text(_DAILY + said + "\n")
    assert main(["rules", "run", str(file)]) == 2
    told = capsys.readouterr()
    assert told.err.startswith(f"Error: {path}: ")
    assert f"{bars:,} " in told.err
    assert not told.out


def test_windows_as_long_as_the_data_and_those_that_a_warm_up_fills_are_taken(tmp_path: Path) -> None:
    file = tmp_path / "fits.rules"
    for warm_up, window in (("", 61), ("warm up 200 bars\n", 261)):
        file.write_text(f"{_DAILY}{warm_up}enter long when close > SMA({window})\n".replace("2001", "2002"))
        days = len(load_bars(read_rules(file.read_text()), open_source("sample")).instruments[0].whole)
        file.write_text(file.read_text().replace(f"SMA({window})", f"SMA({days})"))
        assert main(["rules", "run", str(file)]) == 0
        file.write_text(file.read_text().replace(f"SMA({days})", f"SMA({days + 1})"))
        assert main(["rules", "run", str(file)]) == 2


def test_checks_and_generated_source_know_what_is_too_long_for_any_data(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "long.rules"
    file.write_text(f"{_DAILY}enter long when close > SMA(100)\n")
    for command in ("check", "generate"):
        assert main(["rules", command, str(file)]) == 2
        assert "enter_long.right: this is known after 100 bars, and there are 63 " in capsys.readouterr().err


def test_commands_for_strategies_say_what_to_do_with_rules(rules: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for command in ("backtest", "doctor", "stress"):
        assert main([command, str(rules)]) == 2
        assert "tradinglab rules generate" in capsys.readouterr().err
