"""Returns by month and by year."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
import numpy.typing as npt

from tradinglab.analytics.arrays import NAN, Floats, SampleError, as_columns, as_series, defined

Days = Sequence[date] | npt.NDArray[np.datetime64]


def monthly_returns(days: Days, returns: npt.ArrayLike) -> dict[tuple[int, int], float]:
    """Return the compounded return of each (year, month) of one series, in time order.

    Parameters
    ----------
    days
        The day of each return: dates, datetimes or an array of ``datetime64``.
    returns
        One series, shape (periods,). Of a month in which all are missing the return is not-a-number.
    """
    months, grown = _compounded(days, as_series(returns), "M")
    return {
        (int(each) // 12 + 1970, int(each) % 12 + 1): float(value)
        for each, value in zip(months, grown[:, 0], strict=True)
    }


def yearly_returns(days: Days, returns: npt.ArrayLike) -> dict[int, float]:
    """Return the compounded return of each year of one series, in time order."""
    years, grown = _compounded(days, as_series(returns), "Y")
    return dict(zip([1970 + int(each) for each in years], grown[:, 0].tolist(), strict=True))


def monthly_table(days: Days, returns: npt.ArrayLike) -> dict[int, list[float | None]]:
    """Return, for each year, the returns of its twelve months; ``None`` where there are none."""
    table: dict[int, list[float | None]] = {}
    for (year, month), value in monthly_returns(days, returns).items():
        table.setdefault(year, [None] * 12)[month - 1] = value
    return table


def returns_by_month(days: Days, returns: npt.ArrayLike) -> tuple[npt.NDArray[np.datetime64], Floats]:
    """Return the months, ``datetime64[M]``, and the compounded return of each, shape (months, series)."""
    months, grown = _compounded(days, returns, "M")
    return months.astype("datetime64[M]"), grown


def returns_by_year(days: Days, returns: npt.ArrayLike) -> tuple[npt.NDArray[np.datetime64], Floats]:
    """Return the years, ``datetime64[Y]``, and the compounded return of each, shape (years, series)."""
    years, grown = _compounded(days, returns, "Y")
    return years.astype("datetime64[Y]"), grown


def _compounded(days: Days, returns: npt.ArrayLike, unit: str) -> tuple[npt.NDArray[np.int64], Floats]:
    columns = as_columns(returns)
    if len(days) != len(columns):
        raise SampleError(f"days and returns must have one length; they had {len(days)} and {len(columns)}")
    keys = _as_days(days).astype(f"datetime64[{unit}]").astype(np.int64)
    if not len(keys):
        return keys, np.empty((0, columns.shape[1]))
    order = np.argsort(keys, kind="stable")
    found, first = np.unique(keys[order], return_index=True)
    ordered = columns[order]
    missing = np.isnan(ordered)
    with np.errstate(all="ignore"):
        grown = defined(np.multiply.reduceat(np.where(missing, 1.0, 1 + ordered), first, axis=0) - 1)
    return found, np.where(np.logical_and.reduceat(missing, first, axis=0), NAN, grown)


def _as_days(days: Days) -> npt.NDArray[np.datetime64]:
    try:
        if isinstance(days, np.ndarray) and days.dtype.kind == "M":
            given = days.astype("datetime64[D]")
        else:
            given = np.array([date(each.year, each.month, each.day) for each in days], "datetime64[D]")
    except (AttributeError, TypeError, ValueError):
        raise SampleError("days must be dates, datetimes or an array of datetime64") from None
    if np.isnat(given).any():
        raise SampleError(f"days must all be known; day {int(np.argmax(np.isnat(given)))} was not")
    return given
