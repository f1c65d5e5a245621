"""Dates and cash that a request sets, written into a copy of a strategy's files.

QuantConnect runs an algorithm from where to where its own text says; there is nothing in a request that could say
otherwise. So in what is sent, the arguments of ``set_start_date``, ``set_end_date`` and ``set_cash`` are replaced.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Final

from tradinglab.core.values import dataclass
from tradinglab.server.errors import InputError

#: The calls that each field of a request replaces, in both spellings.
_CALLS: Final[Mapping[str, tuple[str, str]]] = {
    "start": ("set_start_date", "SetStartDate"),
    "end": ("set_end_date", "SetEndDate"),
    "cash": ("set_cash", "SetCash"),
}


@dataclass(frozen=True, slots=True)
class _Place:
    """The arguments of a call: from where to where in the bytes of a file."""

    begin: int
    end: int
    lines: int


def files_with_terms(
    files: Mapping[str, str], *, start: date | None = None, end: date | None = None, cash: Decimal | None = None
) -> dict[str, str]:
    """Return files in which these stand instead of the strategy's own; the lines stay where they are.

    Raises
    ------
    InputError
        If one is given, and the strategy does not set it by a call that could be replaced.
    """
    wanted = {
        "start": None if start is None else f"{start.year}, {start.month}, {start.day}",
        "end": None if end is None else f"{end.year}, {end.month}, {end.day}",
        "cash": None if cash is None else _number(cash),
    }
    found = dict(files)
    for field, text in wanted.items():
        if text is None:
            continue
        if not _has_call(found, field):
            call = _CALLS[field][0]
            raise InputError(
                field,
                text,
                f"The strategy has no call of '{call}' whose arguments could be replaced, and QuantConnect takes "
                f"'{field}' from the strategy's text alone. Write self.{call}(…) into initialize, or leave it out.",
            )
        found |= {name: _replaced(source, field, text) for name, source in found.items() if name.endswith(".py")}
    return found


def _number(amount: Decimal) -> str:
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _has_call(files: Mapping[str, str], field: str) -> bool:
    return any(list(_places(source, field)) for name, source in files.items() if name.endswith(".py"))


def _replaced(source: str, field: str, text: str) -> str:
    raw = source.encode()
    for place in sorted(_places(source, field), key=lambda each: each.begin, reverse=True):
        # What the arguments took of lines, they take still: errors are told by line.
        raw = raw[: place.begin] + f"({text}{chr(10) * place.lines})".encode() + raw[place.end :]
    return raw.decode()


def _places(source: str, field: str) -> Iterator[_Place]:
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        # Compiling says what is wrong with it.
        return
    begins = _line_begins(source)
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        if node.func.attr not in _CALLS[field]:
            continue
        if field == "cash" and len(node.args) + len(node.keywords) != 1:
            # Cash of another currency, beside the account's.
            continue
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        assert node.func.end_lineno is not None
        assert node.func.end_col_offset is not None
        yield _Place(
            begins[node.func.end_lineno - 1] + node.func.end_col_offset,
            begins[node.end_lineno - 1] + node.end_col_offset,
            node.end_lineno - node.func.end_lineno,
        )


def _line_begins(source: str) -> list[int]:
    """Return where each line begins, in bytes, as the parser counts lines."""
    begins, at = [0], 0
    for line in source.encode().splitlines(keepends=True):
        at += len(line)
        if line.endswith((b"\n", b"\r")):
            begins.append(at)
    return begins
