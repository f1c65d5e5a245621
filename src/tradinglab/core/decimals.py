"""Where floats become decimals, and back, by .NET's rules.

Signals are floats; money is ``decimal.Decimal``. LEAN accounts in ``System.Decimal``, whose
results keep their scale ("2.200", not "2.2") and whose figures must be met to the last digit.
Python's default context (28 digits, half-even) multiplies, adds and divides with the same
scales; what differs is gathered here.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Context, Decimal, InvalidOperation, localcontext
from math import frexp, isfinite

ZERO = Decimal(0)
ONE = Decimal(1)
_TEN, _MINUS_TEN, _THOUSAND = Decimal(10), Decimal(-10), Decimal(1000)

_WIDE = Context(prec=80, traps=[])
_PLACES = tuple(Decimal(1).scaleb(-digits) for digits in range(29))
_UNITS = tuple(10**digits for digits in range(30))
_SEVEN_DIGITS = Context(prec=7, rounding=ROUND_HALF_EVEN)
_POWERS_OF_TEN = tuple(float(f"1e{power}") for power in range(29))
# So many digits, and powers of ten up to that one, are exact in a double: their quotient is the nearest one.
_EXACT_DIGITS, _EXACT_POWER = 15, -22
_EXACT_NUMBER = 10**_EXACT_DIGITS
_EXACT_INTEGERS = 1e15
_MILLION = 1e6
_LARGEST_SCALE = 28
_LONGEST_SHORT_TEXT = 16  # fifteen digits and a point

Number = Decimal | float | int | str


def to_decimal(value: Number) -> Decimal:
    """Return *value* as the decimal that .NET makes of it.

    A float keeps 15 significant digits and no trailing zeros, as ``(decimal)double`` does;
    integers, decimals and texts keep every digit.
    """
    # The kinds that come most often are told apart by their type alone.
    kind = type(value)
    if kind is Decimal:
        return value  # type: ignore[return-value]
    if kind is float:
        # Prices and quantities are short, in all likelihood.
        if (value * _MILLION).is_integer() and not value.is_integer():  # type: ignore[operator, union-attr]
            text = repr(value)
            if len(text) <= _LONGEST_SHORT_TEXT and "e" not in text:
                # At most fifteen digits bring the double back, so those are the ones that .NET finds.
                return Decimal(text)
        return _from_double(value)  # type: ignore[arg-type]
    if isinstance(value, Decimal):
        return value
    if isinstance(value, int):
        return Decimal(value)
    if isinstance(value, str):
        try:
            return Decimal(value)
        except InvalidOperation:
            raise ValueError(f"'{value}' is not a number.") from None
    return to_decimal(float(value))


def _from_double(value: float) -> Decimal:
    if not value:
        return ZERO
    if value.is_integer() and -_EXACT_INTEGERS < value < _EXACT_INTEGERS:
        return Decimal(int(value))
    return _from_long_double(value) if isfinite(value) else Decimal(value)


def _from_long_double(value: float) -> Decimal:
    """Follow .NET step by step: scale to an integer of fifteen digits *in doubles*, round it half to even."""
    power = 14 - ((frexp(value)[1] * 19728) >> 16)
    if not 0 <= power < _LARGEST_SCALE:
        return _from_extreme_double(value)
    scaled = value * _POWERS_OF_TEN[power]
    if -1e14 < scaled < 1e14:
        scaled *= 10
        power += 1
    digits = round(scaled)
    whole, fraction = divmod(digits, _UNITS[power])
    if not fraction:
        return Decimal(whole)
    return _WIDE.normalize(_WIDE.multiply(_PLACES[power], digits))


def _from_extreme_double(value: float) -> Decimal:
    """Do the same for doubles so large or small that a decimal has fewer digits behind the point, or in all."""
    exponent = frexp(value)[1]
    if exponent < -94:  # less than half of 1e-28
        return ZERO
    power = 14 - ((exponent * 19728) >> 16)
    scaled = abs(value)
    if power >= 0:
        power = min(power, 28)
        scaled *= _POWERS_OF_TEN[power]
    elif -power >= len(_POWERS_OF_TEN):
        raise OverflowError(f"{value:g} is too large for a decimal.")
    elif power != -1 or scaled >= 1e15:
        scaled /= _POWERS_OF_TEN[-power]
    else:
        power = 0
    if scaled < 1e14 and power < 28:
        scaled *= 10
        power += 1
    digits = round(scaled)
    while power > 0 and digits % 10 == 0:
        if digits == 0:
            return ZERO
        digits //= 10
        power -= 1
    digits = digits if value > 0 else -digits
    return Decimal(digits).scaleb(-power) if power > 0 else Decimal(digits * 10**-power)


def to_float(value: Decimal) -> float:
    """Return the double that .NET's ``(double)decimal`` gives: its integer, in doubles, over a power of ten.

    Of a long decimal that is not always the nearest double.
    """
    text = str(value)
    if len(text) <= _LONGEST_SHORT_TEXT and "E" not in text:
        return float(text)
    whole, _, fraction = text.lstrip("-").partition(".")
    if "E" in text or not whole.isdigit() or len(fraction) > 28:
        return _float_of_rare(value)
    digits = int(whole + fraction)
    if digits < _EXACT_NUMBER and len(fraction) <= -_EXACT_POWER:
        return float(text)
    return _scaled(value.is_signed(), digits, len(fraction))


def _float_of_rare(value: Decimal) -> float:
    """Return the double of a decimal that is written with a power of ten, or is no number."""
    sign, digits, exponent = value.as_tuple()
    if not isinstance(exponent, int) or not -28 <= exponent <= 0:
        return float(value)
    if len(digits) <= _EXACT_DIGITS and exponent >= _EXACT_POWER:
        return float(value)
    return _scaled(bool(sign), int("".join(map(str, digits))), -exponent)


def _scaled(is_negative: bool, digits: int, scale: int) -> float:
    high, low = divmod(digits, 1 << 64)
    double = (float(low) + float(high) * 2.0**64) / _POWERS_OF_TEN[scale]
    return -double if is_negative else double


def strip_zeros(value: Decimal) -> Decimal:
    """Return *value* without trailing zeros and never with a positive exponent."""
    if value.same_quantum(ONE):  # a whole number, written as one
        return value
    stripped = value.normalize()
    if stripped.same_quantum(ONE) or stripped != stripped.to_integral_value():
        return stripped
    return stripped.quantize(ONE)


def smart_round(value: Decimal) -> Decimal:
    """Round as LEAN's charts and order hash do.

    Above 1000 to four decimals, else to seven significant digits. Only zeros that *value* ended
    with are stripped from the former: 1234.50001 becomes 1234.5000.
    """
    if value > _THOUSAND:
        stripped = value.normalize()
        rounded = stripped.quantize(_PLACES[4], ROUND_HALF_EVEN, _WIDE)
        if rounded != stripped:
            return rounded
        return stripped if stripped % ONE else stripped.quantize(ONE)
    rounded = _SEVEN_DIGITS.normalize(value.normalize())
    return rounded.quantize(ONE) if rounded == rounded.to_integral_value() else rounded


def smart_rounds(values: Iterable[Decimal]) -> list[Decimal]:
    """Return what :func:`smart_round` makes of each value, in half the time."""
    values = list(values)
    with localcontext(_SEVEN_DIGITS):
        rounded = [None if value > _THOUSAND else value.normalize() for value in values]
    return [
        smart_round(value)
        if small is None
        else small
        if _MINUS_TEN < small < _TEN or small % _TEN
        else small.quantize(ONE)
        for value, small in zip(values, rounded, strict=True)
    ]


def scale_of(value: Decimal) -> int:
    """Return the number of decimal places that *value* carries, trailing zeros included."""
    text = str(value)
    if "E" in text:
        exponent = value.as_tuple().exponent
        return max(0, -exponent) if isinstance(exponent, int) else 0
    point = text.find(".")
    return len(text) - point - 1 if point >= 0 else 0


def round_half_even(value: Decimal, digits: int) -> Decimal:
    """Round like ``Math.Round(decimal, digits)``: half to even, and no digits are added."""
    rounded = value.quantize(_PLACES[digits], ROUND_HALF_EVEN, _WIDE)
    if rounded == value:
        # Of two that are equal, the one with more digits behind the point is first in the total order.
        return rounded if value.compare_total_mag(rounded).is_signed() else value
    return rounded if rounded == rounded else value  # rounded, infinity is not a number


def round_half_away(value: Decimal, digits: int) -> Decimal:
    """Round half away from zero to exactly *digits* decimals, as .NET formats numbers."""
    return value.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)
