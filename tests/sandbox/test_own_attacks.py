"""Attacks of our own, each the body of a strategy's ``initialize``."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest

from tradinglab.engine.errors import StrategyError
from tradinglab.engine.result import BacktestResult
from tradinglab.sandbox import Limits, Sandbox, sandboxed_backtest
from tradinglab.sandbox.errors import (
    BadAnswerError,
    OutputFloodError,
    RunKilledError,
    RunStoppedError,
    RunTimeoutError,
    SandboxSetupError,
)
from tradinglab.sandbox.memory_file import sealed

_LIMITS = Limits(memory_mb=256, cpu_s=5, wall_s=10.0)
_STRATEGY = """
from AlgorithmImports import *

class Hostile(QCAlgorithm):
    def initialize(self):
        self.set_start_date(2013, 1, 2)
        self.set_end_date(2013, 1, 4)
        self.add_equity("IBM", Resolution.DAILY)
{body}
"""


@pytest.fixture
def attack(sandbox: Sandbox, tmp_path: Path):  # type: ignore[no-untyped-def]
    """Run a body in the sandbox and return its result."""

    def run(body: str, limits: Limits = _LIMITS) -> BacktestResult:
        path = tmp_path / "hostile.py"
        path.write_text(_STRATEGY.format(body=textwrap.indent(textwrap.dedent(body), " " * 8)))
        return sandboxed_backtest(path, sandbox=sandbox, limits=limits)

    return run


def _failure(attack, body: str) -> str:  # type: ignore[no-untyped-def]
    with pytest.raises(StrategyError) as caught:
        attack(body)
    return str(caught.value)


@pytest.mark.parametrize(
    "body",
    [
        "import socket; socket.socket()",
        "import socket; socket.create_connection(('127.0.0.1', {port}))",
        "import socket; socket.socketpair()",
        "open('{secret}')",
        "open('{secret}', 'w')",
        "open('{folder}/new', 'w')",
        "open('/etc/passwd')",
        "open('/proc/self/environ')",
        "open('/proc/1/mem', 'rb')",
        "open('/proc/{pid}/environ')",
        "import os; os.listdir('{folder}')",
        "import os; os.kill({pid}, 9)",
        "import os; os.kill(os.getppid() or 1, 9)",
        "import os; os.kill(-1, 9)",
        "import os; os.fork()",
        "import os; os.execv('/bin/true', ['true'])",
        "import subprocess; subprocess.run(['true'])",
        "import os; os.memfd_create('a')",
        "import os; os.chmod('{secret}', 0)",
        "import os; os.unlink('{secret}')",
        "import os; os.setuid(0)",
        "import threading; threading.Thread(target=print).start()",
        "import resource; resource.setrlimit(resource.RLIMIT_AS, (-1, -1))",
    ],
)
def test_is_denied(attack, tmp_path: Path, body: str) -> None:  # type: ignore[no-untyped-def]
    """The strategy fails where it tries, and nothing has happened."""
    secret = tmp_path / "secret"
    secret.write_text("password")
    victim = subprocess.Popen(["sleep", "60"])
    try:
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            names = {"port": listener.getsockname()[1], "secret": secret, "folder": tmp_path, "pid": victim.pid}
            message = _failure(attack, body.format(**names))
        assert "Error" in message
        assert "password" not in message
        assert victim.poll() is None
        assert secret.read_text() == "password"
        assert secret.stat().st_mode & 0o777
        assert not (tmp_path / "new").exists()
    finally:
        victim.kill()
        victim.wait()


def test_nothing_is_inherited(attack, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    """Neither the environment nor a descriptor."""
    monkeypatch.setenv("DATABASE_PASSWORD", "s3cret")
    result = attack(
        """
        import os
        found = []
        for number in range(5, 64):
            try:
                os.fstat(number)
                found.append(number)
            except OSError:
                pass
        self.log("SEEN " + repr([found, sorted(os.environ), os.getuid()]))
        """
    )
    seen = next(line for line in result.logs if "SEEN" in line)
    assert "SEEN [[]," in seen
    assert "DATABASE" not in seen
    assert ", 0]" not in seen


def test_a_loop_ends_at_the_deadline(attack) -> None:  # type: ignore[no-untyped-def]
    """Signals that are ignored do not help it."""
    began = time.monotonic()
    with pytest.raises(RunTimeoutError):
        attack(
            """
            import signal
            for number in range(1, 65):
                try: signal.signal(number, signal.SIG_IGN)
                except (OSError, ValueError): pass
            while True:
                try:
                    while True: pass
                except BaseException: pass
            """,
            Limits(wall_s=1.0),
        )
    assert time.monotonic() - began < 5


def test_a_stopped_process_ends_at_the_deadline(attack) -> None:  # type: ignore[no-untyped-def]
    """It does not even take signals."""
    with pytest.raises(RunTimeoutError):
        attack("import os, signal; os.kill(os.getpid(), signal.SIGSTOP)", Limits(wall_s=1.0))


def test_processor_time_is_limited(attack) -> None:  # type: ignore[no-untyped-def]
    """A call in C that never comes back is ended too."""
    with pytest.raises(RunKilledError, match="processor time"):
        attack("import re; re.match('(a+)+$', 'a' * 60 + 'b')", Limits(cpu_s=1, wall_s=20.0))


def test_memory_is_limited(attack) -> None:  # type: ignore[no-untyped-def]
    """The limit is that of the run, on top of what the zygote has."""
    assert "MemoryError" in _failure(attack, "held = bytearray(400 << 20)")
    assert attack("held = bytearray(100 << 20)").status == "completed"


def test_a_flood_is_ended(attack) -> None:  # type: ignore[no-untyped-def]
    """What it prints is not kept beyond its share."""
    with pytest.raises(OutputFloodError):
        attack("import os\nwhile True: os.write(1, b'A' * 65536)")


def test_a_huge_answer_is_refused(attack) -> None:  # type: ignore[no-untyped-def]
    """Before it is held in memory."""
    with pytest.raises(BadAnswerError, match="longer than"):
        attack("import os\nwhile True: os.write(4, b'A' * 65536)")


@pytest.mark.parametrize(
    "forged",
    [
        b"",
        b"null",
        b'{"kind":"finished"}',
        b'{"kind":"finished","result":{}}',
        b'{"kind":"finished","result":{"run":{"account":[],"time_zone":"UTC"},"samples":{},"trades":[]}}',
        b'{"kind":"strategy","message":1,"result":null}',
        b'{"kind":"other"}',
        b'{"kind":"memory"',
        b"\x80\x04\x95.",
    ],
)
def test_a_forged_answer_is_refused(attack, forged: bytes) -> None:  # type: ignore[no-untyped-def]
    """What is no answer raises the error that says so, and no other."""
    with pytest.raises(BadAnswerError):
        attack(f"import os; os.write(4, {forged!r}); os._exit(0)")


@pytest.mark.parametrize("answer", [b"", b'{"kind":"fin', b'{"kind":"stopped"}'])
def test_an_answer_does_not_free_a_run_of_its_limits(attack, answer: bytes) -> None:  # type: ignore[no-untyped-def]
    """Whether it is read before the run has ended or not: how the run ended counts."""
    with pytest.raises(RunTimeoutError):
        attack(f"import os; os.write(4, {answer!r}); os.close(4)\nwhile True: pass", Limits(wall_s=1.0))
    with pytest.raises(RunKilledError, match="SIGKILL"):
        attack(f"import os; os.write(4, {answer!r}); os.close(4); os.kill(os.getpid(), 9)")


def test_runs_do_not_see_each_other(attack) -> None:  # type: ignore[no-untyped-def]
    """What one does to the libraries is gone in the next."""
    attack("import builtins, numpy; builtins.PWN = 1; numpy.mean = lambda *a: 1e9")
    result = attack("import builtins, numpy; self.log(f'SEEN {hasattr(builtins, \"PWN\")} {numpy.mean([1.0, 2.0])}')")
    assert any("SEEN False 1.5" in line for line in result.logs)


def test_runs_draw_other_numbers(attack) -> None:  # type: ignore[no-untyped-def]
    """Though they come from one zygote."""
    body = "import random, numpy; self.log(f'SEEN {random.random()} {numpy.random.random()}')"
    drawn = [next(line for line in attack(body).logs if "SEEN" in line) for _ in range(2)]
    assert drawn[0] != drawn[1]


def test_two_runs_at_once(sandbox: Sandbox, tmp_path: Path) -> None:
    """Each has its own answer."""
    found: dict[str, list[str]] = {}

    def run(name: str) -> None:
        path = tmp_path / f"{name}.py"
        path.write_text(_STRATEGY.format(body=f"        self.log('I am {name}')"))
        found[name] = sandboxed_backtest(path, sandbox=sandbox, limits=_LIMITS).logs

    threads = [threading.Thread(target=run, args=(f"n{number}",)) for number in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert all(any(f"I am {name}" in line for line in logs) for name, logs in found.items())
    assert len(found) == 4


def test_stopping_a_run_that_does_not_listen(attack) -> None:  # type: ignore[no-untyped-def]
    """Two interrupts end it."""
    own = os.getpid()

    def interrupt() -> None:
        for _ in range(2):
            time.sleep(1.0)
            os.kill(own, signal.SIGINT)

    threading.Thread(target=interrupt, daemon=True).start()
    with pytest.raises(RunStoppedError):
        attack("import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass", Limits(wall_s=20.0))


def test_no_code_is_run_if_a_layer_fails(sandbox: Sandbox, tmp_path: Path) -> None:
    """A request that cannot even be read stands for any step that fails before the lock-down is complete."""
    with pytest.raises(SandboxSetupError, match="not run"):
        sandbox.run(b"this is no request", _LIMITS)
    with pytest.raises(SandboxSetupError, match="not run"):
        sandbox.run(json.dumps({"strategy": "x"}).encode(), _LIMITS)


def test_input_cannot_be_changed() -> None:
    """A memory file is sealed: not even by its own descriptor, opened anew for writing."""
    held = sealed(b"request")
    try:
        with pytest.raises(PermissionError):
            os.write(held, b"other")
        again = os.open(f"/proc/self/fd/{held}", os.O_RDWR)
        try:
            with pytest.raises(PermissionError):
                os.write(again, b"other")
        finally:
            os.close(again)
        assert os.pread(held, 100, 0) == b"request"
    finally:
        os.close(held)


_ABANDONING = """
import sys, threading, time
from tradinglab.sandbox import Sandbox, sandboxed_backtest
sandbox = Sandbox()
threading.Thread(target=lambda: sandboxed_backtest(sys.argv[1], sandbox=sandbox), daemon=True).start()
time.sleep(2)
print(sandbox._process.pid, flush=True)
time.sleep(60)
"""


def _is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _children(pid: int) -> list[int]:
    below = [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return [*below, *(deeper for each in below for deeper in _children(each))]


def test_no_process_outlives_the_supervisor(grade: str, tmp_path: Path) -> None:
    """Not even if that is killed without a chance to clean up."""
    path = tmp_path / "loop.py"
    path.write_text(_STRATEGY.format(body="        while True: pass"))
    packages = [each for each in sys.path if each]
    command = [sys.executable, "-c", _ABANDONING, str(path)]
    env = {"PATH": "/usr/bin:/bin", "PYTHONPATH": os.pathsep.join(packages)}
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True) as supervisor:
        assert supervisor.stdout is not None
        zygote = int(supervisor.stdout.readline())
        processes = [zygote, *_children(zygote)]
        assert len(processes) > 1
        supervisor.kill()
    for _ in range(50):
        if not any(map(_is_alive, processes)):
            return
        time.sleep(0.1)
    raise AssertionError(f"still alive: {list(filter(_is_alive, processes))}")


def test_a_run_that_nobody_watches_is_killed(sandbox: Sandbox, tmp_path: Path) -> None:
    """A supervisor that leaves between the request and the first word has no handle to kill it by."""
    control, line = sandbox._control, socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    request = {"strategy": "loop.py", "files": {"loop.py": _STRATEGY.format(body="        while True: pass")}}
    request |= {"folders": [], "data": "sample", "start": None, "end": None, "cash": None, "parameters": {}}
    request |= {"class_name": None, "timeout_s": None, "seed": None}
    null = os.open(os.devnull, os.O_RDWR)
    handed = [line[1].fileno(), sealed(json.dumps(request).encode()), null, null, null, null]
    socket.send_fds(control, [json.dumps({"limits": Limits().as_order()}).encode()], handed)
    line[1].close()
    os.close(handed[1])
    os.close(null)
    with line[0]:
        said, handles, _, _ = socket.recv_fds(line[0], 1 << 16, 1)
    assert json.loads(said) == {"started": True}
    ended = select.poll()
    ended.register(handles[0], select.POLLIN)
    try:
        assert ended.poll(10_000)
    finally:
        os.close(handles[0])
