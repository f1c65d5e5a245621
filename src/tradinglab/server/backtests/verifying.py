"""Running a backtest again from its manifest."""

from __future__ import annotations

import hashlib
from itertools import chain, islice
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from tradinglab.server.accounts.models import User
from tradinglab.server.backtests.data_sources import data_source_list
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
    run = run_create(owner=first.owner, kind=KIND, manifest=request_of(test).manifest(), parent=first)
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


def verification_record(*, run: Run, figures: dict[str, object], statistics: dict[str, str]) -> None:
    """Compare what a run came to with what the first one did, and keep where they differ."""
    verification = Verification.objects.select_related("backtest__run").get(run=run)
    first = verification.backtest
    now = {**run.manifest, "versions": engine_versions(), "calendars": calendar_versions()}
    found = chain(
        manifest_differences(first.run.manifest, now),
        figure_differences(first.statistics, statistics),
        figure_differences({name: getattr(first, name) for name in FIGURES}, figures),
        *(_tables(name, first.run, run) for name in COMPARED_TABLES),
    )
    differences = [each.as_json() for each in islice(found, _MOST_DIFFERENCES)]
    outcome = Verification.Outcome.DIFFERENT if differences else Verification.Outcome.IDENTICAL
    Verification.objects.filter(pk=run.pk).update(outcome=outcome, differences=differences)


def _tables(name: str, first: Run, second: Run) -> list[Difference]:
    """Return where two tables begin to differ; those with the same bytes do not.

    A first run of before a table was kept has none, which is no difference.
    """
    hashes = [
        Artefact.objects.values_list("sha256", flat=True).filter(run=run, name=f"{name}.parquet").first()
        for run in (first, second)
    ]
    was, now = hashes
    if was is None or was == now:
        return []
    if now is None:
        return list(figure_differences({name: "there"}, {}))
    try:
        return list(table_differences(name, store().file(was), store().file(now)))
    except DAMAGE:
        # The first one's bytes are gone or damaged: that they differ is known by their hashes.
        return list(figure_differences({f"{name}.parquet": was}, {f"{name}.parquet": now}))
