"""Writes about walk-forwards as their owners ask for them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any, Final

from django.db import transaction

from tradinglab.server.accounts.models import User
from tradinglab.server.backtests.holding_out import SealedDays, end_allowed, sealed_days_guard
from tradinglab.server.backtests.parameters import parameters_check, searched_check
from tradinglab.server.errors import InputError
from tradinglab.server.optimizations.fitting import days_fit_check, windows_fit_check
from tradinglab.server.optimizations.methods import method_decide
from tradinglab.server.runs.deletion import run_delete, run_parts_hide
from tradinglab.server.runs.models import Run
from tradinglab.server.runs.services import Submission, run_cancel, run_create, run_once, run_parts_cancel
from tradinglab.server.strategies.project import project_parameters
from tradinglab.server.walk_forwards.models import WalkForward
from tradinglab.server.walk_forwards.requests import WalkForwardRequest

KIND: Final = "walk_forward"


def walk_forward_submit(*, owner: User, request: WalkForwardRequest, idempotency_key: str | None = None) -> Submission:
    """Store a walk-forward that is to be carried out; the same request under the same key is stored once.

    Raises
    ------
    InputError
        If a search or the windows cannot be used, or the windows reach beyond the data.
    TooManyQueuedError
        If the owner has as many runs waiting as may wait.
    IdempotencyKeyReusedError
        If the key came with another request.
    """
    search = request.search
    if search.objective.target is not None:
        text = "It ends a search early; the windows of a walk-forward are searched whole. Leave it out."
        raise InputError("target_value", search.objective.target, text)
    searched = {axis.name for axis in search.space.axes}
    ours = {name: text for name, text in project_parameters(search.version.files).items() if name not in searched}
    search = replace(search, parameters=ours | dict(search.parameters))
    search.check()
    if request.plan is not None or search.hold_out == SealedDays.CLIP:
        search = search.kept_out()
    request = replace(request, search=search)
    days_fit_check(search)
    windows = request.all_windows()
    end = max(max(each.train_last, each.test_last) for each in windows)
    field = "end" if request.plan is not None else "windows"
    end_allowed(version=search.version, start=None, end=end, sealed=SealedDays.REFUSE, field=field)
    searched_check(files=search.version.files, axes=search.space.axes)
    parameters_check(files=search.version.files, parameters=search.parameters)
    method_decide(search)
    spans = [
        days for each in windows for days in ((each.train_first, each.train_last), (each.test_first, each.test_last))
    ]
    windows_fit_check(search, spans=spans, field=field)
    return run_once(
        owner=owner,
        key=idempotency_key,
        request_hash=request.fingerprint(windows),
        start=lambda: _create(owner, request, [each.as_json() for each in windows]),
    )


@transaction.atomic
def _create(owner: User, request: WalkForwardRequest, windows: list[dict[str, str]]) -> Run:
    search = request.search
    sealed_days_guard(version=search.version, end=date.fromisoformat(max(each["test_last"] for each in windows)))
    manifest: dict[str, Any] = {**search.manifest(), "windows": windows}
    run = run_create(owner=owner, kind=KIND, manifest=manifest, wishes=search.wishes)
    WalkForward.objects.create(
        run=run,
        version=search.version,
        name=search.name,
        search=search.search(),
        parameters=dict(search.parameters),
        cash=search.cash,
        data=search.data,
        most_parallel=search.most_parallel,
        calendar=str(request.calendar),
        windows=windows,
    )
    return run


def walk_forward_cancel(*, walk: WalkForward) -> None:
    """Start nothing further, and cancel what is not over; what is done is kept.

    Raises
    ------
    ConflictError
        If it has its outcome.
    """
    run_cancel(run=walk.run)
    run_parts_cancel(run_id=walk.pk)


@transaction.atomic
def walk_forward_delete(*, walk: WalkForward) -> None:
    """Take a walk-forward out of sight, with its searches, their trials and its tests.

    Raises
    ------
    ConflictError
        If it has no outcome yet.
    """
    run_delete(run=walk.run)
    run_parts_hide(run=walk.run)
    for part in Run.objects.filter(parent=walk.run):
        run_parts_hide(run=part)
