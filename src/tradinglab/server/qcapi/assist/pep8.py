"""From C#'s spelling to Python's: members of LEAN's API in snake case, members of enumerations in capitals.

Only names that are the API's are changed; an author's own stay as they are, and so does all that is no name.
"""

from __future__ import annotations

import functools
import io
import tokenize
from enum import EnumType

from tradinglab.algorithm import star_import
from tradinglab.core.dual import fold, snake_case
from tradinglab.core.surface import member_names

_LARGEST = 1_000_000


def converted(code: str) -> str:
    """Return Python code with the API's members in snake case; code that cannot be read stays as it is."""
    if len(code) > _LARGEST:
        return code
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(code).readline))
    except (tokenize.TokenError, SyntaxError, ValueError, RecursionError):
        return code
    lines = io.StringIO(code).readlines()
    changes: list[tuple[tokenize.TokenInfo, str]] = []
    is_import = False
    for place, token in enumerate(tokens):
        if place == 0 or tokens[place - 1].type in (tokenize.NEWLINE, tokenize.NL, tokenize.INDENT, tokenize.DEDENT):
            is_import = token.string in ("import", "from")
        if token.type == tokenize.NAME and not is_import:
            new = _new_name(tokens, place)
            if new != token.string:
                changes.append((token, new))
    for token, new in reversed(changes):
        row, start = token.start
        line = lines[row - 1]
        lines[row - 1] = line[:start] + new + line[token.end[1] :]
    return "".join(lines)


def _new_name(tokens: list[tokenize.TokenInfo], place: int) -> str:
    name = tokens[place].string
    before = tokens[place - 1].string if place else ""
    if before == "def" and _is_member(name):
        return snake_case(name)
    if before != "." or place < 2:
        return name
    enumeration = _enumeration(tokens[place - 2].string)
    if enumeration is not None:
        return _members_of(enumeration).get(fold(name), name)
    return snake_case(name) if _is_member(name) else name


def _is_member(name: str) -> bool:
    """Say whether a name is a member's in C#'s spelling; classes that stand behind a dot are none."""
    return name[:1].isupper() and not name.isupper() and name.isidentifier() and fold(name) in member_names()


@functools.lru_cache(maxsize=500)
def _enumeration(name: str) -> EnumType | None:
    if not name[:1].isupper():
        return None
    try:
        found = star_import.find(name)
    except (AttributeError, ImportError, KeyError):
        return None
    return found if isinstance(found, EnumType) else None


def _members_of(enumeration: EnumType) -> dict[str, str]:
    return {fold(name): name for name in enumeration.__members__}
