"""Convex quadratic programmes: minimise ``x' P x / 2 + q' x`` where ``lower <= A x <= upper``.

The splitting method of Boyd and others (2011) in the form of Stellato and others (2020), "OSQP: an operator splitting
solver for quadratic programs": one matrix is inverted, and every step is a few products with it. What it finds is then
polished: of the constraints that hold it back a system of equations is made, whose solution is exact. Where it does not
settle, as of assets that vary in very different ways, the constraints are gone through one by one.
"""

from __future__ import annotations

import numpy as np

from tradinglab.analytics.arrays import AnalyticsError, Floats, floats
from tradinglab.analytics.portfolio.active_set import solve_by_active_set

_STEPS = 4_000
_CHECKED_EVERY = 25
_TOLERANCE = 1e-10
_GOOD_ENOUGH = 1e-6
_RELAXATION = 1.6
_SIGMA = 1e-6
#: How much stiffer an equation is than a bound.
_EQUATION = 1e3
#: A constraint with a multiplier above this holds the solution back.
_ACTIVE = 1e-9
_SOFTENED = 1e-8
_REFINED = 5
_EVENED = 15


class OptimizationError(AnalyticsError):
    """No portfolio was found."""

    code = "no_portfolio"


def minimise(quadratic: Floats, linear: Floats, matrix: Floats, lower: Floats, upper: Floats) -> Floats:
    """Return the x that minimises ``x' quadratic x / 2 + linear' x`` where ``lower <= matrix x <= upper``.

    Parameters
    ----------
    quadratic
        Symmetric and positive semi-definite, shape (n, n).
    linear
        Shape (n,).
    matrix, lower, upper
        Shapes (m, n), (m,) and (m,); a bound may be infinite, and equal bounds are an equation.

    Raises
    ------
    OptimizationError
        If the method does not settle, as when no x is within the bounds.
    """
    unit, size = _evened(quadratic, matrix)
    inner = quadratic * np.outer(unit, unit)
    scale = float(np.abs(inner).max()) or 1.0
    rows = size[:, None] * matrix * unit
    return unit * _Splitting(inner / scale, unit * linear / scale, rows, lower * size, upper * size).solve()


def _evened(quadratic: Floats, matrix: Floats) -> tuple[Floats, Floats]:
    """Return units of variables and factors of constraints that make all of about one size, so that one pace suits all.

    Ruiz (2001), "A scaling algorithm to equilibrate both rows and columns norms in matrices".
    """
    unit, size = np.ones(len(quadratic)), np.ones(len(matrix))
    for _ in range(_EVENED):
        inner, rows = np.abs(quadratic) * np.outer(unit, unit), size[:, None] * np.abs(matrix) * unit
        scale = float(inner.max()) or 1.0
        columns = np.maximum(inner.max(axis=0) / scale, rows.max(axis=0, initial=0.0))
        lengths = rows.max(axis=1)
        unit /= np.sqrt(np.where(columns > 0, columns, 1.0))
        size /= np.sqrt(np.where(lengths > 0, lengths, 1.0))
    return unit, size


class _Splitting:
    def __init__(self, quadratic: Floats, linear: Floats, matrix: Floats, lower: Floats, upper: Floats) -> None:
        self.quadratic, self.linear, self.matrix = quadratic, linear, matrix
        self.lower, self.upper = lower, upper
        self.x = np.zeros(len(linear))
        self.z = np.clip(np.zeros(len(lower)), lower, upper)
        self.y = np.zeros(len(lower))
        self._stiffen(0.1)

    def _stiffen(self, rho: float) -> None:
        """Choose how much weight constraints have, and invert the matrix of the steps."""
        self._rho = rho
        self.rho = np.where(self.upper - self.lower < 1e-12, rho * _EQUATION, rho)
        inner = self.quadratic + _SIGMA * np.eye(len(self.x)) + (self.matrix.T * self.rho) @ self.matrix
        self.inverse = np.linalg.inv(inner)

    def solve(self) -> Floats:
        best = np.inf
        for step in range(1, _STEPS + 1):
            self._step()
            if step % _CHECKED_EVERY:
                continue
            outside, slope = self._residuals(self.x, self.y)
            if max(outside, slope) < 1e-4 and max(outside, slope) < best / 10:
                best = max(outside, slope)
                polished = self._polished()
                if polished is not None:
                    return polished
            if max(outside, slope) < _TOLERANCE:
                return self.x
            ratio = np.sqrt((outside + 1e-12) / (slope + 1e-12))
            if step % (8 * _CHECKED_EVERY) == 0 and not 0.2 < ratio < 5 and 1e-6 < self._rho * ratio < 1e6:
                self._stiffen(self._rho * float(ratio))
        return self._exact()

    def _exact(self) -> Floats:
        """Return what the slower method finds where this one does not settle."""
        settled = self.x, self.y
        found = solve_by_active_set(self.quadratic, self.linear, self.matrix, self.lower, self.upper)
        if found is not None:
            self.x, self.y = found
            polished = self._polished()
            if polished is not None:
                return polished
        for x, y in (found or settled, settled):
            if max(self._residuals(x, y)) < _GOOD_ENOUGH:
                return x
        raise OptimizationError(
            "No portfolio was found: the limits may exclude all of them, or the covariance be too close to singular."
        )

    def _step(self) -> None:
        right = _SIGMA * self.x - self.linear + self.matrix.T @ (self.rho * self.z - self.y)
        x = self.inverse @ right
        reached = _RELAXATION * (self.matrix @ x) + (1 - _RELAXATION) * self.z
        self.x = _RELAXATION * x + (1 - _RELAXATION) * self.x
        z = np.clip(reached + self.y / self.rho, self.lower, self.upper)
        self.y = self.y + self.rho * (reached - z)
        self.z = z

    def _residuals(self, x: Floats, y: Floats) -> tuple[float, float]:
        """Return how far a point is out of bounds, and how steep the ground is under it."""
        reached = self.matrix @ x
        outside = np.maximum(np.maximum(self.lower - reached, reached - self.upper), 0.0).max(initial=0.0)
        slope = np.abs(self.quadratic @ x + self.linear + self.matrix.T @ y).max(initial=0.0)
        return float(outside), float(slope)

    def _polished(self) -> Floats | None:
        """Return the exact solution if the constraints that seem to hold it back are those that do."""
        # A multiplier below zero belongs to a lower bound, one above it to an upper one.
        size = float(np.abs(self.y).max(initial=0.0)) or 1.0
        is_equation = self.upper - self.lower < 1e-12
        at_lower, at_upper = (self.y < -_ACTIVE * size), (self.y > _ACTIVE * size)
        active = at_lower | at_upper | is_equation
        rows = self.matrix[active]
        target = np.where(at_lower | is_equation, self.lower, self.upper)[active]
        n, m = len(self.x), len(rows)
        system = np.zeros((n + m, n + m))
        system[:n, :n] = self.quadratic
        system[:n, n:], system[n:, :n] = rows.T, rows
        # Constraints that repeat each other make the system singular: a little on its diagonal, refined away after.
        diagonal = np.concatenate([np.full(n, _SOFTENED), np.full(m, -_SOFTENED)])
        right = np.concatenate([-self.linear, target])
        inverse = floats(np.linalg.inv(system + np.diag(diagonal)))
        found = inverse @ right
        for _ in range(_REFINED):
            found += inverse @ (right - system @ found)
        x, y = found[:n], np.zeros(len(self.y))
        y[active] = found[n:]
        outside, slope = self._residuals(x, y)
        wrong = np.where(at_lower & ~is_equation, y, 0.0).max(initial=0.0)
        wrong = max(wrong, -np.where(at_upper & ~is_equation, y, 0.0).min(initial=0.0))
        return floats(x) if max(outside, slope, float(wrong)) < 1e-10 else None
