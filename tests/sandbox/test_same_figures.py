"""A backtest in the sandbox comes to what an ordinary one does."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tradinglab.engine.run import backtest
from tradinglab.report import write_report
from tradinglab.sandbox import Limits, Sandbox, sandboxed_backtest
from tradinglab.sandbox.answer import Reader
from tradinglab.sandbox.errors import BadAnswerError
from tradinglab.sandbox.insight_rows import insights_of
from tradinglab.sandbox.packing import packed
from tradinglab.templates import Template, all_templates

_VOLATILE = {"state", "serverStatistics"}
_LIMITS = Limits(answer_items=20_000_000, answer_bytes=512 << 20)
_FAILS = """
from AlgorithmImports import *
from helper import level

class Fails(QCAlgorithm):
    def initialize(self):
        self.set_start_date(2013, 1, 2)
        self.set_end_date(2013, 1, 31)
        self.add_equity("IBM", Resolution.DAILY)

    def on_data(self, data):
        self.plot("Own", "Level", level(self))
        self.log(self.get_parameter("word"))
        if self.time.day > 10:
            raise ValueError("enough")
        self.set_holdings("IBM", 0.5)
"""
_SAYS = """
from AlgorithmImports import *

class Says(QCAlgorithm):
    def initialize(self):
        self.set_start_date(2013, 1, 2)
        self.set_end_date(2013, 1, 31)
        self.add_equity("IBM", Resolution.DAILY)

    def on_data(self, data):
        self.emit_insights(Insight.group(
            Insight.price("IBM", Expiry.END_OF_WEEK, InsightDirection.UP, float("inf"), 0.5, "Mine\\x00", tag=7),
            Insight("IBM", timedelta(3), InsightType.VOLATILITY, InsightDirection.FLAT),
        ))
        for insight in self.insights:
            insight.close_time_utc = datetime.max
"""
_HELPER = "def level(algorithm):\n    return algorithm.time.day\n"


@pytest.mark.slow
@pytest.mark.parametrize("template", all_templates(), ids=lambda each: each.name)
def test_every_template(template: Template, sandbox: Sandbox, tmp_path: Path) -> None:
    """Statistics, orders, result file, report and tables are the same."""
    inside = sandboxed_backtest(template.path, sandbox=sandbox, limits=_LIMITS)
    outside = backtest(template.path)
    assert inside.statistics == outside.statistics
    assert inside.runtime_statistics == outside.runtime_statistics
    assert inside.logs == outside.logs
    documents = [
        json.loads(each.write_json(tmp_path / f"{at}.json").read_text()) for at, each in enumerate((inside, outside))
    ]
    assert {name: documents[0][name] for name in documents[0].keys() - _VOLATILE} == {
        name: documents[1][name] for name in documents[1].keys() - _VOLATILE
    }
    pages = [write_report(each, tmp_path / "page.html").read_text() for each in (inside, outside)]
    assert len({re.sub(r"data points in [\d.]+ s|run on [-\d: ]+ UTC", "", page) for page in pages}) == 1
    for name in ("orders", "trades", "equity", "daily"):
        assert getattr(inside, name).equals(getattr(outside, name)), name


def _command(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tradinglab.cli.main", "backtest", *words]
    path = str(Path(__file__).resolve().parents[2] / "src")
    env = {"PATH": "/usr/bin:/bin", "PYTHONPATH": path, "HOME": str(cwd)}
    return subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, timeout=120, check=False)


def _lasting(text: str) -> str:
    return re.sub(r"data points in .*", "data points", text)


@pytest.mark.slow
@pytest.mark.parametrize(
    "words",
    [
        ("fails.py", "-p", "word=hello"),
        ("fails.py", "-p", "word=hello", "--end", "2013-01-09", "--cash", "5000", "-p", "other=1"),
        ("fails.py", "--class", "Nobody"),
        ("fails.py", "--start", "2013-02-01", "--end", "2013-01-01"),
        ("nothing.py",),
        ("broken.py",),
        ("printing.py",),
    ],
)
def test_the_command_says_the_same(words: tuple[str, ...], grade: str, tmp_path: Path) -> None:
    """On both streams, and by its exit status; of failures too."""
    (tmp_path / "fails.py").write_text(_FAILS)
    (tmp_path / "helper.py").write_text(_HELPER)
    (tmp_path / "broken.py").write_text("class (\n")
    (tmp_path / "printing.py").write_text("print('at import')\n1 / 0\n")
    inside, outside = (_command(*words, *more, cwd=tmp_path) for more in (("--sandbox",), ()))
    assert inside.returncode == outside.returncode
    assert _lasting(inside.stdout) == _lasting(outside.stdout)
    assert inside.stderr == outside.stderr


def test_memory_and_allow_weak_are_for_the_sandbox(tmp_path: Path) -> None:
    """Without it they are refused."""
    done = _command("demo", "--memory", "100", cwd=tmp_path)
    assert done.returncode == 2
    assert "--sandbox" in done.stderr


def test_insights_come_as_they_are(sandbox: Sandbox, tmp_path: Path) -> None:
    """Whatever a strategy has put into them that no answer can carry is left out of them."""
    path = tmp_path / "says.py"
    path.write_text(_SAYS)
    inside, outside = sandboxed_backtest(path, sandbox=sandbox), backtest(path)
    found = inside.record.insights
    assert inside.record.insight_count == outside.record.insight_count == len(found) > 10
    mine = replace(outside.record.insights[0], magnitude=None, source_model="Mine\ufffd")
    assert found[:2] == [mine, outside.record.insights[1]]
    assert found[0].tag == "7"
    assert found[0].close_ns == (1 << 63) - 1


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (0, "x" * 32), (1, "12"), (2, ["nothing", "IBM"]), (3, [2, 1]), (3, [0, 2]), (4, [1 << 63, 0]),
        (5, ["1", 0, 0, None, None, None]), (6, ["1", "NaN", "1"]), (7, 1), (8, None), (9, 5),
    ],
)  # fmt: skip
def test_a_forged_insight_is_refused(place: int, value: object, tmp_path: Path) -> None:
    """Each value has its form; none is taken as it comes."""
    path = tmp_path / "says.py"
    path.write_text(_SAYS)
    rows = packed(backtest(path))["insights"]
    assert isinstance(rows, list)
    assert len(insights_of(Reader(rows))) == len(rows)
    with pytest.raises(BadAnswerError, match="order of time"):
        insights_of(Reader(rows[::-1]))
    rows[0][place] = value
    with pytest.raises((BadAnswerError, ValueError)):
        insights_of(Reader(rows))
