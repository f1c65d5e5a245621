"""The walk through the steps: positions, orders, fills and cash.

Everything here is plain arithmetic on arrays and numbers, so that numba can compile the very same functions
(:mod:`tradinglab.rules.compiled`). Arrays are ``[security, step]`` unless it says otherwise.
"""

from __future__ import annotations

import math

from tradinglab.data.columns import Floats, Ints
from tradinglab.rules.costs import commission, settle_fee, slip
from tradinglab.rules.halting import is_halted
from tradinglab.rules.layout import (
    AVERAGE,
    BAR,
    BARS_HELD,
    BEST,
    BUY_CLOSE,
    BUY_OPEN,
    CASH,
    CLOSE,
    DUE,
    ENTER_LONG,
    ENTER_SHORT,
    ENTRY_FEE,
    EXIT_LONG,
    EXIT_SHORT,
    FEE,
    FEE_KIND,
    FILL_COUNT,
    FULL,
    HELD,
    LEFT,
    MULTIPLIER,
    NONE,
    NUMBER,
    ORDER,
    ORDER_COUNT,
    PERCENT_FEE,
    PLACED,
    PRICE,
    PRICE_GRAIN,
    QUANTITY,
    RANK,
    RATE,
    REST_NUMBER,
    REST_PRICE,
    RESTING_TARGET,
    SCORE,
    SECURITY,
    SELL_CLOSE,
    SELL_OPEN,
    SENT,
    SENT_AT,
    SHARE,
    SINCE_EXIT,
    STARTS,
    STEP,
    STOP,
    TARGET,
    TOLD,
    TRAIL,
    WAITS,
    WANTED,
    Market,
    Plan,
    State,
)
from tradinglab.rules.resting import distance, follow, is_fresh, is_protectable, met, note_best, protect, withdraw
from tradinglab.rules.sizing import affordable, change, equity, score, size


def walk(plan: Plan, market: Market, visits: Ints, state: State, fills: Floats) -> int:
    """Go through some steps and write down the fills; return their number, or ``FULL`` if there was no room.

    Parameters
    ----------
    visits
        The steps at which anything may happen: all of them if positions have exits of their own.
    """
    count = len(market.traits)
    for place in range(len(visits)):
        step = visits[place]
        if state.account[FILL_COUNT] + 2 * count > len(fills):
            return FULL
        if plan.stop_rests or plan.trail_rests or plan.target_rests:
            settle(plan, market, state, fills, step)
        else:
            for security in range(count):
                if 0 <= state.table[security, DUE] <= step:
                    book(plan, market, state, fills, security, int(state.table[security, DUE]), 1)
        if plan.mark != CLOSE and not has_bar(market, step):
            continue
        if plan.drawdown > 0.0 and is_halted(plan, market, state, step):
            clear(plan, market, state, fills, step)
            continue
        if plan.top > 0:
            if market.flags[0, step] & STARTS:
                rebalance(plan, market, state, fills, step)
            continue
        candidates = 0
        for security in range(count):
            flags = market.flags[security, step]
            if state.table[security, WANTED] == 0.0 and not flags & (ENTER_LONG | ENTER_SHORT):
                # Nothing to see to: most steps are such.
                if flags & BAR:
                    state.table[security, SINCE_EXIT] += 1.0
            elif flags & BAR:
                candidates += look(plan, market, state, fills, security, step, flags)
        if candidates:
            enter(plan, market, state, fills, step, candidates)
    return int(state.account[FILL_COUNT])


def has_bar(market: Market, step: int) -> bool:
    """Return whether a bar of trades closes at a step: what brings quotes alone decides nothing."""
    for security in range(len(market.traits)):  # noqa: SIM110 - numba compiles no generator
        if market.flags[security, step] & BAR:
            return True
    return False


def finish(plan: Plan, market: Market, state: State, fills: Floats) -> int:
    """Fill the orders that the last visited step has left; return the number of fills."""
    for security in range(len(market.traits)):
        if state.table[security, DUE] >= 0:
            book(plan, market, state, fills, security, int(state.table[security, DUE]), 1)
    return int(state.account[FILL_COUNT])


def settle(plan: Plan, market: Market, state: State, fills: Floats, step: int) -> None:
    """Fill what waits for this step, or rests until a bar of it is met."""
    for security in range(len(market.traits)):
        if not market.flags[security, step] & (BAR | TOLD):
            continue
        if 0 <= state.table[security, DUE] <= step:
            book(plan, market, state, fills, security, step, 1)
        elif state.table[security, PLACED] < step:
            for which in range(3):
                if state.table[security, REST_NUMBER + which] != 0.0:
                    is_met = not math.isnan(met(plan, market, state, security, step, which))
                    if is_met and is_fresh(plan, market, state, security, step):
                        close_resting(plan, market, state, fills, security, step, which)


def close_resting(
    plan: Plan, market: Market, state: State, fills: Floats, security: int, step: int, which: int
) -> None:
    """Fill an order that has rested, and cancel the others."""
    price = met(plan, market, state, security, step, which)
    limit, close = state.table[security, REST_PRICE + which], market.prices[security, step, CLOSE]
    is_sale = state.table[security, HELD] > 0.0
    state.table[security, WANTED] = 0.0
    state.table[security, SENT] = state.table[security, PLACED]
    state.table[security, NUMBER] = state.table[security, REST_NUMBER + which]
    # The bar that closes now is the one of the exit.
    state.table[security, SINCE_EXIT] = -1.0
    withdraw(state, security)
    # LEAN asks fee models what an order is worth at its own price or the last one, whichever is better.
    worth = max(limit, close) if is_sale else min(limit, close)
    quantity = change(plan, market, state, security)
    at_limit = limit if which == RESTING_TARGET else math.nan
    record(plan, market, state, fills, security, step, quantity, price, worth, at_limit)


def look(plan: Plan, market: Market, state: State, fills: Floats, security: int, step: int, flags: int) -> int:
    """See to the position of a security whose bar has closed; return 1 if it is to be entered."""
    state.table[security, SINCE_EXIT] += 1
    state.table[security, LEFT] = 0
    state.table[security, SCORE] = 0.0
    wanted = state.table[security, WANTED]
    if wanted != 0.0:
        state.table[security, BARS_HELD] += 1
        if leaves(plan, market, state, security, step, flags):
            state.table[security, LEFT] = 1 if wanted > 0.0 else -1
        else:
            follow(plan, market, state, security, step)
    side = 0.0
    if flags & ENTER_LONG and state.table[security, LEFT] != 1:
        side = 1.0
    elif flags & ENTER_SHORT and state.table[security, LEFT] != -1:
        side = -1.0
    if wanted * side > 0.0:
        side = 0.0
    if state.table[security, LEFT] == 0 and state.table[security, SINCE_EXIT] <= plan.cool_down:
        side = 0.0
    if plan.is_ranked and math.isnan(market.ranges[RANK, security, step]):
        side = 0.0
    if side != 0.0 and not is_protectable(plan, market, security, step):
        side = 0.0
    if side == 0.0:
        if state.table[security, LEFT] != 0:
            leave(plan, market, state, fills, security, step)
        return 0
    state.table[security, SCORE] = side
    return 1


def leave(plan: Plan, market: Market, state: State, fills: Floats, security: int, step: int) -> None:
    """Close a position."""
    state.table[security, SINCE_EXIT] = 0
    order(plan, market, state, fills, security, step, 0.0)


def clear(plan: Plan, market: Market, state: State, fills: Floats, step: int) -> None:
    """Close all positions; those of securities without a bar when they have one."""
    for security in range(len(market.traits)):
        if market.flags[security, step] & BAR:
            state.table[security, SINCE_EXIT] += 1
            if state.table[security, WANTED] != 0.0:
                leave(plan, market, state, fills, security, step)


def leaves(plan: Plan, market: Market, state: State, security: int, step: int, flags: int) -> bool:
    """Return whether a position is to be closed, and note its best close."""
    is_long = state.table[security, HELD] > 0.0
    side = 1.0 if is_long else -1.0
    close = market.prices[security, step, CLOSE]
    note_best(market, state, security, step)
    if flags & (EXIT_LONG if is_long else EXIT_SHORT):
        return True
    if 0 < plan.time_stop <= state.table[security, BARS_HELD]:
        return True
    average = state.table[security, AVERAGE]
    if plan.stop_kind != NONE and not plan.stop_rests:
        gap = distance(plan.stop_kind, plan.stop, average, market, STOP, security, step)
        if (average - close) * side >= gap:
            return True
    if plan.target_kind != NONE and not plan.target_rests:
        gap = distance(plan.target_kind, plan.target, average, market, TARGET, security, step)
        if (close - average) * side >= gap:
            return True
    if plan.trail_kind != NONE and not plan.trail_rests:
        best = state.table[security, BEST]
        gap = distance(plan.trail_kind, plan.trail, best, market, TRAIL, security, step)
        if (best - close) * side >= gap:
            return True
    return False


def enter(plan: Plan, market: Market, state: State, fills: Floats, step: int, candidates: int) -> None:
    """Order what is to be entered, those of the highest rank first, as far as there is room."""
    count = len(market.traits)
    for _ in range(candidates):
        chosen = -1
        for security in range(count):
            if state.table[security, SCORE] == 0.0:
                continue
            if chosen < 0 or (
                plan.is_ranked and market.ranges[RANK, security, step] > market.ranges[RANK, chosen, step]
            ):
                chosen = security
        side = state.table[chosen, SCORE]
        state.table[chosen, SCORE] = 0.0
        positions = 0
        for security in range(count):
            if state.table[security, WANTED] != 0.0 and security != chosen:
                positions += 1
        if positions < plan.max_positions:
            quantity = side * size(plan, market, state, chosen, step)
            if quantity != 0.0:
                order(plan, market, state, fills, chosen, step, quantity)
                continue
        # A position of the other side is closed even if there is no room for a new one.
        if state.table[chosen, WANTED] != 0.0:
            leave(plan, market, state, fills, chosen, step)


def rebalance(plan: Plan, market: Market, state: State, fills: Floats, step: int) -> None:
    """Put the portfolio together anew of the securities of the highest rank; those without a bar stay as they are."""
    if plan.is_weighed:
        reweigh(plan, market, state, fills, step)
        return
    count = len(market.traits)
    for security in range(count):
        flags = market.flags[security, step]
        is_eligible = flags & BAR and flags & ENTER_LONG and not math.isnan(market.ranges[RANK, security, step])
        if plan.is_by_volatility and is_eligible:
            is_eligible = market.ranges[RATE, security, step] > 0.0
        state.table[security, SCORE] = 1.0 if is_eligible else 0.0
    total = 0.0
    for _ in range(plan.top):
        chosen = -1
        for security in range(count):
            if state.table[security, SCORE] == 1.0:
                if chosen < 0 or market.ranges[RANK, security, step] > market.ranges[RANK, chosen, step]:
                    chosen = security
        if chosen < 0:
            break
        state.table[chosen, SCORE] = 2.0
        total += 1.0 / market.ranges[RATE, chosen, step] if plan.is_by_volatility else 1.0
    money = equity(plan, market, state, step) * min(plan.share, plan.leverage * (1.0 - plan.buffer))
    for security in range(count):
        if not market.flags[security, step] & BAR:
            continue
        quantity = 0.0
        if state.table[security, SCORE] == 2.0:
            weight = 1.0 / market.ranges[RATE, security, step] if plan.is_by_volatility else 1.0
            quantity = affordable(market, security, step, money * weight / total)
        order(plan, market, state, fills, security, step, quantity)


def reweigh(plan: Plan, market: Market, state: State, fills: Floats, step: int) -> None:
    """Hold the shares that were worked out for a step; what has no bar stays as it is."""
    money = equity(plan, market, state, step) * min(plan.share, plan.leverage * (1.0 - plan.buffer))
    for security in range(len(market.traits)):
        if market.flags[security, step] & BAR:
            share = market.ranges[SHARE, security, step]
            order(plan, market, state, fills, security, step, affordable(market, security, step, money * share))


def order(plan: Plan, market: Market, state: State, fills: Floats, security: int, step: int, quantity: float) -> None:
    """Order what brings a position to a quantity; it is filled now, or waits for the next bar."""
    if quantity == state.table[security, WANTED]:
        return
    state.table[security, WANTED] = quantity
    state.table[security, SENT] = step
    withdraw(state, security)
    if plan.takes_units and change(plan, market, state, security) == 0.0:
        # What fees have left is the quantity already, or less than a lot.
        state.table[security, HELD], state.table[security, BARS_HELD] = quantity, 0
        state.table[security, BEST] = state.table[security, AVERAGE]
        return
    state.account[ORDER_COUNT] += 1.0
    state.table[security, NUMBER] = int(state.account[ORDER_COUNT])
    if quantity != 0.0:
        state.table[security, BARS_HELD] = 0
    if not plan.is_next_open and not market.flags[security, step] & WAITS:
        book(plan, market, state, fills, security, step, 0)
        return
    following = step + 1
    last = market.flags.shape[1]
    while following < last and not market.flags[security, following] & (BAR | TOLD):
        following += 1
    state.table[security, DUE] = following if following < last else -1


def book(plan: Plan, market: Market, state: State, fills: Floats, security: int, step: int, is_open: int) -> None:
    """Fill the order of a security with the bar of a step."""
    quantity = change(plan, market, state, security)
    if quantity > 0.0:
        price = market.prices[security, step, BUY_OPEN] if is_open else market.prices[security, step, BUY_CLOSE]
    else:
        price = market.prices[security, step, SELL_OPEN] if is_open else market.prices[security, step, SELL_CLOSE]
    price += slip(plan, market, security, step, quantity) * (1.0 if quantity > 0.0 else -1.0)
    worth = market.prices[security, step, CLOSE]
    record(plan, market, state, fills, security, step, quantity, price, worth, math.nan)
    if state.table[security, HELD] != 0.0:
        protect(plan, market, state, security, step)
        if not is_open and plan.trail_rests:
            # Quotes may have been better than the close, which the trailing stop follows from here on.
            note_best(market, state, security, step)
            follow(plan, market, state, security, step)


def record(
    plan: Plan,
    market: Market,
    state: State,
    fills: Floats,
    security: int,
    step: int,
    quantity: float,
    price: float,
    worth: float,
    limit: float,
) -> None:
    """Book a fill that brings a position to what is wanted; fees are of what a unit is worth, or of a limit."""
    held = state.table[security, HELD]
    multiplier = market.traits[security, MULTIPLIER]
    kind, at = int(market.traits[security, FEE_KIND]), int(state.account[FILL_COUNT])
    if kind <= PERCENT_FEE:
        fee = paid = commission(kind, plan.fee, abs(quantity), abs(quantity) * worth * multiplier)
    else:
        fee, paid, quantity = settle_fee(plan, market, state, fills, security, step, quantity, price, worth, limit)
    state.account[CASH] -= quantity * price * multiplier + paid
    if held != 0.0:
        score(
            state,
            security,
            (price - state.table[security, AVERAGE]) * held * multiplier - state.table[security, ENTRY_FEE] - fee,
        )
    state.table[security, HELD] = state.table[security, WANTED]
    state.table[security, ENTRY_FEE] = fee if held == 0.0 else 0.0
    state.table[security, AVERAGE] = math.floor(price * PRICE_GRAIN + 0.5) / PRICE_GRAIN
    state.table[security, BEST] = state.table[security, AVERAGE]
    state.table[security, DUE] = -1
    fills[at, STEP] = step
    fills[at, SECURITY] = security
    fills[at, SENT_AT] = state.table[security, SENT]
    fills[at, ORDER] = state.table[security, NUMBER]
    fills[at, QUANTITY] = quantity
    fills[at, PRICE] = price
    fills[at, FEE] = fee
    state.account[FILL_COUNT] = at + 1
