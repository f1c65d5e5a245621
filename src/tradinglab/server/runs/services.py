"""Writes about runs as their owners ask for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from tradinglab.server.accounts.audit import audit_note
from tradinglab.server.accounts.models import User
from tradinglab.server.errors import ConflictError, IdempotencyKeyReusedError
from tradinglab.server.runs.events import event_store
from tradinglab.server.runs.limits import queue_check, time_and_memory
from tradinglab.server.runs.models import FINAL_STATES, IdempotencyKey, Priority, Run, RunState
from tradinglab.server.runs.patience import AWAY

_KEYS_LIVE = timedelta(hours=24)


class Submission(NamedTuple):
    """A run, and whether this request made it."""

    run: Run
    is_new: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """How a run is to be carried out; time and memory that are left out are the most that its owner may have."""

    priority: Priority = Priority.NORMAL
    timeout_s: float | None = None
    memory_mb: int | None = None


@transaction.atomic
def run_create(
    *,
    owner: User,
    kind: str,
    manifest: Mapping[str, Any],
    wishes: Wishes | None = None,
    parent: Run | None = None,
    lasts_s: float | None = None,
    is_audited: bool = True,
) -> Run:
    """Store a run that is to be carried out, and tell a worker once it is stored for good.

    One that takes no time here may *last* longer than its owner's runs. A run that has a *parent* is gone with it. One
    that is but a part of what its owner asked for is not *audited*.

    Raises
    ------
    InputError
        If more time or memory is wished for than the owner may have.
    TooManyQueuedError
        If the owner has as many runs waiting as may wait.
    """
    wishes = wishes or Wishes()
    timeout_s, memory_mb = time_and_memory(
        user=owner, timeout_s=wishes.timeout_s, memory_mb=wishes.memory_mb, lasts_s=lasts_s
    )
    queue_check(user=owner)
    run = Run.objects.create(
        owner=owner,
        kind=kind,
        parent=parent,
        priority=wishes.priority,
        manifest=dict(manifest),
        timeout_s=timeout_s,
        memory_mb=memory_mb,
    )
    event_store(run_id=run.pk, kind="queued")
    if is_audited:
        audit_note(action=f"{kind}.submitted", actor=owner, target=run)
    transaction.on_commit(lambda: run_enqueue(run_id=run.pk))
    run.refresh_from_db()
    return run


@transaction.atomic
def run_follow(
    *, owner: User, kind: str, manifest: Mapping[str, Any], parent: Run, wishes: Wishes | None = None
) -> Run:
    """Store a part of a run that is under way elsewhere: nobody here carries it out, and it takes no place.

    Whoever follows it gives it its outcome.
    """
    wishes = wishes or Wishes()
    run = Run.objects.create(
        owner=owner,
        kind=kind,
        parent=parent,
        priority=wishes.priority,
        manifest=dict(manifest),
        timeout_s=parent.timeout_s,
        memory_mb=parent.memory_mb,
        state=RunState.RUNNING,
        started_at=timezone.now(),
    )
    event_store(run_id=run.pk, kind="started", data={"attempt": 1})
    run.refresh_from_db()
    return run


def run_enqueue(*, run_id: UUID) -> None:
    """Tell the workers that there is a run. If that fails, they find it in the table."""
    if settings.ENVIRONMENT.redis_url is None:
        return  # no queue that others hear of
    from tradinglab.server.runs.tasks import look_soon

    if look_soon():
        # The run is stored, whatever becomes of this.
        with suppress(*AWAY):
            Run.objects.filter(pk=run_id).update(enqueued_at=timezone.now())


def run_once(*, owner: User, key: str | None, request_hash: str, start: Callable[[], Run]) -> Submission:
    """Start a run, or return the one that the same request started before under the same *key*.

    Key and run are stored together or not at all: a request that was refused may be sent again, corrected, under its
    key. Of two that come at once, one stores the key, and the other one's run is undone.

    Raises
    ------
    IdempotencyKeyReusedError
        If the key came with another request.
    """
    if key is None:
        return Submission(start(), True)
    idempotency_keys_forget(owner=owner)
    if (known := _known(owner, key, request_hash)) is not None:
        return Submission(known, False)
    try:
        with transaction.atomic():
            run = start()
            IdempotencyKey.objects.create(owner=owner, key=key, request_hash=request_hash, run=run)
    except IntegrityError:
        first = _known(owner, key, request_hash)
        if first is None:
            raise
        return Submission(first, False)
    return Submission(run, True)


def idempotency_keys_forget(*, owner: User | None = None) -> int:
    """Forget the keys that no longer count, of one user or of all; return how many there were."""
    old = IdempotencyKey.objects.filter(created_at__lt=timezone.now() - _KEYS_LIVE)
    return (old if owner is None else old.filter(owner=owner)).delete()[0]


def _known(owner: User, key: str, request_hash: str) -> Run | None:
    entry = IdempotencyKey.objects.filter(owner=owner, key=key).select_related("run").first()
    if entry is None:
        return None
    if entry.request_hash != request_hash:
        raise IdempotencyKeyReusedError(
            "The Idempotency-Key came before, with another request; send a new key with a new request."
        )
    return entry.run


@transaction.atomic
def run_cancel(*, run: Run) -> Run:
    """Cancel a run: at once if it waits, as soon as its worker hears of it if it is under way.

    Raises
    ------
    ConflictError
        If the run has its outcome.
    """
    locked = Run.objects.select_for_update().get(pk=run.pk)
    if locked.state in FINAL_STATES and locked.state != RunState.CANCELLED:
        raise ConflictError(f"The run is over: it is {locked.state}.")
    now = timezone.now()
    if locked.state == RunState.QUEUED:
        # The state is asked again: without locks (SQLite) only this statement is atomic.
        waiting = Run.objects.filter(pk=run.pk, state=RunState.QUEUED)
        if waiting.update(state=RunState.CANCELLED, cancel_requested_at=now, finished_at=now):
            event_store(run_id=run.pk, kind="finished", data={"state": str(RunState.CANCELLED), "error": None})
    if Run.objects.filter(pk=run.pk, state=RunState.RUNNING, cancel_requested_at=None).update(cancel_requested_at=now):
        event_store(run_id=run.pk, kind="cancel_requested")
    run.refresh_from_db()
    return run


def run_parts_cancel(*, run_id: UUID) -> None:
    """Cancel the parts of a run that are not over."""
    for part in Run.objects.filter(parent=run_id, cancel_requested_at=None).exclude(state__in=FINAL_STATES):
        with suppress(ConflictError):  # it is over by now
            run_cancel(run=part)
