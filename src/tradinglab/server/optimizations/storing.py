"""What is searched, as the database keeps it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from tradinglab.optimize import (
    Axis,
    Bound,
    Direction,
    Goal,
    Objective,
    Operator,
    Penalty,
    Plan,
    SamplerName,
    Space,
    constraint_of,
)
from tradinglab.optimize.space import decimal_text
from tradinglab.server.optimizations.models import Optimization

#: What a range has beside its values, by our names and by those of the requests.
_PARTS: Final[Mapping[str, str]] = {"low": "min", "high": "max", "step": "step", "min_step": "min_step"}


def stored_search(space: Space, objective: Objective, plan: Plan) -> dict[str, Any]:
    """Return what is searched and what for, by the columns that keep it."""
    return {
        "space": [_stored_axis(axis, plan) for axis in space.axes],
        "space_constraints": [each.text for each in space.constraints],
        "sampler": str(plan.sampler),
        "most_trials": plan.most_trials,
        "seed": plan.seed,
        "target": objective.figure,
        "direction": str(objective.direction),
        "target_value": objective.target,
        "constraints": [
            {"figure": each.figure, "operator": str(each.operator), "value": each.value} for each in objective.bounds
        ],
        "penalties": [{"figure": each.figure, "weight": each.weight} for each in objective.penalties],
        "other_targets": [{"figure": each.figure, "direction": str(each.direction)} for each in objective.others],
    }


def _stored_axis(axis: Axis, plan: Plan) -> dict[str, Any]:
    stored: dict[str, Any] = {"name": axis.name, "values": list(axis.values)}
    if plan.sampler == SamplerName.EULER or axis.is_continuous:
        parts = {name: getattr(axis, part) for part, name in _PARTS.items()}
        stored |= {name: decimal_text(number) for name, number in parts.items() if number is not None}
    return {**stored, "log": True} if axis.is_log else stored


def space_of_stored(axes: Sequence[Mapping[str, Any]], constraints: Sequence[str]) -> Space:
    """Return the space that was stored."""
    return Space.of([_axis(each) for each in axes], [constraint_of(each) for each in constraints])


def _axis(stored: Mapping[str, Any]) -> Axis:
    parts = {part: Decimal(stored[name]) if name in stored else None for part, name in _PARTS.items()}
    return Axis(name=stored["name"], values=tuple(stored["values"]), is_log=stored.get("log", False), **parts)


def plan_of(stored: Optimization) -> Plan:
    """Return how the space of an optimization is gone through."""
    return Plan(sampler=SamplerName(stored.sampler), most_trials=stored.most_trials, seed=stored.seed)


def objective_of(stored: Optimization) -> Objective:
    """Return what an optimization looks for."""
    return Objective(
        figure=stored.target,
        direction=Direction(stored.direction),
        target=stored.target_value,
        bounds=tuple(
            Bound(figure=each["figure"], operator=Operator(each["operator"]), value=each["value"])
            for each in stored.constraints
        ),
        penalties=tuple(Penalty(figure=each["figure"], weight=each["weight"]) for each in stored.penalties),
        others=tuple(
            Goal(figure=each["figure"], direction=Direction(each["direction"])) for each in stored.other_targets
        ),
    )
