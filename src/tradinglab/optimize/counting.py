"""How many combinations keep to the constraints, and which: without going through those that do not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from math import prod
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

from tradinglab.optimize.constraints import Constraint, Kind, Value, constraint_steps, constraint_table
from tradinglab.optimize.errors import SpaceError
from tradinglab.optimize.space import Axis, Space

#: Counts by the places of some parameters; Python's own numbers where a machine word would not do.
_Counts: TypeAlias = npt.NDArray[Any]
_Arrays: TypeAlias = Mapping[str, npt.NDArray[Any]]

#: How many cells a table may have, and how many steps all tables of one count may take together.
_MOST_CELLS: Final = 4_000_000
_MOST_WORK: Final = 250_000_000
_WORD: Final = 1 << 62


@lru_cache(maxsize=64)
def count(space: Space) -> int:
    """Return how many combinations of a space keep to its constraints.

    Parameters that no constraint binds together are counted apart; of those that are bound, one after the other is
    summed away, so that ``a < b`` and ``b < c`` cost pairs, not triples.

    Raises
    ------
    SpaceError
        If there is no end of them, or a constraint binds too many values together to be counted.
    """
    total = space.size
    if not space.constraints:
        return total
    free = [axis for axis in space.axes if not any(axis.name in each.names for each in space.constraints)]
    counted = prod(len(axis.values) for axis in free)
    for axes, constraints in _groups(space):
        counted *= _Work(constraints, prod(len(axis.values) for axis in axes)).count(_arrays(axes))
    return counted


def _groups(space: Space) -> Iterator[tuple[list[Axis], list[Constraint]]]:
    """Yield the parameters that constraints bind together, with these constraints."""
    rest = list(space.constraints)
    while rest:
        bound, constraints = set(rest[0].names), [rest.pop(0)]
        while more := [each for each in rest if bound.intersection(each.names)]:
            constraints += more
            bound.update(name for each in more for name in each.names)
            rest = [each for each in rest if each not in more]
        yield [axis for axis in space.axes if axis.name in bound], constraints


def _arrays(axes: Sequence[Axis]) -> dict[str, npt.NDArray[Any]]:
    return {axis.name: _values(axis) for axis in axes}


def _values(axis: Axis) -> npt.NDArray[Any]:
    return np.array(axis.numbers) if axis.kind == Kind.NUMBER else np.array(axis.values)


class _Work:
    """One count: its constraints, and how many steps it has taken."""

    def __init__(self, constraints: Sequence[Constraint], most: int) -> None:
        self._constraints = constraints
        self._kind: type = np.int64 if most < _WORD else object
        self._steps = 0

    def count(self, arrays: _Arrays) -> int:
        """Return how many combinations of some values there are; in halves, if a table would be too large."""
        steps, is_small = self._plan(arrays)
        # In halves it takes as many at least: nobody has to wait to be told.
        self._check(steps, arrays)
        if not is_small:
            longest = max(arrays, key=lambda name: len(arrays[name]))
            values = arrays[longest]
            half = len(values) // 2
            return sum(self.count({**arrays, longest: part}) for part in (values[:half], values[half:]))
        self._steps += steps
        factors: list[tuple[tuple[str, ...], _Counts]] = [
            (each.names, _table(each, arrays).astype(self._kind)) for each in self._constraints
        ]
        result = 1
        for name in _order(self._constraints, arrays):
            joined, rest = (
                [each for each in factors if name in each[0]],
                [each for each in factors if name not in each[0]],
            )
            names, table = _joined(joined, arrays)
            place = names.index(name)
            names, table = names[:place] + names[place + 1 :], table.sum(axis=place, dtype=self._kind)
            if names:
                rest.append((names, table))
            else:
                result *= int(table)
            factors = rest
        return result

    def _plan(self, arrays: _Arrays) -> tuple[int, bool]:
        """Return how many steps all tables would take, and whether none has too many cells or can be made smaller."""
        bound = [set(each.names) for each in self._constraints]
        cells = [prod(len(arrays[name]) for name in names) for names in bound]
        steps = sum(constraint_steps(each) * many for each, many in zip(self._constraints, cells, strict=True))
        for name in _order(self._constraints, arrays):
            joined = set().union(*(each for each in bound if name in each))
            cells.append(prod(len(arrays[each]) for each in joined))
            bound = [*(each for each in bound if name not in each), joined - {name}]
        is_small = max(cells) <= _MOST_CELLS or max(map(len, arrays.values())) == 1
        return steps + sum(cells[len(self._constraints) :]), is_small

    def _check(self, steps: int, arrays: _Arrays) -> None:
        if self._steps + steps > _MOST_WORK:
            names = ", ".join(arrays)
            text = (
                f"The constraints bind so many values of {names} together that the combinations cannot be counted; use "
                "larger steps or simpler constraints, or search at random."
            )
            raise SpaceError(text, part="constraint", value=" and ".join(each.text for each in self._constraints))


def _order(constraints: Sequence[Constraint], arrays: _Arrays) -> list[str]:
    """Return the order in which parameters are summed away: next the one whose table is the smallest."""
    bound = [set(each.names) for each in constraints]
    order: list[str] = []
    left = [name for name in arrays if any(name in each for each in bound)]
    while left:
        costs = {
            name: prod(len(arrays[each]) for each in set().union(*(names for names in bound if name in names)))
            for name in left
        }
        name = min(left, key=lambda each: costs[each])
        joined = set().union(*(names for names in bound if name in names))
        bound = [*(names for names in bound if name not in names), joined - {name}]
        left.remove(name)
        order.append(name)
    return order


def _table(constraint: Constraint, arrays: _Arrays) -> npt.NDArray[np.bool_]:
    """Return of each combination of a constraint's parameters whether it keeps to it."""
    shaped: dict[str, Value] = {}
    for place, name in enumerate(constraint.names):
        shape = [1] * len(constraint.names)
        shape[place] = -1
        shaped[name] = arrays[name].reshape(shape)
    table = constraint_table(constraint, shaped)
    return np.broadcast_to(table, [len(arrays[name]) for name in constraint.names])


def _joined(factors: list[tuple[tuple[str, ...], _Counts]], arrays: _Arrays) -> tuple[tuple[str, ...], _Counts]:
    names = tuple(dict.fromkeys(name for each, _ in factors for name in each))
    table: _Counts | None = None
    for each, counts in factors:
        order = sorted(range(len(each)), key=lambda place: names.index(each[place]))
        shape = [len(arrays[name]) if name in each else 1 for name in names]
        shaped = counts.transpose(order).reshape(shape)
        table = shaped if table is None else table * shaped
    assert table is not None
    return names, np.broadcast_to(table, [len(arrays[name]) for name in names])


@lru_cache(maxsize=16)
def allowed(space: Space) -> npt.NDArray[np.int64]:
    """Return the numbers of the combinations that keep to the constraints, in order; there should not be too many.

    All callers are given the same array, which cannot be written to.
    """
    found = np.arange(space.size) if not space.constraints else _sorted(space)
    found.setflags(write=False)
    return found


def _sorted(space: Space) -> npt.NDArray[np.int64]:
    """Return the numbers of the combinations of a space with constraints, in order."""
    strides: dict[str, int] = {}
    stride = 1
    for axis in reversed(space.axes):
        strides[axis.name] = stride
        stride *= len(axis.values)
    bound: set[str] = set()
    found = np.zeros(1, np.int64)
    for axes, constraints in _groups(space):
        bound.update(axis.name for axis in axes)
        found = np.add.outer(found, _allowed(axes, constraints, strides)).ravel()
    for axis in space.axes:
        if axis.name not in bound:
            found = np.add.outer(found, np.arange(len(axis.values)) * strides[axis.name]).ravel()
    return np.sort(found)


def _allowed(
    axes: Sequence[Axis], constraints: Sequence[Constraint], strides: Mapping[str, int]
) -> npt.NDArray[np.int64]:
    """Return what the combinations of bound parameters that keep to the constraints add to the numbers."""
    order = _connected(axes, constraints)
    ready = [_ready(order[: place + 1], order[:place], constraints) for place in range(len(order))]
    columns = [_values(axis) for axis in order]
    found: list[npt.NDArray[np.int64]] = [np.empty(0, np.int64)]

    def go(place: int, number: int, values: dict[str, Value]) -> None:
        axis, column = order[place], columns[place]
        keeps = np.ones(len(column), bool)
        for constraint in ready[place]:
            keeps &= constraint_table(constraint, {**values, axis.name: column})
        places = np.flatnonzero(keeps)
        if place == len(order) - 1:
            found.append(number + places * strides[axis.name])
            return
        for each in places:
            go(place + 1, number + int(each) * strides[axis.name], {**values, axis.name: column[each]})

    go(0, 0, {})
    return np.concatenate(found)


def _connected(axes: Sequence[Axis], constraints: Sequence[Constraint]) -> list[Axis]:
    """Return the parameters so that constraints can be told early: next one that a constraint binds to those before."""
    left = sorted(axes, key=lambda axis: len(axis.values))
    order = [left.pop(0)]
    while left:
        names = {axis.name for axis in order}
        near = {name for each in constraints if names.intersection(each.names) for name in each.names}
        following = next((axis for axis in left if axis.name in near), left[0])
        left.remove(following)
        order.append(following)
    return order


def _ready(known: Sequence[Axis], before: Sequence[Axis], constraints: Sequence[Constraint]) -> list[Constraint]:
    """Return which constraints can be told of some parameters, and could not of those before."""
    now, earlier = {axis.name for axis in known}, {axis.name for axis in before}
    return [each for each in constraints if now.issuperset(each.names) and not earlier.issuperset(each.names)]
