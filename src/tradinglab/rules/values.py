"""What operands are worth and which conditions hold, as whole arrays over the bars of one security."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from datetime import time
from functools import lru_cache
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np

from tradinglab.algorithm.indicators.tracks import field_column
from tradinglab.core.clock import DAY_NS, SECOND_NS
from tradinglab.rules.arrays import whole_values
from tradinglab.rules.catalogue import Argument, find_indicator
from tradinglab.rules.compiling import pays_to_compile
from tradinglab.rules.expressions import (
    Ago,
    All,
    AnyOf,
    Compare,
    Constant,
    Cross,
    DayOfWeek,
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
from tradinglab.rules.quick_averages import quick_average
from tradinglab.rules.words import DAYS

if TYPE_CHECKING:
    from tradinglab.data.columns import Flags, Floats, Ints
    from tradinglab.rules.bars import Instrument
    from tradinglab.rules.expressions import Condition, Number, Operand

Worth = Any  # a float, or Floats by row: numpy makes no difference between them
#: Numpy goes through so many rows while Python looks at one bar.
_ROWS_A_LOOK = 20
#: 1970-01-01 was a Thursday.
_FIRST_WEEKDAY = 3
_COMPARE: dict[str, Callable[[Worth, Worth], Worth]] = {
    ">": np.greater, ">=": np.greater_equal, "<": np.less, "<=": np.less_equal, "==": np.equal,
}  # fmt: skip
_CALCULATE: dict[str, Callable[[Worth, Worth], Worth]] = {"+": np.add, "-": np.subtract, "*": np.multiply}


class ArrayCache:
    """Arrays by what they are computed from, the latest used ones, up to so many bytes."""

    def __init__(self, most_bytes: int = 128 << 20) -> None:
        self._most_bytes = most_bytes
        self._bytes = 0
        self._arrays: OrderedDict[Hashable, Floats] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Hashable, make: Callable[[], Floats]) -> Floats:
        """Return the array of a key, made if it is not there."""
        with self._lock:
            found = self._arrays.get(key)
            if found is not None:
                self._arrays.move_to_end(key)
                return found
        # Two threads may make the same: that costs time, and no harm.
        made = make()
        with self._lock:
            if key not in self._arrays:
                self._arrays[key] = made
                self._bytes += made.nbytes
                while self._bytes > self._most_bytes and len(self._arrays) > 1:
                    self._bytes -= self._arrays.popitem(last=False)[1].nbytes
        return made


class Evaluator:
    """Works out operands and conditions for one security and one set of parameters.

    All arrays that it returns begin with the bars of the warm-up, if there is one.
    """

    def __init__(
        self,
        instrument: Instrument,
        parameters: Mapping[str, float],
        names: Mapping[str, Operand],
        cache: ArrayCache,
        place: Hashable = 0,
    ) -> None:
        self._instrument = instrument.whole
        self._ahead = len(instrument.whole) - len(instrument)
        self._parameters = parameters
        self._names = names
        self._cache = cache
        self._place = place

    def number(self, number: Number) -> float:
        """Return a number, or the value of the parameter that stands for it."""
        return self._parameters[number.parameter] if isinstance(number, Reference) else number

    def count(self, number: Number) -> int:
        """Return a number of bars."""
        return int(self.number(number))

    def traded(self, values: Any) -> Any:
        """Return what of an array by row falls on the start and after it."""
        return values[self._ahead :]

    def floats(self, operand: Operand) -> Floats:
        """Return the worth of an operand after each bar."""
        return np.broadcast_to(np.asarray(self.operand(operand), np.float64), (len(self._instrument),))

    def flags(self, condition: Condition) -> Flags:
        """Return whether a condition holds after each bar."""
        return np.broadcast_to(np.asarray(self.condition(condition), bool), (len(self._instrument),))

    def mark(self, conditions: Sequence[tuple[Condition | None, int]], flags: Any) -> None:
        """Set the bits of conditions where they hold."""
        is_long = pays_to_compile(len(flags) // _ROWS_A_LOOK)
        for condition, bit in conditions:
            if condition is not None and not (is_long and isinstance(condition, Cross)):
                flags |= self.flags(condition).view(np.uint8) * np.uint8(bit)
        for one, other, rises, falls in self.crossings(conditions) if is_long else ():
            from tradinglab.rules.compiled import mark_crossings

            mark_crossings(one, other, rises, falls, flags)

    def crossings(self, conditions: Sequence[tuple[Condition | None, int]]) -> list[tuple[Floats, Floats, int, int]]:
        """Return what crossings among conditions compare, each pair once, with its bits of rising and of falling."""
        found: dict[tuple[Operand, Operand], list[int]] = {}
        for condition, bit in conditions:
            if isinstance(condition, Cross):
                bits = found.setdefault((condition.left, condition.right), [0, 0])
                bits[condition.direction == "below"] |= bit
        return [
            (self._column(one), self._column(other), rises, falls) for (one, other), (rises, falls) in found.items()
        ]

    def _column(self, operand: Operand) -> Floats:
        """Return the worth of an operand as an array of the one type that code is compiled for."""
        found = self.operand(operand)
        found = found if isinstance(found, np.ndarray) and found.ndim else np.full(len(self._instrument), float(found))
        return np.require(found, np.float64, ["C", "W"])

    # Operands

    def operand(self, node: Operand) -> Worth:
        """Return the worth of an operand: an array by row, or one number if it never changes."""
        if isinstance(node, Constant):
            return self.number(node.value)
        if isinstance(node, Price):
            return self._instrument.prices[node.field]
        if isinstance(node, Indicator):
            return self._indicator(node)
        if isinstance(node, Named):
            return self.operand(self._names[node.name])
        if isinstance(node, Ago):
            return lagged(self.operand(node.operand), self.count(node.bars))
        if isinstance(node, Extreme):
            return self._extreme(node)
        if isinstance(node, Volatility):
            return self.volatility(node.bars)
        if isinstance(node, Since):
            return bars_since(self.flags(node.condition))
        left, right = self.operand(node.left), self.operand(node.right)
        if node.operator == "/":
            return quotient(left, right)
        with np.errstate(all="ignore"):
            return _CALCULATE[node.operator](left, right)

    def _indicator(self, node: Indicator) -> Floats:
        kind = find_indicator(node.name)
        values = _made_of(
            node.name, tuple([given if isinstance(given, str) else self.number(given) for given in node.arguments])
        )
        field = "" if kind.takes_bars or node.field in (None, "close") else str(node.field)
        return self.indicator(kind.name, values, field, node.line or "")

    def indicator(self, name: str, values: tuple[Any, ...], field: str = "", line: str = "") -> Floats:
        """Return the values of an indicator of given arguments."""
        key = ("indicator", self._place, name, values, field, line)
        return self._cache.get(key, lambda: self._computed(name, values, field, line))

    def _computed(self, name: str, values: tuple[Any, ...], field: str, line: str) -> Floats:
        kind, feed = find_indicator(name), self._instrument.feed.reading(field)
        if not line and pays_to_compile(len(self._instrument) // _ROWS_A_LOOK):
            quick = quick_average(name, values, field_column(feed.columns, field or "close"))
            if quick is not None:
                return quick
        return whole_values(lambda: kind.make(values), feed, line)

    def true_range(self, period: Number) -> Floats:
        """Return the average true range of a period."""
        return self.indicator("ATR", find_indicator("ATR").values([self.number(period)]))

    def volatility(self, bars: Number) -> Floats:
        """Return the yearly volatility of so many returns."""
        count = self.count(bars)
        closes, per_year = self._instrument.prices["close"], self._instrument.per_year
        return self._cache.get(("volatility", self._place, count), lambda: volatilities(closes, count, per_year))

    def _extreme(self, node: Extreme) -> Worth:
        values, count = self.operand(node.operand), self.count(node.bars)
        if not isinstance(values, np.ndarray):
            return values
        if not isinstance(node.operand, Price):
            return extremes(values, count, node.kind)
        key = ("extreme", self._place, node.kind, node.operand.field, count)
        return self._cache.get(key, lambda: extremes(values, count, node.kind))

    # Conditions

    def condition(self, node: Condition) -> Worth:
        """Return whether a condition holds: by row, or once if it never changes."""
        if isinstance(node, Compare):
            return compared(self.operand(node.left), node.operator, self.operand(node.right))
        if isinstance(node, Cross):
            return crossed(self.operand(node.left), node.direction, self.operand(node.right), len(self._instrument))
        if isinstance(node, (All, AnyOf)):
            combine = np.logical_and if isinstance(node, All) else np.logical_or
            found = self.condition(node.conditions[0])
            for each in node.conditions[1:]:
                found = combine(found, self.condition(each))
            return found
        if isinstance(node, Not):
            return np.logical_not(self.condition(node.condition))
        if isinstance(node, TimeOfDay):
            return within(self._instrument.local_end_ns, node)
        return on_days(self._instrument.local_end_ns, node)


@lru_cache(maxsize=4096)
def _made_of(name: str, arguments: tuple[Argument, ...]) -> tuple[Any, ...]:
    """Return what an indicator's constructor takes for the arguments of a rule."""
    return find_indicator(name).values(arguments)


def compared(left: Worth, operator: str, right: Worth) -> Worth:
    """Return whether a comparison holds; what is not a number fits no comparison."""
    with np.errstate(invalid="ignore"):
        if operator == "!=":
            return np.less(left, right) | np.greater(left, right)
        return _COMPARE[operator](left, right)


def crossed(left: Worth, direction: str, right: Worth, count: int) -> Flags:
    """Return at which rows one operand has just passed another."""
    now, before = (">", "<=") if direction == "above" else ("<", ">=")
    result = np.zeros(count, bool)
    is_beyond = compared(left, now, right)
    was_not = compared(left, before, right)
    if isinstance(is_beyond, np.ndarray) and is_beyond.ndim:
        np.logical_and(is_beyond[1:], was_not[:-1], out=result[1:])
    return result


def lagged(values: Worth, bars: int) -> Worth:
    """Return what values were so many rows before; not a number where there is none."""
    if not isinstance(values, np.ndarray):
        return values
    result = np.full(len(values), np.nan)
    result[bars:] = values[: len(values) - bars] if bars < len(values) else []
    return result


def bars_since(flags: Flags) -> Floats:
    """Return how many rows ago a condition held last."""
    rows = np.arange(len(flags))
    last = np.maximum.accumulate(np.where(flags, rows, -1))
    return np.where(last < 0, np.nan, rows - last)


def quotient(left: Worth, right: Worth) -> Worth:
    """Return a quotient; not a number where the divisor is zero."""
    with np.errstate(all="ignore"):
        return np.where(np.equal(right, 0.0), np.nan, np.divide(left, right))


def extremes(values: Floats, bars: int, kind: str) -> Floats:
    """Return the highest or lowest of the last rows; not a number while one of them is none."""
    from tradinglab.algorithm.indicators.kernels import window_extremes

    filler = -np.inf if kind == "highest" else np.inf
    unknown = np.isnan(values)
    found = window_extremes(
        np.where(unknown, filler, values), bars, np.maximum if kind == "highest" else np.minimum
    ).copy()
    rows = np.arange(len(values))
    last_unknown = np.maximum.accumulate(np.where(unknown, rows, -1))
    found[(rows - last_unknown < bars) | (rows < bars - 1)] = np.nan
    return found


def volatilities(closes: Floats, bars: int, per_year: float) -> Floats:
    """Return the deviation of the last returns, by the root of the bars of a year; sums go from old to new."""
    result = np.full(len(closes), np.nan)
    full = len(closes) - bars
    if full <= 0:
        return result
    returns = closes[1:] / closes[:-1] - 1.0
    total = np.zeros(full)
    for start in range(bars):
        total += returns[start : start + full]
    mean = total / bars
    squares = np.zeros(full)
    for start in range(bars):
        gaps = returns[start : start + full] - mean
        squares += gaps * gaps
    result[bars:] = np.sqrt(squares / bars) * np.sqrt(per_year)
    return result


def within(local_ns: Ints, node: TimeOfDay) -> Flags:
    """Return which instants lie in a part of the day; one that ends before it begins goes over midnight."""
    of_day = local_ns % DAY_NS
    start, end = _ns_of(node.start), _ns_of(node.end)
    if start < end:
        return (of_day >= start) & (of_day < end)
    return (of_day >= start) | (of_day < end)


def on_days(local_ns: Ints, node: DayOfWeek) -> Flags:
    """Return which instants lie on some weekdays."""
    chosen = np.array([day in node.days for day in DAYS])
    found: Flags = chosen[(local_ns // DAY_NS + _FIRST_WEEKDAY) % len(DAYS)]
    return found


def _ns_of(moment: time) -> int:
    return (moment.hour * 3600 + moment.minute * 60 + moment.second) * SECOND_NS
