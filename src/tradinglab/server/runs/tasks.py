"""What the queue carries: "there is a run to look at"."""

from __future__ import annotations

import logging
import os
import socket
import time
from functools import lru_cache
from typing import Any

from celery.worker import state
from django.conf import settings
from structlog.contextvars import bound_contextvars

from tradinglab.server.config.celery import app
from tradinglab.server.runs.claiming import BatchPlaces, runs_wait
from tradinglab.server.runs.patience import AWAY
from tradinglab.server.runs.supervision import held_run_carry_out

_log = logging.getLogger(__name__)
_QUIET_S = 2.0
_quiet_until = 0.0


def worker_name() -> str:
    """Return how this process is called in the runs that it holds."""
    return f"{socket.gethostname()}:{os.getpid()}"


@lru_cache(maxsize=1)
def _places() -> BatchPlaces:
    return BatchPlaces(settings.ENVIRONMENT.worker_threads)


@app.task(name="runs.look")
def look() -> None:
    """Carry out the run that goes next, and those after it; a message too many finds nothing, and does nothing.

    Whoever ends a run takes the next one without waiting for a message: each is chosen anew, so that none passes
    another. What this thread may not take, for want of a place, may be another's: so a message is sent while runs wait.
    """
    try:
        _look()
    except AWAY as error:
        # The message is lost; the run is found in the table.
        _log.warning("no run was looked for: the database does not answer: %s", error)


def _look() -> None:
    is_first = True
    while _carry_out_next():
        is_first = False
        if _is_stopping():
            break
    if not is_first and runs_wait():
        look_soon()


def _carry_out_next() -> bool:
    """Carry out the run that goes next; return whether there was one that this thread may take."""
    with _places().claim(worker=worker_name()) as lease:
        if lease is None:
            return False
        with bound_contextvars(run=str(lease.run_id)):
            started = time.monotonic()
            _log.info("a run begins")
            held_run_carry_out(lease=lease)
            _log.info("a run is over", extra={"seconds": round(time.monotonic() - started, 3)})
    return True


def _is_stopping() -> bool:
    """Whether this worker was told to end: the run that is under way is its last."""
    # Celery's own test: 0 says that it ends without a fault.
    told: list[Any] = [state.should_stop, state.should_terminate]
    return any(each is not None and each is not False for each in told)


def look_soon() -> bool:
    """Tell a worker that there is a run to look at; return whether the queue took it.

    A queue that did not answer is left alone for a moment: those who submit do not wait for it one after the other.
    """
    global _quiet_until
    if time.monotonic() < _quiet_until:
        return False
    try:
        look.apply_async(retry=False)
    except Exception as error:
        _quiet_until = time.monotonic() + _QUIET_S
        _log.warning("the queue was not told of a run: %s", error)
        return False
    return True
