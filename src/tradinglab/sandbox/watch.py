"""Watching one run, from its request to its end."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from typing import IO, Any, Final, Protocol

from tradinglab.core.values import dataclass
from tradinglab.sandbox.answer import printable
from tradinglab.sandbox.cpu_rate import CpuRate
from tradinglab.sandbox.errors import (
    BadAnswerError,
    OutputFloodError,
    RunEndedError,
    RunKilledError,
    RunStoppedError,
    RunTimeoutError,
    SandboxLostError,
    SandboxSetupError,
)
from tradinglab.sandbox.limits import Limits
from tradinglab.sandbox.memory_file import Content, sealed
from tradinglab.sandbox.news import EVERY_S, News, NewsReader

LARGEST_DATAGRAM: Final = 1 << 16
#: After being asked to stop, a run has this long to say what it has.
_GRACE_S: Final = 5.0
#: What a process that has ended may still have in its pipes is read for this long.
_DRAIN_S: Final = 1.0
_PIECE: Final = 1 << 16
#: How much of what a run wrote on standard error is told when it has no answer.
_LAST_WORDS: Final = 2000


class Listener(Protocol):
    """Listens to a run while it goes on."""

    def read(self) -> None:
        """Take what there is, a few times a second."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What a child is to do.

    Attributes
    ----------
    request
        What the sandbox's guest reads.
    limits
        What it may take.
    answer_file
        Where its answer is written, which is not kept in memory then.
    is_cancelled
        Asked a few times a second whether to kill it.
    on_news
        Told a few times a second how far it is. What either of the two raises kills it too, and is raised.
    listener
        In place of *on_news*, makes of a descriptor, on which the run speaks and is spoken to, who does both. What its
        method raises kills the run, and is raised.
    """

    request: Content
    limits: Limits
    answer_file: IO[bytes] | None = None
    is_cancelled: Callable[[], bool] | None = None
    on_news: Callable[[News], None] | None = None
    listener: Callable[[int], Listener] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a run left: its answer, not looked at yet and empty if a file has it, what it printed, and what it took."""

    answer: bytes
    output: bytes
    errors: bytes
    was_stopped: bool
    cpu_s: float
    peak_kb: int


class Watch:
    """One run, from its request to its end."""

    def __init__(self, task: Task) -> None:
        limits = task.limits
        self._task = task
        self._limits = limits
        self._handle: int | None = None
        self._line: socket.socket | None = None
        self._pipes: dict[int, bytearray] = {}
        #: Where something may still come from.
        self._open: set[int] = set()
        self._printed = self._answered = 0
        self._next_tick = 0.0
        self._ended: dict[str, Any] | None = None
        self._fault: RunEndedError | None = None
        self._was_stopped = False
        self._deadline = float("inf") if limits.wall_s is None else time.monotonic() + limits.wall_s
        self._answer = self._output = self._errors = self._news = -1
        self._reader: Listener | None = None
        self._rate = None if limits.cpu_share is None else CpuRate(limits.cpu_share)

    def begin(self, control: socket.socket, sending: threading.Lock) -> None:
        """Hand the request to the zygote."""
        self._line, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs, ExitStack() as stack:
            handed = [theirs.fileno(), sealed(self._task.request)]
            stack.callback(os.close, handed[1])
            ends = []
            for _ in range(4):
                source, sink = os.pipe()
                stack.callback(os.close, sink)
                os.set_blocking(source, False)
                handed.append(sink)
                ends.append(source)
            os.set_blocking(handed[-1], False)  # who tells does not wait for us
            *answers, self._news = ends
            self._answer, self._output, self._errors = answers
            self._pipes = {each: bytearray() for each in answers}
            self._open = {*answers, self._line.fileno()}
            if self._task.listener is not None:
                self._speak_both_ways(handed, stack)
                self._reader = self._task.listener(self._news)
            elif self._task.on_news is not None:
                self._reader = NewsReader(self._news, self._task.on_news)
            message = json.dumps({"limits": self._limits.as_order()}).encode()
            try:
                with sending:
                    socket.send_fds(control, [message], handed)
            except OSError:
                raise SandboxLostError("the sandbox's process has ended") from None

    def _speak_both_ways(self, handed: list[int], stack: ExitStack) -> None:
        """Put a pair of sockets in the place of the pipe by which the run tells of itself."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        os.close(self._news)
        self._news = ours.detach()
        handed[-1] = theirs.detach()
        stack.callback(os.close, handed[-1])
        for each in (self._news, handed[-1]):
            os.set_blocking(each, False)

    def answer(self) -> bytes:
        """Watch the run until its answer is there, which is a while before it has ended: :meth:`outcome` says how."""
        self._follow_patiently({self._answer})
        return bytes(self._pipes[self._answer])

    def outcome(self) -> Reply:
        """Watch the run until it has ended, and return what it left, or raise why it did not."""
        self._follow_patiently(self._open)
        if self._fault is not None:
            raise self._fault
        if self._reader is not None:
            self._reader.read()
        ended = self._ended or {}
        if "setup" in ended:
            if self._was_stopped:
                raise RunStoppedError("the run was stopped before it had begun")
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

    def _follow_patiently(self, these: set[int]) -> None:
        while True:
            try:
                self._follow(these)
                return
            except KeyboardInterrupt:
                self._stop()

    def _follow(self, these: set[int]) -> None:
        """Take what comes until nothing more can come from *these*."""
        assert self._line is not None
        poll = select.poll()
        for each in self._open:
            poll.register(each, select.POLLIN)
        while not self._open.isdisjoint(these):
            now = time.monotonic()
            if now >= self._deadline:
                if not self._is_overdue():
                    return
                continue
            self._tick(now)
            for each, _ in poll.poll(self._patience_ms(now)):
                if not (self._hear() if each == self._line.fileno() else self._take(each)):
                    poll.unregister(each)
                    self._open.discard(each)

    def _tick(self, now: float) -> None:
        """Listen to the run, and kill it if it is not wanted any more."""
        if now < self._next_tick:
            return
        self._next_tick = now + EVERY_S
        if self._reader is not None:
            self._reader.read()
        ask = self._task.is_cancelled
        if ask is not None and ask() and self._fault is None:
            self._end(RunStoppedError("the run was cancelled"))
        if self._rate is not None and self._handle is not None and self._fault is None:
            excess = self._rate.excess(self._handle, now)
            if excess:
                self._end(RunKilledError(excess))

    def _patience_ms(self, now: float) -> float | None:
        until = self._deadline
        if self._task.is_cancelled is not None or self._reader is not None or self._rate is not None:
            until = min(until, self._next_tick)
        return None if until == float("inf") else max(0.0, until - now) * 1000

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
            message, descriptors, _, _ = socket.recv_fds(self._line, LARGEST_DATAGRAM, 1)
        except ConnectionError:
            message, descriptors = b"", []
        if descriptors:
            self._handle = descriptors[0]
        if not message:
            if self._ended is None:
                self._end(SandboxLostError("the sandbox's process has ended, and the run with it"))
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
            self._answered += len(piece)
            if self._answered > self._limits.answer_bytes:
                self._end(BadAnswerError(f"the answer is longer than {self._limits.answer_bytes:,} bytes"))
                return False
            if self._task.answer_file is None:
                kept += piece
            else:
                self._task.answer_file.write(piece)
            return True
        kept += piece[: max(0, self._limits.output_bytes - len(kept))]
        self._printed += len(piece)
        if self._printed > self._limits.output_most_bytes:
            self._end(OutputFloodError(f"the run printed more than {self._limits.output_most_bytes:,} bytes"))
        return True

    def _check_status(self, ended: dict[str, Any]) -> None:
        code = os.waitstatus_to_exitcode(ended["ended"]) if "ended" in ended else 0
        if code >= 0:
            if not self._answered:
                if self._was_stopped:
                    raise RunStoppedError("the run was stopped")
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
        for each in (*self._pipes, self._news, -1 if self._handle is None else self._handle):
            if each >= 0:
                os.close(each)
        if self._line is not None:
            self._line.close()
