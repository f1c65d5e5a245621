"""A process that is kept for one order after another, asked by its standard input and heard by its standard output."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import IO, Final

_PATIENCE_S: Final = 5.0


class KeptProcess:
    """One process, which runs a module of ours; what it says of a fault of its own goes into the server's log.

    Parameters
    ----------
    module
        What it runs.
    env
        What of an environment it has beside a bound on its threads.
    """

    def __init__(self, module: str, env: Mapping[str, str] | None = None) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-m", module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={"OPENBLAS_NUM_THREADS": "1", **(env or {})},
            cwd="/",
        )

    def ended(self) -> int:
        """Return with which status it ended, which it is about to do."""
        return self._process.wait(_PATIENCE_S)

    def close(self) -> None:
        """End it."""
        self._process.kill()
        self._process.wait(_PATIENCE_S)
        for pipe in self._pipes:
            # What it did not read any more is still to be written when its pipe is closed.
            with suppress(BrokenPipeError):
                pipe.close()

    @property
    def is_alive(self) -> bool:
        """Whether it can take an order."""
        return self._process.poll() is None

    @property
    def _pipes(self) -> tuple[IO[bytes], IO[bytes]]:
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        return stdin, stdout
