"""Texts of numbers to exact integers."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest

from tradinglab.core.decimals import ZERO
from tradinglab.core.enums import TickType
from tradinglab.data.columns import AdjustedExact, BarColumns, DigitsExact, Exact, FloatExact, ScaledExact
from tradinglab.data.digits import BadField, Numbers, clean, numbers, split


def read(text: str, columns: int | None = None) -> list[list[Decimal | None]]:
    found = numbers(split(clean(text.encode())), columns)
    return [
        [
            None if scale < 0 else Decimal(int(mantissa)).scaleb(-int(scale))
            for mantissa, scale in zip(column, scales, strict=True)
        ]
        for column, scales in zip(found.mantissas, found.scales, strict=True)
    ]


def texts(column: list[Decimal | None]) -> list[str | None]:
    return [None if one is None else format(one, "f") for one in column]


def test_digits_and_trailing_zeros_are_kept() -> None:
    rows = read("1,2.50,-3\n0,0.00,-0.010\n")
    assert [texts(column) for column in rows] == [["1", "0"], ["2.50", "0.00"], ["-3", "-0.010"]]


def test_an_empty_field_is_absent_and_not_zero() -> None:
    assert read("1,,3\n,0,\n") == [[1, None], [None, 0], [3, None]]


def test_points_without_digits_on_one_side_are_numbers() -> None:
    assert [texts(column) for column in read("5.,.25\n-.5,1.\n")] == [["5", "-0.5"], ["0.25", "1"]]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("33.35399601000002", "33.35399601000002"),
        ("123456789012345678", "123456789012345678"),
        ("0.1234567890123456789", "0.123456789012345679"),
        ("1e-05", "0.00001"),
        ("1E3", "1000"),
        (" 7.0 ", "7.0"),
        ("+4", "4"),
        ("0000000000000000000000012.5", "12.5"),
    ],
)
def test_unusual_numbers(text: str, value: str) -> None:
    assert texts(read(f"1,{text}\n2,3\n")[1]) == [value, "3"]


@pytest.mark.parametrize("text", ["x", "nan", "inf", "-", ".", "1.2.3", "1-2", "--1", "0x10", "1 2", "12a", "1e999"])
def test_what_is_no_number_is_named(text: str) -> None:
    with pytest.raises(BadField) as caught:
        read(f"1,2\n3,{text}\n5,6\n")
    assert (caught.value.row, caught.value.column, caught.value.text) == (1, 1, text)


@pytest.mark.parametrize(("text", "row"), [("1,2\n3\n4,5\n", 1), ("1,2\n3,4,5\n6,7\n", 1), ("1,2\n3,4\n5\n", 2)])
def test_a_row_of_another_length_is_named(text: str, row: int) -> None:
    with pytest.raises(BadField) as caught:
        split(clean(text.encode()))
    assert (caught.value.row, caught.value.column) == (row, -1)


def test_only_the_first_columns_may_be_read() -> None:
    fields = split(clean(b"1,2,P,x\n3,4.5,Q,\n"))
    assert read("1,2,P,x\n3,4.5,Q,\n", 2) == [[1, 3], [2, Decimal("4.5")]]
    assert fields.texts(2).tolist() == ["P", "Q"]
    assert fields.texts(3).tolist() == ["x", ""]


@pytest.mark.parametrize("text", ["1,2\r\n3,4\r\n", "\n1,2\n\n\n3,4", "\ufeff1,2\n3,4\n", "1,2\r3,4\r"])
def test_line_ends_and_blank_lines_do_not_matter(text: str) -> None:
    assert read(text) == [[1, 3], [2, 4]]


def test_no_rows() -> None:
    assert clean(b"") == b""
    assert clean(b"\n \n") == b""


def test_floats_are_the_nearest_to_the_digits() -> None:
    column = ["1672500", "33.35399601000002", "0.1", "123456789012345678", "-0.3", "9007199254740993"]
    found = numbers(split(clean("\n".join(column).encode())))
    assert found.floats()[0].tolist() == [float(text) for text in column]
    assert found.floats(4)[0].tolist() == [float(Decimal(text).scaleb(-4)) for text in column]
    assert found.floats().dtype == np.float64


@pytest.mark.parametrize("column", [["137", "980500"], ["1.37", "-9.80"], ["", ""], ["0.5", "12"]])
def test_floats_are_the_nearest_whether_or_not_all_have_as_many_decimals(column: list[str]) -> None:
    found = numbers(split(clean("\n".join(f"{text},1" for text in column).encode())))
    assert found.floats(4)[0].tolist() == [float(Decimal(text or "0").scaleb(-4)) for text in column]
    alone = Numbers(found.mantissas[0], found.scales[0])
    assert alone.floats(4).tolist() == found.floats(4)[0].tolist()


def test_columns_say_whether_floats_tell_their_decimals() -> None:
    def columns(decimals: Exact | None) -> BarColumns:
        times = np.arange(2)
        given = {} if decimals is None else {"close": decimals}
        return BarColumns(TickType.TRADE, times, times + 1, {"close": np.array([1.5, 2.25])}, given)

    raw = np.array([15_000, 22_500])
    long = np.array([10**14, 1])
    adjusted = AdjustedExact(ScaledExact(raw, Decimal("0.0001")), [(Decimal("0.98"), ZERO)], np.zeros(2, np.int64))
    for decimals, are_short in (
        (None, True),
        (FloatExact(np.array([1.5, 2.25])), True),
        (ScaledExact(raw, Decimal("0.0001")), True),
        (ScaledExact(raw, Decimal("0.00025")), False),
        (ScaledExact(long, Decimal("0.0001")), False),
        (DigitsExact(raw, np.array([4, 4], np.int8)), True),
        (DigitsExact(10 * long, np.array([4, 4], np.int8)), False),
        (adjusted, False),
    ):
        found = columns(decimals)
        assert found.are_short("close") == are_short
        assert str(found.exact_once("close", 1)) == str(found.exact("close", 1))
