"""Opening a trial: a backtest of its own, with all that a backtest has, of what was simulated or kept its figures."""

from __future__ import annotations

from dataclasses import replace

from django.db import transaction

from tradinglab.server.accounts.models import User
from tradinglab.server.backtests.models import Backtest
from tradinglab.server.backtests.requests import BacktestRequest
from tradinglab.server.backtests.requests import request_of as backtest_request_of
from tradinglab.server.backtests.services import backtest_submit
from tradinglab.server.errors import ConflictError, NotFoundError
from tradinglab.server.optimizations.models import Optimization, Trial
from tradinglab.server.optimizations.requests import request_of
from tradinglab.server.runs.models import Priority, Run, RunState
from tradinglab.server.runs.services import Submission


@transaction.atomic
def trial_open(*, owner: User, optimization: Optimization, number: int) -> Submission:
    """Return the full backtest of a trial; one that has none is run by the engine, the first time that it is asked for.

    Raises
    ------
    NotFoundError
        If there is no such trial.
    ConflictError
        If it has none and did not complete: it waits, or was cancelled, or failed.
    InputError
        If it would touch days that were sealed since.
    TooManyQueuedError
        If the owner has as many runs waiting as may wait.
    """
    # The row is locked, so that of two requests at once one makes the backtest.
    locked = Trial.objects.select_for_update(of=("self",))
    locked = locked.select_related("backtest__run", "backtest__version__strategy", "opened__run", "batch")
    trial = locked.filter(optimization=optimization, number=number).first()
    if trial is None:
        raise NotFoundError(f"The optimization has no trial {number}.")
    for test in (trial.opened, trial.backtest):
        if test is not None and not test.is_slim and test.run.deleted_at is None:
            return Submission(test.run, False)
    name = f"{optimization.name or optimization.version.strategy.name}, trial {number}"[:200]
    submitted = backtest_submit(owner=owner, request=replace(_request(optimization, trial), name=name))
    column = "opened" if _slim(trial) is not None else "backtest"
    Trial.objects.filter(pk=trial.pk).update(**{column: Backtest.objects.get(pk=submitted.run.pk)})
    return submitted


@transaction.atomic
def backtest_open(*, owner: User, test: Backtest) -> Submission:
    """Return a backtest with all that a backtest has: this one, or the full run of the trial that it is.

    Raises
    ------
    ConflictError, InputError, TooManyQueuedError
        As :func:`trial_open`.
    """
    if not test.is_slim:
        return Submission(test.run, False)
    trial = Trial.objects.select_related("optimization__version__strategy", "optimization__run").get(backtest=test)
    return trial_open(owner=owner, optimization=trial.optimization, number=trial.number)


def _slim(trial: Trial) -> Backtest | None:
    test = trial.backtest
    return test if test is not None and test.is_slim else None


def _request(optimization: Optimization, trial: Trial) -> BacktestRequest:
    """Return what is run: just what the trial was, seed and all, or what was simulated."""
    slim = _slim(trial)
    state = slim.run.state if slim is not None else trial.outcome or _state(trial.batch)
    if state != RunState.COMPLETED:
        raise ConflictError(f"The trial is {state}; one that has completed can be opened.")
    request = backtest_request_of(slim) if slim is not None else request_of(optimization).trial(trial.parameters)
    return replace(request, wishes=replace(request.wishes, priority=Priority.NORMAL))


def _state(batch: Run | None) -> str:
    return batch.state if batch is not None else "deleted"
