"""``tradinglab optimize … --sandbox``: the same figures, and the strategy's code does no harm, not even set up."""

from __future__ import annotations

import json
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.integration.test_cli_optimize import SHARED

from tradinglab.cli.main import main

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the sandbox needs Linux")
GRID = ["--space", "share=0.3,0.9", "--target", "end_equity", "--start", "2010-01-04"]
SANDBOX = ["--sandbox", "--allow-weak", "--jobs", "2"]
WALK = ["--end", "2010-04-30", "--walk-forward", "train=40", "test=20"]
#: What it does it does when it is loaded, set up and run: whoever does any of these outside has the file, and a guest.
HOSTILE = """
from AlgorithmImports import *
import os, socket

def strike(when):
    for act in (
        lambda: open(f"{folder}/{{when}}-file", "w").close(),
        lambda: os.system("touch {folder}/" + when + "-process"),
        lambda: socket.create_connection(("127.0.0.1", {port}), 1).close(),
    ):
        try:
            act()
        except BaseException:
            pass

strike("loaded")

class Hostile(QCAlgorithm):
    def initialize(self):
        strike("set-up")
        self.set_start_date(2010, 1, 4)
        self.set_end_date(2010, 4, 30)
        self.share = float(self.get_parameter("share", 0.5))
        self.symbol = self.add_equity("AAPL", Resolution.DAILY).symbol

    def on_data(self, data):
        if not self.portfolio.invested:
            strike("run")
            self.set_holdings(self.symbol, self.share)
"""


@pytest.fixture
def strategy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "shared.py"
    path.write_text(SHARED)
    return path


@pytest.fixture
def door() -> Iterator[socket.socket]:
    """Where nobody is to come in."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setblocking(False)
        yield listening


def _found(path: str, *without: str) -> Any:
    return {name: value for name, value in json.loads(Path(path).read_text()).items() if name not in without}


def test_a_search_comes_to_the_same_figures(strategy: Path) -> None:
    words = ["optimize", str(strategy), *GRID, "--end", "2010-02-26"]
    assert main([*words, "--out", "plain.json"]) == 0
    assert main([*words, *SANDBOX, "--out", "confined.json"]) == 0
    plain, confined = (_found(f"{name}.json")["trials"] for name in ("plain", "confined"))
    assert len(confined) == 2
    assert [(each["parameters"], each["figures"]) for each in confined] == [
        (each["parameters"], each["figures"]) for each in plain
    ]


def test_a_walk_forward_comes_to_the_same_figures(strategy: Path) -> None:
    words = ["optimize", str(strategy), *GRID, *WALK]
    assert main([*words, "--out", "plain.json"]) == 0
    assert main([*words, *SANDBOX, "--out", "confined.json"]) == 0
    assert _found("confined.json")["steps"]
    assert _found("confined.json") == _found("plain.json")


def test_what_was_noted_is_not_run_again(strategy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["optimize", str(strategy), *GRID, "--end", "2010-02-26", *SANDBOX, "--out", "s.json"]
    assert main(words) == 0
    whole, journal = _found("s.json")["trials"], Path("s.journal")
    lines = journal.read_bytes().splitlines(keepends=True)
    told = [place for place, line in enumerate(lines) if b'"told"' in line]
    journal.write_bytes(b"".join(lines[: told[1]]))  # as it is when the process ends between the two
    capsys.readouterr()
    assert main([*words, "--resume"]) == 0
    assert "1 of them were run now" in capsys.readouterr().out
    again = _found("s.json")["trials"]
    assert [each["figures"] for each in again] == [each["figures"] for each in whole]


CHEATING = """
    def on_end_of_algorithm(self):
        import gc
        kind = next(type(each) for each in gc.get_objects() if type(each).__name__ == "EquityCandles")
        honest = kind.candles.fget
        kind.candles = property(lambda own: [each._replace(close=each.close * 2, high=each.high * 2)
                                             for each in honest(own)])
"""


@pytest.mark.parametrize("walk", [[], WALK])
def test_it_says_which_figures_do_not_follow_from_the_orders(
    walk: list[str], strategy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["optimize", str(strategy), *GRID, *(walk or ["--end", "2010-02-26"]), *SANDBOX, "--out", "s.json"]
    assert main(words) == 0
    assert "not verified" not in capsys.readouterr().err
    strategy.write_text(strategy.read_text().rstrip("\n") + "\n" + CHEATING)
    assert main(words) == 0
    assert "are not verified: their figures do not follow from their orders and the bars" in capsys.readouterr().err
    if not walk:
        told = [each["findings"] for each in _found("s.json")["trials"]]
        assert all(any("equity" in text.lower() for text in each) for each in told)


@pytest.mark.parametrize("walk", [[], WALK])
def test_hostile_code_reaches_nothing(
    walk: list[str], tmp_path: Path, door: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    harmed = tmp_path / "harmed"
    harmed.mkdir(mode=0o777)
    harmed.chmod(0o777)
    path = tmp_path / "hostile.py"
    path.write_text(HOSTILE.format(folder=harmed, port=door.getsockname()[1]))
    main(["optimize", str(path), *GRID, *walk, *SANDBOX, "--out", "h.json"])
    assert list(harmed.iterdir()) == []
    with pytest.raises(BlockingIOError):
        door.accept()
    if not walk:  # it would do harm, if it could
        main(["optimize", str(path), *GRID, "--out", "free.json"])
        assert {each.name for each in harmed.iterdir()} >= {"loaded-file", "set-up-file", "run-file", "run-process"}
        door.accept()[0].close()


def test_a_strategy_that_raises_when_it_is_set_up_says_so(strategy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["optimize", str(strategy), *GRID, *WALK, *SANDBOX, "-p", "flavour=bad"]
    assert main(words) != 0
    assert "no such flavour" in capsys.readouterr().err


def test_what_is_for_the_sandbox_needs_it(strategy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["optimize", str(strategy), *GRID, "--memory", "512"]) == 2
    assert "--allow-weak and --memory are for --sandbox" in capsys.readouterr().err
