"""Generated source is clean: it parses, its lines are short, nothing in it is unused or unknown."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tradinglab.rules import algorithm_source, read_rules
from tradinglab.rules.templates import all_rule_templates

HEAD = "universe ABC, DEF daily\nfrom 2001-01-01 to 2002-01-01\n"
LONG = """
parameter slow_average_of_closes = 100
let middle = (SMA(slow_average_of_closes) + EMA(50)) / 2
enter long when (close > middle and RSI(14) < 30 and bars since (close crosses above middle) < 5 and
    volume > 2 * SMA(20) of volume) or (close crosses above highest(high, 55) 1 bar ago and not (day in monday) and
    time between 15:00 and 16:30 and bars since (MACD(12, 26, 9).signal > 0 and MACD(12, 26, 9).histogram < 1) > 3)
exit long when close < lowest(low, 20) 1 bar ago
"""
RESTING = """
parameter far = 2
enter long when close > SMA(20)
stop loss 2 ATR(14) resting
take profit far % resting
trail far ATR(10) resting
size kelly 50 %
wait 3 bars after exit
"""
SOURCES = {each.name: each.path.read_text() for each in all_rule_templates()} | {
    "long": HEAD + LONG,
    "resting": HEAD + RESTING + "fill at next bar open\n",
    "resting-coins": HEAD.replace("ABC, DEF", "crypto BTCUSD") + RESTING,
    "resting-target": HEAD + "enter short when close < SMA(20)\ntake profit 3 points resting\n",
}


@pytest.mark.parametrize("name", SOURCES)
def test_source_is_clean(name: str, tmp_path: Path) -> None:
    source = algorithm_source(read_rules(SOURCES[name]))
    ast.parse(source)
    assert max(map(len, source.splitlines())) <= 99
    path = tmp_path / "main.py"
    path.write_text(source)
    options = ["--isolated", "--no-cache", "--select=E,F,W,I", "--ignore=F403,F405", "--line-length=99"]
    command = [sys.executable, "-m", "ruff", "check", *options, str(path)]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout


def test_the_house_check_finds_nothing(tmp_path: Path) -> None:
    # In a process that has loaded no more than the check needs.
    for name in ("sma-cross", "turtle", "crypto-trend", "momentum-portfolio"):
        path = tmp_path / f"{name}.py"
        path.write_text(algorithm_source(read_rules(SOURCES[name])))
        command = [sys.executable, "-m", "tradinglab.cli.main", "lint", str(path)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout
        assert "unsupported" not in done.stdout, done.stdout
        assert "Nothing is wrong" in done.stdout + done.stderr


def test_one_number_may_have_many_names() -> None:
    rules = read_rules(HEAD + "parameter n = 5\nenter long when SMA(n) > SMA(5) and close > SMA(n) 1 bar ago")
    source = algorithm_source(rules)
    assert source.count("algorithm.sma(") == 2
