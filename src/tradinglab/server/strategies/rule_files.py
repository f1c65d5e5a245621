"""Strategies that are told as rules: a file ``main.rules`` in place of ``main.py``. Knows no Django.

What is here reads texts that strangers wrote, and some are made to take long or much: it is called in a process of its
own (:mod:`.rules_process`), whose memory and time are limited.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import date
from typing import Any

from tradinglab.algorithm.check import Finding, Parameter, Severity
from tradinglab.rules import (
    Rules,
    RulesError,
    RulesSyntaxError,
    algorithm_source,
    read_rules,
    rules_from_json,
    rules_text,
)
from tradinglab.rules.checks import asked_values, check_rules, parameter_values
from tradinglab.rules.errors import WindowTooLongError
from tradinglab.rules.windows import Span, room_at_most, searched_windows_check
from tradinglab.server.strategies.files import RULES

#: No more source is made of rules, however often they name the same operand.
_LONGEST_SOURCE = 1_000_000
#: How the statement begins that says a field.
_STATEMENTS = {
    "name": "rules", "universe": "universe", "resolution": "universe", "start": "from", "end": "from", "cash": "cash",
    "warm_up": "warm up",
    "enter_long": "enter long", "exit_long": "exit long", "enter_short": "enter short", "exit_short": "exit short",
    "sizing": "size", "stop_loss": "stop", "take_profit": "take", "trailing_stop": "trail", "time_stop": "exit after",
    "cool_down": "wait", "max_positions": "hold", "rank": "rank", "fees": "fees", "slippage": "slippage",
    "fill": "fill", "rebalance": "rebalance", "limits": "limit", "views": "view",
    "market_weights": "market", "leverage": "leverage", "buffer_percent": "buffer",
}  # fmt: skip
_NAMED = {"parameters": "parameter", "names": "let"}


def rules_of(text: str) -> Rules:
    """Return the rules that a text says: JSON if it begins with a brace, else the readable form.

    Raises
    ------
    RulesError
        If it cannot be read, or contradicts itself.
    """
    text = text.removeprefix("\ufeff")
    return rules_from_json(text) if _is_json(text) else read_rules(text)


def rules_read(text: str, parameters: Mapping[str, str | float]) -> dict[str, Any]:
    """Return all that can be said of a text: findings, its canonical forms, parameters, and the generated source.

    Parameters
    ----------
    parameters
        Values in place of the defaults: within their ranges, and such that the rules can be carried out.
    """
    try:
        rules = rules_of(text)
        source = algorithm_source(rules)
        if len(source) > _LONGEST_SOURCE:
            raise RulesError(f"the source would have {len(source):,} characters; name fewer operands by one another")
    except RulesError as problem:
        return {"findings": [finding_of(text, problem)], "path": problem.path, "parameters": []}
    try:
        asked_values(rules, parameters)
    except RulesError as problem:
        refused = {"field": problem.path, "reason": problem.reason}
        return {"findings": [finding_of(text, problem)], "path": problem.path, "parameters": [], "refused": refused}
    return {
        "findings": [],
        "text": rules_text(rules),
        "rules": rules.model_dump(mode="json"),
        "parameters": [asdict(each) for each in _parameters(rules, text)],
        "source": source,
    }


def windows_refused(text: str, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return why rules look back over more bars than there are; nothing if they do not, or cannot be read.

    Parameters
    ----------
    asked
        ``parameters``; the smallest and largest value of each that is ``searched``; ``spans`` of days, each to be wide
        enough, by default that of the rules; and those that are ``covered`` by data, if that is known.
    """
    try:
        rules = rules_of(text)
        values = asked_values(rules, asked["parameters"])
    except RulesError:
        return {}
    own = [rules.start.isoformat(), rules.end.isoformat()]
    covered = None if asked["covered"] is None else [_span(each, own) for each in asked["covered"]]
    for each in asked["spans"] or [own]:
        room = room_at_most(rules, _span(each, own), covered)
        try:
            searched_windows_check(rules, values, asked["searched"], room)
        except WindowTooLongError as problem:
            found = finding_of(text, problem)
            return {"parameter": problem.parameter, "reason": found["message"], "finding": found}
    return {}


def _span(days: Sequence[str | None], own: Sequence[str]) -> Span:
    first, last = (date.fromisoformat(given or usual) for given, usual in zip(days, own, strict=True))
    return Span(first, last)


def _is_json(text: str) -> bool:
    return text.lstrip().startswith("{")


def finding_of(text: str, problem: RulesError) -> dict[str, Any]:
    """Return what is wrong with a text as a finding: with its place, as far as it can be told."""
    line, column = _place(text, problem)
    is_syntax = isinstance(problem, RulesSyntaxError)
    message = str(problem).removeprefix(f"line {line}, column {column}: ") if is_syntax else str(problem)
    found = Finding(
        file=RULES, line=line, column=column, severity=Severity.ERROR, code=problem.code,
        message=_sentence(message, problem.path),
    )  # fmt: skip
    return asdict(found)


def _sentence(message: str, path: str) -> str:
    """Return a message as a sentence; the field's name at its beginning stays as it is written in the rules."""
    return f"{message if path else message[:1].upper() + message[1:]}."


def _place(text: str, problem: RulesError) -> tuple[int, int]:
    """Return line and column of what is wrong; the first ones where it cannot be told."""
    if isinstance(problem, RulesSyntaxError):
        return problem.line, problem.column
    if _is_json(text):
        try:
            json.loads(text)
        except json.JSONDecodeError as broken:
            return broken.lineno, broken.colno
        except (ValueError, RecursionError):
            return 1, 1
    return _place_of(text, problem.path)


def _place_of(text: str, path: str) -> tuple[int, int]:
    """Return where a field is said: its statement, or its key."""
    field, _, rest = path.partition(".")
    name = rest.partition(".")[0]
    if _is_json(text):
        word = name if field in _NAMED and name else field
        pattern = rf'"{re.escape(word)}"\s*:'
    else:
        words = f"{_NAMED[field]} {name}" if field in _NAMED else _STATEMENTS.get(field, "")
        pattern = r"(?im)^" + r"[ \t]+".join(map(re.escape, words.split())) + r"\b"
    found = re.search(pattern, text) if path else None
    if found is None:
        return 1, 1
    return text.count("\n", 0, found.start()) + 1, found.start() - text.rfind("\n", 0, found.start())


def _parameters(rules: Rules, text: str) -> Iterator[Parameter]:
    for name, each in rules.parameters.items():
        is_whole = _takes_whole_numbers_only(rules, name)
        yield Parameter(
            name=name,
            type="int" if is_whole else "float",
            default=int(each.default) if is_whole else each.default,
            file=RULES,
            line=_place_of(text, f"parameters.{name}")[0],
            minimum=each.minimum,
            maximum=each.maximum,
            step=each.step,
        )


def _takes_whole_numbers_only(rules: Rules, name: str) -> bool:
    """Say whether a fraction is refused where a parameter's default is not, on both sides of it."""
    default = rules.parameters[name].default
    return default == int(default) and all(_is_refused(rules, name, default + half) for half in (-0.5, 0.5))


def _is_refused(rules: Rules, name: str, value: float) -> bool:
    try:
        check_rules(rules, parameter_values(rules, {name: value}))
    except RulesError:
        return True
    return False
