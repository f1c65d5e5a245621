"""The moments that a period's risk figures are made of: of one period, or of many overlapping ones in one pass.

The two come to the same to the last bit: the pass over many takes the steps of :mod:`moments`, one sample of every
period at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from math import nan, sqrt
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from tradinglab.engine.statistics import moments
from tradinglab.engine.statistics.inputs import Period

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
#: Samples of the first so many periods, one of each, by their place in the period.
_Take = Callable[[int, int], Floats]


class PeriodMoments(NamedTuple):
    """Moments of a period's daily returns, of the benchmark's, and of both.

    Attributes
    ----------
    downside_variance
        That of the returns below zero.
    tracking_variance
        That of the returns less the benchmark's.
    late_mean, late_deviation
        Of the last year of returns.
    """

    mean: float
    variance: float
    skewness: float
    kurtosis: float
    downside_variance: float
    benchmark_mean: float
    benchmark_variance: float
    covariance: float
    tracking_variance: float
    late_mean: float
    late_deviation: float


def moments_of(period: Period, trading_days: int) -> PeriodMoments:
    """Return the moments of a period; *trading_days* are those of a year."""
    returns, benchmark = period.returns, period.benchmark
    late = returns[-trading_days:]
    late_mean = 0.0
    for count, value in enumerate(late, start=1):
        late_mean += (value - late_mean) / count
    skewness, kurtosis = moments.skewness_and_kurtosis(returns)
    return PeriodMoments(
        mean=moments.mean(returns),
        variance=moments.variance(returns),
        skewness=skewness,
        kurtosis=kurtosis,
        downside_variance=moments.variance([value for value in returns if value < 0]),
        benchmark_mean=moments.mean(benchmark),
        benchmark_variance=moments.variance(benchmark),
        covariance=moments.covariance(returns, benchmark),
        tracking_variance=moments.variance([mine - other for mine, other in zip(returns, benchmark, strict=True)]),
        late_mean=late_mean,
        late_deviation=moments.standard_deviation(late),
    )


def moments_of_many(
    returns: Sequence[float],
    benchmark: Sequence[float],
    spans: Sequence[tuple[slice, slice]],
    trading_days: int,
) -> list[PeriodMoments]:
    """Return the moments of many periods.

    Parameters
    ----------
    returns, benchmark
        All returns.
    spans
        Where the returns of each period are, and those of its benchmark: as many, and at least two.
    trading_days
        Those of a year.
    """
    if not spans:
        return []
    mine, other = np.array(returns, np.float64), np.array(benchmark, np.float64)
    first = np.array([span.start for span, _ in spans], np.int64)
    count = np.array([span.stop - span.start for span, _ in spans], np.int64)
    shift = np.array([theirs.start - span.start for span, theirs in spans], np.int64)
    negative = np.concatenate(([0], np.cumsum(mine < 0)))
    below = negative[first], negative[first + count] - negative[first]
    late = np.minimum(count, trading_days)
    with np.errstate(all="ignore"):
        higher = _higher(_Runs(count), lambda order: _taker(mine, first[order]))
        late_mean = _higher(_Runs(late), lambda order: _taker(mine, (first + count - late)[order]))[0]
        found = [
            _mean(_Runs(count), lambda order: _taker(mine, first[order])),
            _variance(_Runs(count), lambda order: _taker(mine, first[order])),
            *_shape(higher, count),
            _variance(_Runs(below[1]), lambda order: _taker(mine[mine < 0], below[0][order])),
            _mean(_Runs(count), lambda order: _taker(other, (first + shift)[order])),
            _variance(_Runs(count), lambda order: _taker(other, (first + shift)[order])),
            _covariance(_Runs(count), mine, other, first, first + shift),
            _variance(_Runs(count), lambda order: _differences(mine, other, first[order], (first + shift)[order])),
            late_mean.tolist(),
            [
                sqrt(value)
                for value in _variance(_Runs(late), lambda order: _taker(mine, (first + count - late)[order]))
            ],
        ]
    return [PeriodMoments(*each) for each in zip(*found, strict=True)]


class _Runs:
    """Periods in the order of their lengths, the longest first: those that have a sample at a place come first."""

    def __init__(self, counts: Integers) -> None:
        self.order = np.argsort(-counts, kind="stable")
        self.counts = counts[self.order]

    def steps(self, first: int = 0) -> Iterator[tuple[int, int]]:
        """Yield each place in a period from *first* on, and how many periods have it."""
        longest = int(self.counts[0])
        there = np.searchsorted(-self.counts, -np.arange(longest), side="left")
        yield from enumerate(there[first:].tolist(), first)

    def restored(self, values: Floats) -> Floats:
        """Return values in the order in which the periods were given."""
        found = np.empty_like(values)
        found[self.order] = values
        return found


def _taker(values: Floats, first: Integers) -> _Take:
    return lambda many, place: values[first[:many] + place]


def _differences(left: Floats, right: Floats, first: Integers, other: Integers) -> _Take:
    return lambda many, place: left[first[:many] + place] - right[other[:many] + place]


def _mean(runs: _Runs, taker: Callable[[Integers], _Take]) -> list[float]:
    total, take = np.zeros(len(runs.counts)), taker(runs.order)
    for place, many in runs.steps():
        total[:many] += take(many, place)
    found: list[float] = runs.restored(total / runs.counts).tolist()
    return found


def _variance(runs: _Runs, taker: Callable[[Integers], _Take]) -> list[float]:
    take, known = taker(runs.order), int((runs.counts > 1).sum())
    total, result = np.zeros(len(runs.counts)), np.full(len(runs.counts), nan)
    result[:known] = 0.0
    total[:known] = take(known, 0)
    for place, many in runs.steps(1) if known else ():
        count = place + 1
        value = take(many, place)
        total[:many] += value
        difference = count * value - total[:many]
        result[:many] += difference * difference / (count * (count - 1))
    found: list[float] = runs.restored(result / (runs.counts - 1)).tolist()
    return found


def _covariance(runs: _Runs, left: Floats, right: Floats, first: Integers, other: Integers) -> list[float]:
    periods = len(runs.counts)
    left_mean, right_mean, comoment = np.zeros(periods), np.zeros(periods), np.zeros(periods)
    take_left, take_right = _taker(left, first[runs.order]), _taker(right, other[runs.order])
    for place, many in runs.steps():
        x, y, count = take_left(many, place), take_right(many, place), place + 1
        before = right_mean[:many].copy()
        left_mean[:many] += (x - left_mean[:many]) / count
        right_mean[:many] += (y - before) / count
        comoment[:many] += (x - left_mean[:many]) * (y - before)
    found: list[float] = runs.restored(comoment / (runs.counts - 1)).tolist()
    return found


def _higher(runs: _Runs, taker: Callable[[Integers], _Take]) -> tuple[Floats, ...]:
    """Return mean and sums of the second, third and fourth powers."""
    take = taker(runs.order)
    m1, m2, m3, m4 = (np.zeros(len(runs.counts)) for _ in range(4))
    for place, many in runs.steps():
        n = place + 1
        one, two, three = m1[:many], m2[:many], m3[:many]
        delta = take(many, place) - one
        step = delta / n
        square = step * step
        term = delta * step * (n - 1)
        one += step
        m4[:many] += term * square * (n * n - 3 * n + 3) + 6 * square * two - 4 * step * three
        three += term * step * (n - 2) - 3 * step * two
        two += term
    return tuple(runs.restored(each) for each in (m1, m2, m3, m4))


def _shape(higher: tuple[Floats, ...], counts: Integers) -> tuple[Any, Any]:
    """Return skewness and excess kurtosis of each period."""
    rows = zip(counts.tolist(), *(each.tolist() for each in higher[1:]), strict=True)
    found = [moments.shape_of(count, m2, m3, m4) for count, m2, m3, m4 in rows]
    return [skewness for skewness, _ in found], [kurtosis for _, kurtosis in found]
