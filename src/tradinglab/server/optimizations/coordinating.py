"""Moving an optimization on: start trials, see what is best, give it its outcome.

Any process may do so at any time: what is to be done next follows from the tables alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Max
from django.utils import timezone

from tradinglab.optimize import History
from tradinglab.server.backtests.services import backtest_create_part
from tradinglab.server.errors import TooManyQueuedError
from tradinglab.server.optimizations.models import Optimization, Trial
from tradinglab.server.optimizations.requests import OptimizationRequest, request_of
from tradinglab.server.optimizations.selectors import Counts, Outcome, best_of_unsettled, counts_of
from tradinglab.server.optimizations.settling import trials_settle
from tradinglab.server.optimizations.telling import no_trial_completed, progress_tell, told_of
from tradinglab.server.optimizations.trials import tried_list
from tradinglab.server.runs.coordination import coordinated_finish
from tradinglab.server.runs.events import event_store
from tradinglab.server.runs.models import Run, RunState
from tradinglab.server.runs.services import run_parts_cancel


@dataclass(frozen=True, slots=True, kw_only=True)
class _Search:
    """An optimization as it stands."""

    run: Run
    optimization: Optimization
    request: OptimizationRequest
    counts: Counts
    best: Outcome | None
    now: datetime


@transaction.atomic
def optimization_advance(run_id: UUID) -> None:
    """Do what is to be done next; nothing if somebody else is about it."""
    locked = Run.objects.select_for_update(skip_locked=connection.features.has_select_for_update_skip_locked)
    run = locked.filter(pk=run_id).first()
    if run is None or run.is_final:
        return
    optimization = Optimization.objects.select_related("version", "run").get(pk=run_id)
    request = request_of(optimization)
    search = _Search(
        run=run,
        optimization=optimization,
        request=request,
        counts=counts_of(optimization=optimization),
        best=best_of_unsettled(optimization=optimization),
        now=timezone.now(),
    )
    _begin(search)
    trials_settle(optimization=optimization, best=search.best)
    is_reached = search.best is not None and request.objective.is_reached(search.best.value)
    if run.cancel_requested_at is not None or is_reached:
        run_parts_cancel(run_id=run_id)
        started, is_over = 0, True
    else:
        started, is_over = _start_trials(search)
    if search.counts.going_on + started:
        _tell(search)
    elif run.cancel_requested_at is not None:
        coordinated_finish(run_id=run_id, state=RunState.CANCELLED, told=_told(search))
    elif is_reached or is_over:
        _finish(search)
    else:
        _tell(search)  # the owner's queue is full: trials are started when there is room


def _begin(search: _Search) -> None:
    if search.run.state == RunState.QUEUED:
        Run.objects.filter(pk=search.run.pk).update(state=RunState.RUNNING, started_at=search.now)
        event_store(run_id=search.run.pk, kind="started", data={"attempt": 1})


def _start_trials(search: _Search) -> tuple[int, bool]:
    """Start as many trials as may be under way; return how many that were, and whether there are no others."""
    optimization = search.optimization
    room = optimization.most_parallel - search.counts.going_on
    if room <= 0:
        return 0, False
    last = Trial.objects.filter(optimization=optimization).aggregate(Max("number"))["number__max"]
    first = 0 if last is None else last + 1
    asked = search.request.sampler.ask(History(first, lambda: tried_list(optimization=optimization)), room)
    for number, combination in enumerate(asked.combinations, first):
        request = search.request.trial(combination)
        try:
            test = backtest_create_part(owner=search.run.owner, request=request, parent=search.run)
        except TooManyQueuedError:
            return number - first, False
        Trial.objects.create(optimization=optimization, number=number, backtest=test)
    return len(asked.combinations), asked.is_over


def _tell(search: _Search) -> None:
    progress_tell(run=search.run, optimization=search.optimization, counts=search.counts, best=search.best)


def _finish(search: _Search) -> None:
    if search.counts.completed:
        Run.objects.filter(pk=search.run.pk).update(progress=1.0)
        coordinated_finish(run_id=search.run.pk, state=RunState.COMPLETED, told=_told(search))
        return
    error = no_trial_completed(optimization=search.optimization, counts=search.counts)
    coordinated_finish(run_id=search.run.pk, state=RunState.FAILED, error=error, told=_told(search))


def _told(search: _Search) -> dict[str, Any]:
    return told_of(optimization=search.optimization, counts=search.counts, best=search.best)
