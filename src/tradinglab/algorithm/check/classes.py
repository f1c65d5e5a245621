"""The classes of a strategy's files, what they derive from, and what they and their objects have."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from tradinglab.algorithm.check.findings import TooComplexError
from tradinglab.algorithm.check.parsing import SourceFile

#: What LEAN calls the class of algorithms, now and formerly.
ALGORITHM_NAMES = frozenset({"QCAlgorithm", "QCAlgorithmFramework", "QCAlgorithmFrameworkBridge"})
_MOST_CLASSES = 1_000
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(slots=True, eq=False)
class AuthorClass:
    """A class that the author wrote.

    Attributes
    ----------
    members
        What the class body defines.
    bases
        The author's own classes that it derives from.
    is_algorithm
        Whether it derives from ``QCAlgorithm``.
    is_open
        Whether it may have members that the text does not show: a base that is not known, or a decorator.
    """

    name: str
    file: SourceFile
    node: ast.ClassDef
    is_at_top: bool
    members: frozenset[str]
    bases: list[AuthorClass] = field(default_factory=list)
    is_algorithm: bool = False
    is_open: bool = False

    def lineage(self) -> Iterator[AuthorClass]:
        """Yield the class and all of the author's classes that it derives from."""
        seen: set[int] = set()
        queue = [self]
        while queue:
            found = queue.pop()
            if id(found) not in seen:
                seen.add(id(found))
                yield found
                queue.extend(found.bases)


def author_classes(files: Sequence[SourceFile]) -> list[AuthorClass]:
    """Return all classes of a strategy's files, with what they derive from."""
    found = [each for file in files for each in _of_file(file)]
    if len(found) > _MOST_CLASSES:
        raise TooComplexError(f"These are {len(found):,} classes; at most {_MOST_CLASSES:,} are looked at.")
    by_name: dict[str, list[AuthorClass]] = {}
    for each in found:
        by_name.setdefault(each.name, []).append(each)
    for each in found:
        _find_bases(each, by_name)
    _spread(found)
    return found


def _of_file(file: SourceFile) -> Iterator[AuthorClass]:
    top = {id(node) for node in _statements(file.tree.body)}
    for node in file.nodes:
        if isinstance(node, ast.ClassDef):
            members = frozenset(_members(node))
            yield AuthorClass(node.name, file, node, id(node) in top, members, is_open=bool(node.decorator_list))


def _statements(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield the statements of a body, also those in its conditions and loops, not those of functions and classes."""
    for statement in body:
        yield statement
        if isinstance(statement, (*_FUNCTIONS, ast.ClassDef)):
            continue
        for part in ("body", "orelse", "finalbody"):
            yield from _statements(getattr(statement, part, ()))
        for handler in (*getattr(statement, "handlers", ()), *getattr(statement, "cases", ())):
            yield from _statements(handler.body)


def _members(node: ast.ClassDef) -> Iterator[str]:
    for statement in _statements(node.body):
        if isinstance(statement, (*_FUNCTIONS, ast.ClassDef)):
            yield statement.name
        elif isinstance(statement, (ast.Import, ast.ImportFrom)):
            yield from ((alias.asname or alias.name).partition(".")[0] for alias in statement.names)
        else:
            yield from (
                each.id
                for each in ast.walk(statement)
                if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)
            )


def _find_bases(cls: AuthorClass, by_name: dict[str, list[AuthorClass]]) -> None:
    for base in cls.node.bases:
        name = base.id if isinstance(base, ast.Name) else base.attr if isinstance(base, ast.Attribute) else ""
        own = [each for each in by_name.get(name, ()) if each is not cls]
        here = [each for each in own if each.file is cls.file]
        if name in ALGORITHM_NAMES and not own:
            cls.is_algorithm = True
        elif own:
            cls.bases += here or own
        elif name not in ("object", "ABC"):
            cls.is_open = True
    if cls.node.keywords:
        cls.is_open = cls.is_open or any(keyword.arg != "metaclass" for keyword in cls.node.keywords)


def _spread(classes: Sequence[AuthorClass]) -> None:
    """Let what derives from an algorithm be one, and what derives from something open be open."""
    for each in classes:
        lineage = list(each.lineage())
        each.is_algorithm = any(base.is_algorithm for base in lineage)
        each.is_open = any(base.is_open for base in lineage)


def leaf_algorithms(classes: Sequence[AuthorClass], file: SourceFile) -> list[AuthorClass]:
    """Return the algorithms at the top of a file from which no other one there derives, as the engine chooses."""
    # A name that is given twice is the last class of that name.
    there = {each.name: each for each in classes if each.is_algorithm and each.is_at_top and each.file is file}
    bases = {id(base) for each in there.values() for base in each.lineage() if base is not each}
    return [each for each in there.values() if id(each) not in bases]
