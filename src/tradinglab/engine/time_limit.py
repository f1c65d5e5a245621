"""A limit on wall-clock time that also stops a loop that never returns."""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class TimeIsUp(BaseException):
    """Raised in the thread that ran out of time. Not an ``Exception``: a strategy cannot swallow it by accident."""


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise :class:`TimeIsUp` in this thread if the block takes longer.

    The exception comes between two bytecodes: a loop in Python is stopped, a call that blocks in C
    is not until it returns.
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
    watcher.start()
    try:
        yield
    finally:
        with lock:
            done.set()


def _raise_in(thread_id: int, kind: type[BaseException]) -> None:
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread_id), ctypes.py_object(kind))
