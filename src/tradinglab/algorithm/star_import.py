"""Which names ``from AlgorithmImports import *`` brings into a module, and what they mean.

Bringing all of LEAN's names would import every brokerage, fee model and indicator for a strategy that uses five. So a
name is imported when it is asked for, and a module that imports the star is given those names that its code mentions;
the others come when something else asks the module for them. A module that can look at its names in a way that its
code does not tell (``eval``, ``globals``) is given all, and so is one that is not read from a file, such as a notebook.
"""

from __future__ import annotations

import re
import sys
import typing
from collections.abc import Iterator
from importlib import import_module
from types import CodeType, FrameType, ModuleType
from typing import Any

from tradinglab.algorithm.lazy_module import LazyModule
from tradinglab.algorithm.star_names import CLASSES, MODULES

_PANDAS = LazyModule("pandas")
#: The module, and the name in it (none: the module itself), of every name of the star import.
_PLACES: dict[str, tuple[str, str]] = {
    **{name: ("typing", name) for name in typing.__all__},
    **{name: (module, name) for module, names in CLASSES.items() for name in names.split()},
    **{name: ("datetime", name) for name in ("date", "datetime", "time", "timedelta")},
    **{name: (module, "") for name, module in MODULES.items()},
}
#: All names of the star import.
NAMES = frozenset(_PLACES)

#: Names with which code reaches names that it does not mention.
_REACHING = frozenset(
    {
        "__all__", "__builtins__", "__dict__", "__globals__", "breakpoint", "dir", "eval", "exec", "f_globals",
        "getmembers", "get_type_hints", "globals", "locals", "set_trace", "vars",
    }
)  # fmt: skip
_WORD = re.compile(r"[^\W\d]\w*")


def find(name: str) -> Any:
    """Return what one of :data:`NAMES` means."""
    module, member = _PLACES[name]
    if module == "pandas":
        return _PANDAS
    return getattr(import_module(module), member) if member else import_module(module)


def is_in(name: str, package: str) -> bool:
    """Return whether one of :data:`NAMES` is from a package of ours; it is not imported for that."""
    module, _ = _PLACES.get(name, ("", ""))
    return module.startswith(f"{package}.")


def names_for(importer: FrameType) -> list[str]:
    """Return the names that a star import brings into the module whose code a frame runs."""
    module = sys.modules.get(importer.f_globals.get("__name__", ""))
    code = importer.f_code
    is_whole_file = (
        module is not None
        and vars(module) is importer.f_globals is importer.f_locals
        and module.__name__ != "__main__"
        and code.co_name == "<module>"
        and code.co_filename == getattr(module, "__file__", None)
        and type(module) in (ModuleType, _AuthorModule)
    )
    if module is None or not is_whole_file:
        return sorted(NAMES)
    words = set(_words(code))
    if words & _REACHING:
        return sorted(NAMES)
    module.__class__ = _AuthorModule
    return sorted(NAMES & words)


def _words(code: CodeType) -> Iterator[str]:
    """Yield every word of a piece of code that may be a name: also those in its texts, such as annotations."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _words(constant)
        else:
            yield from _words_of(constant)


def _words_of(constant: object) -> Iterator[str]:
    if isinstance(constant, str):
        yield from _WORD.findall(constant)
    elif isinstance(constant, tuple | frozenset):
        for each in constant:
            yield from _words_of(each)


class _AuthorModule(ModuleType):
    """A module that was given the names of the star import that it mentions: has the others when they are asked for."""

    def __getattr__(self, name: str) -> Any:
        if name == "__all__":  # Another module imports all that this one has.
            for each in NAMES - vars(self).keys():
                setattr(self, each, find(each))
        elif name in NAMES:
            return find(name)
        raise AttributeError(f"module '{self.__name__}' has no attribute '{name}'")

    def __dir__(self) -> list[str]:
        return sorted({*vars(self), *NAMES})
