"""Decimals of whole arrays: what :func:`tradinglab.core.decimals.to_decimal` gives, at a fraction of its cost each."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import numpy.typing as npt

from tradinglab.core.decimals import to_decimal

_MOST_DECIMALS = 28
_POWERS = np.array([float(f"1e{power}") for power in range(_MOST_DECIMALS + 1)])
_UNITS = tuple(Decimal(1).scaleb(-power) for power in range(_MOST_DECIMALS + 1))
_FEWEST = 8  # below that, arrays cost more than they save
# Of these magnitudes a double is brought to fifteen digits by one multiplication.
_SMALLEST, _LARGEST = 1e-12, 1e14
#: The places of a tick, the ten-thousandth in which most prices are quoted.
TICK_PLACES = 4
_MOST_IN_TICKS = 1e11  # fifteen digits as ticks


def decimals_of(values: npt.NDArray[np.float64]) -> list[Decimal]:
    """Return the decimal that .NET makes of each value."""
    sizes = np.abs(values)
    if len(values) < _FEWEST or not np.all((sizes == 0.0) | ((sizes >= _SMALLEST) & (sizes < _LARGEST))):
        return [to_decimal(value) for value in values.tolist()]
    digits, places = _fifteen_digits(sizes)
    digits, places = _without_zeros(digits, places)
    units = _UNITS
    signed = np.where(values < 0, -digits, digits)
    return [Decimal(number) * units[place] for number, place in zip(signed.tolist(), places.tolist(), strict=True)]


def ticks_of(values: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint8]] | None:
    """Return values as whole ten-thousandths, and the places of their decimals; ``None`` if some value has more."""
    if not np.all(np.abs(values) < _MOST_IN_TICKS):
        return None
    numbers = np.rint(values * 10.0**TICK_PLACES)
    # A decimal of at most fifteen digits is the one that its nearest double becomes.
    if not np.array_equal(numbers / 10.0**TICK_PLACES, values):
        return None
    ticks = numbers.astype(np.int64)
    places = _without_zeros(ticks, np.full(len(ticks), TICK_PLACES))[1]
    return ticks, places.astype(np.uint8)


def _fifteen_digits(sizes: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return sizes as whole numbers of fifteen digits, and by which power of ten they were scaled."""
    exponents = np.frexp(sizes)[1].astype(np.int64)
    places = np.minimum(14 - ((exponents * 19728) >> 16), _MOST_DECIMALS)
    scaled = sizes * _POWERS[places]
    is_short = (scaled < 1e14) & (places < _MOST_DECIMALS)
    scaled = np.where(is_short, scaled * 10, scaled)
    return np.rint(scaled).astype(np.int64), places + is_short


def _without_zeros(
    digits: npt.NDArray[np.int64], places: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Drop the zeros after the point that end the numbers."""
    for count in (8, 4, 2, 1):
        tens = 10**count
        shorter = digits // tens
        drop = (places >= count) & (shorter * tens == digits)
        digits = np.where(drop, shorter, digits)
        places = np.where(drop, places - count, places)
    return digits, np.where(digits == 0, 0, places)
