"""Decimals: results that .NET documents or that LEAN's own figures show."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradinglab.core.decimals import (
    round_half_away,
    round_half_even,
    scale_of,
    smart_round,
    strip_zeros,
    to_decimal,
    to_float,
)
from tradinglab.core.system_decimal import MAX_VALUE, fit


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0.1 + 0.2, "0.3"),
        (1 / 3, "0.333333333333333"),
        (2 / 3, "0.666666666666667"),
        (123456789.123456789, "123456789.123457"),
        (1234567890123456789.0, "1234567890123460000"),
        (1e-5, "0.00001"),
        (100.0, "100"),
        (-0.5, "-0.5"),
        (0.0, "0"),
        (1e-29, "0"),
        (7, "7"),
        ("2.200", "2.200"),
        (True, "1"),
    ],
)
def test_a_number_becomes_the_decimal_of_net(value: float | int | str, expected: str) -> None:
    assert f"{to_decimal(value):f}" == expected


def test_a_decimal_stays_as_it_is() -> None:
    value = Decimal("1.500")
    assert to_decimal(value) is value


def test_numbers_of_numpy_are_numbers() -> None:
    assert to_decimal(np.float64(0.1)) == Decimal("0.1")
    assert to_decimal(np.int64(12)) == Decimal(12)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("144.77307790400", "144.7731"),  # an adjusted price of SPY as it stands in an order hash
        ("0.000012345678", "0.00001234568"),
        ("999.99995", "1000"),
        ("999.99985", "999.9998"),  # half to even
        ("1234.56785", "1234.5678"),
        ("1234.50001", "1234.5000"),  # zeros that rounding leaves stay above 1000
        ("1234.5000", "1234.5"),
        ("-123456.789", "-123456.8"),  # only what is greater than 1000 keeps four decimals
        ("0", "0"),
        ("0.000", "0"),
        ("1000", "1000"),
        ("100000", "100000"),
    ],
)
def test_smart_rounding(value: str, expected: str) -> None:
    assert f"{smart_round(Decimal(value)):f}" == expected


@pytest.mark.parametrize(("value", "expected"), [("1.2500", "1.25"), ("100", "100"), ("1E+2", "100"), ("0.00", "0")])
def test_stripping_zeros(value: str, expected: str) -> None:
    assert str(strip_zeros(Decimal(value))) == expected


def test_rounding_adds_no_digits_but_formatting_does() -> None:
    assert str(round_half_even(Decimal("1.5"), 4)) == "1.5"
    assert str(round_half_even(Decimal("2.5"), 0)) == "2"
    assert str(round_half_away(Decimal("2.5"), 0)) == "3"
    assert str(round_half_away(Decimal("1.5"), 4)) == "1.5000"
    assert str(round_half_away(Decimal("3.485"), 2)) == "3.49"


def test_a_long_decimal_becomes_a_double_by_way_of_its_integer() -> None:
    # 2^64 + 1 loses its one, and the quotient is rounded once more.
    assert to_float(Decimal("18446744073709551617")) == 2.0**64
    assert to_float(Decimal("-18446744073709551616")) == -(2.0**64)
    assert to_float(Decimal("0.1")) == 0.1


any_decimal = st.builds(
    lambda sign, digits, exponent: Decimal((sign, tuple(digits), exponent)),
    st.integers(0, 1),
    st.lists(st.integers(0, 9), min_size=1, max_size=30),
    st.integers(-30, 6),
)


@given(any_decimal)
def test_scale_is_read_from_the_text_as_from_the_digits(value: Decimal) -> None:
    assert scale_of(value) == max(0, -int(value.as_tuple().exponent))


@given(any_decimal)
def test_double_is_read_from_the_text_as_from_the_digits(value: Decimal) -> None:
    sign, digits, exponent = value.as_tuple()
    whole = int("".join(map(str, digits)))
    expected = float(value)
    if -28 <= exponent <= 0 and (len(digits) > 15 or exponent < -22):
        high, low = divmod(whole, 1 << 64)
        expected = (float(low) + float(high) * 2.0**64) / float(f"1e{-exponent}") * (-1 if sign else 1)
    assert str(to_float(value)) == str(expected)


@given(any_decimal)
def test_what_fits_is_left_alone(value: Decimal) -> None:
    if round(abs(value)) > MAX_VALUE:
        with pytest.raises(OverflowError, match="too large"):
            fit(value)
        return
    fitted = fit(value)
    assert abs(fitted) <= MAX_VALUE
    _, digits, exponent = value.as_tuple()
    if len(digits) <= 28 and -28 <= exponent <= 0:
        assert fitted is value
    assert -28 <= int(fitted.as_tuple().exponent) <= 0
