"""Operands and conditions read from text."""

from __future__ import annotations

from datetime import time
from typing import Any, cast

from tradinglab.core.surface import did_you_mean
from tradinglab.rules.catalogue import AVERAGES, find_indicator, indicator_kinds
from tradinglab.rules.errors import RulesInvalidError, RulesSyntaxError
from tradinglab.rules.expressions import (
    MOST_ARGUMENTS,
    MOST_PARTS,
    Ago,
    All,
    AnyOf,
    Arithmetic,
    Compare,
    Condition,
    Constant,
    Cross,
    DayOfWeek,
    Extreme,
    Indicator,
    Named,
    Not,
    Number,
    Operand,
    Price,
    Reference,
    Since,
    TimeOfDay,
    Volatility,
    Weekday,
)
from tradinglab.rules.text.cursor import Cursor
from tradinglab.rules.words import BLENDS, DAYS, FIELDS

_MOST_DEPTH = 12
_COMPARISONS = (">", ">=", "<", "<=", "==", "!=")


def read_condition(cursor: Cursor) -> Condition:
    """Read a condition: ``or`` binds least, then ``and``, then ``not``."""
    parts = [_conjunction(cursor)]
    while cursor.accept("or"):
        parts.append(_conjunction(cursor))
    _check_count(cursor, parts)
    return parts[0] if len(parts) == 1 else AnyOf(conditions=tuple(parts))


def _conjunction(cursor: Cursor) -> Condition:
    parts = [_single(cursor)]
    while cursor.accept("and"):
        parts.append(_single(cursor))
    _check_count(cursor, parts)
    return parts[0] if len(parts) == 1 else All(conditions=tuple(parts))


def _check_count(cursor: Cursor, parts: list[Condition]) -> None:
    if len(parts) > MOST_PARTS:
        cursor.fail_at(cursor.token, f"a condition has at most {MOST_PARTS} parts; use brackets to group them")


def _single(cursor: Cursor) -> Condition:
    if cursor.depth > _MOST_DEPTH:
        cursor.fail_at(cursor.token, f"brackets are nested more than {_MOST_DEPTH} deep; simplify the condition")
    cursor.depth += 1
    try:
        if cursor.accept("not"):
            return Not(condition=_single(cursor))
        if cursor.is_word("time") and cursor.ahead(1).text.lower() == "between":
            return _part_of_day(cursor)
        if cursor.is_word("day") and cursor.ahead(1).text.lower() == "in":
            return _days(cursor)
        return _bracketed(cursor) if cursor.is_sign("(") else _comparison(cursor)
    finally:
        cursor.depth -= 1


def _bracketed(cursor: Cursor) -> Condition:
    """Read what begins with a bracket: around an operand, or around a condition."""
    start = cursor.at
    try:
        return _comparison(cursor)
    except RulesSyntaxError as problem:
        as_operand, reached = problem, cursor.at
    cursor.at = start
    try:
        cursor.expect_sign("(")
        found = read_condition(cursor)
        cursor.expect_sign(")")
    except RulesSyntaxError:
        if cursor.at >= reached:
            raise
        raise as_operand from None
    return found


def _comparison(cursor: Cursor) -> Condition:
    left = read_operand(cursor)
    if cursor.accept("crosses"):
        direction = cursor.expect("above", "below")
        return Cross(left=left, direction=cast("Any", direction), right=read_operand(cursor))
    if not cursor.is_sign(*_COMPARISONS):
        hint = "; equality is written '=='" if cursor.is_sign("=") else ""
        cursor.fail(f"a comparison ({' '.join(_COMPARISONS)}) or 'crosses above', 'crosses below'{hint}", ("crosses",))
    return Compare(left=left, operator=cast("Any", cursor.take().text), right=read_operand(cursor))


def _part_of_day(cursor: Cursor) -> TimeOfDay:
    cursor.expect("time")
    cursor.expect("between")
    start = _time(cursor)
    cursor.expect("and")
    return TimeOfDay(start=start, end=_time(cursor))


def _time(cursor: Cursor) -> time:
    token = cursor.token
    if token.kind != "time":
        cursor.fail("a time of day such as 15:30")
    cursor.take()
    try:
        return time.fromisoformat(token.text.zfill(len("00:00")) if token.text.count(":") == 1 else token.text.zfill(8))
    except ValueError:
        cursor.fail_at(token, f"'{token.text}' is no time of day; they go from 00:00 to 23:59")


def _days(cursor: Cursor) -> DayOfWeek:
    cursor.expect("day")
    cursor.expect("in")
    days = [_day(cursor)]
    while cursor.is_sign(","):
        cursor.take()
        days.append(_day(cursor))
    if len(days) > len(DAYS):
        cursor.fail_at(cursor.token, "a week has seven days")
    return DayOfWeek(days=tuple(days))


def _day(cursor: Cursor) -> Weekday:
    if not cursor.is_word(*DAYS):
        cursor.fail("a day of the week", DAYS)
    return cast("Weekday", cursor.take().text.lower())


# Operands


def read_operand(cursor: Cursor) -> Operand:
    """Read an operand: a sum of products."""
    found = _product(cursor)
    while cursor.is_sign("+", "-"):
        sign = cursor.take().text
        found = Arithmetic(left=found, operator=cast("Any", sign), right=_product(cursor))
    return found


def _product(cursor: Cursor) -> Operand:
    found = _dated(cursor)
    while cursor.is_sign("*", "/"):
        sign = cursor.take().text
        found = Arithmetic(left=found, operator=cast("Any", sign), right=_dated(cursor))
    return found


def _dated(cursor: Cursor) -> Operand:
    """Read an operand and how many bars ago it is meant."""
    found = _plain(cursor)
    while _is_dated(cursor):
        bars = cursor.bars()
        cursor.expect("ago")
        found = Ago(operand=found, bars=bars)
    return found


def _is_dated(cursor: Cursor) -> bool:
    token = cursor.token
    is_number = token.kind == "number" or (token.kind == "word" and token.text in cursor.parameters)
    return is_number and cursor.ahead(1).text.lower() in ("bar", "bars")


def _plain(cursor: Cursor) -> Operand:
    token = cursor.token
    if token.kind == "number" or cursor.is_sign("-"):
        return Constant(value=cursor.number())
    if cursor.is_sign("("):
        return _in_brackets(cursor)
    if token.kind != "word":
        cursor.fail("a price, an indicator, a number or a name")
    word = token.text.lower()
    if cursor.ahead(1).text == "(" and cursor.ahead(1).kind == "sign":
        return _call(cursor, word)
    if word == "bars" and cursor.ahead(1).text.lower() == "since":
        return _since(cursor)
    if token.text in cursor.parameters:
        return Constant(value=Reference(parameter=cursor.take().text))
    if token.text in cursor.names:
        return Named(name=cursor.take().text)
    if word in FIELDS:
        cursor.take()
        return Price(field=cast("Any", word))
    if word.upper() in indicator_kinds():
        cursor.fail_at(token, f"'{token.text}' needs its arguments: {find_indicator(word).signature}")
    return cursor.fail("a price, an indicator, a number or a name", (*FIELDS, *cursor.parameters, *cursor.names))


def _in_brackets(cursor: Cursor) -> Operand:
    if cursor.depth > _MOST_DEPTH:
        cursor.fail_at(cursor.token, f"brackets are nested more than {_MOST_DEPTH} deep; simplify the operand")
    cursor.depth += 1
    try:
        cursor.expect_sign("(")
        found = read_operand(cursor)
        cursor.expect_sign(")")
    finally:
        # What begins with a bracket is tried as an operand first: an attempt that fails leaves no depth behind.
        cursor.depth -= 1
    return found


def _call(cursor: Cursor, word: str) -> Operand:
    if word in ("highest", "lowest"):
        cursor.take()
        cursor.expect_sign("(")
        operand = read_operand(cursor)
        cursor.expect_sign(",")
        bars = cursor.quantity()
        cursor.expect_sign(")")
        return Extreme(kind=cast("Any", word), operand=operand, bars=bars)
    if word == "volatility":
        cursor.take()
        cursor.expect_sign("(")
        bars = cursor.quantity()
        cursor.expect_sign(")")
        return Volatility(bars=bars)
    return _indicator(cursor)


def _since(cursor: Cursor) -> Since:
    cursor.expect("bars")
    cursor.expect("since")
    cursor.expect_sign("(")
    condition = read_condition(cursor)
    cursor.expect_sign(")")
    return Since(condition=condition)


def _indicator(cursor: Cursor) -> Indicator:
    token = cursor.take()
    try:
        kind = find_indicator(token.text)
    except RulesInvalidError as problem:
        cursor.fail_at(token, problem.reason)
    arguments = _arguments(cursor)
    line = field = None
    if cursor.is_sign("."):
        cursor.take()
        if cursor.token.text not in kind.lines:
            known = ", ".join(kind.lines) or "none"
            hint = did_you_mean(cursor.token.text, kind.lines)
            cursor.fail_at(cursor.token, f"{kind.name} has no line '{cursor.token.text}'; it has: {known}{hint}")
        line = cursor.take().text
    if cursor.accept("of"):
        if not cursor.is_word(*BLENDS):
            cursor.fail("a field of the bar", BLENDS)
        field = cast("Any", cursor.take().text.lower())
    return Indicator(name=kind.name, arguments=arguments, field=field, line=line)


def _arguments(cursor: Cursor) -> tuple[Number | str, ...]:
    cursor.expect_sign("(")
    found: list[Number | str] = []
    while not cursor.is_sign(")"):
        if found:
            cursor.expect_sign(",")
        if len(found) == MOST_ARGUMENTS:
            cursor.fail_at(cursor.token, f"an indicator has at most {MOST_ARGUMENTS} arguments")
        if cursor.token.kind == "word" and cursor.token.text not in cursor.parameters:
            if cursor.token.text.lower() not in AVERAGES:
                cursor.fail("a number, a parameter or a kind of average", (*cursor.parameters, *AVERAGES))
            found.append(cursor.take().text.lower())
        else:
            found.append(cursor.quantity())
    cursor.expect_sign(")")
    return tuple(found)
