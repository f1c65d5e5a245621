"""Series of returns, prepared so that one call measures all of them and several metrics share what they need.

A metric is written once, as a *kernel*: a function of a :class:`Sample`, which is a block of whole series of one
length, to one figure for each of them. :func:`measured` and :func:`measured_pair` feed it with blocks small enough for
the processor's caches, so that memory beyond the input is bounded whatever the number of series. A series with missing
returns is a block of its own, without them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from math import prod
from typing import Any, NamedTuple

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
from tradinglab.analytics.compiling import compiled_walks
from tradinglab.analytics.falls import falls_of
from tradinglab.analytics.walks import LANES, lanes_of, sums_of

#: Numbers in a block.
_BLOCK = 163_840
#: How much larger blocks are that only compiled walks go through.
_LARGER = 4
#: A variance below this many times the square of the mean may be what rounding left of none.
_RESIDUE = 1e-26
#: Squares below this have lost digits to the end of float64's range.
_SMALLEST_SQUARE = 1e-290
_TURNED_TOGETHER = 64
#: A tail is picked out by a limit if it is at most one in so many returns; the limit is told by every so manieth.
_FEW, _EVERY = 4, 16
_PERIODS_TURNED = 256

Columns = slice | list[int]


class Scratch:
    """Room for what is worked out on the way, used again for each block: fresh memory costs more than the sums."""

    def __init__(self) -> None:
        self._kept: dict[str, Floats] = {}

    def room(self, name: str, shape: tuple[int, ...]) -> Floats:
        """Return an array of a shape with whatever is in it; the same memory for the same name."""
        size = prod(shape)
        kept = self._kept.get(name)
        if kept is None or kept.size < size:
            kept = self._kept[name] = np.empty(size)
        return kept[:size].reshape(shape)


class Tail(NamedTuple):
    """The worst returns of each series, shape (series, returns), and the one that comes after them."""

    worst: Floats
    after: Floats


class Sample:
    """Whole series of one length; figures are arrays with one number for each.

    Attributes
    ----------
    rows
        The returns, shape (series, periods), contiguous and finite.
    """

    def __init__(self, rows: Floats, scratch: Scratch | None = None) -> None:
        """Take the rows, and room that no other living sample uses."""
        self.rows = rows
        self._scratch = scratch or Scratch()
        self._tails: dict[int, Tail] = {}

    @property
    def periods(self) -> int:
        """Returns in each series."""
        return int(self.rows.shape[1])

    def room(self, name: str) -> Floats:
        """Return an array of the shape of the rows, with whatever is in it, for a kernel to work in."""
        return self._scratch.room(name, self.rows.shape)

    @property
    def undefined(self) -> Floats:
        """A figure that is not a number for any series."""
        return np.full(len(self.rows), NAN)

    @cached_property
    def _compiled(self) -> Any:
        """The compiled walks, or ``None``."""
        return compiled_walks(self.rows.size)

    @cached_property
    def _quick_sums(self) -> tuple[Floats, Floats]:
        lanes = np.zeros((2, len(self.rows), LANES))
        self._compiled.add_lanes(self.rows, lanes[0], lanes[1])
        return sums_of(lanes[0]), sums_of(lanes[1])

    @cached_property
    def total(self) -> Floats:
        """The sum of the returns."""
        return sums_of(lanes_of(self.rows)) if self._compiled is None else self._quick_sums[0]

    @cached_property
    def _raw_squares(self) -> Floats:
        if self._compiled is not None:
            return self._quick_sums[1]
        return sums_of(lanes_of(np.multiply(self.rows, self.rows, out=self.room("squares"))))

    def shortfall_squares(self, required: float) -> Floats:
        """Return the sum of the squares of what fell short of the required return."""
        if self._compiled is not None:
            lanes = np.zeros((len(self.rows), LANES))
            self._compiled.add_shortfalls(self.rows, required, lanes)
            return sums_of(lanes)
        room = self.room("shortfall")
        short = np.minimum(np.subtract(self.rows, required, out=room) if required else self.rows, 0.0, out=room)
        return sums_of(lanes_of(np.multiply(short, short, out=room)))

    @cached_property
    def mean(self) -> Floats:
        """The arithmetic mean."""
        if not self.periods:
            return self.undefined
        return defined(self.total / self.periods)

    @cached_property
    def centred(self) -> Floats:
        """The returns less their mean, shape (series, periods)."""
        return np.subtract(self.rows, self.mean[:, None], out=self.room("centred"))

    @cached_property
    def squares(self) -> Floats:
        """The sum of the squares of the centred returns; exactly zero for a series that does not vary."""
        raw = self._raw_squares
        found = defined(raw - self.periods * self.mean**2)
        # Where the mean is no small part of the returns, that difference has lost digits.
        again = np.flatnonzero(~(found > raw / 2))
        if len(again):
            centred = self.rows[again] - self.mean[again, None]
            found[again] = defined(np.einsum("ij,ij->i", centred, centred))
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
        grown = np.add(self.rows, 1.0, out=self.room("wealth"))
        return floats(np.multiply.accumulate(grown, axis=1, out=grown))

    @cached_property
    def falls(self) -> tuple[Floats, Floats, Floats, Floats]:
        """Wealth at the end, its highest peak, its lowest value, and the least share of a former peak that was left."""
        if self._compiled is None:
            return falls_of(self.wealth)
        found = np.empty((4, len(self.rows)))
        self._compiled.walk_falls(self.rows, found[0], found[1], found[2], found[3])
        return found[0], found[1], found[2], found[3]

    @property
    def growth(self) -> Floats:
        """What one unit of money has become in the end."""
        return defined(self.falls[0]) if self.periods else self.undefined

    @property
    def was_negative(self) -> npt.NDArray[np.bool_]:
        """Whether an account was ever below zero."""
        return self.falls[2] < 0

    @property
    def deepest_fall(self) -> Floats:
        """The deepest fall from a peak, zero or a fraction below it."""
        if not self.periods:
            return self.undefined
        _, peak, _, fall = self.falls
        return np.where(np.isfinite(peak), fall - 1, NAN)

    @cached_property
    def underwater(self) -> Floats:
        """The fall from the highest wealth so far, shape (series, periods): zero or a fraction below it."""
        wealth = self.wealth
        peak = self.room("underwater")
        if self.periods:
            first = wealth[:, 0].copy()
            np.maximum(first, 1.0, out=wealth[:, 0])
            # Numbers above zero are ordered as their bits are, and those of whole numbers are compared faster.
            np.maximum.accumulate(wealth.view(np.int64), axis=1, out=peak.view(np.int64))
            wealth[:, 0] = first
        np.divide(wealth, peak, out=peak)
        return floats(np.subtract(peak, 1.0, out=peak))

    def tail(self, position: int) -> Tail:
        """Return the returns up to *position* of the sorted ones, in whatever order, and the next one."""
        found = self._tails.get(position)
        if found is None:
            found = self._tails[position] = self._quick_tail(position) or self._cut(self.rows, position)
        return found

    def _cut(self, values: Floats, position: int) -> Tail:
        room = self._scratch.room(f"tail{position}", values.shape)
        np.copyto(room, values)
        room.partition(position, axis=1)
        rest = room[:, position + 1 :]
        return Tail(room[:, : position + 1], rest.min(axis=1) if rest.size else self.undefined)

    def _quick_tail(self, position: int) -> Tail | None:
        """Return a tail out of the few returns below a limit, if a part of them tells a good one."""
        if self._compiled is None or not len(self.rows) or position >= self.periods // _FEW:
            return None
        part = np.ascontiguousarray(self.rows[:, ::_EVERY])
        wanted = position // _EVERY
        place = min(wanted + int(4 * np.sqrt(wanted)) + 4, part.shape[1] - 1)
        part.partition(place, axis=1)
        counts, picked = np.empty(len(self.rows), np.int64), self.room("picked")
        self._compiled.pick_tails(self.rows, part[:, place].copy(), counts, picked)
        most = int(counts.max())
        if int(counts.min()) < position + 2:
            return None
        for row, count in zip(picked, counts.tolist(), strict=True):
            row[count:most] = np.inf
        return self._cut(picked[:, :most], position)

    def quantile(self, share: float) -> Floats:
        """Return the quantile at *share*, between neighbours in proportion (numpy's ``linear``)."""
        if not self.periods:
            return self.undefined
        exact = (self.periods - 1) * share
        below = int(exact)
        worst, after = self.tail(below)
        lower = floats(worst.max(axis=1))
        if below + 1 == self.periods:
            return lower
        return floats(lower + (after - lower) * (exact - below))


Returns = npt.ArrayLike | Sample
Kernel = Callable[[Sample], Floats]
PairKernel = Callable[[Sample, Sample], Floats]


def block_length(periods: int) -> int:
    """Return how many series of a length make one block."""
    return max(1, _BLOCK // max(1, periods))


def blocks(columns: Floats, *, is_walked: bool = False) -> Iterator[tuple[Columns, Sample]]:
    """Yield blocks of the *columns*, shape (periods, series), with their places among them.

    A block is done with when the next one is asked for.

    Parameters
    ----------
    is_walked
        Whether compiled walks, which need no arrays between them, work out all that is wanted: blocks may be larger.

    Raises
    ------
    SampleError
        If one of the returns is infinite.
    """
    scratch = Scratch()
    is_large = is_walked and compiled_walks(0) is not None
    for first, rows in _rows(columns, _LARGER if is_large else 1):
        # The sums tell whether there is anything to look for.
        sample = Sample(rows, scratch)
        if np.isfinite(sample.total).all():
            yield slice(first, first + len(rows)), sample
            continue
        refuse_infinite(columns)
        gaps = np.isnan(rows)
        has_gap = gaps.any(axis=1)
        complete = np.flatnonzero(~has_gap)
        if len(complete):
            yield [first + int(each) for each in complete], Sample(rows[complete])
        for each in np.flatnonzero(has_gap):
            yield [first + int(each)], Sample(rows[each, ~gaps[each]][None])


def _rows(columns: Floats, times: int) -> Iterator[tuple[int, Floats]]:
    """Yield blocks of the columns as rows that are contiguous, with the number of the first."""
    periods, series = columns.shape
    step = block_length(periods) * times
    if columns.flags.f_contiguous:
        for first in range(0, series, step):
            yield first, columns[:, first : first + step].T
        return
    scratch = Scratch()
    # In a table by periods, neighbouring series share the processor's cache lines: they are turned together.
    wide = max(step, _TURNED_TOGETHER)
    for begin in range(0, series, wide):
        turned = scratch.room("turned", (min(wide, series - begin), periods))
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
