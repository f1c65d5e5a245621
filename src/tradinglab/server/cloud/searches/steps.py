"""The steps of an optimization at QuantConnect. It costs money there: it is started once, whatever befalls."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from tradinglab.quantconnect import InvalidRequestError, NotFoundError, QuantConnect, QuantConnectError
from tradinglab.quantconnect.models.optimizations import Optimization as RemoteOptimization
from tradinglab.server.accounts.audit import audit_note
from tradinglab.server.backtests.models import Backtest
from tradinglab.server.cloud.models import CloudOptimization, Step
from tradinglab.server.cloud.preparing import PREPARING
from tradinglab.server.cloud.projects import project_is_there
from tradinglab.server.cloud.results.figures import remote_figures
from tradinglab.server.cloud.results.reading import RemoteResult
from tradinglab.server.cloud.searches.requests import PRICES, node_of, search_of
from tradinglab.server.cloud.searches.trials import (
    SearchWork,
    is_done,
    search_work,
    trials_give_up,
    trials_take,
)
from tradinglab.server.cloud.stepping import MOST_REFUSED, Flow, Next
from tradinglab.server.cloud.stopping import LIST_LATE
from tradinglab.server.cloud.work import Over
from tradinglab.server.optimizations.engines import LASTS_S
from tradinglab.server.optimizations.models import Optimization
from tradinglab.server.optimizations.requests import OptimizationRequest, request_of
from tradinglab.server.optimizations.selectors import counts_of
from tradinglab.server.optimizations.services import optimization_run_here
from tradinglab.server.optimizations.telling import no_trial_completed
from tradinglab.server.runs.models import RunState

#: So long one that may have been started is looked for in the list, which may be late.
_MOST_UNKNOWN_S: Final = 300.0
_FIGURES_LATE_S: Final = 90.0
_KNOWN_LATE_S: Final = 30.0
_MOST_FETCHED: Final = 100
_LEAST_COST: Final = 0.01


def cost_of(*, seconds: float, node: str) -> float:
    """Return what so many seconds of a kind of node cost in dollars, to the next cent."""
    return max(_LEAST_COST, math.ceil(seconds / 3600 * PRICES[node] * 100) / 100)


def _start(work: SearchWork, client: QuantConnect) -> Next:
    request = request_of(work.asked)
    _estimate(work, client, request)
    row, was_asked = work.row, work.row.is_asked
    try:
        made = client.optimizations.create(
            work.project_id,
            row.compile_id,
            work.asked.name or work.asked.version.strategy.name,
            search_of(request),
            node_type=node_of(request),
            parallel_nodes=request.most_parallel,
            estimated_cost=row.estimated_cost or _LEAST_COST,
            token=row.token,
            is_retry=was_asked,
            # From then on it may have been started, whoever goes on from here.
            on_send=lambda: work.keep(is_asked=True),
        )
    except QuantConnectError as error:
        if not error.is_uncertain and not was_asked:
            # Refused, or never sent: there is nothing to be looked for.
            work.keep(is_asked=False)
        raise
    _note_started(work, made, node_of(request), request.most_parallel)
    return Next(step=Step.RUNNING, after_s=2.0)


def _estimate(work: SearchWork, client: QuantConnect, request: OptimizationRequest) -> None:
    """Ask what it would take, once, and say so; where that is more than may be spent, it is over."""
    if work.row.is_asked:
        return
    if work.row.estimated_cost is None:
        name = work.asked.name or work.asked.version.strategy.name
        try:
            told = client.optimizations.estimate(
                work.project_id, name, search_of(request), compile_id=work.row.compile_id
            )
        except (InvalidRequestError, NotFoundError) as error:
            _without_estimate(request, error.reason)
            return
        if told.time is None:
            _without_estimate(request, "The answer names no time.")
            return
        node = node_of(request)
        cost = cost_of(seconds=told.time, node=node)
        with work.held():
            work.keep(estimate_s=told.time, estimated_cost=cost)
            work.tell("estimate", seconds=told.time, cost=cost, node_type=node, parallel_nodes=request.most_parallel)
    expected = work.row.estimated_cost
    if request.most_cost is not None and expected is not None and expected > request.most_cost:
        raise Over(
            "quantconnect_cost",
            f"QuantConnect estimates that it costs ${expected:.2f}, and most_cost is ${request.most_cost:.2f}: it was "
            "not started. Allow more, or search fewer combinations.",
        )


def _without_estimate(request: OptimizationRequest, why: str) -> None:
    if request.most_cost is not None:
        raise Over(
            "quantconnect_no_estimate",
            f"QuantConnect cannot say what it costs, and most_cost is ${request.most_cost:.2f}: it was not started. "
            f"It estimates from a backtest of the project: run one there, or leave most_cost out. It said: {why}",
        )


@transaction.atomic
def _note_started(work: SearchWork, made: RemoteOptimization, node: str, nodes: int) -> None:
    work.keep(optimization_id=made.optimization_id)
    details = {
        "project_id": work.row.project_id,
        "optimization_id": made.optimization_id,
        "node_type": node,
        "parallel_nodes": nodes,
        "estimated_cost": work.row.estimated_cost,
    }
    audit_note(action="quantconnect_optimization.started", actor=work.run.owner, target=work.run, details=details)


def _running(work: SearchWork, client: QuantConnect) -> Next:
    found = client.optimizations.read(work.row.optimization_id)
    trials_take(work=work, found=found)
    if found.is_finished:
        return Next(step=Step.RESULTS)
    return Next(step=Step.RUNNING, after_s=min(15.0, 2.0 + work.age_s / 20))


def _is_gone(work: SearchWork, client: QuantConnect) -> bool:
    """Say whether what was not found is not in the list either; what was made just now may not be known everywhere."""
    if not project_is_there(client, work.project_id):
        return True
    if not work.row.optimization_id:
        return False
    there = client.optimizations.list(work.project_id)
    if any(each.optimization_id == work.row.optimization_id for each in there):
        return False
    return work.age_s > _KNOWN_LATE_S or work.row.failures >= MOST_REFUSED


def _results(work: SearchWork, client: QuantConnect) -> Next | None:
    found = client.optimizations.read(work.row.optimization_id)
    missing = [each.id for each in found.backtests.values() if is_done(each) and not each.statistics]
    if missing and work.age_s < _FIGURES_LATE_S:
        return Next(step=Step.RESULTS, after_s=3.0)
    late = _late_columns(work, client, missing[:_MOST_FETCHED])
    if len(late) < len(missing):
        work.warn(f"QuantConnect did not hand out the figures of {len(missing) - len(late)} of the trials.")
    trials_take(work=work, found=found, is_over=True, late=late)
    _end_as(work, found)
    return None


def _late_columns(work: SearchWork, client: QuantConnect, backtest_ids: list[str]) -> dict[str, dict[str, object]]:
    """Read one by one what the list of the optimization's backtests does not have."""
    late: dict[str, dict[str, object]] = {}
    for backtest_id in backtest_ids:
        try:
            remote = client.backtests.read(work.project_id, backtest_id)
        except (InvalidRequestError, NotFoundError):
            continue
        figures = remote_figures(RemoteResult(backtest=remote))
        known: dict[str, object] = {name: value for name, value in figures.items() if value is not None}
        if known:
            texts = {name[:200]: text[:200] for name, text in remote.statistics.items()}
            late[backtest_id] = {**known, "statistics": texts}
    return late


def _end_as(work: SearchWork, found: RemoteOptimization) -> None:
    if found.status.lower() == "aborted":
        text = "It was stopped at QuantConnect, not from here. What was done until then is kept."
        work.finish(RunState.CANCELLED, {"code": "quantconnect_aborted", "message": text}, work.told)
        return
    counts = counts_of(optimization=work.asked)
    if counts.completed:
        work.finish(RunState.COMPLETED, None, work.told)
        return
    work.finish(RunState.FAILED, no_trial_completed(optimization=work.asked, counts=counts), work.told)


def _abort(work: SearchWork, client: QuantConnect, since: datetime) -> bool:
    """Abort what was started there; return whether it is sure that nothing goes on, and what is done is here."""
    row = work.row
    if not row.is_asked or row.project_id is None:
        return True
    try:
        if not row.optimization_id:
            found = client.optimizations.find(row.project_id, row.token)
            if not found:
                return timezone.now() - since > LIST_LATE
            work.keep(optimization_id=found[0].optimization_id)
        there = client.optimizations.read(row.optimization_id)
        if not there.is_finished:
            client.optimizations.abort(row.optimization_id)
            there = client.optimizations.read(row.optimization_id)
    except NotFoundError:
        if not _is_gone(work, client):
            raise
        return True
    trials_take(work=work, found=there, is_over=there.is_finished)
    return there.is_finished


def _end(work: SearchWork, outcome: Over) -> None:
    trials_give_up(work=work)
    work.finish(outcome.state, outcome.error or None, work.told)


def _version_of(run_id: UUID) -> UUID:
    return Optimization.objects.values_list("version_id", flat=True).get(pk=run_id)


def _work(run_id: UUID, fence: int) -> SearchWork | None:
    return search_work(run_id=run_id, fence=fence)


def _run_here(work: SearchWork, why: str) -> bool:
    return optimization_run_here(optimization=work.asked, why=why)


OPTIMIZATIONS: Final = Flow(
    what="optimization",
    rows=CloudOptimization,
    lasts_s=LASTS_S[Backtest.Engine.QUANTCONNECT],
    most_unknown_s=_MOST_UNKNOWN_S,
    version_of=_version_of,
    work=_work,
    steps={**PREPARING, Step.START: _start, Step.RUNNING: _running, Step.RESULTS: _results},
    remove=_abort,
    is_gone=_is_gone,
    end=_end,
    run_here=_run_here,
)
