"""How far below its highest value an account fell, and for how long."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tradinglab.analytics.arrays import Floats, as_floats, floats
from tradinglab.core.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawdown:
    """A time below a former peak.

    Attributes
    ----------
    peak, trough
        Positions of the peak and of the lowest value; position 0 is the start, before the first return.
    recovery
        Position at which the peak was reached again, ``None`` if it never was.
    depth
        The fall from peak to trough, a fraction below zero.
    """

    peak: int
    trough: int
    recovery: int | None
    depth: float

    @property
    def periods_down(self) -> int:
        """Periods from the peak to the trough."""
        return self.trough - self.peak

    @property
    def periods_to_recover(self) -> int | None:
        """Periods from the peak until it was reached again."""
        return None if self.recovery is None else self.recovery - self.peak


def underwater(returns: npt.ArrayLike) -> Floats:
    """Return, at each period, the loss since the highest value so far: zero or a fraction below it.

    ``W / max(W so far, 1) - 1`` with W the compounded wealth, which starts at one.
    """
    wealth = np.cumprod(1 + as_floats(returns))
    return floats(wealth / np.maximum(np.maximum.accumulate(wealth), 1.0) - 1)


def max_drawdown(returns: npt.ArrayLike) -> float:
    """Return the deepest drawdown, zero or a fraction below it."""
    depths = underwater(returns)
    return float(min(depths.min(), 0.0)) if len(depths) else 0.0


def drawdowns(returns: npt.ArrayLike, count: int | None = None) -> list[Drawdown]:
    """Return the drawdowns, deepest first; *count* limits how many."""
    sample = as_floats(returns)
    wealth = np.concatenate([[1.0], np.cumprod(1 + sample)])
    below = wealth < np.maximum.accumulate(wealth)
    # A drawdown is a run of values below the peak; the peak is the value before the run.
    edges = np.flatnonzero(np.diff(np.concatenate([[0], below.astype(np.int8), [0]])))
    found = []
    for first, after in zip(edges[::2], edges[1::2], strict=True):
        peak, trough = int(first) - 1, int(first + np.argmin(wealth[first:after]))
        found.append(
            Drawdown(
                peak=peak,
                trough=trough,
                recovery=int(after) if after < len(wealth) else None,
                depth=float(wealth[trough] / wealth[peak] - 1),
            )
        )
    found.sort(key=lambda drawdown: drawdown.depth)
    return found if count is None else found[:count]


def ulcer_index(returns: npt.ArrayLike) -> float:
    """Return the root mean square of the drawdown (Martin and McCann, 1989); not-a-number for no returns."""
    depths = underwater(returns)
    return float(np.sqrt(np.mean(depths**2))) if len(depths) else float("nan")
