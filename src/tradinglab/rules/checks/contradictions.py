"""Conditions that can never hold, whatever the bars are."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence

from tradinglab.rules.expressions import (
    All,
    AnyOf,
    Compare,
    Condition,
    Constant,
    Cross,
    Not,
    Operand,
    Price,
    Reference,
)

_HOLDS: dict[str, Callable[[float, float], bool]] = {
    ">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le, "==": operator.eq, "!=": operator.ne,
}  # fmt: skip
#: Which of below (-1), equal (0) and above (1) a comparison leaves.
_LEAVES = {
    ">": {1}, ">=": {0, 1}, "<": {-1}, "<=": {-1, 0}, "==": {0}, "!=": {-1, 1},
}  # fmt: skip
_TURNED = {">": "<", "<": ">", ">=": "<=", "<=": ">=", "==": "==", "!=": "!="}
#: Which prices of one bar are never above which others.
_NEVER_ABOVE = {("low", "high"), ("low", "open"), ("low", "close"), ("open", "high"), ("close", "high")}


def why_never(node: Condition, values: Mapping[str, float]) -> str:
    """Return why a condition can never hold; empty if it may."""
    if isinstance(node, Compare):
        return _comparison(node, values)
    if isinstance(node, Cross):
        if node.left == node.right:
            return "nothing crosses itself"
        is_fixed = isinstance(node.left, Constant) and isinstance(node.right, Constant)
        return "one number never crosses another" if is_fixed else ""
    if isinstance(node, All):
        return next((why for why in (why_never(each, values) for each in node.conditions) if why), "") or _together(
            node, values
        )
    if isinstance(node, AnyOf):
        reasons = [why_never(each, values) for each in node.conditions]
        return reasons[0] if all(reasons) else ""
    if isinstance(node, Not) and isinstance(node.condition, Compare):
        left, right = _number(node.condition.left, values), _number(node.condition.right, values)
        if left is not None and right is not None and _HOLDS[node.condition.operator](left, right):
            return f"{left:g} {node.condition.operator} {right:g} always holds"
    return ""


def _comparison(node: Compare, values: Mapping[str, float]) -> str:
    left, right = _number(node.left, values), _number(node.right, values)
    if left is not None and right is not None:
        return "" if _HOLDS[node.operator](left, right) else f"{left:g} {node.operator} {right:g} never holds"
    if node.left == node.right and node.operator in (">", "<", "!="):
        return "both sides are the same"
    if isinstance(node.left, Price) and isinstance(node.right, Price):
        pair = (node.left.field, node.right.field)
        if (node.operator == ">" and pair in _NEVER_ABOVE) or (node.operator == "<" and pair[::-1] in _NEVER_ABOVE):
            return f"the {pair[0]} of a bar is never {'above' if node.operator == '>' else 'below'} its {pair[1]}"
    return ""


def _together(node: All, values: Mapping[str, float]) -> str:
    """Return which parts exclude each other: a condition and its opposite, or bounds that leave nothing between."""
    parts = list(node.conditions)
    for each in parts:
        if isinstance(each, Not) and each.condition in parts:
            return "a condition and its opposite never hold together"
    if _exclude_each_other(parts):
        return "two comparisons of the same operands never hold together"
    bounds: dict[Operand, tuple[float, bool, float, bool]] = {}
    for each in parts:
        found = _bound(each, values)
        if found is None:
            continue
        operand, sign, value = found
        low, open_low, high, open_high = bounds.get(operand, (float("-inf"), False, float("inf"), False))
        if sign in (">", ">=", "==") and (value > low or (value == low and sign == ">")):
            low, open_low = value, sign == ">"
        if sign in ("<", "<=", "==") and (value < high or (value == high and sign == "<")):
            high, open_high = value, sign == "<"
        if low > high or (low == high and (open_low or open_high)):
            return f"nothing is above {low:g} and below {high:g} at once"
        bounds[operand] = (low, open_low, high, open_high)
    return ""


def _exclude_each_other(parts: Sequence[Condition]) -> bool:
    """Return whether two operands would have to be above and below each other at once, or the like."""
    left: dict[tuple[Operand, Operand], set[int]] = {}
    for each in parts:
        if not isinstance(each, Compare):
            continue
        is_turned = (each.right, each.left) in left
        pair = (each.right, each.left) if is_turned else (each.left, each.right)
        sign = _TURNED[each.operator] if is_turned else each.operator
        left[pair] = left.get(pair, {-1, 0, 1}) & _LEAVES[sign]
    return not all(left.values())


def _bound(node: Condition, values: Mapping[str, float]) -> tuple[Operand, str, float] | None:
    if not isinstance(node, Compare):
        return None
    left, right = _number(node.left, values), _number(node.right, values)
    if right is not None and left is None:
        return node.left, node.operator, right
    if left is not None and right is None:
        return node.right, _TURNED[node.operator], left
    return None


def _number(node: Operand, values: Mapping[str, float]) -> float | None:
    if not isinstance(node, Constant):
        return None
    return values.get(node.value.parameter) if isinstance(node.value, Reference) else node.value
