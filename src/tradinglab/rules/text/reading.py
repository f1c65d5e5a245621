"""Rules read from text: one statement a line."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from tradinglab.core.surface import did_you_mean
from tradinglab.rules.loading import validated
from tradinglab.rules.portfolios import Rebalance
from tradinglab.rules.schema import (
    MOST_WARM_UP_BARS,
    MOST_WARM_UP_DAYS,
    AtrAway,
    Away,
    EqualSize,
    FixedSize,
    KellySize,
    Listing,
    Parameter,
    PercentAway,
    PercentSize,
    PointsAway,
    RiskSize,
    Rules,
    Sizing,
    ValueSize,
    VolatilitySize,
    WarmUpBars,
    WarmUpDays,
)
from tradinglab.rules.text.costs import read_fees, read_slippage
from tradinglab.rules.text.cursor import Cursor
from tradinglab.rules.text.expressions import read_condition, read_operand
from tradinglab.rules.text.portfolios import read_limit, read_market, read_view, read_weighting
from tradinglab.rules.text.tokens import END, LINE, Token, tokens_of
from tradinglab.rules.words import KINDS, PACES, RESERVED

Fields = dict[str, Any]
_SIDES = ("long", "short")


def read_rules(text: str) -> Rules:
    """Return the rules that a text says.

    Raises
    ------
    RulesSyntaxError
        If the text cannot be read; with line and column.
    RulesInvalidError
        If what it says contradicts itself.
    """
    tokens = tokens_of(text)
    parameters, names = _declared(tokens)
    cursor = Cursor(tokens, parameters, names)
    fields: Fields = {"parameters": {}, "names": {}}
    while cursor.token.kind != END:
        if cursor.token.kind == LINE:
            cursor.take()
            continue
        _statement(cursor, fields)
        cursor.end()
    for word, field in (("universe", "universe"), ("from", "start")):
        if field not in fields:
            cursor.fail_at(cursor.token, f"the rules have no '{word}' statement")
    return validated(fields)


def _declared(tokens: list[Token]) -> tuple[set[str], set[str]]:
    """Return the names of the parameters and of the operands that a text declares, wherever it does."""
    found: dict[str, set[str]] = {"parameter": set(), "let": set()}
    for at, token in enumerate(tokens[:-1]):
        is_first = at == 0 or tokens[at - 1].kind == LINE
        if is_first and token.kind == "word" and token.text.lower() in found and tokens[at + 1].kind == "word":
            found[token.text.lower()].add(tokens[at + 1].text)
    return found["parameter"], found["let"]


def _statement(cursor: Cursor, fields: Fields) -> None:
    token = cursor.token
    reader = _STATEMENTS.get(token.text.lower()) if token.kind == "word" else None
    if reader is None:
        hint = did_you_mean(token.text.lower(), _STATEMENTS) if token.kind == "word" else ""
        cursor.fail_at(
            token, f"{token.said} begins no statement; they begin with: {', '.join(sorted(_STATEMENTS))}{hint}"
        )
    cursor.take()
    found = reader(cursor)
    for field, value in found.items():
        if field in ("parameters", "names"):
            name = next(iter(value))
            if name in fields["parameters"] or name in fields["names"]:
                cursor.fail_at(token, f"'{name}' is declared twice; choose another name")
            fields[field] |= value
        elif field == "views":
            fields[field] = (*fields.get(field, ()), *value)
        elif field == "limits" and not {*value} & {*fields.get(field, {})} - {"sectors"}:
            before = fields.get(field, {})
            sectors = (*before.get("sectors", ()), *value.get("sectors", ()))
            fields[field] = {**before, **value, "sectors": sectors}
        elif field in fields:
            said = f"limit {'drawdown' if 'drawdown' in value else 'position'}" if field == "limits" else token.text
            cursor.fail_at(token, f"'{said}' was said before; there is one such statement at most")
        else:
            fields[field] = value


def _name(cursor: Cursor) -> Fields:
    if cursor.token.kind != "text":
        cursor.fail('the name in quotation marks: rules "SMA cross"')
    return {"name": cursor.take().text.strip('"')}


def _universe(cursor: Cursor) -> Fields:
    is_kind = cursor.is_word(*KINDS) and cursor.ahead(1).kind in ("word", "text") and (
        cursor.ahead(1).text.lower() not in (*PACES, "on")
    )  # fmt: skip
    kind = cursor.take().text.lower() if is_kind else "equity"
    listed = [_listing(cursor, kind)]
    while cursor.is_sign(","):
        cursor.take()
        listed.append(_listing(cursor, kind))
    return {"universe": tuple(listed), "resolution": cursor.expect(*PACES)}


def _listing(cursor: Cursor, kind: str) -> Listing:
    token = cursor.token
    if token.kind not in ("word", "text"):
        cursor.fail("a ticker")
    cursor.take()
    market = None
    if cursor.accept("on"):
        if cursor.token.kind != "word":
            cursor.fail("a market")
        market = cursor.take().text.lower()
    given = {"ticker": token.text.strip('"'), "type": kind, "market": market}
    return validated(given, Listing, path="universe")


def _days(cursor: Cursor) -> Fields:
    start = _date(cursor)
    cursor.expect("to")
    return {"start": start, "end": _date(cursor)}


def _warm_up(cursor: Cursor) -> Fields:
    cursor.expect("up")
    token, number = cursor.token, cursor.number()
    is_bars = cursor.expect("bars", "bar", "days", "day").startswith("bar")
    unit, most = ("bars", MOST_WARM_UP_BARS) if is_bars else ("days", MOST_WARM_UP_DAYS)
    if number != int(number) or not 1 <= number <= most:
        cursor.fail_at(token, f"a whole number of {unit} from 1 to {most:,} is expected; it was {number:g}")
    return {"warm_up": WarmUpBars(bars=int(number)) if is_bars else WarmUpDays(days=int(number))}


def _date(cursor: Cursor) -> date:
    token = cursor.token
    if token.kind != "date":
        cursor.fail("a day such as 2013-10-07")
    cursor.take()
    try:
        return date.fromisoformat(token.text)
    except ValueError:
        cursor.fail_at(token, f"'{token.text}' is no day of the calendar")


def _declared_name(cursor: Cursor) -> str:
    token = cursor.token
    if token.kind != "word" or token.text != token.text.lower() or not token.text[0].isalpha():
        cursor.fail("a name in lower case")
    if token.text in RESERVED:
        cursor.fail_at(token, f"'{token.text}' has a meaning of its own; choose another name")
    cursor.take()
    cursor.expect_sign("=")
    return token.text


def _parameter(cursor: Cursor) -> Fields:
    name = _declared_name(cursor)
    given: Fields = {"default": cursor.number()}
    for word, field in (("from", "minimum"), ("to", "maximum"), ("step", "step")):
        if cursor.accept(word):
            given[field] = cursor.number()
    return {"parameters": {name: validated(given, Parameter, path=f"parameters.{name}")}}


def _let(cursor: Cursor) -> Fields:
    name = _declared_name(cursor)
    return {"names": {name: read_operand(cursor)}}


def _enter(cursor: Cursor) -> Fields:
    side = cursor.expect(*_SIDES)
    cursor.expect("when")
    return {f"enter_{side}": read_condition(cursor)}


def _exit(cursor: Cursor) -> Fields:
    if cursor.accept("after"):
        return {"time_stop": cursor.bars()}
    side = cursor.accept(*_SIDES) or cursor.fail("'long', 'short' or 'after'", (*_SIDES, "after"))
    cursor.expect("when")
    return {f"exit_{side}": read_condition(cursor)}


def _size(cursor: Cursor) -> Fields:
    return {"sizing": _sizing(cursor)}


def _sizing(cursor: Cursor) -> Sizing:
    if cursor.accept("equal"):
        cursor.expect("weight")
        return EqualSize(percent=_of_equity(cursor)) if cursor.accept("of") else EqualSize()
    if cursor.accept("volatility"):
        percent = cursor.percent()
        cursor.expect("over")
        bars = cursor.bars()
        return VolatilitySize(percent=percent, bars=bars, **_most(cursor))
    if cursor.accept("risk"):
        percent = cursor.percent()
        cursor.expect("per")
        multiple, period = _true_range(cursor)
        return RiskSize(percent=percent, multiple=multiple, period=period)
    if cursor.accept("kelly"):
        return _kelly(cursor)
    number = cursor.quantity()
    if cursor.is_sign("%"):
        cursor.take()
        cursor.expect("of")
        cursor.expect("equity")
        return PercentSize(percent=number)
    word = cursor.accept("units", "cash") or cursor.fail("'units', 'cash' or '% of equity'", ("units", "cash"))
    return FixedSize(units=number) if word == "units" else ValueSize(value=number)


def _of_equity(cursor: Cursor) -> Any:
    percent = cursor.percent()
    cursor.expect("of")
    cursor.expect("equity")
    return percent


def _most(cursor: Cursor) -> Fields:
    if not cursor.accept("at"):
        return {}
    cursor.expect("most")
    return {"most_percent": cursor.percent()}


def _kelly(cursor: Cursor) -> KellySize:
    given: Fields = {"percent": cursor.percent(), **_most(cursor)}
    if cursor.accept("after"):
        given["trades"] = cursor.quantity()
        cursor.expect("trades")
    if cursor.accept("from"):
        given["start_percent"] = cursor.percent()
    return KellySize(**given)


def _true_range(cursor: Cursor) -> tuple[Any, Any]:
    multiple = cursor.quantity()
    cursor.expect("atr")
    cursor.expect_sign("(")
    period = cursor.quantity()
    cursor.expect_sign(")")
    return multiple, period


def _away(cursor: Cursor) -> Away:
    number = cursor.quantity()
    if cursor.is_sign("%"):
        cursor.take()
        return PercentAway(percent=number, resting=_rests(cursor))
    if cursor.accept("points", "point"):
        return PointsAway(points=number, resting=_rests(cursor))
    if not cursor.is_word("atr"):
        cursor.fail("'%', 'points' or 'ATR(14)'", ("points", "atr"))
    cursor.at -= 1
    multiple, period = _true_range(cursor)
    return AtrAway(multiple=multiple, period=period, resting=_rests(cursor))


def _rests(cursor: Cursor) -> bool:
    return bool(cursor.accept("resting"))


def _stop(cursor: Cursor) -> Fields:
    cursor.expect("loss")
    return {"stop_loss": _away(cursor)}


def _take(cursor: Cursor) -> Fields:
    cursor.expect("profit")
    return {"take_profit": _away(cursor)}


def _wait(cursor: Cursor) -> Fields:
    bars = cursor.bars()
    cursor.expect("after")
    cursor.expect("exit")
    return {"cool_down": bars}


def _hold(cursor: Cursor) -> Fields:
    cursor.expect("at")
    cursor.expect("most")
    most = cursor.quantity()
    cursor.expect("positions", "position")
    return {"max_positions": most}


def _rank(cursor: Cursor) -> Fields:
    cursor.expect("by")
    return {"rank": read_operand(cursor)}


def _rebalance(cursor: Cursor) -> Fields:
    given: Fields = {"schedule": cursor.expect("weekly", "monthly")}
    cursor.expect("top")
    given["top"] = cursor.quantity()
    cursor.expect("by")
    given["rank"] = read_operand(cursor)
    if cursor.accept("weighted") and not cursor.accept("equally"):
        given["weighting"] = read_weighting(cursor)
    if cursor.accept("with"):
        given["percent"] = _of_equity(cursor)
    return {"rebalance": Rebalance(**given)}


def _fill(cursor: Cursor) -> Fields:
    for word in ("at", "next", "bar", "open"):
        cursor.expect(word)
    return {"fill": "next_bar_open"}


_STATEMENTS: dict[str, Callable[[Cursor], Fields]] = {
    "rules": _name,
    "universe": _universe,
    "from": _days,
    "warm": _warm_up,
    "cash": lambda cursor: {"cash": cursor.number()},
    "parameter": _parameter,
    "let": _let,
    "enter": _enter,
    "exit": _exit,
    "size": _size,
    "stop": _stop,
    "take": _take,
    "trail": lambda cursor: {"trailing_stop": _away(cursor)},
    "wait": _wait,
    "hold": _hold,
    "rank": _rank,
    "rebalance": _rebalance,
    "view": read_view,
    "market": read_market,
    "limit": read_limit,
    "fees": read_fees,
    "slippage": read_slippage,
    "fill": _fill,
    "leverage": lambda cursor: {"leverage": cursor.quantity()},
    "buffer": lambda cursor: {"buffer_percent": cursor.percent()},
}
