"""Convex quadratic programmes solved exactly, one constraint after the other: slow, but sure of ill-scaled ones.

The dual method of Goldfarb and Idnani (1983), "A numerically stable dual method for solving strictly convex quadratic
programs", inside of proximal steps (Rockafellar, 1976), which let it solve programmes that are not strictly convex.
"""

from __future__ import annotations

import numpy as np

from tradinglab.analytics.arrays import Floats, floats

_PROXIMITY = 1e-9
_PROXIMAL_STEPS = 50
_SETTLED = 1e-13
_VIOLATED = 1e-12
_PARALLEL = 1e-14


def solve_by_active_set(
    quadratic: Floats, linear: Floats, matrix: Floats, lower: Floats, upper: Floats
) -> tuple[Floats, Floats] | None:
    """Return the x that minimises ``x' quadratic x / 2 + linear' x`` where ``lower <= matrix x <= upper``.

    Returns
    -------
    tuple[Floats, Floats] | None
        It and the multipliers of the constraints, above zero of those at their upper bound; nothing if no x is found.
    """
    is_equation = upper - lower < 1e-12
    low, high = np.isfinite(lower), np.isfinite(upper) & ~is_equation
    rows = np.vstack([matrix[low], -matrix[high]])
    bounds = np.concatenate([lower[low], -upper[high]])
    equations = np.concatenate([is_equation[low], np.zeros(int(high.sum()), dtype=bool)])
    # A little curvature around the last solution in every direction, which does not move the one that is settled on.
    curved = quadratic + _PROXIMITY * np.eye(len(linear))
    root = floats(np.linalg.cholesky(curved))
    x, pushes = np.zeros(len(linear)), np.zeros(len(rows))
    for _ in range(_PROXIMAL_STEPS):
        found = _Walk(root, linear - _PROXIMITY * x, rows, bounds, equations).solve()
        if found is None:
            return None
        moved, (x, pushes) = np.abs(found[0] - x).max(), found
        if moved <= _SETTLED * max(1.0, float(np.abs(x).max())):
            break
    multipliers = np.zeros(len(matrix))
    multipliers[low] -= pushes[: int(low.sum())]
    multipliers[high] += pushes[int(low.sum()) :]
    return x, multipliers


class _Walk:
    """From the minimum without constraints through one violated constraint after the other."""

    def __init__(self, root: Floats, linear: Floats, rows: Floats, bounds: Floats, equations: Floats) -> None:
        self.root, self.rows, self.bounds, self.equations = root, rows, bounds, equations
        self.x = self._unrooted(-self._rooted(linear))
        self.active: list[int] = []
        self.signs: list[float] = []
        self.pushes: list[float] = []

    def _rooted(self, vector: Floats) -> Floats:
        return floats(np.linalg.solve(self.root, vector))

    def _unrooted(self, vector: Floats) -> Floats:
        return floats(np.linalg.solve(self.root.T, vector))

    def solve(self) -> tuple[Floats, Floats] | None:
        for _ in range(20 * (len(self.bounds) + 10)):
            gaps = self.rows @ self.x - self.bounds
            size = 1.0 + np.abs(self.bounds)
            short = np.where(self.equations, np.abs(gaps), -gaps) / size
            short[self.active] = 0.0
            worst = int(np.argmax(short)) if len(short) else 0
            if not len(short) or short[worst] <= _VIOLATED:
                pushes = np.zeros(len(self.bounds))
                pushes[self.active] = np.array(self.pushes) * self.signs
                return self.x, pushes
            if not self._take(worst, -1.0 if gaps[worst] > 0 else 1.0):
                return None
        return None

    def _take(self, place: int, sign: float) -> bool:
        """Go on until a constraint is met; return whether it can be."""
        normal, push = sign * self.rows[place], 0.0
        while True:
            rooted = self._rooted(normal)
            held = self._rooted((np.array(self.signs)[:, None] * self.rows[self.active]).T) if self.active else None
            falls = np.zeros(0) if held is None else np.linalg.lstsq(held, rooted, rcond=None)[0]
            ahead = rooted if held is None else rooted - held @ falls
            may_go = [at for at in range(len(self.active)) if falls[at] > 0 and not self.equations[self.active[at]]]
            first = min(may_go, key=lambda at: self.pushes[at] / falls[at], default=None)
            until_gone = np.inf if first is None else self.pushes[first] / falls[first]
            slope = float(ahead @ ahead)
            is_parallel = slope <= _PARALLEL * float(rooted @ rooted)
            gap = sign * self.bounds[place] - float(normal @ self.x)
            until_met = np.inf if is_parallel else gap / slope
            step = min(until_gone, until_met)
            if not np.isfinite(step):
                return False
            if not is_parallel:
                self.x = self.x + step * self._unrooted(ahead)
            self.pushes = [before - step * fall for before, fall in zip(self.pushes, falls.tolist(), strict=True)]
            push += step
            if until_met <= until_gone:
                self.active.append(place)
                self.signs.append(sign)
                self.pushes.append(push)
                return True
            assert first is not None
            for part in (self.active, self.signs, self.pushes):
                del part[first]
