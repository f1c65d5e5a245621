"""The worker: a Celery worker, and beside it a look at the table for what the queue does not know."""

from __future__ import annotations

import logging
import threading
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from celery import signals
from celery.apps import worker as celery_worker
from celery.beat import EmbeddedService, Scheduler
from celery.exceptions import SecurityWarning
from django.conf import settings
from django.db import Error, close_old_connections, connection

from tradinglab.sandbox import Grade
from tradinglab.sandbox.errors import SandboxError
from tradinglab.server.config.celery import app
from tradinglab.server.errors import StorageError
from tradinglab.server.runs.coordination import look_after, runs_coordinate
from tradinglab.server.runs.deletion import StoreSweep, runs_purge, work_clear
from tradinglab.server.runs.kinds import all_sandboxes, weakest_grade
from tradinglab.server.runs.reaping import BEAT_EVERY_S, runs_reap, worker_beat
from tradinglab.server.runs.tasks import look_soon, worker_name

_log = logging.getLogger(__name__)
_LOOK_EVERY_S = 0.5
_CLEAR_EVERY_S = 60.0


class Scanner(threading.Thread):
    """Looks at the table now and then, and delivers to this process's queue what it finds."""

    def __init__(self) -> None:
        super().__init__(name="tradinglab-scanner", daemon=True)
        self._over = threading.Event()

    def run(self) -> None:
        """Look until :meth:`stop` is called; a database that is away for a while is asked again."""
        waited = BEAT_EVERY_S
        sweep, next_clearing = StoreSweep(), time.monotonic() + _CLEAR_EVERY_S
        while not self._over.wait(_LOOK_EVERY_S):
            waited += _LOOK_EVERY_S
            try:
                if waited >= BEAT_EVERY_S:
                    worker_beat(name=worker_name(), sandbox_grade=weakest_grade())
                    waited = 0.0
                # A message starts whatever goes next, and each run that ends sends another while runs wait.
                for _ in runs_reap()[: settings.ENVIRONMENT.worker_threads]:
                    look_soon()
                runs_coordinate()
                look_after()
                if time.monotonic() >= next_clearing:
                    next_clearing = time.monotonic() + _CLEAR_EVERY_S
                    runs_purge()
                    work_clear()
                    sweep.step()
            except Error as error:
                _log.warning("the table of runs could not be read: %s", error)
            except (OSError, StorageError) as error:
                _log.warning("the store of artefacts could not be cleared: %s", error)
            finally:
                close_old_connections()
        connection.close()

    def stop(self) -> None:
        """Stop looking."""
        self._over.set()


def _stop_in_silence(sender: Any, **_: object) -> None:
    """Have the worker end as it did on SIGTERM, without a line of its own on the standard output."""
    program: Any = celery_worker  # its types do not know the function
    program.install_worker_term_handler(sender, verbose=False)


def run_worker(*, with_beat: bool = False, log_level: str = "WARNING") -> int:
    """Work until the process is told to stop; a run that is under way is finished first.

    Parameters
    ----------
    with_beat
        Whether this process also says when the periodic jobs are due, as ``tradinglab beat`` does.
    """
    # Celery warns root of messages that carry code; ours are JSON.
    warnings.filterwarnings("ignore", category=SecurityWarning)
    _put_up_sandboxes()
    scanner = Scanner()
    scanner.start()
    worker: Any = app.Worker(
        pool="threads",
        concurrency=settings.ENVIRONMENT.worker_threads,
        loglevel=log_level,
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
        quiet=True,
    )
    signals.worker_ready.connect(_stop_in_silence)
    # This scheduler keeps nothing on the disk: a job that is done once too often finds nothing to do.
    beat: Any = EmbeddedService(app, thread=True, scheduler_cls=Scheduler) if with_beat else None
    try:
        if beat is not None:
            beat.start()
        worker.start()
    finally:
        scanner.stop()
        if beat is not None:
            beat.stop()
        for keeper in all_sandboxes():
            keeper.close()
    return int(worker.exitcode or 0)


def _put_up_sandboxes() -> None:
    """Start the sandboxes before the first run needs them, at the same time, and say what they are worth."""
    with ThreadPoolExecutor() as pool:
        started = [pool.submit(keeper.sandbox) for keeper in all_sandboxes()]
    try:
        sandboxes = [each.result() for each in started]
    except SandboxError as error:
        _log.error("strategies cannot be run: %s", error)
        return
    assessment = sandboxes[0].assessment
    if assessment.grade != Grade.STRONG:
        _log.warning("the sandbox is %s here: %s", assessment.grade, "; ".join(assessment.reasons))
