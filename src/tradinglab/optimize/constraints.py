"""Constraints between parameters: ``fast < slow``, ``fast + 10 <= slow or mode == 'free'``.

They are written as Python writes them, and read by its parser; of what that knows, only comparisons, arithmetic,
``and``, ``or``, ``not``, ``in`` and a few functions are taken. Nothing of it is ever run as Python. A name that is none
in Python stands in backquotes, as ``ema-fast`` would have to.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from functools import lru_cache
from typing import Final, TypeAlias, cast

import numpy as np
import numpy.typing as npt

from tradinglab.core.values import dataclass
from tradinglab.optimize.errors import ConstraintError

Value: TypeAlias = float | str | npt.NDArray[np.float64] | npt.NDArray[np.str_]
Truths: TypeAlias = npt.NDArray[np.bool_]

_LONGEST: Final = 500
_MOST_NODES: Final = 200
#: How deep parts may lie in each other, how large a number may be, and what it may be raised to.
_MOST_DEPTH: Final = 20
_MOST_NUMBER: Final = 10**15
_MOST_EXPONENT: Final = 100
#: A power takes as long as so many sums.
_POWER_STEPS: Final = 20
_QUOTED: Final = re.compile(r"`([^`]+)`")
#: Numbers that differ by less count as equal: 0.1 + 0.2 is 0.3.
_NEAR: Final = 1e-9


class Kind(StrEnum):
    """What a parameter, or a part of a constraint, is."""

    NUMBER = "number"
    TEXT = "text"
    TRUTH = "truth"


@dataclass(frozen=True, slots=True)
class Constraint:
    """A constraint between parameters, and which parameters it names."""

    text: str
    names: tuple[str, ...]


def constraint_of(text: str) -> Constraint:
    """Return the constraint that a text is.

    Raises
    ------
    ConstraintError
        If it is none, with the place at which it goes wrong.
    """
    tree = _tree(text)
    names = dict.fromkeys(node.id for node in _sorted_names(tree))
    if not names:
        raise ConstraintError("a constraint names at least one parameter", text=text, column=1)
    return Constraint(text, tuple(names))


def _sorted_names(tree: ast.expr) -> list[ast.Name]:
    functions = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    found = [node for node in ast.walk(tree) if isinstance(node, ast.Name) and id(node) not in functions]
    return sorted(found, key=lambda node: node.col_offset)


@lru_cache(maxsize=1024)
def _tree(text: str) -> ast.expr:
    if len(text) > _LONGEST:
        raise ConstraintError(f"it is longer than {_LONGEST} characters", text=f"{text[:40]}…", column=_LONGEST)
    if not text.isprintable():
        column = next(place for place, each in enumerate(text, 1) if not each.isprintable())
        raise ConstraintError("a constraint is one line of plain characters", text=text, column=column)
    plain, quoted = _unquoted(text)
    stripped = plain.strip()
    lead = len(plain) - len(plain.lstrip())
    try:
        tree = ast.parse(stripped, mode="eval").body
    except SyntaxError as problem:
        # At the end of the text Python names no place.
        column = min(problem.offset or len(stripped) + 1, len(stripped) + 1) + lead
        raise ConstraintError(f"that cannot be read ({problem.msg})", text=text, column=column) from None
    except (ValueError, RecursionError, MemoryError):
        raise ConstraintError("that cannot be read", text=text, column=1) from None
    if sum(1 for _ in ast.walk(tree)) > _MOST_NODES:
        raise ConstraintError("it is too long; write two constraints", text=text, column=1)
    if _depth(tree) > _MOST_DEPTH:
        raise ConstraintError(f"it is nested more than {_MOST_DEPTH} deep; simplify it", text=text, column=1)
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            node.id = quoted.get(node.id, node.id)
    _Reader(text, plain, None).truth(tree)
    return tree


def _depth(tree: ast.expr) -> int:
    """Return how deep parts lie in each other; sums and products of many terms lie side by side."""
    deepest = 0
    left: list[tuple[ast.AST, int]] = [(tree, 1)]
    while left:
        node, depth = left.pop()
        deepest = max(deepest, depth)
        for each in ast.iter_child_nodes(node):
            is_beside = isinstance(node, ast.BinOp) and each is node.left and not isinstance(node.op, ast.Pow)
            left.append((each, depth if is_beside else depth + 1))
    return deepest


def constraint_steps(constraint: Constraint) -> int:
    """Return about how many steps it takes to work a constraint out once."""
    steps = 1
    for node in ast.walk(_tree(constraint.text)):
        if isinstance(node, ast.BinOp):
            steps += _POWER_STEPS if isinstance(node.op, ast.Pow) else 1
        elif isinstance(node, (ast.BoolOp, ast.Compare, ast.Call, ast.Tuple, ast.List, ast.Set)):
            steps += sum(1 for _ in ast.iter_child_nodes(node)) // 2
    return steps


def _unquoted(text: str) -> tuple[str, dict[str, str]]:
    """Return a text with a name of the same length in place of each that is in backquotes, and what they stand for."""
    quoted: dict[str, str] = {}

    def stand_in(found: re.Match[str]) -> str:
        number = len(quoted)
        while (name := f"_{number}".ljust(len(found[0]), "_")) in text:
            number += 1
        quoted[name] = found[1]
        return name

    return _QUOTED.sub(stand_in, text), quoted


def constraint_check(constraint: Constraint, kinds: Mapping[str, Kind]) -> None:
    """Refuse a constraint that names what is no parameter, or takes texts for numbers.

    Raises
    ------
    ConstraintError
        With the place at which it goes wrong.
    """
    plain, _ = _unquoted(constraint.text)
    _Reader(constraint.text, plain, kinds).truth(_tree(constraint.text))


def constraint_holds(constraint: Constraint, values: Mapping[str, Value]) -> bool:
    """Say whether values of the parameters keep to a constraint."""
    return bool(constraint_table(constraint, values))


def constraint_table(constraint: Constraint, values: Mapping[str, Value]) -> Truths:
    """Say of many values at once whether they keep to a constraint.

    Parameters
    ----------
    values
        A number, a text or an array for each parameter; arrays have shapes that numpy broadcasts, and the result has
        the shape of all of them together.
    """
    with np.errstate(all="ignore"):
        return np.asarray(_worked_out(_tree(constraint.text), values), dtype=np.bool_)


# Reading: what may stand where.


_ARITHMETIC: Final[Mapping[type[ast.operator], Callable[..., object]]] = {
    ast.Add: np.add,
    ast.Sub: np.subtract,
    ast.Mult: np.multiply,
    ast.Div: np.divide,
    ast.FloorDiv: np.floor_divide,
    ast.Mod: np.mod,
    ast.Pow: np.float_power,
}
_DIVISIONS: Final = (ast.Div, ast.FloorDiv, ast.Mod)
_FUNCTIONS: Final[Mapping[str, Callable[..., object]]] = {"abs": np.abs, "min": np.minimum, "max": np.maximum}


class _Reader:
    """Goes through a tree and refuses what a constraint may not have; without kinds any name may be of any."""

    def __init__(self, text: str, plain: str, kinds: Mapping[str, Kind] | None) -> None:
        self._text = text
        self._plain = plain
        self._kinds = kinds

    def _refuse(self, node: ast.AST, message: str) -> ConstraintError:
        # Python counts bytes, and was given the text without the blanks before it.
        before = self._plain.lstrip().encode()[: getattr(node, "col_offset", 0)]
        lead = len(self._plain) - len(self._plain.lstrip())
        return ConstraintError(message, text=self._text, column=lead + len(before.decode(errors="ignore")) + 1)

    def truth(self, node: ast.expr) -> None:
        """Take what is true or false."""
        if isinstance(node, ast.BoolOp):
            for each in node.values:
                self.truth(each)
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            self.truth(node.operand)
        elif isinstance(node, ast.Compare):
            self._comparison(node)
        else:
            raise self._refuse(node, "a comparison is expected here, such as fast < slow")

    def _comparison(self, node: ast.Compare) -> None:
        left = self._kind(node.left)
        for operator, right in zip(node.ops, node.comparators, strict=True):
            if isinstance(operator, (ast.In, ast.NotIn)):
                self._choice(left, right)
                continue
            if isinstance(operator, (ast.Is, ast.IsNot)):
                raise self._refuse(right, "write == or !=")
            kind = self._kind(right)
            if left is not None and kind is not None and kind != left:
                raise self._refuse(right, f"a {left} is compared with a {kind}")
            if Kind.TEXT in (left, kind) and not isinstance(operator, (ast.Eq, ast.NotEq)):
                raise self._refuse(right, "texts are equal or not (==, !=, in); they have no order")
            left = kind

    def _choice(self, left: Kind | None, node: ast.expr) -> None:
        if not isinstance(node, (ast.Tuple, ast.List, ast.Set)) or not node.elts:
            raise self._refuse(node, "after 'in' come values in brackets, such as ('a', 'b')")
        for each in node.elts:
            if not isinstance(each, (ast.Constant, ast.UnaryOp)):
                raise self._refuse(each, "after 'in' come values alone")
            if left is not None and self._kind(each) != left:
                raise self._refuse(each, f"a {left} is compared with a {self._kind(each)}")

    def _kind(self, node: ast.expr) -> Kind | None:
        """Return what a part is, ``None`` if it is a name of which that is not known yet."""
        if isinstance(node, ast.Constant):
            return self._constant(node)
        if isinstance(node, ast.Name):
            if self._kinds is None:
                return None
            if node.id not in self._kinds:
                known = ", ".join(self._kinds)
                odd = next((name for name in self._kinds if not name.isidentifier()), "")
                hint = f"; write names such as `{odd}` in backquotes" if odd else ""
                raise self._refuse(node, f"there is no parameter '{node.id}' in the space; there are {known}{hint}")
            return self._kinds[node.id]
        if isinstance(node, ast.BinOp) and type(node.op) in _ARITHMETIC:
            if type(node.op) in _DIVISIONS and isinstance(node.right, ast.Constant) and node.right.value == 0:
                raise self._refuse(node.right, "that divides by zero")
            if isinstance(node.op, ast.Pow):
                self._check_exponent(node.right)
            return self._number(node.left, node.right)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd)):
            return self._number(node.operand)
        if isinstance(node, ast.Call):
            return self._call(node)
        raise self._refuse(node, "that may not stand in a constraint: use parameters, values, + - * / // % ** and "
                                 "comparisons")  # fmt: skip

    def _constant(self, node: ast.Constant) -> Kind:
        if isinstance(node.value, str):
            return Kind.TEXT
        if isinstance(node.value, bool) or not isinstance(node.value, (int, float)):
            raise self._refuse(node, "only numbers and texts are values here")
        if not abs(node.value) <= _MOST_NUMBER:
            raise self._refuse(node, f"that number is too large; {_MOST_NUMBER:,} is the largest")
        return Kind.NUMBER

    def _check_exponent(self, node: ast.expr) -> None:
        """Refuse powers that no parameter is compared with: all but a few of them are endless, or nothing."""
        for each in ast.walk(node):
            if isinstance(each, ast.BinOp) and isinstance(each.op, ast.Pow):
                raise self._refuse(node, "an exponent with a power of its own is too large; calculate without it")
            is_number = isinstance(each, ast.Constant) and isinstance(each.value, (int, float))
            if is_number and abs(cast("float", cast("ast.Constant", each).value)) > _MOST_EXPONENT:
                raise self._refuse(each, f"that exponent is too large; {_MOST_EXPONENT} is the largest")

    def _number(self, *nodes: ast.expr) -> Kind:
        for each in nodes:
            if self._kind(each) == Kind.TEXT:
                raise self._refuse(each, "a text is no number")
        return Kind.NUMBER

    def _call(self, node: ast.Call) -> Kind:
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if name not in _FUNCTIONS:
            raise self._refuse(node, f"the functions are {', '.join(_FUNCTIONS)}")
        is_enough = len(node.args) == 1 if name == "abs" else len(node.args) >= 2
        if node.keywords or not is_enough or any(isinstance(each, ast.Starred) for each in node.args):
            raise self._refuse(node, f"{name} takes {'one number' if name == 'abs' else 'two numbers or more'}")
        return self._number(*node.args)


# Working out: numbers are float64, so that no power and no division can hold anybody up.


def _worked_out(node: ast.expr, values: Mapping[str, Value]) -> object:
    if isinstance(node, ast.BoolOp):
        together = np.logical_and if isinstance(node.op, ast.And) else np.logical_or
        found = _worked_out(node.values[0], values)
        for each in node.values[1:]:
            found = together(cast("Truths", found), cast("Truths", _worked_out(each, values)))
        return found
    if isinstance(node, ast.UnaryOp):
        inner = cast("Truths", _worked_out(node.operand, values))
        return np.logical_not(inner) if isinstance(node.op, ast.Not) else (
            np.negative(inner) if isinstance(node.op, ast.USub) else inner)  # fmt: skip
    if isinstance(node, ast.Compare):
        return _compared(node, values)
    if isinstance(node, ast.BinOp):
        operator = _ARITHMETIC[type(node.op)]
        return operator(_worked_out(node.left, values), _worked_out(node.right, values))
    if isinstance(node, ast.Call):
        function = _FUNCTIONS[cast("ast.Name", node.func).id]
        first, *rest = [_worked_out(each, values) for each in node.args]
        if not rest:
            return function(first)
        for other in rest:
            first = function(first, other)
        return first
    value = values[node.id] if isinstance(node, ast.Name) else cast("ast.Constant", node).value
    return np.float64(value) if isinstance(value, (int, float)) else value


def _compared(node: ast.Compare, values: Mapping[str, Value]) -> object:
    left: object = _worked_out(node.left, values)
    found: object = np.True_
    for sign, comparator in zip(node.ops, node.comparators, strict=True):
        if isinstance(sign, (ast.In, ast.NotIn)):
            held = _is_among(left, cast("ast.Tuple", comparator).elts, values)
            held = np.logical_not(cast("Truths", held)) if isinstance(sign, ast.NotIn) else held
        else:
            right = _worked_out(comparator, values)
            held = _ordered(sign, left, right)
            left = right
        found = np.logical_and(cast("Truths", found), cast("Truths", held))
    return found


def _is_among(left: object, choices: Sequence[ast.expr], values: Mapping[str, Value]) -> object:
    held: object = np.False_
    for each in choices:
        held = np.logical_or(cast("Truths", held), cast("Truths", _equal(left, _worked_out(each, values))))
    return held


def _near(value: object) -> npt.NDArray[np.float64]:
    """Return by how much numbers may differ from a value and still count as equal to it."""
    size = np.abs(np.asarray(value))
    return cast("npt.NDArray[np.float64]", np.where(np.isfinite(size), _NEAR * np.maximum(1.0, size), 0.0))


def _equal(left: object, right: object) -> object:
    one, other = np.asarray(left), np.asarray(right)
    if one.dtype.kind != "f" or other.dtype.kind != "f":
        return one == other
    return np.abs(one - other) <= _near(other)


def _ordered(operator: ast.cmpop, left: object, right: object) -> object:
    if isinstance(operator, ast.Eq):
        return _equal(left, right)
    if isinstance(operator, ast.NotEq):
        return np.logical_not(cast("Truths", _equal(left, right)))
    one, other, near = cast("Truths", left), cast("Truths", right), _near(right)
    if isinstance(operator, ast.Lt):
        return one < other - near
    if isinstance(operator, ast.LtE):
        return one <= other + near
    return one > other + near if isinstance(operator, ast.Gt) else one >= other - near
