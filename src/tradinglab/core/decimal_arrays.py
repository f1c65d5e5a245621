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
