"""Names that a strategy uses and that nothing gives it, and members of LEAN's classes that are not there."""

from __future__ import annotations

import ast
import builtins
import symtable
from collections.abc import Iterator, Mapping, Sequence
from enum import EnumType

from tradinglab.algorithm import star_import
from tradinglab.algorithm.check.findings import Finding, Severity, TooComplexError
from tradinglab.algorithm.check.members import COVERAGE
from tradinglab.algorithm.check.parsing import SourceFile
from tradinglab.algorithm.star_names import CLASSES
from tradinglab.core.surface import is_lean_class, is_lean_name, lean_owner, nearest_name

_MOST_LOOKS = 4_000_000
STAR = "AlgorithmImports"
_DOTNET = ("clr", "System", "QuantConnect", "Newtonsoft")
#: What LEAN's star import brings beside LEAN's own classes and TradingLab's does not, and what to write.
_LEAN_ALSO = {
    "QCAlgorithmFramework": "Write QCAlgorithm.",
    "QCAlgorithmFrameworkBridge": "Write QCAlgorithm.",
    "PythonQuandl": "Derive from PythonData.",
    "os": "Add: import os",
    "plt": "Add: import matplotlib.pyplot as plt",
    **dict.fromkeys(("Array", "Console", "Environment", "Guid", "Math", "Object", "AggregateException"), ""),
}
_OF_MODULES = frozenset({"__name__", "__file__", "__doc__", "__package__", "__spec__", "__loader__", "__builtins__"})
#: With these, a module can get names that its text does not show.
_UNSEEN = frozenset({"globals", "exec", "eval"})


def name_findings(files: Sequence[SourceFile]) -> Iterator[Finding]:
    """Yield the names of each file that nothing defines, and those that LEAN has and TradingLab has not."""
    by_module = {file.module: file for file in files}
    for file in files:
        yield from _Names(file, by_module).findings()


class _Names:
    """The names of one file."""

    def __init__(self, file: SourceFile, by_module: Mapping[str, SourceFile]) -> None:
        self._file = file
        self._by_module = by_module
        self._table = _table(file)
        self._defined = _defined_at_top(self._table)
        self._stars, self._is_open = self._star_imports(file, set())

    def findings(self) -> Iterator[Finding]:
        """Yield what is wrong with them."""
        asked = set(_asked_of_module(self._table))
        if asked & _UNSEEN or self._is_open:
            asked = set()
        known = self._defined | self._stars | _OF_MODULES | frozenset(dir(builtins))
        missing = asked - known
        told: set[str] = set()
        for node in self._file.nodes:
            if isinstance(node, ast.Name) and node.id in missing and node.id not in told:
                told.add(node.id)
                yield self._missing(node, known)
            elif (
                isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and isinstance(node.ctx, ast.Load)
            ):
                yield from self._member(node, node.value.id)

    def _star_imports(self, file: SourceFile, seen: set[str]) -> tuple[frozenset[str], bool]:
        """Return the names that a file's star imports bring, and whether some cannot be known."""
        names: set[str] = set()
        is_open = False
        for node in file.nodes:
            if not isinstance(node, ast.ImportFrom) or node.names[0].name != "*":
                continue
            module = node.module or ""
            if module == STAR:
                names |= star_import.NAMES
            elif module.partition(".")[0] in _DOTNET:
                names |= star_import.NAMES
                is_open = True
            elif (other := self._by_module.get(module)) is not None and not node.level:
                if module not in seen:
                    more, unknown = self._star_imports(other, {*seen, module})
                    names |= more | _defined_at_top(_table(other))
                    is_open = is_open or unknown
            else:
                is_open = True
        return frozenset(names), is_open

    def _missing(self, node: ast.Name, known: frozenset[str]) -> Finding:
        name = node.id
        has_star = self._stars >= star_import.NAMES
        if is_lean_class(name):
            if name in star_import.NAMES:
                text = f"The name '{name}' is not defined in this file."
                hint = f"Begin the file with: from {STAR} import *"
                return self._file.finding(node, Severity.ERROR, "unknown_name", text, hint)
            text = f"{name} exists in LEAN but not yet in TradingLab."
            return self._file.finding(node, Severity.UNSUPPORTED, "unsupported_name", text, COVERAGE)
        if has_star and name in _LEAN_ALSO:
            text = f"LEAN's star import brings '{name}', TradingLab's does not."
            return self._file.finding(node, Severity.UNSUPPORTED, "unsupported_name", text, _LEAN_ALSO[name])
        if not has_star and name in star_import.NAMES:
            hint = f"Begin the file with: from {STAR} import *"
        else:
            nearest = nearest_name(name, known)
            hint = f"Did you mean '{nearest}'?" if nearest else ""
        return self._file.finding(node, Severity.ERROR, "unknown_name", f"The name '{name}' is not defined.", hint)

    def _member(self, node: ast.Attribute, owner: str) -> Iterator[Finding]:
        """Look at a member of a class that the star import brought."""
        if owner not in self._stars or owner in self._defined or owner not in _OUR_CLASSES:
            return
        if _is_local_somewhere(self._table, owner):
            return
        cls = star_import.find(owner)
        if not isinstance(cls, type):
            return
        try:
            getattr(cls, node.attr)
        except AttributeError:  # NotInTradingLabError is one, too
            if lean_owner(cls, node.attr) is not None:
                text = f"{owner}.{node.attr} exists in LEAN but not yet in TradingLab."
                yield self._file.finding(node, Severity.UNSUPPORTED, "unsupported_member", text, COVERAGE, at_end=True)
                return
            nearest = nearest_name(node.attr, dir(cls))
            hint = f"Did you mean '{nearest}'?" if nearest else ""
            text = f"{owner} has no member '{node.attr}'."
            # Classes have extension methods in .NET that no list of LEAN's members tells of; enumerations have not.
            severity = Severity.ERROR if nearest or isinstance(cls, EnumType) else Severity.WARNING
            yield self._file.finding(node, severity, "unknown_member", text, hint, at_end=True)


_OUR_CLASSES = frozenset(name for names in CLASSES.values() for name in names.split())


def _table(file: SourceFile) -> symtable.SymbolTable:
    """Return what the compiler knows of a file's names."""
    table = symtable.symtable(file.text, file.path, "exec")
    for each in (table, *_below(table)):
        # The standard library looks through all classes and functions of a place for each of its names.
        if len(each.get_children()) * len(each.get_identifiers()) > _MOST_LOOKS:
            raise TooComplexError(f"{file.path} has more names, classes and functions in one place than are looked at.")
    return table


def _defined_at_top(table: symtable.SymbolTable) -> frozenset[str]:
    """Return the names that a module gives itself, at its top or from inside functions."""
    names = {each.get_name() for each in table.get_symbols() if each.is_assigned() or each.is_imported()}
    names |= {each.get_name() for each in table.get_symbols() if each.is_namespace()}
    for inner in _below(table):
        names |= {each.get_name() for each in inner.get_symbols() if each.is_declared_global() and each.is_assigned()}
    return frozenset(names)


def _below(table: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    queue = list(table.get_children())
    while queue:
        inner = queue.pop()
        yield inner
        queue.extend(inner.get_children())


def _asked_of_module(table: symtable.SymbolTable) -> Iterator[str]:
    """Yield the names that are looked for at the top of the module or among the built-in ones."""
    for symbol in table.get_symbols():
        if symbol.is_referenced():
            yield symbol.get_name()
    for inner in _below(table):
        for symbol in inner.get_symbols():
            if symbol.is_global() and symbol.is_referenced():
                yield symbol.get_name()


def _is_local_somewhere(table: symtable.SymbolTable, name: str) -> bool:
    """Say whether a function or a class has something of its own called *name*."""
    return any(
        name in inner.get_identifiers() and inner.lookup(name).is_local() and not inner.lookup(name).is_global()
        for inner in _below(table)
    )


def is_lean_import(module: str, name: str) -> bool:
    """Say whether ``from module import name`` asks LEAN for something that TradingLab has not."""
    asks_lean = module == STAR or module.partition(".")[0] in _DOTNET
    return asks_lean and name != "*" and name not in star_import.NAMES and is_lean_name(name)
