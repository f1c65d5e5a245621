"""Rules from what a user gives: a file, text, JSON or a mapping."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar, overload

from pydantic import ValidationError

from tradinglab.core.surface import did_you_mean
from tradinglab.rules.checks import check_rules, parameter_values
from tradinglab.rules.errors import RulesError, RulesInvalidError
from tradinglab.rules.expressions import Part
from tradinglab.rules.refusals import refusal_words
from tradinglab.rules.schema import Rules

P = TypeVar("P", bound=Part)
_MOST_BYTES = 1 << 20
_MOST_SHOWN = 60


@overload
def validated(given: Mapping[str, Any]) -> Rules: ...


@overload
def validated(given: Mapping[str, Any], model: type[P], *, path: str = "") -> P: ...


def validated(given: Mapping[str, Any], model: type[Part] = Rules, *, path: str = "") -> Part:
    """Return a part of rules, or whole rules that do not contradict themselves.

    Raises
    ------
    RulesInvalidError
        With the path of the first field that is wrong.
    """
    try:
        part = model.model_validate(dict(given))
    except ValidationError as problem:
        raise _refusal(problem, given, model, path) from None
    if isinstance(part, Rules):
        check_rules(part, parameter_values(part))
    return part


def _refusal(problem: ValidationError, given: Mapping[str, Any], model: type[Part], path: str) -> RulesInvalidError:
    first = problem.errors(include_url=False)[0]
    steps = _steps(first["loc"], given, is_missing=first["type"] == "missing")
    where = ".".join([*([path] if path else []), *(str(step) for step in steps)])
    if first["type"] == "missing":
        return RulesInvalidError(refusal_words(first), path=where)
    if first["type"] == "extra_forbidden":
        hint = did_you_mean(str(steps[-1]), model.model_fields) if len(steps) == 1 else ""
        return RulesInvalidError(f"there is no such field{hint or '; leave it out'}", path=where)
    shown = repr(first["input"])
    shown = shown if len(shown) <= _MOST_SHOWN else shown[:_MOST_SHOWN] + "…"
    return RulesInvalidError(f"{refusal_words(first)}; it was {shown}", path=where)


def _steps(loc: tuple[int | str, ...], given: Any, *, is_missing: bool) -> list[int | str]:
    """Return the steps of a path that are keys or places, and not the kinds of alternatives."""
    steps: list[int | str] = []
    here = given
    for number, step in enumerate(loc):
        is_last = number == len(loc) - 1
        here = here.model_dump() if isinstance(here, Part) else here
        if isinstance(here, Mapping) and (step in here or (is_last and is_missing)):
            here = here.get(step)
        elif isinstance(here, (list, tuple)) and isinstance(step, int) and step < len(here):
            here = here[step]
        else:
            continue
        steps.append(step)
    return steps


def rules_from_json(text: str) -> Rules:
    """Return the rules that a JSON text says.

    Raises
    ------
    RulesInvalidError
        If it is no JSON, no rules, or the rules contradict themselves.
    """
    try:
        given = json.loads(text)
    except (ValueError, RecursionError) as problem:
        raise RulesInvalidError(f"this is no JSON: {problem}") from None
    if not isinstance(given, dict):
        raise RulesInvalidError(f"rules are an object with fields; this is a {type(given).__name__}")
    return validated(given)


def load_rules(path: Path) -> Rules:
    """Return the rules of a file: JSON if its name ends in ``.json``, else text.

    Raises
    ------
    RulesError
        If it cannot be read, or what it says cannot be used.
    """
    try:
        raw = path.read_bytes()
    except OSError as problem:
        raise RulesError(f"{path} cannot be read: {problem.strerror}") from None
    if len(raw) > _MOST_BYTES:
        raise RulesError(f"{path} has {len(raw):,} bytes; rules have at most {_MOST_BYTES:,}")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        raise RulesError(f"{path} is not UTF-8 text: {problem.reason} at byte {problem.start}") from None
    if path.suffix.lower() == ".json":
        return rules_from_json(text)
    from tradinglab.rules.text import read_rules

    return read_rules(text)
