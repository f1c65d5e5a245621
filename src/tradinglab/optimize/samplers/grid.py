"""All combinations, in order."""

from __future__ import annotations

from collections.abc import Sequence

from tradinglab.core.values import dataclass
from tradinglab.optimize.counting import allowed, count
from tradinglab.optimize.samplers.base import Asked
from tradinglab.optimize.space import Space
from tradinglab.optimize.tried import History


@dataclass(frozen=True, slots=True, kw_only=True)
class GridSampler:
    """Every combination that keeps to the constraints, once; the last parameter changes fastest."""

    space: Space

    @property
    def total(self) -> int:
        """How many combinations there are."""
        return count(self.space)

    @property
    def most(self) -> int:
        """The same: it is known before."""
        return self.total

    def ask(self, history: History, most: int) -> Asked:
        """Return the next ones."""
        last = min(history.count + most, self.total)
        numbers: Sequence[int] = range(history.count, last)
        if self.space.constraints:
            numbers = [int(each) for each in allowed(self.space)[history.count : last]]
        return Asked(combinations=[self.space[number] for number in numbers], is_over=last >= self.total)
