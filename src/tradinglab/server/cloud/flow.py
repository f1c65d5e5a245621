"""The complete flow in one call, and where a backtest at QuantConnect stands."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from tradinglab.server.accounts.models import User
from tradinglab.server.backtests.engines import Fallback
from tradinglab.server.backtests.models import Backtest
from tradinglab.server.backtests.requests import BacktestRequest
from tradinglab.server.backtests.selectors import backtest_get
from tradinglab.server.backtests.services import backtest_submit
from tradinglab.server.cloud.models import CloudBacktest, CloudJob
from tradinglab.server.errors import ConflictError
from tradinglab.server.rest.waiting import waiting_place
from tradinglab.server.runs.models import FINAL_STATES, Run
from tradinglab.server.runs.services import Submission
from tradinglab.server.strategies.selectors import strategy_get, version_get

#: The longest that a request may wait for the end: it occupies a thread meanwhile.
MOST_WAIT_S: Final = 60.0
_LOOK_EVERY_S: Final = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowRequest:
    """What is to be backtested at QuantConnect: a strategy's head, or the version of a content hash."""

    strategy_id: UUID
    content_hash: str | None = None
    start: date | None = None
    end: date | None = None
    cash: Decimal | None = None
    name: str = ""
    parameters: Mapping[str, str]
    fallback: str = Fallback.QUEUE


def flow_start(*, user: User, asked: FlowRequest, idempotency_key: str | None = None) -> Submission:
    """Have a strategy backtested at QuantConnect.

    Raises
    ------
    NotFoundError
        If the user has no such strategy, or it has no such version.
    InputError
        If QuantConnect could not follow the request.
    """
    strategy = strategy_get(user=user, strategy_id=asked.strategy_id)
    if asked.content_hash is not None:
        version = version_get(strategy=strategy, content_hash=asked.content_hash)
    elif strategy.head is None:
        raise ConflictError(f"The strategy '{strategy.name}' has no version to run; save one first.")
    else:
        version = strategy.head
    request = BacktestRequest(
        version=version,
        name=asked.name,
        parameters=asked.parameters,
        start=asked.start,
        end=asked.end,
        cash=asked.cash,
        engine=Backtest.Engine.QUANTCONNECT,
        fallback=asked.fallback,
    )
    return backtest_submit(owner=user, request=request, idempotency_key=idempotency_key)


def flow_wait(*, run_id: UUID, seconds: float) -> None:
    """Wait until a run has its outcome, but no longer than so, and not at all while too many wait already."""
    end = time.monotonic() + min(seconds, MOST_WAIT_S)
    with waiting_place() as is_free:
        while is_free and time.monotonic() < end:
            if Run.objects.filter(pk=run_id, state__in=FINAL_STATES).exists():
                return
            time.sleep(_LOOK_EVERY_S)


def flow_standing(*, user: User, run_id: UUID) -> dict[str, Any]:
    """Return where a backtest stands, with its ids at QuantConnect; one that is run here has none."""
    test = backtest_get(user=user, run_id=run_id, with_deleted=True)
    row = CloudBacktest.objects.filter(pk=run_id).first()
    return {
        **standing_of(test.run, row),
        "backtest_id": test.pk,
        "engine": test.engine,
        "remote": {
            "project_id": row and row.project_id,
            "compile_id": row.compile_id if row else "",
            "backtest_id": row.backtest_id if row else "",
        },
        "results": _results(test) if test.run.state == "completed" else None,
    }


def standing_of(run: Run, row: CloudJob | None) -> dict[str, Any]:
    """Return how far a run is, as far as that is the same for all that is done at QuantConnect."""
    is_waiting = row is not None and row.failures and not run.is_final
    waiting = run.events.filter(kind="waiting").order_by("-sequence").first() if is_waiting else None
    return {
        "success": not run.error and run.state not in ("failed", "cancelled", "timed_out"),
        "state": run.state,
        "step": "" if row is None or run.is_final else row.step,
        "progress": run.progress,
        "waiting_for": "" if waiting is None else waiting.data["reason"],
        "error": run.error or None,
    }


def _results(test: Backtest) -> dict[str, Any]:
    return {
        "statistics": test.statistics,
        "total_orders": test.total_orders,
        "net_profit": test.net_profit,
        "compounding_annual_return": test.compounding_annual_return,
        "sharpe_ratio": test.sharpe_ratio,
        "drawdown": test.drawdown,
        "end_equity": test.end_equity,
        "first_day": test.first_day,
        "last_day": test.last_day,
    }
