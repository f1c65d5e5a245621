"""The least of a quadratic form under linear conditions, by the dual method of Goldfarb and Idnani.

D. Goldfarb, A. Idnani: A numerically stable dual method for solving strictly convex quadratic programs (1983). It
starts from the least without conditions and takes in, one by one, those that are violated.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tradinglab.core.values import dataclass

Floats = npt.NDArray[np.float64]

#: How far, of its own size, a condition may be off and still count as met.
_TOLERANCE = 1e-12
#: The share of a normal that must be left beside the active ones for it to be independent of them.
_DEPENDENT = 1e-10
#: Steps for each condition after which the method is given up; it needs a few.
_STEPS = 50


@dataclass(frozen=True, slots=True)
class Conditions:
    """What a solution must meet: ``normals @ x >= bounds``, the first ``equalities`` of them exactly."""

    normals: Floats
    bounds: Floats
    equalities: int


class _Search:
    """The state of the search: a point that is best under the active conditions."""

    def __init__(self, form: Floats, conditions: Conditions) -> None:
        # In the coordinates in which the form is a sphere a normal n is root @ n.
        self.root = np.linalg.inv(np.linalg.cholesky(form))
        self.conditions = conditions
        self.signs = np.ones(len(conditions.bounds))
        self.sizes = np.linalg.norm(conditions.normals, axis=1)
        self.point = np.zeros(len(form))
        self.active: list[int] = []
        self.forces: list[float] = []

    def normal(self, index: int) -> Floats:
        """Return the normal of a condition, towards where it is met."""
        return np.asarray(self.conditions.normals[index] * self.signs[index])

    def excess(self, index: int) -> float:
        """Return by how much a condition is more than met."""
        return float(self.normal(index) @ self.point - self.signs[index] * self.conditions.bounds[index])

    def violated(self) -> int | None:
        """Return the condition to take in next: an equality, else the most violated; ``None`` if all are met."""
        conditions = self.conditions
        for index in range(conditions.equalities):
            if index not in self.active:
                if self.excess(index) > 0:
                    self.signs[index] = -1.0
                return index
        excess = conditions.normals @ self.point - conditions.bounds
        scale = np.abs(conditions.bounds) + self.sizes * np.linalg.norm(self.point)
        excess[self.active] = 0.0
        excess[: conditions.equalities] = 0.0
        excess[excess >= -_TOLERANCE * scale] = 0.0
        index = int(np.argmin(excess))
        return index if excess[index] < 0 else None

    def directions(self, index: int) -> tuple[Floats, Floats, bool]:
        """Return where the point goes to meet a condition, how the active forces change, and whether it can go."""
        wanted = self.root @ self.normal(index)
        if not self.active:
            return self.root.T @ wanted, np.empty(0), True
        basis, triangle = np.linalg.qr(self.root @ np.array([self.normal(each) for each in self.active]).T)
        along = basis.T @ wanted
        rest = wanted - basis @ along
        is_free = bool(np.linalg.norm(rest) > _DEPENDENT * np.linalg.norm(wanted))
        return self.root.T @ rest, np.linalg.solve(triangle, along), is_free

    def take_in(self, index: int) -> bool:
        """Go to the best point that meets one more condition; return whether there is one."""
        force = 0.0
        for _ in range(_STEPS * (len(self.signs) + 1)):
            move, changes, is_free = self.directions(index)
            limit, blocking = self._limit(changes)
            gain = float(move @ self.normal(index))
            full = -self.excess(index) / gain if is_free and gain > 0 else np.inf
            step = min(limit, full)
            if not np.isfinite(step):
                return False
            self.forces = [each - step * float(change) for each, change in zip(self.forces, changes, strict=True)]
            force += step
            if is_free and np.isfinite(full):
                self.point = self.point + step * move
            if full <= limit:
                self.active.append(index)
                self.forces.append(force)
                return True
            del self.active[blocking], self.forces[blocking]
        return False

    def _limit(self, changes: Floats) -> tuple[float, int]:
        """Return how far to go until a force turns, and which; an equality's may."""
        limit, blocking = np.inf, -1
        for place, (index, force) in enumerate(zip(self.active, self.forces, strict=True)):
            if index >= self.conditions.equalities and changes[place] > 0 and force / changes[place] < limit:
                limit, blocking = force / changes[place], place
        return float(limit), blocking


def least(form: Floats, conditions: Conditions) -> Floats | None:
    """Return the ``x`` that makes ``x @ form @ x`` least under conditions.

    ``None`` if the form is not positive definite, or nothing meets the conditions.
    """
    if not np.isfinite(form).all() or not np.isfinite(conditions.normals).all():
        return None
    try:
        search = _Search(form, conditions)
        for _ in range(_STEPS * (len(conditions.bounds) + 1)):
            index = search.violated()
            if index is None:
                return search.point
            if not search.take_in(index):
                return None
    except np.linalg.LinAlgError:
        return None
    return None
