"""The examples of docs/quantconnect.md, against the fake."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from tests.quantconnect.fake import TOKEN, USER_ID, FakeCloud
from tests.quantconnect.faults import Script, faulty_server

_PAGE = Path(__file__).resolve().parents[2] / "docs" / "quantconnect.md"


def test_examples_of_the_documentation_run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    cloud = FakeCloud(time.time)
    cloud.compile_s, cloud.backtest_s, cloud.results_late_s, cloud.order_count = 0.05, 0.05, 0.0, 3
    blocks = re.findall(r"```python\n(.*?)```", _PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)
    names: dict[str, object] = {}
    with faulty_server(cloud, Script({})) as base_url:
        monkeypatch.setenv("QUANTCONNECT_BASE_URL", base_url)
        monkeypatch.setenv("QUANTCONNECT_USER_ID", USER_ID)
        monkeypatch.setenv("QUANTCONNECT_ACCESS_TOKEN", TOKEN)
        for block in blocks:
            exec(block, names)
    told = capsys.readouterr().out
    assert told.startswith("1.5\n")
    assert len(told.splitlines()) >= 1 + 3 + 1 + 1
    assert (len(cloud.started), len(cloud.projects)) == (1, 2)
