"""Rules over bars, without a run of the engine: signals as whole arrays, then a walk through what they bring about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from tradinglab.core.clock import DAY_NS
from tradinglab.core.compiled_code import has_numba
from tradinglab.core.values import dataclass
from tradinglab.rules import kernel, layout
from tradinglab.rules.checks import check_rules, parameter_values
from tradinglab.rules.compiling import note_looks, pays_to_compile
from tradinglab.rules.plans import NO_LIMIT, charged, plan_of, rests
from tradinglab.rules.portfolios import CalmShares
from tradinglab.rules.results import Fills, SimulatedRun, fills_of, run_of
from tradinglab.rules.schema import AtrAway, RiskSize, VolatilitySize
from tradinglab.rules.shares import is_weighed, shares_of
from tradinglab.rules.values import ArrayCache, Evaluator

if TYPE_CHECKING:
    from collections.abc import Callable

    from tradinglab.data.columns import Floats, Ints
    from tradinglab.rules.bars import Instrument, MarketBars
    from tradinglab.rules.expressions import Condition
    from tradinglab.rules.schema import Away, Rules, Sizing

_FIRST_ROOM = 1 << 16
_NOTHING = np.zeros((1, 1, 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """What a walk needs: numbers, arrays, and the steps at which anything may happen."""

    plan: layout.Plan
    market: layout.Market
    visits: Ints


def simulate(
    rules: Rules,
    bars: MarketBars,
    parameters: Mapping[str, float] | None = None,
    *,
    cache: ArrayCache | None = None,
) -> SimulatedRun:
    """Return what rules come to over some bars.

    Parameters
    ----------
    parameters
        Values in place of the rules' defaults.
    cache
        Where indicators are kept for further calls with the same bars.

    Raises
    ------
    RulesInvalidError
        If the rules contradict themselves, or there is no such parameter.
    RulesBarsError
        If only the engine can carry them out, as an account that comes to nothing.
    """
    values = parameter_values(rules, parameters)
    check_rules(rules, values)
    prepared = prepare(rules, bars, values, cache or ArrayCache())
    fills, orders = walked(prepared)
    return run_of(rules, bars, prepared, fills, orders, values)


def walked(prepared: Prepared) -> tuple[Fills, int]:
    """Walk, compiled if that pays; return the fills, and how many orders were sent."""
    looks = len(prepared.visits) * len(prepared.market.traits)
    if pays_to_compile(looks):
        return walk_compiled(prepared)
    note_looks(looks)
    return walk_plainly(prepared)


def prepare(rules: Rules, bars: MarketBars, values: Mapping[str, float], cache: ArrayCache) -> Prepared:
    """Work out the signals of rules with given parameters."""
    evaluators = [
        Evaluator(instrument, values, rules.names, cache, place) for place, instrument in enumerate(bars.instruments)
    ]
    plan = plan_of(rules, values)
    if bars.told:
        plan = plan._replace(mark=layout.MARK)
    steps = _Steps(bars)
    flags = steps.flags([flags_of(rules, evaluator, instrument) for evaluator, instrument in
                          zip(evaluators, bars.instruments, strict=True)])  # fmt: skip
    ranges = _ranges(rules, evaluators, steps)
    starts = None if rules.rebalance is None else period_starts(rules.rebalance.schedule, bars)
    if starts is not None and is_weighed(rules):
        shares = shares_of(rules, values, flags, bars.seen_closes, ranges, starts)
        ranges = np.concatenate([ranges, shares[None]])
    if starts is not None:
        flags[:, starts] |= np.uint8(layout.STARTS)
    market = layout.Market(
        flags=flags,
        prices=bars.prices,
        ranges=ranges,
        traits=np.array([traits_of(rules, each, bars) for each in bars.instruments]),
    )
    return Prepared(plan=plan, market=market, visits=_visits(plan, flags, starts))


def traits_of(rules: Rules, each: Instrument, bars: MarketBars) -> tuple[float, ...]:
    """Return lot, multiplier, kind of fee, whether it is a share, the step of its prices, and the rates of the fee."""
    charge, is_share = charged(rules, each), float(each.listing.type == "equity")
    return each.lot, each.multiplier, float(charge.kind), is_share, each.tick, *charge.traits(bars.steps)


class _Steps:
    """Brings rows of securities to the common steps."""

    def __init__(self, bars: MarketBars) -> None:
        self._bars = bars
        self.shape = (len(bars.instruments), len(bars.steps))

    def reaches(self) -> list[tuple[Floats, ...]]:
        """Return the lowest and the highest prices that sellers and buyers meet, by security."""
        return [told.reaches for told in self._bars.told] or [each.reaches() for each in self._bars.instruments]

    def put(self, rows: list[Floats], into: Floats, *, is_reach: bool = False) -> None:
        """Write down values by step; those where a security has no bar stay as they are."""
        places = [told.places for told in self._bars.told] if is_reach and self._bars.told else self._bars.places
        for place, values in enumerate(rows):
            into[place, places[place]] = values

    def flags(self, rows: list[Any]) -> Ints:
        """Return flags by step; none where a security has no bar."""
        if len(rows) == 1 and not self._bars.told:
            return rows[0].reshape(1, -1)  # type: ignore[no-any-return]
        result = np.zeros(self.shape, np.uint8)
        for place, told in enumerate(self._bars.told):
            result[place, told.places] = layout.TOLD
        for place, values in enumerate(rows):
            result[place, self._bars.places[place]] = values
        return result  # type: ignore[return-value]


def flags_of(rules: Rules, evaluator: Evaluator, instrument: Instrument, room: Any = None) -> Any:
    """Return what happens at each row of a security, as bits.

    Parameters
    ----------
    room
        An array for the bars of the warm-up and of the rows, to be written over.
    """
    flags = np.empty(len(instrument.whole), np.uint8) if room is None else room
    flags.fill(layout.BAR)
    evaluator.mark(signals_of(rules), flags)
    flags = evaluator.traded(flags)
    if rules.rebalance is not None and rules.enter_long is None:
        flags |= np.uint8(layout.ENTER_LONG)
    if not instrument.is_always_open:
        flags |= instrument.waits.view(np.uint8) * np.uint8(layout.WAITS)
    return flags


def signals_of(rules: Rules) -> tuple[tuple[Condition | None, int], ...]:
    """Return the conditions of rules, each with its bit."""
    return (
        (rules.enter_long, layout.ENTER_LONG),
        (rules.exit_long, layout.EXIT_LONG),
        (rules.enter_short, layout.ENTER_SHORT),
        (rules.exit_short, layout.EXIT_SHORT),
    )


def is_watched(plan: layout.Plan) -> bool:
    """Return whether positions have to be looked at whenever a bar closes."""
    has_exits = plan.cool_down or plan.time_stop or plan.stop_kind or plan.target_kind or plan.trail_kind
    return bool(has_exits or plan.drawdown)


def period_starts(schedule: str, bars: MarketBars) -> Ints:
    """Return the steps at which the first bar of a week or month has closed, by the calendar of the exchange."""
    local_ns = np.zeros(len(bars.steps), np.int64)
    has_bar = np.zeros(len(bars.steps), bool)
    for instrument, places in zip(bars.instruments, bars.places, strict=True):
        local_ns[places] = instrument.local_end_ns
        has_bar[places] = True
    # At others there are quotes alone.
    steps = np.flatnonzero(has_bar)
    local_ns = local_ns[steps]
    days = local_ns // DAY_NS
    months = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    # 1970-01-01 was a Thursday.
    periods = (days + 3) // 7 if schedule == "weekly" else months
    return steps[np.flatnonzero(np.diff(periods, prepend=periods[0] - 1))]


def _visits(plan: layout.Plan, flags: Ints, starts: Ints | None) -> Ints:
    """Return the steps at which anything may happen: of a portfolio those of rebalancing."""
    if is_watched(plan):
        return np.arange(flags.shape[1])
    if starts is not None:
        return starts
    joined = flags[0] if len(flags) == 1 else np.bitwise_or.reduce(flags, axis=0)
    return signalled(joined)


def signalled(flags: Any) -> Ints:
    """Return the places of flags at which a condition holds."""
    return np.flatnonzero((flags & np.uint8(layout.SIGNALS)) != 0)


def _ranges(rules: Rules, evaluators: list[Evaluator], steps: _Steps) -> Floats:
    """Return what sizes and stops are measured by, and ranks; one number that nobody reads if nothing is."""
    found: list[list[Floats] | None] = [
        _range(part, evaluators) for part in (rules.sizing, rules.stop_loss, rules.take_profit, rules.trailing_stop)
    ]
    rank = rules.rank
    if rules.rebalance is not None:
        rank, weighting = rules.rebalance.rank, rules.rebalance.weighting
        if isinstance(weighting, CalmShares):
            found[layout.RATE] = [each.traded(each.volatility(weighting.bars)) for each in evaluators]
    found.append(None if rank is None else [each.traded(each.floats(rank)) for each in evaluators])
    if any(map(rests, (rules.stop_loss, rules.take_profit, rules.trailing_stop))):
        found += [list(rows) for rows in zip(*steps.reaches(), strict=True)]
    if all(each is None for each in found):
        return _NOTHING
    ranges = np.full((len(found), *steps.shape), np.nan)
    for place, rows in enumerate(found):
        if rows is not None:
            steps.put(rows, ranges[place], is_reach=place >= layout.SELL_LOW)
    return ranges


def _range(part: Away | Sizing | None, evaluators: list[Evaluator]) -> list[Floats] | None:
    if isinstance(part, (AtrAway, RiskSize)):
        return [each.traded(each.true_range(part.period)) for each in evaluators]
    if isinstance(part, VolatilitySize):
        return [each.traded(each.volatility(part.bars)) for each in evaluators]
    return None


def fresh_state(plan: layout.Plan, count: int) -> layout.State:
    """Return the state before the first step."""
    table = np.zeros((count, layout.STATE_WIDTH))
    table[:, layout.SINCE_EXIT] = NO_LIMIT
    table[:, layout.DUE] = -1.0
    account = np.zeros(layout.ACCOUNT_WIDTH)
    account[layout.CASH] = plan.cash
    return layout.State(table, account)


def walk_plainly(prepared: Prepared) -> tuple[Fills, int]:
    """Walk in Python: the kernel's own functions, over memory that is quick to read one by one.

    Returns
    -------
    tuple[Fills, int]
        The fills, and how many orders were sent.
    """

    def seen(part: Any) -> Any:
        return type(part)(*(np.ascontiguousarray(each).data for each in part))

    return _walked(prepared, kernel.walk, kernel.finish, seen, lambda each: each.data)


def walk_compiled(prepared: Prepared) -> tuple[Fills, int]:
    """Walk with the kernel compiled by numba, if that is installed."""
    if not has_numba():
        return walk_plainly(prepared)
    from tradinglab.rules.compiled import finish, walk

    return _walked(prepared, walk, finish, lambda part: part, lambda each: each)


def _walked(
    prepared: Prepared,
    walk: Callable[..., int],
    finish: Callable[..., int],
    seen: Callable[[Any], Any],
    one: Callable[[Any], Any],
) -> tuple[Fills, int]:
    count = len(prepared.market.traits)
    market, visits = seen(prepared.market), one(prepared.visits)
    # Positions are seldom turned more often than signals change.
    room = min(len(prepared.visits), _FIRST_ROOM) + 4 * count
    while True:
        width = layout.FILL_WIDTH_WITH_UNITS if prepared.plan.takes_units else layout.FILL_WIDTH
        state, table = fresh_state(prepared.plan, count), np.zeros((room, width))
        done = walk(prepared.plan, market, visits, seen(state), one(table))
        if done != layout.FULL:
            done = finish(prepared.plan, market, seen(state), one(table))
            return fills_of(table[:done]), int(state.account[layout.ORDER_COUNT])
        room *= 8
