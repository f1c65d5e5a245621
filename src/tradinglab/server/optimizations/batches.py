"""Batches of simulated trials: how many are under way, which are started next, and what becomes of those refused."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Final, NamedTuple

from django.db import transaction

from tradinglab.optimize import SamplerName
from tradinglab.optimize.samplers import Combination
from tradinglab.server.errors import TooManyQueuedError
from tradinglab.server.optimizations.models import Optimization, Trial
from tradinglab.server.optimizations.recording import trials_note
from tradinglab.server.optimizations.requests import OptimizationRequest
from tradinglab.server.optimizations.selectors import Counts
from tradinglab.server.optimizations.services import slow_warning
from tradinglab.server.optimizations.simulating import NOT_SIMULATED, REFUSED, SIMULATION
from tradinglab.server.runs.events import event_store
from tradinglab.server.runs.models import FINAL_STATES, Run, RunState
from tradinglab.server.runs.services import run_create

#: A batch takes a second or so: long beside what it costs to hand it out, short beside what waits for it.
_MOST_OF_BATCH: Final = 250
_LEAST_OF_BATCH: Final = 10
#: So many batches for each that may be under way: the last ones to end are short beside the whole.
_ROUNDS: Final = 4


class Refusal(NamedTuple):
    """Why trials cannot be simulated, and whether the engine can carry them out."""

    text: str
    can_run: bool


def batches_room(*, optimization: Optimization, counts: Counts) -> int:
    """Return how many more trials may be handed out.

    Where what is tried next follows from what came of the last ones, so many may be under way as were asked for;
    elsewhere so many batches.
    """
    if optimization.sampler == SamplerName.BAYESIAN:
        return optimization.most_parallel - counts.going_on
    going_on = Run.objects.filter(parent=optimization.pk, kind=SIMULATION).exclude(state__in=FINAL_STATES).count()
    return (optimization.most_parallel - going_on) * _size(optimization)


def _size(optimization: Optimization) -> int:
    fair = math.ceil(optimization.total / (_ROUNDS * optimization.most_parallel))
    return min(max(fair, _LEAST_OF_BATCH), _MOST_OF_BATCH)


def batches_start(
    *,
    run: Run,
    request: OptimizationRequest,
    optimization: Optimization,
    combinations: Sequence[Combination],
    first: int,
) -> int:
    """Hand out combinations in batches; return how many, as the owner's queue may be full."""
    started = 0
    with suppress(TooManyQueuedError):
        while some := combinations[started : started + _size(optimization)]:
            batch = run_create(
                owner=run.owner,
                kind=SIMULATION,
                manifest={"optimization": str(run.pk), "first": first + started, "trials": len(some)},
                wishes=request.wishes,
                parent=run,
                is_audited=False,
            )
            trials_note([
                Trial(optimization=optimization, number=number, batch=batch, parameters=dict(combination))
                for number, combination in enumerate(some, first + started)
            ])  # fmt: skip
            started += len(some)
    return started


def batches_refusal(*, optimization: Optimization) -> Refusal | None:
    """Return why trials of an optimization cannot be simulated, if that has turned out."""
    if optimization.method != Optimization.Method.SIMULATION:
        return None
    failed = Run.objects.filter(parent=optimization.pk, kind=SIMULATION, state=RunState.FAILED)
    found = failed.filter(error_code__in=(NOT_SIMULATED, REFUSED)).order_by("created_at").first()
    if found is None:
        return None
    error: Mapping[str, str] = found.error
    return Refusal(error["message"], can_run=found.error_code == NOT_SIMULATED)


@transaction.atomic
def optimization_use_backtests(*, optimization: Optimization, why: str) -> None:
    """Have the engine carry out the trials of rules that turned out to be such as cannot be simulated; say so."""
    Run.objects.filter(parent=optimization.pk, kind=SIMULATION).delete()
    warnings = [*optimization.warnings, slow_warning(why)]
    counted = {"settled_completed": 0, "settled_failed": 0, "settled_cancelled": 0}
    Optimization.objects.filter(pk=optimization.pk).update(
        method=Optimization.Method.BACKTESTS, warnings=warnings, best_number=None, best_score=None, **counted
    )
    event_store(run_id=optimization.pk, kind="fallback", data={"method": "backtests", "reason": why})
