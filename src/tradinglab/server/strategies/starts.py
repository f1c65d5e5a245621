"""Strategies to start from: those of code, and those that are told as rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from functools import cache
from typing import NamedTuple

from tradinglab.algorithm.check import Parameter, check_strategy
from tradinglab.rules.templates import all_rule_templates
from tradinglab.server.strategies.files import ENTRY, RULES
from tradinglab.templates import DEMO, all_templates

#: Before the name of one that is told as rules: some are called as one of code is.
_PREFIX = "rules-"


class StartKind(StrEnum):
    """How a strategy is told."""

    CODE = "code"
    RULES = "rules"


class Start(NamedTuple):
    """One strategy to start from.

    Attributes
    ----------
    name
        What ``template`` takes.
    """

    name: str
    kind: StartKind
    title: str
    description: str
    tags: tuple[str, ...]
    files: Mapping[str, str]


@cache
def all_starts() -> Sequence[Start]:
    """Return every one: those of code, then those of rules, each by name."""
    code = [
        Start(each.name, StartKind.CODE, each.title, each.description, each.tags, {ENTRY: each.source})
        for each in all_templates()
    ]
    told = [
        Start(f"{_PREFIX}{each.name}", StartKind.RULES, each.title, each.title, (StartKind.RULES.value,),
              {RULES: each.text})
        for each in all_rule_templates()
    ]  # fmt: skip
    return [*code, *told]


def find_start(name: str) -> Start | None:
    """Return the one of a name (``demo`` is one of them), or None."""
    wanted = DEMO if name == "demo" else name
    return next((each for each in all_starts() if each.name == wanted), None)


@cache
def start_parameters(name: str) -> Sequence[Parameter]:
    """Return the parameters of the one of a name: its file is ours, so it is read here."""
    start = find_start(name)
    if start is None:
        return ()
    if start.kind == StartKind.CODE:
        return check_strategy(start.files).parameters
    from tradinglab.server.strategies.rule_files import rules_read

    return [Parameter(**each) for each in rules_read(start.files[RULES], {})["parameters"]]
