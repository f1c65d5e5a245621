"""Many variants of the same rules over the same bars."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np

from tradinglab.core.compiled_code import has_numba
from tradinglab.core.values import dataclass
from tradinglab.rules import alone, curves, layout
from tradinglab.rules.batches import Batch, are_crossings
from tradinglab.rules.checks import Changing, check_rules, check_values, parameter_values
from tradinglab.rules.errors import RuinedError, RulesInvalidError
from tradinglab.rules.plans import plan_of
from tradinglab.rules.results import Fills, chosen_fills
from tradinglab.rules.simulation import flags_of, is_watched, prepare, signalled, traits_of, walk_compiled
from tradinglab.rules.values import ArrayCache, Evaluator

if TYPE_CHECKING:
    from tradinglab.data.columns import Floats, Ints
    from tradinglab.rules.bars import MarketBars
    from tradinglab.rules.layout import Plan
    from tradinglab.rules.schema import Rules
    from tradinglab.rules.simulation import Prepared

#: Bytes of indicators that a sweep keeps: what several variants need is computed once.
_KEPT_BYTES = 96 << 20
#: Variants that a thread takes at a time: of those that are gone through together, and of others.
_A_BATCH, _A_PIECE = 256, 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """The figures of variants, in their order; one value each.

    Attributes
    ----------
    end_equity
        What the account was worth at the end.
    net_profit, drawdown
        Profit and largest drawdown, as fractions; the worth is looked at whenever a bar closes.
    sharpe_ratio
        Of the returns between bars, made yearly, without a risk-free rate; NaN if there is no variation.
    orders, fills, fees
        How many were sent and filled, and what they cost.
    problems
        Why a variant was not simulated, by its place; its figures are NaN.
    """

    end_equity: Floats
    net_profit: Floats
    drawdown: Floats
    sharpe_ratio: Floats
    orders: Ints
    fills: Ints
    fees: Floats
    problems: dict[int, str]

    def __len__(self) -> int:
        return len(self.end_equity)


def simulate_many(
    rules: Rules,
    bars: MarketBars,
    variants: Sequence[Mapping[str, float]],
    *,
    threads: int | None = None,
    cache: ArrayCache | None = None,
    is_cancelled: Callable[[], bool] | None = None,
) -> Sweep:
    """Return what variants of rules come to.

    Parameters
    ----------
    variants
        The parameters of each; those that are not given have their defaults.
    threads
        How many work at once; by default as many as there are processors.
    cache
        Where indicators are kept for further calls with the same bars.
    is_cancelled
        Asked between pieces of the work; what is not done by then is a problem.

    Raises
    ------
    RulesInvalidError
        If the rules themselves contradict each other. A variant that cannot be simulated is listed instead.
    """
    check_rules(rules, parameter_values(rules))
    work = _Work(rules, bars, variants, cache or ArrayCache(_KEPT_BYTES), is_cancelled)
    workers = threads or os.cpu_count() or 1
    size = min(_A_BATCH, -(-len(variants) // workers)) if work.is_batched else _A_PIECE
    pieces = [range(first, min(first + size, len(variants))) for first in range(0, len(variants), max(size, 1))]
    count = min(workers, max(len(pieces), 1))
    if count == 1:
        for piece in pieces:
            work.simulate(piece)
    else:
        with ThreadPoolExecutor(count) as pool:
            for _ in pool.map(work.simulate, pieces):
                pass
    return work.sweep


class _Work:
    """The variants of a sweep, and what has come of them."""

    def __init__(
        self,
        rules: Rules,
        bars: MarketBars,
        variants: Sequence[Mapping[str, float]],
        cache: ArrayCache,
        is_cancelled: Callable[[], bool] | None,
    ) -> None:
        self.sweep = _empty(len(variants))
        self.is_batched = are_crossings(rules, bars)
        self._rules = rules
        self._bars = bars
        self._variants = variants
        self._cache = cache
        self._is_cancelled = is_cancelled
        self._changing = Changing()
        self._traits = traits_of(rules, bars.instruments[0], bars)
        self._is_quick_fee = is_quick_fee(self._traits)

    def simulate(self, piece: range) -> None:
        """Simulate some of the variants."""
        room = np.empty(len(self._bars.instruments[0].whole), np.uint8)
        batch = Batch(self._rules, self._bars, self._note) if self.is_batched else None
        for place in piece:
            if self._is_cancelled is not None and self._is_cancelled():
                self.sweep.problems[place] = "cancelled"
            else:
                self._simulate(place, batch, room)
        if batch is not None:
            batch.walk()

    def _simulate(self, place: int, batch: Batch | None, room: Any) -> None:
        rules, bars = self._rules, self._bars
        try:
            values = parameter_values(rules, self._variants[place])
            check_values(rules, values, self._changing)
        except RulesInvalidError as problem:
            self.sweep.problems[place] = str(problem)
            return
        plan = plan_of(rules, values)
        if not is_alone(plan, bars) or not self._is_quick_fee:
            self._note(place, _walk(rules, bars, values, self._cache))
            return
        if self._traits[layout.FEE_KIND] > layout.PERCENT_FEE:
            plan = plan._replace(fee=self._traits[layout.TAKER])
        evaluator = Evaluator(bars.instruments[0], values, rules.names, self._cache)
        if batch is not None:
            batch.add(place, plan, evaluator)
        else:
            self._note(place, _alone(rules, bars, plan, evaluator, room))

    def _note(self, place: int, found: Floats) -> None:
        """Write down the figures of a variant."""
        sweep, bars = self.sweep, self._bars
        if found[curves.DRAWDOWN] >= 1.0:
            sweep.problems[place] = str(RuinedError())
            return
        sweep.end_equity[place] = found[curves.FINAL]
        sweep.net_profit[place] = found[curves.FINAL] / self._rules.cash - 1.0
        sweep.drawdown[place] = found[curves.DRAWDOWN]
        sweep.sharpe_ratio[place] = _sharpe(found, len(bars.steps), bars.instruments[0].per_year)
        sweep.orders[place], sweep.fills[place] = int(found[alone.ORDERS]), int(found[alone.FILLS])
        sweep.fees[place] = found[alone.FEES]


def _empty(count: int) -> Sweep:
    floats = [np.full(count, np.nan) for _ in range(5)]
    return Sweep(
        end_equity=floats[0],
        net_profit=floats[1],
        drawdown=floats[2],
        sharpe_ratio=floats[3],
        orders=np.zeros(count, np.int64),
        fills=np.zeros(count, np.int64),
        fees=floats[4],
        problems={},
    )


def is_alone(plan: Plan, bars: MarketBars) -> bool:
    """Return whether rules are so plain that one pass without a list of fills will do."""
    is_plain = plan.size_kind in (layout.UNITS, layout.VALUE, layout.PERCENT)
    is_plain = is_plain and plan.slippage_kind != layout.VOLUME_SHARE and not plan.is_ranked and not bars.told
    return is_plain and plan.top == 0 and len(bars.instruments) == 1 and not is_watched(plan)


def is_quick_fee(traits: Sequence[float]) -> bool:
    """Return whether market orders are charged at one rate, with money."""
    is_one_rate = not traits[layout.FIRST_UNTIL] and not traits[layout.THEN_UNTIL]
    return traits[layout.FEE_KIND] <= layout.QUOTED and is_one_rate


def _alone(rules: Rules, bars: MarketBars, plan: Plan, evaluator: Evaluator, room: Any) -> Floats:
    walk = alone.alone
    if has_numba():
        from tradinglab.rules.compiled import alone as walk
    one = bars.instruments[0]
    flags = flags_of(rules, evaluator, one, room)
    prices = alone.Prices(one.buy_open, one.sell_open, one.buy_close, one.sell_close, bars.marks[0])
    traits = np.array(traits_of(rules, one, bars))
    state, result = np.zeros(alone.STATE_WIDTH), np.zeros(alone.RESULT_WIDTH)
    alone.fresh(plan, state)
    walk(plan, flags, signalled(flags), 0, prices, traits, state, result)
    alone.conclude(state, float(prices.close[-1]), float(traits[layout.MULTIPLIER]), result)
    return result


def _walk(rules: Rules, bars: MarketBars, values: Mapping[str, float], cache: ArrayCache) -> Floats:
    prepared = prepare(rules, bars, values, cache)
    fills, orders = walk_compiled(prepared)
    return np.append(curve_figures(prepared, bars.marks, fills), [len(fills.step), orders, fills.fee.sum()])


def curve_figures(prepared: Prepared, closes: Floats, fills: Fills) -> Floats:
    """Return the figures of an account's worth (``curves.FINAL`` and so on)."""
    figures = curves.figures
    if has_numba():
        from tradinglab.rules.compiled import figures
    seen = fills.step + (fills.sent == fills.step)
    market, count = prepared.market, len(prepared.market.traits)
    if count > 1:
        order = np.argsort(seen, kind="stable")
        fills, seen = chosen_fills(fills, order), seen[order]
    multiplier = market.traits[:, layout.MULTIPLIER].copy()
    spent = fills.quantity * fills.price * multiplier[fills.security] + fills.paid
    result = np.zeros(curves.FIGURES_WIDTH)
    figures(prepared.plan.cash, closes, multiplier, seen, fills.security.copy(), fills.received, spent,
            np.zeros(count), result)  # fmt: skip
    return result


def _sharpe(found: Floats, steps: int, per_year: float) -> float:
    """Return the yearly Sharpe ratio of the returns between steps, in whose sums those of zero need no place."""
    count = steps - 1
    if count < 2:
        return float("nan")
    mean = found[curves.RETURNS] / count
    variance = (found[curves.SQUARES] - count * mean * mean) / (count - 1)
    return float(mean / np.sqrt(variance) * np.sqrt(per_year)) if variance > 0.0 else float("nan")
