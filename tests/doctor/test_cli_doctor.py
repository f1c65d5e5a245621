"""``tradinglab doctor``: what it prints, and its exit status."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tradinglab.cli.main import main

PEEKING = """
from AlgorithmImports import *

class Peeking(QCAlgorithm):
    def initialize(self):
        self.set_start_date(2010, 1, 4)
        self.set_end_date(2010, 6, 1)
        self.symbol = self.add_equity("AAPL", Resolution.DAILY).symbol

    def on_data(self, data):
        bars = self.lab_context.source.bars(self.symbol, Resolution.DAILY, TickType.TRADE, -(1 << 62), 1 << 62)
        at = int(bars.end_ns.searchsorted(self.lab_utc_ns))
        rises = at + 1 < len(bars) and bars.values["close"][at + 1] > bars.values["close"][at]
        self.set_holdings(self.symbol, 0.5 if rises else 0)
"""


def test_a_strategy_that_sees_the_future_has_status_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "main.py"
    path.write_text(PEEKING)
    assert main(["doctor", str(path), "--cuts", "3"]) == 1
    told = capsys.readouterr().out
    assert told.startswith("error: The strategy sees the future: ")
    assert "at AAPL 2010-" in told
    assert "[look-ahead]" in told


def test_a_sound_strategy_has_status_0(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "buy-and-hold", "--cuts", "1", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["cuts"] == 1
    assert {each["code"] for each in document["findings"]} == {"few-trades", "open-profit"}


def test_a_strategy_that_fails_has_status_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "main.py"
    path.write_text(PEEKING.replace('self.add_equity("AAPL", Resolution.DAILY).symbol', "1 / 0"))
    assert main(["doctor", str(path)]) == 1
    assert "ZeroDivisionError" in capsys.readouterr().err
    path.write_text(PEEKING.replace("at = int", "assert self.time.month < 4; at = int"))
    assert main(["doctor", str(path)]) == 1
    assert capsys.readouterr().out.startswith("The run failed: AssertionError")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["nowhere.py"], "There is no file nowhere.py"),
        (["demo", "--cuts", "-1"], "--cuts"),
        (["demo", "--cuts", "1001"], "'1001' is no whole number from 0 to 1,000"),
        (["demo", "--start", "2011-01-01", "--end", "2010-01-01"], "swap them"),
    ],
)
def test_bad_words_have_status_2(words: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", *words]) == 2
    assert told in capsys.readouterr().err


def test_a_backtest_with_the_doctor(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, report, result = tmp_path / "main.py", tmp_path / "report.html", tmp_path / "result.json"
    path.write_text(PEEKING)
    written = ["--report", str(report), "--json", str(result)]
    assert main(["backtest", str(path), "--doctor", "--quiet", *written]) == 1
    assert "error: The strategy sees the future: " in capsys.readouterr().out
    document = json.loads(result.read_text())
    found = next(each for each in document["analysis"] if each["name"] == "look-ahead")
    assert found["issue"].startswith("The strategy sees the future")
    assert found["sample"]["bar"]["symbol"] == "AAPL"
    assert found["solutions"]
    page = report.read_text()
    assert page.count('class="finding"') == sum("severity" in (each["sample"] or {}) for each in document["analysis"])
    assert f'href="#chart-equity" data-day="{found["sample"]["bar"]["time"][:10]}"' in page
    assert 'id="chart-equity"' in page
    assert main(["backtest", str(path), "--doctor", "--sandbox"]) == 2
    assert "--doctor" in capsys.readouterr().err


def test_what_a_report_shows_of_a_finding_is_text() -> None:
    from tradinglab.report.doctor_section import ReportFinding, findings_section, with_findings

    said = {
        "code": "outside-data", "severity": "warning", "sentence": "<b>x</b>", "advice": "<i>", "bar": None,
        "evidence": {"names": "<script>alert(1)</script>"},
    }  # fmt: skip
    section = findings_section([ReportFinding.of(said)])
    assert "<script>" not in section
    assert "&lt;b&gt;x" in section
    assert "Nothing was found" in findings_section([])
    # A report of before there was a place for it has it at its end.
    assert with_findings("<p></p><footer>", [ReportFinding.of(said)]).endswith("</section><footer>")
