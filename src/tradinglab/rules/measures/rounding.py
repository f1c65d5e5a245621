"""Numbers as LEAN's charts hold them, as whole arrays of floats."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from tradinglab.data.columns import Floats

_PLACES = 10
_DIGITS = 7
_LARGE = 1000.0


def charted(values: Floats) -> Floats:
    """Return values as a chart holds them: above 1000 to four places, else to seven significant digits."""
    is_large = values > _LARGE
    rounded = np.round(values, 4)
    if not is_large.all():
        rounded[~is_large] = significant(values[~is_large])
    return rounded


def significant(values: Floats) -> Floats:
    """Return values with at most ten places to seven significant digits, half to even.

    Whole numbers decide, so that halves are told apart from what is near them.
    """
    whole = np.rint(np.minimum(np.abs(values), 1e8) * 10.0**_PLACES).astype(np.int64)
    digits = np.floor(np.log10(np.maximum(whole, 1))).astype(np.int64) + 1
    unit = 10 ** np.maximum(digits - _DIGITS, 0)
    quotient, rest = np.divmod(whole, unit)
    quotient += (2 * rest > unit) | ((2 * rest == unit) & (quotient % 2 == 1))
    rounded = np.sign(values) * (quotient * unit) / 10.0**_PLACES
    return np.where(np.abs(values) < 1e8, rounded, values)
