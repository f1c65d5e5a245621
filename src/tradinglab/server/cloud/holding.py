"""The jobs at QuantConnect that this process is about: each in a thread of a few, under a claim that is kept alive.

Between steps nobody is occupied: one that runs for hours costs a question now and then.
"""

from __future__ import annotations

import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Final, NamedTuple, Protocol
from uuid import UUID

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection

_log = logging.getLogger(__name__)
_THREADS: Final = 8
#: What passes, and is not the job's fault: the database, the disk or the store is away.
_OUTAGES: Final = (InterfaceError, OperationalError, OSError)


class Jobs(Protocol):
    """Jobs of a kind, whose steps are taken under claims."""

    @property
    def what(self) -> str:
        """What one is called in sentences."""

    def claim(self, job_id: UUID, /) -> int | None:
        """Take a job's next step, if it is due and nobody else is about it; return the claim's number."""

    def renew(self, job_id: UUID, fence: int, /) -> None:
        """Give a sign of life."""

    def release(self, job_id: UUID, fence: int, /) -> None:
        """Let others take the next step."""

    def carry_out(self, job_id: UUID, fence: int, /) -> None:
        """Take the next step, and those that need not wait."""

    def stumbled(self, job_id: UUID, fence: int, error: Exception, /) -> None:
        """Decide what becomes of a job whose step broke off for a reason of our own."""


class _Held(NamedTuple):
    jobs: Jobs
    fence: int
    #: When it has to be renewed.
    renewal: float


class Holder:
    """The threads in which this process takes steps."""

    def __init__(self, threads: int = _THREADS, *, name: str = "tradinglab-cloud") -> None:
        self._threads = threads
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._lock = threading.Lock()
        self._held: dict[UUID, _Held] = {}

    @property
    def room(self) -> int:
        """How many more jobs can be taken up now."""
        with self._lock:
            return self._threads - len(self._held)

    def renew(self) -> None:
        """Give signs of life of the jobs that are being carried out here, where it is time."""
        now = time.monotonic()
        with self._lock:
            due = {job_id: held for job_id, held in self._held.items() if now >= held.renewal}
        for job_id, held in due.items():
            held.jobs.renew(job_id, held.fence)
            with self._lock:
                if self._held.get(job_id) == held:
                    self._held[job_id] = held._replace(renewal=self._renewal())

    def take_up(self, job_id: UUID, jobs: Jobs) -> None:
        """Take a job's next step, if it is due and there is a thread for it."""
        with self._lock:
            if job_id in self._held or len(self._held) >= self._threads:
                return
        fence = jobs.claim(job_id)
        if fence is None:
            return
        with self._lock:
            self._held[job_id] = _Held(jobs, fence, self._renewal())
        self._pool.submit(self._carry_out, job_id, jobs, fence)

    def _renewal(self) -> float:
        return time.monotonic() + float(settings.ENVIRONMENT.lease_s) / 4

    def _carry_out(self, job_id: UUID, jobs: Jobs, fence: int) -> None:
        try:
            carry_out(job_id, jobs, fence)
        finally:
            with self._lock:
                self._held.pop(job_id, None)
            connection.close()


def carry_out(job_id: UUID, jobs: Jobs, fence: int) -> None:
    """Take a job's next step under a claim, whatever comes of it."""
    try:
        jobs.carry_out(job_id, fence)
    except Exception as error:
        # Somebody tries again, in the end when the claim ends by itself.
        _log.error("a step of %s %s at QuantConnect failed", jobs.what, job_id, exc_info=error)
        if not isinstance(error, _OUTAGES):
            with suppress(Exception):
                jobs.stumbled(job_id, fence, error)


def step_here(job_id: UUID, jobs: Jobs) -> bool:
    """Take a job's next step here and now, if it is due; return whether it was."""
    fence = jobs.claim(job_id)
    if fence is None:
        return False
    try:
        jobs.carry_out(job_id, fence)
    finally:
        jobs.release(job_id, fence)
    return True
