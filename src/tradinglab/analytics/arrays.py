"""What every metric does with its input."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tradinglab.core.errors import TradingLabError

Floats = npt.NDArray[np.float64]
TRADING_DAYS = 252


class AnalyticsError(TradingLabError):
    """Base of the errors of this package."""

    code = "analytics"


class SampleError(AnalyticsError, ValueError):
    """A sample that no metric can be computed from."""

    code = "bad_sample"


def floats(values: npt.ArrayLike) -> Floats:
    """Return *values* as float64, whatever numpy's stubs make of arithmetic on it."""
    return np.asarray(values, np.float64)


def as_floats(sample: npt.ArrayLike, name: str = "returns") -> Floats:
    """Return *sample* as a one-dimensional float64 array.

    Raises
    ------
    SampleError
        If it has another shape, or holds a value that is not finite: a gap must be closed before it is measured.
    """
    values = floats(sample)
    if values.ndim != 1:
        raise SampleError(f"{name} must be one row of numbers; its shape was {values.shape}")
    bad = ~np.isfinite(values)
    if bad.any():
        at = int(np.argmax(bad))
        raise SampleError(f"{name} must be finite; value {at} was {values[at]}")
    return values


def as_pair(returns: npt.ArrayLike, benchmark: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Return two samples of one length.

    Raises
    ------
    SampleError
        If their lengths differ, or one of them cannot be used.
    """
    left, right = as_floats(returns), as_floats(benchmark, "benchmark")
    if len(left) != len(right):
        raise SampleError(f"returns and benchmark must have one length; they had {len(left)} and {len(right)}")
    return left, right


def ratio(numerator: float, denominator: float) -> float:
    """Return a quotient, not-a-number when the denominator is zero."""
    return float(numerator / denominator) if denominator else float("nan")
