"""The walk through the steps: positions, orders, fills and cash.

Everything here is plain arithmetic on arrays and numbers, so that numba can compile the very same functions
(:mod:`tradinglab.rules.compiled`). Arrays are ``[security, step]`` unless it says otherwise.
"""

from __future__ import annotations

import math

from tradinglab.data.columns import Floats, Ints
from tradinglab.rules.costs import commission, slip
from tradinglab.rules.layout import (
    AVERAGE,
    BAR,
    BARS_HELD,
    BEST,
    BUY_CLOSE,
    BUY_OPEN,
    BY_PERCENT,
    BY_POINTS,
    CLOSE,
    DUE,
    ENTER_LONG,
    ENTER_SHORT,
    ENTRY_FEE,
    EXIT_LONG,
    EXIT_SHORT,
    FEE,
    FEE_KIND,
    FULL,
    HELD,
    KELLY,
    LEFT,
    LOT,
    LOT_TOLERANCE,
    MULTIPLIER,
    NONE,
    NUMBER,
    ORDER,
    PERCENT,
    PRICE,
    PRICE_GRAIN,
    QUANTITY,
    RANK,
    RATE,
    SCORE,
    SECURITY,
    SELL_CLOSE,
    SELL_OPEN,
    SENT,
    SENT_AT,
    SINCE_EXIT,
    STEP,
    STOP,
    TARGET,
    TRAIL,
    UNITS,
    VALUE,
    VOLATILITY,
    WAITS,
    WANTED,
    Market,
    Plan,
    State,
)


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
        if state.account[1] + 2 * count > len(fills):
            return FULL
        for security in range(count):
            if 0 <= state.table[security, DUE] <= step:
                book(plan, market, state, fills, security, int(state.table[security, DUE]), 1)
        if plan.top > 0:
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
    return int(state.account[1])


def finish(plan: Plan, market: Market, state: State, fills: Floats) -> int:
    """Fill the orders that the last visited step has left; return the number of fills."""
    for security in range(len(market.traits)):
        if state.table[security, DUE] >= 0:
            book(plan, market, state, fills, security, int(state.table[security, DUE]), 1)
    return int(state.account[1])


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


def leaves(plan: Plan, market: Market, state: State, security: int, step: int, flags: int) -> bool:
    """Return whether a position is to be closed, and note its best close."""
    is_long = state.table[security, HELD] > 0.0
    side = 1.0 if is_long else -1.0
    close = market.prices[security, step, CLOSE]
    if (close - state.table[security, BEST]) * side > 0.0:
        state.table[security, BEST] = close
    if flags & (EXIT_LONG if is_long else EXIT_SHORT):
        return True
    if 0 < plan.time_stop <= state.table[security, BARS_HELD]:
        return True
    average = state.table[security, AVERAGE]
    if plan.stop_kind != NONE:
        gap = distance(plan.stop_kind, plan.stop, average, market, STOP, security, step)
        if (average - close) * side >= gap:
            return True
    if plan.target_kind != NONE:
        gap = distance(plan.target_kind, plan.target, average, market, TARGET, security, step)
        if (close - average) * side >= gap:
            return True
    if plan.trail_kind != NONE:
        best = state.table[security, BEST]
        gap = distance(plan.trail_kind, plan.trail, best, market, TRAIL, security, step)
        if (best - close) * side >= gap:
            return True
    return False


def distance(kind: int, amount: float, price: float, market: Market, which: int, security: int, step: int) -> float:
    """Return how far from a price a stop or a target is; NaN, which nothing reaches, while the range is not known."""
    if kind == BY_PERCENT:
        return price * amount
    if kind == BY_POINTS:
        return amount
    return float(market.ranges[which, security, step]) * amount


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
    money = equity(market, state, step) * min(plan.share, plan.leverage * (1.0 - plan.buffer))
    for security in range(count):
        if not market.flags[security, step] & BAR:
            continue
        quantity = 0.0
        if state.table[security, SCORE] == 2.0:
            weight = 1.0 / market.ranges[RATE, security, step] if plan.is_by_volatility else 1.0
            unit = market.prices[security, step, CLOSE] * market.traits[security, MULTIPLIER]
            lots = money * weight / total / unit / market.traits[security, LOT]
            quantity = units(math.floor(lots + LOT_TOLERANCE), market.traits[security, LOT]) if lots > 0.0 else 0.0
        order(plan, market, state, fills, security, step, quantity)


def equity(market: Market, state: State, step: int) -> float:
    """Return what the account is worth at the last closes."""
    worth = state.account[0]
    for security in range(len(market.traits)):
        if state.table[security, HELD] != 0.0:
            worth += (
                state.table[security, HELD] * market.prices[security, step, CLOSE] * market.traits[security, MULTIPLIER]
            )
    return float(worth)


def size(plan: Plan, market: Market, state: State, security: int, step: int) -> float:
    """Return how many units are to be held: whole lots, for no more money than there is room for."""
    worth = equity(market, state, step)
    unit = market.prices[security, step, CLOSE] * market.traits[security, MULTIPLIER]
    room = worth * plan.leverage * (1.0 - plan.buffer)
    for other in range(len(market.traits)):
        if other != security and state.table[other, WANTED] != 0.0:
            room -= (
                abs(state.table[other, WANTED]) * market.prices[other, step, CLOSE] * market.traits[other, MULTIPLIER]
            )
    if plan.size_kind == UNITS:
        money = plan.size * unit
    elif plan.size_kind == VALUE:
        money = plan.size
    elif plan.size_kind == PERCENT:
        money = worth * plan.size
    elif plan.size_kind == KELLY:
        money = worth * kelly(plan, state.account)
    else:
        rate = market.ranges[RATE, security, step]
        if not rate > 0.0:
            return 0.0
        if plan.size_kind == VOLATILITY:
            money = worth * min(plan.size / rate, plan.size_most)
        else:
            money = worth * plan.size / (rate * plan.size_multiple * market.traits[security, MULTIPLIER]) * unit
    lots = min(money, room) / unit / market.traits[security, LOT]
    if not lots > 0.0:
        return 0.0
    return units(math.floor(lots + LOT_TOLERANCE), market.traits[security, LOT])


def units(lots: float, lot: float) -> float:
    """Return how much so many lots are: the float nearest to it, also where a lot is a decimal fraction."""
    return lots * lot if lot >= 1.0 else lots / math.floor(1.0 / lot + 0.5)


def kelly(plan: Plan, account: Floats) -> float:
    """Return the part of the equity that Kelly's formula asks for: the odds of the closed trades so far."""
    wins, losses = account[2], account[3]
    if wins + losses < plan.kelly_trades:
        return plan.kelly_start
    if losses == 0.0 or account[5] == 0.0:
        return plan.size_most
    if wins == 0.0:
        return 0.0
    odds = (account[4] / wins) / (account[5] / losses)
    chance = wins / (wins + losses)
    return float(min(max((chance - (1.0 - chance) / odds) * plan.size, 0.0), plan.size_most))


def order(plan: Plan, market: Market, state: State, fills: Floats, security: int, step: int, quantity: float) -> None:
    """Order what brings a position to a quantity; it is filled now, or waits for the next bar."""
    if quantity == state.table[security, WANTED]:
        return
    state.table[security, WANTED] = quantity
    state.table[security, SENT] = step
    state.account[6] += 1.0
    state.table[security, NUMBER] = int(state.account[6])
    if quantity != 0.0:
        state.table[security, BARS_HELD] = 0
    if not plan.is_next_open and not market.flags[security, step] & WAITS:
        book(plan, market, state, fills, security, step, 0)
        return
    following = step + 1
    last = market.flags.shape[1]
    while following < last and not market.flags[security, following] & BAR:
        following += 1
    state.table[security, DUE] = following if following < last else -1


def book(plan: Plan, market: Market, state: State, fills: Floats, security: int, step: int, is_open: int) -> None:
    """Fill the order of a security with the bar of a step."""
    held = state.table[security, HELD]
    lot = market.traits[security, LOT]
    quantity = units(math.floor((state.table[security, WANTED] - held) / lot + 0.5), lot)
    if quantity > 0.0:
        price = market.prices[security, step, BUY_OPEN] if is_open else market.prices[security, step, BUY_CLOSE]
    else:
        price = market.prices[security, step, SELL_OPEN] if is_open else market.prices[security, step, SELL_CLOSE]
    price += slip(plan, market, security, step, quantity) * (1.0 if quantity > 0.0 else -1.0)
    multiplier = market.traits[security, MULTIPLIER]
    value = abs(quantity) * market.prices[security, step, CLOSE] * multiplier
    fee = commission(int(market.traits[security, FEE_KIND]), plan.fee, abs(quantity), value)
    state.account[0] -= quantity * price * multiplier + fee
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
    at = int(state.account[1])
    fills[at, STEP] = step
    fills[at, SECURITY] = security
    fills[at, SENT_AT] = state.table[security, SENT]
    fills[at, ORDER] = state.table[security, NUMBER]
    fills[at, QUANTITY] = quantity
    fills[at, PRICE] = price
    fills[at, FEE] = fee
    state.account[1] = at + 1


def score(state: State, security: int, profit: float) -> None:
    """Count a closed trade for Kelly's fraction."""
    if profit > 0.0:
        state.account[2] += 1.0
        state.account[4] += profit
    else:
        state.account[3] += 1.0
        state.account[5] -= profit
