"""What is asked for when an optimization is."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any, Final

from tradinglab.optimize import (
    History,
    Objective,
    Plan,
    Sampler,
    SearchError,
    Space,
    SpaceError,
    plan_check,
    sampler_of,
)
from tradinglab.optimize.samplers import Combination
from tradinglab.server.backtests.engines import Fallback
from tradinglab.server.backtests.figures import FIGURES
from tradinglab.server.backtests.holding_out import SealedDays, end_allowed
from tradinglab.server.backtests.models import Backtest
from tradinglab.server.backtests.requests import BacktestRequest
from tradinglab.server.config.data_sources import SAMPLE
from tradinglab.server.errors import InputError
from tradinglab.server.optimizations.models import Optimization
from tradinglab.server.optimizations.storing import objective_of, plan_of, space_of_stored, stored_search
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
    method
        How trials come to their figures; empty for whichever can be. Once it is decided, the request has it.
    keep
        Whether backtests that are trials keep what they are judged by, or everything.
    node_type, most_cost
        Elsewhere: on which machines, and how many dollars it may take at most, as far as can be told before.
    """

    version: StrategyVersion
    space: Space
    objective: Objective
    plan: Plan = field(default_factory=Plan)
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
    method: str = ""
    keep: str = Optimization.Keep.FIGURES
    node_type: str | None = None
    most_cost: Decimal | None = None
    hold_out: str = SealedDays.REFUSE

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
        plan_given_check(self.plan, self.space)
        self.first.check()
        if not 0 < self.most_parallel <= MOST_PARALLEL:
            text = f"1 to {MOST_PARALLEL} trials may be under way at once."
            raise InputError("most_parallel", self.most_parallel, text)
        for axis in self.space.axes:
            if axis.name in self.parameters:
                text = "That parameter is searched; leave it out of those that stay the same."
                raise InputError(f"parameters.{axis.name}", self.parameters[axis.name], text)
        self._check_bought()
        _check_figure("target", self.objective.figure)
        for place, bound in enumerate(self.objective.bounds):
            _check_figure(f"constraints.{place}.figure", bound.figure)
        for place, penalty in enumerate(self.objective.penalties):
            _check_figure(f"penalties.{place}.figure", penalty.figure)
        for place, goal in enumerate(self.objective.others):
            _check_figure(f"other_targets.{place}.figure", goal.figure)
            if goal.figure == self.objective.figure:
                raise InputError(f"other_targets.{place}.figure", goal.figure, "That is the target already.")

    def _check_bought(self) -> None:
        """Refuse what only makes sense where machines are rented."""
        if not self.is_run_here:
            return
        for name, value in (("node_type", self.node_type), ("most_cost", self.most_cost)):
            if value is not None:
                text = f"What is searched here costs nothing: leave '{name}' out, or choose another engine."
                raise InputError(name, str(value), text)

    @property
    def sampler(self) -> Sampler:
        """What says which combinations are tried."""
        return sampler_of(self.plan, self.space, self.objective)

    @property
    def first(self) -> BacktestRequest:
        """The backtest of a combination that is tried, by which those of all are judged."""
        return self.trial(self.sampler.ask(History.of([]), 1).combinations[0])

    def trial(self, combination: Combination) -> BacktestRequest:
        """Return the backtest of a combination."""
        return BacktestRequest(
            version=self.version,
            parameters={**self.parameters, **combination},
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
        first = replace(self.first, parameters=self.parameters).manifest()
        if not self.is_run_here:
            first["elsewhere"] |= self._bought()
        return {**first, "search": self.search()}

    def _bought(self) -> dict[str, Any]:
        most = None if self.most_cost is None else str(self.most_cost)
        return {"node_type": self.node_type, "most_cost": most}

    def kept_out(self) -> OptimizationRequest:
        """Return what of it the sealed days of the strategy allow.

        Raises
        ------
        InputError
            If it would touch them, and is not to be clipped.
        """
        end = end_allowed(version=self.version, start=self.start, end=self.end, sealed=self.hold_out)
        return replace(self, end=end)

    def search(self) -> dict[str, Any]:
        """Return what is searched and what for, as JSON takes it."""
        stored = stored_search(self.space, self.objective, self.plan)
        if self.method:
            stored["method"] = str(self.method)
        if self.keep != Optimization.Keep.FIGURES:
            stored["keep"] = str(self.keep)
        return stored

    def fingerprint(self) -> str:
        """Return a hash by which the same request is known again."""
        wanted = {
            "name": self.name,
            "trial": self.first.fingerprint(),
            "search": self.search(),
            "most_parallel": self.most_parallel,
            "wishes": asdict(self.wishes),
        }
        if not self.is_run_here:
            wanted |= self._bought()
        return hashlib.sha256(json.dumps(wanted, sort_keys=True).encode()).hexdigest()


def plan_given_check(plan: Plan, space: Space) -> None:
    """Refuse a space of more combinations than are tried, or a plan that it cannot be gone through by.

    Raises
    ------
    InputError
        Names field, value, and what to do.
    """
    if plan.most_trials is not None and plan.most_trials > MOST_TRIALS:
        raise InputError("most_trials", plan.most_trials, f"At most {MOST_TRIALS:,} combinations are tried.")
    try:
        plan_check(plan, space, most_of_grid=MOST_TRIALS)
    except SpaceError as problem:
        raise InputError(space_field(space, problem), problem.value, str(problem)) from None
    except SearchError as problem:
        raise InputError("most_trials", plan.most_trials, str(problem)) from None


def space_field(space: Space | None, problem: SpaceError, names: Sequence[str] = ()) -> str:
    """Return the field of a request that an error of a space is about."""
    known = [axis.name for axis in space.axes] if space is not None else [*names]
    if problem.part == "constraint":
        return "space_constraints"
    place = [f"{known.index(problem.parameter)}"] if problem.parameter in known else []
    return ".".join(["space", *place, problem.part]).rstrip(".")


def request_of(stored: Optimization) -> OptimizationRequest:
    """Return what was asked for when an optimization was."""
    run = stored.run
    request = OptimizationRequest(
        version=stored.version,
        space=space_of_stored(stored.space, stored.space_constraints),
        objective=objective_of(stored),
        plan=plan_of(stored),
        name=stored.name,
        parameters=stored.parameters,
        start=stored.start,
        end=stored.end,
        cash=stored.cash,
        data=stored.data,
        most_parallel=stored.most_parallel,
        method=stored.method,
        keep=stored.keep,
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
