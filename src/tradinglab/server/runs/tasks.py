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
from tradinglab.server.runs.supervision import held_run_carry_out

_log = logging.getLogger(__name__)


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
    """Tell a worker that there is a run to look at; return whether the queue took it."""
    try:
        look.apply_async(retry=False)
    except Exception as error:
        _log.warning("the queue was not told of a run: %s", error)
        return False
    return True
