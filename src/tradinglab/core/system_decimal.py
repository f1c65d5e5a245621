"""What .NET's ``System.Decimal`` does where Python's ``Decimal`` does otherwise, and how .NET prints numbers.

A ``System.Decimal`` is a 96-bit integer and a scale of 0 to 28. Python's default context keeps 28
significant digits instead and lets the exponent run free: a quotient such as ``10 / 0.5`` is
``2E+1`` here and ``20`` there, and ``0.01 / 3`` has 28 digits there, 30 decimals here. Sums, differences and
products of everyday figures agree, so only code whose results are printed with their scale needs this module.
"""

from __future__ import annotations

import threading
from decimal import ROUND_HALF_EVEN, Context, Decimal, Inexact
from math import floor, isnan, log10

from tradinglab.core.decimals import ZERO, round_half_away, round_half_even, scale_of, to_decimal
from tradinglab.core.decimals import to_float as double_of

__all__ = [
    "MAX_SCALE",
    "MAX_VALUE",
    "cast_double",
    "decimal_text",
    "divide",
    "double_of",
    "double_text",
    "fit",
    "fixed_text",
    "grouped_text",
    "multiply",
    "percent_text",
    "round_double",
    "round_to_multiple",
    "round_to_significant_digits",
]

MAX_VALUE = Decimal(2**96 - 1)
MAX_SCALE = 28

_WIDE = Context(prec=80, rounding=ROUND_HALF_EVEN)
_PRECISIONS = tuple(Context(prec=digits or 1, rounding=ROUND_HALF_EVEN) for digits in range(30))
_BOUNDS = tuple(MAX_VALUE.scaleb(whole - MAX_SCALE, _WIDE) for whole in range(MAX_SCALE + 1))
_UNITS = tuple(Decimal(1).scaleb(-scale) for scale in range(MAX_SCALE + 1))
_TEN = Decimal(10)
_SMALLEST = Decimal(1).scaleb(-MAX_SCALE)
_LONGEST_FITTING = 28  # written out, a number of no more characters has no more digits, nor more behind the point


class _Division(threading.local):
    """A context whose flags no other thread touches."""

    def __init__(self) -> None:
        context = Context(prec=28, rounding=ROUND_HALF_EVEN, traps=[])
        self.flags = context.flags
        self.divide = context.divide


_division = _Division()


def fit(value: Decimal) -> Decimal:
    """Return *value* as ``System.Decimal`` holds it: no positive exponent, scale and digits within bounds."""
    text = str(value)
    if len(text) <= _LONGEST_FITTING and "E" not in text and text[-1].isdigit():
        return value
    _, digits, exponent = value.as_tuple()
    if not isinstance(exponent, int):
        raise OverflowError(f"{value} is no decimal")
    if exponent > 0:
        value = _WIDE.quantize(value, Decimal(1))
        exponent = 0
    if len(digits) <= 28 and exponent >= -MAX_SCALE:
        return value
    # No more than 29 digits fit.
    scale = min(-exponent, MAX_SCALE, MAX_SCALE + 1 - len(digits) - exponent)
    while scale >= 0:
        fitted = value.quantize(_UNITS[scale], ROUND_HALF_EVEN, _WIDE)
        if fitted.copy_abs() <= _BOUNDS[MAX_SCALE - scale]:
            return fitted
        scale -= 1
    raise OverflowError(f"{value} is too large for a decimal")


def multiply(left: Decimal, right: Decimal) -> Decimal:
    """Return the product with .NET's scale."""
    return fit(_WIDE.multiply(left, right))


def divide(left: Decimal, right: Decimal) -> Decimal:
    """Return the quotient with .NET's scale.

    An exact quotient keeps the difference of the scales if that suffices; any other is rounded half to
    even at the largest scale that fits, and loses its trailing zeros.
    """
    if not right:
        raise ZeroDivisionError("division of a decimal by zero")
    flags = _division.flags
    flags[Inexact] = False
    quotient = _division.divide(left, right)
    if not flags[Inexact]:
        found = fit(quotient or quotient.copy_abs())
        return found if found is quotient or found == quotient else found.normalize(_WIDE) or ZERO
    # Digits before the point take from those behind it; the 29th fits up to 7.9 (2**96 is 7.9e28).
    whole = quotient.adjusted()
    if whole == -1:
        found = quotient
    elif whole < 0:
        found = _PRECISIONS[29 + whole].divide(left, right) if whole > -29 else _smallest(left, right)
    elif quotient.copy_abs() > MAX_VALUE:
        raise OverflowError(f"{left} / {right} is too large for a decimal")
    else:
        found = _PRECISIONS[29].divide(left, right)
        if found.copy_abs() > _BOUNDS[whole]:
            found = quotient
    found = found.normalize(_WIDE)
    if whole < 0:
        return found or ZERO
    return fit(found) if whole > 0 and not found % _TEN else found


def _smallest(left: Decimal, right: Decimal) -> Decimal:
    """Return a quotient below the smallest decimals, rounded to one of them or to zero."""
    return _WIDE.quantize(_WIDE.divide(left, right), _SMALLEST)


def _mantissa(value: Decimal) -> int:
    return int(_WIDE.scaleb(value, scale_of(value)))


def cast_double(value: float) -> Decimal:
    """Return a double as a decimal, the extremes cut to what a decimal can hold; not-a-number becomes zero."""
    if isnan(value):
        return ZERO
    if abs(value) >= float(MAX_VALUE):
        return MAX_VALUE if value > 0 else -MAX_VALUE
    return to_decimal(value)


def round_to_significant_digits(value: Decimal, digits: int) -> Decimal:
    """Round half to even to a number of significant digits, keeping the scale that LEAN's arithmetic leaves."""
    if not value:
        return ZERO
    scale = to_decimal(10.0 ** (floor(log10(abs(float(value)))) + 1))
    return multiply(scale, round_half_even(divide(value, scale), digits))


def round_to_multiple(value: Decimal, step: Decimal) -> Decimal:
    """Round half away from zero to a multiple of *step*."""
    return multiply(step, round_half_away(divide(value, step), 0)) if step else value


def round_double(value: float, digits: int) -> float:
    """Round like ``Math.Round(double, digits)``: half to even of the scaled value, not of the decimal text."""
    if abs(value) >= 1e16 or value != value:
        return value
    power = 10.0**digits
    return round(value * power, 0) / power


def decimal_text(value: Decimal) -> str:
    """Return a decimal as ``ToString`` prints it: every digit of its scale, never an exponent, no minus zero."""
    return f"{value or value.copy_abs():f}"


def double_text(value: float) -> str:
    """Return a double as ``ToString`` prints it: the shortest digits that bring it back."""
    if isnan(value):
        return "NaN"
    if value in (float("inf"), float("-inf")):
        return "Infinity" if value > 0 else "-Infinity"
    sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    assert isinstance(exponent, int)
    point = len(digits) + exponent
    minus = "-" if sign else ""
    text = "".join(map(str, digits))
    if value and (point > max(len(digits), 15) or point < -3):
        fraction = f".{text[1:]}" if len(text) > 1 else ""
        power = point - 1
        return f"{minus}{text[0]}{fraction}E{'-' if power < 0 else '+'}{abs(power):02d}"
    return minus + f"{Decimal((0, digits, exponent)):f}" if value else f"{minus}0"


def fixed_text(value: Decimal, digits: int = 2) -> str:
    """Return the format ``0.00``: half away from zero, always *digits* decimals."""
    rounded = round_half_away(value, digits)
    return f"{rounded or rounded.copy_abs():f}"


def grouped_text(value: Decimal, digits: int = 2) -> str:
    """Return the format ``N2``: ``-1,234.50``."""
    rounded = round_half_away(value, digits)
    return f"{rounded or rounded.copy_abs():,f}"


def percent_text(value: Decimal) -> str:
    """Return the format ``P`` of the invariant culture: ``1.69 %``."""
    return f"{grouped_text(value * 100)} %"
