"""What a user can get wrong: each has a clear message and the right exit status."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import textwrap
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from tradinglab.cli.main import main


class Outcome(NamedTuple):
    status: int
    out: str
    err: str


Run = Callable[..., Outcome]
Write = Callable[[str], Path]

HOLDER = """
    from AlgorithmImports import *

    class Holder(QCAlgorithm):
        def initialize(self):
            self.set_start_date(2012, 1, 3)
            self.set_end_date(2012, 3, 1)
            self.symbol = self.add_equity("{ticker}", Resolution.DAILY).symbol
            self.set_benchmark(lambda time: 1)
        def on_data(self, data):
            {body}
"""


def holder(body: str = "pass", ticker: str = "IBM") -> str:
    return HOLDER.format(body=body, ticker=ticker)


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write_strategy(source: str) -> Path:
        path = tmp_path / "main.py"
        path.write_text(textwrap.dedent(source))
        return path

    return write_strategy


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def run_command(*arguments: object) -> Outcome:
        status = main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return Outcome(status, captured.out, captured.err)

    return run_command


# The command's own words.


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--parameter", "fast"], "NAME=VALUE"),
        (["--start", "2012-13-01"], "--start: '2012-13-01'"),
        (["--end", "yesterday"], "--end: 'yesterday'"),
        (["--cash", "much"], "--cash: 'much'"),
        (["--cash", "-5"], "above zero"),
        (["--cash", "nan"], "above zero"),
        (["--timeout", "0"], "above zero"),
        (["--data", "yahoo"], "sample, lean:DIR or store:DIR"),
        (["--data", "lean:"], "the folder is missing"),
        (["--data", "lean:/no/such/folder"], "/no/such/folder"),
        (["--import-path", "/no/such/folder"], "/no/such/folder"),
        (["--start", "2012-06-01", "--end", "2012-01-01"], "2012-06-01"),
        (["--class", "Nobody"], "Holder"),
        (["--no-such-option"], "--no-such-option"),
    ],
    ids=lambda value: value[0] + value[-1] if isinstance(value, list) else "",
)
def test_wrong_options(run: Run, write: Write, options: list[str], said: str) -> None:
    outcome = run("backtest", write(holder()), *options)
    assert outcome.status == 2
    assert said in outcome.err
    assert "Traceback" not in outcome.err


@pytest.mark.parametrize("option", ["--json", "--report"])
def test_an_output_in_a_folder_that_is_not_there_is_refused_before_the_run(
    run: Run, write: Write, tmp_path: Path, option: str
) -> None:
    outcome = run("backtest", write(holder("raise RuntimeError")), option, tmp_path / "nope" / "x.html")
    assert outcome.status == 2
    assert f"{option}: {tmp_path / 'nope' / 'x.html'} cannot be written: there is no folder" in outcome.err
    assert not (tmp_path / "nope").exists()


def test_the_folder_of_runs_is_made(run: Run, write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert run("backtest", write(holder()), "--json", "runs/x.json").status == 0
    assert (tmp_path / "runs" / "x.json").is_file()


def test_an_output_that_is_a_folder_is_refused_before_the_run(run: Run, write: Write, tmp_path: Path) -> None:
    outcome = run("backtest", write(holder()), "--json", tmp_path)
    assert outcome.status == 2
    assert "is a folder" in outcome.err


def test_an_unknown_command(run: Run) -> None:
    outcome = run("backtset")
    assert outcome.status == 2
    assert "backtset" in outcome.err


# The strategy's file.


def test_a_missing_file(run: Run, tmp_path: Path) -> None:
    outcome = run("backtest", tmp_path / "nowhere.py")
    assert outcome.status == 2
    assert "nowhere.py" in outcome.err


def test_a_misspelt_template_lists_those_there_are(run: Run) -> None:
    outcome = run("backtest", "dmeo")
    assert outcome.status == 2
    assert "sma-cross" in outcome.err


def test_a_folder_without_main(run: Run, tmp_path: Path) -> None:
    outcome = run("backtest", tmp_path)
    assert outcome.status == 2
    assert "main.py" in outcome.err


def test_a_syntax_error_names_its_line(run: Run, write: Write) -> None:
    outcome = run("backtest", write("from AlgorithmImports import *\n\nclass X(QCAlgorithm:\n    pass\n"))
    assert outcome.status == 2
    assert "line 3" in outcome.err
    assert "syntax error" in outcome.err


def test_a_file_without_an_algorithm(run: Run, write: Write) -> None:
    outcome = run("backtest", write("print('hello')\n"))
    assert outcome.status == 2
    assert "QCAlgorithm" in outcome.err


def test_two_algorithms_need_a_choice(run: Run, write: Write) -> None:
    path = write(holder() + holder("self.set_holdings(self.symbol, 1)").replace("Holder", "Second"))
    outcome = run("backtest", path)
    assert outcome.status == 2
    assert "Holder" in outcome.err
    assert "Second" in outcome.err
    assert "--class" in outcome.err
    assert run("backtest", path, "--class", "Second").status == 0


def test_an_import_that_is_missing_is_the_strategys_failure(run: Run, write: Write) -> None:
    outcome = run("backtest", write("import no_such_module\n" + textwrap.dedent(holder())))
    assert outcome.status == 1
    assert "no_such_module" in outcome.err


# The strategy's own errors.


def test_an_exception_in_initialize(run: Run, write: Write) -> None:
    outcome = run("backtest", write(holder().replace("self.set_benchmark(lambda time: 1)", "1 / 0")))
    assert outcome.status == 1
    assert "ZeroDivisionError" in outcome.err
    assert "initialize" in outcome.err


def test_an_exception_later_shows_the_time_and_only_the_strategys_frames(
    run: Run, write: Write, tmp_path: Path
) -> None:
    path = write(holder("self.helper() if self.time.month == 2 else None") + "        def helper(self): return [][3]\n")
    outcome = run("backtest", path, "--json", tmp_path / "out.json")
    assert outcome.status == 1
    assert "IndexError" in outcome.err
    assert "in helper" in outcome.err
    assert "2012-02-0" in outcome.err
    files = re.findall(r'File "([^"]+)"', outcome.err)
    assert files
    assert set(files) == {str(path)}
    assert json.loads((tmp_path / "out.json").read_text())["state"]["Status"] == "RuntimeError"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("self.plot('Mine', 'one', float('nan'))", "finite"),
        ("self.plot('one', float('inf'))", "finite"),
        ("self.market_order(self.symbol, float('nan'))", "NaN"),
        ("self.plot('one', 1e308)", "too large"),
        ("self.get_parameter(object())", "get_parameter"),
        ("exit(0)", "self.quit()"),
        ("raise type('Bare', (BaseException,), {})('why')", "Bare: why"),
        ("raise type('Mute', (Exception,), {'__str__': lambda self: 1 / 0})", "Mute: "),
    ],
)
def test_what_an_author_may_get_wrong_is_the_strategys_failure(run: Run, write: Write, line: str, said: str) -> None:
    outcome = run("backtest", write(holder(line)))
    assert outcome.status == 1
    assert said in outcome.err
    assert "main.py" in outcome.err
    assert "src/tradinglab" not in outcome.err


@pytest.mark.parametrize("amount", ["float('nan')", "float('-inf')", "1e308"])
def test_cash_that_is_no_amount(run: Run, write: Write, amount: str) -> None:
    outcome = run("backtest", write(holder().replace("self.set_benchmark(lambda time: 1)", f"self.set_cash({amount})")))
    assert outcome.status == 1
    assert "no amount" in outcome.err or "too large" in outcome.err


def test_a_file_that_exits_while_it_is_read(run: Run, write: Write) -> None:
    outcome = run("backtest", write("import sys\nsys.exit(0)\n"))
    assert outcome.status == 1
    assert "SystemExit" in outcome.err


def test_points_that_are_no_numbers_are_gaps(run: Run, write: Write, tmp_path: Path) -> None:
    line = "self.lab_charts or self.add_chart(self.drawn()); self.series.add_point(self.time, float('nan'))"
    drawn = """
        def drawn(self):
            self.series = Series("one")
            chart = Chart("Mine")
            chart.add_series(self.series)
            return chart
"""
    assert (
        run("backtest", write(textwrap.dedent(holder(line)) + textwrap.indent(textwrap.dedent(drawn), "    "))).status
        == 0
    )


def test_a_member_that_we_lack_is_named(run: Run, write: Write) -> None:
    outcome = run("backtest", write(holder("self.add_option_contract('IBM')")))
    assert outcome.status == 1
    assert "add_option_contract" in outcome.err
    assert "coverage" in outcome.err


def test_a_misspelt_member_is_the_strategys_failure(run: Run, write: Write) -> None:
    outcome = run("backtest", write(holder("self.set_holding(self.symbol, 1)")))
    assert outcome.status == 1
    assert "set_holding" in outcome.err


def test_an_infinite_loop_ends_at_the_time_limit(run: Run, write: Write, tmp_path: Path) -> None:
    path = write(holder("while True: pass"))
    began = time.monotonic()
    outcome = run("backtest", path, "--timeout", "1", "--json", tmp_path / "out.json")
    assert outcome.status == 1
    assert time.monotonic() - began < 10
    assert "on_data" in outcome.err
    assert re.search(r"\b1(\.0)? s", outcome.err)
    assert (tmp_path / "out.json").exists()


@pytest.mark.slow
def test_ctrl_c_writes_what_was_computed(write: Write, tmp_path: Path) -> None:
    path = write(holder("import time; print('tick', flush=True); time.sleep(0.2)"))
    process = subprocess.Popen(
        [sys.executable, "-m", "tradinglab.cli.main", "backtest", path, "--json", tmp_path / "out.json"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    assert process.stdout is not None
    for line in process.stdout:
        if "tick" in line:
            break
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Interrupted" in err
    assert "Traceback" not in err
    assert "Total Orders" in out
    assert json.loads((tmp_path / "out.json").read_text())["statistics"]["Total Orders"] == "0"


# Data.


def test_an_unknown_symbol_is_named(run: Run, write: Write) -> None:
    outcome = run("backtest", write(holder(ticker="NOSUCH")))
    assert outcome.status == 0
    assert "NOSUCH" in outcome.out + outcome.err


def test_no_data_in_the_range(run: Run, write: Write) -> None:
    outcome = run("backtest", write(holder()), "--start", "1990-01-01", "--end", "1990-12-31")
    assert outcome.status == 0
    assert "IBM" in outcome.out + outcome.err
    assert "2000-03-01" in outcome.out + outcome.err


def test_reversed_dates_in_the_strategy(run: Run, write: Write) -> None:
    outcome = run("backtest", write(holder().replace("2012, 3, 1", "2011, 3, 1")))
    assert outcome.status in (1, 2)
    assert "2011" in outcome.err


def test_a_run_without_orders_says_how_far_it_came(run: Run, write: Write) -> None:
    outcome = run("backtest", write(holder()))
    assert outcome.status == 0
    assert "No order was asked for" in outcome.out


def test_refused_orders_are_counted(run: Run, write: Write) -> None:
    outcome = run("backtest", write(holder("self.market_order(self.symbol, 10_000_000)")))
    assert outcome.status == 0
    assert "buying power" in (outcome.out + outcome.err).lower()


@pytest.fixture
def lean_folder(lean_data: Path, tmp_path: Path) -> Path:
    """A LEAN data folder with SPY's daily bars and nothing else, free to be broken."""
    folder = tmp_path / "data"
    for part in ("market-hours", "symbol-properties"):
        shutil.copytree(lean_data / part, folder / part)
    for part in ("equity/usa/daily/spy.zip", "equity/usa/factor_files/spy.csv", "equity/usa/map_files/spy.csv"):
        (folder / part).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(lean_data / part, folder / part)
    return folder


def daily(folder: Path, edit: Callable[[list[str]], list[str]]) -> Path:
    """Rewrite the rows of SPY's daily file."""
    path = folder / "equity/usa/daily/spy.zip"
    with zipfile.ZipFile(path) as archive:
        rows = archive.read("spy.csv").decode().splitlines()
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("spy.csv", "\n".join(edit(rows)) + "\n")
    return path


def changed(day: str, row: str) -> Callable[[list[str]], list[str]]:
    """Return an edit that puts *row* in place of the row of *day*; ``{}`` in it is the row as it was."""

    def edit(rows: list[str]) -> list[str]:
        assert any(each.startswith(day) for each in rows)
        return [part for each in rows for part in (row.format(each).split("\n") if each.startswith(day) else [each])]

    return edit


def test_a_truncated_archive(run: Run, write: Write, lean_folder: Path) -> None:
    path = lean_folder / "equity/usa/daily/spy.zip"
    path.write_bytes(path.read_bytes()[:2000])
    outcome = run("backtest", write(holder(ticker="SPY")), "--data", f"lean:{lean_folder}")
    assert outcome.status == 2
    assert "spy.zip" in outcome.err


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("20120117 00:00,1290000", "20120117|line"),
        ("20120117 00:00,1290000,abc,1280000,1285000,1000", "abc"),
        ("2012x117 00:00,1290000,1295000,1280000,1285000,1000", "2012x117"),
        ("20120117 00:00,nan,1295000,1280000,1285000,1000", "nan"),
        ("20120117 00:00,-1290000,1295000,1280000,1285000,1000", "-1290000|-129"),
    ],
    ids=["short", "word", "date", "nan", "negative"],
)
def test_a_bad_row_is_named(run: Run, write: Write, lean_folder: Path, row: str, said: str) -> None:
    daily(lean_folder, changed("20120117", row))
    outcome = run("backtest", write(holder(ticker="SPY")), "--data", f"lean:{lean_folder}")
    assert outcome.status == 2
    assert "spy.zip" in outcome.err
    assert "line" in outcome.err
    assert re.search(said, outcome.err)


@pytest.mark.parametrize("rows", ["{0}\n{0}", "{0}\n20120110 00:00,1290000,1295000,1280000,1285000,1000"])
def test_bars_that_are_twice_or_out_of_order_are_mentioned(
    run: Run, write: Write, lean_folder: Path, rows: str
) -> None:
    daily(lean_folder, changed("20120117", rows))
    outcome = run("backtest", write(holder(ticker="SPY")), "--data", f"lean:{lean_folder}")
    assert outcome.status in (0, 2)
    assert "spy" in outcome.err.lower()


# Imports into a store.


def bars(*rows: str) -> str:
    return "\n".join(("time,open,high,low,close,volume", *rows)) + "\n"


def import_bars(run: Run, folder: Path, text: str) -> Outcome:
    path = folder / "bars.csv"
    path.write_text(text)
    options = ["--symbol", "ABC", "--resolution", "daily", "--market", "usa", "--store", folder / "store"]
    return run("data", "import", path, *options)


GOOD = ("2012-01-03,10,11,9,10.5,100", "2012-01-04,10.5,12,10,11,100")


def test_good_bars_are_imported_and_listed(run: Run, tmp_path: Path) -> None:
    outcome = import_bars(run, tmp_path, bars(*GOOD))
    assert outcome.status == 0
    listed = run("data", "list", "--data", f"store:{tmp_path / 'store'}")
    assert listed.status == 0
    assert "ABC" in listed.out
    assert "2012-01-04" in listed.out


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "bars.csv"),
        ("a,b\n1,2\n", "bars.csv"),
        (bars(*GOOD, "2012-01-05,10,x,9,10,100"), "x"),
        (bars(*GOOD, "2012-01-05,10,nan,9,10,100"), "(?i)nan"),
        (bars(*GOOD, "2012-01-05,-10,11,-12,10,100"), "-1[02]"),
        (bars(*GOOD, "2012-01-05,10,9,11,10,100"), "high|low"),
        (bars(*GOOD, "2012-01-04,10.5,12,10,12,100"), "2012-01-04"),
    ],
    ids=["empty", "no-columns", "word", "nan", "negative", "high-below-low", "contradiction"],
)
def test_bad_bars_are_refused(run: Run, tmp_path: Path, text: str, said: str) -> None:
    outcome = import_bars(run, tmp_path, text)
    assert outcome.status == 2
    assert "bars.csv" in outcome.err
    assert re.search(said, outcome.err)


def test_a_missing_file_cannot_be_imported(run: Run, tmp_path: Path) -> None:
    options = ["--symbol", "ABC", "--resolution", "daily", "--market", "usa", "--store", tmp_path / "store"]
    outcome = run("data", "import", tmp_path / "none.csv", *options)
    assert outcome.status == 2
    assert "none.csv" in outcome.err


def test_generated_bars_are_labelled(run: Run, tmp_path: Path) -> None:
    store = tmp_path / "store"
    made = run("data", "generate", "--symbol", "tst", "--first", "2020-01-02", "--last", "2020-01-03", "--store", store)
    assert made.status == 0
    assert "synthetic" in made.out
    assert "synthetic" in run("data", "list", "--data", f"store:{store}").out


def test_bars_of_no_trading_day_cannot_be_generated(run: Run, tmp_path: Path) -> None:
    options = ["--symbol", "tst", "--first", "2020-01-04", "--last", "2020-01-05", "--store", tmp_path / "store"]
    outcome = run("data", "generate", *options)
    assert outcome.status == 2
    assert "no trading day" in outcome.err
