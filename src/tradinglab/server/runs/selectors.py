"""Reads about runs; what is another user's does not exist here."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

from django.db.models import Max, QuerySet
from django.utils import timezone

from tradinglab.sandbox import Grade
from tradinglab.server.accounts.models import User
from tradinglab.server.errors import NotFoundError
from tradinglab.server.runs.models import Artefact, Run, RunEvent, WorkerBeat
from tradinglab.server.runs.reaping import BEAT_VALID
from tradinglab.server.runs.store import store


def run_list(*, user: User) -> QuerySet[Run]:
    """Return a user's runs, without those that are deleted."""
    return Run.objects.filter(owner=user, deleted_at=None)


def run_get(*, user: User, run_id: UUID) -> Run:
    """Return one of a user's runs."""
    run = run_list(user=user).filter(pk=run_id).first()
    if run is None:
        raise NotFoundError(f"There is no run {run_id}.")
    return run


def heard_lines(*, run: Run) -> list[str]:
    """Return the lines of its log that a run told of while it went on: those of its last attempt."""
    events = RunEvent.objects.filter(run=run)
    begun = events.filter(kind="started").aggregate(last=Max("sequence"))["last"] or 0
    told = events.filter(kind="log", sequence__gt=begun).order_by("sequence").values_list("data", flat=True)
    return [str(line) for data in told for line in data["lines"]]


def artefact_list(*, run: Run) -> QuerySet[Artefact]:
    """Return what a run has left."""
    return Artefact.objects.filter(run=run)


def artefact_get(*, run: Run, name: str) -> Artefact:
    """Return a run's artefact by its name."""
    # PostgreSQL takes no text with a NUL in it.
    artefact = artefact_list(run=run).filter(name=name).first() if "\0" not in name else None
    if artefact is None:
        raise NotFoundError(f"The run has no artefact '{name}'; it is {run.state}.")
    return artefact


def artefact_size(*, artefact: Artefact) -> int:
    """Return how many bytes of an artefact there are."""
    with _named(artefact):
        return store().size(artefact.sha256)


def artefact_pieces(*, artefact: Artefact, first: int, last: int) -> Iterator[bytes]:
    """Yield the bytes of an artefact from *first* to *last*."""
    with _named(artefact):
        yield from store().pieces(artefact.sha256, first, last)


def artefact_read(*, artefact: Artefact) -> bytes:
    """Return the bytes of an artefact."""
    with _named(artefact):
        return store().read(artefact.sha256)


def artefact_path(*, artefact: Artefact) -> Path:
    """Return a file with the bytes of an artefact, to be opened at once."""
    with _named(artefact):
        return store().file(artefact.sha256)


@contextlib.contextmanager
def _named(artefact: Artefact) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise NotFoundError(f"The bytes of '{artefact.name}' are gone from the store.") from None


def worker_count() -> int:
    """Return how many workers have given a sign of life lately."""
    return WorkerBeat.objects.filter(seen_at__gt=timezone.now() - BEAT_VALID).count()


def worker_grade() -> str:
    """Return the lowest grade of the sandboxes of the workers that were seen lately; empty if none has a sandbox."""
    seen = WorkerBeat.objects.filter(seen_at__gt=timezone.now() - BEAT_VALID)
    grades = set(seen.values_list("sandbox_grade", flat=True))
    return next((str(grade) for grade in reversed(Grade) if grade in grades), "")
