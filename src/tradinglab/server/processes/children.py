"""Processes that end when the one that started them is gone, even if it was killed."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from typing import IO

_PR_SET_PDEATHSIG = 1


def start_child(
    words: Sequence[str], *, output: IO[bytes] | int | None = None, keeps: Sequence[int] = ()
) -> subprocess.Popen[bytes]:
    """Start a process in a session of its own: Ctrl+C reaches it through us alone. It inherits what it *keeps*.

    Linux ends it when the calling thread is gone; elsewhere nobody does if we are killed.
    """
    library = ctypes.CDLL(None) if sys.platform == "linux" else None
    parent = os.getpid()

    def tie() -> None:
        if library is not None:
            library.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
            if os.getppid() != parent:  # it was gone before the tie was made
                os._exit(1)

    # The caller has one thread: what runs between fork and exec finds no lock taken.
    return subprocess.Popen(
        words,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        start_new_session=True,
        pass_fds=keeps,
        preexec_fn=tie,  # noqa: PLW1509
    )


def end_child(process: subprocess.Popen[bytes], *, patience_s: float) -> None:
    """Tell a process to stop, and kill it if it has not after so long."""
    process.terminate()
    try:
        process.wait(patience_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
