"""The processes that a server consists of, each of which is started again when it ends by itself."""

from __future__ import annotations

import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

from tradinglab.server.errors import ServerError
from tradinglab.server.processes.children import end_child, start_child

_STOP_PATIENCE_S = 15.0
#: A process that ends more often than so many times in so many seconds has a reason that a new start does not mend.
_MOST_STARTS, _STARTS_WITHIN_S = 4, 60.0


class ProcessLost(ServerError):
    """One of the server's processes ended by itself."""

    code = "process_lost"


class Part:
    """One of our own commands, as a process.

    Parameters
    ----------
    name
        What it is called in messages.
    words
        The command and its options.
    keeps
        The descriptors that it inherits, each time.
    """

    def __init__(self, name: str, *words: str, keeps: Sequence[int] = ()) -> None:
        self._name = name
        self._words = words
        self._keeps = keeps
        self._starts: deque[float] = deque(maxlen=_MOST_STARTS)
        self._process = self._started()

    def _started(self) -> subprocess.Popen[bytes]:
        self._starts.append(time.monotonic())
        return start_child([sys.executable, "-m", "tradinglab.cli.main", *self._words], keeps=self._keeps)

    def check(self) -> None:
        """See that it is there.

        Raises
        ------
        ProcessLost
            If it is not.
        """
        if (status := self._process.poll()) is not None:
            raise ProcessLost(f"The {self._name} process ended with status {status}; its messages are above.")

    def revive(self, say: Callable[[str], None]) -> None:
        """Start it again if it has ended.

        Raises
        ------
        ProcessLost
            If it has ended too often of late.
        """
        if (status := self._process.poll()) is None:
            return
        if len(self._starts) == _MOST_STARTS and time.monotonic() - self._starts[0] < _STARTS_WITHIN_S:
            raise ProcessLost(
                f"The {self._name} process ended {_MOST_STARTS} times within {_STARTS_WITHIN_S:g} s, at last with "
                f"status {status}; its messages are above."
            )
        say(f"The {self._name} process ended with status {status}; it is started again.")
        self._process = self._started()

    def terminate(self) -> None:
        """Tell it to stop."""
        self._process.terminate()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop it."""
        end_child(self._process, patience_s=_STOP_PATIENCE_S)
