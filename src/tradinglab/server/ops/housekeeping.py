"""What is done now and then: forgetting what no longer counts, and looking after the data.

A job is a function without arguments that returns how many things it did or did away with; that it is done twice, or
by two at once, does no harm. To add one, name it in :data:`JOBS`.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodicJob:
    """A function, named by its module, and the seconds after which it is called again."""

    function: str
    every_s: float

    def do(self) -> int:
        """Call the function."""
        module, _, name = self.function.rpartition(".")
        return cast("Callable[[], int]", getattr(importlib.import_module(module), name))()


#: Everything that is done now and then; of runs that are deleted the workers take care (`runs/worker.py`).
JOBS = {
    "idempotency-keys": PeriodicJob(
        function="tradinglab.server.runs.services.idempotency_keys_forget", every_s=3600
    ),
    "login-failures": PeriodicJob(function="tradinglab.server.accounts.login.login_failures_forget", every_s=900),
    "sign-ins": PeriodicJob(function="tradinglab.server.accounts.sign_ins.sign_ins_forget", every_s=3600),
    "catalogue": PeriodicJob(function="tradinglab.server.datasets.refreshing.catalogue_job", every_s=300),
    "data-states": PeriodicJob(function="tradinglab.server.backtests.data_states.data_states_job", every_s=600),
    "maintenance": PeriodicJob(function="tradinglab.server.datasets.maintaining.maintenance_job", every_s=3600),
    "quality": PeriodicJob(function="tradinglab.server.datasets.judging.quality_job", every_s=300),
    "data-schedules": PeriodicJob(function="tradinglab.server.data_jobs.schedules.schedules_run", every_s=30),
    "data-uploads": PeriodicJob(function="tradinglab.server.data_jobs.uploads.uploads_forget", every_s=3600),
    "sessions": PeriodicJob(function="tradinglab.server.ops.housekeeping.sessions_forget", every_s=3600),
}  # fmt: skip


def sessions_forget() -> int:
    """Forget the sessions that are over."""
    from django.contrib.sessions.models import Session
    from django.utils import timezone

    return Session.objects.filter(expire_date__lt=timezone.now()).delete()[0]


def beat_schedule() -> dict[str, dict[str, Any]]:
    """Return the jobs as Celery's beat wants them; one that is not taken up in time is left out, the next one comes."""
    return {
        name: {"task": "ops.do_job", "schedule": job.every_s, "args": (name,), "options": {"expires": job.every_s}}
        for name, job in JOBS.items()
    }
