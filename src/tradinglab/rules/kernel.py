"""The walk through the steps: positions, orders, fills and cash.

Everything here is plain arithmetic on arrays and numbers, so that numba can compile the very same functions
(:mod:`tradinglab.rules.compiled`). Arrays are ``[security, step]`` unless it says otherwise.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from tradinglab.data.columns import Floats, Ints

# What happens at a step, as bits of ``flags``.
BAR, ENTER_LONG, EXIT_LONG, ENTER_SHORT, EXIT_SHORT, WAITS = 1, 2, 4, 8, 16, 32
# How much is ordered.
UNITS, VALUE, PERCENT, VOLATILITY, RISK, KELLY = 0, 1, 2, 3, 4, 5
# How far away stops and targets are.
NONE, BY_PERCENT, BY_POINTS, BY_ATR = 0, 1, 2, 3
# What is charged.
FREE, SHARES, CURRENCIES, FIXED, PERCENT_FEE = 0, 1, 2, 3, 4
NO_SLIPPAGE, CONSTANT, VOLUME_SHARE = 0, 1, 2

#: What a quotient may fall short of a whole number of lots and still count as it.
LOT_TOLERANCE = 1e-6
#: The price that stops are measured from is told in whole parts of it: what is finer is noise of binary fractions.
PRICE_GRAIN = 1e8
FULL = -1

# Columns of arrays.
CLOSE, BUY_OPEN, SELL_OPEN, BUY_CLOSE, SELL_CLOSE, VOLUME = 0, 1, 2, 3, 4, 5
RATE, STOP, TARGET, TRAIL, RANK = 0, 1, 2, 3, 4
LOT, MULTIPLIER, FEE_KIND, IS_SHARE = 0, 1, 2, 3
HELD, WANTED, AVERAGE, BEST, ENTRY_FEE, BARS_HELD, SINCE_EXIT, DUE, SENT, NUMBER, LEFT, SCORE = range(12)
STEP, SECURITY, SENT_AT, ORDER, QUANTITY, PRICE, FEE = range(7)


class Plan(NamedTuple):
    """Numbers that hold for a whole run; percentages are fractions here."""

    cash: float
    size_kind: int
    size: float
    size_most: float
    size_multiple: float
    kelly_trades: float
    kelly_start: float
    leverage: float
    buffer: float
    max_positions: int
    is_ranked: int
    cool_down: int
    time_stop: int
    stop_kind: int
    stop: float
    target_kind: int
    target: float
    trail_kind: int
    trail: float
    slippage_kind: int
    slippage: float
    slippage_impact: float
    is_next_open: int
    fee: float


class Market(NamedTuple):
    """Prices, signals, and what is measured by them.

    Few arrays, because each costs compiled code something in every call.

    Attributes
    ----------
    flags
        ``[security, step]``.
    prices
        ``[security, step, CLOSE and so on]``, so that those of one step lie together; the close is the last one known.
    ranges
        ``[RATE and so on, security, step]``: what sizing divides by, what stops are multiples of, and the rank.
    traits
        ``[security, LOT and so on]``.
    """

    flags: Ints
    prices: Floats
    ranges: Floats
    traits: Floats


class State(NamedTuple):
    """What is known while the walk goes on.

    Attributes
    ----------
    table
        ``[security, HELD and so on]``.
    account
        Cash, number of fills, what Kelly's fraction is made of (wins, losses, and their sums), number of orders.
    """

    table: Floats
    account: Floats


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


def slip(plan: Plan, market: Market, security: int, step: int, quantity: float) -> float:
    """Return by how much a fill is worse than the price that it meets."""
    if plan.slippage_kind == NO_SLIPPAGE:
        return 0.0
    close = float(market.prices[security, step, CLOSE])
    if plan.slippage_kind == CONSTANT:
        return close * plan.slippage
    share = plan.slippage
    if market.prices[security, step, VOLUME] > 0.0:
        share = min(abs(quantity) / market.prices[security, step, VOLUME], plan.slippage)
    elif not market.traits[security, IS_SHARE]:
        share = 0.0
    return share * share * plan.slippage_impact * close


def commission(kind: int, amount: float, quantity: float, value: float) -> float:
    """Return the fee of an order of so many units that are worth so much."""
    if kind == SHARES:
        fee = 0.005 * quantity
        if fee < 1.0:
            return 1.0
        return min(fee, 0.005 * value)
    if kind == CURRENCIES:
        return max(2.0, 0.00002 * value)
    if kind == FIXED:
        return amount
    if kind == PERCENT_FEE:
        return amount * value
    return 0.0
