"""The templates, and the strategies in the documents, run on the bundled bars as they stand."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tradinglab.cli.main import main
from tradinglab.templates import all_templates

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = [
    (page.name, code)
    for page in sorted((ROOT / "docs").glob("*.md"))
    for code in re.findall(r"```python\n(.*?)```", page.read_text(), re.DOTALL)
    if "QCAlgorithm" in code
]


@pytest.mark.parametrize("name", [each.name for each in all_templates()])
def test_each_template_trades(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report, result = tmp_path / "report.html", tmp_path / "result.json"
    assert main(["backtest", name, "--json", str(result), "--report", str(report)]) == 0
    statistics = json.loads(result.read_text())["statistics"]
    assert int(statistics["Total Orders"]) > 0
    assert "OrderListHash" in statistics
    out = capsys.readouterr().out
    assert statistics["Sharpe Ratio"] in out
    assert str(report) in out
    assert "Worst drawdowns" in report.read_text()


@pytest.mark.parametrize(("page", "code"), EXAMPLES, ids=[page for page, _ in EXAMPLES])
def test_the_examples_of_the_documents_run(page: str, code: str, tmp_path: Path) -> None:
    path = tmp_path / "main.py"
    path.write_text(code)
    assert main(["backtest", str(path)]) == 0
