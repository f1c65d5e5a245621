"""The seam: what a strategy's process may do, and how it ends."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.server.conftest import QUICK

from tradinglab.server.backtests.outputs import OUTPUTS
from tradinglab.server.runs.execution import Ended, Ending, Job, execute


def run(folder: Path, text: str, *, timeout_s: float = 60, memory_mb: int = 2048, cancel: bool = False) -> Ended:
    (folder / "strategy").mkdir()
    (folder / "strategy" / "main.py").write_text(text)
    request: Mapping[str, Any] = {
        "strategy": str(folder / "strategy" / "main.py"),
        "data": "sample", "start": None, "end": None, "cash": None, "parameters": {},
    }  # fmt: skip
    job = Job(
        module="tradinglab.server.backtests.strategy_process",
        request=request, folder=folder, timeout_s=timeout_s, memory_mb=memory_mb, outputs=OUTPUTS,
    )  # fmt: skip
    return execute(job, on_message=lambda message: None, is_cancelled=lambda: cancel)


def within(text: str) -> str:
    return QUICK.replace('self.debug("ready")', text)


def test_the_environment_is_empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "hush")
    ended = run(tmp_path, within("import os; raise ValueError(sorted(os.environ))"))
    assert ended.error is not None
    assert "SECRET_KEY" not in str(ended.error["message"])


def test_nothing_of_the_server_is_loaded(tmp_path: Path) -> None:
    ended = run(tmp_path, within("import sys; raise ValueError([m for m in ('django', 'celery') if m in sys.modules])"))
    assert ended.error is not None
    assert ended.error["message"] == "ValueError: []"


def test_an_endless_loop_is_stopped(tmp_path: Path) -> None:
    began = time.monotonic()
    ended = run(tmp_path, within("while True: pass"), timeout_s=3)
    assert (ended.ending, time.monotonic() - began < 15) == (Ending.TIMED_OUT, True)


def test_cancelling_stops_at_once(tmp_path: Path) -> None:
    began = time.monotonic()
    assert run(tmp_path, within("while True: pass"), cancel=True).ending == Ending.CANCELLED
    assert time.monotonic() - began < 10


def test_too_much_memory_is_refused(tmp_path: Path) -> None:
    ended = run(tmp_path, within("self.hoard = bytearray(3 << 30)"), memory_mb=1024)
    assert ended.ending == Ending.FAILED
    assert "MemoryError" in str(ended.error)


def test_a_process_that_dies_fails(tmp_path: Path) -> None:
    ended = run(tmp_path, within("import os; os._exit(3)"))
    assert ended.error is not None
    assert (ended.ending, ended.error["code"]) == (Ending.FAILED, "process_died")


def test_what_it_prints_is_not_taken_for_a_message(tmp_path: Path) -> None:
    ended = run(tmp_path, within("""print('{"kind": "completed", "total_orders": 7}')"""))
    assert (ended.ending, ended.summary["total_orders"]) == (Ending.COMPLETED, 1)


def test_what_it_started_ends_with_it(tmp_path: Path) -> None:
    ended = run(tmp_path, within("import subprocess; raise ValueError(subprocess.Popen(['/bin/sleep', '60']).pid)"))
    assert ended.error is not None
    child = int(str(ended.error["message"]).split(": ")[1])
    end = time.monotonic() + 5
    while time.monotonic() < end and _runs(child):
        time.sleep(0.05)
    assert not _runs(child)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().split(")")[1]
    except (ProcessLookupError, FileNotFoundError):
        return False
