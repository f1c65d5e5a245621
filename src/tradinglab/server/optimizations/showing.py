"""What the trials of an optimization show together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from tradinglab.optimize import Objective, Space, best_of, pareto_front
from tradinglab.optimize.views import Aggregate, HeatMap, Stability, heat_map, stability
from tradinglab.server.errors import InputError
from tradinglab.server.optimizations.models import Optimization
from tradinglab.server.optimizations.storing import objective_of, space_of_stored
from tradinglab.server.optimizations.trials import TrialRow, trial_rows
from tradinglab.server.runs.models import RunState

_MOST_CELLS: Final = 250_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownTrial:
    """A trial as a row of the table."""

    number: int
    backtest: UUID | None
    opened: UUID | None
    state: str
    error: str
    parameters: Mapping[str, str]
    score: float | None
    is_within_bounds: bool | None
    figures: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which trials are wanted, and in what order."""

    sort: str
    states: Sequence[str] = ()
    is_within_bounds: bool | None = None


def trials_shown(*, optimization: Optimization, wanted: Wanted) -> list[ShownTrial]:
    """Return the trials as they are wanted; those without a score come last, whichever way they are sorted."""
    objective = objective_of(optimization)
    is_simulated = optimization.method == Optimization.Method.SIMULATION
    found = [_shown(row, objective, is_simulated=is_simulated) for row in trial_rows(optimization=optimization)]
    if wanted.states:
        found = [each for each in found if each.state in wanted.states]
    if wanted.is_within_bounds is not None:
        found = [each for each in found if each.is_within_bounds is wanted.is_within_bounds]
    sign = -1 if wanted.sort.startswith("-") else 1
    if wanted.sort.lstrip("-") == "score":
        return sorted(found, key=lambda each: (each.score is None, sign * (each.score or 0.0), each.number))
    return sorted(found, key=lambda each: sign * each.number)


def _shown(row: TrialRow, objective: Objective, *, is_simulated: bool) -> ShownTrial:
    tried, is_completed = row.tried, row.state == RunState.COMPLETED
    return ShownTrial(
        number=tried.number,
        backtest=row.backtest,
        # What was made of a simulated trial is all that a backtest is.
        opened=row.opened or (row.backtest if is_simulated else None),
        state=row.state,
        error=row.error,
        parameters=tried.parameters,
        score=objective.score(tried.figures) if is_completed else None,
        is_within_bounds=objective.is_allowed(tried.figures) if is_completed else None,
        figures=tried.figures,
    )


def optimization_heat_map(*, optimization: Optimization, x: str, y: str, aggregate: str) -> HeatMap:
    """Return a map of two parameters.

    Raises
    ------
    InputError
        If one is not searched, both are the same, or there are too many values for a map.
    """
    space = space_of_stored(optimization.space, optimization.space_constraints)
    names = [axis.name for axis in space.axes]
    for field, name in (("x", x), ("y", y)):
        if name not in names:
            raise InputError(field, name, f"That parameter is not searched. Those that are: {', '.join(names)}.")
    if x == y:
        raise InputError("y", y, "A map has two parameters; name another one.")
    trials = [row.tried for row in trial_rows(optimization=optimization)]
    sides = [len({each.parameters[name] for each in trials}) for name in (x, y) if not _is_continuous(space, name)]
    if len(sides) == 2 and sides[0] * sides[1] > _MOST_CELLS:
        text = f"A map has up to {_MOST_CELLS:,} places, and this would have {sides[0] * sides[1]:,}; see the trials."
        raise InputError("y", y, text)
    return heat_map(trials, space, objective_of(optimization), x=x, y=y, aggregate=Aggregate(aggregate))


def _is_continuous(space: Space, name: str) -> bool:
    return any(axis.name == name and axis.is_continuous for axis in space.axes)


def optimization_stability(*, optimization: Optimization) -> tuple[TrialRow, Stability] | None:
    """Return the best trial, and how its neighbours do; ``None`` if there is no best."""
    rows = trial_rows(optimization=optimization)
    objective, trials = objective_of(optimization), [row.tried for row in rows]
    best = best_of(trials, objective)
    if best is None:
        return None
    space = space_of_stored(optimization.space, optimization.space_constraints)
    found = stability(best, trials, space, objective)
    assert found is not None
    return next(row for row in rows if row.tried is best), found


def optimization_front(*, optimization: Optimization) -> list[ShownTrial]:
    """Return the trials that none beats by all targets at once; with one target, the best ones."""
    rows = trial_rows(optimization=optimization)
    objective = objective_of(optimization)
    front = {each.number for each in pareto_front([row.tried for row in rows], objective)}
    is_simulated = optimization.method == Optimization.Method.SIMULATION
    return [_shown(row, objective, is_simulated=is_simulated) for row in rows if row.tried.number in front]
