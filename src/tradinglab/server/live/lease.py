"""Which process looks after a deployment: one at a time, for as long as it gives signs of life."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from tradinglab.server.live.events import live_event_store
from tradinglab.server.live.models import HELD, Deployment, Status
from tradinglab.server.runs.lease import LeaseLost

LOST_TEXT = "the process was lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveLease:
    """The right to look after a deployment, as of one claim."""

    deployment_id: UUID
    fence: int

    def held(self) -> QuerySet[Deployment]:
        """Return the deployment's row, if it is still held under this claim."""
        return Deployment.objects.filter(pk=self.deployment_id, status__in=HELD, fence=self.fence)


def live_claim_next(*, process: str) -> LiveLease | None:
    """Take a deployment that waits, or whose process is lost; ``None`` if there is none.

    One that is lost goes on from its last snapshot if it is to be deployed again by itself; else it has failed.
    """
    now = timezone.now()
    free = Q(status=Status.IN_QUEUE) | Q(status__in=HELD, lease_until__lt=now)
    for each in Deployment.objects.filter(free).order_by("created_at")[:20]:
        lease = _claim(each, process)
        if lease is not None:
            return lease
    return None


@transaction.atomic
def _claim(deployment: Deployment, process: str) -> LiveLease | None:
    now = timezone.now()
    free = Q(status=Status.IN_QUEUE) | Q(status__in=HELD, lease_until__lt=now)
    is_lost = deployment.status != Status.IN_QUEUE
    row = Deployment.objects.filter(free, pk=deployment.pk, status=deployment.status, fence=deployment.fence)
    if deployment.stop_requested_at is not None or (is_lost and not deployment.automatic_redeploy):
        status = Status.RUNTIME_ERROR if deployment.stop_requested_at is None else Status.STOPPED
        text = LOST_TEXT if status == Status.RUNTIME_ERROR else ""
        error = {"code": "process_lost", "message": text} if text else {}
        if row.update(status=status, message=text, error=error, stopped_at=now, lease_until=None):
            _tell_end(deployment.pk, status, text, error)
        return None
    changed = row.update(
        status=Status.INITIALIZING,
        fence=F("fence") + 1,
        process=process[:200],
        launched_at=now if deployment.launched_at is None else deployment.launched_at,
        lease_until=lease_end(),
        reported_at=now,
        is_silent=False,
    )
    if not changed:
        return None
    fence = deployment.fence + 1
    live_event_store(deployment_id=deployment.pk, kind="status", data={"status": Status.INITIALIZING, "attempt": fence})
    if is_lost:
        live_event_store(deployment_id=deployment.pk, kind="alert", data={"code": "redeployed", "message": LOST_TEXT})
    return LiveLease(deployment_id=deployment.pk, fence=fence)


def live_renew(*, lease: LiveLease) -> Deployment:
    """Give a sign of life; return the deployment as it is wanted now.

    Raises
    ------
    LeaseLost
        If it is another's by now, or over.
    """
    if not lease.held().update(lease_until=lease_end()):
        raise LeaseLost
    return Deployment.objects.get(pk=lease.deployment_id)


@transaction.atomic
def live_finish(*, lease: LiveLease, status: Status, message: str = "", error: Mapping[str, Any] | None = None) -> None:
    """Let a deployment be over: the first end stays.

    Raises
    ------
    LeaseLost
        If it is another's by now, or over.
    """
    failure = dict(error or {})
    changed = lease.held().update(
        status=status, message=message, error=failure, stopped_at=timezone.now(), lease_until=None
    )
    if not changed:
        raise LeaseLost
    _tell_end(lease.deployment_id, status, message, failure)


@transaction.atomic
def live_release(*, lease: LiveLease) -> None:
    """Leave a deployment to the next process: it goes on from its last snapshot."""
    if lease.held().update(status=Status.IN_QUEUE, lease_until=None):
        live_event_store(deployment_id=lease.deployment_id, kind="status", data={"status": Status.IN_QUEUE})


def _tell_end(deployment_id: UUID, status: Status, message: str, error: Mapping[str, Any]) -> None:
    if status in (Status.RUNTIME_ERROR, Status.DEPLOY_ERROR):
        live_event_store(deployment_id=deployment_id, kind="alert", data={"code": "failed", "message": message})
    data = {"status": str(status), "message": message, "error": dict(error) or None}
    live_event_store(deployment_id=deployment_id, kind="finished", data=data)


def lease_end() -> Any:
    """Return until when a claim lasts without a sign of life."""
    return timezone.now() + timedelta(seconds=settings.ENVIRONMENT.lease_s)
