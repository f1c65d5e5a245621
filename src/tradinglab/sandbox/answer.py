"""Reading what a run sent back: JSON, and of that only what can mean one thing.

Nothing here trusts the sender. Size and number of values are looked at before anything is made of the bytes; whoever
reads the values takes them through a :class:`Reader`, which refuses what has not the expected form.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any, Final, NoReturn

from tradinglab.sandbox.errors import BadAnswerError

_LONGEST_INTEGER: Final = 20
_LONGEST_FLOAT: Final = 40
_LOWEST, _HIGHEST = -(1 << 63), (1 << 63) - 1
_DECIMAL: Final = re.compile(r"-?[0-9]{1,40}(?:\.[0-9]{1,40})?(?:E[+-]?[0-9]{1,2})?", re.ASCII)
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
#: Control characters but tab and line break, and those that turn the direction of text around.
_UNPRINTABLE: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def parse(raw: bytes, *, most_items: int) -> object:
    """Return the value that some bytes are the JSON of.

    Raises
    ------
    BadAnswerError
        If they are no JSON in UTF-8, hold more than *most_items* values, a number that is not finite or absurdly
        long, a name twice in an object, a NUL or half of a surrogate pair.
    """
    if raw.count(b",") + raw.count(b"[") + raw.count(b"{") > most_items:
        raise BadAnswerError(f"the answer holds more than {most_items:,} values")
    try:
        value = json.loads(
            raw.decode("utf-8"),
            parse_constant=_refuse_constant,
            parse_float=_finite,
            parse_int=_integer,
            object_pairs_hook=_unique,
        )
    except BadAnswerError:
        raise
    except (ValueError, RecursionError) as problem:
        raise BadAnswerError(f"the answer is not JSON: {str(problem)[:200]}") from None
    if b"\\u" in raw or b"\x00" in raw:
        for text in _texts(value):
            if "\x00" in text or _SURROGATE.search(text):
                raise BadAnswerError("the answer holds a NUL or half of a surrogate pair")
    return value


def _refuse_constant(text: str) -> NoReturn:
    raise BadAnswerError(f"the answer holds {text}, which is no number")


def _finite(text: str) -> float:
    value = float(text) if len(text) <= _LONGEST_FLOAT else math.inf
    if not math.isfinite(value):
        raise BadAnswerError("the answer holds a number that is too large or too long")
    return value


def _integer(text: str) -> int:
    if len(text) > _LONGEST_INTEGER:
        raise BadAnswerError("the answer holds an integer that is too long")
    return int(text)


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise BadAnswerError("the answer names a member of an object twice")
    return made


def _texts(value: object) -> Iterator[str]:
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, str):
            yield each
        elif isinstance(each, list):
            waiting.extend(each)
        elif isinstance(each, dict):
            yield from each
            waiting.extend(each.values())


def printable(text: str) -> str:
    """Return a text that does nothing to a terminal but show itself; line breaks and tabs stay."""
    return _UNPRINTABLE.sub("\ufffd", text)


def _fits(smallest: int, largest: int) -> bool:
    return smallest >= _LOWEST and largest <= _HIGHEST


class Reader:
    """A value of an answer, and where it stood there; every method refuses a value of another form.

    Raises
    ------
    BadAnswerError
        If the value is not what is asked for.
    """

    __slots__ = ("_value", "_where")

    def __init__(self, value: object, where: str = "the answer") -> None:
        self._value = value
        self._where = where

    def _wrong(self, expected: str) -> NoReturn:
        raise BadAnswerError(f"{self._where}: {expected} was expected, not {type(self._value).__name__}")

    @property
    def is_null(self) -> bool:
        """Whether there is no value."""
        return self._value is None

    @property
    def is_text(self) -> bool:
        """Whether the value is a text."""
        return isinstance(self._value, str)

    def member(self, name: str) -> Reader:
        """Return a member of an object."""
        if not isinstance(self._value, dict) or name not in self._value:
            self._wrong(f"an object with '{name}'")
        return Reader(self._value[name], name)

    def members(self) -> Iterator[tuple[str, Reader]]:
        """Yield names and values of an object."""
        if not isinstance(self._value, dict):
            self._wrong("an object")
        for name, value in self._value.items():
            yield printable(name), Reader(value, self._where)

    def items(self, count: int | None = None) -> list[Reader]:
        """Return the items of a list, which has *count* of them if that is given."""
        if not isinstance(self._value, list) or (count is not None and len(self._value) != count):
            self._wrong("a list" if count is None else f"a list of {count}")
        where = self._where
        return [Reader(each, where) for each in self._value]

    def columns(self, count: int) -> list[Reader]:
        """Return the columns of a list of lists, each of which has *count* items: long ones are read fastest so."""
        rows = self._value
        if not isinstance(rows, list) or not all(isinstance(row, list) and len(row) == count for row in rows):
            self._wrong(f"a list of lists of {count}")
        where = self._where
        return [Reader(list(column), where) for column in zip(*rows, strict=True)] or [Reader([], where)] * count

    def joined(self) -> tuple[Reader, list[int]]:
        """Return the items of all lists of a list as one list, and how many each had."""
        lists = self._value
        if not isinstance(lists, list) or not all(isinstance(each, list) for each in lists):
            self._wrong("a list of lists")
        return Reader([item for each in lists for item in each], self._where), [len(each) for each in lists]

    def wholes(self) -> list[int]:
        """Return the integers of a list."""
        if not isinstance(self._value, list):
            self._wrong("a list")
        values = self._value
        if not all(type(each) is int for each in values) or (values and not _fits(min(values), max(values))):
            self._wrong(f"a list of integers from {_LOWEST} to {_HIGHEST}")
        return list(values)

    def decimals(self) -> list[Decimal]:
        """Return the decimals of a list."""
        if not isinstance(self._value, list):
            self._wrong("a list")
        is_decimal = _DECIMAL.fullmatch
        found = [Decimal(each) for each in self._value if isinstance(each, str) and is_decimal(each)]
        if len(found) != len(self._value):
            self._wrong("a list of decimals")
        return found

    def text(self) -> str:
        """Return a text, without what does more to a terminal than be seen."""
        if not isinstance(self._value, str):
            self._wrong("a text")
        return printable(self._value)

    def texts(self) -> list[str]:
        """Return the texts of a list, as :meth:`text` does."""
        if not isinstance(self._value, list) or not all(isinstance(each, str) for each in self._value):
            self._wrong("a list of texts")
        return [printable(each) for each in self._value]

    def raw_text(self) -> str:
        """Return a text as it came, for what is parsed further."""
        if not isinstance(self._value, str):
            self._wrong("a text")
        return self._value

    def flag(self) -> bool:
        """Return true or false."""
        if not isinstance(self._value, bool):
            self._wrong("true or false")
        return self._value

    def whole(self, low: int = _LOWEST, high: int = _HIGHEST) -> int:
        """Return an integer between *low* and *high*."""
        if type(self._value) is not int or not low <= self._value <= high:
            self._wrong(f"an integer from {low} to {high}")
        return self._value

    def number(self) -> float:
        """Return a number."""
        if type(self._value) not in (int, float):
            self._wrong("a number")
        number: Any = self._value
        return float(number)

    def decimal(self) -> Decimal:
        """Return a decimal, written as a text that keeps its scale."""
        if not isinstance(self._value, str) or not _DECIMAL.fullmatch(self._value):
            self._wrong("a decimal")
        return Decimal(self._value)

    def one_of(self, choices: Sequence[str]) -> str:
        """Return a text that is one of some."""
        if not isinstance(self._value, str) or self._value not in choices:
            self._wrong(f"one of {', '.join(choices)}")
        return self._value
