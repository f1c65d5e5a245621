"""Having nothing go on at QuantConnect of a job that was cancelled, or took too long."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final, TypeVar

from django.utils import timezone

from tradinglab.quantconnect import CancelledError, NotFoundError, QuantConnect, QuantConnectError
from tradinglab.server.cloud.projects import project_is_there
from tradinglab.server.cloud.work import BacktestWork, Over, Work
from tradinglab.server.runs.models import RunState

#: So long one that may have been started is looked for before it is believed that there is none.
LIST_LATE: Final = timedelta(seconds=90)
#: So long it is tried to have it stopped there.
_TRIED: Final = timedelta(minutes=30)
W = TypeVar("W", bound=Work)


def ends_since(work: Work, lasts_s: float) -> datetime | None:
    """Return since when a job is to be over, whatever becomes of it there: cancelled, or out of time."""
    cancelled = work.run.cancel_requested_at
    if cancelled is not None:
        return cancelled
    began, limit = work.run.started_at, timedelta(seconds=_limit_s(work, lasts_s))
    return began + limit if began is not None and timezone.now() - began >= limit else None


def stop_there(
    work: W,
    client: QuantConnect,
    since: datetime,
    *,
    what: str,
    lasts_s: float,
    remove: Callable[[W, QuantConnect, datetime], bool],
) -> Over | None:
    """Have what was started there stopped, and return the run's outcome; ``None`` while that takes another look.

    Parameters
    ----------
    what, lasts_s
        What it is called, and how long it may take if it does not say so itself.
    remove
        Has it stopped, and returns whether it is sure that nothing goes on.

    Raises
    ------
    QuantConnectError
        If it cannot be done for now. After a while that is no longer waited for, and the outcome says so.
    """
    problem = ""
    try:
        if not remove(work, client, since):
            return None
    except CancelledError:
        raise
    except QuantConnectError as error:
        if timezone.now() - since < _TRIED:
            raise
        problem = f"QuantConnect could not be told to stop it, and it may still run there: {error.reason}"
    if not work.is_cancelled:
        text = f"The {what} was not over after {_limit_s(work, lasts_s):g} s. {problem}".strip()
        return Over("time_limit", text, state=RunState.TIMED_OUT)
    outcome = Over("quantconnect_not_stopped", problem, state=RunState.CANCELLED)
    if not problem:
        outcome.error = {}
    return outcome


def _limit_s(work: Work, lasts_s: float) -> float:
    return float(work.run.manifest.get("elsewhere", {}).get("timeout_s") or lasts_s)


def backtest_remove(work: BacktestWork, client: QuantConnect, since: datetime) -> bool:
    """Delete a backtest that was started; return whether it is sure that nothing is left."""
    row = work.row
    if row.project_id is None or not row.is_asked or row.is_imported:
        return True
    try:
        found = client.backtests.find(row.project_id, row.token) if row.is_lost or not row.backtest_id else ()
    except NotFoundError:
        if project_is_there(client, row.project_id):
            raise
        return True
    for each in {row.backtest_id, *(each.backtest_id for each in found)} - {""}:
        delete(client, row.project_id, each)
    return bool(row.backtest_id or found) or timezone.now() - since > LIST_LATE


def delete(client: QuantConnect, project_id: int, backtest_id: str) -> None:
    """Delete a backtest, if it is there.

    Raises
    ------
    QuantConnectError
        If it cannot be deleted for now.
    """
    try:
        client.backtests.delete(project_id, backtest_id)
    except NotFoundError:
        if backtest_is_there(client, project_id, backtest_id):
            raise


def backtest_is_there(client: QuantConnect, project_id: int, backtest_id: str) -> bool:
    """Say whether a backtest that was not found is in the list all the same."""
    if not project_is_there(client, project_id):
        return False
    return any(each.backtest_id == backtest_id for each in client.backtests.list(project_id))
