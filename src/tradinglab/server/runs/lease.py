"""Who may carry a run out: one worker at a time, for as long as it gives signs of life."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from tradinglab.server.runs.coordination import coordinated_kinds
from tradinglab.server.runs.events import NEXT_NUMBER, event_store, event_store_numbered
from tradinglab.server.runs.limits import limits_of_many, owner_lock
from tradinglab.server.runs.models import Run, RunState


class LeaseLost(Exception):
    """The run is no longer this worker's: it was given up for lost, or it has its outcome."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """The right to carry a run out, as of one claim."""

    run_id: UUID
    fence: int
    priority: int

    def held(self) -> QuerySet[Run]:
        """Return the run's row, if it is still held under this claim."""
        return Run.objects.filter(pk=self.run_id, state=RunState.RUNNING, fence=self.fence)


@transaction.atomic
def lease_claim(*, run_id: UUID, worker: str) -> Lease | None:
    """Take a run that is queued, or whose worker is lost; ``None`` if there is nothing to take.

    One statement decides: of two that claim at once, one changes the row and the other does not. A run whose owner has
    as many under way as he may is not taken.
    """
    owner_id = Run.objects.values_list("owner_id", flat=True).filter(pk=run_id).first()
    if owner_id is None:
        return None
    owner_lock(user_id=owner_id)
    now = timezone.now()
    held = Run.objects.filter(owner_id=owner_id, state=RunState.RUNNING, lease_until__gte=now).exclude(pk=run_id)
    if held.count() >= limits_of_many(user_ids=[owner_id])[owner_id].most_running:
        return None
    free = Q(state=RunState.QUEUED) | Q(state=RunState.RUNNING, lease_until__lt=now)
    claimable = Run.objects.exclude(kind__in=coordinated_kinds())
    claimed = claimable.filter(free, pk=run_id, cancel_requested_at=None, fence__lt=settings.RUN_MOST_ATTEMPTS).update(
        state=RunState.RUNNING,
        fence=F("fence") + 1,
        worker=worker,
        started_at=now,
        heartbeat_at=now,
        lease_until=_lease_end(),
        progress=0,
    )
    if not claimed:
        return None
    fence, priority = Run.objects.values_list("fence", "priority").get(pk=run_id)
    event_store(run_id=run_id, kind="started", data={"attempt": fence})
    return Lease(run_id=run_id, fence=fence, priority=priority)


def lease_renew(*, lease: Lease) -> bool:
    """Give a sign of life; return whether the run is to be cancelled.

    Raises
    ------
    LeaseLost
        If the run is another's by now.
    """
    if not lease.held().update(heartbeat_at=timezone.now(), lease_until=_lease_end()):
        raise LeaseLost
    return lease.held().exclude(cancel_requested_at=None).exists()


@transaction.atomic
def lease_event(*, lease: Lease, kind: str, data: Mapping[str, Any], progress: float | None = None) -> int:
    """Store an event of a run that is held; return its number.

    Raises
    ------
    LeaseLost
        If the run is another's by now.
    """
    # The update locks the row, so that nobody can take the run between the question and the event.
    changes: dict[str, Any] = {"heartbeat_at": timezone.now(), **NEXT_NUMBER}
    if progress is not None:
        changes["progress"] = progress
    if not lease.held().update(**changes):
        raise LeaseLost
    return event_store_numbered(run_id=lease.run_id, kind=kind, data=data).sequence


@transaction.atomic
def lease_keep(*, lease: Lease, write: Callable[[], None]) -> None:
    """Have a part of what came of a run written down, in a transaction that counts only while the run is held.

    Raises
    ------
    LeaseLost
        If the run is another's by now; nothing is written then.
    """
    write()
    # Last, so that what is written locks its rows in the order in which those do who look after the whole.
    if not lease.held().update(heartbeat_at=timezone.now(), lease_until=_lease_end()):
        raise LeaseLost


@transaction.atomic
def lease_finish(
    *,
    lease: Lease,
    state: RunState,
    error: Mapping[str, Any] | None = None,
    told: Mapping[str, Any] | None = None,
    sandbox_grade: str = "",
) -> None:
    """Give a run its outcome: the first one stays.

    Parameters
    ----------
    told
        What the event says beside state and error.
    sandbox_grade
        That of the sandbox that it ran in, if it came so far.

    Raises
    ------
    LeaseLost
        If the run is another's by now, or has its outcome.
    """
    failure = dict(error or {})
    changes: dict[str, Any] = {"progress": 1.0} if state == RunState.COMPLETED else {}
    if sandbox_grade:
        changes["sandbox_grade"] = sandbox_grade
    changed = lease.held().update(
        state=state,
        finished_at=timezone.now(),
        lease_until=None,
        error=failure,
        error_code=str(failure.get("code", ""))[:64],
        **changes,
        **NEXT_NUMBER,
    )
    if not changed:
        raise LeaseLost
    event_store_numbered(
        run_id=lease.run_id, kind="finished", data={**(told or {}), "state": str(state), "error": failure or None}
    )


def _lease_end() -> Any:
    return timezone.now() + timedelta(seconds=settings.ENVIRONMENT.lease_s)
