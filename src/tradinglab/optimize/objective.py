"""What a search looks for: figures to be as high or as low as can be, within bounds for others."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Final

from tradinglab.core.values import dataclass


class Direction(StrEnum):
    """Which way is better."""

    MAX = "max"
    MIN = "min"


class Operator(StrEnum):
    """How a figure is held against a bound."""

    LESS = "less"
    LESS_OR_EQUAL = "less_or_equal"
    GREATER = "greater"
    GREATER_OR_EQUAL = "greater_or_equal"
    EQUALS = "equals"
    NOT_EQUAL = "not_equal"


_HOLDS: Final[Mapping[Operator, Callable[[float, float], bool]]] = {
    Operator.LESS: operator.lt,
    Operator.LESS_OR_EQUAL: operator.le,
    Operator.GREATER: operator.gt,
    Operator.GREATER_OR_EQUAL: operator.ge,
    Operator.EQUALS: operator.eq,
    Operator.NOT_EQUAL: operator.ne,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """A bound for a figure; an outcome without the figure does not keep to it."""

    figure: str
    operator: Operator
    value: float

    def holds(self, figures: Mapping[str, float]) -> bool:
        """Say whether figures keep to it."""
        found = figures.get(self.figure)
        return found is not None and not math.isnan(found) and _HOLDS[self.operator](found, self.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Penalty:
    """A figure that counts against an outcome: its weight times the figure makes the score worse."""

    figure: str
    weight: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """A further figure, and which way of it is better."""

    figure: str
    direction: Direction


@dataclass(frozen=True, slots=True, kw_only=True)
class Objective:
    """What makes one outcome better than another.

    Attributes
    ----------
    figure
        The figure that counts.
    target
        A value that is good enough: when it is reached, the search is over.
    penalties
        What is taken off the figure, or added to it where less is better: their sum is the score.
    others
        Further figures that count as much: then no outcome need be the best, but some are not beaten in all at once.
    """

    figure: str
    direction: Direction
    target: float | None = None
    bounds: tuple[Bound, ...] = ()
    penalties: tuple[Penalty, ...] = ()
    others: tuple[Goal, ...] = ()

    @property
    def directions(self) -> tuple[Direction, ...]:
        """Which way each score is better, the first figure's first."""
        return (self.direction, *(each.direction for each in self.others))

    @property
    def figures(self) -> tuple[str, ...]:
        """The figures that an outcome needs, each once: those looked for, of penalties, and of bounds."""
        found = [self.figure, *(each.figure for each in self.others)]
        found += [each.figure for each in self.penalties]
        found += [each.figure for each in self.bounds]
        return tuple(dict.fromkeys(found))

    def is_reached(self, score: float | None) -> bool:
        """Say whether a score is good enough."""
        if score is None or self.target is None:
            return False
        return score >= self.target if self.direction == Direction.MAX else score <= self.target

    def is_better(self, score: float, other: float) -> bool:
        """Say whether a score is better than another."""
        return score > other if self.direction == Direction.MAX else score < other

    def score(self, figures: Mapping[str, float]) -> float | None:
        """Return the figure with its penalties; ``None`` if one is missing, or no number."""
        sign = -1.0 if self.direction == Direction.MAX else 1.0
        try:
            found = figures[self.figure] + sum(sign * each.weight * figures[each.figure] for each in self.penalties)
        except KeyError:
            return None
        return found if math.isfinite(found) else None

    def scores(self, figures: Mapping[str, float]) -> tuple[float, ...] | None:
        """Return the score and the other figures; ``None`` if one of them is missing, or no number."""
        found = [self.score(figures), *(figures.get(each.figure) for each in self.others)]
        numbers = tuple(each for each in found if each is not None and math.isfinite(each))
        return numbers if len(numbers) == len(found) else None

    def is_allowed(self, figures: Mapping[str, float]) -> bool:
        """Say whether figures keep within all bounds."""
        return all(each.holds(figures) for each in self.bounds)
