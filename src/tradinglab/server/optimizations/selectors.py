"""Reads about optimizations; what is another user's does not exist here."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.db.models import Count, F, FilteredRelation, FloatField, Q, QuerySet, Value, Window
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, Coalesce, RowNumber

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
#: Where an optimization keeps how many of its settled trials ended so.
SETTLED: Final[Mapping[str, str]] = {
    RunState.COMPLETED: "settled_completed",
    RunState.FAILED: "settled_failed",
    RunState.CANCELLED: "settled_cancelled",
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
    """A trial that completed: its number, its backtest if it is one, its combination, and its score."""

    number: int
    backtest: UUID | None
    parameters: dict[str, str]
    value: float


def optimization_list(*, user: User) -> QuerySet[Optimization]:
    """Return a user's optimizations, without those that are deleted; their files are read where they are asked for."""
    found = Optimization.objects.filter(run__owner=user, run__deleted_at=None)
    found = found.select_related("run", "version__strategy").prefetch_related("run__tag_rows").defer("version__files")
    return found.annotate(created_at=F("run__created_at"))


def optimization_get(*, user: User, run_id: UUID) -> Optimization:
    """Return one of a user's optimizations."""
    found = optimization_list(user=user).filter(pk=run_id).first()
    if found is None:
        raise NotFoundError(f"There is no optimization {run_id}.")
    return found


def trial_list(*, optimization: Optimization) -> QuerySet[Trial]:
    """Return the trials that were started, in the order of their combinations."""
    found = Trial.objects.filter(optimization=optimization)
    return found.select_related("backtest__run", "batch").order_by("number")


def counts_of(*, optimization: Optimization) -> Counts:
    """Return how many trials are in which state."""
    return counts_of_many(run_ids=[optimization.pk])[optimization.pk]


def counts_of_many(*, run_ids: list[UUID]) -> dict[UUID, Counts]:
    """Return how many trials of each of several optimizations are in which state, by its run.

    One statement, so that no trial is missed or counted twice that is settled meanwhile; it reads those alone that are
    not settled.
    """
    rest = FilteredRelation("trials", condition=Q(trials__is_settled=False))
    found = Optimization.objects.filter(pk__in=run_ids).annotate(rest=rest).order_by()
    found = found.annotate(rest_state=Coalesce("rest__backtest__run__state", "rest__batch__state"))
    rows = found.values("pk", *SETTLED.values(), "rest_state").annotate(number=Count("rest"))
    states: dict[UUID, Counter[str]] = {run_id: Counter() for run_id in run_ids}
    for row in rows:
        states[row["pk"]] |= Counter({state: row[column] for state, column in SETTLED.items()})
        states[row["pk"]][row["rest_state"]] += row["number"]
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
    return best_of_many(optimizations=[optimization]).get(optimization.pk)


def best_of_many(*, optimizations: Iterable[Optimization]) -> dict[UUID, Outcome]:
    """Return the best trials of several optimizations, by their runs; one question for all that look for the same.

    What is best is among the trials that are not settled. Only if nothing is there, all are looked at: the best may
    have been deleted since.
    """
    asked = list(optimizations)
    simulated = [each for each in asked if each.method == Optimization.Method.SIMULATION]
    wanted = [each for each in asked if each.method != Optimization.Method.SIMULATION]
    found = _best_of_many(wanted, is_settled=False) | _best_simulated(simulated)
    settled = [each for each in wanted if each.pk not in found and each.settled_completed]
    return found | _best_of_many(settled, is_settled=True)


def best_of_unsettled(*, optimization: Optimization) -> Outcome | None:
    """Return the best of the trials that are not settled, among which is the best so far, or of the simulated ones."""
    if optimization.method == Optimization.Method.SIMULATION:
        return _best_simulated([optimization]).get(optimization.pk)
    return _best_of_many([optimization], is_settled=False).get(optimization.pk)


def _best_of_many(optimizations: Iterable[Optimization], *, is_settled: bool) -> dict[UUID, Outcome]:
    alike: dict[str, list[Optimization]] = {}
    for each in optimizations:
        alike.setdefault(json.dumps([each.target, each.direction, each.constraints, each.penalties]), []).append(each)
    return {run_id: found for group in alike.values() for run_id, found in _best_of_alike(group, is_settled)}


def _best_of_alike(group: Sequence[Optimization], is_settled: bool) -> Iterator[tuple[UUID, Outcome]]:
    tests = Backtest.objects.filter(
        trial__optimization__in=group, trial__is_settled=is_settled, run__state=RunState.COMPLETED
    )
    tests = tests.annotate(score=_score(group[0])).filter(_bounds(group[0].constraints), score__isnull=False)
    order = "-score" if group[0].direction == Direction.MAX else "score"
    place = Window(RowNumber(), partition_by=F("trial__optimization"), order_by=[order, "trial__number"])
    best = tests.annotate(place=place).filter(place=1)
    for run_id, *rest in best.values_list("trial__optimization", "trial__number", "pk", "parameters", "score"):
        yield run_id, Outcome(*rest)


def _best_simulated(optimizations: Sequence[Optimization]) -> dict[UUID, Outcome]:
    """Return the best of simulated trials, which were noted when they were."""
    found = Trial.objects.filter(optimization__in=optimizations, number=F("optimization__best_number"))
    columns = ("optimization_id", "number", "backtest_id", "parameters", "optimization__best_score")
    fixed = {each.pk: each.parameters for each in optimizations}
    return {
        run_id: Outcome(number, backtest, {**fixed[run_id], **parameters}, score)
        for run_id, number, backtest, parameters, score in found.values_list(*columns)
    }


def figure_of_best(*, best: Outcome, optimization: Optimization, figure: str) -> float | None:
    """Return another figure of the best trial."""
    if optimization.method == Optimization.Method.SIMULATION:
        trials = Trial.objects.filter(optimization=optimization, number=best.number)
        found: float | None = trials.values_list("figures", flat=True).get().get(figure)
    else:
        found = Backtest.objects.values_list(figure, flat=True).get(pk=best.backtest)
    return found


def _score(optimization: Optimization) -> Combinable:
    """Return the figure with its penalties; it is nothing where one of them is."""
    sign = -1.0 if optimization.direction == Direction.MAX else 1.0
    score: Combinable = Cast(F(optimization.target), FloatField())
    for each in optimization.penalties:
        score = score + Value(sign * each["weight"]) * Cast(F(each["figure"]), FloatField())
    return score


def _bounds(constraints: list[dict[str, Any]]) -> Q:
    bounds = Q()
    for each in constraints:
        figure, value = each["figure"], each["value"]
        if each["operator"] == Operator.NOT_EQUAL:
            bounds &= ~Q(**{figure: value}) & Q(**{f"{figure}__isnull": False})
        else:
            bounds &= Q(**{f"{figure}__{_LOOKUPS[each['operator']]}": value})
    return bounds
