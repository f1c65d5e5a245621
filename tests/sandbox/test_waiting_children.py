"""Children that wait for a run: what they may do already, what becomes of them, and what a run can do to them."""

from __future__ import annotations

import os
import re
import select
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

import pytest

from tradinglab.cli.main import main
from tradinglab.sandbox import Grade, Limits, Sandbox, sandboxed_backtest
from tradinglab.sandbox.errors import RunKilledError
from tradinglab.sandbox.lockdown import Cell
from tradinglab.sandbox.nursery import Nursery, _Child

_STRATEGY = """
from AlgorithmImports import *

class Says(QCAlgorithm):
    def initialize(self):
        self.set_start_date(2013, 1, 2)
        self.set_end_date(2013, 1, 4)
        self.add_equity("IBM", Resolution.DAILY)
{body}
"""
_PATIENCE_S = 30.0


def _write(folder: Path, *lines: str) -> Path:
    path = folder / "says.py"
    path.write_text(_STRATEGY.format(body="\n".join(f"        {each}" for each in lines)))
    return path


def _children(sandbox: Sandbox) -> set[int]:
    """Return the children of the zygote, which is itself a child if it has namespaces."""
    zygote = sandbox._process.pid
    if "namespaces" in sandbox.layers:
        zygote = _below(zygote)[0]
    return set(_below(zygote))


def _below(pid: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + _PATIENCE_S
    while not condition():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.02)


def _seen(result_logs: list[str]) -> str:
    return next(line.partition("SEEN ")[2] for line in result_logs if "SEEN " in line)


@pytest.fixture
def waiting(grade: Grade) -> Iterator[Sandbox]:
    """A sandbox in which two children wait."""
    with Sandbox(spares=2) as made:
        _until(lambda: len(_children(made)) == 2)
        yield made


def test_each_child_serves_one_run(waiting: Sandbox, tmp_path: Path) -> None:
    """And there are as many that wait as before."""
    path = _write(tmp_path, "import os; self.log(f'SEEN {os.getpid()}')")
    numbers = [_seen(sandboxed_backtest(path, sandbox=waiting).logs) for _ in range(4)]
    assert len(set(numbers)) == 4
    _until(lambda: len(_children(waiting)) == 2)


def test_who_waits_has_no_rights_left(waiting: Sandbox) -> None:
    """No rights to be had by running a file, a session of its own, and nobody's descriptors."""

    def is_locked_in(child: int) -> bool:
        status = Path(f"/proc/{child}/status").read_text()
        return "NoNewPrivs:\t1" in status and not int(re.findall(r"CapEff:\s+(\w+)", status)[0], 16)

    for child in _children(waiting):
        _until(lambda child=child: is_locked_in(child))  # type: ignore[misc]
        assert os.getsid(child) == child


def test_a_child_that_is_killed_while_it_waits_is_not_missed(waiting: Sandbox, tmp_path: Path) -> None:
    """Runs go on, of all of them too."""
    for child in _children(waiting):
        os.kill(child, signal.SIGKILL)
    _until(lambda: not _children(waiting))
    path = _write(tmp_path, "self.log('SEEN it')")
    assert [_seen(sandboxed_backtest(path, sandbox=waiting).logs) for _ in range(2)] == ["it", "it"]


def test_a_run_that_is_killed_leaves_no_child(waiting: Sandbox, tmp_path: Path) -> None:
    """Its place is taken, and the next run is served."""
    with pytest.raises(RunKilledError, match="SIGKILL"):
        sandboxed_backtest(_write(tmp_path, "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"), sandbox=waiting)
    _until(lambda: len(_children(waiting)) == 2)
    assert _seen(sandboxed_backtest(_write(tmp_path, "self.log('SEEN it')"), sandbox=waiting).logs) == "it"


def test_a_run_cannot_reach_who_waits(waiting: Sandbox, tmp_path: Path) -> None:
    """Nor can it tell who does."""
    before = _children(waiting)
    body = (
        "import os",
        "reached = []",
        "for number in [*range(1, 64)]:",
        "    try:",
        "        number == os.getpid() or os.kill(number, 9) or reached.append(number)",
        "    except OSError: pass",
        "self.log(f'SEEN {reached}')",
    )
    assert _seen(sandboxed_backtest(_write(tmp_path, *body), sandbox=waiting).logs) == "[]"
    assert len(before & _children(waiting)) == 1


def test_those_who_wait_end_with_the_sandbox(grade: Grade) -> None:
    """All of them."""
    with Sandbox(spares=3) as sandbox:
        _until(lambda: len(_children(sandbox)) == 3)
        left = _children(sandbox)
    _until(lambda: not any(Path(f"/proc/{each}").exists() for each in left))


def test_children_serve_runs_where_others_need_the_processors(grade: Grade, tmp_path: Path) -> None:
    """They wait without rehearsing, and each run has its own."""
    path = _write(tmp_path, "import os; self.log(f'SEEN {os.getpid()}')")
    with Sandbox(spares=2, is_alone=False) as sandbox:
        numbers = [_seen(sandboxed_backtest(path, sandbox=sandbox).logs) for _ in range(3)]
        assert len(set(numbers)) == 3
        _until(lambda: len(_children(sandbox)) == 2)


def test_threads_for_a_store_are_few(grade: Grade, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A bomb of threads is held to a number, by the kernel, and the next run is served."""
    rows = [f"2013-01-{day:02},{100 + day},{102 + day},{99 + day},{101 + day},1000" for day in range(2, 32)]
    (tmp_path / "ibm.csv").write_text("\n".join(["date,open,high,low,close,volume", *rows]))
    words = ["data", "import", str(tmp_path / "ibm.csv"), "--symbol", "IBM", "--resolution", "daily"]
    assert main([*words, "--store", str(tmp_path / "bars")]) == 0
    capsys.readouterr()
    body = (
        "import threading, time",
        "release, count = threading.Event(), 0",
        "try:",
        "    while count < 2000:",
        "        threading.Thread(target=release.wait, daemon=True).start(); count += 1",
        "except (RuntimeError, MemoryError): pass",
        "release.set()",
        "for _ in range(500):",
        "    if threading.active_count() > 3: time.sleep(0.01)",
        "self.log(f'SEEN {count}')",
    )
    data = f"store:{tmp_path / 'bars'}"
    with Sandbox(readable=[str(tmp_path / "bars")]) as sandbox:
        limits = Limits(memory_mb=512, wall_s=60.0)
        started = int(
            _seen(sandboxed_backtest(_write(tmp_path, *body), data=data, sandbox=sandbox, limits=limits).logs)
        )
        again = sandboxed_backtest(_write(tmp_path, "self.log('SEEN it')"), data=data, sandbox=sandbox)
    assert _seen(again.logs) == "it"
    if os.geteuid() != 0:
        assert started < 100
    else:
        assert started < 2000  # the kernel does not hold root to the number; memory does


def test_a_child_that_dies_before_its_first_run_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    """The request is refused, and what is left of the child keeps nobody awake."""
    child = subprocess.Popen(["true"])

    def born() -> _Child:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        theirs.close()
        handle = os.pidfd_open(child.pid)
        nursery._poll.register(handle, select.POLLIN)
        return _Child(child.pid, handle, ours)

    control, other = socket.socketpair()
    with control, other:
        nursery = Nursery(cast("Cell", None), control, spares=0, is_alone=True)
        monkeypatch.setattr(nursery, "_born", born)
        with pytest.raises(OSError, match="pipe"):
            nursery._handed(b"{}", [])
        assert nursery._poll.poll(0) == []
    assert not Path(f"/proc/{child.pid}").exists()
    child.wait()


@pytest.mark.parametrize(
    ("processors", "runs", "rehearses"), [(1, 0, True), (1, 1, False), (2, 1, False), (3, 1, True)]
)
def test_children_rehearse_where_no_run_needs_the_processor(
    monkeypatch: pytest.MonkeyPatch, processors: int, runs: int, rehearses: bool
) -> None:
    """Neither the run itself nor who reads its answer."""
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(processors)))
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    control, other = socket.socketpair()
    with ours, theirs, control, other:
        theirs.setblocking(False)
        nursery = Nursery(cast("Cell", None), control, spares=1, is_alone=True)
        spare = nursery._spares[7] = _Child(7, 7, ours)
        nursery._runs.update({8 + number: _Child(8, 8, ours) for number in range(runs)})
        nursery._provide()
        assert spare.is_rehearsed is rehearses
        if rehearses:
            assert theirs.recv(100) == b"rehearse"
        else:
            with pytest.raises(BlockingIOError):
                theirs.recv(100)


def test_a_zygote_that_cannot_be_started_leaves_nothing_open(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither end of the line to it: who tries again and again would run out of descriptors."""

    def fail(*_: object, **__: object) -> None:
        raise OSError("no memory for a process")

    monkeypatch.setattr("tradinglab.sandbox.supervisor.subprocess.Popen", fail)
    before = sorted(Path("/proc/self/fd").iterdir())
    with pytest.raises(OSError, match="no memory") as caught:
        Sandbox()
    assert sorted(Path("/proc/self/fd").iterdir()) == before
    assert caught.traceback  # has held on to all that there was
