"""Writes about optimizations as their owners ask for them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.db import transaction

from tradinglab.core.run_warnings import WarningKind
from tradinglab.server.accounts.models import User
from tradinglab.server.backtests.holding_out import sealed_days_guard
from tradinglab.server.backtests.models import Backtest
from tradinglab.server.backtests.parameters import parameters_check, searched_check
from tradinglab.server.optimizations.engines import KINDS, LASTS_S, engine_check
from tradinglab.server.optimizations.fitting import days_fit_check, windows_fit_check
from tradinglab.server.optimizations.methods import method_decide
from tradinglab.server.optimizations.models import Optimization
from tradinglab.server.optimizations.requests import OptimizationRequest, request_of
from tradinglab.server.runs.deletion import run_delete, run_discard, run_parts_hide
from tradinglab.server.runs.events import event_store
from tradinglab.server.runs.limits import time_here
from tradinglab.server.runs.models import Run, RunState
from tradinglab.server.runs.services import Submission, run_cancel, run_create, run_once, run_parts_cancel
from tradinglab.server.strategies.project import project_parameters

_LONGEST_WARNING = 1_000


def optimization_submit(*, owner: User, request: OptimizationRequest, idempotency_key: str | None = None) -> Submission:
    """Store an optimization that is to be carried out; the same request under the same key is stored once.

    A parameter that is neither searched nor given is the one that the version's ``config.json`` sets, if it sets one.

    Raises
    ------
    InputError
        If space, objective, dates, cash, data or a parameter cannot be used, a searched one is not asked for, or more
        time or memory is wished for than the owner may have.
    TooManyQueuedError
        If the owner has as many runs waiting as may wait.
    IdempotencyKeyReusedError
        If the key came with another request.
    """
    searched = {axis.name for axis in request.space.axes}
    ours = {name: text for name, text in project_parameters(request.version.files).items() if name not in searched}
    request = replace(request, parameters=ours | dict(request.parameters))
    request.check()
    request = request.kept_out()
    engine_check(owner=owner, request=request)
    searched_check(files=request.version.files, axes=request.space.axes)
    request, why = method_decide(request)
    # What it warns of, each trial's result warns of.
    parameters_check(files=request.version.files, parameters=request.parameters)
    days_fit_check(request)
    windows_fit_check(request)
    return run_once(
        owner=owner,
        key=idempotency_key,
        request_hash=request.fingerprint(),
        start=lambda: _create_guarded(owner, request, why),
    )


@transaction.atomic
def _create_guarded(owner: User, request: OptimizationRequest, why_slow: str) -> Run:
    sealed_days_guard(version=request.version, end=request.end)
    return _create(owner, request, why_slow=why_slow)


def optimization_create_part(*, owner: User, request: OptimizationRequest, parent: Run) -> Optimization:
    """Store an optimization that is a part of another run, which has checked what is asked for.

    Raises
    ------
    TooManyQueuedError
        If the owner has as many runs waiting as may wait.
    """
    request, why = method_decide(request)
    return Optimization.objects.get(pk=_create(owner, request, parent=parent, why_slow=why).pk)


@transaction.atomic
def _create(owner: User, request: OptimizationRequest, parent: Run | None = None, why_slow: str = "") -> Run:
    run = run_create(
        owner=owner,
        kind=KINDS[request.engine],
        manifest=request.manifest(),
        wishes=request.wishes,
        parent=parent,
        lasts_s=LASTS_S.get(request.engine),
        is_audited=parent is None,
    )
    Optimization.objects.create(
        run=run,
        version=request.version,
        engine=request.engine,
        name=request.name,
        parameters=dict(request.parameters),
        start=request.start,
        end=request.end,
        cash=request.cash,
        data=request.data,
        most_parallel=request.most_parallel,
        total=request.sampler.most,
        warnings=[slow_warning(why_slow)] if why_slow else [],
        **request.search(),
    )
    return run


def slow_warning(why: str) -> dict[str, str]:
    """Return what is said of rules whose trials are backtests, although simulations would be quicker."""
    text = f"Its trials are backtests by the engine, which take longer than simulations: {why}"
    return {"kind": str(WarningKind.ENGINE), "text": text[:_LONGEST_WARNING]}


@transaction.atomic
def optimization_run_here(*, optimization: Optimization, why: str) -> bool:
    """Have an optimization that was not yet started elsewhere searched here, as its request allows; say whether it is.

    It says so: in an event, and among its warnings.
    """
    asked = replace(request_of(optimization), engine=Backtest.Engine.LOCAL, most_cost=None, node_type=None)
    waiting = Run.objects.filter(pk=optimization.pk, kind=KINDS[optimization.engine], cancel_requested_at=None)
    waiting = waiting.filter(state__in=(RunState.QUEUED, RunState.RUNNING))
    changes: dict[str, Any] = {"kind": KINDS[asked.engine], "manifest": asked.manifest()}
    changes |= {"state": RunState.QUEUED, "started_at": None, "progress": 0}
    changes["timeout_s"] = time_here(user=optimization.run.owner, timeout_s=asked.wishes.timeout_s)
    if not waiting.update(**changes):
        return False
    text = f"It was asked to be searched by {optimization.engine}, and was searched here: {why}"
    warnings = [*optimization.warnings, {"kind": str(WarningKind.ENGINE), "text": text[:_LONGEST_WARNING]}]
    Optimization.objects.filter(pk=optimization.pk).update(engine=asked.engine, warnings=warnings)
    event_store(run_id=optimization.pk, kind="fallback", data={"engine": str(asked.engine), "reason": why})
    return True


def optimization_cancel(*, optimization: Optimization) -> None:
    """Start no further trial, and cancel those that are not over; what is done is kept.

    Raises
    ------
    ConflictError
        If it has its outcome.
    """
    run_cancel(run=optimization.run)
    run_parts_cancel(run_id=optimization.pk)


@transaction.atomic
def optimization_delete(*, optimization: Optimization) -> None:
    """Take an optimization out of sight, with its trials.

    Raises
    ------
    ConflictError
        If it has no outcome yet.
    """
    run_delete(run=optimization.run)
    _trials_hide(optimization.run)


@transaction.atomic
def optimization_discard(*, optimization: Optimization) -> None:
    """Take an optimization out of sight with its trials, whatever its state; what goes on is cancelled."""
    run_discard(run=optimization.run)
    _trials_hide(optimization.run)


def _trials_hide(run: Run) -> None:
    run_parts_cancel(run_id=run.pk)
    run_parts_hide(run=run)
