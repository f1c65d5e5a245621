"""Variants that are gone through together: they differ in nothing but in what crosses what.

What one of them needs does not fit into a processor's caches together with what the next one needs. A stretch of all of
it does: every variant is taken through one stretch of steps, then through the next.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from tradinglab.core.compiled_code import has_numba
from tradinglab.rules import alone, layout
from tradinglab.rules.expressions import Cross
from tradinglab.rules.simulation import signals_of, traits_of

if TYPE_CHECKING:
    from tradinglab.data.columns import Floats, Ints
    from tradinglab.rules.bars import MarketBars
    from tradinglab.rules.layout import Plan
    from tradinglab.rules.schema import Rules
    from tradinglab.rules.values import Evaluator

_STEPS = 2048
#: Bytes of the columns that the variants of a batch may compare.
_MOST_BYTES = 32 << 20


def are_crossings(rules: Rules, bars: MarketBars) -> bool:
    """Return whether the only conditions of rules are crossings, of one security, and compiled code is at hand."""
    conditions = [condition for condition, _ in signals_of(rules) if condition is not None]
    is_plain = bool(conditions) and all(isinstance(each, Cross) for each in conditions) and rules.rebalance is None
    return is_plain and len(bars.instruments) == 1 and not bars.told and has_numba()


class Batch:
    """Collects variants until they are gone through.

    Parameters
    ----------
    note
        Is told the place of a variant and its figures, as ``alone`` and ``curves`` lay them out.
    """

    def __init__(self, rules: Rules, bars: MarketBars, note: Callable[[int, Floats], None]) -> None:
        self._signals = signals_of(rules)
        self._note = note
        one = bars.instruments[0].whole
        self._ahead = len(one) - len(bars.steps)
        self._traits = np.array(traits_of(rules, one, bars))
        self._prices = alone.Prices(one.buy_open, one.sell_open, one.buy_close, one.sell_close, one.prices["close"])
        self._waits = np.full(len(one), layout.BAR, np.uint8)
        if not one.is_always_open:
            self._waits |= one.waits.view(np.uint8) * np.uint8(layout.WAITS)
        self._forget()

    def _forget(self) -> None:
        self._plan: Plan | None = None
        self._columns: dict[int, tuple[int, Floats]] = {}
        self._members: list[int] = []
        self._pairs: list[list[tuple[int, int, int, int]]] = []

    def add(self, place: int, plan: Plan, evaluator: Evaluator) -> None:
        """Take a variant, and go through those so far if it does not fit to them."""
        crossings = evaluator.crossings(self._signals)
        if self._plan != plan or (len(self._columns) + 2 * len(crossings)) * self._waits.size * 8 > _MOST_BYTES:
            self.walk()
        self._plan = plan
        self._members.append(place)
        self._pairs.append([(self._row(one), self._row(other), rises, falls) for one, other, rises, falls in crossings])

    def _row(self, column: Floats) -> int:
        return self._columns.setdefault(id(column), (len(self._columns), column))[0]

    def walk(self) -> None:
        """Go through the variants, and note what they come to."""
        plan = self._plan
        if plan is None:
            return
        count = len(self._members)
        states, results = np.zeros((count, alone.STATE_WIDTH)), np.zeros((count, alone.RESULT_WIDTH))
        for state in states:
            alone.fresh(plan, state)
        self._through(plan, np.array(self._pairs), states, results)
        last, multiplier = float(self._prices.close[-1]), float(self._traits[layout.MULTIPLIER])
        for place, state, result in zip(self._members, states, results, strict=True):
            alone.conclude(state, last, multiplier, result)
            self._note(place, result)
        self._forget()

    def _through(self, plan: Plan, pairs: Ints, states: Floats, results: Floats) -> None:
        from tradinglab.rules.compiled import together

        steps = len(self._waits)
        room = np.empty((len(self._columns), _STEPS + 1))
        flags, visits = np.empty(_STEPS + 1, np.uint8), np.empty(_STEPS + 1, np.int64)
        for start in range(self._ahead, steps, _STEPS):
            # A crossing is told by the step before, be it one of the warm-up.
            begin, end = max(start - 1, 0), min(start + _STEPS, steps)
            operands = room[:, : end - begin]
            for row, column in self._columns.values():
                operands[row] = column[begin:end]
            prices = alone.Prices(*(each[begin:end] for each in self._prices))
            together(plan, operands, pairs, self._waits[begin:end], prices, start - begin, self._traits,
                     flags[: end - begin], visits, states, results)  # fmt: skip
