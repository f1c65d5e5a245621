"""What every function of this package takes for input, and what it refuses."""

from __future__ import annotations

from decimal import Decimal
from numbers import Real
from typing import Any

import numpy as np
import numpy.typing as npt

from tradinglab.core.errors import TradingLabError

Floats = npt.NDArray[np.float64]
#: A figure: a number for one series, an array with a number for each column of several.
Figure = float | Floats
TRADING_DAYS = 252
NAN = float("nan")


class AnalyticsError(TradingLabError):
    """Base of the errors of this package."""

    code = "analytics"


class SampleError(AnalyticsError, ValueError):
    """A sample that no metric can be computed from."""

    code = "bad_sample"


class ParameterError(AnalyticsError, ValueError):
    """A setting of a metric that has no meaning, such as a window of no returns."""

    code = "bad_parameter"


def floats(values: npt.ArrayLike) -> Floats:
    """Return *values* as float64, whatever numpy's stubs make of arithmetic on it."""
    return np.asarray(values, np.float64)


def defined(values: npt.ArrayLike) -> Floats:
    """Return *values* with not-a-number for each that is not finite."""
    found = floats(values)
    return np.where(np.isfinite(found), found, NAN)


def as_numbers(sample: npt.ArrayLike, name: str = "returns") -> Floats:
    """Return *sample* as a float64 array; ``None`` and masked values are missing: not-a-number.

    Raises
    ------
    SampleError
        If it holds text, dates, truth values or anything else that is no number, is ragged, has no dimension, or holds
        an infinite value.
    """
    values = converted(sample, name)
    refuse_infinite(values, name)
    return values


def converted(sample: npt.ArrayLike, name: str = "returns") -> Floats:
    """Return *sample* as :func:`as_numbers` does, before anybody has looked for infinite values."""
    if isinstance(sample, np.ma.MaskedArray):
        sample = np.ma.filled(sample.astype(np.float64), NAN)
    try:
        given = np.asarray(sample)
    except (TypeError, ValueError) as error:
        raise SampleError(f"{name} must be numbers in rows of one length: {error}") from None
    if given.dtype.kind == "O":
        given = np.array([_number(each, name) for each in given.ravel()], np.float64).reshape(given.shape)
    if given.dtype.kind not in "fiu":
        raise SampleError(f"{name} must be numbers; they were of the type {given.dtype}")
    if given.ndim not in {1, 2}:
        raise SampleError(f"{name} must be one series or a table of (periods, series); its shape was {given.shape}")
    with np.errstate(over="ignore"):
        return floats(given)


def refuse_infinite(values: Floats, name: str = "returns") -> None:
    """Refuse *values* of which one is infinite.

    Raises
    ------
    SampleError
        Names the first infinite value and its place.
    """
    if (bad := np.isinf(values)).any():
        at = np.unravel_index(int(np.argmax(bad)), values.shape)
        series = f" of series {at[1]}" if values.ndim == 2 and values.shape[1] > 1 else ""
        raise SampleError(f"{name} must be finite; value {at[0]}{series} was {values[at]}")


def _number(value: Any, name: str) -> float:
    if value is None:
        return NAN
    if isinstance(value, bool) or not isinstance(value, Real | Decimal):
        raise SampleError(f"{name} must be numbers; one of them was {value!r}")
    try:
        return float(value)
    except OverflowError:
        raise SampleError(f"{name} must be finite; one of them was {str(value)[:20]}…") from None


def as_series(sample: npt.ArrayLike, name: str = "returns") -> Floats:
    """Return *sample* as one series, shape (periods,), missing values and all.

    Raises
    ------
    SampleError
        If it has another shape, or holds what is not a number or not finite.
    """
    values = as_numbers(sample, name)
    if values.ndim != 1:
        raise SampleError(f"{name} must be one row of numbers; its shape was {values.shape}")
    return values


def as_columns(sample: npt.ArrayLike, name: str = "returns") -> Floats:
    """Return *sample* as series side by side, shape (periods, series); a single one is one column.

    Raises
    ------
    SampleError
        If it has neither one nor two dimensions, or holds what is not a number or not finite.
    """
    values = as_numbers(sample, name)
    return values[:, None] if values.ndim == 1 else values


def positive(value: float, name: str) -> float:
    """Return *value*.

    Raises
    ------
    ParameterError
        If it is not a finite number above zero.
    """
    if not (np.isfinite(value) and value > 0):
        raise ParameterError(f"{name} must be a number above 0; it was {value}")
    return value


def finite(value: float, name: str) -> float:
    """Return *value*.

    Raises
    ------
    ParameterError
        If it is not a finite number.
    """
    if not np.isfinite(value):
        raise ParameterError(f"{name} must be a finite number; it was {value}")
    return value


def fraction(value: float, name: str) -> float:
    """Return *value*.

    Raises
    ------
    ParameterError
        If it is not between zero and one, both excluded.
    """
    if not 0 < value < 1:
        raise ParameterError(f"{name} must be between 0 and 1; it was {value}")
    return value


def whole(value: object, name: str, least: int) -> int:
    """Return *value*.

    Raises
    ------
    ParameterError
        If it is not a whole number of at least *least*.
    """
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise ParameterError(f"{name} must be a whole number of at least {least}; it was {value!r}")
    return int(value)
