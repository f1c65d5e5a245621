"""What a sampler is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Protocol

from tradinglab.core.values import dataclass
from tradinglab.optimize.tried import History

Combination = Mapping[str, str]


class SamplerName(StrEnum):
    """The samplers, as they are asked for."""

    GRID = "grid"
    RANDOM = "random"
    EULER = "euler"
    BAYESIAN = "bayesian"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is to be tried next.

    Attributes
    ----------
    combinations
        In the order of their numbers, which follow on those of the trials so far.
    is_over
        Whether nothing is left beyond them; if not, and there is none, trials under way have to end first.
    """

    combinations: Sequence[Combination]
    is_over: bool


class Sampler(Protocol):
    """Says what is tried next.

    The answer follows from the space, the seed and the history alone: who asks again after a crash hears the same.
    """

    @property
    def total(self) -> int | None:
        """How many trials there will be, if that is known before."""
        ...

    @property
    def most(self) -> int:
        """How many trials there will be at most."""
        ...

    def ask(self, history: History, most: int) -> Asked:
        """Return up to so many combinations that come next."""
        ...
