"""Backtests as clients of QuantConnect see them: those of a project, by whomever they were started."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import numpy as np
from django.db import transaction
from django.db.models import QuerySet

from tradinglab.server.accounts.models import User
from tradinglab.server.backtests.data_sources import data_source_usual
from tradinglab.server.backtests.models import Backtest
from tradinglab.server.backtests.parameters import parameters_check
from tradinglab.server.backtests.requests import BacktestRequest
from tradinglab.server.backtests.services import backtest_submit
from tradinglab.server.errors import ConflictError, InputError, NotFoundError
from tradinglab.server.qcapi.answers import moment
from tradinglab.server.qcapi.lean_results import charts_of, day_moment, performance_of, result_of
from tradinglab.server.qcapi.models import Compile, CompileState, Project, SentBacktest
from tradinglab.server.qcapi.names import checked_name
from tradinglab.server.runs.models import Priority, RunState
from tradinglab.server.runs.services import Wishes

_QUEUED, _COMPLETED, _FAILED = "In Queue...", "Completed.", "Runtime Error"
_IN_INITIALIZE: Final = "During the algorithm initialization, the following exception has occurred: "
_LONGEST_VALUE: Final = 1_000
_MOST_PARAMETERS: Final = 200
#: A node that is idle takes the run at once, so clients see it as the one that does.
NODE: Final = "Local node"


def backtests_of(*, project: Project) -> QuerySet[Backtest]:
    """Return a project's backtests, the newest first, without the trials of its optimizations."""
    return _all_of(project).filter(run__parent=None).order_by("-run__created_at", "-run_id")


def _all_of(project: Project) -> QuerySet[Backtest]:
    found = Backtest.objects.filter(version__strategy=project.strategy, run__deleted_at=None)
    return found.select_related("run", "sent").prefetch_related("tag_rows")


def backtest_of(*, project: Project, backtest_id: str) -> Backtest:
    """Return one of a project's backtests, or of the trials of its optimizations.

    Raises
    ------
    NotFoundError
        If it has none with that id.
    """
    run_id = hex_id(backtest_id)
    found = None if run_id is None else _all_of(project).filter(pk=run_id).first()
    if found is None:
        raise NotFoundError(f"Project {project.pk} has no backtest '{backtest_id[:64]}'.")
    return found


def hex_id(text: str) -> UUID | None:
    """Return an id that is written without dashes; ``None`` for what is none."""
    try:
        return UUID(hex=text) if len(text) == 32 else None
    except ValueError:
        return None


def backtest_create(
    *, user: User, project: Project, compiled: Compile, name: str, parameters: Mapping[str, object]
) -> Backtest:
    """Start a backtest of what was compiled.

    Raises
    ------
    ConflictError
        If it did not compile, or is not compiled yet.
    InputError
        If name or parameters cannot be used.
    TooManyQueuedError
        If the user has as many runs waiting as may wait.
    """
    usable(compiled)
    request = BacktestRequest(
        version=compiled.version,
        name=checked_name(name),
        parameters=parameter_texts(parameters),
        data=data_source_usual().name,
        wishes=Wishes(priority=Priority.INTERACTIVE),
    )
    # Reads the files, unless that was done: not while the database waits.
    parameters_check(files=request.version.files, parameters=request.parameters)
    with transaction.atomic():
        run = backtest_submit(owner=user, request=request).run
        SentBacktest.objects.create(backtest_id=run.pk, compile=compiled, parameters=dict(parameters))
    return backtest_of(project=project, backtest_id=run.pk.hex)


def usable(compiled: Compile) -> None:
    """Refuse what cannot be run.

    Raises
    ------
    ConflictError
        If it did not compile, or is not compiled yet.
    """
    if compiled.state == CompileState.IN_QUEUE:
        raise ConflictError(f"Compile '{compiled.pk}' is not ready; read it until its state is BuildSuccess.")
    if compiled.state != CompileState.SUCCESS:
        raise ConflictError(f"Compile '{compiled.pk}' has the state {compiled.state}; read its logs, and compile anew.")


def parameter_texts(parameters: Mapping[str, object]) -> dict[str, str]:
    """Return parameters as a strategy gets them.

    Raises
    ------
    InputError
        If one is neither a text nor a number.
    """
    if len(parameters) > _MOST_PARAMETERS:
        raise InputError("parameters", len(parameters), f"At most {_MOST_PARAMETERS} parameters are taken.")
    texts = {}
    for name, value in parameters.items():
        if isinstance(value, bool) or not isinstance(value, (str, int, float)) or len(str(value)) > _LONGEST_VALUE:
            text = f"The parameter '{name[:100]}' was {str(value)[:100]}; write a number or a short text."
            raise InputError(f"parameters.{name}", value, text)
        texts[name] = str(value)
    return texts


def status_of(test: Backtest) -> str:
    """Return a backtest's state in QuantConnect's words; one that is under way still waits, as far as clients know."""
    if not test.run.is_final:
        return _QUEUED
    return _COMPLETED if test.run.state == RunState.COMPLETED else _FAILED


def parameter_set_of(test: Backtest) -> object:
    """Return the parameters as the client wrote them; an empty list if there are none, as QuantConnect does."""
    sent = getattr(test, "sent", None)
    return (test.parameters if sent is None else sent.parameters) or []


def optimization_id_of(test: Backtest) -> str | None:
    """Return the id of the optimization that a backtest is a trial of."""
    return None if test.run.parent_id is None else f"O-{test.run.parent_id.hex}"


def tradeable_dates_of(test: Backtest) -> int:
    """Return how many weekdays a backtest covers."""
    if test.first_day is None or test.last_day is None:
        return 0
    return int(np.busday_count(test.first_day, test.last_day + timedelta(days=1)))


def described(test: Backtest, project: Project, organization_id: str) -> dict[str, Any]:
    """Return what ``backtests/read`` says of a backtest."""
    result = result_of(test) if test.run.is_final else {}
    error, trace = _error_of(test)
    is_there = bool(result)
    return {
        "note": test.notes or None,
        "name": test.name,
        "organizationId": organization_id,
        "projectId": project.pk,
        "completed": test.run.is_final,
        "optimizationId": optimization_id_of(test),
        "backtestId": test.pk.hex,
        "tradeableDates": tradeable_dates_of(test),
        "researchGuide": {
            "minutes": 0,
            "backtestCount": backtests_of(project=project).count(),
            "parameters": len(test.parameters),
        },
        "backtestStart": day_moment(test.first_day or test.start),
        "backtestEnd": day_moment(test.last_day or test.end, is_end=True),
        "created": moment(test.run.created_at),
        "snapshotId": project.pk,
        "status": status_of(test),
        "error": error,
        "stacktrace": trace,
        "progress": 1.0 if test.run.is_final else test.run.progress,
        "hasInitializeError": error is not None and error.startswith(_IN_INITIALIZE),
        "charts": {name: {"name": name} for name in charts_of(result)},
        "parameterSet": parameter_set_of(test),
        "rollingWindow": result.get("rollingWindow", {}) if is_there else None,
        "runtimeStatistics": result.get("runtimeStatistics"),
        "statistics": result.get("statistics"),
        "totalPerformance": performance_of(result.get("totalPerformance")),
        "serverStatistics": result.get("serverStatistics"),
        "analysis": result.get("analysis", []),
        "nodeName": NODE,
        "outOfSampleMaxEndDate": None,
        "outOfSampleDays": 0,
        "tags": test.tags,
    }


def _error_of(test: Backtest) -> tuple[str | None, str | None]:
    """Return what went wrong, and where."""
    run = test.run
    if run.state == RunState.CANCELLED:
        return "The backtest was cancelled.", None
    if not run.error:
        return None, None
    message = run.error.get("message", "")
    if run.error.get("phase") == "initialize":
        message = f"{_IN_INITIALIZE}{message}"
    return message, run.error.get("trace") or None


def listed(test: Backtest, *, with_statistics: bool) -> dict[str, Any]:
    """Return what ``backtests/list`` says of a backtest."""
    entry: dict[str, Any] = {
        "backtestId": test.pk.hex,
        "status": status_of(test),
        "name": test.name,
        "created": moment(test.run.created_at),
        "progress": 1.0 if test.run.is_final else test.run.progress,
        "optimizationId": optimization_id_of(test),
        "tradeableDates": tradeable_dates_of(test),
        "parameterSet": parameter_set_of(test),
        "snapshotId": None,
        "tags": test.tags,
    }
    return entry | _figures_of(test) if with_statistics else entry


def _figures_of(test: Backtest) -> dict[str, Any]:
    return {
        "sharpeRatio": test.sharpe_ratio,
        "alpha": test.alpha,
        "beta": test.beta,
        "compoundingAnnualReturn": test.compounding_annual_return,
        "drawdown": test.drawdown,
        "lossRate": test.loss_rate,
        "netProfit": test.net_profit,
        "parameters": len(test.parameters),
        "psr": test.probabilistic_sharpe_ratio,
        "securityTypes": None,
        "sortinoRatio": test.sortino_ratio,
        "trades": test.total_orders,
        "treynorRatio": test.treynor_ratio,
        "winRate": test.win_rate,
    }
