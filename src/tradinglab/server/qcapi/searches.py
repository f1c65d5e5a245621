"""Optimizations as clients of QuantConnect ask for them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from django.db import transaction
from django.db.models import Avg, QuerySet

from tradinglab.optimize import Axis, Bound, Direction, Objective, Operator, Plan, Space, SpaceError, axis_of_range
from tradinglab.server.accounts.models import User
from tradinglab.server.backtests.data_sources import data_source_usual
from tradinglab.server.backtests.figures import FIGURES
from tradinglab.server.backtests.parameters import searched_check
from tradinglab.server.errors import InputError, NotFoundError
from tradinglab.server.optimizations.models import Optimization
from tradinglab.server.optimizations.requests import MOST_AXES, MOST_PARALLEL, OptimizationRequest, plan_given_check
from tradinglab.server.optimizations.services import optimization_submit
from tradinglab.server.qcapi.backtests import backtests_of, hex_id, usable
from tradinglab.server.qcapi.models import Compile, Project, SentOptimization
from tradinglab.server.qcapi.names import checked_name
from tradinglab.server.qcapi.selectors import project_get, project_of_strategy

GRID: Final = "QuantConnect.Optimizer.Strategies.GridSearchOptimizationStrategy"
#: What a search by the Euler sampler is called; clients cannot ask for it: QuantConnect's cloud takes the grid alone.
EULER: Final = "QuantConnect.Optimizer.Strategies.EulerSearchOptimizationStrategy"
#: How many trials each kind of node takes at once.
NODES: Final[Mapping[str, int]] = {"O2-8": 24, "O4-12": 12, "O8-16": 6}
PREFIX: Final = "O-"
_TARGET: Final = "TotalPerformance.PortfolioStatistics."
#: LEAN itself writes a path as ['TotalPerformance'].['PortfolioStatistics'].['SharpeRatio'].
_PATH_MARKS: Final = str.maketrans("", "", "[]'\" ")
_OPERATORS: Final[Mapping[str, Operator]] = {each.value.replace("_", ""): each for each in Operator}
#: How long a backtest takes of which none was run yet, in seconds.
_USUAL_S: Final = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedAxis:
    """A parameter as a client asks for it: a range, or one value."""

    name: str
    low: float | None = None
    high: float | None = None
    step: float | None = None
    value: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedConstraint:
    """A bound as a client asks for it."""

    target: str
    operator: str
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedSearch:
    """What a client wants searched, and what for."""

    strategy: str
    target: str
    target_to: str
    axes: Sequence[AskedAxis]
    target_value: float | None = None
    constraints: Sequence[AskedConstraint] = field(default_factory=tuple)

    @property
    def space(self) -> Space:
        """The parameters that are searched.

        Raises
        ------
        InputError
            If there is none, or a range is none, or there are more parameters than are searched at once.
        """
        if self.strategy != GRID:
            text = f"The strategy '{self.strategy[:100]}' is not known here; use {GRID}."
            raise InputError("strategy", self.strategy, text)
        searched = [each for each in self.axes if each.value is None]
        if len(searched) > MOST_AXES:
            text = f"At most {MOST_AXES} parameters are searched at once; give the others a value."
            raise InputError("parameters", len(searched), text)
        try:
            return Space.of([_axis(each) for each in searched])
        except SpaceError as problem:
            where = f"parameters: '{problem.parameter}' {problem.part} " if problem.parameter else "parameters "
            raise InputError("parameters", problem.value, f"{where}was {problem.value}: {problem}") from None

    @property
    def fixed(self) -> dict[str, str]:
        """The parameters that stay the same."""
        return {each.name: each.value for each in self.axes if each.value is not None}

    @property
    def objective(self) -> Objective:
        """What is looked for.

        Raises
        ------
        InputError
            If it is no figure, or no direction.
        """
        if self.target_to not in [*Direction]:
            text = f"The field 'targetTo' was '{self.target_to[:40]}'; write max or min."
            raise InputError("targetTo", self.target_to, text)
        return Objective(
            figure=figure_of(self.target),
            direction=Direction(self.target_to),
            target=self.target_value,
            bounds=tuple(
                Bound(figure=figure_of(each.target), operator=_operator(each.operator), value=each.value)
                for each in self.constraints
            ),
        )


def _axis(asked: AskedAxis) -> Axis:
    for part, number in (("min", asked.low), ("max", asked.high), ("step", asked.step)):
        if number is None:
            raise SpaceError(f"Give the parameter's {part}.", parameter=asked.name, part=part, value="missing")
    low, high, step = (Decimal(repr(number)) for number in (asked.low, asked.high, asked.step))
    return axis_of_range(asked.name, low=low, high=high, step=step)


def figure_of(target: str) -> str:
    """Return our name of the figure that a client names by its place in LEAN's result.

    Raises
    ------
    InputError
        If there is none of that name.
    """
    path = target.translate(_PATH_MARKS)
    name = re.sub(r"(?<!^)(?=[A-Z])", "_", path.removeprefix(_TARGET)).lower()
    if not path.startswith(_TARGET) or name not in FIGURES:
        raise InputError("target", target, f"The target '{target[:100]}' is not known; use {_TARGET}SharpeRatio.")
    return name


def target_of(figure: str) -> str:
    """Return the place of a figure in LEAN's result."""
    return _TARGET + "".join(part.title() for part in figure.split("_"))


def operator_name(operator: str) -> str:
    """Return what clients call an operator."""
    return "".join(part.title() for part in operator.split("_"))


def _operator(text: str) -> Operator:
    found = _OPERATORS.get(text.replace("_", "").lower())
    if found is None:
        known = ", ".join(operator_name(each) for each in Operator)
        raise InputError("operator", text, f"The operator '{text[:40]}' is not known; use one of {known}.")
    return found


def search_create(
    *, user: User, project: Project, compiled: Compile, name: str, search: AskedSearch, node: str, parallel: int
) -> Optimization:
    """Start an optimization of what was compiled.

    Raises
    ------
    ConflictError
        If it did not compile, or is not compiled yet.
    InputError
        If what is searched, the node or the name cannot be used.
    TooManyQueuedError
        If the user has as many runs waiting as may wait.
    """
    usable(compiled)
    if node not in NODES:
        raise InputError("nodeType", node, f"The node '{node[:40]}' is not known; use one of {', '.join(NODES)}.")
    if not 0 < parallel <= NODES[node]:
        text = f"The field 'parallelNodes' was {parallel}; of {node} 1 to {NODES[node]} can be used."
        raise InputError("parallelNodes", parallel, text)
    request = OptimizationRequest(
        version=compiled.version,
        space=search.space,
        objective=search.objective,
        name=checked_name(name),
        parameters=search.fixed,
        data=data_source_usual().name,
        most_parallel=min(parallel, MOST_PARALLEL),
        # These clients look at each trial's backtest, and at its charts and orders.
        method=Optimization.Method.BACKTESTS,
        keep=Optimization.Keep.EVERYTHING,
    )
    # Reads the files, unless that was done: not while the database waits.
    searched_check(files=request.version.files, axes=request.space.axes)
    with transaction.atomic():
        run = optimization_submit(owner=user, request=request).run
        asked = [{"name": each.name, "min": each.low, "max": each.high, "step": each.step} for each in search.axes]
        SentOptimization.objects.create(
            optimization_id=run.pk,
            compile=compiled,
            node_type=node,
            parameters=[each for each, axis in zip(asked, search.axes, strict=True) if axis.value is None],
        )
    return searches_of(project=project).get(pk=run.pk)


def searches_of(*, project: Project) -> QuerySet[Optimization]:
    """Return a project's optimizations, the newest first."""
    mine = Optimization.objects.filter(version__strategy=project.strategy, run__deleted_at=None)
    found = mine.filter(run__parent=None)
    return found.select_related("run", "sent").order_by("-run__created_at", "-run_id")


def search_of(*, user: User, optimization_id: str, to_write: bool = False) -> tuple[Optimization, Project]:
    """Return an optimization of one of the projects that a user sees, and that project.

    Raises
    ------
    NotFoundError
        If there is none.
    ForbiddenError
        If the project is shared, but not to be changed.
    """
    run_id = hex_id(optimization_id.removeprefix(PREFIX))
    missing = NotFoundError(f"There is no optimization '{optimization_id[:64]}'.")
    if run_id is None:
        raise missing
    found = Optimization.objects.select_related("version__strategy").defer("version__files").filter(pk=run_id).first()
    if found is None:
        raise missing
    try:
        number = project_of_strategy(strategy=found.version.strategy).pk
        project = project_get(user=user, project_id=number, to_write=to_write)
    except NotFoundError:
        raise missing from None
    seen = searches_of(project=project).filter(pk=run_id).first()
    if seen is None:
        raise missing
    return seen, project


def search_seconds(*, project: Project, search: AskedSearch) -> int:
    """Return how long a search may take, from how long the project's backtests took.

    Raises
    ------
    InputError
        If there is nothing to be searched, or more than is tried.
    """
    space = search.space
    plan_given_check(Plan(), space)
    mean = backtests_of(project=project).order_by().aggregate(mean=Avg("duration_s"))["mean"]
    return max(round((mean or _USUAL_S) * space.size), 1)
