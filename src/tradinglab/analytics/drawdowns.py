"""How far below its highest value an account fell, and for how long. Conventions as in :mod:`.performance`.

The account starts with one unit of money, which is its first peak. In the functions that tell a time or a place, a
missing return is a period in which nothing changed.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tradinglab.analytics.arrays import Figure, Floats, as_columns, as_numbers, as_series, defined, floats, whole
from tradinglab.analytics.sample import Returns, Sample, measured
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

    ``W / max(W so far, 1) - 1`` with W the compounded wealth, which starts at one. The shape is that of *returns*.
    """
    sample = as_numbers(returns)
    with np.errstate(all="ignore"):
        wealth = np.cumprod(1 + np.where(np.isnan(sample), 0.0, sample), axis=0)
        return defined(wealth / np.maximum(np.maximum.accumulate(wealth, axis=0), 1.0) - 1)


def max_drawdown(returns: Returns) -> Figure:
    """Return the deepest drawdown, zero or a fraction below it."""
    return measured(returns, lambda sample: sample.deepest_fall)


def ulcer_index(returns: Returns) -> Figure:
    """Return the root mean square of the drawdown at each period (Martin and McCann, 1989)."""

    def kernel(sample: Sample) -> Floats:
        if not sample.periods:
            return sample.undefined
        return floats(np.sqrt(np.einsum("ij,ij->i", sample.underwater, sample.underwater) / sample.periods))

    return measured(returns, kernel)


def time_under_water(returns: Returns) -> Figure:
    """Return the share of the periods that ended below an earlier peak."""

    def kernel(sample: Sample) -> Floats:
        if not sample.periods:
            return sample.undefined
        is_known = np.isfinite(sample.underwater).all(axis=1)
        return np.where(is_known, (sample.underwater < 0).mean(axis=1), np.nan)

    return measured(returns, kernel)


def longest_time_under_water(returns: Returns) -> Figure:
    """Return the most periods in a row that ended below an earlier peak."""

    def kernel(sample: Sample) -> Floats:
        if not sample.periods:
            return sample.undefined
        numbers = np.arange(1, sample.periods + 1)
        last_peak = np.maximum.accumulate(np.where(sample.underwater < 0, 0, numbers), axis=1)
        is_known = np.isfinite(sample.underwater).all(axis=1)
        return np.where(is_known, (numbers - last_peak).max(axis=1), np.nan)

    return measured(returns, kernel)


def drawdowns(returns: npt.ArrayLike, count: int | None = None) -> list[Drawdown]:
    """Return the drawdowns of one series, deepest first; *count* limits how many."""
    if count is not None:
        whole(count, "count", 0)
    sample = as_series(returns)
    with np.errstate(all="ignore"):
        wealth = np.concatenate([[1.0], np.cumprod(1 + np.where(np.isnan(sample), 0.0, sample))])
    if not np.isfinite(wealth).all():
        return []
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


def drawdowns_by_series(returns: npt.ArrayLike, count: int | None = None) -> list[list[Drawdown]]:
    """Return the :func:`drawdowns` of each column of *returns*, shape (periods, series)."""
    return [drawdowns(column, count) for column in as_columns(returns).T]
