"""The Celery application. The queue is a hint: a run that is not delivered is found in its table."""

from __future__ import annotations

import os

from celery import Celery, signals

from tradinglab.server.config.broker import be_patient
from tradinglab.server.config.environment import environment
from tradinglab.server.config.startup import SETTINGS_MODULE
from tradinglab.server.ops.housekeeping import beat_schedule

os.environ.setdefault("DJANGO_SETTINGS_MODULE", SETTINGS_MODULE)


def broker_url() -> str:
    """Return where Celery's messages go; without Redis they stay inside the worker's process."""
    url = environment().redis_url
    if url is None:
        return "memory://"
    return f"redis+socket://{url.removeprefix('unix://')}" if url.startswith("unix://") else url


be_patient()
app = Celery("tradinglab")
app.conf.update(
    broker_url=broker_url(),
    broker_connection_retry_on_startup=True,
    # Who submits a run does not wait for a queue that is away: the run is in its table.
    broker_transport_options={
        "socket_connect_timeout": 1,
        "socket_timeout": 10,
        "max_retries": 1,
        "interval_start": 0,
        "interval_max": 0.1,
        # Looking into the memory of the same process costs nothing; usually Celery does so once a second.
        **({"polling_interval": 0.05} if broker_url() == "memory://" else {}),
    },
    # A worker does.
    broker_connection_max_retries=None,
    task_default_queue="tradinglab",
    task_ignore_result=True,
    worker_hijack_root_logger=False,
    worker_redirect_stdouts=False,
    worker_prefetch_multiplier=1,
    worker_pool="threads",
    worker_enable_remote_control=False,
    imports=["tradinglab.server.runs.tasks", "tradinglab.server.ops.tasks"],
    beat_schedule=beat_schedule(),
)


@signals.setup_logging.connect
def _leave_logging_alone(**_: object) -> None:
    """Be there: where somebody listens, Celery sets no logging up, and Django's stays."""
