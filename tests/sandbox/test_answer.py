"""The reader of answers: whatever the bytes are, they are data that means one thing, or they are refused."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradinglab.sandbox.answer import Reader, parse, printable
from tradinglab.sandbox.errors import BadAnswerError
from tradinglab.sandbox.unpacking import unpacked

_PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**18), 10**18) | st.text(st.characters(exclude_characters="\0")),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=30,
)


@given(st.binary(max_size=300))
def test_any_bytes_are_a_value_or_refused(raw: bytes) -> None:
    """No other exception leaves the reader."""
    try:
        parse(raw, most_items=1000)
    except BadAnswerError:
        return


@given(_PLAIN)
def test_any_value_is_read_back_or_refused(value: object) -> None:
    """What is read is what was written."""
    raw = json.dumps(value).encode()
    try:
        assert parse(raw, most_items=1000) == value
    except BadAnswerError:
        assert "\\u0000" in raw.decode() or "\\ud" in raw.decode()


@given(_PLAIN)
def test_any_value_describes_no_result(value: object) -> None:
    """A result is made of what describes one, and of nothing else."""
    with pytest.raises(BadAnswerError):
        unpacked(Reader(value), data="sample")


@pytest.mark.parametrize(
    "raw",
    [
        b"NaN",
        b"[Infinity]",
        b"-Infinity",
        b"1e999",
        b"1." + b"1" * 5000,
        b"9" * 5000,
        b'{"a":1,"a":2}',
        b'"\\ud800"',
        b'"\\u0000"',
        b'"\x00"',
        b'"\xff"',
        b"[" * 50_000 + b"]" * 50_000,
        b'{"a":1} {"a":2}',
        b"",
    ],
)
def test_is_refused(raw: bytes) -> None:
    """Each of these means different things to different readers, or is out of bounds."""
    with pytest.raises(BadAnswerError):
        parse(raw, most_items=1_000_000)


def test_too_many_values_are_refused_before_they_are_made() -> None:
    """A small value takes far more memory than its text."""
    with pytest.raises(BadAnswerError, match="more than 100 values"):
        parse(b"[" + b"[]," * 200 + b"[]]", most_items=100)


def test_texts_do_nothing_to_a_terminal() -> None:
    """Line breaks and tabs stay."""
    assert printable("\x1b]0;owned\x07\u202e a\tb\n") == "\ufffd]0;owned\ufffd\ufffd a\tb\n"


@pytest.mark.parametrize("text", ["NaN", "sNaN", "Infinity", "1e999", "1_000", " 1", "٣", "1E+100"])
def test_no_decimal(text: str) -> None:
    """Only plain digits of a bounded length are a decimal."""
    with pytest.raises(BadAnswerError):
        Reader(text).decimal()


def test_a_decimal_keeps_its_scale() -> None:
    """The zeros at the end are printed."""
    assert str(Reader("1.500").decimal()) == str(Decimal("1.500"))
    assert Reader("-0E-28").decimal().is_signed()


@pytest.mark.parametrize(("value", "low", "high"), [(True, 0, 1), (1.0, 0, 1), ("1", 0, 1), (2, 0, 1), (None, 0, 1)])
def test_no_whole_number(value: object, low: int, high: int) -> None:
    """True is no one, and a bound is a bound."""
    with pytest.raises(BadAnswerError):
        Reader(value).whole(low, high)


@pytest.mark.parametrize(
    ("row", "is_good"),
    [
        ([5, "1.50", "-2"], True),
        ([-(1 << 63), "1.50", "2"], True),
        ([5, "1.50"], False),
        ([5, "1.50", "2", "3"], False),
        (["5", "1.50", "2"], False),
        ([5.0, "1.50", "2"], False),
        ([True, "1.50", "2"], False),
        ([1 << 63, "1.50", "2"], False),
        ([-(1 << 63) - 1, "1.50", "2"], False),
        ([5, 1.5, "2"], False),
        ([5, None, "2"], False),
        ([5, "NaN", "2"], False),
        ([5, "1" * 41, "2"], False),
        ([5, "\u0661", "2"], False),
        ([5, "1\n", "2"], False),
        ([5, "1\n1", "2"], False),
        ({"5": "1", "6": "2", "7": "3"}, False),
        ("512", False),
        (None, False),
    ],
)
def test_columns_of_times_and_decimals(row: object, is_good: bool) -> None:
    """They are read at once, and refused as one by one: one row that is none is enough, wherever it stands."""
    for rows in ([row], [row, [7, "8", "9"]], [[7, "8", "9"], row]):
        if is_good:
            times, firsts, lasts = Reader(rows).columns(3)
            assert times.wholes() == [each[0] for each in rows]  # type: ignore[index]
            assert [str(each) for each in firsts.decimals()] == [each[1] for each in rows]  # type: ignore[index]
            assert lasts.decimals() == [Decimal(each[2]) for each in rows]  # type: ignore[index]
            continue
        with pytest.raises(BadAnswerError):
            _read(Reader(rows))


def _read(table: Reader) -> None:
    times, *amounts = table.columns(3)
    times.wholes()
    for each in amounts:
        each.decimals()


@pytest.mark.parametrize("value", [None, "ab", {"a": 1}, 5])
def test_no_columns(value: object) -> None:
    """Only a list has some; an empty one has as many empty ones as are asked for."""
    for read in (lambda reader: reader.columns(2), Reader.joined, Reader.wholes, Reader.texts):
        with pytest.raises(BadAnswerError):
            read(Reader(value))
    assert [each.wholes() for each in Reader([]).columns(2)] == [[], []]


@pytest.mark.parametrize("value", [[[1], 2], [[1], None], [{"a": 1}], ["ab"]])
def test_lists_of_a_list_are_lists(value: object) -> None:
    """All of them."""
    with pytest.raises(BadAnswerError):
        Reader(value).joined()


def test_lists_are_joined() -> None:
    """And it is told how long they were."""
    items, counts = Reader([[1, 2], [], [3]]).joined()
    assert (items.wholes(), counts) == ([1, 2, 3], [2, 0, 1])


def test_texts_of_a_list_are_printable() -> None:
    """As one by one."""
    assert Reader(["a", "\x1b[2J"]).texts() == ["a", "\ufffd[2J"]
    with pytest.raises(BadAnswerError):
        Reader(["a", 1]).texts()


@pytest.mark.parametrize("value", [None, "1", ["1", 1], ["1", None], ["1", "inf"], {"1": "1"}])
def test_no_list_of_decimals(value: object) -> None:
    """One that is none is enough."""
    with pytest.raises(BadAnswerError):
        Reader(value).decimals()
