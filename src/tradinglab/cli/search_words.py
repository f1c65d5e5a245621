"""What is written after the options of a search, read into values."""

from __future__ import annotations

import re
from argparse import ArgumentTypeError
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Final

from tradinglab.cli import words
from tradinglab.optimize import (
    Axis,
    Bound,
    Constraint,
    Direction,
    Goal,
    Operator,
    Penalty,
    SpaceError,
    axis_of_range,
    axis_of_span,
    constraint_of,
)
from tradinglab.optimize.walk_forward import Window
from tradinglab.server.backtests.figures import FIGURES

_OPERATORS: Final[Mapping[str, Operator]] = {
    "<": Operator.LESS,
    "<=": Operator.LESS_OR_EQUAL,
    ">": Operator.GREATER,
    ">=": Operator.GREATER_OR_EQUAL,
    "==": Operator.EQUALS,
    "!=": Operator.NOT_EQUAL,
}
_BOUND: Final = re.compile(r"\s*(\w+)\s*(<=|>=|==|!=|<|>)\s*(\S+)\s*")
_MOST_JOBS: Final = 256
#: Of a count: more than anybody waits for.
_MOST_DIGITS: Final = 12


def axis(text: str) -> Axis:
    """Return a parameter and its values: ``fast=5:50:5``, ``fast=5:50:5:1``, ``x=0.1:2``, ``x=1:9:log``, ``m=a,b``."""
    name, equals, told = text.partition("=")
    name = name.strip()
    if not equals or not name or not told.strip():
        raise ArgumentTypeError(f"'{text}' is no NAME=FIRST:LAST:STEP and no NAME=VALUE,VALUE")
    parts = [part.strip() for part in told.split(":")]
    try:
        if len(parts) == 1:
            values = tuple(dict.fromkeys(part.strip() for part in told.split(",")))
            if "" in values:
                raise ArgumentTypeError(f"'{text}' has a comma without a value beside it; leave it out")
            return Axis(name=name, values=values)
        if parts[-1] == "log":
            if len(parts) != 3:
                raise ArgumentTypeError(f"'{text}': a range by orders of magnitude is NAME=FIRST:LAST:log")
            return axis_of_span(name, low=_decimal(parts[0]), high=_decimal(parts[1]), is_log=True)
        numbers = [_decimal(part) for part in parts]
        if len(numbers) == 2:
            return axis_of_span(name, low=numbers[0], high=numbers[1])
        if len(numbers) in (3, 4):
            low, high, step, *min_step = numbers
            return axis_of_range(name, low=low, high=high, step=step, min_step=min_step[0] if min_step else None)
    except SpaceError as problem:
        raise ArgumentTypeError(f"'{text}': {problem.part} was {problem.value}: {problem}") from None
    raise ArgumentTypeError(f"'{text}' has too many parts; a range is NAME=FIRST:LAST:STEP:SMALLEST_STEP at most")


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise ArgumentTypeError(f"'{text}' is no number") from None


def constraint(text: str) -> Constraint:
    """Return a constraint between parameters."""
    try:
        return constraint_of(text)
    except SpaceError as problem:
        raise ArgumentTypeError(str(problem)) from None


def goal(text: str) -> Goal:
    """Return a figure and which way is better: ``sharpe_ratio``, ``exposure:min``."""
    figure, colon, way = text.partition(":")
    _known(figure)
    if colon and way not in [*Direction]:
        raise ArgumentTypeError(f"'{text}': after the colon comes max or min")
    usual = Direction.MIN if FIGURES[figure].is_more_better is False else Direction.MAX
    return Goal(figure=figure, direction=Direction(way) if colon else usual)


def bound(text: str) -> Bound:
    """Return a bound for a figure: ``drawdown<0.3``."""
    found = _BOUND.fullmatch(text)
    if found is None:
        raise ArgumentTypeError(f"'{text}' is no bound; write it like drawdown<0.3")
    figure, sign, value = found.groups()
    _known(figure)
    return Bound(figure=figure, operator=_OPERATORS[sign], value=number(value))


def penalty(text: str) -> Penalty:
    """Return what a figure counts against the score: ``portfolio_turnover=0.5``."""
    figure, equals, weight = text.partition("=")
    if not equals:
        raise ArgumentTypeError(f"'{text}' is no FIGURE=WEIGHT")
    _known(figure.strip())
    return Penalty(figure=figure.strip(), weight=number(weight))


def number(text: str) -> float:
    """Return a finite number."""
    found = _decimal(text.strip())
    if not found.is_finite():
        raise ArgumentTypeError(f"'{text}' is no finite number")
    return float(found)


def _known(figure: str) -> None:
    if figure not in FIGURES:
        from tradinglab.core.surface import did_you_mean

        hint = did_you_mean(figure, [*FIGURES]) or "."
        raise ArgumentTypeError(f"there is no figure '{figure}'{hint} The figures are {', '.join(FIGURES)}")


def days(text: str) -> tuple[str, int]:
    """Return what a number of trading days is for: ``train=504``, ``test=126``."""
    name, _, told = text.partition("=")
    if name not in ("train", "test"):
        raise ArgumentTypeError(f"'{text}' is neither train=DAYS nor test=DAYS")
    return name, count(told)


def window(text: str) -> Window:
    """Return a window by its dates: first and last day to train, first and last day to test."""
    parts = text.split(":")
    if len(parts) != 4:
        raise ArgumentTypeError(f"'{text}' is no TRAIN_FIRST:TRAIN_LAST:TEST_FIRST:TEST_LAST")
    train_first, train_last, test_first, test_last = map(words.day, parts)
    return Window(train_first=train_first, train_last=train_last, test_first=test_first, test_last=test_last)


def whole(text: str) -> int:
    """Return a whole number, zero or above."""
    return 0 if text == "0" else count(text)


def count(text: str) -> int:
    """Return a whole number above zero."""
    if not text.isascii() or not text.isdigit() or not text.strip("0"):
        raise ArgumentTypeError(f"'{text[:40]}' is no whole number above zero")
    if len(text) > _MOST_DIGITS:
        raise ArgumentTypeError(f"'{text[:40]}' is too large; write at most {_MOST_DIGITS} digits")
    return int(text)


def jobs(text: str) -> int:
    """Return how many processes are asked for."""
    found = count(text)
    if found > _MOST_JOBS:
        raise ArgumentTypeError(f"{text} processes are more than any machine has use for; at most {_MOST_JOBS}")
    return found
