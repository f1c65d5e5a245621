"""Short runs that somebody waits for: the request that starts one answers with what came of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from tradinglab.server.errors import ServerError
from tradinglab.server.rest.waiting import waiting_place
from tradinglab.server.runs.deletion import run_delete, run_discard
from tradinglab.server.runs.models import Run

PATIENCE_S: Final = 25.0
_LOOK_EVERY_S: Final = 0.2


class WorkersBusyError(ServerError):
    """No worker was free in time, or too many wait already."""

    code = "busy"
    status = 503
    wait = 10


def run_awaited(*, start: Callable[[], Run], what: str) -> Run:
    """Start a run, wait until it has an outcome, and take it out of sight; return it.

    Parameters
    ----------
    what
        What it is waited for, for who has to come again: "to look at the data".

    Raises
    ------
    WorkersBusyError
        If no worker was free in time; the run is cancelled.
    """
    with waiting_place() as is_free:
        if not is_free:
            raise WorkersBusyError(f"Too many wait for a worker {what}. Try again in a moment.")
        run = start()
        end = time.monotonic() + PATIENCE_S
        while not run.is_final and time.monotonic() < end:
            time.sleep(_LOOK_EVERY_S)
            run.refresh_from_db()
    if not run.is_final:
        run_discard(run=run)
        raise WorkersBusyError(f"No worker was free {what} in time. Try again in a moment.")
    run_delete(run=run)
    return run
