"""What LEAN's API has and ours has not: named when a strategy asks for it.

``surface.json`` lists the classes of LEAN's Python API and their members; ``tools/api_coverage.py``
makes it. It is read when a name was not found, and not before.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable
from pathlib import Path
from typing import NoReturn

from tradinglab.core.dual import INNER, fold
from tradinglab.core.values import dataclass

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
    namespaces: dict[str, frozenset[str]]


@functools.cache
def _surface() -> _Surface:
    text = Path(__file__).with_name("surface.json").read_text(encoding="utf-8")
    raw = json.loads(text)
    return _Surface(
        members={name: frozenset(map(fold, words.split())) for name, words in raw["members"].items()},
        bases={name: tuple(words.split()) for name, words in raw["bases"].items()},
        names=frozenset(raw["members"]) | frozenset(raw["names"].split()),
        namespaces={name: frozenset(words.split()) for name, words in raw["namespaces"].items()},
    )


def is_lean_class(name: str) -> bool:
    """Say whether ``from AlgorithmImports import *`` brings a class called *name* in LEAN."""
    return name in _surface().names


def is_lean_namespace(name: str) -> bool:
    """Say whether LEAN's strategies can import from a namespace called *name*, or from one below it."""
    namespaces = _surface().namespaces
    return name in namespaces or any(each.startswith(f"{name}.") for each in namespaces)


def is_lean_name(name: str) -> bool:
    """Say whether any namespace that LEAN's strategies can import from has a class called *name*."""
    return is_lean_class(name) or any(name in names for names in _surface().namespaces.values())


@functools.cache
def member_names() -> frozenset[str]:
    """Return the folded names of all members that LEAN's classes have."""
    return frozenset().union(*_surface().members.values())


def lean_names() -> frozenset[str]:
    """Return the names of all classes and namespaces that LEAN's strategies can import, for suggestions."""
    surface = _surface()
    last_words = frozenset(name.rpartition(".")[2] for name in surface.namespaces)
    return surface.names.union(last_words, *surface.namespaces.values())


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


def missing_member(asked: object, name: str) -> AttributeError:
    """Return the error to raise when an object or a class of the author's API has no member *name*.

    It is worded when somebody reads it: most such errors end in a ``hasattr``.
    """
    cls = asked if isinstance(asked, type) else type(asked)
    owner = None if name.startswith(INNER) else lean_owner(cls, name)
    if owner is None:
        return AttributeError(_NoMember(asked, name), name=name)
    return _not_here(f"{owner}.{name}")


def _not_here(name: str) -> NotInTradingLabError:
    return NotInTradingLabError(f"{name} exists in LEAN but not yet in TradingLab; see {_PAGE}")


def missing_class(name: str) -> NameError | NotImplementedError:
    """Return the error to raise when the name *name* of the star import is not there."""
    if is_lean_class(name):
        return _not_here(name)
    return NameError(f"name '{name}' is not defined", name=name)


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return ``. Did you mean: '…'?`` with the name of *known* that is most like *name*; empty if none is."""
    nearest = nearest_name(name, known)
    return f". Did you mean: '{nearest}'?" if nearest else ""


def nearest_name(name: str, known: Iterable[str]) -> str:
    """Return the name of *known* that is most like *name*; empty if none is."""
    import difflib

    by_fold: dict[str, list[str]] = {}
    for each in known:
        if not each.startswith(INNER):
            by_fold.setdefault(fold(each), []).append(each)
    like = difflib.get_close_matches(fold(name), by_fold, n=1, cutoff=0.6)
    if not like:
        return ""
    # Of two spellings, the one in which the author writes.
    return max(by_fold[like[0]], key=lambda each: (each[:1].isupper() == name[:1].isupper(), each.isupper()))


class AbsentClass:
    """Stands for a class that LEAN has and we have not: it can be imported, and whoever uses it is told.

    A strategy may import more than it uses.
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def __repr__(self) -> str:
        return f"<{self._name}: not in TradingLab>"

    def _refuse(self, *_: object, **__: object) -> NoReturn:
        raise _not_here(self._name)

    __call__ = __getitem__ = __mro_entries__ = __instancecheck__ = __subclasscheck__ = _refuse

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("__"):
            raise AttributeError(name)
        raise _not_here(self._name)


@dataclass(frozen=True, slots=True)
class _NoMember:
    """The message that an object has no such member, with the class's name in LEAN and the nearest member."""

    asked: object
    name: str

    def __str__(self) -> str:
        is_class = isinstance(self.asked, type)
        cls = self.asked if isinstance(self.asked, type) else type(self.asked)
        public = next((base.__name__ for base in cls.__mro__ if is_lean_class(base.__name__)), cls.__name__)
        what = f"type object '{public}'" if is_class else f"'{public}' object"
        return f"{what} has no attribute '{self.name}'{did_you_mean(self.name, dir(self.asked))}"
