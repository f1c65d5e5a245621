"""What may stand behind the beginning of a name, from the API that strategies find here."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence

from tradinglab.algorithm import star_import
from tradinglab.algorithm.check.members import PARTS
from tradinglab.algorithm.qc_algorithm import PLAIN_ATTRIBUTES, QCAlgorithm
from tradinglab.algorithm.star_names import CLASSES
from tradinglab.core.dual import INNER, fold, pascal_case

_CHAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*\.?$")
_LONGEST = 500
_SELF = "self."


def completions(sentence: str, *, is_csharp: bool, most: int) -> list[str]:
    """Return how the last name of a sentence may go on, the likeliest first; the whole chain is in each."""
    found = _CHAIN.search(sentence[-_LONGEST:])
    if found is None:
        return []
    before, _, begun = found[0].rpartition(".")
    names = _known(before, is_csharp=is_csharp)
    wanted = fold(begun)
    fitting = [name for name in names if fold(name).startswith(wanted)]
    fitting.sort(key=lambda name: (not name.startswith(begun), len(name), name))
    return [f"{before}.{name}" if before else name for name in fitting[:most]]


def _known(before: str, *, is_csharp: bool) -> Sequence[str]:
    """Return the names that can stand behind *before*."""
    if is_csharp:
        return [pascal_case(name) for name in _members("")] if not before else _spelt(_owner(f"self.{before}"))
    if not before:
        return _classes()
    return _members("") if before == "self" else _members(_owner(before))


def _spelt(owner: str) -> list[str]:
    return [pascal_case(name) for name in _members(owner)]


def _owner(before: str) -> str:
    """Return the class that a chain leads to: one of an algorithm's parts, or a class itself; else none."""
    if before.startswith(_SELF):
        return PARTS.get(fold(before.removeprefix(_SELF)), "?")
    return before if before in _classes() else "?"


@functools.lru_cache(maxsize=200)
def _members(owner: str) -> tuple[str, ...]:
    """Return the members of a class in snake case, those of an algorithm without one."""
    if owner:
        try:
            cls: object = star_import.find(owner)
        except (AttributeError, ImportError, KeyError):
            return ()
        names = set(dir(cls))
    else:
        names = set(dir(QCAlgorithm)) | set(PLAIN_ATTRIBUTES)
    return tuple(sorted(name for name in names if not name.startswith(INNER) and (name.islower() or name.isupper())))


@functools.cache
def _classes() -> tuple[str, ...]:
    return tuple(sorted(name for words in CLASSES.values() for name in words.split()))
