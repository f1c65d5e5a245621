"""How optimizations look to clients of QuantConnect."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from datetime import date
from typing import Any, Final

from django.utils import timezone

from tradinglab.optimize import SamplerName
from tradinglab.server.backtests.models import Backtest
from tradinglab.server.optimizations.models import Optimization
from tradinglab.server.optimizations.selectors import best_of_many, counts_of, trial_list
from tradinglab.server.qcapi.answers import moment
from tradinglab.server.qcapi.lean_results import day_moment
from tradinglab.server.qcapi.models import Project, SentOptimization
from tradinglab.server.qcapi.searches import EULER, GRID, PREFIX, operator_name, target_of
from tradinglab.server.runs.models import RunState

_STATES: Final[Mapping[str, str]] = {
    RunState.QUEUED: "new",
    RunState.RUNNING: "running",
    RunState.COMPLETED: "completed",
    RunState.FAILED: "completed",
    RunState.TIMED_OUT: "completed",
    RunState.CANCELLED: "aborted",
}
#: The order in which clients read the figures of a trial.
_STATISTICS: Final = (
    "Alpha",
    "Annual Standard Deviation",
    "Annual Variance",
    "Average Loss",
    "Average Win",
    "Beta",
    "Compounding Annual Return",
    "Drawdown",
    "Estimated Strategy Capacity",
    "Expectancy",
    "Information Ratio",
    "Loss Rate",
    "Net Profit",
    "Probabilistic Sharpe Ratio",
    "Profit-Loss Ratio",
    "Sharpe Ratio",
    "Total Fees",
    "Total Orders",
    "Tracking Error",
    "Treynor Ratio",
    "Win Rate",
)
_FAILED_EXIT: Final = 1
_USUAL_NODE: Final = "O2-8"
_DAY_S: Final = 86_400
_EPOCH: Final = date(1970, 1, 1)


def summaries_of(optimizations: Collection[Optimization], project: Project) -> list[dict[str, Any]]:
    """Return what ``optimizations/list`` says of a project's optimizations."""
    best = best_of_many(optimizations=optimizations)
    chosen = {run_id: each.backtest for run_id, each in best.items() if each.backtest is not None}
    tests = Backtest.objects.in_bulk(chosen.values())
    return [
        _summary(each, project, tests[chosen[each.pk]] if chosen.get(each.pk) in tests else None)
        for each in optimizations
    ]


def _summary(optimization: Optimization, project: Project, test: Backtest | None) -> dict[str, Any]:
    return {
        "optimizationId": f"{PREFIX}{optimization.pk.hex}",
        "projectId": project.pk,
        "name": optimization.name,
        "status": _STATES[optimization.run.state],
        "nodeType": _node(optimization),
        "criterion": {
            "target": target_of(optimization.target),
            "extremum": optimization.direction,
            "targetValue": optimization.target_value,
        },
        "created": moment(optimization.run.created_at),
        "psr": None if test is None else test.probabilistic_sharpe_ratio,
        "sharpeRatio": None if test is None else test.sharpe_ratio,
        "trades": None if test is None else test.total_orders,
        "cloneId": None,
        "outOfSampleDays": 0,
        "outOfSampleMaxEndDate": None,
        "parameters": _parameters(optimization),
    }


def described(optimization: Optimization, project: Project) -> dict[str, Any]:
    """Return what ``optimizations/read`` says of an optimization."""
    # Those that were simulated are none.
    tests = [trial.backtest for trial in trial_list(optimization=optimization) if trial.backtest is not None]
    (summary,) = summaries_of([optimization], project)
    return {
        **summary,
        "snapshotId": project.pk,
        "parallelNodes": optimization.most_parallel,
        "runtimeStatistics": _runtime(optimization, tests),
        "constraints": [
            {
                "target": target_of(each["figure"]),
                "operator": operator_name(each["operator"]),
                "targetValue": each["value"],
            }
            for each in optimization.constraints
        ],
        "backtests": {test.pk.hex: _trial(test) for test in tests},
        "strategy": EULER if optimization.sampler == SamplerName.EULER else GRID,
        "requested": moment(optimization.run.created_at),
        "optimizationTarget": target_of(optimization.target),
        "targetValue": optimization.target_value,
        "gridLayout": [],
    }


def _sent(optimization: Optimization) -> SentOptimization | None:
    return getattr(optimization, "sent", None)


def _node(optimization: Optimization) -> str:
    sent = _sent(optimization)
    return _USUAL_NODE if sent is None else sent.node_type


def _parameters(optimization: Optimization) -> list[dict[str, Any]]:
    """Return the parameters as the client wrote them, under the names by which each client knows them."""
    sent = _sent(optimization)
    asked = [_of_values(each) for each in optimization.space] if sent is None else sent.parameters
    return [{**each, "key": each["name"], "minStep": None} for each in asked]


def _of_values(axis: Mapping[str, Any]) -> dict[str, Any]:
    """Return a parameter that was given by its values as a range, as far as it is one."""
    if not axis["values"]:
        return {"name": axis["name"], "min": _number(axis["min"]), "max": _number(axis["max"]), "step": 0.0}
    numbers = [_number(text) for text in axis["values"]]
    step = numbers[1] - numbers[0] if len(numbers) > 1 else 1.0
    return {"name": axis["name"], "min": min(numbers), "max": max(numbers), "step": step}


def _runtime(optimization: Optimization, tests: list[Backtest]) -> dict[str, str]:
    run, counts = optimization.run, counts_of(optimization=optimization)
    took = [test.duration_s for test in tests if test.duration_s is not None]
    since = run.started_at or run.created_at
    total = ((run.finished_at or timezone.now()) - since).total_seconds()
    return {
        "Completed": str(counts.completed),
        "Failed": str(counts.failed + counts.cancelled),
        "Running": str(counts.running),
        "In Queue": str(optimization.total - counts.over - counts.running),
        "Average Length": _clock(sum(took) / len(took) if took else 0.0),
        "Total Runtime": _clock(total),
        "Total": str(optimization.total),
        "Consumed": "0",
    }


def _clock(seconds: float) -> str:
    """Return a duration as HH:MM:SS; clients read it as a time of day, so days are left out."""
    whole = int(seconds) % _DAY_S
    return f"{whole // 3600:02}:{whole % 3600 // 60:02}:{whole % 60:02}"


def _trial(test: Backtest) -> dict[str, Any]:
    run = test.run
    return {
        "name": test.name or test.pk.hex,
        "id": test.pk.hex,
        "hostName": None,
        "progress": 1.0 if run.is_final else run.progress,
        "exitCode": _FAILED_EXIT if run.is_final and run.state != RunState.COMPLETED else 0,
        # Until there are any, an empty list: clients take nothing else.
        "statistics": [_number(test.statistics.get(name, "0")) for name in _STATISTICS if test.statistics],
        "parameterSet": test.parameters,
        "equity": _equity(test),
        "startDate": day_moment(test.first_day),
        "endDate": day_moment(test.last_day, is_end=True),
        "outOfSampleDays": 0,
        "outOfSampleMaxEndDate": None,
    }


def _equity(test: Backtest) -> list[list[float]]:
    """Return the account's value at the ends; the whole of it is what the trial's own chart has."""
    if test.first_day is None or test.last_day is None or test.start_equity is None or test.end_equity is None:
        return []
    days = ((test.first_day, test.start_equity), (test.last_day, test.end_equity))
    return [[(day - _EPOCH).days * _DAY_S, value] for day, value in days]


def _number(text: str) -> float:
    """Return the number that a text is; 0 if it is none that JSON has."""
    try:
        number = float(text.strip("$%").replace(",", ""))
    except ValueError:
        return 0.0
    return number if math.isfinite(number) else 0.0
