"""The daily returns of simulated trials, which their simulation does not keep: made by simulating them again.

A run of its own makes them of the trials that are looked at, and leaves one table: it survives its worker, takes the
owner's limits, and is done once.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl
from django.db import transaction

from tradinglab.server.backtests.daily import DailyAccount
from tradinglab.server.backtests.data_sources import data_source_get
from tradinglab.server.backtests.outputs import PARQUET
from tradinglab.server.backtests.results import table_collect
from tradinglab.server.errors import ConflictError, NotFoundError
from tradinglab.server.honesty.holding import hold_out_check
from tradinglab.server.optimizations.models import Optimization, Trial
from tradinglab.server.optimizations.simulating import REFUSED, subject_of
from tradinglab.server.runs.execution import Ended, Ending, OutputFile, SandboxKeeper, Watcher
from tradinglab.server.runs.limits import owner_lock
from tradinglab.server.runs.models import FINAL_STATES, Priority, Run, RunState
from tradinglab.server.runs.selectors import artefact_get, artefact_path
from tradinglab.server.runs.services import Submission, Wishes, run_create
from tradinglab.server.strategies.checking import rules_read_apart
from tradinglab.server.strategies.files import RULES
from tradinglab.server.strategies.simulators import (
    READING_S,
    SIMULATORS,
    SimulatorLostError,
    SimulatorSilentError,
    SimulatorStoppedError,
)

#: Of more trials, as many are looked at, spread evenly: each is a table to be read.
MOST_TRIALS: Final = 200
#: The kind of such runs, and what they leave.
DAILY_RETURNS: Final = "daily_returns"
_FILE: Final = "equity.parquet"
_DAY, _PER_YEAR = "day", "days_per_year"
_WORTH_SOMETHING: Final = (RunState.QUEUED, RunState.RUNNING, RunState.COMPLETED)


def spread(ratios: Sequence[float | None]) -> list[int]:
    """Return the places of the trials that stand for all, by their Sharpe ratios: the best is among them."""
    if not ratios:
        return []
    places = {round(place) for place in np.linspace(0, len(ratios) - 1, min(MOST_TRIALS, len(ratios)))}
    places.add(max(range(len(ratios)), key=lambda place: -math.inf if (own := ratios[place]) is None else own))
    return sorted(places)


def returns_ask(*, optimization: Optimization) -> Submission:
    """Have the daily returns of simulated trials made, unless they are, or are about to be.

    Raises
    ------
    ConflictError
        If the trials are backtests, or the search is not over.
    SealedDaysError
        If it covers days that were sealed since.
    TooManyQueuedError
        If the owner has as many runs waiting as may wait.
    """
    if optimization.method != Optimization.Method.SIMULATION:
        raise ConflictError("The trials of this search are backtests, whose daily returns are kept: GET this address.")
    _check_over(optimization)
    # To simulate its trials again is to look at its days again.
    hold_out_check(
        strategy=optimization.version.strategy, end=_last_day(optimization), field="optimization", can_clip=False
    )
    with transaction.atomic():
        owner_lock(user_id=optimization.run.owner_id)  # of two that ask at once, one finds what the other has stored
        known = _newest(optimization)
        if known is not None and known.state in _WORTH_SOMETHING and known.cancel_requested_at is None:
            return Submission(known, False)
        run = run_create(
            owner=optimization.run.owner,
            kind=DAILY_RETURNS,
            manifest={"optimization": str(optimization.pk)},
            wishes=Wishes(priority=Priority.NORMAL),
            parent=optimization.run,
        )
        return Submission(run, True)


def _check_over(optimization: Optimization) -> None:
    if optimization.run.state not in FINAL_STATES:
        raise ConflictError(f"The search is {optimization.run.state}; ask again when it is over.")


def _last_day(optimization: Optimization) -> date | None:
    if optimization.end is not None:
        return optimization.end
    rules = rules_read_apart(text=optimization.version.files[RULES]).get("rules")
    return date.fromisoformat(rules["end"]) if rules else None


def _newest(optimization: Optimization) -> Run | None:
    found = Run.objects.filter(parent=optimization.pk, kind=DAILY_RETURNS)
    return found.order_by("-created_at", "-id").first()


def returns_read(*, optimization: Optimization) -> dict[int, DailyAccount]:
    """Return the accounts of simulated trials by their numbers.

    Raises
    ------
    ConflictError
        If the search is not over, or they are not made yet; says what to do.
    DamagedResultError
        If what was made cannot be read.
    """
    _check_over(optimization)
    run = _newest(optimization)
    if run is None or run.state == RunState.CANCELLED:
        text = (
            "The trials of this search were simulated, and left no daily returns. POST to this address has them made."
        )
        raise ConflictError(text)
    if run.state != RunState.COMPLETED:
        advice = "POST to this address tries again" if run.is_final else "ask again when it has completed"
        raise ConflictError(f"The run that makes the trials' daily returns is {run.state}; {advice}.")
    path = artefact_path(artefact=artefact_get(run=run, name=_FILE))
    table = table_collect(pl.scan_parquet(path, glob=False))
    days, per_year = tuple(table[_DAY].to_list()), int(table[_PER_YEAR][0]) if table.height else 0
    return {
        int(name): DailyAccount(
            days=days, equity=table[name].to_numpy(), benchmark=np.empty(0), periods_per_year=per_year
        )
        for name in table.columns
        if name not in (_DAY, _PER_YEAR)
    }


class ReturnsKind:
    """Making daily returns, as a run."""

    sandboxes: tuple[SandboxKeeper, ...] = ()

    def execute(self, run: Run, folder: Path, watcher: Watcher) -> Ended:
        """Simulate the trials that stand for all, and leave their accounts as a table."""
        optimization = Optimization.objects.select_related("version").get(pk=run.parent_id)
        try:
            table = _simulated(optimization, run, watcher)
        except SimulatorStoppedError:
            return Ended(ending=Ending.CANCELLED)
        except SimulatorSilentError:
            text = f"A simulation took longer than {run.timeout_s:g} s."
            return Ended(ending=Ending.TIMED_OUT, error={"code": "time_limit", "message": text})
        except SimulatorLostError:
            return _failed("simulation_lost", "The process that simulates died, perhaps for want of memory.")
        except NotFoundError as problem:
            return _failed(problem.code, str(problem))
        except _RefusedError as problem:
            return _failed(REFUSED, str(problem))
        table.write_parquet(folder / _FILE)
        return Ended(ending=Ending.COMPLETED, files={_FILE: OutputFile(folder / _FILE, PARQUET)})

    def record(self, run: Run, summary: Mapping[str, Any]) -> None:
        """Have nothing to store beside the table."""


class _RefusedError(Exception):
    """The trials cannot be simulated any more."""


def _failed(code: str, text: str) -> Ended:
    return Ended(ending=Ending.FAILED, error={"code": code, "message": text})


def _simulated(optimization: Optimization, run: Run, watcher: Watcher) -> pl.DataFrame:
    """Return the accounts of the trials that stand for all: a column for each, a row for each day."""
    done = Trial.objects.filter(optimization=optimization, outcome=RunState.COMPLETED).order_by("number")
    rows = list(done.values_list("number", "figures__sharpe_ratio"))
    numbers = [rows[place][0] for place in spread([ratio for _, ratio in rows])]
    trials = [
        [number, {**optimization.parameters, **parameters}]
        for number, parameters in done.filter(number__in=numbers).values_list("number", "parameters")
    ]
    subject = subject_of(optimization)
    columns: dict[str, Any] = {}
    with SIMULATORS.lend(subject) as simulator:
        answers = simulator.carry_out(
            {"subject": subject, "trials": trials, "wants_days": True},
            silence_s=READING_S + run.timeout_s,
            is_cancelled=watcher.is_cancelled,
        )
        for answer in answers:
            if refusal := answer.get("refusal"):
                data = data_source_get(name=optimization.data).inside
                raise _RefusedError(str(refusal).replace(data, optimization.data))
            if "days" in answer:
                days = [date.fromisoformat(day) for day in answer["days"]]
                columns[_DAY] = pl.Series(days, dtype=pl.Date)
                columns[_PER_YEAR] = pl.Series([answer["days_per_year"]] * len(days), dtype=pl.Int32)
            for number, _, problem, equity in answer["done"]:
                if not problem:
                    columns[str(number)] = pl.Series(equity, dtype=pl.Float64)
            watcher.hear(fraction=(len(columns) - 2) / max(1, len(trials)), date="", lines=())
    return pl.DataFrame(columns)
