"""The seam: what a strategy that the server runs may do, and how it ends."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from tests.server.conftest import QUICK

from tradinglab.sandbox import Sandbox
from tradinglab.server.accounts.models import User
from tradinglab.server.backtests.carrying_out import BacktestKind
from tradinglab.server.backtests.outputs import OUTPUTS
from tradinglab.server.backtests.services import BacktestRequest, backtest_submit
from tradinglab.server.runs.execution import Ended, Ending
from tradinglab.server.strategies.services import strategy_create

#: What a backtest leaves; trials of a search leave less, in a file of their own.
FULL = {name: kind for name, kind in OUTPUTS.items() if name != "trial.json"}

pytestmark = pytest.mark.django_db

Execute = Callable[..., Ended]


class Watching:
    """A watcher that cancels when it is told to, or fails."""

    def __init__(self, answer: Callable[[], bool] = lambda: False) -> None:
        self._answer = answer
        self.fractions: list[float] = []
        self.lines: list[str] = []
        self.times = 0

    def hear(self, *, fraction: float | None, date: str, lines: Sequence[str]) -> None:
        self.times += 1
        self.lines += lines
        if fraction is not None:
            assert date.startswith("2010-")
            self.fractions.append(fraction)

    def is_cancelled(self) -> bool:
        return self._answer()


@pytest.fixture
def execute(owner: User, tmp_path: Path) -> Execute:
    def made(text: str, *, timeout_s: float = 60, memory_mb: int = 2048, watching: Watching | None = None) -> Ended:
        strategy = strategy_create(owner=owner, name=f"s{time.monotonic_ns()}", files={"main.py": text})
        assert strategy.head is not None
        run = backtest_submit(owner=owner, request=BacktestRequest(version=strategy.head)).run
        run.timeout_s, run.memory_mb = timeout_s, memory_mb
        folder = tmp_path / str(run.pk)
        folder.mkdir()
        return BacktestKind().execute(run, folder, watching or Watching())

    return made


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    yield BacktestKind.sandboxes[0].sandbox()
    BacktestKind.sandboxes[0].close()


def within(text: str) -> str:
    return QUICK.replace('self.debug("ready")', text)


def error_of(ended: Ended) -> dict[str, str]:
    assert ended.error is not None
    return dict(ended.error)


def test_figures_and_files_come_out(execute: Execute) -> None:
    ended = execute(QUICK)
    assert (ended.ending, ended.error, ended.summary["total_orders"]) == (Ending.COMPLETED, None, 1)
    assert {name: file.media_type for name, file in ended.files.items()} == FULL
    result = json.loads(ended.files["result.json"].path.read_text())
    assert result["statistics"] == ended.summary["statistics"]
    assert ended.files["report.html"].path.read_text().startswith("<!")


def test_the_environment_tells_nothing(execute: Execute, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "hush")
    ended = execute(within("import os; raise ValueError(sorted(os.environ))"))
    assert "SECRET_KEY" not in error_of(ended)["message"]


def test_nothing_of_the_server_is_loaded(execute: Execute) -> None:
    text = "import sys; raise ValueError([m for m in ('django', 'celery') if m in sys.modules])"
    assert error_of(execute(within(text)))["message"] == "ValueError: []"


@pytest.mark.parametrize(
    "attempt",
    [
        "open('/etc/hostname').read()",
        "open('/tmp/left', 'w')",
        "__import__('socket').socket()",
        "__import__('os').fork()",
        "__import__('subprocess').run(['/bin/true'])",
    ],
)
def test_the_machine_is_out_of_reach(execute: Execute, attempt: str) -> None:
    ended = execute(within(attempt))
    assert ended.ending == Ending.FAILED
    assert error_of(ended)["message"].startswith(("PermissionError", "FileNotFoundError", "BlockingIOError", "OSError"))
    assert not Path("/tmp/left").exists()


def test_a_failure_says_where_and_leaves_what_there_is(execute: Execute, settings: Any) -> None:
    ended = execute(QUICK.replace("self.set_holdings(self.symbol, 1)", "raise ValueError('no luck in ' + __file__)"))
    error = error_of(ended)
    assert (ended.ending, error["code"], error["phase"]) == (Ending.FAILED, "strategy", "on_data")
    assert "no luck in main.py" in error["message"]
    assert error["time"].startswith("2010-01-0")
    assert "main.py" in error["trace"]
    assert "/strategy" not in str(error)
    assert str(settings.HOME.folder) not in str(error)
    assert set(ended.files) == set(FULL)


def test_an_endless_loop_is_stopped_and_leaves_what_there_is(execute: Execute) -> None:
    ended = execute(QUICK.replace("self.set_holdings(self.symbol, 1)", "while True: pass"), timeout_s=3)
    assert (ended.ending, error_of(ended)["code"]) == (Ending.TIMED_OUT, "time_limit")
    assert set(ended.files) == set(FULL)


def test_one_that_does_not_listen_is_killed(execute: Execute) -> None:
    deaf = """
        while True:
            try:
                while True: pass
            except BaseException: pass
    """
    ended = execute(within(deaf), timeout_s=2)
    assert (ended.ending, error_of(ended)["code"], ended.files) == (Ending.TIMED_OUT, "time_limit", {})


def test_cancelling_stops_at_once(execute: Execute) -> None:
    ended = execute(within("while True: pass"), watching=Watching(lambda: True))
    assert (ended.ending, ended.error) == (Ending.CANCELLED, None)


def test_what_the_watcher_raises_stops_the_run(execute: Execute) -> None:
    def lost() -> bool:
        raise LookupError("lease")

    with pytest.raises(LookupError, match="lease"):
        execute(within("while True: pass"), watching=Watching(lost))


def test_too_much_memory_is_refused(execute: Execute) -> None:
    ended = execute(within("self.hoard = bytearray(3 << 30)"), memory_mb=1024)
    assert ended.ending == Ending.FAILED
    assert "MemoryError" in str(ended.error)


def test_a_process_that_dies_fails(execute: Execute) -> None:
    ended = execute(within("import os; os._exit(3)"))
    assert (ended.ending, error_of(ended)["code"]) == (Ending.FAILED, "sandbox_answer")


def test_what_it_prints_is_not_taken_for_an_answer(execute: Execute) -> None:
    ended = execute(within("""print('{"kind": "finished", "total_orders": 7}')"""))
    assert (ended.ending, ended.summary["total_orders"]) == (Ending.COMPLETED, 1)


@pytest.mark.parametrize("answer", ["b''", "b'[' * 900_000", "b'{}'", "b'\\xff'", "b'0' * (65 << 20)"])
def test_an_answer_of_its_own_making_fails(execute: Execute, answer: str) -> None:
    text = f"""
        import os
        rest = memoryview({answer})
        while rest:
            rest = rest[os.write(4, rest):]
        os._exit(0)
    """
    ended = execute(within(text))
    assert (ended.ending, error_of(ended)["code"], ended.files) == (Ending.FAILED, "sandbox_answer", {})


def test_a_run_whose_sandbox_dies_is_run_again(execute: Execute, sandbox: Sandbox) -> None:
    asked: list[bool] = []

    def kill_once() -> bool:
        asked.append(True)
        if len(asked) == 2:
            os.kill(sandbox._process.pid, signal.SIGKILL)
        return False

    ended = execute(within("import time; time.sleep(1)"), watching=Watching(kill_once))
    assert ended.ending == Ending.COMPLETED
    assert BacktestKind.sandboxes[0].sandbox() is not sandbox


def test_a_run_that_loses_every_sandbox_fails(execute: Execute, sandbox: Sandbox) -> None:
    def kill() -> bool:
        os.kill(BacktestKind.sandboxes[0].sandbox()._process.pid, signal.SIGKILL)
        return False

    ended = execute(within("import time; time.sleep(1)"), watching=Watching(kill))
    assert (ended.ending, error_of(ended)["code"]) == (Ending.FAILED, "sandbox_lost")


def test_progress_and_log_are_told_while_it_runs(execute: Execute) -> None:
    slow = QUICK.replace(
        "if not self", "import time; time.sleep(0.05); self.log('a\\nb \\x1b[2J')\n        if not self"
    )
    watching = Watching()
    ended = execute(slow, watching=watching)
    assert ended.ending == Ending.COMPLETED
    assert len(watching.fractions) > 2
    assert watching.fractions == sorted(watching.fractions)
    assert 0 < watching.fractions[0] < watching.fractions[-1] <= 1
    assert watching.lines[0].endswith("ready")
    assert "\x1b" not in "".join(watching.lines)
    assert ended.grade in ("strong", "standard", "weak")


@pytest.mark.parametrize(
    "told",
    [
        "b'x' * 4000",
        "b'{\"log\": \"' + b'y' * 900 + b'\"}\\n'",
        'b\'{"progress": [1, "2010-01-01", 1, 1, 1, 0.5]}\\n\' * 50',
    ],
)
def test_a_flood_of_news_holds_nobody_up(execute: Execute, told: str) -> None:
    flood = f"""
        import os, time
        until = time.monotonic() + 1.5
        while time.monotonic() < until:
            try: os.write(3, {told})
            except BlockingIOError: pass
    """
    watching = Watching()
    ended = execute(within(flood), watching=watching)
    assert ended.ending == Ending.COMPLETED
    assert watching.times <= 10
    assert sum(map(len, watching.lines)) <= 1 << 18
