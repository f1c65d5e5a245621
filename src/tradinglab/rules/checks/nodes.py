"""Checks of operands and conditions, one by one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache

from tradinglab.core.surface import did_you_mean
from tradinglab.rules.catalogue import Argument, IndicatorKind, find_indicator
from tradinglab.rules.errors import RulesInvalidError
from tradinglab.rules.expressions import (
    MOST_BARS,
    Ago,
    Constant,
    Extreme,
    Indicator,
    Named,
    Node,
    Number,
    Part,
    Price,
    Reference,
    TimeOfDay,
    Volatility,
    children,
)
from tradinglab.rules.schema import Rules

Parts = tuple[tuple[str, Node], ...]

_MOST_DEPTH = 40
_MOST_PARTS = 2_000


class Changing:
    """What of rules depends on parameters: parts of expressions by the expression's path, and other fields."""

    def __init__(self) -> None:
        self.parts: dict[str, Parts] = {}
        self.fields: dict[str, bool] = {}


class NodeChecks:
    """Checks the expressions of rules with given parameters.

    Parameters
    ----------
    changing
        Where the parts are kept that depend on parameters, if only these are to be looked at.
    """

    def __init__(self, rules: Rules, values: Mapping[str, float], changing: Changing | None = None) -> None:
        self._rules = rules
        self._values = values
        self._changing = changing
        #: Of how many parts an operand with a name consists when the names in it are written out.
        self._sizes: dict[str, int] = {}

    def may_skip(self, part: Part | None, path: str) -> bool:
        """Return whether a field is known to be sound, as it depends on no parameter."""
        if self._changing is None:
            return False
        if path not in self._changing.fields:
            self._changing.fields[path] = part is not None and _refers(part)
        return not self._changing.fields[path]

    def is_settled(self, condition: Node, path: str) -> bool:
        """Return whether a condition that may hold does so with all parameters."""
        if self._changing is None:
            return False
        found = self._changing.fields.get(f"{path} holds")
        if found is None:
            numbers = (each for _, each in walk(condition, path) if isinstance(each, Constant))
            found = self._changing.fields[f"{path} holds"] = not any(isinstance(n.value, Reference) for n in numbers)
        return found

    def number(self, number: Number, path: str) -> float:
        """Return a number; a parameter has to be there."""
        if not isinstance(number, Reference):
            return number
        if number.parameter not in self._values:
            hint = did_you_mean(number.parameter, self._values) or "."
            raise RulesInvalidError(f"there is no parameter '{number.parameter}'{hint}", path=path)
        return self._values[number.parameter]

    def bars(self, number: Number, path: str, *, least: int = 1) -> int:
        """Return a number of bars."""
        value = self.number(number, path)
        if value != int(value) or not least <= value <= MOST_BARS:
            raise RulesInvalidError(
                f"a whole number of bars from {least} to {MOST_BARS:,} is expected; it was {value:g}", path=path
            )
        return int(value)

    def expression(self, node: Node, path: str) -> None:
        """Check an operand or a condition and all that it is made of."""
        if self._changing is None:
            parts = tuple(walk(node, path))
        elif path in self._changing.parts:
            parts = self._changing.parts[path]
        else:
            parts = self._changing.parts[path] = changing_parts(node, path)
        for where, each in parts:
            self._one(each, where)
        if self._changing is None and (size := self._size(parts)) > _MOST_PARTS:
            raise RulesInvalidError(
                f"with all names written out this has {size:,} parts; it may have {_MOST_PARTS:,}", path=path
            )

    def _one(self, node: Node, path: str) -> None:
        if isinstance(node, Constant):
            self.number(node.value, f"{path}.value")
        elif isinstance(node, Price):
            if node.field == "volume" and self._rules.universe[0].type == "forex":
                raise RulesInvalidError("currencies have no volume; use another field", path=f"{path}.field")
        elif isinstance(node, Indicator):
            self._indicator(node, path)
        elif isinstance(node, Named):
            self._named(node, path, ())
        elif isinstance(node, (Ago, Extreme)):
            self.bars(node.bars, f"{path}.bars")
            if is_constant(node.operand, self._rules):
                raise RulesInvalidError(
                    "a number is the same at every bar; use it without looking back", path=f"{path}.operand"
                )
        elif isinstance(node, Volatility):
            self.bars(node.bars, f"{path}.bars", least=2)
        elif isinstance(node, TimeOfDay) and node.start == node.end:
            raise RulesInvalidError(f"no time lies between {node.start} and {node.end}", path=path)

    def _indicator(self, node: Indicator, path: str) -> None:
        try:
            kind = find_indicator(node.name)
            given = tuple(
                each if isinstance(each, str) else self.number(each, f"{path}.arguments.{place}")
                for place, each in enumerate(node.arguments)
            )
            _try_to_make(kind, given)
        except RulesInvalidError as problem:
            if problem.path:
                raise
            raise RulesInvalidError(problem.reason, path=path) from None
        if node.line is not None and node.line not in kind.lines:
            hint = did_you_mean(node.line, kind.lines)
            raise RulesInvalidError(
                f"{kind.name} has no line '{node.line}'; it has: {', '.join(kind.lines) or 'none'}{hint}",
                path=f"{path}.line",
            )
        if node.field is not None and kind.takes_bars:
            raise RulesInvalidError(f"{kind.name} reads whole bars; leave the field out", path=f"{path}.field")
        if node.field == "volume" and self._rules.universe[0].type == "forex":
            raise RulesInvalidError("currencies have no volume; use another field", path=f"{path}.field")
        if self._rules.universe[0].type == "forex" and kind.needs_volume:
            raise RulesInvalidError(f"{kind.name} needs volume, and currencies have none", path=f"{path}.name")

    def _named(self, node: Named, path: str, seen: tuple[str, ...]) -> None:
        if node.name in seen:
            raise RulesInvalidError(f"'{node.name}' is made of itself; break the circle", path=path)
        if node.name not in self._rules.names:
            hint = did_you_mean(node.name, self._rules.names) or "."
            raise RulesInvalidError(f"there is no operand of the name '{node.name}'{hint}", path=path)
        if node.name in self._sizes:
            return
        parts = tuple(walk(self._rules.names[node.name], f"names.{node.name}"))
        for where, each in parts:
            if isinstance(each, Named):
                self._named(each, where, (*seen, node.name))
        self._sizes[node.name] = self._size(parts)

    def _size(self, parts: Parts) -> int:
        return sum(self._sizes[each.name] if isinstance(each, Named) else 1 for _, each in parts)


def _refers(part: Part) -> bool:
    """Return whether a part or one inside it stands for a parameter; what is inside operands is looked at elsewhere."""
    return isinstance(part, Reference) or any(
        isinstance(value, Part) and _refers(value)
        for value in (getattr(part, each) for each in type(part).model_fields)
    )


@lru_cache(maxsize=4096)
def _try_to_make(kind: IndicatorKind, given: tuple[Argument, ...]) -> None:
    kind.make(kind.values(given))


def changing_parts(node: Node, path: str) -> Parts:
    """Return the parts of a node that have a parameter among their own numbers."""
    return tuple((where, each) for where, each in walk(node, path) if _has_parameter(each))


def _has_parameter(node: Node) -> bool:
    if isinstance(node, Indicator):
        return any(isinstance(each, Reference) for each in node.arguments)
    return any(isinstance(getattr(node, name, None), Reference) for name in ("value", "bars"))


def walk(node: Node, path: str, depth: int = 0) -> Iterator[tuple[str, Node]]:
    """Yield a node and all that it is made of, with their paths."""
    if depth > _MOST_DEPTH:
        raise RulesInvalidError(f"expressions are nested more than {_MOST_DEPTH} deep; simplify them", path=path)
    yield path, node
    names = _names(node)
    for name, child in zip(names, children(node), strict=True):
        yield from walk(child, f"{path}.{name}", depth + 1)


def _names(node: Node) -> list[str]:
    count = len(children(node))
    if hasattr(node, "conditions"):
        return [f"conditions.{place}" for place in range(count)]
    return [name for name in ("operand", "condition", "left", "right") if hasattr(node, name)]


def is_constant(node: Node, rules: Rules, known: dict[str, bool] | None = None) -> bool:
    """Return whether an operand is the same at every bar; *known* says so of names that were looked at."""
    known = {} if known is None else known
    if isinstance(node, Constant):
        return True
    if isinstance(node, Named):
        if node.name not in known:
            found = rules.names.get(node.name)
            known[node.name] = found is not None and is_constant(found, rules, known)
        return known[node.name]
    inner = children(node)
    return bool(inner) and all(is_constant(each, rules, known) for each in inner)
