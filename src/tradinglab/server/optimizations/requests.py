"""What is asked for when an optimization is."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any, Final

from tradinglab.optimize import Axis, Constraint, Direction, Objective, Operator, Space
from tradinglab.server.backtests.figures import FIGURES
from tradinglab.server.backtests.requests import BacktestRequest
from tradinglab.server.config.data_sources import SAMPLE
from tradinglab.server.errors import InputError
from tradinglab.server.optimizations.models import Optimization
from tradinglab.server.runs.models import Priority
from tradinglab.server.runs.services import Wishes
from tradinglab.server.strategies.models import StrategyVersion

MOST_TRIALS: Final = 10_000
#: How many parameters are searched at once.
MOST_AXES: Final = 20
MOST_PARALLEL: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class OptimizationRequest:
    """What is to be searched; what is left out is the strategy's own.

    Attributes
    ----------
    parameters
        What is the same in every trial.
    most_parallel
        How many trials may wait or be under way at once.
    wishes
        How each trial is run.
    """

    version: StrategyVersion
    space: Space
    objective: Objective
    name: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)
    start: date | None = None
    end: date | None = None
    cash: Decimal | None = None
    data: str = SAMPLE
    most_parallel: int = 4
    wishes: Wishes = field(default_factory=lambda: Wishes(priority=Priority.BATCH))

    def check(self) -> None:
        """Refuse what cannot be searched.

        Raises
        ------
        InputError
            Names field, value, and what to do.
        """
        self.trial(0).check()
        space_check(self.space)
        if not 0 < self.most_parallel <= MOST_PARALLEL:
            text = f"1 to {MOST_PARALLEL} trials may be under way at once."
            raise InputError("most_parallel", self.most_parallel, text)
        for axis in self.space.axes:
            if axis.name in self.parameters:
                text = "That parameter is searched; leave it out of those that stay the same."
                raise InputError(f"parameters.{axis.name}", self.parameters[axis.name], text)
        _check_figure("target", self.objective.figure)
        for place, constraint in enumerate(self.objective.constraints):
            _check_figure(f"constraints.{place}.figure", constraint.figure)

    def trial(self, number: int) -> BacktestRequest:
        """Return the backtest of a combination."""
        return BacktestRequest(
            version=self.version,
            parameters={**self.parameters, **self.space[number]},
            start=self.start,
            end=self.end,
            cash=self.cash,
            data=self.data,
            wishes=self.wishes,
        )

    def manifest(self) -> dict[str, Any]:
        """Return all that the outcome depends on, as far as it is known before: that of a trial, and the search."""
        first = replace(self.trial(0), parameters=self.parameters).manifest()
        return {**first, "search": self.search()}

    def search(self) -> dict[str, Any]:
        """Return what is searched and what for, as JSON takes it."""
        objective = self.objective
        return {
            "space": [{"name": axis.name, "values": list(axis.values)} for axis in self.space.axes],
            "target": objective.figure,
            "direction": str(objective.direction),
            "target_value": objective.target,
            "constraints": [asdict_of(each) for each in objective.constraints],
        }

    def fingerprint(self) -> str:
        """Return a hash by which the same request is known again."""
        wanted = {
            "name": self.name,
            "trial": self.trial(0).fingerprint(),
            "search": self.search(),
            "most_parallel": self.most_parallel,
            "wishes": asdict(self.wishes),
        }
        return hashlib.sha256(json.dumps(wanted, sort_keys=True).encode()).hexdigest()


def space_check(space: Space) -> None:
    """Refuse a space of more combinations than are tried.

    Raises
    ------
    InputError
        If it is too large.
    """
    if space.size > MOST_TRIALS:
        text = f"At most {MOST_TRIALS:,} combinations are tried; use larger steps or fewer parameters."
        raise InputError("space", space.size, text)


def asdict_of(constraint: Constraint) -> dict[str, Any]:
    """Return a bound as it is stored."""
    return {"figure": constraint.figure, "operator": str(constraint.operator), "value": constraint.value}


def objective_of(stored: Optimization) -> Objective:
    """Return what an optimization looks for."""
    constraints = tuple(
        Constraint(figure=each["figure"], operator=Operator(each["operator"]), value=each["value"])
        for each in stored.constraints
    )
    return Objective(
        figure=stored.target,
        direction=Direction(stored.direction),
        target=stored.target_value,
        constraints=constraints,
    )


def request_of(stored: Optimization) -> OptimizationRequest:
    """Return what was asked for when an optimization was."""
    run = stored.run
    return OptimizationRequest(
        version=stored.version,
        space=Space.of([Axis(name=each["name"], values=tuple(each["values"])) for each in stored.space]),
        objective=objective_of(stored),
        name=stored.name,
        parameters=stored.parameters,
        start=stored.start,
        end=stored.end,
        cash=stored.cash,
        data=stored.data,
        most_parallel=stored.most_parallel,
        wishes=Wishes(priority=Priority(run.priority), timeout_s=run.timeout_s, memory_mb=run.memory_mb),
    )


def _check_figure(field_name: str, figure: str) -> None:
    if figure not in FIGURES:
        raise InputError(field_name, figure, f"There is no such figure. Known are {', '.join(FIGURES)}.")
