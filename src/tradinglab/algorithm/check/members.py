"""Members of the algorithm that are asked for and are nowhere."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator, Sequence

from tradinglab.algorithm import star_import
from tradinglab.algorithm.check.classes import ALGORITHM_NAMES, AuthorClass
from tradinglab.algorithm.check.findings import MOST_FINDINGS, Finding, Severity
from tradinglab.algorithm.check.parsing import SourceFile
from tradinglab.algorithm.qc_algorithm import PLAIN_ATTRIBUTES, QCAlgorithm
from tradinglab.core.dual import fold, snake_case
from tradinglab.core.surface import lean_owner, nearest_name

#: What an algorithm keeps, and of which class it is.
PARTS = {
    "portfolio": "SecurityPortfolioManager",
    "securities": "SecurityManager",
    "transactions": "SecurityTransactionManager",
    "schedule": "ScheduleManager",
    "daterules": "DateRules",
    "timerules": "TimeRules",
    "settings": "AlgorithmSettings",
    "universesettings": "UniverseSettings",
}
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_BY_NAME = frozenset({"getattr", "hasattr", "setattr", "delattr"})
_UNSEEN = frozenset({"__dict__", "__getattr__", "__getattribute__", "__setattr__", "update_attributes"})
COVERAGE = "docs/coverage.md lists what is there."


@functools.cache
def _api() -> tuple[frozenset[str], frozenset[str]]:
    """Return the names of an algorithm's members, and their folded forms."""
    names = frozenset(dir(QCAlgorithm)) | frozenset(PLAIN_ATTRIBUTES)
    return names, frozenset(map(fold, names))


class WrittenNames(ast.NodeVisitor):
    """The attributes that a strategy's files write to, or ask for by name, on whatever object."""

    def __init__(self, files: Sequence[SourceFile]) -> None:
        self.names: set[str] = set()
        #: Whether attributes are written whose names the text does not show.
        self.is_open = False
        for file in files:
            self.visit(file.tree)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        """Note an attribute that is written."""
        if isinstance(node.ctx, (ast.Store, ast.Del)):
            self.names.add(node.attr)
        if node.attr in _UNSEEN:
            self.is_open = True
        self.generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        """Note a class that answers to any name."""
        if node.name in _UNSEEN:
            self.is_open = True
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        """Note an attribute that is written or asked for by its name."""
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if name in _BY_NAME and len(node.args) > 1:
            second = node.args[1]
            if isinstance(second, ast.Constant):
                self.names.add(str(second.value))
            elif name == "setattr":
                self.is_open = True
        elif name in ("vars", "exec", "eval"):
            self.is_open = True
        self.generic_visit(node)


def member_findings(
    files: Sequence[SourceFile], classes: Sequence[AuthorClass], written: WrittenNames
) -> Iterator[Finding]:
    """Yield the members that neither LEAN's algorithm nor the author's has."""
    if written.is_open:
        return
    algorithms = [each for each in classes if each.is_algorithm]
    everything = frozenset().union(*(base.members for each in algorithms for base in each.lineage()))
    for each in algorithms:
        if not any(relative.is_open for relative in algorithms if each in relative.lineage()):
            # A base may use what only the classes derived from it have.
            yield from _Reads(each.file, each.node, "", everything, written.names).findings
    if any(each.is_open for each in algorithms):
        return
    for file in files:
        for node in file.nodes:
            if isinstance(node, _FUNCTIONS):
                for name in _algorithm_arguments(node):
                    yield from _Reads(file, node, name, everything, written.names).findings


def _algorithm_arguments(node: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[str]:
    for argument in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs):
        if isinstance(argument.annotation, ast.Name) and argument.annotation.id in ALGORITHM_NAMES:
            yield argument.arg


class _Reads(ast.NodeVisitor):
    """The members that one class, or one function with an algorithm as argument, reads of it."""

    def __init__(
        self, file: SourceFile, node: ast.AST, receiver: str, members: frozenset[str], written: set[str]
    ) -> None:
        self.findings: list[Finding] = []
        self._file, self._receiver, self._written = file, receiver, written
        self._members = members
        self._folded = frozenset(map(fold, members))
        if isinstance(node, ast.ClassDef):
            for statement in node.body:
                self._visit_method(statement)
        else:
            self.generic_visit(node)

    def _visit_method(self, node: ast.stmt) -> None:
        if not isinstance(node, _FUNCTIONS):
            return
        is_plain = not any(isinstance(each, ast.Name) and each.id == "staticmethod" for each in node.decorator_list)
        first = [*node.args.posonlyargs, *node.args.args][:1]
        if is_plain and first:
            self._receiver = first[0].arg
            for statement in node.body:
                self.visit(statement)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        """Leave a class inside alone: its objects are others."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        """Go into a function that sees the same algorithm."""
        if self._receiver not in {each.arg for each in ast.walk(node.args) if isinstance(each, ast.arg)}:
            self.generic_visit(node)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        """Go into a function that sees the same algorithm."""
        if self._receiver not in {each.arg for each in ast.walk(node.args) if isinstance(each, ast.arg)}:
            self.generic_visit(node)

    def visit_Try(self, node: ast.Try) -> None:
        """Leave alone what the author expects to be missing."""
        expected = {
            each.id
            for handler in node.handlers
            for each in (ast.walk(handler.type) if handler.type else ())
            if isinstance(each, ast.Name)
        }
        parts = (node.handlers, node.orelse, node.finalbody)
        if "AttributeError" not in expected:
            parts = (node.body, *parts)  # type: ignore[assignment]
        for part in parts:
            for each in part:
                self.visit(each)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        """Look at a member that is read."""
        if isinstance(node.ctx, ast.Load):
            if self._is_algorithm(node.value):
                self._look_at(node)
            elif isinstance(node.value, ast.Attribute) and self._is_algorithm(node.value.value):
                self._look_at_part(node, node.value.attr)
        self.generic_visit(node)

    def _is_algorithm(self, node: ast.expr) -> bool:
        return isinstance(node, ast.Name) and node.id == self._receiver

    def _look_at(self, node: ast.Attribute) -> None:
        name = node.attr
        names, folded = _api()
        if name in names or name in self._members or name in self._written or name in dir(object):
            return
        if not name.startswith("_") and (fold(name) in folded or fold(name) in self._folded):
            return
        if name[:1].isupper() and snake_case(name) in self._written:
            return
        known = {*names, *self._members, *self._written}
        self._tell(node, QCAlgorithm, f"The algorithm has no member '{name}'", known)

    def _look_at_part(self, node: ast.Attribute, part: str) -> None:
        found = PARTS.get(fold(part))
        if found is None or part in self._written or part in self._members or node.attr in self._written:
            return
        cls = star_import.find(found)
        known = dir(cls)
        if fold(node.attr) in set(map(fold, known)):
            return
        if lean_owner(cls, node.attr) is None:
            self._tell(node, cls, f"'{part}' has no member '{node.attr}'", known)

    def _tell(self, node: ast.Attribute, cls: type, message: str, known: Sequence[str] | set[str]) -> None:
        if len(self.findings) > MOST_FINDINGS:
            return
        owner = None if node.attr.startswith("_") else lean_owner(cls, node.attr)
        if owner is not None:
            text = f"{owner}.{node.attr} exists in LEAN but not yet in TradingLab."
            found = self._file.finding(node, Severity.UNSUPPORTED, "unsupported_member", text, COVERAGE, at_end=True)
        else:
            nearest = nearest_name(node.attr, known)
            hint = f"Did you mean '{nearest}'?" if nearest else ""
            found = self._file.finding(node, Severity.ERROR, "unknown_member", f"{message}.", hint, at_end=True)
        self.findings.append(found)
