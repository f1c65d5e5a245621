"""Operands and conditions written as Python."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tradinglab.rules.catalogue import AVERAGES, find_indicator
from tradinglab.rules.expressions import (
    Ago,
    All,
    AnyOf,
    Arithmetic,
    Compare,
    Constant,
    Cross,
    Extreme,
    Indicator,
    Named,
    Not,
    Price,
    Reference,
    Since,
    TimeOfDay,
    Volatility,
)

if TYPE_CHECKING:
    from datetime import time

    from tradinglab.rules.expressions import Condition, Number, Operand
    from tradinglab.rules.schema import Rules

WIDTH = 99
_STEP = 4
_INDENT = 2 * _STEP
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_FIELDS = {"seven_bar": "SEVEN_BAR"}


class Writer:
    """Writes expressions as Python, and notes what the class of a security has to keep for them.

    Attributes
    ----------
    made
        Lines that make indicators and memories.
    taken
        Lines that take the bar that has just closed into the memories, in the order in which they need each other.
    helpers
        The names of the functions that are used.
    used
        All lines of the class of a security, once they are written.
    """

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self.made: list[str] = []
        self.taken: list[str] = []
        self.helpers: set[str] = set()
        self.used: list[str] = []
        self._indicators: dict[tuple[object, ...], str] = {}
        self._memories: dict[str, str] = {}
        self._lengths: dict[str, list[str]] = {}
        self._counters: dict[str, str] = {}

    # Numbers

    def number(self, number: Number) -> str:
        """Return a number, or where the parameter is kept."""
        if isinstance(number, Reference):
            return f'self.parameter["{number.parameter}"]'
        return plain(number)

    def fraction(self, percent: Number) -> str:
        """Return a percentage as a fraction."""
        return f"{self.number(percent)} / 100"

    def count(self, number: Number) -> str:
        """Return a number of bars."""
        return f"int({self.number(number)})" if isinstance(number, Reference) else str(int(number))

    # Operands

    def operand(self, node: Operand) -> str:
        """Return an operand."""
        if isinstance(node, Constant):
            return self.number(node.value)
        if isinstance(node, Price):
            return f"self.bar.{node.field}"
        if isinstance(node, Indicator):
            return self._known(node)
        if isinstance(node, Named):
            return self.operand(self._rules.names[node.name])
        if isinstance(node, Ago):
            return self._ago(self.operand(node.operand), self.count(node.bars))
        if isinstance(node, Extreme):
            bars = self.count(node.bars)
            self.helpers.add(node.kind)
            return f"{node.kind}({self._memory(self.operand(node.operand), bars)}, {bars})"
        if isinstance(node, Volatility):
            return self.volatility(node.bars)
        if isinstance(node, Since):
            return self._since(node)
        return self._arithmetic(node)

    def _arithmetic(self, node: Arithmetic) -> str:
        left, right = self.operand(node.left), self.operand(node.right)
        if node.operator == "/":
            self.helpers.add("ratio")
            return f"ratio({left}, {right})"
        # What binds less tightly, or stands on the right, keeps its brackets.
        if isinstance(node.left, Arithmetic) and node.operator == "*" and node.left.operator in "+-":
            left = f"({left})"
        if isinstance(node.right, Arithmetic) and node.right.operator != "/":
            right = f"({right})"
        if right.startswith("-"):
            right = f"({right})"
        return f"{left} {node.operator} {right}"

    def volatility(self, bars: Number) -> str:
        """Return the yearly volatility of so many returns."""
        self.helpers.add("volatility")
        count = self.count(bars)
        memory = self._memory("self.bar.close", f"{count} + 1" if "int(" in count else str(int(count) + 1))
        return f"volatility({memory}, {count})"

    def true_range(self, period: Number) -> str:
        """Return the average true range of a period."""
        return self._known(Indicator(name="ATR", arguments=(period,)))

    def _known(self, node: Indicator) -> str:
        self.helpers.add("known")
        name = self._indicator(node)
        return f"known(self.{name}, self.{name}.{node.line})" if node.line else f"known(self.{name})"

    def _indicator(self, node: Indicator) -> str:
        """Return the attribute of an indicator, which is made if there is none such yet."""
        kind = find_indicator(node.name)
        field = None if kind.takes_bars or node.field == "close" else node.field
        arguments = [
            self._argument(slot.is_whole, given) for slot, given in zip(kind.slots, node.arguments, strict=False)
        ]
        key = (kind.name, tuple(arguments), field)
        if key not in self._indicators:
            parts = [kind.method, *(_word(each) for each in arguments), *((field,) if field else ())]
            name = self._free("_".join(parts))
            self._indicators[key] = name
            written = ["self.symbol", *arguments]
            if field:
                written.append(f"selector=Field.{field.upper()}")
            self.made += broken(f"self.{name} = algorithm.{kind.method}(", ", ".join(written), ")", _INDENT)
        return self._indicators[key]

    def _argument(self, is_whole: bool, given: Number | str) -> str:
        if isinstance(given, str):
            return f"MovingAverageType.{AVERAGES[given].name}"
        return self.count(given) if is_whole else self.number(given)

    def _free(self, wanted: str) -> str:
        taken = {*self._indicators.values(), *self._memories.values(), *self._counters.values(), *_OWN}
        name, number = wanted, 2
        while name in taken:
            name, number = f"{wanted}_{number}", number + 1
        return name

    def _memory(self, written: str, bars: str) -> str:
        """Return where the last values of an operand are kept."""
        if written not in self._memories:
            name = self._free(f"past_{_word(written)}"[:30].rstrip("_"))
            self._memories[written] = name
            self.taken += broken(f"self.{name}.append(", written, ")", _INDENT)
        name = self._memories[written]
        lengths = self._lengths.setdefault(name, [])
        if bars not in lengths:
            lengths.append(bars)
        return f"self.{name}"

    def _ago(self, written: str, bars: str) -> str:
        self.helpers.add("ago")
        length = f"{bars} + 1" if "int(" in bars else str(int(bars) + 1)
        return f"ago({self._memory(written, length)}, {bars})"

    def _since(self, node: Since) -> str:
        condition = self.condition(node.condition)
        if condition not in self._counters:
            name = self._free("bars_since_condition")
            self._counters[condition] = name
            self.made.append(f"self.{name} = math.nan")
            line = f"self.{name} = 0 if {condition} else self.{name} + 1"
            if len(line) + _INDENT <= WIDTH:
                self.taken.append(line)
            else:
                self.taken += [
                    *self._assigned("holds = ", node.condition),
                    f"self.{name} = 0 if holds else self.{name} + 1",
                ]
        return f"self.{self._counters[condition]}"

    def memories(self) -> list[str]:
        """Return the lines that make the memories."""
        lines = []
        for name in self._memories.values():
            lengths = self._lengths[name]
            fixed = [int(each) for each in lengths if each.isdigit()]
            parts = [each for each in lengths if not each.isdigit()] + ([str(max(fixed))] if fixed else [])
            most = parts[0] if len(parts) == 1 else f"max({', '.join(parts)})"
            lines.append(f"self.{name} = deque(maxlen={most})")
        return lines

    # Conditions

    def condition(self, node: Condition) -> str:
        """Return a condition, in brackets where another one around it needs them."""
        if isinstance(node, Compare):
            left, right = self.operand(node.left), self.operand(node.right)
            if node.operator == "!=":
                self.helpers.add("differ")
                return f"differ({left}, {right})"
            return f"{left} {node.operator} {right}"
        if isinstance(node, Cross):
            return self._cross(node)
        if isinstance(node, (All, AnyOf)):
            word = " and " if isinstance(node, All) else " or "
            return word.join(self._inner(each) for each in node.conditions)
        if isinstance(node, Not):
            return f"not ({self.condition(node.condition)})"
        if isinstance(node, TimeOfDay):
            return _part_of_day(node)
        numbers = [str(_DAYS.index(day)) for day in node.days]
        if len(numbers) == 1:
            return f"self.bar.end_time.weekday() == {numbers[0]}"
        return f"self.bar.end_time.weekday() in ({', '.join(numbers)})"

    def _inner(self, node: Condition) -> str:
        written = self.condition(node)
        is_joined = isinstance(node, (All, AnyOf, Cross)) or " or " in written
        return f"({written})" if is_joined else written

    def _cross(self, node: Cross) -> str:
        now, before = (">", "<=") if node.direction == "above" else ("<", ">=")
        left, right = self.operand(node.left), self.operand(node.right)
        return f"{left} {now} {right} and {self._before(node.left)} {before} {self._before(node.right)}"

    def _before(self, node: Operand) -> str:
        if isinstance(node, Constant):
            return self.operand(node)
        if isinstance(node, Ago) and not isinstance(node.bars, Reference):
            return self._ago(self.operand(node.operand), str(int(node.bars) + 1))
        return self._ago(self.operand(node), "1")

    def returned(self, node: Condition) -> list[str]:
        """Return the lines that return a condition: one, or more if it is long."""
        return self._assigned("return ", node)

    def _assigned(self, before: str, node: Condition) -> list[str]:
        written = before + self.condition(node)
        if len(written) + _INDENT <= WIDTH:
            return [written]
        return [f"{before}(", *_deeper(self._laid_out(node, 2)), ")"]

    def _laid_out(self, node: Condition, depth: int) -> list[str]:
        """Return a condition in lines that are short enough, if it can be broken."""
        written = self.condition(node)
        if len(written) + depth * _STEP + _INDENT <= WIDTH:
            return [written]
        if isinstance(node, Cross):
            first, _, second = written.rpartition(" and ")
            return [first, f"and {second}"]
        if isinstance(node, Compare) and node.operator != "!=":
            return [self.operand(node.left), f"{node.operator} {self.operand(node.right)}"]
        if isinstance(node, Not):
            return ["not (", *_deeper(self._laid_out(node.condition, depth + 1)), ")"]
        if not isinstance(node, (All, AnyOf)):
            return [written]
        word = "and " if isinstance(node, All) else "or "
        lines: list[str] = []
        for place, each in enumerate(node.conditions):
            part = [self._inner(each)]
            if len(part[0]) + (depth + 1) * _STEP + _INDENT > WIDTH:
                part = ["(", *_deeper(self._laid_out(each, depth + 1)), ")"]
            lines += [(word if place else "") + part[0], *part[1:]]
        return lines


#: Attributes that the class of a security has anyway.
_OWN = ("algorithm", "parameter", "security", "symbol", "lot", "multiplier", "bar", "target", "best", "bars_held",
        "bars_since_exit", "left", "rank", "average", "entry_fee", "held", "tick", "resting", "trail", "trail_price",
        "stop_range", "trail_range", "target_range", "note", "protect", "follow", "priced")  # fmt: skip


def broken(before: str, inner: str, after: str, indent: int) -> list[str]:
    """Return a line, or three of them if it is too long."""
    line = before + inner + after
    return [line] if len(line) + indent <= WIDTH else [before, " " * _STEP + inner, after]


def _deeper(lines: list[str]) -> list[str]:
    return [" " * _STEP + line for line in lines]


def plain(number: float) -> str:
    """Return a number as Python writes it, without a needless point."""
    return str(int(number)) if number == int(number) and abs(number) < 1e15 else repr(number)


def _word(text: str) -> str:
    """Return text as a part of a name."""
    for old, new in (("MovingAverageType.", ""), ("self.parameter", ""), ("self.", ""), ("known", ""), ("bar.", "")):
        text = text.replace(old, new)
    word = "".join(char if char.isalnum() else "_" for char in text.lower())
    while "__" in word:
        word = word.replace("__", "_")
    return word.strip("_").removeprefix("int_") or "value"


def _part_of_day(node: TimeOfDay) -> str:
    clock = "self.bar.end_time.time()"
    if node.start < node.end:
        return f"{_time(node.start)} <= {clock} < {_time(node.end)}"
    return f"({clock} >= {_time(node.start)} or {clock} < {_time(node.end)})"


def _time(moment: time) -> str:
    seconds = f", {moment.second}" if moment.second else ""
    return f"time({moment.hour}, {moment.minute}{seconds})"
