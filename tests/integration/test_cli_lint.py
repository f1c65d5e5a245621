"""``tradinglab lint``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tradinglab.cli.main import main

SOURCE = (
    "from AlgorithmImports import *\nimport helper\nclass A(QCAlgorithm):\n    def initialize(self):\n"
    "        self.n = int(self.get_parameter('n', 5))\n        self.{call}('SPY', 1)\n"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "helper.py").write_text("x = 1\n")
    (tmp_path / "main.py").write_text(SOURCE.format(call="set_holding"))
    return tmp_path


def test_findings_are_told_with_their_places(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lint", str(folder)]) == 1
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith(f"{folder / 'main.py'}:6:14: error: The algorithm has no member 'set_holding'.")
    assert "set_holdings" in first
    assert second == "parameter n: int = 5 (main.py:5)"


def test_findings_as_json(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lint", str(folder / "main.py"), "--json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert [each["code"] for each in report["findings"]] == ["unknown_member"]
    assert report["parameters"][0]["default"] == 5


def test_nothing_to_tell(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "other.py").write_text(SOURCE.format(call="set_holdings"))
    assert main(["lint", str(folder / "other.py")]) == 0
    assert capsys.readouterr().out.startswith("Nothing is wrong")


def test_a_file_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lint", str(tmp_path / "no.py")]) == 2
    assert "no.py cannot be read" in capsys.readouterr().err
