"""The commands from outside: what they print, where, and what they load."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

import tradinglab
from tradinglab.cli.main import main

COMMAND = [sys.executable, "-m", "tradinglab.cli.main"]


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.strip() == f"tradinglab {tradinglab.__version__}"


@pytest.mark.parametrize("arguments", [[], ["backtest"], ["data"], ["data", "import"], ["new"], ["indicators"]])
def test_every_command_explains_itself(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*arguments, "--help"]) == 0
    assert "usage: tradinglab" in capsys.readouterr().out


def test_the_sample_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "list"]) == 0
    out = capsys.readouterr().out
    assert all(ticker in out for ticker in ("AAPL", "FB", "GOOG", "IBM", "MSFT"))
    assert "2000-03-01  2013-03-01" in out
    # As options take them and the REST API writes them.
    assert ["AAPL", "equity", "usa", "daily", "trade"] in [line.split()[:5] for line in out.splitlines()]


def test_indicators_are_listed_with_the_method_that_makes_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["indicators"]) == 0
    rows = {line.split()[0]: line.split() for line in capsys.readouterr().out.splitlines() if line}
    assert rows["SimpleMovingAverage"][1] == "sma"
    assert rows["MovingAverageConvergenceDivergence"][1] == "macd"
    assert len(rows) > 30


def test_figures_go_to_the_output_and_messages_beside_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["backtest", "demo", "--start", "2010-01-01", "--end", "2010-06-30"]) == 0
    out, err = capsys.readouterr()
    assert "Sharpe Ratio" in out
    assert "holding" in err
    assert "holding" not in out
    assert main(["backtest", "demo", "--start", "2010-01-01", "--end", "2010-06-30", "--quiet"]) == 0
    told = capsys.readouterr().err.splitlines()
    assert told == [
        "Warning: There were no daily bars of FB. The source sample has them from 2012-05-18 to 2013-03-01."
    ]


def test_parameters_cash_and_dates_reach_the_strategy(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "main.py"
    path.write_text(
        "from AlgorithmImports import *\n"
        "from helper import word\n"
        "class Tells(QCAlgorithm):\n"
        "    def initialize(self):\n"
        "        self.add_equity('IBM', Resolution.DAILY)\n"
        "    def on_end_of_algorithm(self):\n"
        "        fast, cash = self.get_parameter('fast'), self.portfolio.cash\n"
        "        self.log(f'{word} {fast} {cash:.0f} {self.start_date:%Y-%m-%d}')\n"
    )
    library = tmp_path / "library"
    library.mkdir()
    (library / "helper.py").write_text("word = 'hello'\n")
    options = ["--parameter", "fast=a=b", "--cash", "50,000", "--start", "2010-01-04", "--end", "2010-01-08"]
    assert main(["backtest", str(path), *options, "--import-path", str(library)]) == 0
    assert "hello a=b 50000 2010-01-04" in capsys.readouterr().err


def test_a_parameter_that_is_not_read_is_warned_of(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--parameter", "fsat=5", "--parameter", "slow=20", "--start", "2010-01-04", "--end", "2010-01-08"]
    assert main(["backtest", "sma-cross", *options, "--quiet"]) == 0
    assert capsys.readouterr().err == (
        "Warning: The strategy did not read the parameter fsat. Did you mean: 'fast'? It read fast, slow.\n"
    )
    path = tmp_path / "main.py"
    path.write_text(
        "from AlgorithmImports import *\n"
        "class All(QCAlgorithm):\n"
        "    def initialize(self):\n"
        "        self.add_equity('IBM', Resolution.DAILY)\n"
        "        self.get_parameters()\n"
    )
    assert main(["backtest", str(path), *options]) == 0
    assert "did not read" not in capsys.readouterr().err
    path.write_text(path.read_text().replace("get_parameters", "get_locked"))
    assert main(["backtest", str(path), *options]) == 0
    assert "Warning: The strategy did not read the parameter slow. It read none.\n" in capsys.readouterr().err


def test_a_short_run_in_a_pipe_loads_nothing_that_it_does_not_need() -> None:
    code = "import sys; from tradinglab.cli.main import main; main(sys.argv[1:]); print(*sys.modules, file=sys.stderr)"
    arguments = ["backtest", "demo", "--quiet", "--start", "2010-01-01", "--end", "2010-02-28"]
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True)
    heavy = {"pandas", "polars", "exchange_calendars", "rich", "jinja2", "scipy", "matplotlib", "pyarrow"}
    assert not heavy & set(done.stderr.split())


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo terminal")
def test_on_a_terminal_the_statistics_are_a_table() -> None:
    controller, terminal = pty.openpty()
    arguments = ["backtest", "demo", "--quiet", "--start", "2010-01-01", "--end", "2010-02-28"]
    with subprocess.Popen(
        [*COMMAND, *arguments], stdout=terminal, stderr=terminal, env=os.environ | {"TERM": "xterm-256color"}
    ) as process:
        os.close(terminal)
        shown = b""
        try:
            while part := os.read(controller, 4096):
                shown += part
        except OSError:
            pass  # Linux says so that the other side has closed.
        assert process.wait(timeout=60) == 0
    os.close(controller)
    text = shown.decode()
    assert "Sharpe Ratio" in text
    assert "\x1b[" in text


@pytest.mark.parametrize("words", [["indicators"], ["--help"], ["rules", "templates"], ["no-such-command"]])
def test_who_writes_to_a_reader_that_has_left_ends_quietly_as_programs_do(words: list[str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "tradinglab.cli.main", *words]
    both = {"stdout": writer, "stderr": writer if words == ["no-such-command"] else subprocess.PIPE}
    done = subprocess.run(command, **both, text=True, check=False)
    os.close(writer)
    assert done.returncode == 141  # what a shell says of whom SIGPIPE has ended
    assert not done.stderr
