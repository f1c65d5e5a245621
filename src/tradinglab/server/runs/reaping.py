"""Finding runs that nobody works at: the queue lost them, or their worker died."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from tradinglab.server.runs.coordination import coordinated_kinds
from tradinglab.server.runs.events import event_store
from tradinglab.server.runs.models import Run, RunState, WorkerBeat

#: A run that was put into the queue this long ago, and still waits, is put there again.
_QUEUE_PATIENCE = timedelta(seconds=10)
BEAT_EVERY_S = 5.0
#: A worker that has not been seen for so long counts as gone.
BEAT_VALID = timedelta(seconds=BEAT_EVERY_S * 6)
_BEATS_KEPT = timedelta(days=1)


def runs_reap() -> list[UUID]:
    """End what cannot be taken over, and return the runs that a worker should look at, oldest first."""
    now = timezone.now()
    lost = Run.objects.filter(state=RunState.RUNNING, lease_until__lt=now)
    for run in lost.filter(Q(fence__gte=settings.RUN_MOST_ATTEMPTS) | Q(cancel_requested_at__isnull=False)):
        _end_lost(run)
    forgotten = Q(state=RunState.QUEUED) & (Q(enqueued_at=None) | Q(enqueued_at__lt=now - _QUEUE_PATIENCE))
    # One that is lost is delivered once for each time that it was lost, and again after a while.
    undelivered = Q(enqueued_at=None) | Q(enqueued_at__lt=F("lease_until")) | Q(enqueued_at__lt=now - _QUEUE_PATIENCE)
    waiting = Run.objects.filter(forgotten | (Q(state=RunState.RUNNING, lease_until__lt=now) & undelivered))
    waiting = waiting.exclude(kind__in=coordinated_kinds())
    found = list(waiting.order_by("created_at").values_list("pk", flat=True)[:1000])
    Run.objects.filter(pk__in=found).update(enqueued_at=now)
    return found


@transaction.atomic
def _end_lost(run: Run) -> None:
    """Give a lost run its outcome, unless somebody else was quicker."""
    is_cancelled = run.cancel_requested_at is not None
    state = RunState.CANCELLED if is_cancelled else RunState.FAILED
    message = f"The run's worker was lost {run.fence} times; the run is not tried again."
    error = {} if is_cancelled else {"code": "worker_lost", "message": message}
    ended = Run.objects.filter(
        pk=run.pk, state=RunState.RUNNING, fence=run.fence, lease_until__lt=timezone.now()
    ).update(state=state, finished_at=timezone.now(), lease_until=None, error=error, error_code=error.get("code", ""))
    if ended:
        event_store(run_id=run.pk, kind="finished", data={"state": str(state), "error": error or None})


def worker_beat(*, name: str, sandbox_grade: str = "") -> None:
    """Note that a worker lives and what its sandbox is worth, and forget those that died long ago."""
    now = timezone.now()
    WorkerBeat.objects.update_or_create(name=name, defaults={"seen_at": now, "sandbox_grade": sandbox_grade})
    WorkerBeat.objects.filter(seen_at__lt=now - _BEATS_KEPT).delete()
