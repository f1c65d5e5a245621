"""The numbers behind the charts: returns, drawdowns, months, years, rolling Sharpe ratio."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawdown:
    """One stay below a former peak; *depth* is negative, *end* is None while it lasts.

    The fields *first* to *last* are positions in the series: the peak, the trough and the recovery.
    """

    first: int
    trough: int
    last: int
    depth: float
    recovered: bool


def returns(values: Sequence[float]) -> list[float]:
    """Return the simple return of each step; the first is 0."""
    steps = [0.0]
    steps.extend(after / before - 1 if before else 0.0 for before, after in itertools.pairwise(values))
    return steps


def underwater(values: Sequence[float]) -> list[float]:
    """Return how far each value lies below the highest so far, as a fraction at or below 0."""
    peak, depths = -math.inf, []
    for value in values:
        peak = max(peak, value)
        depths.append(value / peak - 1 if peak > 0 else 0.0)
    return depths


def worst_drawdowns(values: Sequence[float], count: int = 5) -> list[Drawdown]:
    """Return the *count* deepest drawdowns, deepest first."""
    found: list[Drawdown] = []
    peak = trough = 0
    for index, value in enumerate(values):
        if value >= values[peak]:
            if trough > peak:
                found.append(_drawdown(values, peak, trough, index, recovered=True))
            peak = trough = index
        elif value < values[trough]:
            trough = index
    if trough > peak:
        found.append(_drawdown(values, peak, trough, len(values) - 1, recovered=False))
    return sorted(found, key=lambda drawdown: drawdown.depth)[:count]


def _drawdown(values: Sequence[float], peak: int, trough: int, last: int, *, recovered: bool) -> Drawdown:
    depth = values[trough] / values[peak] - 1
    return Drawdown(first=peak, trough=trough, last=last, depth=depth, recovered=recovered)


def period_returns(days: Sequence[date], values: Sequence[float], *, monthly: bool) -> dict[tuple[int, int], float]:
    """Return the return of each month, keyed (year, month), or of each year, keyed (year, 0).

    The first value is where the first period starts from; its own day belongs to none.
    """
    closes: dict[tuple[int, int], float] = {}
    for day, value in zip(days[1:], values[1:], strict=True):
        closes[day.year, day.month if monthly else 0] = value
    before, result = values[0] if values else 0.0, {}
    for key, close in closes.items():
        result[key] = close / before - 1 if before else 0.0
        before = close
    return result


def rolling_sharpe(values: Sequence[float], window: int, periods_per_year: float) -> list[float]:
    """Return the annual Sharpe ratio (risk-free rate 0) of the last *window* returns; NaN before there are as many.

    ``mean / deviation * sqrt(periods per year)``, with the sample deviation; NaN where nothing moved.
    """
    steps = returns(values)
    result = [math.nan] * len(steps)
    for index in range(window, len(steps)):
        part = steps[index - window + 1 : index + 1]
        mean = math.fsum(part) / window
        variance = math.fsum((step - mean) ** 2 for step in part) / (window - 1)
        if variance > 1e-18:
            result[index] = mean / math.sqrt(variance) * math.sqrt(periods_per_year)
    return result
