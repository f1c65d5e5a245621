"""What the queue carries: "there is a run to look at"."""

from __future__ import annotations

import logging
import os
import socket
import time
from functools import lru_cache

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
    """Carry out the run that goes next; a message too many finds nothing, and does nothing.

    One that waited for this one to end, because of its owner's limit or for want of a place, has no message of its own
    any more: so another one is sent while runs wait.
    """
    try:
        _look()
    except AWAY as error:
        # The message is lost; the run is found in the table.
        _log.warning("no run was looked for: the database does not answer: %s", error)


def _look() -> None:
    with _places().claim(worker=worker_name()) as lease:
        if lease is None:
            return
        with bound_contextvars(run=str(lease.run_id)):
            started = time.monotonic()
            _log.info("a run begins")
            held_run_carry_out(lease=lease)
            _log.info("a run is over", extra={"seconds": round(time.monotonic() - started, 3)})
    if runs_wait():
        look_soon()


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
