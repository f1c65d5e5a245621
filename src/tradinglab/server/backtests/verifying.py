"""Running a backtest again from its manifest."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from tradinglab.server.accounts.models import User
from tradinglab.server.backtests.data_sources import data_source_list
from tradinglab.server.backtests.data_states import state_to_read
from tradinglab.server.backtests.differences import (
    COMPARED_TABLES,
    Difference,
    figure_differences,
    manifest_differences,
    table_differences,
)
from tradinglab.server.backtests.figures import FIGURES
from tradinglab.server.backtests.manifests import calendar_versions, engine_versions
from tradinglab.server.backtests.models import Backtest, Verification
from tradinglab.server.backtests.requests import request_of
from tradinglab.server.backtests.results import DAMAGE
from tradinglab.server.errors import ConflictError, NotFoundError
from tradinglab.server.runs.models import Artefact, Run, RunState
from tradinglab.server.runs.services import Submission, run_create, run_once
from tradinglab.server.runs.store import store

KIND = "verification"
_MOST_DIFFERENCES = 50


def backtest_verify(*, test: Backtest, idempotency_key: str | None = None) -> Submission:
    """Run a backtest again, to see whether it comes to the same.

    Raises
    ------
    ConflictError
        If the backtest has not completed, or its data are no longer there.
    """
    if test.run.state != RunState.COMPLETED:
        raise ConflictError(f"The backtest is {test.run.state}; only one that completed has figures to be verified.")
    if test.engine != Backtest.Engine.LOCAL:
        raise ConflictError(
            f"The backtest was run by {test.engine}, whose data and engine are not here. Run the version here, and "
            "compare the two by their parity report."
        )
    if test.data not in [each.name for each in data_source_list()]:
        raise ConflictError(f"The data source '{test.data}' is no longer there; the operator can name it again.")
    return run_once(
        owner=test.run.owner,
        key=idempotency_key,
        request_hash=hashlib.sha256(f"verify {test.pk}".encode()).hexdigest(),
        start=lambda: _create(test),
    )


@transaction.atomic
def _create(test: Backtest) -> Run:
    first = test.run
    # The owner's limits may be lower than they were: then the run has what it may have now.
    request = replace(request_of(test), as_of=state_to_read(test=test))
    run = run_create(owner=first.owner, kind=KIND, manifest=request.manifest(), parent=first)
    Verification.objects.create(run=run, backtest=test)
    return run


def verification_list(*, user: User, test: Backtest) -> QuerySet[Verification]:
    """Return the verifications of one of a user's backtests, newest first."""
    found = Verification.objects.filter(backtest=test, run__owner=user).select_related("run")
    return found.order_by("-run__created_at", "-run_id")


def verification_get(*, user: User, test: Backtest, run_id: UUID) -> Verification:
    """Return one verification."""
    found = verification_list(user=user, test=test).filter(pk=run_id).first()
    if found is None:
        raise NotFoundError(f"The backtest has no verification {run_id}.")
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a backtest came to that was run again: its manifest with what it read, its figures, and its tables."""

    manifest: Mapping[str, object]
    figures: Mapping[str, object]
    statistics: Mapping[str, str]
    tables: Mapping[str, Path]


def verification_compare(*, first: Backtest, now: Outcome) -> list[dict[str, str]]:
    """Return where what a run came to differs from what the first one did.

    It may take long over large tables, so no transaction waits for it.
    """
    manifest = {**now.manifest, "versions": engine_versions(), "calendars": calendar_versions()}
    kept = Artefact.objects.filter(run=first.run, name__in=[f"{name}.parquet" for name in COMPARED_TABLES])
    hashes = dict(kept.values_list("name", "sha256"))
    found = chain(
        manifest_differences(first.run.manifest, manifest),
        figure_differences(first.statistics, now.statistics),
        figure_differences({name: getattr(first, name) for name in FIGURES}, now.figures),
        *(_tables(name, hashes.get(f"{name}.parquet"), now.tables.get(name)) for name in COMPARED_TABLES),
    )
    return [each.as_json() for each in islice(found, _MOST_DIFFERENCES)]


def verification_record(*, run: Run, differences: Sequence[Mapping[str, str]]) -> None:
    """Keep what :func:`verification_compare` found."""
    outcome = Verification.Outcome.DIFFERENT if differences else Verification.Outcome.IDENTICAL
    Verification.objects.filter(pk=run.pk).update(outcome=outcome, differences=list(differences))


def _tables(name: str, was: str | None, path: Path | None) -> list[Difference]:
    """Return where two tables begin to differ; those with the same bytes do not.

    A first run of before a table was kept has none, which is no difference.
    """
    if was is None:
        return []
    if path is None:
        return list(figure_differences({name: "there"}, {}))
    with path.open("rb") as file:
        now = hashlib.file_digest(file, "sha256").hexdigest()
    if was == now:
        return []
    try:
        return list(table_differences(name, store().file(was), path))
    except DAMAGE:
        # The first one's bytes are gone or damaged: that they differ is known by their hashes.
        return list(figure_differences({f"{name}.parquet": was}, {f"{name}.parquet": now}))
