"""What the queue carries: "it is time for this job"."""

from __future__ import annotations

import logging

from tradinglab.server.config.celery import app
from tradinglab.server.ops.housekeeping import JOBS

_log = logging.getLogger(__name__)


@app.task(name="ops.do_job")
def do_job(name: str) -> None:
    """Do a periodic job; one that this version does not know was sent by another."""
    job = JOBS.get(name)
    if job is None:
        _log.warning("there is no periodic job '%s' in this version", name)
        return
    if done := job.do():
        _log.info("%s: %s done", name, done)
