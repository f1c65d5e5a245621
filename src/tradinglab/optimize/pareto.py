"""Outcomes by several figures at once: which are not beaten by any other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from tradinglab.optimize.objective import Direction, Objective
from tradinglab.optimize.tried import Tried

_Costs: TypeAlias = npt.NDArray[np.float64]


def pareto_ranks(scores: Sequence[Sequence[float]], directions: Sequence[Direction]) -> list[int]:
    """Return the rank of each outcome by non-dominated sorting.

    One outcome beats another if it is as good by every figure and better by one. Rank 0, the Pareto front, has those
    that none beats; rank 1 those that only rank 0 beats, and so on. Equal outcomes have the same rank.
    """
    if not scores:
        return []
    costs = _costs(scores, directions)
    ranks = np.full(len(costs), -1)
    rank = 0
    while len(rest := np.flatnonzero(ranks < 0)):
        ranks[rest[_unbeaten(costs[rest])]] = rank
        rank += 1
    return [int(each) for each in ranks]


def _costs(scores: Sequence[Sequence[float]], directions: Sequence[Direction]) -> _Costs:
    """Return scores as costs, of which less is better, shape (outcomes, figures)."""
    signs = np.array([-1.0 if each == Direction.MAX else 1.0 for each in directions])
    costs: _Costs = np.asarray(scores, dtype=np.float64) * signs
    return costs


def _unbeaten(costs: _Costs) -> list[int]:
    """Return the places of the rows that no other row beats.

    Seen in the order of the first cost, then the next, a row can be beaten by earlier ones alone, and by one of the
    front if by any.
    """
    front: list[int] = []
    for place in np.lexsort(costs.T[::-1]):
        ahead = costs[front]
        is_beaten = bool(np.any(np.all(ahead <= costs[place], axis=1) & np.any(ahead < costs[place], axis=1)))
        if not is_beaten:
            front.append(int(place))
    return front


def pareto_front(trials: Sequence[Tried], objective: Objective) -> list[Tried]:
    """Return the trials that none beats in all figures at once, by their numbers; those out of bounds do not count."""
    able = [each for each in trials if each.score(objective) is not None]
    scored = [(each, scores) for each in able if (scores := objective.scores(each.figures)) is not None]
    if not scored:
        return []
    front = _unbeaten(_costs([scores for _, scores in scored], objective.directions))
    return sorted((scored[place][0] for place in front), key=lambda one: one.number)
