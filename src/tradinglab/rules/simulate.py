"""Rules over bars, without a run of the engine: signals as whole arrays, then a walk through what they bring about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from tradinglab.core.values import dataclass
from tradinglab.rules import kernel
from tradinglab.rules.checks import check_rules, parameter_values
from tradinglab.rules.results import SimulatedRun, chosen_fills, run_of
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

#: Up to so many looks at bars Python is done before numba is loaded.
_FEW_LOOKS = 50_000
_FIRST_ROOM = 4096
_NO_LIMIT = 1 << 30
_NOTHING = np.zeros((1, 1))


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
    is_short = len(prepared.visits) * len(bars.instruments) <= _FEW_LOOKS
    fills, orders = walk_plainly(prepared) if is_short else walk_compiled(prepared)
    return run_of(rules, bars, prepared, fills, orders, values)


def prepare(rules: Rules, bars: MarketBars, values: Mapping[str, float], cache: ArrayCache) -> Prepared:
    """Work out the signals of rules with given parameters."""
    evaluators = [
        Evaluator(instrument, values, rules.names, cache, place) for place, instrument in enumerate(bars.instruments)
    ]
    plan = _plan(rules, evaluators[0].number)
    layout = _Layout(bars)
    flags = layout.flags([_flags(rules, evaluator, instrument) for evaluator, instrument in
                          zip(evaluators, bars.instruments, strict=True)])  # fmt: skip
    column = layout.column
    market = kernel.Market(
        flags=flags,
        close=layout.known("close"),
        buy_open=column([each.buy_open for each in bars.instruments]),
        sell_open=column([each.sell_open for each in bars.instruments]),
        buy_close=column([each.buy_close for each in bars.instruments]),
        sell_close=column([each.sell_close for each in bars.instruments]),
        volume=column([each.prices["volume"] for each in bars.instruments])
        if plan.slippage_kind == kernel.VOLUME_SHARE else _NOTHING,
        rate=_ranges(rules.sizing, evaluators, column),
        stop_range=_ranges(rules.stop_loss, evaluators, column),
        target_range=_ranges(rules.take_profit, evaluators, column),
        trail_range=_ranges(rules.trailing_stop, evaluators, column),
        rank=_NOTHING if rules.rank is None else column([each.floats(rules.rank) for each in evaluators]),
        lot=np.array([each.lot for each in bars.instruments]),
        multiplier=np.array([each.multiplier for each in bars.instruments]),
        fee_kind=np.array([_fee_kind(rules, each.listing.type) for each in bars.instruments], np.int64),
        is_share=np.array([each.listing.type == "equity" for each in bars.instruments], np.int64),
    )  # fmt: skip
    return Prepared(plan=plan, market=market, visits=_visits(plan, flags))


class _Visits(NamedTuple):
    steps: Ints


class _Layout:
    """Brings rows of securities to the common steps."""

    def __init__(self, bars: MarketBars) -> None:
        self._bars = bars
        self._shape = (len(bars.instruments), len(bars.steps))

    def column(self, rows: list[Floats]) -> Floats:
        """Return values by step; not a number where a security has no bar."""
        if len(rows) == 1:
            return np.ascontiguousarray(rows[0]).reshape(1, -1)
        result = np.full(self._shape, np.nan)
        for place, values in enumerate(rows):
            result[place, self._bars.places[place]] = values
        return result

    def known(self, name: str) -> Floats:
        """Return the last price known at each step; zero before the first."""
        columns = [each.prices[name] for each in self._bars.instruments]
        if len(columns) == 1:
            return self.column(columns)
        result = np.zeros(self._shape)
        steps = np.arange(self._shape[1])
        for place, values in enumerate(columns):
            at = np.searchsorted(self._bars.places[place], steps, side="right") - 1
            result[place] = np.where(at < 0, 0.0, values[np.maximum(at, 0)])
        return result

    def flags(self, rows: list[Any]) -> Ints:
        """Return flags by step; none where a security has no bar."""
        if len(rows) == 1:
            return rows[0].reshape(1, -1)  # type: ignore[no-any-return]
        result = np.zeros(self._shape, np.uint8)
        for place, values in enumerate(rows):
            result[place, self._bars.places[place]] = values
        return result  # type: ignore[return-value]


def _flags(rules: Rules, evaluator: Evaluator, instrument: Instrument) -> Any:
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
            flags |= evaluator.flags(condition).view(np.uint8) * np.uint8(bit)
    if instrument.waits.any():
        flags |= instrument.waits.view(np.uint8) * np.uint8(kernel.WAITS)
    return flags


def _visits(plan: kernel.Plan, flags: Ints) -> Ints:
    """Return the steps at which anything may happen."""
    is_watched = plan.cool_down or plan.time_stop or plan.stop_kind or plan.target_kind or plan.trail_kind
    if is_watched:
        return np.arange(flags.shape[1])
    signals = np.uint8(kernel.ENTER_LONG | kernel.EXIT_LONG | kernel.ENTER_SHORT | kernel.EXIT_SHORT)
    hit = flags[0] & signals if len(flags) == 1 else np.bitwise_or.reduce(flags, axis=0) & signals
    return np.flatnonzero(hit)


def _plan(rules: Rules, number: Callable[[Number], float]) -> kernel.Plan:
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


def _ranges(
    part: Away | Sizing | None, evaluators: list[Evaluator], column: Callable[[list[Floats]], Floats]
) -> Floats:
    """Return the range or volatility by which a stop or a size is measured, by step."""
    if isinstance(part, (AtrAway, RiskSize)):
        values = [each.true_range(part.period) for each in evaluators]
    elif isinstance(part, VolatilitySize):
        values = [each.volatility(part.bars) for each in evaluators]
    else:
        return _NOTHING
    return column(values)


def fresh_state(plan: kernel.Plan, count: int) -> kernel.State:
    """Return the state before the first step."""
    floats = [np.zeros(count) for _ in range(5)]
    account = np.zeros(7)
    account[0] = plan.cash
    return kernel.State(
        held=floats[0],
        wanted=floats[1],
        average=floats[2],
        best=floats[3],
        entry_fee=floats[4],
        bars_held=np.zeros(count, np.int64),
        bars_since_exit=np.full(count, _NO_LIMIT, np.int64),
        due=np.full(count, -1, np.int64),
        sent=np.zeros(count, np.int64),
        number=np.zeros(count, np.int64),
        left=np.zeros(count, np.int64),
        score=np.zeros(count),
        account=account,
    )


def fresh_fills(room: int) -> kernel.Fills:
    """Return room for some fills."""
    return kernel.Fills(
        step=np.zeros(room, np.int64),
        security=np.zeros(room, np.int64),
        sent=np.zeros(room, np.int64),
        number=np.zeros(room, np.int64),
        quantity=np.zeros(room),
        price=np.zeros(room),
        fee=np.zeros(room),
    )


def walk_plainly(prepared: Prepared) -> tuple[kernel.Fills, int]:
    """Walk in Python: the kernel's own functions, over memory that is quick to read one by one.

    Returns
    -------
    tuple[kernel.Fills, int]
        The fills, and how many orders were sent.
    """

    def seen(part: Any) -> Any:
        return type(part)(*(np.ascontiguousarray(each).data for each in part))

    return _walked(prepared, kernel.walk, kernel.finish, seen)


def walk_compiled(prepared: Prepared) -> tuple[kernel.Fills, int]:
    """Walk with the kernel compiled by numba, if that is installed."""
    try:
        from tradinglab.rules.compiled import finish, walk
    except ModuleNotFoundError as error:
        if error.name != "numba":
            raise
        return walk_plainly(prepared)

    return _walked(prepared, walk, finish, lambda part: part)


def _walked(
    prepared: Prepared, walk: Callable[..., int], finish: Callable[..., int], seen: Callable[[Any], Any]
) -> tuple[kernel.Fills, int]:
    count = len(prepared.market.lot)
    room = _FIRST_ROOM + 2 * count
    market = seen(prepared.market)
    visits = seen(_Visits(prepared.visits)).steps
    while True:
        state, fills = fresh_state(prepared.plan, count), fresh_fills(room)
        done = walk(prepared.plan, market, visits, seen(state), seen(fills))
        if done != kernel.FULL:
            done = finish(prepared.plan, market, seen(state), seen(fills))
            return chosen_fills(fills, slice(done)), int(state.account[6])
        room *= 8
