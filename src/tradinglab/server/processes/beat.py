"""The process that says when the periodic jobs are due."""

from __future__ import annotations

import signal
from types import FrameType

from tradinglab.server.config.environment import environment
from tradinglab.server.config.startup import start_django
from tradinglab.server.errors import SettingsError


def run_beat() -> int:
    """Send the periodic jobs into the queue until the process is told to stop.

    Raises
    ------
    SettingsError
        If a setting cannot be used, or there is no queue that other processes hear of.
    """
    start_django()
    if environment().redis_url is None:
        raise SettingsError(["REDIS_URL: beat needs it, to tell workers; without it use 'tradinglab worker --beat'"])
    from celery.beat import Scheduler, Service

    from tradinglab.server.config.celery import app

    # With a short interval it hears soon that it is to stop. This scheduler keeps nothing on the disk.
    service = Service(app, max_interval=1, scheduler_cls=Scheduler)

    def stop(number: int, frame: FrameType | None) -> None:
        service.stop()

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    service.start()
    return 0
