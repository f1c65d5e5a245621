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
    ("value", "found"),
    [
        ([5, "1.50", "-2"], (5, [Decimal("1.50"), Decimal(-2)])),
        ([5, "1.50"], None),
        ([5, "1.50", "2", "3"], None),
        (["5", "1.50", "2"], None),
        ([True, "1.50", "2"], None),
        ([1 << 63, "1.50", "2"], None),
        ([5, 1.5, "2"], None),
        ([5, "NaN", "2"], None),
        ([5, "1" * 41, "2"], None),
        ([5, "١", "2"], None),
        ({"5": "1"}, None),
        ("512", None),
        (None, None),
    ],
)
def test_a_time_and_its_decimals(value: object, found: object) -> None:
    """They are read at once, and refused as one by one."""
    reader = Reader(value)
    if found is not None:
        assert reader.timed(2) == found
        assert Reader(value[1:]).decimals() == found[1]  # type: ignore[index]
        return
    with pytest.raises(BadAnswerError):
        reader.timed(2)


@pytest.mark.parametrize("value", [None, "1", ["1", 1], ["1", None], ["1", "inf"], {"1": "1"}])
def test_no_list_of_decimals(value: object) -> None:
    """One that is none is enough."""
    with pytest.raises(BadAnswerError):
        Reader(value).decimals()
