"""Deleting runs: out of sight at once, and gone after some days, with the artefacts that nothing else refers to."""

from __future__ import annotations

import shutil
from contextlib import suppress
from datetime import timedelta
from itertools import cycle
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from tradinglab.server.accounts.audit import audit_note
from tradinglab.server.errors import ConflictError
from tradinglab.server.runs.models import FINAL_STATES, Artefact, Run
from tradinglab.server.runs.services import run_cancel
from tradinglab.server.runs.store import store

#: Bytes are put into the store before the row that refers to them is written.
_UNREFERRED_KEPT = timedelta(days=1)
_PURGED_AT_ONCE = 50
_ID_LENGTH = 36


@transaction.atomic
def run_delete(*, run: Run) -> None:
    """Take a run out of sight.

    Raises
    ------
    ConflictError
        If the run has no outcome yet.
    """
    locked = Run.objects.select_for_update().get(pk=run.pk)
    if not locked.is_final:
        raise ConflictError(f"The run is {locked.state}; cancel it first, then delete it.")
    if Run.objects.filter(pk=run.pk, deleted_at=None).update(deleted_at=timezone.now()):
        audit_note(action=f"{run.kind}.deleted", actor=run.owner, target=run)


@transaction.atomic
def run_discard(*, run: Run) -> None:
    """Take a run out of sight whatever its state; one that has no outcome yet is cancelled."""
    with suppress(ConflictError):  # it is over
        run_cancel(run=run)
    if Run.objects.filter(pk=run.pk, deleted_at=None).update(deleted_at=timezone.now()):
        audit_note(action=f"{run.kind}.deleted", actor=run.owner, target=run)


def run_parts_hide(*, run: Run) -> None:
    """Take all parts of a run out of sight, as its owner took the run."""
    Run.objects.filter(parent=run, deleted_at=None).update(deleted_at=timezone.now())


@transaction.atomic
def run_restore(*, run: Run) -> None:
    """Bring a deleted run back; one that is not deleted stays as it is."""
    if Run.objects.filter(pk=run.pk, deleted_at__isnull=False).update(deleted_at=None):
        audit_note(action=f"{run.kind}.restored", actor=run.owner, target=run)


def runs_purge() -> int:
    """Remove some of the runs whose time to be restored is over; return how many."""
    before = timezone.now() - timedelta(days=settings.ENVIRONMENT.deleted_days)
    over = list(Run.objects.filter(deleted_at__lt=before).values_list("pk", flat=True)[:_PURGED_AT_ONCE])
    removed = 0
    for run_id in over:
        with transaction.atomic():
            # It may have been restored since.
            run = Run.objects.select_for_update().filter(pk=run_id, deleted_at__lt=before).first()
            if run is not None:
                run.delete()
                removed += 1
    return removed


def work_clear() -> int:
    """Remove what workers that were killed have left of runs that are over; return how much there was."""
    left = {path: run for path in settings.HOME.work.glob("*-*") if (run := _run_of(path))}
    going_on = Run.objects.filter(pk__in=set(left.values())).exclude(state__in=FINAL_STATES)
    kept = set(going_on.values_list("pk", flat=True))
    over = [path for path, run in left.items() if run not in kept]
    for path in over:
        shutil.rmtree(path, ignore_errors=True)
    return len(over)


def _run_of(folder: Path) -> UUID | None:
    try:
        return UUID(folder.name[:_ID_LENGTH])
    except ValueError:
        return None


class StoreSweep:
    """Goes through the store of artefacts, a part at each call, and removes what no run refers to."""

    def __init__(self) -> None:
        self._beginnings = cycle(f"{number:02x}" for number in range(256))

    def step(self) -> int:
        """Look at the next part; return how many files were removed."""
        before = timezone.now() - _UNREFERRED_KEPT
        beginning = next(self._beginnings)
        found = store().found(beginning)
        if beginning == "00":
            store().discard_parts(before=before)
        referred = set(Artefact.objects.filter(sha256__startswith=beginning).values_list("sha256", flat=True))
        return sum(store().discard(sha256, before=before) for sha256 in found if sha256 not in referred)
