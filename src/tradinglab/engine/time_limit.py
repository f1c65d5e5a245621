"""A limit on wall-clock time that also stops a loop that never returns."""

from __future__ import annotations

import ctypes
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class TimeIsUp(BaseException):
    """Raised in the thread that ran out of time. Not an ``Exception``: a strategy cannot swallow it by accident."""


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise :class:`TimeIsUp` in this thread if the block takes longer.

    The exception comes between two bytecodes: a loop in Python is stopped, a call that blocks in C
    is not until it returns. Where no thread may be started, as in the sandbox, the alarm clock of the process does it.
    """
    thread_id = threading.get_ident()
    done = threading.Event()
    lock = threading.Lock()

    def watch() -> None:
        if done.wait(seconds):
            return
        with lock:
            if not done.is_set():
                _raise_in(thread_id, TimeIsUp)

    watcher = threading.Thread(target=watch, daemon=True, name="tradinglab-time-limit")
    try:
        watcher.start()
    except RuntimeError:
        with _alarm(seconds):
            yield
        return
    try:
        yield
    finally:
        with lock:
            done.set()


@contextmanager
def _alarm(seconds: float) -> Iterator[None]:
    def ring(number: int, frame: FrameType | None) -> None:
        raise TimeIsUp

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _raise_in(thread_id: int, kind: type[BaseException]) -> None:
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread_id), ctypes.py_object(kind))
