"""Names that strategies import from .NET: ``clr``, ``System``, ``QuantConnect`` and ``Newtonsoft.Json``.

LEAN runs Python inside .NET, so older strategies begin with ``AddReference`` and import the API
from ``QuantConnect.…``. Here those modules are views of the same names that ``AlgorithmImports``
brings, and of the few plain types of .NET that strategies use.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from enum import Enum
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from tradinglab.algorithm import star_import
from tradinglab.core.surface import AbsentClass, did_you_mean, is_lean_name, is_lean_namespace, lean_names

_ROOTS = ("clr", "System", "QuantConnect", "Newtonsoft")
#: The folders of LEAN's Python files of the algorithm framework; a file has the name of its class.
_FOLDERS = ("Alphas", "Execution", "Portfolio", "Risk", "Selection")
_SIMPLE = (str, int, float, bool, type(None))
_DEEPEST = 12


class List(list[Any]):
    """A list with .NET's names for adding."""

    def add(self, item: object) -> None:
        """Append an item."""
        self.append(item)

    def add_range(self, items: Sequence[object]) -> None:
        """Append several items."""
        self.extend(items)

    Add, AddRange = add, add_range


class JsonConvert:
    """Writes objects as JSON."""

    @staticmethod
    def serialize_object(value: object) -> str:
        """Return the public members of an object, and of those that it holds, as JSON."""
        import json

        return json.dumps(_plain(value, ()))

    SerializeObject = serialize_object


def _plain(value: Any, inside: tuple[int, ...]) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, _SIMPLE):
        return value
    if id(value) in inside or len(inside) > _DEEPEST:
        return None
    inside = (*inside, id(value))
    if isinstance(value, dict):
        return {str(key): _plain(each, inside) for key, each in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(each, inside) for each in value]
    members = [name for name in dir(type(value)) if isinstance(getattr(type(value), name), property)]
    if not members:
        return str(value)
    return {name: _plain(getattr(value, name), inside) for name in members if not name.startswith("_")}


def _add_reference(_: str) -> None:
    """Load an assembly: there is none to load."""


#: What a module has beside the names of the star import.
_EXTRAS: dict[str, dict[str, object]] = {
    "clr": {"AddReference": _add_reference, "add_reference": _add_reference},
    "System": {
        "Object": object, "String": str, "Boolean": bool, "Int32": int, "Int64": int, "Double": float,
        "Decimal": float, "Exception": Exception, "ArgumentException": ValueError,
    },
    "System.Collections.Generic": {"List": List, "Dictionary": dict, "HashSet": set},
    "Newtonsoft.Json": {"JsonConvert": JsonConvert},
    "Newtonsoft.Json.Linq": {name: AbsentClass(name) for name in ("JArray", "JObject", "JToken", "JValue")},
}  # fmt: skip


class _Namespace(ModuleType):
    """A module of .NET's; a name that it lacks is looked up among those of the star import."""

    __path__: list[str] = []

    def __getattr__(self, name: str) -> object:
        extras = _EXTRAS.get(self.__name__, {})
        if name == "__all__":
            is_plain = self.__name__.partition(".")[0] in _ROOTS and not self.__name__.startswith("QuantConnect")
            own = () if is_plain else star_import.names_for(sys._getframe(1))
            return [*extras, *own]
        if name in extras:
            return extras[name]
        if name.startswith("__"):
            raise AttributeError(name)
        if name in star_import.NAMES:
            return star_import.find(name)
        if not _is_namespace(f"{self.__name__}.{name}") and is_lean_name(name):
            return AbsentClass(name)
        raise AttributeError(f"module '{self.__name__}' has no attribute '{name}'{_hint(name)}", name=name)


def _is_namespace(name: str) -> bool:
    return name in _EXTRAS or name in _ROOTS or is_lean_namespace(name)


def _hint(name: str) -> str:
    return did_you_mean(name, lean_names().union(star_import.NAMES))


class DotNetFinder:
    """Finds modules of .NET's by their first word, and loads them.

    It does without the base classes of ``importlib.abc``, whose import brings along the reading of package data.
    """

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> ModuleSpec | None:
        """Return a spec for a namespace under one of the roots.

        Raises
        ------
        ImportError
            For what is neither a namespace nor, since the import asked the module first, a name in one.
        """
        if fullname.partition(".")[0] not in _ROOTS:
            return None
        if not _is_namespace(fullname):
            parent, _, leaf = fullname.rpartition(".")
            raise ImportError(f"'{parent}' has no '{leaf}', here or in LEAN{_hint(leaf)}", name=fullname)
        return ModuleSpec(fullname, self, is_package=True)  # type: ignore[arg-type]

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Make the module."""
        return _Namespace(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Do nothing: names are looked up when they are asked for."""


class FolderFinder(DotNetFinder):
    """Finds the modules of LEAN's algorithm framework (``Alphas.RsiAlphaModel``), after the author's own files."""

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> ModuleSpec | None:
        """Return a spec for one of the folders, or for a file in it."""
        folder, _, name = fullname.partition(".")
        if folder not in _FOLDERS:
            # LEAN's files import each other without their folder.
            is_known = not name and star_import.is_in(folder, "tradinglab.algorithm.framework")
        else:
            is_known = not name or name in star_import.NAMES or is_lean_name(name)
        return ModuleSpec(fullname, self, is_package=not name) if is_known else None  # type: ignore[arg-type]
