"""Past backtests at QuantConnect, made backtests here."""

from __future__ import annotations

from django.db import transaction

from tradinglab.server.accounts.audit import audit_note
from tradinglab.server.accounts.models import User
from tradinglab.server.backtests.models import Backtest
from tradinglab.server.backtests.requests import BacktestRequest
from tradinglab.server.backtests.services import backtest_create_elsewhere
from tradinglab.server.cloud.browsing import remote_backtest_read
from tradinglab.server.cloud.credentials import account_get, account_lock
from tradinglab.server.cloud.exchanging import project_import
from tradinglab.server.cloud.models import CloudAccount, CloudBacktest, CloudLink, CloudProject, Step
from tradinglab.server.cloud.work import job_token
from tradinglab.server.errors import ConflictError, InputError
from tradinglab.server.runs.models import Run
from tradinglab.server.strategies.models import Strategy
from tradinglab.server.texts import visible

_LONGEST_NAME = 200


def backtest_import(*, user: User, project_id: int, backtest_id: str) -> Run:
    """Have a backtest there fetched with all that it came to, as a run here; the one that there is, if it was before.

    Its version is the head of the strategy that its project is, or becomes, here: what ran there may have been older,
    and the run says so.

    Raises
    ------
    ConflictError
        If it is not over yet.
    """
    account = account_get(user=user)
    known = _imported(account, project_id, backtest_id)
    if known is not None:
        return known
    found = remote_backtest_read(user=user, project_id=project_id, backtest_id=backtest_id)
    if not found.is_finished:
        raise ConflictError("The backtest is not over at QuantConnect yet. Import it when it is.")
    strategy = _strategy(user, project_id)
    if strategy.head is None:
        raise InputError("project_id", project_id, "The project has no files that could be stored here.")
    name = visible(found.name)[:_LONGEST_NAME] or backtest_id
    parameters = {str(key): str(value) for key, value in found.parameter_set.items()}
    request = BacktestRequest(
        version=strategy.head, name=name, parameters=parameters, engine=Backtest.Engine.QUANTCONNECT
    )
    text = "It was imported: the version here is the project's files when it was, which may be newer than what ran."
    with transaction.atomic():
        # Of two imports that come at once, the second one waits, and finds what the first one has made.
        account_lock(account=account)
        known = _imported(account, project_id, backtest_id)
        if known is not None:
            return known
        run = backtest_create_elsewhere(owner=user, request=request, warnings=[text])
        CloudBacktest.objects.create(
            run=run,
            account=account,
            version=strategy.head,
            step=Step.RESULTS,
            project_id=project_id,
            backtest_id=backtest_id,
            token=job_token(),
            is_imported=True,
        )
        details = {"project_id": project_id, "backtest_id": backtest_id}
        audit_note(action="quantconnect_backtest.imported", actor=user, target=run, details=details)
    return run


def _imported(account: CloudAccount, project_id: int, backtest_id: str) -> Run | None:
    # Of a trial there are figures alone: it is fetched as a backtest of its own.
    rows = CloudBacktest.objects.filter(account=account, backtest_id=backtest_id, run__parent=None)
    found = rows.filter(run__deleted_at=None).first()
    return found.run if found is not None and found.project_id == project_id else None


def _strategy(user: User, project_id: int) -> Strategy:
    """Return the strategy that a project belongs to; it is imported if it belongs to none."""
    account = account_get(user=user)
    for row in (
        CloudLink.objects.filter(account=account, remote_id=project_id, strategy__deleted_at=None).first(),
        CloudProject.objects.filter(account=account, remote_id=project_id, strategy__deleted_at=None).first(),
    ):
        if row is not None:
            return row.strategy
    return project_import(user=user, project_id=project_id).strategy
