"""How runs are carried out: in the worker's sandbox, which is the one place where strategy code runs."""

from __future__ import annotations

import atexit
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from tradinglab.sandbox import Sandbox
from tradinglab.sandbox.errors import SandboxLostError
from tradinglab.sandbox.watch import Reply, Task


class Ending(StrEnum):
    """How an execution ended."""

    COMPLETED = "completed"
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    CANCELLED = "cancelled"


class OutputFile(NamedTuple):
    """A file that a run left."""

    path: Path
    media_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How it ended, and what there is to be kept of it.

    Attributes
    ----------
    summary
        The figures of a run that completed.
    told
        What the event of its end says of a run that completed, beside its state.
    grade
        That of the sandbox that it ran in.
    files
        What it left.
    """

    ending: Ending
    summary: Mapping[str, Any] = field(default_factory=dict)
    told: Mapping[str, Any] = field(default_factory=dict)
    error: Mapping[str, str] | None = None
    grade: str = ""
    files: Mapping[str, OutputFile] = field(default_factory=dict)


class Watcher(Protocol):
    """Who wants to know of an execution while it goes on. What its methods raise stops the execution."""

    def hear(self, *, fraction: float | None, date: str, lines: Sequence[str]) -> None:
        """Hear how far it is, unless that is not known, and what it has logged since; a few times a second at most."""

    def is_cancelled(self) -> bool:
        """Say whether to stop."""

    def keep(self, write: Callable[[], None]) -> None:
        """Have a part of what came of it written down, which is not done again if this worker is lost.

        It is written in one transaction, and perhaps once more where nobody can say whether it was.
        """


class SandboxKeeper:
    """Keeps a sandbox for all runs of this process, started when it is needed, and replaced when it has died.

    Parameters
    ----------
    guest
        The module that does the work inside; see :class:`tradinglab.sandbox.Sandbox`.
    readable
        Returns the files and folders that runs may read, beside the libraries.
    """

    def __init__(self, guest: str, readable: Callable[[], Sequence[str]]) -> None:
        self._guest = guest
        self._readable = readable
        self._lock = threading.Lock()
        self._sandbox: Sandbox | None = None
        self._grade = ""
        atexit.register(self.close)

    @property
    def grade(self) -> str:
        """The grade of the sandbox that was started last; empty if none could be."""
        return self._grade

    def sandbox(self) -> Sandbox:
        """Return the sandbox.

        Raises
        ------
        SandboxUnavailableError
            If there is none on this machine.
        """
        with self._lock:
            if self._sandbox is None or not self._sandbox.is_alive:
                self._close()
                # A weak one, too: whether its grade will do is for those to say who let a run be stored.
                self._sandbox = Sandbox(guest=self._guest, readable=self._readable(), allow_weak=True, is_alone=False)
                self._grade = str(self._sandbox.grade)
            return self._sandbox

    def carry_out(self, task: Task) -> Reply:
        """Have the sandbox do a task; once more if the sandbox died over it, which leaves nothing behind.

        Raises
        ------
        SandboxError
            If there is none, or the task ended without an answer.
        """
        try:
            return self.sandbox().carry_out(task)
        except SandboxLostError:
            if task.answer_file is not None:
                task.answer_file.seek(0)
                task.answer_file.truncate()
            return self.sandbox().carry_out(task)

    def close(self) -> None:
        """End the sandbox and what runs in it."""
        with self._lock:
            self._close()

    def _close(self) -> None:
        if self._sandbox is not None:
            self._sandbox.close()
            self._sandbox = None
