"""What a backtest would read, and what of it is missing: a run that somebody waits for.

``initialize`` is called where strategies run, in a worker's sandbox; the bars are looked at by the worker itself.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from django.db.models import Q

from tradinglab.core.errors import TradingLabError
from tradinglab.data.preflight import Availability, availability, joined_fetches
from tradinglab.data.preflight_report import preflight_report
from tradinglab.data.source import open_source
from tradinglab.engine.data_needs import DataNeeds
from tradinglab.engine.errors import StrategyError
from tradinglab.sandbox.errors import RunStoppedError, SandboxError
from tradinglab.sandbox.limits import Limits
from tradinglab.sandbox.needs import needs_of
from tradinglab.sandbox.needs_guest import WORK
from tradinglab.sandbox.request import RefusedError, RunRequest
from tradinglab.sandbox.watch import Task
from tradinglab.server.accounts.models import User
from tradinglab.server.backtests.carrying_out import FOLDER, STRATEGIES
from tradinglab.server.backtests.data_sources import data_source_ready, data_source_wanted
from tradinglab.server.config.data_sources import LOCAL
from tradinglab.server.datasets.models import CatalogueSeries
from tradinglab.server.errors import ServerError
from tradinglab.server.runs.awaiting import run_awaited
from tradinglab.server.runs.execution import Ended, Ending, Watcher
from tradinglab.server.runs.models import Priority, Run, RunState
from tradinglab.server.runs.services import Wishes, run_create
from tradinglab.server.strategies.files import ENTRY
from tradinglab.server.strategies.running import files_run

_log = logging.getLogger(__name__)
_KIND: Final = "preflight"
_TIMEOUT_S: Final = 15.0
_GRACE_S: Final = 5.0
_LIMITS: Final = Limits(memory_mb=2048, cpu_s=int(_TIMEOUT_S), answer_bytes=4 << 20)
#: What the endpoint of downloads takes; the rest is imported from files.
_DOWNLOADABLE: Final = ("equity", "index", "forex", "crypto")
_MOST_OTHERS: Final = 5


def preflight(
    *,
    user: User,
    files: Mapping[str, str],
    data: str,
    parameters: Mapping[str, str],
    start: date | None = None,
    end: date | None = None,
    cash: Decimal | None = None,
) -> dict[str, Any]:
    """Return what a backtest of files would read, what of it is missing, and what can be done about it.

    What is wrong with the strategy is told as its ``problem``.

    Raises
    ------
    InputError
        If there is no such data source, or the files are no strategy.
    WorkersBusyError
        If no worker was free in time.
    TooManyQueuedError
        If the user has as many runs waiting as may wait.
    """
    manifest = {
        "files": files_run(files),
        "data": data_source_wanted(name=data).name,
        "parameters": dict(parameters),
        "start": None if start is None else start.isoformat(),
        "end": None if end is None else end.isoformat(),
        "cash": None if cash is None else str(cash),
    }
    run = run_awaited(
        start=lambda: run_create(
            owner=user, kind=_KIND, manifest=manifest, wishes=Wishes(priority=Priority.INTERACTIVE)
        ),
        what="to look at the data",
    )
    if run.state != RunState.COMPLETED:
        text = str(run.error.get("message") or "It was cancelled; ask again.")
        return _with_advice(preflight_report([], [], problem=text), data)
    report: dict[str, Any] = Run.objects.values_list("manifest", flat=True).get(pk=run.pk)["report"]
    return _with_advice(report, data)


class PreflightKind:
    """Preflights, as runs."""

    sandboxes = (STRATEGIES,)

    def execute(self, run: Run, folder: Path, watcher: Watcher) -> Ended:
        """Look; what is wrong with the strategy is told, and is no failure of the run."""
        try:
            report = _looked(run.manifest, watcher)
        except RunStoppedError:
            return Ended(ending=Ending.CANCELLED)
        except StrategyError as error:
            report = preflight_report([], [], problem=(error.trace or str(error)).replace(f"{FOLDER}/", ""))
        except (RefusedError, SandboxError, ServerError) as error:
            report = preflight_report([], [], problem=str(error).replace(f"{FOLDER}/", ""))
        except (TradingLabError, OSError) as error:
            _log.error("the data source %s cannot be read: %s", run.manifest["data"], error)
            text = "The data source cannot be read now; the operator finds the reason in the server's log."
            report = preflight_report([], [], problem=text)
        return Ended(ending=Ending.COMPLETED, summary={"report": report}, grade=STRATEGIES.grade)

    def record(self, run: Run, summary: Mapping[str, Any]) -> None:
        """Keep the report in place of what was asked."""
        Run.objects.filter(pk=run.pk).update(manifest=dict(summary))


def _looked(asked: Mapping[str, Any], watcher: Watcher) -> dict[str, Any]:
    spec = data_source_ready(name=asked["data"]).inside
    needs = _needs(asked, spec, watcher)
    source, found = open_source(spec), list[Availability]()
    for each in needs.needs:
        if watcher.is_cancelled():
            raise RunStoppedError("it was cancelled")
        found.append(availability(source, each))
    return preflight_report(
        found, joined_fetches(found), start=needs.start, end=needs.end, notes=needs.notes, problem=needs.problem
    )


def _needs(asked: Mapping[str, Any], spec: str, watcher: Watcher) -> DataNeeds:
    request = RunRequest(
        strategy=f"{FOLDER}/{ENTRY}",
        files={f"{FOLDER}/{name}": text for name, text in asked["files"].items()},
        folders=[FOLDER],
        data=spec,
        start=asked["start"],
        end=asked["end"],
        cash=asked["cash"],
        parameters=asked["parameters"],
        timeout_s=_TIMEOUT_S,
        work=WORK,
    )
    limits = replace(request.bounds(_LIMITS), wall_s=_TIMEOUT_S + _GRACE_S)
    task = Task(request=request.as_bytes(), limits=limits, is_cancelled=watcher.is_cancelled)
    return needs_of(STRATEGIES.carry_out(task).answer, limits=limits)


def _with_advice(report: dict[str, Any], data: str) -> dict[str, Any]:
    """Return a report with the sources of this installation that have what is missing, and with jobs to ask for."""
    target = data if data_source_wanted(name=data).kind == "store" else LOCAL
    for each in report["series"]:
        each["other_data"] = _others(each, data) if each["missing_days"] else []
    for each in report["downloads"]:
        names = [asked["name"] for asked in each["sources"]]
        body = {name: each[name] for name in ("security_type", "market", "resolution", "start", "end")}
        is_taken = each["security_type"] in _DOWNLOADABLE
        each["job"] = {"target": target, "symbols": [each["ticker"]], "sources": names, **body} if is_taken else None
    return report


def _others(each: Mapping[str, Any], data: str) -> list[str]:
    """Return the names of other data sources that have bars of days on which some are missing."""
    meets = Q()
    for gap in each["gaps"]:
        meets |= Q(first_day__lte=gap["last_day"], last_day__gte=gap["first_day"])
    found = CatalogueSeries.objects.filter(
        meets,
        ticker=each["ticker"].upper(),
        resolution=each["resolution"],
        tick_type__in=each["tick_types"],
        instrument__security_type=each["security_type"],
        instrument__market=each["market"],
        is_synthetic=False,
    ).exclude(source__name=data)
    names = found.order_by("source__name").values_list("source__name", flat=True).distinct()
    return list(names[:_MOST_OTHERS])
