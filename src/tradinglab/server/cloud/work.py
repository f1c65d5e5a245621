"""A piece of work at QuantConnect that this process holds: what of it may be written down, and by whom."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.db import models, transaction
from django.db.models import F, Q
from django.utils import timezone

from tradinglab.core.run_warnings import WarningKind
from tradinglab.server.backtests.models import Backtest
from tradinglab.server.cloud.credentials import account_find
from tradinglab.server.cloud.models import CloudBacktest, CloudJob
from tradinglab.server.optimizations.models import Optimization
from tradinglab.server.runs.coordination import coordinated_finish
from tradinglab.server.runs.events import event_store
from tradinglab.server.runs.models import FINAL_STATES, Run, RunState

_ASKED_EVERY_S = 1.0
LONGEST_TEXT = 20_000


class Over(Exception):
    """The run has an outcome."""

    def __init__(self, code: str, message: str, *, state: RunState = RunState.FAILED, **more: str) -> None:
        self.state = state
        self.error = {"code": code, "message": message[:LONGEST_TEXT], **more}
        super().__init__(message)


class WorkLost(Exception):
    """The work is no longer this process's: it was given up for lost, or it is over."""


@dataclass(slots=True)
class Work:
    """A job at QuantConnect, held under one claim."""

    run: Run
    row: CloudJob
    asked: Backtest | Optimization
    fence: int
    _next_question: float = field(default=0.0, init=False)

    @property
    def rows(self) -> models.QuerySet[Any]:
        """Where its entry is."""
        return type(self.row)._default_manager.all()

    @property
    def project_id(self) -> int:
        """The number of its project."""
        assert self.row.project_id is not None
        return self.row.project_id

    @property
    def age_s(self) -> float:
        """For how many seconds its next step has been the next."""
        return (timezone.now() - self.row.step_at).total_seconds()

    @property
    def is_cancelled(self) -> bool:
        """Whether its owner wants it stopped, as far as was known when it was last looked at."""
        return self.run.cancel_requested_at is not None

    def keep(self, **changes: Any) -> None:
        """Write down what was learnt.

        Raises
        ------
        WorkLost
            If it is another's by now.
        """
        held = self.rows.filter(pk=self.row.pk, fence=self.fence)
        if not held.update(**changes):
            raise WorkLost
        for name, value in changes.items():
            setattr(self.row, name, value)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Have all that is written inside be written together, and only if the work is still this process's.

        Raises
        ------
        WorkLost
            If it is another's by now.
        """
        with transaction.atomic():
            self.keep(fence=self.fence)
            yield

    def begin(self) -> None:
        """Have the run under way, if it waited.

        Raises
        ------
        WorkLost
            If it was cancelled while it waited.
        """
        if self.run.state == RunState.RUNNING:
            return
        with transaction.atomic():
            waiting = Run.objects.filter(pk=self.run.pk, state=RunState.QUEUED)
            if waiting.update(state=RunState.RUNNING, started_at=timezone.now()):
                event_store(run_id=self.run.pk, kind="started", data={"attempt": 1})
        self.run.refresh_from_db()
        if self.run.state != RunState.RUNNING:
            raise WorkLost

    def warn(self, text: str) -> None:
        """Have the run warn of something that its engine did otherwise than one may think."""
        warning = {"kind": str(WarningKind.ENGINE), "text": text}
        if warning not in self.asked.warnings:
            warnings = [*self.asked.warnings, warning]
            with self.held():
                type(self.asked)._default_manager.filter(pk=self.run.pk).update(warnings=warnings)
            self.asked.warnings = warnings

    def tell(self, kind: str, **data: object) -> None:
        """Store an event; where others may have the work by now, while it is `held`."""
        event_store(run_id=self.run.pk, kind=kind, data=data)

    @transaction.atomic
    def finish(
        self, state: RunState, error: dict[str, str] | None = None, told: Mapping[str, object] | None = None
    ) -> None:
        """Give the run its outcome.

        Raises
        ------
        WorkLost
            If it is another's by now, or has one.
        """
        held = self.rows.filter(pk=self.row.pk, fence=self.fence).exclude(run__state__in=FINAL_STATES)
        if not self.rows.filter(pk__in=held.values("pk")).update(busy_until=None):
            raise WorkLost
        if state == RunState.COMPLETED:
            Run.objects.filter(pk=self.run.pk).update(progress=1.0)
        coordinated_finish(run_id=self.run.pk, state=state, error=error, told=dict(told or {}))

    def is_to_stop(self) -> bool:
        """Say whether to leave off: the work is lost, or its owner has cancelled it meanwhile."""
        now = time.monotonic()
        if now < self._next_question:
            return False
        self._next_question = now + _ASKED_EVERY_S
        held = self.rows.filter(pk=self.row.pk, fence=self.fence)
        return not held.filter(run__cancel_requested_at=self.run.cancel_requested_at).exists()


@dataclass(slots=True)
class BacktestWork(Work):
    """A backtest at QuantConnect, held under one claim."""

    row: CloudBacktest
    asked: Backtest


def lease_end() -> datetime:
    """Return until when a claim that is made now lasts without a sign of life."""
    return timezone.now() + timedelta(seconds=settings.ENVIRONMENT.lease_s)


def work_claim(*, run_id: UUID, rows: type[CloudJob], version_of: Callable[[UUID], UUID]) -> int | None:
    """Take a job's next step, if it is time for it and nobody else is about it; return the claim's number.

    Parameters
    ----------
    rows
        What the jobs of its kind are.
    version_of
        Returns the id of the version that a run is of, which has no entry yet.
    """
    run = Run.objects.select_related("owner").filter(pk=run_id).exclude(state__in=FINAL_STATES).first()
    if run is None:
        return None
    jobs = rows._default_manager
    row = jobs.filter(pk=run_id).first() or _row(run, rows, version_of)
    if row is None:
        return None
    now = timezone.now()
    is_new_wish = run.cancel_requested_at is not None and run.cancel_requested_at > row.step_at
    if row.next_at > now and not (is_new_wish and not row.failures):
        return None
    free = Q(busy_until=None) | Q(busy_until__lt=now)
    taken = jobs.filter(free, pk=run_id, fence=row.fence)
    return row.fence + 1 if taken.update(fence=F("fence") + 1, busy_until=lease_end()) else None


def work_renew(*, run_id: UUID, rows: type[CloudJob], fence: int) -> None:
    """Give a sign of life."""
    rows._default_manager.filter(pk=run_id, fence=fence).update(busy_until=lease_end())


def work_release(*, run_id: UUID, rows: type[CloudJob], fence: int) -> None:
    """Let others take the next step."""
    rows._default_manager.filter(pk=run_id, fence=fence).update(busy_until=None)


def backtest_work(*, run_id: UUID, fence: int) -> BacktestWork | None:
    """Return the backtest that a claim is on; ``None`` if it is another's by now."""
    row = CloudBacktest.objects.select_related("account", "version").filter(pk=run_id, fence=fence).first()
    if row is None:
        return None
    test = Backtest.objects.select_related("run__owner", "version__strategy").get(pk=run_id)
    return None if test.run.is_final else BacktestWork(run=test.run, asked=test, row=row, fence=fence)


def _row(run: Run, rows: type[CloudJob], version_of: Callable[[UUID], UUID]) -> CloudJob | None:
    """Make the entry of a run that is new; one whose account was disconnected since fails."""
    account = account_find(user=run.owner)
    if account is None:
        error = {
            "code": "quantconnect_no_account",
            "message": "No QuantConnect account is connected any more. Connect one, and run it again.",
        }
        coordinated_finish(run_id=run.pk, state=RunState.FAILED, error=error)
        return None
    made = {"account": account, "version_id": version_of(run.pk), "token": job_token()}
    return rows._default_manager.get_or_create(run=run, defaults=made)[0]


def job_token() -> str:
    """Return a token that no other job has."""
    return f"tl-{uuid4().hex[:20]}"
