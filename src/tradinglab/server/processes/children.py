"""Processes that end when the one that started them is gone, even if it was killed."""

from __future__ import annotations

import ctypes
import signal
import subprocess
import sys
from collections.abc import Sequence
from typing import IO

_PR_SET_PDEATHSIG = 1


def start_child(words: Sequence[str], *, output: IO[bytes] | int | None = None) -> subprocess.Popen[bytes]:
    """Start a process in a session of its own: Ctrl+C reaches it through us alone.

    Linux ends it when the calling thread is gone; elsewhere nobody does if we are killed.
    """
    library = ctypes.CDLL(None) if sys.platform == "linux" else None

    def tie() -> None:
        if library is not None:
            library.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)

    # The caller has one thread as yet: what runs between fork and exec finds no lock taken.
    return subprocess.Popen(
        words,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        start_new_session=True,
        preexec_fn=tie,  # noqa: PLW1509
    )
