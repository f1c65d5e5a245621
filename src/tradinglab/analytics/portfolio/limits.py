"""Between which bounds the weights of a portfolio may be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from tradinglab.analytics.arrays import Floats, ParameterError, floats
from tradinglab.analytics.portfolio.quadratic import minimise
from tradinglab.core.values import dataclass

Bound = float | Sequence[float]
#: How far weights may be out of bounds by the last digits of a sum.
_ROUNDING = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds for the weights of a portfolio, as fractions of the equity.

    Attributes
    ----------
    lower, upper
        For each position, one number for all or one each; zero and one by default: long only.
    total
        What the weights add up to: one by default; zero is a portfolio that is as long as it is short.
    leverage
        The most that the sizes of all weights may add up to; unlimited by default.
    sectors
        The sector of each asset, if sectors have limits.
    sector_limits
        For each sector the most that its weights may add up to, or a pair of the least and the most.
    """

    lower: Bound = 0.0
    upper: Bound = 1.0
    total: float = 1.0
    leverage: float | None = None
    sectors: Sequence[str] | None = None
    sector_limits: Mapping[str, float | tuple[float, float]] | None = None

    def bounds(self, assets: int) -> tuple[Floats, Floats]:
        """Return the least and the most of each weight, shape (assets,).

        Raises
        ------
        ParameterError
            If there is another number of them, one is not a number, or the least is above the most.
        """
        found = []
        for name, bound in (("lower", self.lower), ("upper", self.upper)):
            values = floats(bound)
            if values.ndim > 1 or (values.ndim and len(values) != assets):
                raise ParameterError(f"{name} must be one number, or one for each of the {assets} assets")
            if np.isnan(values).any():
                raise ParameterError(f"{name} must be known; it was {bound}")
            found.append(np.broadcast_to(values, (assets,)).copy())
        lower, upper = found
        if (lower > upper).any():
            at = int(np.argmax(lower > upper))
            raise ParameterError(f"lower must not be above upper; for asset {at} they were {lower[at]} and {upper[at]}")
        return lower, upper

    def constraints(self, assets: int) -> tuple[Floats, Floats, Floats]:
        """Return the matrix and bounds of all limits but that of leverage: the total, sectors and positions.

        Raises
        ------
        ParameterError
            If the limits contradict each other, or name what is not there.
        """
        lower, upper = self.bounds(assets)
        if not np.isfinite(self.total):
            raise ParameterError(f"total must be a finite number; it was {self.total}")
        rows, least, most = [np.ones(assets)], [self.total], [self.total]
        for name, (low, high) in self._sector_bounds(assets).items():
            assert self.sectors is not None
            rows.append(np.array([each == name for each in self.sectors], np.float64))
            least.append(low)
            most.append(high)
        matrix = np.vstack([*rows, np.eye(assets)])
        found = matrix, np.concatenate([least, lower]), np.concatenate([most, upper])
        self._check(*found)
        return found

    def _sector_bounds(self, assets: int) -> dict[str, tuple[float, float]]:
        if self.leverage is not None and not self.leverage > 0:
            raise ParameterError(f"leverage must be a number above 0; it was {self.leverage}")
        if not self.sector_limits:
            return {}
        if self.sectors is None or len(self.sectors) != assets:
            raise ParameterError(f"sectors must name the sector of each of the {assets} assets, as they have limits")
        unknown = sorted(set(self.sector_limits) - set(self.sectors))
        if unknown:
            raise ParameterError(f"sector_limits names {unknown[0]!r}, in which there is no asset")
        found = {}
        for name, limit in self.sector_limits.items():
            low, high = limit if isinstance(limit, tuple) else (-np.inf, limit)
            if np.isnan(low) or np.isnan(high) or low > high:
                raise ParameterError(f"the limit of sector {name!r} must be a number or a rising pair; it was {limit}")
            found[name] = (float(low), float(high))
        return found

    def _check(self, matrix: Floats, lower: Floats, upper: Floats) -> None:
        """Do nothing if some portfolio is within the limits."""
        assets = matrix.shape[1]
        if len(matrix) == assets + 1 and self.leverage is None:
            if not lower[1:].sum() <= self.total + _ROUNDING or not upper[1:].sum() >= self.total - _ROUNDING:
                raise ParameterError(self._impossible())
            return
        from scipy.optimize import linprog  # slow to import

        # The smallest sum of sizes, with each weight as a part above zero less one below it.
        both = np.hstack([matrix, -matrix])
        below, above = np.isfinite(lower), np.isfinite(upper)
        inequalities = np.vstack([both[above], -both[below]])
        bounds = np.concatenate([upper[above], -lower[below]])
        found = linprog(np.ones(2 * assets), inequalities, bounds, bounds=(0, None), method="highs")
        if found.status != 0:
            raise ParameterError(self._impossible())
        if self.leverage is not None and found.fun > self.leverage * (1 + 1e-9):
            raise ParameterError(
                f"the limits need a leverage of {found.fun:g} at least; leverage was limited to {self.leverage:g}"
            )

    def _impossible(self) -> str:
        return f"no weights that add up to {self.total:g} are within the limits: widen those of positions or sectors"


LONG_ONLY = Limits()


def within(weights: Floats, limits: Limits) -> Floats:
    """Return the weights within the limits that are nearest to *weights*, by the sum of squared differences.

    Raises
    ------
    ParameterError
        If no weights are within the limits.
    """
    matrix, lower, upper = limits.constraints(len(weights))
    reached = matrix @ weights
    are_in = bool((reached >= lower - _ROUNDING).all() and (reached <= upper + _ROUNDING).all())
    if are_in and (limits.leverage is None or np.abs(weights).sum() <= limits.leverage + _ROUNDING):
        return weights
    return solved(np.eye(len(weights)), -weights, limits)


def solved(quadratic: Floats, linear: Floats, limits: Limits) -> Floats:
    """Return the weights within the limits that minimise ``w' quadratic w / 2 + linear' w``."""
    assets = len(linear)
    matrix, lower, upper = limits.constraints(assets)
    if not is_leverage_in_force(limits, assets):
        return trimmed(minimise(quadratic, linear, matrix, lower, upper), limits)
    wide, low, high = with_sizes(matrix, lower, upper, limits)
    padded = np.zeros((2 * assets, 2 * assets))
    padded[:assets, :assets] = quadratic
    found = minimise(padded, np.concatenate([linear, np.zeros(assets)]), wide, low, high)
    return trimmed(found[:assets], limits)


def is_leverage_in_force(limits: Limits, assets: int) -> bool:
    """Whether the limit of leverage excludes anything that the others let through."""
    if limits.leverage is None:
        return False
    lower, _ = limits.bounds(assets)
    return bool((lower < 0).any() or limits.leverage < limits.total)


def with_sizes(matrix: Floats, lower: Floats, upper: Floats, limits: Limits) -> tuple[Floats, Floats, Floats]:
    """Return the constraints for weights and, after them, numbers not below their sizes that leverage limits."""
    rows, assets = matrix.shape
    one = np.eye(assets)
    wide = np.vstack(
        [
            np.hstack([matrix, np.zeros((rows, assets))]),
            np.hstack([one, one]),
            np.hstack([-one, one]),
            np.concatenate([np.zeros(assets), np.ones(assets)])[None],
        ]
    )
    assert limits.leverage is not None
    none, unbounded = np.zeros(2 * assets), np.full(2 * assets, np.inf)
    return wide, np.concatenate([lower, none, [-np.inf]]), np.concatenate([upper, unbounded, [limits.leverage]])


def trimmed(weights: Floats, limits: Limits) -> Floats:
    """Return weights without what the last digits of a solution are out of bounds."""
    lower, upper = limits.bounds(len(weights))
    return np.clip(np.where(np.abs(weights) < 1e-12, 0.0, weights), lower, upper)
