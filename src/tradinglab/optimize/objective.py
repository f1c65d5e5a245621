"""What a search looks for: a figure to be as high or as low as can be, within bounds for others."""

from __future__ import annotations

from enum import StrEnum

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Constraint:
    """A bound for a figure; an outcome without the figure does not keep to it."""

    figure: str
    operator: Operator
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Objective:
    """What makes one outcome better than another.

    Attributes
    ----------
    figure
        The figure that counts.
    target
        A value that is good enough: when it is reached, the search is over.
    """

    figure: str
    direction: Direction
    target: float | None = None
    constraints: tuple[Constraint, ...] = ()

    def is_reached(self, figure: float | None) -> bool:
        """Say whether a value of the figure is good enough."""
        if figure is None or self.target is None:
            return False
        return figure >= self.target if self.direction == Direction.MAX else figure <= self.target
