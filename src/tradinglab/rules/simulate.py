"""Rules over bars, without a run of the engine: signals as whole arrays, then a walk through what they bring about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from tradinglab.core.values import dataclass
from tradinglab.rules import kernel
from tradinglab.rules.checks import check_rules, parameter_values
from tradinglab.rules.compiling import has_numba, note_looks, pays_to_compile
from tradinglab.rules.expressions import Reference
from tradinglab.rules.results import Fills, SimulatedRun, fills_of, run_of
from tradinglab.rules.schema import (
    AtrAway,
    ConstantSlippage,
    EqualSize,
    FixedFees,
    FixedSize,
    KellySize,
    PercentAway,
    PercentFees,
    PercentSize,
    PointsAway,
    RiskSize,
    ValueSize,
    VolatilitySize,
    VolumeSlippage,
)
from tradinglab.rules.values import ArrayCache, Evaluator

if TYPE_CHECKING:
    from collections.abc import Callable

    from tradinglab.data.columns import Floats, Ints
    from tradinglab.rules.expressions import Number
    from tradinglab.rules.market import Instrument, MarketBars
    from tradinglab.rules.schema import Away, Rules, Sizing

_FIRST_ROOM = 1 << 16
_NO_LIMIT = 1 << 30
_NOTHING = np.zeros((1, 1, 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """What a walk needs: numbers, arrays, and the steps at which anything may happen."""

    plan: kernel.Plan
    market: kernel.Market
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
    """
    values = parameter_values(rules, parameters)
    check_rules(rules, values)
    prepared = prepare(rules, bars, values, cache or ArrayCache())
    looks = len(prepared.visits) * len(bars.instruments)
    if pays_to_compile(looks):
        fills, orders = walk_compiled(prepared)
    else:
        note_looks(looks)
        fills, orders = walk_plainly(prepared)
    return run_of(rules, bars, prepared, fills, orders, values)


def prepare(rules: Rules, bars: MarketBars, values: Mapping[str, float], cache: ArrayCache) -> Prepared:
    """Work out the signals of rules with given parameters."""
    evaluators = [
        Evaluator(instrument, values, rules.names, cache, place) for place, instrument in enumerate(bars.instruments)
    ]
    plan = plan_of(rules, values)
    layout = _Layout(bars)
    flags = layout.flags([flags_of(rules, evaluator, instrument) for evaluator, instrument in
                          zip(evaluators, bars.instruments, strict=True)])  # fmt: skip
    market = kernel.Market(
        flags=flags,
        prices=bars.prices,
        ranges=_ranges(rules, evaluators, layout),
        traits=np.array([traits_of(rules, each) for each in bars.instruments]),
    )
    return Prepared(plan=plan, market=market, visits=_visits(plan, flags))


def traits_of(rules: Rules, each: Instrument) -> tuple[float, ...]:
    """Return lot, multiplier, kind of fee, and whether it is a share."""
    kind = each.listing.type
    return each.lot, each.multiplier, float(_fee_kind(rules, kind)), float(kind == "equity")


class _Layout:
    """Brings rows of securities to the common steps."""

    def __init__(self, bars: MarketBars) -> None:
        self._bars = bars
        self.shape = (len(bars.instruments), len(bars.steps))

    def put(self, rows: list[Floats], into: Floats) -> None:
        """Write down values by step; those where a security has no bar stay as they are."""
        for place, values in enumerate(rows):
            into[place, self._bars.places[place]] = values

    def flags(self, rows: list[Any]) -> Ints:
        """Return flags by step; none where a security has no bar."""
        if len(rows) == 1:
            return rows[0].reshape(1, -1)  # type: ignore[no-any-return]
        result = np.zeros(self.shape, np.uint8)
        for place, values in enumerate(rows):
            result[place, self._bars.places[place]] = values
        return result  # type: ignore[return-value]


def flags_of(rules: Rules, evaluator: Evaluator, instrument: Instrument) -> Any:
    """Return what happens at each row of a security, as bits."""
    flags = np.full(len(instrument), kernel.BAR, np.uint8)
    conditions = (
        (rules.enter_long, kernel.ENTER_LONG),
        (rules.exit_long, kernel.EXIT_LONG),
        (rules.enter_short, kernel.ENTER_SHORT),
        (rules.exit_short, kernel.EXIT_SHORT),
    )
    for condition, bit in conditions:
        if condition is not None:
            evaluator.mark(condition, bit, flags)
    if instrument.waits.any():
        flags |= instrument.waits.view(np.uint8) * np.uint8(kernel.WAITS)
    return flags


def is_watched(plan: kernel.Plan) -> bool:
    """Return whether positions have to be looked at whenever a bar closes."""
    return bool(plan.cool_down or plan.time_stop or plan.stop_kind or plan.target_kind or plan.trail_kind)


def _visits(plan: kernel.Plan, flags: Ints) -> Ints:
    """Return the steps at which anything may happen."""
    if is_watched(plan):
        return np.arange(flags.shape[1])
    signals = np.uint8(kernel.ENTER_LONG | kernel.EXIT_LONG | kernel.ENTER_SHORT | kernel.EXIT_SHORT)
    joined = flags[0] if len(flags) == 1 else np.bitwise_or.reduce(flags, axis=0)
    return np.flatnonzero((joined & signals) != 0)


def plan_of(rules: Rules, values: Mapping[str, float]) -> kernel.Plan:
    """Return the numbers of rules with given parameters."""

    def number(given: Number) -> float:
        return values[given.parameter] if isinstance(given, Reference) else given

    size_kind, size, most, multiple = _size(rules, number)
    stop, target, trail = (_away(each, number) for each in (rules.stop_loss, rules.take_profit, rules.trailing_stop))
    slippage = rules.slippage
    slippage_kind, share, impact = kernel.NO_SLIPPAGE, 0.0, 0.0
    if isinstance(slippage, ConstantSlippage):
        slippage_kind, share = kernel.CONSTANT, number(slippage.percent) / 100
    elif isinstance(slippage, VolumeSlippage):
        slippage_kind, share, impact = kernel.VOLUME_SHARE, number(slippage.limit), number(slippage.impact)
    kelly = rules.sizing if isinstance(rules.sizing, KellySize) else None
    return kernel.Plan(
        cash=rules.cash,
        size_kind=size_kind,
        size=size,
        size_most=most,
        size_multiple=multiple,
        kelly_trades=0.0 if kelly is None else number(kelly.trades),
        kelly_start=0.0 if kelly is None else number(kelly.start_percent) / 100,
        leverage=number(rules.leverage),
        buffer=number(rules.buffer_percent) / 100,
        max_positions=_NO_LIMIT if rules.max_positions is None else int(number(rules.max_positions)),
        is_ranked=int(rules.rank is not None),
        cool_down=int(number(rules.cool_down)),
        time_stop=0 if rules.time_stop is None else int(number(rules.time_stop)),
        stop_kind=stop[0],
        stop=stop[1],
        target_kind=target[0],
        target=target[1],
        trail_kind=trail[0],
        trail=trail[1],
        slippage_kind=slippage_kind,
        slippage=share,
        slippage_impact=impact,
        is_next_open=int(rules.fill == "next_bar_open"),
        fee=_fee(rules, number),
    )


def _size(rules: Rules, number: Callable[[Number], float]) -> tuple[int, float, float, float]:
    """Return the kind of sizing, its number, the most of the equity, and the multiple of the range."""
    sizing = rules.sizing
    if isinstance(sizing, FixedSize):
        return kernel.UNITS, number(sizing.units), 0.0, 0.0
    if isinstance(sizing, ValueSize):
        return kernel.VALUE, number(sizing.value), 0.0, 0.0
    if isinstance(sizing, PercentSize):
        return kernel.PERCENT, number(sizing.percent) / 100, 0.0, 0.0
    if isinstance(sizing, EqualSize):
        count = len(rules.universe) if rules.max_positions is None else int(number(rules.max_positions))
        return kernel.PERCENT, number(sizing.percent) / 100 / count, 0.0, 0.0
    if isinstance(sizing, VolatilitySize):
        return kernel.VOLATILITY, number(sizing.percent) / 100, number(sizing.most_percent) / 100, 0.0
    if isinstance(sizing, RiskSize):
        return kernel.RISK, number(sizing.percent) / 100, 0.0, number(sizing.multiple)
    return kernel.KELLY, number(sizing.percent) / 100, number(sizing.most_percent) / 100, 0.0


def _away(away: Away | None, number: Callable[[Number], float]) -> tuple[int, float]:
    if away is None:
        return kernel.NONE, 0.0
    if isinstance(away, PercentAway):
        return kernel.BY_PERCENT, number(away.percent) / 100
    if isinstance(away, PointsAway):
        return kernel.BY_POINTS, number(away.points)
    return kernel.BY_ATR, number(away.multiple)


def _fee(rules: Rules, number: Callable[[Number], float]) -> float:
    if isinstance(rules.fees, FixedFees):
        return number(rules.fees.amount)
    return number(rules.fees.percent) / 100 if isinstance(rules.fees, PercentFees) else 0.0


def _fee_kind(rules: Rules, kind: str) -> int:
    if isinstance(rules.fees, FixedFees):
        return kernel.FIXED
    if isinstance(rules.fees, PercentFees):
        return kernel.PERCENT_FEE
    if kind == "equity":
        return kernel.FREE if rules.fees.kind == "none" else kernel.SHARES
    return kernel.CURRENCIES if rules.fees.kind == "interactive_brokers" else kernel.FREE


def _ranges(rules: Rules, evaluators: list[Evaluator], layout: _Layout) -> Floats:
    """Return what sizes and stops are measured by, and ranks; one number that nobody reads if nothing is."""
    found: list[list[Floats] | None] = [
        _range(part, evaluators) for part in (rules.sizing, rules.stop_loss, rules.take_profit, rules.trailing_stop)
    ]
    found.append(None if rules.rank is None else [each.floats(rules.rank) for each in evaluators])
    if all(each is None for each in found):
        return _NOTHING
    ranges = np.full((len(found), *layout.shape), np.nan)
    for place, rows in enumerate(found):
        if rows is not None:
            layout.put(rows, ranges[place])
    return ranges


def _range(part: Away | Sizing | None, evaluators: list[Evaluator]) -> list[Floats] | None:
    if isinstance(part, (AtrAway, RiskSize)):
        return [each.true_range(part.period) for each in evaluators]
    return [each.volatility(part.bars) for each in evaluators] if isinstance(part, VolatilitySize) else None


def fresh_state(plan: kernel.Plan, count: int) -> kernel.State:
    """Return the state before the first step."""
    table = np.zeros((count, kernel.SCORE + 1))
    table[:, kernel.SINCE_EXIT] = _NO_LIMIT
    table[:, kernel.DUE] = -1.0
    account = np.zeros(7)
    account[0] = plan.cash
    return kernel.State(table, account)


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
        state, table = fresh_state(prepared.plan, count), np.zeros((room, kernel.FEE + 1))
        done = walk(prepared.plan, market, visits, seen(state), one(table))
        if done != kernel.FULL:
            done = finish(prepared.plan, market, seen(state), one(table))
            return fills_of(table[:done]), int(state.account[6])
        room *= 8
