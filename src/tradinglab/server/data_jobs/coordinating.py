"""Moving a job on: begin items, take over what came of them, give it its outcome.

Any process may do so at any time: what is to be done next follows from the tables alone.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from django.db.models import Count, Exists, OuterRef, Sum
from django.utils import timezone

from tradinglab.server.data_jobs.models import DataJob, DataJobItem
from tradinglab.server.data_jobs.services import LASTS_S
from tradinglab.server.errors import TooManyQueuedError
from tradinglab.server.runs.coordination import coordinated_finish
from tradinglab.server.runs.events import event_store
from tradinglab.server.runs.models import FINAL_STATES, Priority, Run, RunState
from tradinglab.server.runs.services import Wishes, run_create, run_parts_cancel

#: The kinds of runs that carry an item out.
DOWNLOADING: Final = "data_download"
IMPORTING: Final = "data_import"
#: A worker's thread each, which mostly waits for a source; sources pace all of them together.
_MOST_AT_ONCE: Final = 2
_TOLD_EVERY: Final = timedelta(seconds=1)
_State = DataJobItem.State
_STATE_OF = {
    RunState.COMPLETED: _State.COMPLETED,
    RunState.FAILED: _State.FAILED,
    RunState.TIMED_OUT: _State.FAILED,
    RunState.CANCELLED: _State.CANCELLED,
}


@transaction.atomic
def data_job_advance(run_id: UUID) -> None:
    """Do what is to be done next; nothing if somebody else is about it."""
    locked = Run.objects.select_for_update(skip_locked=connection.features.has_select_for_update_skip_locked)
    run = locked.filter(pk=run_id).first()
    if run is None or run.is_final:
        return
    job = DataJob.objects.get(pk=run_id)
    if run.state == RunState.QUEUED:
        Run.objects.filter(pk=run_id).update(state=RunState.RUNNING, started_at=timezone.now())
        event_store(run_id=run_id, kind="started", data={"attempt": 1})
    is_cancelled = run.cancel_requested_at is not None
    _settle(job, is_cancelled=is_cancelled)
    if is_cancelled:
        run_parts_cancel(run_id=run_id)
        waiting = DataJobItem.objects.filter(job=job, state=_State.WAITING)
        waiting.update(state=_State.CANCELLED, finished_at=timezone.now())
    elif job.paused_at is None:
        _begin(run, job)
    _conclude(run, job)


def _settle(job: DataJob, *, is_cancelled: bool) -> None:
    """Give items the outcome of their runs; one that was stopped by a pause waits again."""
    over = DataJobItem.objects.filter(job=job, state=_State.RUNNING, run__state__in=FINAL_STATES)
    for item in over.select_related("run"):
        assert item.run is not None
        state = _STATE_OF[RunState(item.run.state)]
        if state == _State.CANCELLED and not is_cancelled:
            state = _State.WAITING
        item.state, item.error = state, item.run.error
        item.finished_at = None if state == _State.WAITING else item.run.finished_at
        item.save(update_fields=["state", "error", "finished_at"])
        item_tell(item)
    # A run that is gone with nothing said of it is tried again.
    DataJobItem.objects.filter(job=job, state=_State.RUNNING, run=None).update(state=_State.WAITING)


def _begin(run: Run, job: DataJob) -> None:
    """Begin items as far as there is room, but none of a series that another job is at."""
    room = _MOST_AT_ONCE - DataJobItem.objects.filter(job=job, state=_State.RUNNING).count()
    if room <= 0:
        return
    busy = DataJobItem.objects.filter(store=OuterRef("store"), series=OuterRef("series"), state=_State.RUNNING)
    waiting = DataJobItem.objects.filter(job=job, state=_State.WAITING).annotate(is_busy=Exists(busy))
    for item in waiting.filter(is_busy=False).order_by("place", "pk")[:room]:
        # Of two jobs that look at once, one finds the series taken; an owner whose queue is full waits.
        with suppress(IntegrityError, TooManyQueuedError), transaction.atomic():
            _begin_item(run, job, item)


def _begin_item(run: Run, job: DataJob, item: DataJobItem) -> None:
    item.state, item.started_at, item.finished_at = _State.RUNNING, timezone.now(), None
    item.tries += 1
    item.save(update_fields=["state", "started_at", "finished_at", "tries"])
    item.run = run_create(
        owner=run.owner,
        kind=IMPORTING if job.kind == DataJob.Kind.IMPORT else DOWNLOADING,
        manifest={"item": item.pk, "series": item.series},
        wishes=Wishes(priority=Priority.BATCH),
        parent=run,
        lasts_s=LASTS_S,
        is_audited=False,
    )
    item.save(update_fields=["run"])
    item_tell(item)


def _conclude(run: Run, job: DataJob) -> None:
    counts = counts_of(job)
    if counts[_State.WAITING] or counts[_State.RUNNING]:
        _tell(run, job, counts)
        return
    told = told_of(job, counts)
    if run.cancel_requested_at is not None and counts[_State.CANCELLED]:
        coordinated_finish(run_id=run.pk, state=RunState.CANCELLED, told=told)
    elif counts[_State.COMPLETED]:
        Run.objects.filter(pk=run.pk).update(progress=1.0)
        coordinated_finish(run_id=run.pk, state=RunState.COMPLETED, told=told)
    else:
        failed = DataJobItem.objects.filter(job=job, state=_State.FAILED).order_by("place").first()
        text = "" if failed is None else str(failed.error.get("message", ""))
        total = sum(counts.values())
        error = {"code": "no_item_completed", "message": f"None of {total:,} items completed. The first: {text}"[:2000]}
        coordinated_finish(run_id=run.pk, state=RunState.FAILED, error=error, told=told)


def counts_of(job: DataJob) -> dict[str, int]:
    """Return how many items are in each state."""
    found = dict(DataJobItem.objects.filter(job=job).order_by().values_list("state").annotate(Count("pk")))
    return {str(state): found.get(state, 0) for state in _State}


def told_of(job: DataJob, counts: dict[str, int]) -> dict[str, Any]:
    """Return what an event says of the items."""
    added = DataJobItem.objects.filter(job=job).aggregate(added=Sum("added"))["added"] or 0
    return {**counts, "added": added}


def _tell(run: Run, job: DataJob, counts: dict[str, int]) -> None:
    """Say how far the job is, if it is any further, once a second at most."""
    now = timezone.now()
    if run.heartbeat_at is not None and now - run.heartbeat_at < _TOLD_EVERY:
        return
    running = DataJobItem.objects.filter(job=job, state=_State.RUNNING).aggregate(part=Sum("fraction"))["part"] or 0
    over = counts[_State.COMPLETED] + counts[_State.FAILED] + counts[_State.CANCELLED]
    fraction = round(min(1.0, (over + running) / max(1, sum(counts.values()))), 6)
    if fraction <= run.progress:
        return
    Run.objects.filter(pk=run.pk).update(progress=fraction, heartbeat_at=now)
    event_store(run_id=run.pk, kind="progress", data={"fraction": fraction, "date": "", **told_of(job, counts)})


def item_tell(item: DataJobItem) -> None:
    """Say where an item is."""
    data = {
        "item": item.pk,
        "symbol": item.ticker,
        "series": item.series,
        "state": str(item.state),
        "fraction": round(item.fraction, 6),
        "added": item.added,
        "known": item.known,
        "error": item.error or None,
    }
    event_store(run_id=item.job_id, kind="item", data=data)
