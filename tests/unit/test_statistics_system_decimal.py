"""System.Decimal: results that .NET is known to give (worked by hand from its published rules)."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tradinglab.core import system_decimal as net
from tradinglab.core.decimals import smart_round, to_decimal


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ("10", "0.5", "20"),
        ("1.00", "2", "0.50"),
        ("100.00", "10.0", "10.0"),
        ("1", "8", "0.125"),
        ("1.00", "8", "0.125"),
        ("1", "3", "0.3333333333333333333333333333"),
        ("10", "3", "3.3333333333333333333333333333"),
        ("0.01", "3", "0.0033333333333333333333333333"),
        ("2", "3", "0.6666666666666666666666666667"),
        ("-2", "3", "-0.6666666666666666666666666667"),
        ("0", "1000.00", "0"),
        ("0.00", "7", "0.00"),
        ("30000000.00", "100000000", "0.30"),
        ("26123000.00", "100000000", "0.26123"),
        ("100000", "0.000001", "100000000000"),
    ],
)
def test_quotients_have_nets_scale(left: str, right: str, expected: str) -> None:
    assert str(net.divide(Decimal(left), Decimal(right))) == expected


def by_long_division(left: Decimal, right: Decimal) -> Decimal:
    """Divide in integers: as many decimals as 96 bits and a scale of 28 allow."""
    scales = [max(0, -int(each.as_tuple().exponent)) for each in (left, right)]
    dividend = abs(int(left.scaleb(scales[0])))
    divisor = abs(int(right.scaleb(scales[1])))
    scale = scales[0] - scales[1]
    dividend, scale = (dividend * 10**-scale, 0) if scale < 0 else (dividend, scale)
    quotient, remainder = divmod(dividend, divisor)
    if remainder:
        while scale < 28 and dividend * 10 // divisor < 2**96:
            dividend, scale = dividend * 10, scale + 1
        quotient, remainder = divmod(dividend, divisor)
        quotient += 2 * remainder > divisor or (2 * remainder == divisor and quotient % 2 == 1)
        while scale and quotient % 10 == 0:
            quotient, scale = quotient // 10, scale - 1
    negative = (left < 0) != (right < 0)
    return Decimal(f"{'-' if negative and quotient else ''}{quotient}e-{scale}")


decimals = st.decimals(
    allow_nan=False, allow_infinity=False, min_value=-(10**9), max_value=10**9, places=9
) | st.builds(lambda digits, scale: Decimal(digits).scaleb(-scale), st.integers(-(10**20), 10**20), st.integers(0, 20))


@given(decimals, decimals.filter(bool))
@example(Decimal("1E-10"), Decimal(48_828_125_000_000_000))
@example(Decimal("-1E-20"), Decimal(4_000_000_000))
def test_quotients_are_those_of_long_division(left: Decimal, right: Decimal) -> None:
    expected = by_long_division(left, right)
    if abs(expected) < 2**96:
        assert str(net.divide(left, right)) == str(expected)


def test_products_are_cut_to_28_decimals() -> None:
    small = Decimal("0.00000000000000000001")
    assert str(net.multiply(small, Decimal("0.0000000051"))) == "1E-28"
    assert str(net.multiply(Decimal("0.00"), Decimal("100"))) == "0.00"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0.1, "0.1"),
        (100.0, "100"),
        (1 / 3, "0.333333333333333"),
        (1e-7, "0.0000001"),
        (1.5e28, "15000000000000000000000000000"),
        (1e-30, "0"),
        (-0.0, "0"),
        (123456789.123456789, "123456789.123457"),
    ],
)
def test_a_double_keeps_fifteen_digits(value: float, expected: str) -> None:
    assert f"{to_decimal(value):f}" == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("0.12345665", "0.1234566"),
        ("0.12345675", "0.1234568"),
        ("123456.123450", "123456.1234"),
        ("1000.000", "1000"),
        ("-123456.78", "-123456.8"),
    ],
)
def test_chart_values_are_rounded_half_to_even(value: str, expected: str) -> None:
    assert str(smart_round(Decimal(value))) == expected


@pytest.mark.parametrize(
    ("value", "expected"), [("26123000.00", "26000000.00"), ("1234000.00", "1200000.00"), ("0.00", "0")]
)
def test_significant_digits_keep_the_scale(value: str, expected: str) -> None:
    assert net.decimal_text(net.round_to_significant_digits(Decimal(value), 2)) == expected


def test_multiples() -> None:
    assert str(net.round_to_multiple(Decimal("26122500"), Decimal("1000.00"))) == "26123000.00"
    assert str(net.round_to_multiple(Decimal("-1500"), Decimal("1000.00"))) == "-2000.00"
    assert str(net.round_to_multiple(Decimal(0), Decimal("1000.00"))) == "0.00"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0.0, "0"), (-0.0, "-0"), (-14.565, "-14.565"), (4.7, "4.7"), (100.0, "100"), (1e15, "1E+15"),
        (1e14, "100000000000000"),
        (1e-5, "1E-05"), (0.0001, "0.0001"), (1.25e21, "1.25E+21"), (123456789012345.67, "123456789012345.67"),
        (float("nan"), "NaN"),
    ],
)  # fmt: skip
def test_doubles_print_as_in_net(value: float, expected: str) -> None:
    assert net.double_text(value) == expected


def test_rounded_doubles() -> None:
    assert net.round_double(0.0005, 3) == 0.0  # halfway once scaled, though the double lies above it
    assert net.round_double(0.0035, 3) == 0.004
    assert net.double_text(net.round_double(-0.0001, 3)) == "-0"


def test_formats() -> None:
    assert net.fixed_text(Decimal("3.485")) == "3.49"
    assert net.fixed_text(Decimal("-0.001")) == "0.00"
    assert net.grouped_text(Decimal("-1234567.005")) == "-1,234,567.01"
    assert net.percent_text(Decimal("0.016917")) == "1.69 %"
    assert net.decimal_text(Decimal("-0.000")) == "0.000"
    assert net.decimal_text(Decimal("1E-9")) == "0.000000001"
