"""The parameters that a strategy asks for by ``get_parameter``."""

from __future__ import annotations

import ast
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

from tradinglab.algorithm.check.findings import Finding, Parameter, Severity, sendable_text
from tradinglab.algorithm.check.parsing import SourceFile
from tradinglab.core.dual import fold

_Literal: TypeAlias = "str | int | float | bool | None"
_CASTS = {"int": "int", "float": "float", "bool": "bool", "str": "str", "Decimal": "float", "round": "int"}
_DEFAULTS = ("default_value", "defaultValue", "default")
_UNKNOWN = object()
#: What tells a strategy of its parameters.
_ASKING = ("getparameter", "getparameters")


def parameters(files: Sequence[SourceFile]) -> tuple[list[Parameter], list[Finding]]:
    """Return the parameters in the order in which the files ask for them, and what is odd about them."""
    found: dict[str, Parameter] = {}
    findings: list[Finding] = []
    for file in files:
        for node, parameter in _Calls(file).found:
            first = found.setdefault(parameter.name, parameter)
            if first.default is None:
                found[parameter.name] = first if parameter.default is None else parameter
            elif parameter.default is not None and not _is_same(parameter.default, first.default):
                before = f"{first.default!r} in {first.file}, line {first.line}"
                text = f"The parameter '{parameter.name}' has the default {parameter.default!r} here and {before}."
                hint = "Read it once and keep it."
                findings.append(file.finding(node, Severity.WARNING, "parameter_defaults_differ", text, hint))
    return list(found.values()), findings


def parameters_are_plain(files: Sequence[SourceFile]) -> bool:
    """Say whether every parameter that is asked for is named in the text."""
    for file in files:
        named = {id(node.func) for node, _ in _Calls(file).found}
        for node in file.nodes:
            name = _name_of(node) if isinstance(node, (ast.Name, ast.Attribute)) else None
            if name is None or fold(name) not in _ASKING:
                continue
            if fold(name) == "getparameters" or id(node) not in named:
                return False
    return True


class _Calls(ast.NodeVisitor):
    """The calls of ``get_parameter`` in one file."""

    def __init__(self, file: SourceFile) -> None:
        self.found: list[tuple[ast.Call, Parameter]] = []
        self._file = file
        self._constants = _constants(file)
        #: What stands around a call: the type that it is made into, and what it is replaced by when it is empty.
        self._casts: dict[int, str] = {}
        self._otherwise: dict[int, ast.expr] = {}
        self.visit(file.tree)

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        """Note ``get_parameter(…) or 5``."""
        if isinstance(node.op, ast.Or) and len(node.values) == 2:
            self._otherwise[id(node.values[0])] = node.values[1]
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        """Note a call, and what is made of it."""
        if isinstance(node.func, ast.Name) and node.func.id in _CASTS and len(node.args) == 1:
            inner = node.args[0]
            self._casts[id(inner)] = _CASTS[node.func.id]
            if isinstance(inner, ast.BoolOp):
                self._casts.update((id(each), _CASTS[node.func.id]) for each in inner.values)
        name = _name_of(node.func)
        if name is not None and fold(name) == "getparameter":
            self._note(node)
        self.generic_visit(node)

    def _note(self, node: ast.Call) -> None:
        keywords = {each.arg: each.value for each in node.keywords}
        first = node.args[0] if node.args else keywords.get("name")
        name = self._value(first)
        if not isinstance(name, str) or not name:
            return
        default = node.args[1] if len(node.args) > 1 else None
        for each in _DEFAULTS:
            default = default or keywords.get(each)
        default = default or self._otherwise.get(id(node))
        value = self._value(default)
        literal = None if value is _UNKNOWN else value
        cast = self._casts.get(id(node))
        kind = cast or (type(literal).__name__ if literal is not None else "str")
        if cast is not None and isinstance(literal, (str, int, float)):
            literal = _made(cast, literal)
        parameter = Parameter(
            name=sendable_text(name[:200]),
            type=kind,
            default=_shown(literal),
            file=self._file.path,
            line=node.lineno,
        )
        self.found.append((node, parameter))

    def _value(self, node: ast.expr | None) -> object:
        """Return what an expression is, if the text shows it; :data:`_UNKNOWN` otherwise."""
        if node is None:
            return None
        name = _name_of(node)
        if name is not None:
            return self._constants.get(name, _UNKNOWN)
        if isinstance(node, ast.Call) and _name_of(node.func) in _CASTS and len(node.args) == 1:
            return self._value(node.args[0])
        return _literal(node)


def _shown(literal: object) -> _Literal:
    """Return a default as JSON can hold it; ``None`` for endless numbers, and whole ones with hundreds of digits."""
    if isinstance(literal, str):
        return sendable_text(literal)
    if not isinstance(literal, (int, float)):
        return None
    try:
        return literal if math.isfinite(literal) else None
    except OverflowError:
        return None


def _is_same(one: _Literal, other: _Literal) -> bool:
    """Say whether two defaults are the same value, perhaps in two types."""
    try:
        return one == other or float(one or 0) == float(other or 0)
    except (ValueError, OverflowError):
        return False


def _name_of(node: ast.expr) -> str | None:
    if isinstance(node, ast.Name):
        return node.id
    return node.attr if isinstance(node, ast.Attribute) else None


def _literal(node: ast.expr) -> object:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd)):
        value = _literal(node.operand)
        if isinstance(value, (int, float)):
            return -value if isinstance(node.op, ast.USub) else value
        return _UNKNOWN
    if isinstance(node, ast.Constant) and isinstance(node.value, (str, int, float, bool, type(None))):
        return node.value
    return _UNKNOWN


def _made(cast: str, value: str | float) -> _Literal:
    """Return a default as the strategy gets it: ``int("5")`` is 5."""
    try:
        if cast == "int":
            return int(value)
        if cast == "float":
            return float(value)
    except (ValueError, OverflowError):
        return value
    return str(value) if cast == "str" else bool(value)


def _constants(file: SourceFile) -> Mapping[str, object]:
    """Return the names that are given one literal value in the file, and no other."""
    values: dict[str, object] = {}
    for name, value in _assignments(file):
        known = _literal(value) if value is not None else _UNKNOWN
        values[name] = known if name not in values else _UNKNOWN
    return {name: value for name, value in values.items() if value is not _UNKNOWN}


def _assignments(file: SourceFile) -> Iterator[tuple[str, ast.expr | None]]:
    for node in file.nodes:
        if isinstance(node, ast.Assign):
            for target in node.targets:
                name = _name_of(target)
                if name is not None:
                    yield name, node.value
        elif isinstance(node, (ast.AnnAssign, ast.AugAssign, ast.For)):
            name = _name_of(node.target)
            if name is not None:
                yield name, node.value if isinstance(node, ast.AnnAssign) else None
