"""The process in which trials of rules are simulated: limited in memory, and it imports no Django.

It serves one worker, order by order, and keeps the bars of the last ones. Rules are data: no line of a strategy is run
in it. An order is a line of JSON on the standard input; the answer is lines of what was done, so that it can be written
down piece by piece, and a last one that says so. If an order ``wants_days``, the first answer has the days, and each
trial the account's value at their ends.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections import OrderedDict
from collections.abc import Mapping
from datetime import date
from typing import IO, Any, Final

from tradinglab.core.errors import TradingLabError
from tradinglab.data.source import open_source
from tradinglab.rules import RulesError
from tradinglab.rules.errors import RulesBarsError
from tradinglab.rules.measures import Variant, Variants, rules_over
from tradinglab.server.strategies.limited import limit_process
from tradinglab.server.strategies.rule_files import rules_of
from tradinglab.server.strategies.rule_sizes import too_many_bars

MEMORY: Final = 3 << 30
#: Seconds of a processor in the whole life of such a process: far beyond what a worker has it do.
_CPU_S: Final = 10_000_000
_KEPT: Final = 3
_TOLD_EVERY_S: Final = 0.5
_LONGEST_PROBLEM: Final = 500


class _Refused(Exception):
    """Nothing of an order can be simulated; *can_run* if the engine can carry it out."""

    def __init__(self, text: str, *, can_run: bool) -> None:
        super().__init__(text)
        self.can_run = can_run


class _Kept:
    """The bars of the last orders, by what they are of."""

    def __init__(self) -> None:
        self._variants: OrderedDict[str, Variants] = OrderedDict()

    def of(self, subject: Mapping[str, Any]) -> Variants:
        """Return what simulates variants of rules over bars, which are read if they are not at hand."""
        key = json.dumps(subject, sort_keys=True)
        found = self._variants.pop(key, None)
        if found is None:
            while len(self._variants) >= _KEPT:
                self._variants.popitem(last=False)
            found = _variants(subject)
        self._variants[key] = found
        return found


def _variants(subject: Mapping[str, Any]) -> Variants:
    try:
        start, end = (None if subject[name] is None else date.fromisoformat(subject[name]) for name in ("start", "end"))
        cash = None if subject["cash"] is None else float(subject["cash"])
        rules = rules_over(rules_of(subject["rules"]), start=start, end=end, cash=cash)
        if refusal := too_many_bars(rules):
            raise _Refused(refusal, can_run=True)
        return Variants(rules, open_source(subject["data"]))
    except RulesBarsError as problem:
        raise _Refused(str(problem), can_run=True) from None
    except (RulesError, TradingLabError) as problem:
        raise _Refused(str(problem), can_run=False) from None


def main() -> None:
    """Carry out orders until there are no more."""
    limit_process(memory=MEMORY, cpu_s=_CPU_S)
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    # Whatever a library prints is no answer.
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    kept = _Kept()
    for line in sys.stdin:
        try:
            _carry_out(json.loads(line), kept, answers)
        except _Refused as refused:
            _tell(answers, {"refusal": str(refused), "can_run": refused.can_run})


def _carry_out(order: Mapping[str, Any], kept: _Kept, answers: IO[str]) -> None:
    variants = kept.of(order["subject"])
    wants_days: bool = order.get("wants_days", False)
    if wants_days:
        days = [day.isoformat() for day in variants.days]
        _tell(answers, {"done": [], "days": days, "days_per_year": variants.days_per_year})
    done: list[list[Any]] = []
    told = time.monotonic()
    for number, parameters in order["trials"]:
        found = _measured(variants, parameters, wants_days)
        row = [number, dict(found.figures), found.problem[:_LONGEST_PROBLEM]]
        done.append([*row, found.equity] if wants_days else row)
        if time.monotonic() - told >= _TOLD_EVERY_S:
            _tell(answers, {"done": done})
            done, told = [], time.monotonic()
    _tell(answers, {"done": done, "is_over": True})


def _measured(variants: Variants, parameters: Mapping[str, str], wants_days: bool) -> Variant:
    values = {}
    for name, text in parameters.items():
        try:
            values[name] = float(text)
        except ValueError:
            return Variant(figures={}, problem=f"The parameter {name} was '{text}', and is a number.")
    return variants.measure(values, wants_days=wants_days)


def _tell(answers: IO[str], told: Mapping[str, Any]) -> None:
    answers.write(json.dumps(told) + "\n")
    answers.flush()


if __name__ == "__main__":
    main()
