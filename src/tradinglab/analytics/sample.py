"""Series of returns, prepared so that one call measures all of them and several metrics share what they need.

A metric is written once, as a *kernel*: a function of a :class:`Sample`, which is a block of whole series of one
length, to one figure for each of them. :func:`measured` and :func:`measured_pair` feed it with blocks small enough for
the processor's caches, so that memory beyond the input is bounded whatever the number of series. A series with missing
returns is a block of its own, without them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property

import numpy as np
import numpy.typing as npt

from tradinglab.analytics.arrays import (
    NAN,
    Figure,
    Floats,
    SampleError,
    as_columns,
    as_numbers,
    converted,
    defined,
    floats,
    refuse_infinite,
)
from tradinglab.analytics.compounding import growth_and_fall

#: Numbers in a block.
_BLOCK = 131_072
#: A variance below this many times the square of the mean may be what rounding left of none.
_RESIDUE = 1e-26
#: Squares below this have lost digits to the end of float64's range.
_SMALLEST_SQUARE = 1e-290

_TURNED_TOGETHER = 64
_PERIODS_TURNED = 512

Columns = slice | list[int]


class Sample:
    """Whole series of one length; figures are arrays with one number for each.

    Attributes
    ----------
    rows
        The returns, shape (series, periods), contiguous and finite.
    """

    def __init__(self, rows: Floats) -> None:
        self.rows = rows
        self._tails: dict[int, Floats] = {}

    @property
    def periods(self) -> int:
        """Returns in each series."""
        return int(self.rows.shape[1])

    @property
    def undefined(self) -> Floats:
        """A figure that is not a number for any series."""
        return np.full(len(self.rows), NAN)

    @cached_property
    def mean(self) -> Floats:
        """The arithmetic mean."""
        return defined(self.rows.mean(axis=1)) if self.periods else self.undefined

    @cached_property
    def centred(self) -> Floats:
        """The returns less their mean, shape (series, periods)."""
        return floats(self.rows - self.mean[:, None])

    @cached_property
    def squares(self) -> Floats:
        """The sum of the squares of the centred returns; exactly zero for a series that does not vary."""
        found = defined(np.einsum("ij,ij->i", self.centred, self.centred))
        doubtful = np.flatnonzero(found <= _RESIDUE * self.periods * self.mean**2 + _SMALLEST_SQUARE)
        if len(doubtful):
            is_flat = np.ptp(self.rows[doubtful], axis=1) == 0
            lost = np.where(found[doubtful] < _SMALLEST_SQUARE, NAN, found[doubtful])
            found[doubtful] = np.where(is_flat, 0.0, lost)
        return found

    @cached_property
    def deviation(self) -> Floats:
        """The sample standard deviation; not-a-number for fewer than two returns."""
        return floats(np.sqrt(self.squares / (self.periods - 1))) if self.periods > 1 else self.undefined

    @cached_property
    def wealth(self) -> Floats:
        """What one unit of money has become after each period, shape (series, periods)."""
        grown = np.add(self.rows, 1.0)
        return floats(np.multiply.accumulate(grown, axis=1, out=grown))

    @cached_property
    def worst(self) -> Floats:
        """The worst return of any period."""
        return floats(self.rows.min(axis=1)) if self.periods else self.undefined

    @property
    def growth(self) -> Floats:
        """What one unit of money has become in the end."""
        return self._growth_and_fall[0]

    @property
    def deepest_fall(self) -> Floats:
        """The deepest fall from a peak, zero or a fraction below it."""
        return self._growth_and_fall[1]

    @cached_property
    def _growth_and_fall(self) -> tuple[Floats, Floats]:
        if not self.periods:
            return self.undefined, self.undefined
        growth, fall = growth_and_fall(self.rows)
        ruined = np.flatnonzero(self.worst <= -1)
        if len(ruined):
            some = Sample(self.rows[ruined])
            growth[ruined] = defined(some.wealth[:, -1])
            fall[ruined] = some.underwater.min(axis=1)
        return growth, fall

    @cached_property
    def underwater(self) -> Floats:
        """The fall from the highest wealth so far, shape (series, periods): zero or a fraction below it."""
        wealth = self.wealth
        peak = np.empty_like(wealth)
        if self.periods:
            first = wealth[:, 0].copy()
            np.maximum(first, 1.0, out=wealth[:, 0])
            # Numbers above zero are ordered as their bits are, and those of whole numbers are compared faster.
            np.maximum.accumulate(wealth.view(np.int64), axis=1, out=peak.view(np.int64))
            wealth[:, 0] = first
        np.divide(wealth, peak, out=peak)
        return floats(np.subtract(peak, 1.0, out=peak))

    def tail(self, position: int) -> Floats:
        """Return the returns such that those up to *position* are the worst ones, shape (series, periods)."""
        found = self._tails.get(position)
        if found is None:
            found = self._tails[position] = np.partition(self.rows, position, axis=1)
        return found

    def quantile(self, share: float) -> Floats:
        """Return the quantile at *share*, between neighbours in proportion (numpy's ``linear``)."""
        if not self.periods:
            return self.undefined
        exact = (self.periods - 1) * share
        below = int(exact)
        tail = self.tail(below)
        lower = tail[:, below]
        if below + 1 == self.periods:
            return lower
        return floats(lower + (tail[:, below + 1 :].min(axis=1) - lower) * (exact - below))


Returns = npt.ArrayLike | Sample
Kernel = Callable[[Sample], Floats]
PairKernel = Callable[[Sample, Sample], Floats]


def block_length(periods: int) -> int:
    """Return how many series of a length make one block."""
    return max(1, _BLOCK // max(1, periods))


def blocks(columns: Floats) -> Iterator[tuple[Columns, Sample]]:
    """Yield blocks of the *columns*, shape (periods, series), with their places among them.

    Raises
    ------
    SampleError
        If one of the returns is infinite.
    """
    for first, rows in _rows(columns):
        # One sum tells whether there is anything to look for.
        if np.isfinite(rows.sum()):
            yield slice(first, first + len(rows)), Sample(rows)
            continue
        refuse_infinite(columns)
        gaps = np.isnan(rows)
        has_gap = gaps.any(axis=1)
        complete = np.flatnonzero(~has_gap)
        if len(complete):
            yield [first + int(each) for each in complete], Sample(rows[complete])
        for each in np.flatnonzero(has_gap):
            yield [first + int(each)], Sample(rows[each, ~gaps[each]][None])


def _rows(columns: Floats) -> Iterator[tuple[int, Floats]]:
    """Yield blocks of the columns as rows that are contiguous, with the number of the first."""
    periods, series = columns.shape
    step = block_length(periods)
    if columns.flags.f_contiguous:
        for first in range(0, series, step):
            yield first, columns[:, first : first + step].T
        return
    # In a table by periods, neighbouring series share the processor's cache lines: they are turned together.
    wide = max(step, _TURNED_TOGETHER)
    for begin in range(0, series, wide):
        turned = np.empty((min(wide, series - begin), periods))
        for top in range(0, periods, _PERIODS_TURNED):
            part = columns[top : top + _PERIODS_TURNED, begin : begin + wide]
            turned[:, top : top + _PERIODS_TURNED] = part.T
        for first in range(0, len(turned), step):
            yield begin + first, turned[first : first + step]


def measured(returns: Returns, kernel: Kernel) -> Figure:
    """Return the kernel's figure: a number for one series, an array for a table of (periods, series).

    Raises
    ------
    SampleError
        If the returns are not numbers, or one is infinite.
    """
    with np.errstate(all="ignore"):
        if isinstance(returns, Sample):
            return defined(kernel(returns))
        values = converted(returns)
        columns = values[:, None] if values.ndim == 1 else values
        found = np.full(columns.shape[1], NAN)
        for places, block in blocks(columns):
            found[places] = defined(kernel(block))
    return float(found[0]) if values.ndim == 1 else found


def pair_blocks(columns: Floats, benchmark: Floats) -> Iterator[tuple[Columns, Sample, Sample]]:
    """Yield blocks of series and of what they are compared with, shape (series or 1, periods).

    A period in which one of the two is missing is left out of both.
    """
    periods, series = columns.shape
    step = block_length(periods)
    is_shared = benchmark.shape[1] == 1
    shared = np.ascontiguousarray(benchmark.T) if is_shared else None
    for first in range(0, series, step):
        left = np.ascontiguousarray(columns[:, first : first + step].T)
        right = np.ascontiguousarray(benchmark[:, first : first + step].T) if shared is None else shared
        gaps = np.isnan(left) | np.isnan(right)
        if not gaps.any():
            yield slice(first, first + step), Sample(left), Sample(right)
            continue
        for each, (row, other) in enumerate(zip(left, np.broadcast_to(right, left.shape), strict=True)):
            both = ~gaps[each]
            yield [first + each], Sample(row[both][None]), Sample(other[both][None])


def measured_pair(returns: Returns, benchmark: Returns, kernel: PairKernel) -> Figure:
    """Return the kernel's figure for returns and benchmark; the benchmark is one series, or one for each series.

    Raises
    ------
    SampleError
        If one of them is not numbers or infinite, or their lengths or numbers of series do not fit.
    """
    with np.errstate(all="ignore"):
        if isinstance(returns, Sample) and isinstance(benchmark, Sample):
            return defined(kernel(returns, benchmark))
        if isinstance(returns, Sample) or isinstance(benchmark, Sample):
            raise SampleError("returns and benchmark must both be prepared, or neither")
        values = as_numbers(returns)
        left, right = as_pair(values, benchmark)
        found = np.full(left.shape[1], NAN)
        for places, block, other in pair_blocks(left, right):
            found[places] = defined(kernel(block, other))
    return float(found[0]) if values.ndim == 1 else found


def as_pair(returns: npt.ArrayLike, benchmark: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Return two tables of one length, the second of one series or as many as the first.

    Raises
    ------
    SampleError
        If they do not fit, or one of them cannot be used.
    """
    left, right = as_columns(returns), as_columns(benchmark, "benchmark")
    if len(left) != len(right):
        raise SampleError(f"returns and benchmark must have one length; they had {len(left)} and {len(right)}")
    if right.shape[1] not in {1, left.shape[1]}:
        raise SampleError(
            f"benchmark must be one series or one for each of the {left.shape[1]}; there were {right.shape[1]}"
        )
    return left, right
