"""Reads about optimizations; what is another user's does not exist here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.db.models import Count, F, Q, QuerySet

from tradinglab.optimize import Direction, Operator
from tradinglab.server.accounts.models import User
from tradinglab.server.backtests.models import Backtest
from tradinglab.server.errors import NotFoundError
from tradinglab.server.optimizations.models import Optimization, Trial
from tradinglab.server.runs.models import RunState

_LOOKUPS: Final[Mapping[str, str]] = {
    Operator.LESS: "lt",
    Operator.LESS_OR_EQUAL: "lte",
    Operator.GREATER: "gt",
    Operator.GREATER_OR_EQUAL: "gte",
    Operator.EQUALS: "exact",
}


class Counts(NamedTuple):
    """How many trials are in which state."""

    queued: int
    running: int
    completed: int
    failed: int
    cancelled: int

    @property
    def going_on(self) -> int:
        """How many have no outcome yet."""
        return self.queued + self.running

    @property
    def over(self) -> int:
        """How many have one."""
        return self.completed + self.failed + self.cancelled

    @property
    def all(self) -> int:
        """How many were started."""
        return self.going_on + self.over


class Outcome(NamedTuple):
    """A trial that completed: its backtest, its combination, and the figure that counts."""

    backtest: UUID
    parameters: dict[str, str]
    value: float


def optimization_list(*, user: User) -> QuerySet[Optimization]:
    """Return a user's optimizations, without those that are deleted."""
    found = Optimization.objects.filter(run__owner=user, run__deleted_at=None)
    return found.select_related("run", "version__strategy").annotate(created_at=F("run__created_at"))


def optimization_get(*, user: User, run_id: UUID) -> Optimization:
    """Return one of a user's optimizations."""
    found = optimization_list(user=user).filter(pk=run_id).first()
    if found is None:
        raise NotFoundError(f"There is no optimization {run_id}.")
    return found


def trial_list(*, optimization: Optimization) -> QuerySet[Trial]:
    """Return the trials that were started, in the order of their combinations."""
    return Trial.objects.filter(optimization=optimization).select_related("backtest__run").order_by("number")


def counts_of(*, optimization: Optimization) -> Counts:
    """Return how many trials are in which state."""
    return counts_of_many(run_ids=[optimization.pk])[optimization.pk]


def counts_of_many(*, run_ids: list[UUID]) -> dict[UUID, Counts]:
    """Return how many trials of each of several optimizations are in which state, by its run."""
    trials = Trial.objects.filter(optimization__in=run_ids)
    found = trials.order_by().values_list("optimization_id", "backtest__run__state").annotate(Count("pk"))
    states: dict[UUID, dict[str, int]] = {run_id: {} for run_id in run_ids}
    for run_id, state, number in found:
        states[run_id][state] = number
    return {run_id: _counts(each) for run_id, each in states.items()}


def _counts(states: Mapping[str, int]) -> Counts:
    return Counts(
        queued=states.get(RunState.QUEUED, 0),
        running=states.get(RunState.RUNNING, 0),
        completed=states.get(RunState.COMPLETED, 0),
        failed=states.get(RunState.FAILED, 0) + states.get(RunState.TIMED_OUT, 0),
        cancelled=states.get(RunState.CANCELLED, 0),
    )


def best_of(*, optimization: Optimization) -> Outcome | None:
    """Return the best trial so far that keeps to the constraints, of equals the first; ``None`` if there is none."""
    figure = optimization.target
    tests = Backtest.objects.filter(trial__optimization=optimization, run__state=RunState.COMPLETED)
    tests = tests.filter(_bounds(optimization.constraints), **{f"{figure}__isnull": False})
    order = f"-{figure}" if optimization.direction == Direction.MAX else figure
    row = tests.order_by(order, "trial__number").values("pk", "parameters", figure).first()
    return None if row is None else Outcome(row["pk"], row["parameters"], row[figure])


def _bounds(constraints: list[dict[str, Any]]) -> Q:
    bounds = Q()
    for each in constraints:
        figure, value = each["figure"], each["value"]
        if each["operator"] == Operator.NOT_EQUAL:
            bounds &= ~Q(**{figure: value}) & Q(**{f"{figure}__isnull": False})
        else:
            bounds &= Q(**{f"{figure}__{_LOOKUPS[each['operator']]}": value})
    return bounds
