"""Stops and targets that rest in the market as orders: their prices, and when a bar meets them.

Plain arithmetic, which numba can compile.
"""

from __future__ import annotations

import math

from tradinglab.rules.costs import slip
from tradinglab.rules.layout import (
    ASK,
    AVERAGE,
    BEST,
    BID,
    BUY_AT,
    BUY_CLOSE,
    BUY_HIGH,
    BUY_LOW,
    BUY_OPEN,
    BY_ATR,
    BY_PERCENT,
    BY_POINTS,
    CLOSE,
    HELD,
    IS_SHARE,
    ORDER_COUNT,
    PLACED,
    REST_NUMBER,
    REST_PRICE,
    RESTING_STOP,
    RESTING_TARGET,
    RESTING_TRAIL,
    SELL_AT,
    SELL_CLOSE,
    SELL_HIGH,
    SELL_LOW,
    SELL_OPEN,
    SENT,
    STOP,
    TAKES,
    TARGET,
    TICK,
    TRAIL,
    Market,
    Plan,
    State,
)
from tradinglab.rules.sizing import there


def distance(kind: int, amount: float, price: float, market: Market, which: int, security: int, step: int) -> float:
    """Return how far from a price a stop or a target is; NaN, which nothing reaches, while the range is not known."""
    if kind == BY_PERCENT:
        return price * amount
    if kind == BY_POINTS:
        return amount
    return float(market.ranges[which, security, step]) * amount


def on_tick(price: float, tick: float) -> float:
    """Return a price on the grid of a security's prices, at least one step of it."""
    if tick >= 1.0:
        return max(math.floor(price / tick + 0.5), 1.0) * tick
    per_unit = math.floor(1.0 / tick + 0.5)
    return max(math.floor(price * per_unit + 0.5), 1.0) / per_unit


def is_protectable(plan: Plan, market: Market, security: int, step: int) -> bool:
    """Return whether all ranges are known that resting orders are multiples of."""
    if plan.stop_rests and plan.stop_kind == BY_ATR and math.isnan(market.ranges[STOP, security, step]):
        return False
    if plan.trail_rests and plan.trail_kind == BY_ATR and math.isnan(market.ranges[TRAIL, security, step]):
        return False
    return not (plan.target_rests and plan.target_kind == BY_ATR and math.isnan(market.ranges[TARGET, security, step]))


def protect(plan: Plan, market: Market, state: State, security: int, step: int) -> None:
    """Place the orders that close a position which was opened at a step."""
    state.table[security, PLACED] = step
    if plan.takes_units and there(plan, market, state, security) == 0.0:
        return
    side = 1.0 if state.table[security, HELD] > 0.0 else -1.0
    average = state.table[security, AVERAGE]
    # What was known when the entry was ordered.
    sent = int(state.table[security, SENT])
    if plan.stop_rests:
        gap = distance(plan.stop_kind, plan.stop, average, market, STOP, security, sent)
        place(market, state, security, RESTING_STOP, average - side * gap)
    if plan.trail_rests:
        gap = distance(plan.trail_kind, plan.trail, average, market, TRAIL, security, sent)
        place(market, state, security, RESTING_TRAIL, average - side * gap)
    if plan.target_rests:
        gap = distance(plan.target_kind, plan.target, average, market, TARGET, security, sent)
        place(market, state, security, RESTING_TARGET, average + side * gap)
        # A limit that could trade when it was placed is charged as a taker.
        limit = state.table[security, REST_PRICE + RESTING_TARGET]
        meets = market.prices[security, step, SELL_CLOSE if side > 0.0 else BUY_CLOSE]
        if plan.mark != CLOSE:
            meets = market.prices[security, step, BID if side > 0.0 else ASK]
        state.table[security, TAKES] = 1.0 if (limit - meets) * side <= 0.0 else 0.0


def place(market: Market, state: State, security: int, which: int, price: float) -> None:
    """Place one order."""
    state.account[ORDER_COUNT] += 1.0
    state.table[security, REST_NUMBER + which] = int(state.account[ORDER_COUNT])
    state.table[security, REST_PRICE + which] = on_tick(price, market.traits[security, TICK])


def withdraw(state: State, security: int) -> None:
    """Cancel the orders of a security that rest."""
    for which in range(3):
        state.table[security, REST_NUMBER + which] = 0.0


def note_best(market: Market, state: State, security: int, step: int) -> None:
    """Note the best close of a position."""
    side = 1.0 if state.table[security, HELD] > 0.0 else -1.0
    close = market.prices[security, step, CLOSE]
    if (close - state.table[security, BEST]) * side > 0.0:
        state.table[security, BEST] = close


def follow(plan: Plan, market: Market, state: State, security: int, step: int) -> None:
    """Move a trailing stop after the best close; it never moves back."""
    if not plan.trail_rests or state.table[security, REST_NUMBER + RESTING_TRAIL] == 0.0:
        return
    side = 1.0 if state.table[security, HELD] > 0.0 else -1.0
    best = state.table[security, BEST]
    gap = distance(plan.trail_kind, plan.trail, best, market, TRAIL, security, step)
    price = on_tick(best - side * gap, market.traits[security, TICK])
    if (price - state.table[security, REST_PRICE + RESTING_TRAIL]) * side > 0.0:
        state.table[security, REST_PRICE + RESTING_TRAIL] = price


def is_fresh(plan: Plan, market: Market, state: State, security: int, step: int) -> bool:
    """Return whether what orders meet is later than a resting order: a trade may have come, and no quote since."""
    if plan.mark == CLOSE:
        return True
    side = SELL_AT if state.table[security, HELD] > 0.0 else BUY_AT
    return bool(market.prices[security, step, side] > state.table[security, PLACED])


def met(plan: Plan, market: Market, state: State, security: int, step: int, which: int) -> float:
    """Return the price at which a resting order is filled by the bar of a step; NaN if it is not."""
    price = float(state.table[security, REST_PRICE + which])
    is_sale = state.table[security, HELD] > 0.0
    low = market.ranges[SELL_LOW if is_sale else BUY_LOW, security, step]
    high = market.ranges[SELL_HIGH if is_sale else BUY_HIGH, security, step]
    opening = market.prices[security, step, SELL_OPEN if is_sale else BUY_OPEN]
    closing = market.prices[security, step, SELL_CLOSE if is_sale else BUY_CLOSE]
    is_share = market.traits[security, IS_SHARE] != 0.0
    if which == RESTING_TARGET:
        if is_sale:
            if not high > price:
                return math.nan
            return float(max(opening if is_share else low, price))
        if not low < price:
            return math.nan
        return float(min(opening if is_share else high, price))
    # Shares are filled by a price that reaches the stop, all else by one that goes through it.
    if is_sale:
        if not (low < price or (is_share and low == price)):
            return math.nan
    elif not (high > price or (is_share and high == price)):
        return math.nan
    slippage = slip(plan, market, security, step, -there(plan, market, state, security))
    if is_sale:
        return float(min(opening, price) - slippage if is_share else min(price, closing - slippage))
    return float(max(opening, price) + slippage if is_share else max(price, closing + slippage))
