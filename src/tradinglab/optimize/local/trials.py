"""One trial on this machine: what is run, and what came out."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from tradinglab.core.errors import TradingLabError
from tradinglab.core.values import dataclass, field
from tradinglab.optimize.tried import TriedState

if TYPE_CHECKING:
    from tradinglab.engine.result import BacktestResult
    from tradinglab.optimize.local.confined import Confinement

_LONGEST_ERROR = 500
_MOST_FINDINGS = 5
#: A run that loses all its money has figures, too.
_WHOLE = ("completed", "ruined")


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What is kept of a run: its figures, and the account's value at the end of each day."""

    figures: Mapping[str, float]
    days: Sequence[date] = ()
    equity: Sequence[float] = ()


#: What makes figures of a result. It is handed to other processes by its name: a function of a module.
Measure: TypeAlias = "Callable[[BacktestResult], Measured]"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunTerms:
    """What is the same in every trial, as :func:`tradinglab.engine.run.backtest` takes it.

    Attributes
    ----------
    is_simulated
        Whether *strategy* is a file of rules, whose trials are simulated.
    confinement
        How its code is kept from doing harm; ``None`` for code that may do what this process may.
    """

    strategy: Path
    data: str = "sample"
    start: date | None = None
    end: date | None = None
    cash: Decimal | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    import_paths: Sequence[Path] = ()
    class_name: str | None = None
    timeout_s: float | None = None
    seed: int | None = None
    is_simulated: bool = False
    confinement: Confinement | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One trial that is to be run.

    Attributes
    ----------
    start, end
        In place of those of the terms.
    wants_days
        Whether the account's value by days is asked for.
    """

    number: int
    parameters: Mapping[str, str]
    start: date | None = None
    end: date | None = None
    wants_days: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What came of a trial.

    Attributes
    ----------
    findings
        What its replay found against it, if it ran in a sandbox: what its orders and the bars do not explain.
    """

    number: int
    state: TriedState
    figures: Mapping[str, float] = field(default_factory=dict)
    error: str = ""
    seconds: float = 0.0
    days: Sequence[date] = ()
    equity: Sequence[float] = ()
    findings: Sequence[str] = ()


def carry_out(task: Task, terms: RunTerms, run: Callable[..., BacktestResult], measure: Measure) -> Done:
    """Run a trial; what goes wrong in it is its outcome.

    Parameters
    ----------
    run
        Backtests a strategy over the data, as :func:`tradinglab.engine.run.backtest` does.
    """
    began = time.perf_counter()
    try:
        result = run(
            terms.strategy,
            start=task.start or terms.start,
            end=task.end or terms.end,
            cash=terms.cash,
            parameters={**terms.parameters, **task.parameters},
            import_paths=terms.import_paths,
            class_name=terms.class_name,
            timeout_s=terms.timeout_s,
            seed=terms.seed,
        )
        measured = measure(result)
    except TradingLabError as problem:
        return _failed(task, str(problem), began)
    if result.status not in _WHOLE:
        return _failed(task, f"The run ended as {result.status}.", began)
    return Done(
        number=task.number,
        state=TriedState.COMPLETED,
        figures=dict(measured.figures),
        seconds=time.perf_counter() - began,
        days=tuple(measured.days) if task.wants_days else (),
        equity=tuple(measured.equity) if task.wants_days else (),
        findings=_findings(result),
    )


def _findings(result: BacktestResult) -> tuple[str, ...]:
    """Return what the replay of a run in a sandbox has against its figures."""
    lines = [] if result.verification is None else result.verification.lines(_MOST_FINDINGS)
    return tuple(each[:_LONGEST_ERROR] for each in lines)


def _failed(task: Task, error: str, began: float) -> Done:
    seconds = time.perf_counter() - began
    return Done(number=task.number, state=TriedState.FAILED, error=error[:_LONGEST_ERROR], seconds=seconds)


def processors() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
