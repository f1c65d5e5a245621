"""Arguments by both their names: ``fill_forward=True``, as ours are written, and ``fillForward=True``, as in LEAN's C#.

A strategy's files show which arguments it spells the other way. The functions that have such an argument take both
spellings for as long as it runs; for all others, and for all other strategies, a call costs what it did.
"""

from __future__ import annotations

import functools
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any, Final

from tradinglab.algorithm.qc_algorithm import QCAlgorithm
from tradinglab.core.dual import snake_case
from tradinglab.engine.author_files import held_text

_KEYWORD = re.compile(r"\b([a-z]+[0-9]*(?:[A-Z][A-Za-z0-9]*)+)\s*=(?!=)")
_OURS = __name__.partition(".")[0]
_CONSTRUCTORS = ("__init__", "__new__")
#: What LEAN calls the same argument where it has several forms of a constructor.
_SYNONYMS: Final[Mapping[str, str]] = {
    "rebalancingParam": "rebalance",
    "rebalancingDateRules": "rebalance",
    "rebalancingFunc": "rebalance",
}


@contextmanager
def keywords_both_ways(cls: type[QCAlgorithm], folders: Sequence[Path]) -> Iterator[None]:
    """Let the arguments that an author's files spell in camel case be those of our functions while a strategy runs."""
    modules = _modules(cls, folders)
    others = {name: _SYNONYMS.get(name) or snake_case(name) for name in _keywords(modules)}
    changed: list[tuple[type, str, object]] = []
    for owner in _owners(cls, modules) if others else ():
        for name, member in list(vars(owner).items()):
            if name[0] == "_" and name not in _CONSTRUCTORS:
                continue
            if (tolerant := _tolerant(member, others)) is not None:
                changed.append((owner, name, member))
                setattr(owner, name, tolerant)
    try:
        yield
    finally:
        for owner, name, member in changed:
            setattr(owner, name, member)


def _modules(cls: type, folders: Sequence[Path]) -> list[ModuleType]:
    """Return the modules of an author's class, and those of the same folders that they have names from."""
    queue = [base.__module__ for base in cls.__mro__]
    # Of a class that no file was given for, the folder is that of its module: its libraries are read by nobody.
    folders = folders or _folders_of(queue)
    found: dict[str, ModuleType] = {}
    while queue:
        name = queue.pop()
        module = sys.modules.get(name)
        if name in found or module is None or not _is_authors(module, folders):
            continue
        found[name] = module
        for value in vars(module).values():
            if isinstance(value, ModuleType):
                queue.append(value.__name__)
            elif isinstance(value, (type, FunctionType)):
                queue.append(value.__module__)
    return list(found.values())


def _folders_of(names: Sequence[str]) -> list[Path]:
    files = [getattr(sys.modules.get(name), "__file__", None) for name in names if name.partition(".")[0] != _OURS]
    return [Path(file).resolve().parent for file in files if file]


def _is_authors(module: ModuleType, folders: Sequence[Path]) -> bool:
    file = getattr(module, "__file__", None)
    if not file or module.__name__.partition(".")[0] == _OURS:
        return False
    return any(folder in Path(file).resolve().parents for folder in folders)


def _keywords(modules: Sequence[ModuleType]) -> set[str]:
    """Return what stands before a single ``=`` in camel case: arguments, and variables, which do no harm."""
    found: set[str] = set()
    for module in modules:
        path = Path(str(module.__file__))
        held = held_text(path)
        try:
            text = path.read_text(encoding="utf-8-sig") if held is None else held
        except (OSError, UnicodeDecodeError):
            continue
        found.update(_KEYWORD.findall(text))
    return found


def _owners(cls: type, modules: Sequence[ModuleType]) -> set[type]:
    """Return the classes of ours that an author's class derives from or that his modules name, and their bases."""
    named = [value for module in modules for value in vars(module).values() if isinstance(value, type)]
    bases = {base for each in (cls, *named) for base in each.__mro__}
    return {base for base in bases if base.__module__.partition(".")[0] == _OURS}


def _tolerant(member: object, others: Mapping[str, str]) -> object:
    """Return a function that takes some of its arguments by other names, too; ``None`` if it has none of these."""
    if isinstance(member, (staticmethod, classmethod)):
        inner = _tolerant(member.__func__, others)
        return None if inner is None else type(member)(inner)  # type: ignore[arg-type]
    if not isinstance(member, FunctionType):
        return None
    code = member.__code__
    names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    takes_any = bool(code.co_flags & 0x08)  # **keywords
    wanted = {other: name for other, name in others.items() if other not in names and (name in names or takes_any)}
    return _renaming(member, wanted) if wanted else None


def _renaming(function: Callable[..., Any], others: Mapping[str, str]) -> Callable[..., Any]:
    @functools.wraps(function)
    def call(*args: Any, **given: Any) -> Any:
        for other in others.keys() & given.keys():
            name = others[other]
            if name in given:
                raise TypeError(f"{function.__qualname__}() got the argument '{name}' twice: as '{other}', too")
            given[name] = given.pop(other)
        return function(*args, **given)

    return call
