"""Combinations by lot, none twice."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

import numpy as np

from tradinglab.core.values import dataclass
from tradinglab.optimize.constraints import Kind, Value, constraint_table
from tradinglab.optimize.counting import allowed
from tradinglab.optimize.samplers.base import Asked, Combination
from tradinglab.optimize.space import Space
from tradinglab.optimize.tried import History

#: Up to so many combinations are shuffled; of more, lots are drawn until one was not drawn yet.
_SHUFFLED: Final = 200_000
#: After so many lots in vain it is taken that nothing is left.
_MOST_IN_VAIN: Final = 200_000
_AT_ONCE: Final = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RandomSampler:
    """Up to *most_trials* combinations by lot, none twice; the same seed draws the same ones."""

    space: Space
    seed: int
    most_trials: int

    @property
    def total(self) -> int:
        """How many there will be: fewer than may be, if there are no more."""
        return self.most_trials if self._at(self.most_trials - 1) else lots(self.space, self.seed).count

    @property
    def most(self) -> int:
        """The same: it is known before."""
        return self.total

    def ask(self, history: History, most: int) -> Asked:
        """Return the next ones."""
        wanted = range(history.count, min(history.count + most, self.most_trials))
        found = [each for each in map(self._at, wanted) if each is not None]
        is_over = history.count + len(found) >= self.most_trials or len(found) < len(wanted)
        return Asked(combinations=found, is_over=is_over)

    def _at(self, number: int) -> Combination | None:
        return lots(self.space, self.seed).at(number)


class Lots:
    """An order of a space's combinations by lot, drawn as far as somebody has looked."""

    def __init__(self, space: Space, seed: int) -> None:
        self._drawn: list[Combination] = []
        self._rest = _draw(space, seed)
        self._lock = threading.Lock()

    @property
    def count(self) -> int:
        """How many were drawn so far."""
        return len(self._drawn)

    def at(self, number: int) -> Combination | None:
        """Return the lot of a number; ``None`` if there are not so many."""
        with self._lock:
            while len(self._drawn) <= number:
                drawn = next(self._rest, None)
                if drawn is None:
                    return None
                self._drawn.append(drawn)
        return self._drawn[number]


@lru_cache(maxsize=32)
def lots(space: Space, seed: int) -> Lots:
    """Return the order of a space's combinations that a seed makes."""
    return Lots(space, seed)


def _draw(space: Space, seed: int) -> Iterator[Combination]:
    generator = np.random.default_rng(seed)
    if not space.is_continuous and space.size <= _SHUFFLED:
        for number in generator.permutation(allowed(space)):
            yield space[int(number)]
        return
    seen: set[tuple[str, ...]] = set()
    in_vain = 0
    while in_vain < _MOST_IN_VAIN:
        in_vain += _AT_ONCE
        for combination in _lots(space, generator):
            key = tuple(combination.values())
            if key not in seen and space.allows(combination):
                in_vain = 0
                seen.add(key)
                yield combination


def _lots(space: Space, generator: np.random.Generator) -> Iterator[Combination]:
    """Draw many combinations, and yield those that keep to the constraints."""
    fractions = {axis.name: generator.random(_AT_ONCE) for axis in space.axes}
    texts = {axis.name: [axis.at(float(each)) for each in fractions[axis.name]] for axis in space.axes}
    keeps = np.ones(_AT_ONCE, bool)
    values: dict[str, Value] = {axis.name: _column(texts[axis.name], axis.kind) for axis in space.axes}
    for constraint in space.constraints:
        keeps &= constraint_table(constraint, values)
    for place in np.flatnonzero(keeps):
        yield {axis.name: texts[axis.name][place] for axis in space.axes}


def _column(texts: list[str], kind: Kind) -> Value:
    return np.array(texts, dtype=np.float64) if kind == Kind.NUMBER else np.array(texts, dtype=np.str_)
