"""What LEAN's API has and ours has not: named when a strategy asks for it.

``surface.json`` lists the classes of LEAN's Python API and their members; ``tools/api_coverage.py``
makes it. It is read when a name was not found, and not before.
"""

from __future__ import annotations

import functools
import importlib.resources
import json
from dataclasses import dataclass

from tradinglab.core.dual import fold

_PAGE = "docs/coverage.md"


class NotInTradingLabError(NotImplementedError, AttributeError):
    """LEAN has this name, TradingLab does not.

    It is an ``AttributeError`` too, so that ``hasattr`` answers False.
    """


@dataclass(frozen=True, slots=True)
class _Surface:
    members: dict[str, frozenset[str]]
    bases: dict[str, tuple[str, ...]]
    names: frozenset[str]


@functools.cache
def _surface() -> _Surface:
    text = importlib.resources.files(__package__).joinpath("surface.json").read_text(encoding="utf-8")
    raw = json.loads(text)
    return _Surface(
        members={name: frozenset(map(fold, words.split())) for name, words in raw["members"].items()},
        bases={name: tuple(words.split()) for name, words in raw["bases"].items()},
        names=frozenset(raw["members"]) | frozenset(raw["names"].split()),
    )


def is_lean_class(name: str) -> bool:
    """Say whether ``from AlgorithmImports import *`` brings a class called *name* in LEAN."""
    return name in _surface().names


def lean_owner(cls: type, member: str) -> str | None:
    """Return the LEAN class that gives objects of *cls* the member *member*, or None.

    Looks at *cls*, at its Python bases, and at what LEAN's classes of the same names derive from.
    """
    surface, wanted = _surface(), fold(member)
    queue = [base.__name__ for base in cls.__mro__]
    seen: set[str] = set()
    while queue:
        name = queue.pop(0)
        if name in seen:
            continue
        seen.add(name)
        if wanted in surface.members.get(name, ()):
            return name
        queue.extend(surface.bases.get(name, ()))
    return None


def missing_member(cls: type, name: str) -> AttributeError:
    """Return the error to raise when objects of *cls* have no member *name*."""
    owner = None if name.startswith("_") else lean_owner(cls, name)
    if owner is None:
        return AttributeError(f"'{cls.__name__}' object has no attribute '{name}'", name=name)
    return NotInTradingLabError(f"{owner}.{name} exists in LEAN but not yet in TradingLab; see {_PAGE}")


def missing_class(name: str) -> NameError | NotImplementedError:
    """Return the error to raise when the name *name* of the star import is not there."""
    if is_lean_class(name):
        return NotInTradingLabError(f"{name} exists in LEAN but not yet in TradingLab; see {_PAGE}")
    return NameError(f"name '{name}' is not defined", name=name)
