"""What of a request for an optimization QuantConnect can follow, and how it is told."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from itertools import pairwise
from typing import Final

from tradinglab.optimize import Axis, SamplerName
from tradinglab.quantconnect.models.optimizations import Constraint, Search, SearchRange
from tradinglab.server.accounts.models import User
from tradinglab.server.cloud.requests import request_check
from tradinglab.server.errors import InputError
from tradinglab.server.optimizations.requests import NODE_TYPES, OptimizationRequest

_PATH: Final = "TotalPerformance.PortfolioStatistics."
#: What QuantConnect can look for, by our names.
TARGETS: Final[Mapping[str, str]] = {
    "sharpe_ratio": f"{_PATH}SharpeRatio",
    "compounding_annual_return": f"{_PATH}CompoundingAnnualReturn",
    "probabilistic_sharpe_ratio": f"{_PATH}ProbabilisticSharpeRatio",
    "drawdown": f"{_PATH}Drawdown",
}
#: How many of each kind of node QuantConnect takes for one optimization, and what an hour of one costs in dollars.
MOST_NODES: Final[Mapping[str, int]] = {"O2-8": 24, "O4-12": 12, "O8-16": 6}
PRICES: Final[Mapping[str, float]] = {"O2-8": 0.15, "O4-12": 0.30, "O8-16": 0.60}


def search_check(*, owner: User, request: OptimizationRequest) -> None:
    """Refuse what could not be searched at QuantConnect.

    Raises
    ------
    InputError
        Names field, value, and what to do.
    """
    request_check(owner=owner, request=request.first)
    _grid_check(request)
    _figure_check("target", request.objective.figure)
    for place, bound in enumerate(request.objective.bounds):
        _figure_check(f"constraints.{place}.figure", bound.figure)
    node = node_of(request)
    if request.most_parallel > MOST_NODES[node]:
        text = f"Of {node} QuantConnect takes up to {MOST_NODES[node]} at once; ask for fewer, or for smaller nodes."
        raise InputError("most_parallel", request.most_parallel, text)
    search_of(request)


def _grid_check(request: OptimizationRequest) -> None:
    """Refuse what QuantConnect's cloud does not do: it searches a grid for one figure."""
    if request.plan.sampler != SamplerName.GRID:
        text = "QuantConnect searches a grid alone; leave the sampler out, or search with the engine 'local'."
        raise InputError("sampler", str(request.plan.sampler), text)
    objective = request.objective
    for field, given in (
        ("space_constraints", request.space.constraints),
        ("penalties", objective.penalties),
        ("other_targets", objective.others),
    ):
        if given:
            text = f"QuantConnect knows nothing of '{field}': leave it out, or search with the engine 'local'."
            raise InputError(field, len(given), text)


def _figure_check(field: str, figure: str) -> None:
    if figure not in TARGETS:
        text = f"QuantConnect looks for {', '.join(TARGETS)} alone; name one of these, or search by 'local'."
        raise InputError(field, figure, text)


def node_of(request: OptimizationRequest) -> str:
    """Return the kind of node that a request is for."""
    return request.node_type or NODE_TYPES[0]


def search_of(request: OptimizationRequest) -> Search:
    """Return a request as QuantConnect takes it.

    Raises
    ------
    InputError
        If the values of a parameter are no range, as that is all that it searches.
    """
    objective = request.objective
    return Search(
        parameters=tuple(_range(place, axis) for place, axis in enumerate(request.space.axes)),
        target=TARGETS[objective.figure],
        target_to=str(objective.direction),
        target_value=objective.target,
        constraints=tuple(
            Constraint(
                target=TARGETS[each.figure],
                operator="".join(part.title() for part in each.operator.split("_")),
                value=each.value,
            )
            for each in objective.bounds
        ),
        fixed=dict(request.parameters),
    )


def _range(place: int, axis: Axis) -> SearchRange:
    field = f"space.{place}.values"
    try:
        values = [Decimal(text) for text in axis.values]
    except InvalidOperation:
        text = "QuantConnect searches numbers alone; give numbers, or search with the engine 'local'."
        raise InputError(field, ", ".join(axis.values)[:200], text) from None
    step = values[1] - values[0] if len(values) > 1 else Decimal(1)
    steps = {high - low for low, high in pairwise(values)}
    if step <= 0 or len(steps) > 1 or not all(each.is_finite() for each in values):
        text = "QuantConnect searches ranges alone: give values that rise by the same step, or `min`, `max` and `step`."
        raise InputError(field, ", ".join(axis.values)[:200], text)
    return SearchRange(name=axis.name, min=float(values[0]), max=float(values[-1]), step=float(step))
