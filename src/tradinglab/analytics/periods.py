"""Returns by month and by year."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TypeVar

import numpy.typing as npt

from tradinglab.analytics.arrays import SampleError, as_floats

K = TypeVar("K", bound=tuple[int, ...])


def monthly_returns(days: Sequence[date], returns: npt.ArrayLike) -> dict[tuple[int, int], float]:
    """Return the compounded return of each (year, month), in time order."""
    return _compounded([(day.year, day.month) for day in days], returns)


def yearly_returns(days: Sequence[date], returns: npt.ArrayLike) -> dict[int, float]:
    """Return the compounded return of each year, in time order."""
    return {year: value for (year,), value in _compounded([(day.year,) for day in days], returns).items()}


def monthly_table(days: Sequence[date], returns: npt.ArrayLike) -> dict[int, list[float | None]]:
    """Return, for each year, the returns of its twelve months; ``None`` where there are none."""
    table: dict[int, list[float | None]] = {}
    for (year, month), value in monthly_returns(days, returns).items():
        table.setdefault(year, [None] * 12)[month - 1] = value
    return table


def _compounded(keys: Sequence[K], returns: npt.ArrayLike) -> dict[K, float]:
    sample = as_floats(returns)
    if len(keys) != len(sample):
        raise SampleError(f"days and returns must have one length; they had {len(keys)} and {len(sample)}")
    growth: dict[K, float] = {}
    for key, value in zip(keys, sample, strict=True):
        growth[key] = growth.get(key, 1.0) * (1 + float(value))
    return {key: value - 1 for key, value in sorted(growth.items())}
