"""The one seam through which strategy code is run.

Here that is a separate Python process: isolated mode, an empty environment, a limit on its memory and its time, and a
pipe on which it speaks lines of JSON. That keeps a strategy from the server's secrets in memory and environment, and
from taking all memory or time. It does not keep it from the files and the network that the server's user can reach.
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

_TICK_S = 0.25
_LONGEST_LINE = 1_000_000
_MOST_BYTES = 32_000_000
_MOST_ERROR_BYTES = 8_000
_GRACE_S = 10.0


class Ending(StrEnum):
    """How an execution ended."""

    COMPLETED = "completed"
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What is to be executed.

    Attributes
    ----------
    module
        The module that is run; it reads *request* as JSON from its standard input and answers in lines of JSON.
    request
        What the module is asked.
    folder
        Where it runs, and where it may write.
    timeout_s
        Seconds of wall-clock time after which it is killed.
    memory_mb
        The address space that it may use.
    outputs
        Names of the files that it may leave in *folder*, and their media types.
    """

    module: str
    request: Mapping[str, Any]
    folder: Path
    timeout_s: float
    memory_mb: int
    outputs: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How it ended, what it said at last, and what it left."""

    ending: Ending
    summary: Mapping[str, Any] = field(default_factory=dict)
    error: Mapping[str, Any] | None = None
    files: Mapping[str, Path] = field(default_factory=dict)


def execute(job: Job, *, on_message: Callable[[Mapping[str, Any]], None], is_cancelled: Callable[[], bool]) -> Ended:
    """Run *job* to its end.

    Parameters
    ----------
    on_message
        Is told what the process says on its way.
    is_cancelled
        Is asked several times a second whether to stop. What either raises stops the process, and is raised here.
    """
    process = subprocess.Popen(
        [sys.executable, "-I", "-m", job.module],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=job.folder,
        env={},
        start_new_session=True,
    )
    try:
        conversation = _Conversation(process, job)
        ended = conversation.hold(on_message, is_cancelled)
    finally:
        _end(process)
    files = {name: job.folder / name for name in job.outputs if (job.folder / name).is_file()}
    return Ended(ending=ended.ending, summary=ended.summary, error=ended.error, files=files)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill the process with all that it started."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()


class _Conversation:
    """What is said between this process and the one of the strategy."""

    def __init__(self, process: subprocess.Popen[bytes], job: Job) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        self._process = process
        self._out, self._err = process.stdout, process.stderr
        self._deadline = time.monotonic() + job.timeout_s
        self._timeout_s = job.timeout_s
        self._buffer = b""
        self._errors = b""
        self._bytes = 0
        self._last: Mapping[str, Any] | None = None
        request = {**job.request, "memory_mb": job.memory_mb, "cpu_s": job.timeout_s + _GRACE_S}
        # The pipe stays open: its end tells the process that this one is gone.
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(json.dumps(request).encode() + b"\n")
            process.stdin.flush()

    def hold(self, on_message: Callable[[Mapping[str, Any]], None], is_cancelled: Callable[[], bool]) -> Ended:
        with selectors.DefaultSelector() as selector:
            selector.register(self._out, selectors.EVENT_READ)
            selector.register(self._err, selectors.EVENT_READ)
            next_question = 0.0
            while selector.get_map():
                for key, _ in selector.select(_TICK_S):
                    block = os.read(key.fd, 65_536)
                    if not block:
                        selector.unregister(key.fileobj)
                    elif key.fileobj is self._err:
                        self._errors = (self._errors + block)[-_MOST_ERROR_BYTES:]
                    else:
                        for message in self._messages(block):
                            self._take(message, on_message)
                now = time.monotonic()
                if self._last is not None:
                    break
                if now >= next_question:
                    next_question = now + _TICK_S
                    if is_cancelled():
                        return Ended(ending=Ending.CANCELLED)
                if now > self._deadline:
                    return self._too_slow()
                if self._bytes > _MOST_BYTES or len(self._buffer) > _LONGEST_LINE:
                    return _failed("output", "The strategy's process said more than is listened to.")
        return self._ended()

    def _messages(self, block: bytes) -> Iterator[Mapping[str, Any]]:
        self._bytes += len(block)
        *lines, self._buffer = (self._buffer + block).split(b"\n")
        for line in lines:
            with contextlib.suppress(ValueError, RecursionError):
                message = json.loads(line, parse_constant=_no_constant)
                # What JSON can say and a database cannot store counts as not said.
                json.dumps(message, ensure_ascii=False).encode()
                if isinstance(message, dict) and "\\u0000" not in json.dumps(message):
                    yield message

    def _take(self, message: Mapping[str, Any], on_message: Callable[[Mapping[str, Any]], None]) -> None:
        if message.get("kind") in ("completed", "failed"):
            self._last = message
        else:
            on_message(message)

    def _too_slow(self) -> Ended:
        text = f"The run was stopped after {self._timeout_s:g} s, the time it has."
        return Ended(ending=Ending.TIMED_OUT, error={"code": "time_limit", "message": text})

    def _ended(self) -> Ended:
        last = self._last
        if last is None:
            return self._died()
        if last["kind"] == "completed":
            return Ended(ending=Ending.COMPLETED, summary=last)
        error = {key: str(last.get(key, ""))[:20_000] for key in ("code", "message", "phase", "time", "trace")}
        ending = Ending.TIMED_OUT if error["code"] == "time_limit" else Ending.FAILED
        return Ended(ending=ending, error=error)

    def _died(self) -> Ended:
        status = self._process.wait()
        said = self._errors.decode("utf-8", "replace").replace("\0", "").strip()
        if status == -signal.SIGXCPU:
            return self._too_slow()
        how = f"signal {signal.Signals(-status).name}" if status < 0 else f"status {status}"
        return _failed("process_died", f"The strategy's process ended with {how} before the run was over.", said)


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is no number")


def _failed(code: str, message: str, trace: str = "") -> Ended:
    return Ended(ending=Ending.FAILED, error={"code": code, "message": message, "trace": trace})
