"""Trials of rules on this machine: simulated as whole arrays, over bars that are read once for each window."""

from __future__ import annotations

import time
from datetime import date
from typing import TYPE_CHECKING, Final

from tradinglab.core.errors import TradingLabError
from tradinglab.optimize.local.trials import Done, RunTerms, Task
from tradinglab.optimize.tried import TriedState
from tradinglab.rules import load_rules
from tradinglab.rules.measures import Variants, rules_over

if TYPE_CHECKING:
    from tradinglab.data.source import DataSource
    from tradinglab.rules import Rules

#: So many windows of a walk-forward are kept.
_KEPT: Final = 4


def rules_of(terms: RunTerms, start: date | None = None, end: date | None = None) -> Rules:
    """Return the rules of a search, over its days or those given."""
    cash = None if terms.cash is None else float(terms.cash)
    return rules_over(load_rules(terms.strategy), start=start or terms.start, end=end or terms.end, cash=cash)


class Simulations:
    """What carries out trials of rules in one process."""

    def __init__(self, terms: RunTerms, source: DataSource) -> None:
        self._terms = terms
        self._source = source
        self._kept: dict[tuple[date | None, date | None], Variants] = {}

    def carry_out(self, task: Task) -> Done:
        """Simulate a trial; what goes wrong in it is its outcome."""
        began = time.perf_counter()
        try:
            values = {name: float(text) for name, text in {**self._terms.parameters, **task.parameters}.items()}
            found = self._variants(task).measure(values, wants_days=task.wants_days)
        except (TradingLabError, ValueError) as problem:
            return _failed(task, str(problem), began)
        if found.problem:
            return _failed(task, found.problem, began)
        return Done(
            number=task.number,
            state=TriedState.COMPLETED,
            figures=dict(found.figures),
            seconds=time.perf_counter() - began,
            days=found.days,
            equity=found.equity,
        )

    def _variants(self, task: Task) -> Variants:
        key = (task.start, task.end)
        if key not in self._kept:
            while len(self._kept) >= _KEPT:
                del self._kept[next(iter(self._kept))]
            self._kept[key] = Variants(rules_of(self._terms, task.start, task.end), self._source)
        return self._kept[key]


def _failed(task: Task, error: str, began: float) -> Done:
    seconds = time.perf_counter() - began
    return Done(number=task.number, state=TriedState.FAILED, error=error, seconds=seconds)
