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
from tradinglab.server.backtests.engines import Fallback
from tradinglab.server.backtests.figures import FIGURES
from tradinglab.server.backtests.models import Backtest
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
#: The machines that QuantConnect rents out.
NODE_TYPES: Final = ("O2-8", "O4-12", "O8-16")


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
        How each trial is run; elsewhere the time is that of all together.
    engine, fallback
        Where it is searched, and what becomes of it if that place cannot be reached.
    node_type, most_cost
        Elsewhere: on which machines, and how many dollars it may take at most, as far as can be told before.
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
    engine: str = Backtest.Engine.LOCAL
    fallback: str = Fallback.QUEUE
    node_type: str | None = None
    most_cost: Decimal | None = None

    @property
    def is_run_here(self) -> bool:
        """Whether the trials are run by this installation's own engine."""
        return self.engine == Backtest.Engine.LOCAL

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
        self._check_bought()
        _check_figure("target", self.objective.figure)
        for place, constraint in enumerate(self.objective.constraints):
            _check_figure(f"constraints.{place}.figure", constraint.figure)

    def _check_bought(self) -> None:
        """Refuse what only makes sense where machines are rented."""
        if not self.is_run_here:
            return
        for name, value in (("node_type", self.node_type), ("most_cost", self.most_cost)):
            if value is not None:
                text = f"What is searched here costs nothing: leave '{name}' out, or choose another engine."
                raise InputError(name, str(value), text)

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
            engine=self.engine,
            fallback=self.fallback,
        )

    def manifest(self) -> dict[str, Any]:
        """Return all that the outcome depends on, as far as it is known before: that of a trial, and the search."""
        first = replace(self.trial(0), parameters=self.parameters).manifest()
        if not self.is_run_here:
            first["elsewhere"] |= self._bought()
        return {**first, "search": self.search()}

    def _bought(self) -> dict[str, Any]:
        most = None if self.most_cost is None else str(self.most_cost)
        return {"node_type": self.node_type, "most_cost": most}

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
        if not self.is_run_here:
            wanted |= self._bought()
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
    request = OptimizationRequest(
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
    return request if stored.engine == Backtest.Engine.LOCAL else _elsewhere(stored, request)


def _elsewhere(stored: Optimization, request: OptimizationRequest) -> OptimizationRequest:
    asked = stored.run.manifest.get("elsewhere", {})
    most = asked.get("most_cost")
    return replace(
        request,
        data=asked.get("data", SAMPLE),
        wishes=replace(request.wishes, timeout_s=asked.get("timeout_s"), memory_mb=asked.get("memory_mb")),
        engine=stored.engine,
        fallback=asked.get("fallback", Fallback.QUEUE),
        node_type=asked.get("node_type"),
        most_cost=None if most is None else Decimal(most),
    )


def _check_figure(field_name: str, figure: str) -> None:
    if figure not in FIGURES:
        raise InputError(field_name, figure, f"There is no such figure. Known are {', '.join(FIGURES)}.")
