"""What was tried, and what of it is best."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum

from tradinglab.core.values import dataclass, field
from tradinglab.optimize.objective import Objective


class TriedState(StrEnum):
    """Where a trial is."""

    PENDING = "pending"
    COMPLETED = "completed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """A combination that was tried, or is being tried.

    Attributes
    ----------
    number
        Its place among the trials, from 0 on.
    figures
        What came out; empty until it is over, or if it failed.
    """

    number: int
    parameters: Mapping[str, str]
    state: TriedState
    figures: Mapping[str, float] = field(default_factory=dict)

    @property
    def is_over(self) -> bool:
        """Whether it has its outcome."""
        return self.state != TriedState.PENDING

    def score(self, objective: Objective) -> float | None:
        """Return its score if it may be the best: it completed, has the figure, and keeps within all bounds."""
        if self.state != TriedState.COMPLETED or not objective.is_allowed(self.figures):
            return None
        return objective.score(self.figures)


class History:
    """The trials of a search so far, read when somebody looks.

    Attributes
    ----------
    count
        How many there are, those under way among them; their numbers are 0 to count - 1.
    """

    def __init__(self, count: int, read: Callable[[], Sequence[Tried]]) -> None:
        self.count = count
        self._read = read
        self._trials: Sequence[Tried] | None = None

    @property
    def trials(self) -> Sequence[Tried]:
        """All of them, by their numbers."""
        if self._trials is None:
            self._trials = sorted(self._read(), key=lambda each: each.number)
        return self._trials

    @classmethod
    def of(cls, trials: Sequence[Tried]) -> History:
        """Return a history of what is at hand."""
        return cls(len(trials), lambda: trials)


def best_of(trials: Sequence[Tried], objective: Objective) -> Tried | None:
    """Return the best that keeps within all bounds, of equals the first; ``None`` if there is none."""
    best: Tried | None = None
    best_score = 0.0
    for each in sorted(trials, key=lambda tried: tried.number):
        score = each.score(objective)
        if score is not None and (best is None or objective.is_better(score, best_score)):
            best, best_score = each, score
    return best
