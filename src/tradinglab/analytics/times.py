"""Times as an array."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt

from tradinglab.analytics.arrays import SampleError

Times = Sequence[datetime | None] | npt.NDArray[np.generic]


def as_times(column: Times, name: str) -> npt.NDArray[np.datetime64]:
    """Return times as ``datetime64[ns]``, not-a-time for ``None``; those with a time zone become UTC.

    Raises
    ------
    SampleError
        If one of them is no datetime.
    """
    if isinstance(column, np.ndarray) and column.dtype.kind == "M":
        return column.astype("datetime64[ns]")
    try:
        return np.array([_naive(each) for each in column], "datetime64[ns]")
    except (AttributeError, TypeError, ValueError, OverflowError):
        raise SampleError(f"{name} must be datetimes or an array of datetime64") from None


def as_time(time: datetime | np.datetime64, name: str) -> np.datetime64:
    """Return one time as :func:`as_times` does.

    Raises
    ------
    SampleError
        If it is no datetime, or not a time.
    """
    found: np.datetime64 = as_times(np.array([time]) if isinstance(time, np.datetime64) else [time], name)[0]
    if np.isnat(found):
        raise SampleError(f"{name} must be a time; it was {time}")
    return found


def _naive(time: object) -> datetime | None:
    if time is None or time != time:  # pandas' not-a-time
        return None
    if not isinstance(time, datetime):
        raise TypeError(f"no datetime: {time!r}")
    return time.astimezone(UTC).replace(tzinfo=None) if time.tzinfo else time
