"""Moving an optimization on: start trials, see what is best, give it its outcome.

Any process may do so at any time: what is to be done next follows from the tables alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone

from tradinglab.optimize import History
from tradinglab.optimize.samplers import Asked, Combination
from tradinglab.server.backtests.services import backtest_create_part
from tradinglab.server.errors import TooManyQueuedError
from tradinglab.server.optimizations.batches import (
    batches_refusal,
    batches_room,
    batches_start,
    optimization_use_backtests,
)
from tradinglab.server.optimizations.models import Optimization, Trial
from tradinglab.server.optimizations.recording import next_number, trials_note
from tradinglab.server.optimizations.requests import OptimizationRequest, request_of
from tradinglab.server.optimizations.selectors import Counts, Outcome, best_of_unsettled, counts_of
from tradinglab.server.optimizations.settling import trials_settle
from tradinglab.server.optimizations.telling import no_trial_completed, progress_tell, told_of
from tradinglab.server.optimizations.thinking import Thought, optimization_think, thinks, thought_end
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
    thought: Thought | None

    @property
    def room(self) -> int:
        """How many more trials may be under way."""
        return self.optimization.most_parallel - self.counts.going_on


def optimization_advance(run_id: UUID) -> None:
    """Do what is to be done next; nothing if somebody else is about it."""
    thought = optimization_think(run_id)
    try:
        _advance(run_id, thought)
    finally:
        if thought is not None:
            thought_end(run_id)


@transaction.atomic
def _advance(run_id: UUID, thought: Thought | None) -> None:
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
        thought=thought,
    )
    _begin(search)
    trials_settle(optimization=optimization, best=search.best)
    is_reached = search.best is not None and request.objective.is_reached(search.best.value)
    if _is_refused(search):
        return
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
    is_simulated = optimization.method == Optimization.Method.SIMULATION
    room = batches_room(optimization=optimization, counts=search.counts) if is_simulated else search.room
    if room <= 0:
        return 0, False
    first = next_number(optimization)
    asked = _asked(search, first, room)
    if asked is None:
        return 0, False
    if is_simulated:
        started = batches_start(
            run=search.run,
            request=search.request,
            optimization=optimization,
            combinations=asked.combinations,
            first=first,
        )
    else:
        started = _start_backtests(search, asked.combinations, first)
    return started, asked.is_over and started == len(asked.combinations)


def _asked(search: _Search, first: int, room: int) -> Asked | None:
    """Return what is tried next; ``None`` if that is not known yet."""
    optimization = search.optimization
    if thinks(optimization):
        thought = search.thought
        return None if thought is None or thought.after != first else thought.asked
    return search.request.sampler.ask(History(first, lambda: tried_list(optimization=optimization)), room)


def _start_backtests(search: _Search, combinations: Sequence[Combination], first: int) -> int:
    """Start a backtest of each combination; return of how many, as the owner's queue may be full."""
    trials: list[Trial] = []
    with suppress(TooManyQueuedError):
        for number, combination in enumerate(combinations, first):
            request = search.request.trial(combination)
            is_slim = search.optimization.keep == Optimization.Keep.FIGURES
            test = backtest_create_part(owner=search.run.owner, request=request, parent=search.run, is_slim=is_slim)
            trials.append(Trial(optimization=search.optimization, number=number, backtest=test))
    trials_note(trials)
    return len(trials)


def _is_refused(search: _Search) -> bool:
    """Whether trials turned out to be such as cannot be simulated; then backtests take their place, or it fails."""
    refusal = batches_refusal(optimization=search.optimization)
    if refusal is None or search.run.cancel_requested_at is not None:
        return False
    if refusal.can_run:
        optimization_use_backtests(optimization=search.optimization, why=refusal.text)
    else:
        run_parts_cancel(run_id=search.run.pk)
        error = {"code": "simulation_refused", "message": refusal.text}
        coordinated_finish(run_id=search.run.pk, state=RunState.FAILED, error=error, told=_told(search))
    return True


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
