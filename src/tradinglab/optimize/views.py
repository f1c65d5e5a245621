"""What the trials of a search show together: a map of two parameters, and how the best one's neighbours do."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Final

from tradinglab.core.values import dataclass
from tradinglab.optimize.objective import Direction, Objective
from tradinglab.optimize.space import Axis, Space
from tradinglab.optimize.tried import Tried


class Aggregate(StrEnum):
    """What stands for the trials that are alike in both parameters of a map."""

    BEST = "best"
    MEDIAN = "median"


@dataclass(frozen=True, slots=True, kw_only=True)
class HeatMap:
    """Scores by the values of two parameters.

    Attributes
    ----------
    xs, ys
        The values that were tried, in the order of the space; numbers by size. Of a range without a step, the middles
        of the stretches that it is cut into.
    scores
        A row for each of *ys* with a score for each of *xs*; ``None`` where there is none.
    counts
        From how many trials each score is.
    """

    x: str
    y: str
    xs: tuple[str, ...]
    ys: tuple[str, ...]
    scores: tuple[tuple[float | None, ...], ...]
    counts: tuple[tuple[int, ...], ...]


def heat_map(
    trials: Sequence[Tried],
    space: Space,
    objective: Objective,
    *,
    x: str,
    y: str,
    aggregate: Aggregate,
    stretches: int = 20,
) -> HeatMap:
    """Return a map of two parameters; trials without a score, or out of bounds, are left out.

    Parameters
    ----------
    x, y
        The names of two parameters of the space.
    aggregate
        What stands for trials that differ in the other parameters alone: their best or their median score.
    stretches
        Into how many parts a range without a step is cut.
    """
    across, up = _axis(space, x), _axis(space, y)
    cells: dict[tuple[str, str], list[float]] = {}
    for each in trials:
        score = each.score(objective)
        if score is not None:
            place = (_label(across, each.parameters[x], stretches), _label(up, each.parameters[y], stretches))
            cells.setdefault(place, []).append(score)
    xs, ys = (
        _in_order(axis, {_label(axis, each.parameters[axis.name], stretches) for each in trials})
        for axis in (across, up)
    )
    together = _AGGREGATES[aggregate](objective)
    return HeatMap(
        x=x,
        y=y,
        xs=xs,
        ys=ys,
        scores=tuple(tuple(together(cells[at, to]) if (at, to) in cells else None for at in xs) for to in ys),
        counts=tuple(tuple(len(cells.get((at, to), ())) for at in xs) for to in ys),
    )


def _best(objective: Objective) -> Callable[[list[float]], float]:
    return max if objective.direction == Direction.MAX else min


_AGGREGATES: Final[Mapping[Aggregate, Callable[[Objective], Callable[[list[float]], float]]]] = {
    Aggregate.BEST: _best,
    Aggregate.MEDIAN: lambda objective: statistics.median,
}


def _label(axis: Axis, text: str, stretches: int) -> str:
    """Return what a value is called on the map."""
    if not axis.is_continuous:
        return text
    stretch = min(int(axis.fraction(text) * stretches), stretches - 1)
    return axis.at((stretch + 0.5) / stretches)


def _in_order(axis: Axis, tried: set[str]) -> tuple[str, ...]:
    if axis.low is not None or axis.numbers is not None:
        return tuple(sorted(tried, key=float))
    return tuple(text for text in axis.values if text in tried)


def _axis(space: Space, name: str) -> Axis:
    return next(axis for axis in space.axes if axis.name == name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stability:
    """How the neighbours of a trial do: those that differ by one value tried in some of its numeric parameters.

    Attributes
    ----------
    score
        Of the trial itself.
    neighbours
        How many there are; those that failed, or are out of bounds, among them.
    without_score
        How many of them those are.
    median, worst
        Of the neighbours' scores; ``None`` if none has one.
    drop
        How far the median falls behind the score, as a fraction of its size; ``None`` if that has no meaning. Near 0
        the best lies on a plateau, near 1 or above it stands alone, as what was found by luck does.
    """

    score: float
    neighbours: int
    without_score: int
    median: float | None
    worst: float | None
    drop: float | None


def stability(trial: Tried, trials: Sequence[Tried], space: Space, objective: Objective) -> Stability | None:
    """Return how the neighbours of a trial do; ``None`` if it has no score itself."""
    score = trial.score(objective)
    if score is None:
        return None
    places = {axis.name: _places(axis, trials) for axis in space.axes}
    near = [each for each in trials if each.is_over and each is not trial and _are_near(trial, each, places)]
    scores = [found for each in near if (found := each.score(objective)) is not None]
    median = statistics.median(scores) if scores else None
    worst = None
    if scores:
        worst = min(scores) if objective.direction == Direction.MAX else max(scores)
    sign = 1.0 if objective.direction == Direction.MAX else -1.0
    return Stability(
        score=score,
        neighbours=len(near),
        without_score=len(near) - len(scores),
        median=median,
        worst=worst,
        drop=None if median is None or score == 0 else sign * (score - median) / abs(score),
    )


def _places(axis: Axis, trials: Sequence[Tried]) -> dict[str, int] | None:
    """Return the place of each value that was tried among the others; ``None`` if they have no order."""
    if axis.low is None and axis.numbers is None:
        return None
    values = sorted({each.parameters[axis.name] for each in trials}, key=float)
    return {value: place for place, value in enumerate(values)}


def _are_near(one: Tried, other: Tried, places: Mapping[str, dict[str, int] | None]) -> bool:
    for name, order in places.items():
        a, b = one.parameters[name], other.parameters[name]
        if a != b and (order is None or abs(order[a] - order[b]) > 1):
            return False
    return True
