"""Decimals against exact arithmetic with fractions."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from tradinglab.core.decimals import (
    round_half_away,
    round_half_even,
    scale_of,
    smart_round,
    smart_rounds,
    strip_zeros,
    to_decimal,
    to_float,
)

prices = st.decimals(min_value="0.00000001", max_value=10**7, places=12, allow_nan=False, allow_infinity=False)
amounts = st.decimals(min_value=-(10**9), max_value=10**9, places=8, allow_nan=False, allow_infinity=False)
doubles = st.floats(min_value=1e-12, max_value=1e14)


def nearest(value: Fraction, unit: Fraction) -> Fraction:
    """Return the multiple of *unit* nearest to *value*, of two the even one."""
    return round(value / unit) * unit


@given(doubles)
def test_a_double_keeps_fifteen_digits(value: float) -> None:
    found = to_decimal(value)
    assert len(found.as_tuple().digits) <= 15
    assert abs(Fraction(found) - Fraction(value)) <= Fraction(value) * Fraction(1, 10**14)
    assert to_decimal(-value) == -found


@given(st.integers(1, 10**15 - 1), st.integers(0, 12))
def test_a_decimal_of_fifteen_digits_survives_being_a_double(digits: int, scale: int) -> None:
    value = strip_zeros(Decimal(digits).scaleb(-scale))
    found = to_decimal(float(value))
    assert found == value
    assert scale_of(found) == scale_of(value)


@given(st.integers(-(10**15), 10**15), st.integers(0, 22))
def test_a_decimal_of_fifteen_digits_becomes_the_nearest_double(digits: int, scale: int) -> None:
    assert to_float(Decimal(digits).scaleb(-scale)) == digits / 10**scale


@given(st.integers(-(2**96) + 1, 2**96 - 1), st.integers(0, 28))
def test_a_long_decimal_becomes_a_double_next_to_the_nearest(digits: int, scale: int) -> None:
    found, exact = Fraction(to_float(Decimal(f"{digits}e-{scale}"))), Fraction(digits, 10**scale)
    assert abs(found - exact) <= abs(exact) * Fraction(4, 2**53)


@given(prices)
def test_smart_rounding_keeps_four_decimals_or_seven_digits(price: Decimal) -> None:
    value = Fraction(price)
    if price > 1000:
        unit = Fraction(1, 10**4)
    else:
        whole = price.adjusted() + 1
        unit = Fraction(10) ** (whole - 7)
    assert Fraction(smart_round(price)) == nearest(value, unit)


@given(prices)
def test_smart_rounding_twice_changes_nothing(price: Decimal) -> None:
    once = smart_round(price)
    assert smart_round(once) == once


@given(amounts)
def test_zeros_are_stripped_and_no_exponent_is_left(value: Decimal) -> None:
    found = strip_zeros(value)
    assert found == value
    assert "E" not in f"{found:f}"
    assert found.as_tuple().exponent <= 0
    assert scale_of(found) == 0 or found.as_tuple().digits[-1] != 0


@given(amounts, st.integers(0, 8))
def test_rounding_half_to_even(value: Decimal, digits: int) -> None:
    found = round_half_even(value, digits)
    assert Fraction(found) == nearest(Fraction(value), Fraction(1, 10**digits))
    assert scale_of(found) <= max(digits, 0)


@given(st.integers(-(10**12), 10**12), st.integers(0, 6), st.integers(0, 12), st.integers(0, 8))
def test_rounding_adds_no_zeros_and_drops_none_that_may_stay(number: int, zeros: int, places: int, digits: int) -> None:
    value = Decimal(number * 10**zeros).scaleb(-places)
    found = round_half_even(value, digits)
    assert scale_of(found) == min(scale_of(value), digits)


@given(amounts, st.integers(0, 8))
def test_rounding_half_away_from_zero(value: Decimal, digits: int) -> None:
    unit = Fraction(1, 10**digits)
    away = int(abs(Fraction(value)) / unit + Fraction(1, 2)) * unit
    found = round_half_away(value, digits)
    assert abs(Fraction(found)) == away
    assert scale_of(found) == digits


@given(st.lists(prices | amounts | st.integers(-(10**5), 10**5).map(Decimal) | prices.map(smart_round)))
def test_smart_rounding_many_is_smart_rounding_each(values: list[Decimal]) -> None:
    assert list(map(str, smart_rounds(values))) == [str(smart_round(value)) for value in values]


@given(prices)
def test_smart_rounding_above_1000_strips_before_it_rounds(price: Decimal) -> None:
    if price > 1000:
        assert str(smart_round(price)) == str(round_half_even(strip_zeros(price), 4))
