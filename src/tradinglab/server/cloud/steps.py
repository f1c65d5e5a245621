"""The steps of a backtest at QuantConnect."""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from uuid import UUID

from django.utils import timezone

from tradinglab.quantconnect import QuantConnect, QuantConnectError
from tradinglab.quantconnect.models.backtests import Backtest as RemoteBacktest
from tradinglab.server.backtests.engines import LASTS_S
from tradinglab.server.backtests.models import Backtest
from tradinglab.server.backtests.services import backtest_run_here
from tradinglab.server.cloud.collecting import results_collect
from tradinglab.server.cloud.models import CloudBacktest, Step
from tradinglab.server.cloud.preparing import PREPARING
from tradinglab.server.cloud.projects import project_is_there
from tradinglab.server.cloud.stepping import MOST_REFUSED, Flow, Next
from tradinglab.server.cloud.stopping import backtest_is_there, backtest_remove, delete
from tradinglab.server.cloud.work import BacktestWork, Over, backtest_work

_RESULTS_LATE: Final = timedelta(seconds=90)
_PERFORMANCE_LATE: Final = timedelta(seconds=30)


def _start(work: BacktestWork, client: QuantConnect) -> Next:
    row, was_asked = work.row, work.row.is_asked
    # Before it is sent, it has to be known that it may have been.
    work.keep(is_asked=True, is_lost=row.is_lost or was_asked)
    name = work.asked.name or work.asked.version.strategy.name
    try:
        made = client.backtests.create(
            work.project_id,
            row.compile_id,
            name,
            parameters=dict(work.asked.parameters),
            token=row.token,
            is_retry=was_asked,
        )
    except QuantConnectError as error:
        if not error.is_uncertain and not was_asked:
            # Refused, or never sent: there is nothing to be looked for.
            work.keep(is_asked=False)
        raise
    return Next(step=Step.RUNNING, after_s=1.0, learnt={"backtest_id": made.backtest_id})


def _running(work: BacktestWork, client: QuantConnect) -> Next:
    found = client.backtests.read(work.project_id, work.row.backtest_id)
    if found.is_finished:
        return Next(step=Step.RESULTS)
    _tell_progress(work, found)
    return Next(step=Step.RUNNING, after_s=min(10.0, 1.0 + work.age_s / 20))


def _tell_progress(work: BacktestWork, found: RemoteBacktest) -> None:
    fraction = min(max(found.progress or 0.0, 0.0), 1.0)
    if fraction > work.run.progress:
        with work.held():
            type(work.run).objects.filter(pk=work.run.pk).update(progress=fraction, heartbeat_at=timezone.now())
            work.tell("progress", fraction=fraction, date="")
        work.run.progress = fraction


def _results(work: BacktestWork, client: QuantConnect) -> Next | None:
    found = client.backtests.read(work.project_id, work.row.backtest_id)
    late = timezone.now() - work.row.step_at
    if not found.has_failed:
        is_whole = found.total_performance is not None and bool(found.total_performance.portfolio_statistics)
        if (not found.has_results and late < _RESULTS_LATE) or (not is_whole and late < _PERFORMANCE_LATE):
            return Next(step=Step.RESULTS, after_s=2.0)
    _remove_others(work, client)
    work.begin()
    # What is refused once may be handed out the next time; what is refused again and again is left out.
    results_collect(work=work, client=client, found=found, is_last_time=work.row.failures >= MOST_REFUSED)
    return None


def _is_gone(work: BacktestWork, client: QuantConnect) -> bool:
    """Say whether what was not found is not in the lists either; what was made just now may not be known everywhere."""
    if not work.row.backtest_id:
        return not project_is_there(client, work.project_id)
    if backtest_is_there(client, work.project_id, work.row.backtest_id):
        return False
    is_new = timezone.now() - work.row.step_at < _RESULTS_LATE
    return not is_new or work.row.failures >= MOST_REFUSED


def _remove_others(work: BacktestWork, client: QuantConnect) -> None:
    """Where an answer was lost, there may be two of what was to be one: delete those that are not the run's."""
    row = work.row
    if not row.is_lost:
        return
    for each in client.backtests.find(work.project_id, row.token):
        if each.backtest_id != row.backtest_id:
            delete(client, work.project_id, each.backtest_id)


def _version_of(run_id: UUID) -> UUID:
    return Backtest.objects.values_list("version_id", flat=True).get(pk=run_id)


def _work(run_id: UUID, fence: int) -> BacktestWork | None:
    return backtest_work(run_id=run_id, fence=fence)


def _end(work: BacktestWork, outcome: Over) -> None:
    work.finish(outcome.state, outcome.error or None)


def _run_here(work: BacktestWork, why: str) -> bool:
    return backtest_run_here(test=work.asked, why=why)


BACKTESTS: Final = Flow(
    what="backtest",
    rows=CloudBacktest,
    lasts_s=LASTS_S[Backtest.Engine.QUANTCONNECT],
    version_of=_version_of,
    work=_work,
    steps={**PREPARING, Step.START: _start, Step.RUNNING: _running, Step.RESULTS: _results},
    remove=backtest_remove,
    is_gone=_is_gone,
    end=_end,
    run_here=_run_here,
)
