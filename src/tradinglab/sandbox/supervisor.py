"""The trusted side: starts the zygote, asks it for runs, watches each one, and reads what it sends back."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Any, Final, Self

from tradinglab.core.values import dataclass
from tradinglab.sandbox.answer import printable
from tradinglab.sandbox.errors import (
    BadAnswerError,
    OutputFloodError,
    RunEndedError,
    RunKilledError,
    RunStoppedError,
    RunTimeoutError,
    SandboxSetupError,
    SandboxUnavailableError,
)
from tradinglab.sandbox.limits import Limits
from tradinglab.sandbox.memory_file import sealed
from tradinglab.sandbox.places import import_path, library_places, outermost
from tradinglab.sandbox.probe import Assessment, Grade, grade_of

_START_S: Final = 60.0
_LARGEST_DATAGRAM: Final = 1 << 16
_BOOT: Final = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[2])['path']; "
    "from tradinglab.sandbox.zygote import start; start()"
)
_PROBE: Final = (
    "import json, sys; order = json.loads(sys.argv[1]); sys.path[:] = order['path']; "
    "from tradinglab.sandbox.probe import assess; print(json.dumps(assess(order['readable']).as_json()))"
)
_MODULES: Final = ("numpy", "pandas", "tradinglab.sandbox.guest", "tradinglab.algorithm.imports")
#: All that the zygote knows of its surroundings. One thread, as the children may not start any.
_ENVIRONMENT: Final = {
    "PATH": "/usr/bin:/bin",
    "LANG": "C.UTF-8",
    "HOME": "/nonexistent",
    "TZ": "UTC",
    "MALLOC_ARENA_MAX": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "NUMBA_NUM_THREADS": "1",
    "POLARS_MAX_THREADS": "1",
}
#: After being asked to stop, a run has this long to say what it has.
_GRACE_S: Final = 5.0
#: What a process that has ended may still have in its pipes is read for this long.
_DRAIN_S: Final = 1.0
_PIECE: Final = 1 << 16
#: How much of what a run wrote on standard error is told when it has no answer.
_LAST_WORDS: Final = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a run left: its answer, not looked at yet, what it printed, and what it took."""

    answer: bytes
    output: bytes
    errors: bytes
    was_stopped: bool
    cpu_s: float
    peak_kb: int


def assess_machine() -> Assessment:
    """Return what a sandbox would be worth here, as tried in a process of its own.

    Raises
    ------
    SandboxUnavailableError
        If that process fails.
    """
    order = json.dumps({"path": import_path(), "readable": library_places()})
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-B", "-c", _PROBE, order],
            env=_ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=True,
            timeout=_START_S,
            cwd="/",
        )
    except (subprocess.SubprocessError, OSError) as problem:
        raise SandboxUnavailableError(f"the machine could not be probed: {problem}") from None
    return _assessment(json.loads(done.stdout))


def _assessment(found: dict[str, list[str]]) -> Assessment:
    return Assessment(layers=tuple(found["layers"]), reasons=tuple(found["reasons"]))


class Sandbox:
    """A zygote, and the runs that are made in its children.

    Parameters
    ----------
    readable
        Files and folders that runs may read beside the libraries, such as the data.
    layers
        Which layers to put on; by default all that work here.
    allow_weak
        Whether to go on where only a weak sandbox can be had.

    Raises
    ------
    SandboxUnavailableError
        If there is none here, or only a weak one and *allow_weak* is False.
    """

    def __init__(
        self, *, readable: Iterable[str] = (), layers: Sequence[str] | None = None, allow_weak: bool = False
    ) -> None:
        if sys.platform != "linux":
            raise SandboxUnavailableError(f"the sandbox needs Linux; this is {sys.platform}")
        order = {
            "path": import_path(),
            "readable": outermost([*library_places(), *readable]),
            "layers": None if layers is None else list(layers),
            "modules": _MODULES,
        }
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._sending = threading.Lock()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-B", "-c", _BOOT, str(theirs.fileno()), json.dumps(order)],
                env=_ENVIRONMENT,
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd="/",
                start_new_session=True,
            )
        try:
            self.assessment, self.layers = self._greeting()
            if self.grade == Grade.WEAK and not allow_weak:
                reasons = "\n".join(f"  {each}" for each in self.assessment.reasons)
                raise SandboxUnavailableError(
                    f"the sandbox would be weak here, so the strategy was not run:\n{reasons}"
                )
        except BaseException:
            self.close()
            raise

    def _greeting(self) -> tuple[Assessment, tuple[str, ...]]:
        self._control.settimeout(_START_S)
        try:
            said = json.loads(self._control.recv(_LARGEST_DATAGRAM) or b"{}")
        except TimeoutError:
            said = {"problem": f"no word from it in {_START_S:g} s"}
        if not said.get("ready"):
            raise SandboxUnavailableError(f"the sandbox did not start: {said.get('problem', 'its process died')}")
        self._control.settimeout(None)
        return _assessment(said["assessment"]), tuple(said["layers"])

    @property
    def grade(self) -> Grade:
        """What the layers that are put on are worth."""
        return grade_of(self.layers)

    def run(self, request: bytes, limits: Limits | None = None) -> Reply:
        """Run what a request asks for, and return what the run left.

        Ctrl+C asks the run to stop and to answer with what it has; a second one kills it.

        Raises
        ------
        SandboxSetupError
            If a layer could not be put on.
        RunEndedError
            If the run ended without an answer; the leaf says why.
        """
        bounds = limits or Limits()
        watch = _Watch(bounds)
        try:
            watch.begin(self._control, self._sending, request)
            return watch.outcome()
        finally:
            watch.close()

    def close(self) -> None:
        """End the zygote and all runs."""
        self._control.close()
        self._process.kill()
        self._process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _Watch:
    """One run, from its request to its end."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._handle: int | None = None
        self._line: socket.socket | None = None
        self._pipes: dict[int, bytearray] = {}
        self._printed = 0
        self._ended: dict[str, Any] | None = None
        self._fault: RunEndedError | None = None
        self._was_stopped = False
        self._deadline = float("inf") if limits.wall_s is None else time.monotonic() + limits.wall_s
        self._answer = self._output = self._errors = -1

    def begin(self, control: socket.socket, sending: threading.Lock, request: bytes) -> None:
        """Hand the request to the zygote."""
        self._line, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        handed = [theirs.fileno(), sealed(request)]
        ends = []
        for _ in range(3):
            source, sink = os.pipe()
            os.set_blocking(source, False)
            self._pipes[source] = bytearray()
            handed.append(sink)
            ends.append(source)
        self._answer, self._output, self._errors = ends
        message = json.dumps({"limits": self._limits.as_order()}).encode()
        try:
            with sending:
                socket.send_fds(control, [message], handed)
        except OSError:
            raise SandboxUnavailableError("the sandbox's process has ended") from None
        finally:
            theirs.close()
            for each in handed[1:]:
                os.close(each)

    def outcome(self) -> Reply:
        """Watch the run until it has ended, and return what it left, or raise why it did not."""
        while True:
            try:
                self._follow()
                break
            except KeyboardInterrupt:
                self._stop()
        if self._fault is not None:
            raise self._fault
        ended = self._ended or {}
        if "setup" in ended:
            raise SandboxSetupError(f"the sandbox could not be put up, so the strategy was not run: {ended['setup']}")
        self._check_status(ended)
        return Reply(
            answer=bytes(self._pipes[self._answer]),
            output=bytes(self._pipes[self._output]),
            errors=bytes(self._pipes[self._errors]),
            was_stopped=self._was_stopped,
            cpu_s=float(ended.get("cpu_s", 0.0)),
            peak_kb=int(ended.get("peak_kb", 0)),
        )

    def _stop(self) -> None:
        if self._was_stopped:
            self._end(RunStoppedError("the run was stopped"))
            return
        self._was_stopped = True
        self._deadline = min(self._deadline, time.monotonic() + _GRACE_S)
        self._signal(signal.SIGINT)

    def _follow(self) -> None:
        """Take what comes until nothing more can come."""
        assert self._line is not None
        poll = select.poll()
        open_now = {*self._pipes, self._line.fileno()}
        for each in open_now:
            poll.register(each, select.POLLIN)
        while open_now:
            left = self._deadline - time.monotonic()
            if left <= 0:
                if not self._is_overdue():
                    return
                continue
            for each, _ in poll.poll(None if left == float("inf") else left * 1000):
                if not (self._hear() if each == self._line.fileno() else self._take(each)):
                    poll.unregister(each)
                    open_now.discard(each)

    def _is_overdue(self) -> bool:
        """Kill a run at its deadline; say False when even its end has been waited for in vain."""
        if self._ended is not None or self._fault is not None:
            return False
        if self._was_stopped:
            self._end(RunStoppedError("the run was asked to stop and did not; it was killed"))
        else:
            self._end(RunTimeoutError(f"the run was still going on after {self._limits.wall_s:g} s and was killed"))
        return True

    def _end(self, fault: RunEndedError) -> None:
        """Kill the run for a reason, the first of which counts."""
        self._fault = self._fault or fault
        self._signal(signal.SIGKILL)
        self._deadline = time.monotonic() + _GRACE_S

    def _signal(self, number: signal.Signals) -> None:
        if self._handle is not None:
            with suppress(OSError):
                signal.pidfd_send_signal(self._handle, number)

    def _hear(self) -> bool:
        """Take a message of the zygote's; return whether more may come."""
        assert self._line is not None
        try:
            message, descriptors, _, _ = socket.recv_fds(self._line, _LARGEST_DATAGRAM, 1)
        except ConnectionError:
            message, descriptors = b"", []
        if descriptors:
            self._handle = descriptors[0]
        if not message:
            if self._ended is None:
                self._end(RunKilledError("the sandbox's process has ended, and the run with it"))
            return False
        said = json.loads(message)
        if "started" not in said:
            self._ended = {**said, **(self._ended or {})}
        if "ended" in said:
            self._deadline = min(self._deadline, time.monotonic() + _DRAIN_S)
            return False
        if self._fault is not None:
            self._signal(signal.SIGKILL)  # the handle came after the fault
        return True

    def _take(self, pipe: int) -> bool:
        """Take what is in a pipe; return whether more may come."""
        try:
            piece = os.read(pipe, _PIECE)
        except BlockingIOError:
            return True
        if not piece:
            return False
        kept = self._pipes[pipe]
        if pipe == self._answer:
            if len(kept) + len(piece) > self._limits.answer_bytes:
                self._end(BadAnswerError(f"the answer is longer than {self._limits.answer_bytes:,} bytes"))
                return False
            kept += piece
            return True
        kept += piece[: max(0, self._limits.output_bytes - len(kept))]
        self._printed += len(piece)
        if self._printed > self._limits.output_most_bytes:
            self._end(OutputFloodError(f"the run printed more than {self._limits.output_most_bytes:,} bytes"))
        return True

    def _check_status(self, ended: dict[str, Any]) -> None:
        code = os.waitstatus_to_exitcode(ended["ended"]) if "ended" in ended else 0
        if code >= 0:
            if not self._pipes[self._answer]:
                last = printable(self._pipes[self._errors][-_LAST_WORDS:].decode("utf-8", "replace")).strip()
                raise BadAnswerError(f"the run ended with status {code} and no answer" + (f":\n{last}" if last else ""))
            return
        if self._was_stopped:
            raise RunStoppedError("the run was stopped")
        name = signal.Signals(-code).name if -code in signal.valid_signals() else f"signal {-code}"
        limit = self._limits.cpu_s
        if name == "SIGXCPU" or (limit is not None and name == "SIGKILL" and ended.get("cpu_s", 0.0) >= limit):
            raise RunKilledError(f"the run took more than {limit} s of processor time")
        if name in ("SIGSEGV", "SIGBUS", "SIGABRT"):
            raise RunKilledError(f"the run crashed ({name})")
        raise RunKilledError(f"the run was killed ({name})")

    def close(self) -> None:
        """Let go of everything; a run that goes on is killed."""
        if self._ended is None:
            self._signal(signal.SIGKILL)
        for each in (*self._pipes, *(() if self._handle is None else (self._handle,))):
            os.close(each)
        if self._line is not None:
            self._line.close()
