"""The numbers of rules as the kernel takes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from tradinglab.rules import layout
from tradinglab.rules.engine_only import check_simulated
from tradinglab.rules.expressions import Number, Reference
from tradinglab.rules.portfolios import CalmShares
from tradinglab.rules.schema import (
    AlphaStreamsSlippage,
    ConstantSlippage,
    EqualSize,
    FixedFees,
    FixedSize,
    KellySize,
    ModelFees,
    PercentAway,
    PercentFees,
    PercentSize,
    PointsAway,
    RiskSize,
    ValueSize,
    VolatilitySize,
    VolumeSlippage,
)
from tradinglab.rules.shares import is_weighed
from tradinglab.rules.tariffs import Charge, charge_of, takes_units

if TYPE_CHECKING:
    from tradinglab.rules.bars import Instrument
    from tradinglab.rules.schema import Away, Rules

NO_LIMIT = 1 << 30
#: What LEAN's model of that name takes of the price of a share.
ALPHA_STREAMS_SLIPPAGE = 0.0001


def plan_of(rules: Rules, values: Mapping[str, float]) -> layout.Plan:
    """Return the numbers of rules with given parameters."""

    def number(given: Number) -> float:
        return values[given.parameter] if isinstance(given, Reference) else given

    size_kind, size, most, multiple = _size(rules, number)
    stop, target, trail = (_away(each, number) for each in (rules.stop_loss, rules.take_profit, rules.trailing_stop))
    slippage_kind, share, impact = _slippage(rules, number)
    drawdown = None if rules.limits is None else rules.limits.drawdown
    kelly = rules.sizing if isinstance(rules.sizing, KellySize) else None
    return layout.Plan(
        cash=rules.cash,
        size_kind=size_kind,
        size=size,
        size_most=most,
        size_multiple=multiple,
        kelly_trades=0.0 if kelly is None else number(kelly.trades),
        kelly_start=0.0 if kelly is None else number(kelly.start_percent) / 100,
        leverage=number(rules.leverage),
        buffer=number(rules.buffer_percent) / 100,
        max_positions=NO_LIMIT if rules.max_positions is None else int(number(rules.max_positions)),
        is_ranked=int(rules.rank is not None),
        cool_down=int(number(rules.cool_down)),
        time_stop=0 if rules.time_stop is None else int(number(rules.time_stop)),
        stop_kind=stop[0],
        stop=stop[1],
        stop_rests=int(rests(rules.stop_loss)),
        target_kind=target[0],
        target=target[1],
        target_rests=int(rests(rules.take_profit)),
        trail_kind=trail[0],
        trail=trail[1],
        trail_rests=int(rests(rules.trailing_stop)),
        slippage_kind=slippage_kind,
        slippage=share,
        slippage_impact=impact,
        is_next_open=int(rules.fill == "next_bar_open"),
        fee=_fee(rules, number),
        takes_units=int(has_unit_fees(rules)),
        top=0 if rules.rebalance is None else int(number(rules.rebalance.top)),
        share=0.0 if rules.rebalance is None else number(rules.rebalance.percent) / 100,
        is_by_volatility=int(rules.rebalance is not None and isinstance(rules.rebalance.weighting, CalmShares)),
        is_weighed=int(is_weighed(rules)),
        drawdown=0.0 if drawdown is None else number(drawdown.percent) / 100,
        drawdown_wait=NO_LIMIT if drawdown is None or drawdown.wait_bars is None else int(number(drawdown.wait_bars)),
    )


def _slippage(rules: Rules, number: Callable[[Number], float]) -> tuple[int, float, float]:
    """Return the kind of slippage, its fraction, and its impact."""
    slippage = rules.slippage
    check_simulated(rules)
    if isinstance(slippage, ConstantSlippage):
        return layout.CONSTANT, number(slippage.percent) / 100, 0.0
    if isinstance(slippage, AlphaStreamsSlippage):
        # The model has nothing for what is no share.
        return layout.CONSTANT, ALPHA_STREAMS_SLIPPAGE if rules.universe[0].type == "equity" else 0.0, 0.0
    if isinstance(slippage, VolumeSlippage):
        return layout.VOLUME_SHARE, number(slippage.limit), number(slippage.impact)
    return layout.NO_SLIPPAGE, 0.0, 0.0


def _size(rules: Rules, number: Callable[[Number], float]) -> tuple[int, float, float, float]:
    """Return the kind of sizing, its number, the most of the equity, and the multiple of the range."""
    sizing = rules.sizing
    if isinstance(sizing, FixedSize):
        return layout.UNITS, number(sizing.units), 0.0, 0.0
    if isinstance(sizing, ValueSize):
        return layout.VALUE, number(sizing.value), 0.0, 0.0
    if isinstance(sizing, PercentSize):
        return layout.PERCENT, number(sizing.percent) / 100, 0.0, 0.0
    if isinstance(sizing, EqualSize):
        count = len(rules.universe) if rules.max_positions is None else int(number(rules.max_positions))
        return layout.PERCENT, number(sizing.percent) / 100 / count, 0.0, 0.0
    if isinstance(sizing, VolatilitySize):
        return layout.VOLATILITY, number(sizing.percent) / 100, number(sizing.most_percent) / 100, 0.0
    if isinstance(sizing, RiskSize):
        return layout.RISK, number(sizing.percent) / 100, 0.0, number(sizing.multiple)
    return layout.KELLY, number(sizing.percent) / 100, number(sizing.most_percent) / 100, 0.0


def rests(away: Away | None) -> bool:
    """Return whether a stop or a target is an order in the market."""
    return away is not None and away.resting


def _away(away: Away | None, number: Callable[[Number], float]) -> tuple[int, float]:
    if away is None:
        return layout.NONE, 0.0
    if isinstance(away, PercentAway):
        return layout.BY_PERCENT, number(away.percent) / 100
    if isinstance(away, PointsAway):
        return layout.BY_POINTS, number(away.points)
    return layout.BY_ATR, number(away.multiple)


def _fee(rules: Rules, number: Callable[[Number], float]) -> float:
    if isinstance(rules.fees, FixedFees):
        return number(rules.fees.amount)
    return number(rules.fees.percent) / 100 if isinstance(rules.fees, PercentFees) else 0.0


def has_unit_fees(rules: Rules) -> bool:
    """Return whether fees may be taken in units of what is traded, so that less is there than was ordered."""
    return isinstance(rules.fees, ModelFees) and takes_units(rules.fees.kind, rules.universe[0].type)


def can_be_ruined(rules: Rules) -> bool:
    """Return whether prices alone can take an account to nothing, which they cannot where all is paid for and owned."""
    is_owned = all(listing.type in ("equity", "crypto") for listing in rules.universe)
    return rules.enter_short is not None or rules.leverage != 1.0 or not is_owned


def charged(rules: Rules, each: Instrument) -> Charge:
    """Return what is charged for a security."""
    kind = each.listing.type
    if isinstance(rules.fees, ModelFees):
        return charge_of(rules.fees.kind, kind, each.feed.symbol)
    if isinstance(rules.fees, FixedFees):
        return Charge(layout.FIXED)
    if isinstance(rules.fees, PercentFees):
        return Charge(layout.PERCENT_FEE)
    if kind == "equity":
        return Charge(layout.FREE if rules.fees.kind == "none" else layout.SHARES)
    return Charge(layout.CURRENCIES if rules.fees.kind == "interactive_brokers" else layout.FREE)
