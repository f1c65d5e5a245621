"""Opening a trial: a backtest of what was simulated, with all that a backtest has."""

from __future__ import annotations

from dataclasses import replace

from django.db import transaction

from tradinglab.server.accounts.models import User
from tradinglab.server.backtests.models import Backtest
from tradinglab.server.backtests.services import backtest_submit
from tradinglab.server.errors import ConflictError, NotFoundError
from tradinglab.server.optimizations.models import Optimization, Trial
from tradinglab.server.optimizations.requests import request_of
from tradinglab.server.runs.models import Priority, RunState
from tradinglab.server.runs.services import Submission


@transaction.atomic
def trial_open(*, owner: User, optimization: Optimization, number: int) -> Submission:
    """Return the backtest of a trial; one that was simulated is run by the engine, the first time that it is asked for.

    Raises
    ------
    NotFoundError
        If there is no such trial.
    ConflictError
        If it was not simulated: it waits, or was cancelled, or failed.
    TooManyQueuedError
        If the owner has as many runs waiting as may wait.
    """
    # The row is locked, so that of two requests at once one makes the backtest.
    locked = Trial.objects.select_for_update(of=("self",)).select_related("backtest__run")
    trial = locked.filter(optimization=optimization, number=number).first()
    if trial is None:
        raise NotFoundError(f"The optimization has no trial {number}.")
    if trial.backtest is not None and trial.backtest.run.deleted_at is None:
        return Submission(trial.backtest.run, False)
    if trial.outcome != RunState.COMPLETED:
        state = trial.outcome or (trial.batch.state if trial.batch is not None else "deleted")
        raise ConflictError(f"The trial is {state}; one that has completed can be opened.")
    name = f"{optimization.name or optimization.version.strategy.name}, trial {number}"[:200]
    asked = request_of(optimization)
    request = replace(asked.trial(trial.parameters), name=name, wishes=replace(asked.wishes, priority=Priority.NORMAL))
    submitted = backtest_submit(owner=owner, request=request)
    Trial.objects.filter(pk=trial.pk).update(backtest=Backtest.objects.get(pk=submitted.run.pk))
    return submitted
