"""What the queue carries: "look at this run"."""

from __future__ import annotations

import os
import socket
from uuid import UUID

from tradinglab.server.config.celery import app
from tradinglab.server.runs.supervision import run_carry_out


def worker_name() -> str:
    """Return how this process is called in the runs that it holds."""
    return f"{socket.gethostname()}:{os.getpid()}"


@app.task(name="runs.look_at")
def look_at(run_id: str) -> None:
    """Carry the run out if it is free: a second delivery finds it taken, and does nothing."""
    run_carry_out(run_id=UUID(run_id), worker=worker_name())
