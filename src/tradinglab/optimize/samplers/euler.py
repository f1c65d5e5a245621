"""QuantConnect's Euler search: a grid, then ever finer ones around the best."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import product
from math import prod
from typing import Final

from tradinglab.core.values import dataclass
from tradinglab.optimize.counting import count
from tradinglab.optimize.objective import Objective
from tradinglab.optimize.samplers.base import Asked, Combination
from tradinglab.optimize.space import Axis, Space, stepped
from tradinglab.optimize.tried import History, Tried, best_of

#: Into how many parts a step is cut each time, as LEAN does unless it is told otherwise.
SEGMENTS: Final = 4
_Key = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EulerSampler:
    """A grid, then a finer one around the best so far, until no step is above its parameter's smallest.

    Each time the step becomes a quarter, but no less than the smallest, and the range two such steps to either side of
    the best, within the range before. A parameter that is as fine as it can be keeps its range, as in LEAN; what was
    tried already is not tried again, which LEAN does.
    """

    space: Space
    objective: Objective
    most_trials: int

    @property
    def total(self) -> None:
        """Not known before: what comes next depends on what is best."""
        return None

    @property
    def most(self) -> int:
        """How many there are if all grids are as large as can be, and have nothing in common."""
        axes: Sequence[Axis] = self.space.axes
        counts = {axis.name: len(axis.values) for axis in axes}
        found = count(self.space)
        while any(map(can_be_finer, axes)):
            counts |= dict.fromkeys((axis.name for axis in axes if can_be_finer(axis)), SEGMENTS + 1)
            found += prod(counts.values())
            axes = [replace(axis, step=_finer_step(axis)) if can_be_finer(axis) else axis for axis in axes]
        return min(found, self.most_trials)

    def ask(self, history: History, most: int) -> Asked:
        """Return what is left of the grid that the search is at."""
        room = self.most_trials - history.count
        known = {self._key(each.parameters): each for each in history.trials}
        axes: Sequence[Axis] | None = self.space.axes
        seen: list[Tried] = []
        while axes is not None:
            grid = self._grid(axes)
            fresh = [each for each in grid if self._key(each) not in known]
            if fresh:
                asked = fresh[: max(min(most, room), 0)]
                return Asked(combinations=asked, is_over=len(asked) >= room)
            of_grid = [known[self._key(each)] for each in grid]
            if not all(each.is_over for each in of_grid):
                return Asked(combinations=[], is_over=False)
            seen += of_grid
            axes = self._finer(axes, best_of(seen, self.objective))
        return Asked(combinations=[], is_over=True)

    def _key(self, combination: Combination) -> _Key:
        return tuple(combination[axis.name] for axis in self.space.axes)

    def _grid(self, axes: Sequence[Axis]) -> list[dict[str, str]]:
        names = [axis.name for axis in axes]
        found = (dict(zip(names, values, strict=True)) for values in product(*(axis.values for axis in axes)))
        return [each for each in found if self.space.allows(each)]

    def _finer(self, axes: Sequence[Axis], best: Tried | None) -> list[Axis] | None:
        if best is None or not any(map(can_be_finer, axes)):
            return None
        return [_finer(axis, Decimal(best.parameters[axis.name])) if can_be_finer(axis) else axis for axis in axes]


def can_be_finer(axis: Axis) -> bool:
    """Say whether a parameter's step is above its smallest."""
    return axis.step is not None and axis.min_step is not None and axis.step > axis.min_step


def _finer(axis: Axis, best: Decimal) -> Axis:
    assert axis.low is not None
    assert axis.high is not None
    step = _finer_step(axis)
    reach = step * SEGMENTS / 2
    low, high = max(axis.low, best - reach), min(axis.high, best + reach)
    return replace(axis, values=stepped(low, high, step), low=low, high=high, step=step)


def _finer_step(axis: Axis) -> Decimal:
    assert axis.step is not None
    assert axis.min_step is not None
    return max(axis.min_step, axis.step / SEGMENTS)
