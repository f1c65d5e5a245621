"""Which run goes next: by its priority, then fairly among the owners, then by its age.

The queue's messages say that there is something to do, not what: whichever arrives, the run that comes first is taken.
So a run is not stuck behind those that were delivered before it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.conf import settings
from django.db.models import Count, Max, Min, Q, QuerySet
from django.utils import timezone

from tradinglab.server.runs.coordination import coordinated_kinds
from tradinglab.server.runs.lease import Lease, lease_claim
from tradinglab.server.runs.limits import limits_of_many
from tradinglab.server.runs.models import Priority, Run, RunState

#: How many of one owner's runs are tried if others are quicker.
_TRIED = 5
#: Whoever has had no turn for so long has had none.
_TURNS_COUNT = timedelta(hours=1)


class _Group(NamedTuple):
    """The runs of one owner and priority that wait, in the order in which groups have their turn."""

    priority: int
    running: int
    last_turn: datetime
    oldest: datetime
    owner_id: int


def claim_next(*, worker: str, with_batch: bool = True) -> Lease | None:
    """Take the run that goes next; ``None`` if none may be started now.

    A run whose owner has as many under way as he may waits, and holds up nobody else's.

    Parameters
    ----------
    with_batch
        Whether a run of the priority ``batch`` may be taken.
    """
    for group in _groups(with_batch):
        for run_id in _oldest(group):
            lease = lease_claim(run_id=run_id, worker=worker)
            if lease is not None:
                return lease
    return None


def runs_wait() -> bool:
    """Return whether there is a run that a worker could take."""
    return bool(_groups(with_batch=True))


def _free() -> QuerySet[Run]:
    lost = Q(state=RunState.RUNNING, lease_until__lt=timezone.now())
    free = Run.objects.filter(Q(state=RunState.QUEUED) | lost)
    free = free.exclude(kind__in=coordinated_kinds())
    return free.filter(cancel_requested_at=None, fence__lt=settings.RUN_MOST_ATTEMPTS)


def _groups(with_batch: bool) -> list[_Group]:
    waiting = _free() if with_batch else _free().filter(priority__lt=Priority.BATCH)
    found = list(waiting.order_by().values_list("owner_id", "priority").annotate(Min("created_at")))
    owners = {owner_id for owner_id, _, _ in found}
    if not owners:
        return []
    now = timezone.now()
    held = Run.objects.filter(owner__in=owners, state=RunState.RUNNING, lease_until__gte=now)
    running = dict(held.order_by().values_list("owner_id").annotate(Count("pk")))
    lately = Run.objects.filter(owner__in=owners, started_at__gt=now - _TURNS_COUNT)
    turns = dict(lately.order_by().values_list("owner_id").annotate(Max("started_at")))
    limits = limits_of_many(user_ids=owners)
    never = now - 2 * _TURNS_COUNT
    groups = [
        _Group(priority, running.get(owner_id, 0), turns.get(owner_id, never), oldest, owner_id)
        for owner_id, priority, oldest in found
    ]
    return sorted(each for each in groups if each.running < limits[each.owner_id].most_running)


def _oldest(group: _Group) -> list[UUID]:
    waiting = _free().filter(owner_id=group.owner_id, priority=group.priority)
    return list(waiting.order_by("created_at", "pk").values_list("pk", flat=True)[:_TRIED])


class BatchPlaces:
    """Of a process's threads one is kept free of ``batch`` runs, so that another run need not wait for them."""

    def __init__(self, threads: int) -> None:
        self._free = threading.Semaphore(max(threads - 1, 1))

    @contextmanager
    def claim(self, *, worker: str) -> Iterator[Lease | None]:
        """Take the run that goes next and hold its place while it is carried out."""
        has_place = self._free.acquire(blocking=False)
        try:
            lease = claim_next(worker=worker, with_batch=has_place)
            if has_place and not (lease is not None and lease.priority == Priority.BATCH):
                self._free.release()
                has_place = False
            yield lease
        finally:
            if has_place:
                self._free.release()
