"""Opening a hold-out: the one run over sealed days."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from django.db import transaction

from tradinglab.server.accounts.models import User
from tradinglab.server.backtests.models import Backtest
from tradinglab.server.backtests.requests import BacktestRequest
from tradinglab.server.backtests.services import backtest_create_opening
from tradinglab.server.errors import InputError
from tradinglab.server.honesty.holding import hold_out_claim, hold_out_stamp
from tradinglab.server.honesty.models import HoldOut
from tradinglab.server.strategies.models import StrategyVersion


@transaction.atomic
def hold_out_open(
    *,
    hold_out: HoldOut,
    by: User,
    version: StrategyVersion,
    parameters: Mapping[str, str],
    data: str,
    cash: Decimal | None = None,
    name: str = "",
) -> Backtest:
    """Take the seal away, and run one version with one set of parameters over the days; all of it or nothing.

    Raises
    ------
    HoldOutSpentError
        If it was opened, or given up, before.
    InputError
        If the version is another strategy's, or it cannot be run so.
    TooManyQueuedError
        If the owner has as many runs waiting as may wait; then it is not opened.
    """
    if version.strategy_id != hold_out.strategy_id:
        raise InputError("version", str(version.pk), "That is another strategy's version; name one of this strategy's.")
    request = BacktestRequest(
        version=version,
        name=name or f"Hold-out from {hold_out.first_day} to {hold_out.last_day}",
        parameters=parameters,
        start=hold_out.first_day,
        end=hold_out.last_day,
        cash=cash,
        data=data,
    )
    request.check()
    hold_out_claim(hold_out=hold_out, by=by)
    run = backtest_create_opening(owner=by, request=request)
    test = Backtest.objects.get(pk=run.pk)
    hold_out_stamp(hold_out=hold_out, by=by, version=version, parameters=test.parameters, data=test.data, run_id=run.pk)
    return test
