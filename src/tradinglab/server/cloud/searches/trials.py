"""The backtests of an optimization at QuantConnect, made trials here, and followed to their ends."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from typing import Final, NamedTuple
from uuid import UUID

from django.db import transaction
from django.db.models import Max

from tradinglab.quantconnect.models.optimizations import Optimization as RemoteOptimization
from tradinglab.quantconnect.models.optimizations import OptimizationBacktest
from tradinglab.server.backtests.models import Backtest
from tradinglab.server.backtests.services import backtest_follow_part
from tradinglab.server.backtests.trying import backtest_note_tried
from tradinglab.server.cloud.models import CloudBacktest, CloudOptimization, Step
from tradinglab.server.cloud.searches.figures import trial_columns
from tradinglab.server.cloud.work import Work, WorkLost, job_token
from tradinglab.server.optimizations.models import Optimization, Trial
from tradinglab.server.optimizations.recording import trials_note
from tradinglab.server.optimizations.requests import request_of
from tradinglab.server.optimizations.selectors import best_of_unsettled, counts_of
from tradinglab.server.optimizations.settling import trials_settle
from tradinglab.server.optimizations.telling import progress_tell, told_of
from tradinglab.server.runs.coordination import coordinated_finish
from tradinglab.server.runs.models import FINAL_STATES, Run, RunState

_LONGEST_ID: Final = 100


@dataclass(slots=True)
class SearchWork(Work):
    """An optimization at QuantConnect, held under one claim."""

    row: CloudOptimization
    asked: Optimization

    @property
    def told(self) -> dict[str, object]:
        """What an event says of its trials."""
        counts, best = counts_of(optimization=self.asked), best_of_unsettled(optimization=self.asked)
        ids = {"project_id": self.row.project_id, "optimization_id": self.row.optimization_id}
        known = {name: value for name, value in ids.items() if value}
        return {**told_of(optimization=self.asked, counts=counts, best=best), **known}


class _Known(NamedTuple):
    """A trial that is here already."""

    run_id: UUID
    is_final: bool


def search_work(*, run_id: UUID, fence: int) -> SearchWork | None:
    """Return the optimization that a claim is on; ``None`` if it is another's by now."""
    row = CloudOptimization.objects.select_related("account", "version").filter(pk=run_id, fence=fence).first()
    if row is None:
        return None
    found = Optimization.objects.select_related("run__owner", "version__strategy").get(pk=run_id)
    return None if found.run.is_final else SearchWork(run=found.run, asked=found, row=row, fence=fence)


@transaction.atomic
def trials_take(
    *,
    work: SearchWork,
    found: RemoteOptimization,
    is_over: bool = False,
    late: Mapping[str, Mapping[str, object]] | None = None,
) -> None:
    """Store what is new of an optimization's backtests, and say how far it is.

    Parameters
    ----------
    is_over
        Whether nothing more will come: those that are not done are given up then, and those without figures have none.
    late
        The figures that were read by themselves, by the backtest's id there.

    Raises
    ------
    WorkLost
        If it is another's by now.
    """
    _hold(work)
    known = _known(work.asked)
    numbers = _Numbers(work.asked, found.backtests.values()) if len(known) < len(found.backtests) else None
    for remote in found.backtests.values():
        here = known.get(remote.id)
        if here is None:
            assert numbers is not None
            here = _Known(_follow(work, remote, numbers), False)
        if not here.is_final:
            _end_if_done(here.run_id, remote, (late or {}).get(remote.id) or trial_columns(remote.statistics), is_over)
    if is_over:
        trials_give_up(work=work)
    _settle(work)


@transaction.atomic
def trials_give_up(*, work: SearchWork) -> None:
    """Give those their outcome of which nothing more will be heard."""
    going_on = Run.objects.filter(parent=work.run).exclude(state__in=FINAL_STATES)
    for run_id in list(going_on.values_list("pk", flat=True)):
        coordinated_finish(run_id=run_id, state=RunState.CANCELLED)


def _hold(work: SearchWork) -> None:
    """Let nobody else write about it until the transaction ends."""
    held = CloudOptimization.objects.filter(pk=work.row.pk, fence=work.fence).exclude(run__state__in=FINAL_STATES)
    if not CloudOptimization.objects.filter(pk__in=held.values("pk")).update(fence=work.fence):
        raise WorkLost


def _known(optimization: Optimization) -> dict[str, _Known]:
    rows = CloudBacktest.objects.filter(run__parent=optimization.pk)
    found = rows.values_list("backtest_id", "run_id", "run__state")
    return {backtest_id: _Known(run_id, state in FINAL_STATES) for backtest_id, run_id, state in found}


class _Numbers:
    """Which combination a backtest is of; one that is of none comes after all combinations."""

    def __init__(self, optimization: Optimization, remotes: Iterable[OptimizationBacktest]) -> None:
        self.request = request_of(optimization)
        space = self.request.space
        self._names = [axis.name for axis in space.axes]
        wanted = {self._key(parameters_of(each)) for each in remotes}
        self._numbers: dict[tuple[str, ...], int] = {}
        for number in range(space.size):
            key = self._key(space[number])
            if key in wanted:
                self._numbers[key] = number
        taken = Trial.objects.filter(optimization=optimization)
        self._taken = set(taken.values_list("number", flat=True))
        last = taken.aggregate(Max("number"))["number__max"]
        self._next = max(space.size, 0 if last is None else last + 1)

    def of(self, parameters: Mapping[str, str]) -> tuple[int, dict[str, str]]:
        """Return the number of a combination, and the parameters of its backtest."""
        request = self.request
        number = self._numbers.get(self._key(parameters))
        if number is None or number in self._taken:
            number, self._next = self._next, self._next + 1
            return number, {**request.parameters, **parameters}
        self._taken.add(number)
        return number, {**request.parameters, **request.space[number]}

    def _key(self, parameters: Mapping[str, str]) -> tuple[str, ...]:
        """Return what is the same for values that are written differently."""
        return tuple(_plain(parameters.get(name, "")) for name in self._names)


def _plain(text: str) -> str:
    try:
        return str(Decimal(text).normalize())
    except InvalidOperation:
        return text


def _follow(work: SearchWork, remote: OptimizationBacktest, numbers: _Numbers) -> UUID:
    """Make a trial of a backtest there."""
    number, parameters = numbers.of(parameters_of(remote))
    request = replace(numbers.request.first, parameters=parameters)
    test = backtest_follow_part(owner=work.run.owner, request=request, parent=work.run)
    trials_note([Trial(optimization=work.asked, number=number, backtest=test)])
    CloudBacktest.objects.create(
        run=test.run,
        account=work.row.account,
        version=work.asked.version,
        step=Step.RESULTS,
        project_id=work.row.project_id,
        compile_id=work.row.compile_id,
        backtest_id=remote.id[:_LONGEST_ID],
        token=job_token(),
        is_imported=True,
    )
    return test.run.pk


def parameters_of(remote: OptimizationBacktest) -> dict[str, str]:
    """Return the parameters of a backtest there, as texts."""
    return {name: str(value) for name, value in remote.parameter_set.items()}


def is_done(remote: OptimizationBacktest) -> bool:
    """Say whether a backtest there is over, whatever came of it."""
    return (remote.progress or 0.0) >= 1.0 or _has_failed(remote)


def _has_failed(remote: OptimizationBacktest) -> bool:
    return remote.exit_code not in (None, 0)


def _end_if_done(run_id: UUID, remote: OptimizationBacktest, columns: Mapping[str, object], is_over: bool) -> None:
    """Give a trial its outcome; one whose figures are not there yet is waited for, unless nothing more will come."""
    if not is_done(remote):
        return
    if _has_failed(remote):
        message = f"The backtest '{remote.id}' failed at QuantConnect (exit code {remote.exit_code}). Its log says why."
        coordinated_finish(run_id=run_id, state=RunState.FAILED, error={"code": "strategy", "message": message})
        return
    if not columns and not is_over:
        return
    first, last = (None if each is None else each.date() for each in (remote.start_date, remote.end_date))
    Backtest.objects.filter(pk=run_id).update(**columns, first_day=first, last_day=last)
    backtest_note_tried(run_id=run_id)
    Run.objects.filter(pk=run_id).update(progress=1.0)
    coordinated_finish(run_id=run_id, state=RunState.COMPLETED)


def _settle(work: SearchWork) -> None:
    """Count those that are over, and say how far it is."""
    optimization = work.asked
    counts, best = counts_of(optimization=optimization), best_of_unsettled(optimization=optimization)
    trials_settle(optimization=optimization, best=best)
    run = Run.objects.get(pk=work.run.pk)
    progress_tell(run=run, optimization=optimization, counts=counts, best=best)
