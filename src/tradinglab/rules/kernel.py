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
#: Decimals of an average price that stops are measured from: more is noise of binary fractions.
PRICE_PLACES = 8
#: Decimals of a quantity.
QUANTITY_PLACES = 10
FULL = -1


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
    """Prices and signals.

    ``close`` is the last one known at each step, ``rate`` what sizing divides by, ``rank`` what entries are ordered by;
    ``lot``, ``multiplier``, ``fee_kind`` and ``is_share`` have one value a security.
    """

    flags: Ints
    close: Floats
    buy_open: Floats
    sell_open: Floats
    buy_close: Floats
    sell_close: Floats
    volume: Floats
    rate: Floats
    stop_range: Floats
    target_range: Floats
    trail_range: Floats
    rank: Floats
    lot: Floats
    multiplier: Floats
    fee_kind: Ints
    is_share: Ints


class Fills(NamedTuple):
    """What was filled, in the order of booking: one value a fill; ``number`` counts orders as they were sent."""

    step: Ints
    security: Ints
    sent: Ints
    number: Ints
    quantity: Floats
    price: Floats
    fee: Floats


class State(NamedTuple):
    """What is known of each security while the walk goes on.

    ``account`` holds cash, number of fills, what Kelly's fraction is made of (wins, losses, and their sums), and the
    number of orders.
    """

    held: Floats
    wanted: Floats
    average: Floats
    best: Floats
    entry_fee: Floats
    bars_held: Ints
    bars_since_exit: Ints
    due: Ints
    sent: Ints
    number: Ints
    left: Ints
    score: Floats
    account: Floats


def walk(plan: Plan, market: Market, visits: Ints, state: State, fills: Fills) -> int:
    """Go through some steps and write down the fills; return their number, or ``FULL`` if there was no room.

    Parameters
    ----------
    visits
        The steps at which anything may happen: all of them if positions have exits of their own.
    """
    count = len(market.lot)
    for place in range(len(visits)):
        step = visits[place]
        if state.account[1] + 2 * count > len(fills.step):
            return FULL
        for security in range(count):
            if 0 <= state.due[security] <= step:
                book(plan, market, state, fills, security, state.due[security], 1)
        candidates = 0
        for security in range(count):
            flags = market.flags[security, step]
            if flags & BAR:
                candidates += look(plan, market, state, fills, security, step, flags)
        if candidates:
            enter(plan, market, state, fills, step, candidates)
    return int(state.account[1])


def finish(plan: Plan, market: Market, state: State, fills: Fills) -> int:
    """Fill the orders that the last visited step has left; return the number of fills."""
    for security in range(len(market.lot)):
        if state.due[security] >= 0:
            book(plan, market, state, fills, security, state.due[security], 1)
    return int(state.account[1])


def look(plan: Plan, market: Market, state: State, fills: Fills, security: int, step: int, flags: int) -> int:
    """See to the position of a security whose bar has closed; return 1 if it is to be entered."""
    state.bars_since_exit[security] += 1
    state.left[security] = 0
    state.score[security] = 0.0
    wanted = state.wanted[security]
    if wanted != 0.0:
        state.bars_held[security] += 1
        if leaves(plan, market, state, security, step, flags):
            state.left[security] = 1 if wanted > 0.0 else -1
    side = 0.0
    if flags & ENTER_LONG and state.left[security] != 1:
        side = 1.0
    elif flags & ENTER_SHORT and state.left[security] != -1:
        side = -1.0
    if wanted * side > 0.0:
        side = 0.0
    if state.left[security] == 0 and state.bars_since_exit[security] <= plan.cool_down:
        side = 0.0
    if plan.is_ranked and math.isnan(market.rank[security, step]):
        side = 0.0
    if side == 0.0:
        if state.left[security] != 0:
            leave(plan, market, state, fills, security, step)
        return 0
    state.score[security] = side
    return 1


def leave(plan: Plan, market: Market, state: State, fills: Fills, security: int, step: int) -> None:
    """Close a position."""
    state.bars_since_exit[security] = 0
    order(plan, market, state, fills, security, step, 0.0)


def leaves(plan: Plan, market: Market, state: State, security: int, step: int, flags: int) -> bool:
    """Return whether a position is to be closed, and note its best close."""
    is_long = state.held[security] > 0.0
    side = 1.0 if is_long else -1.0
    close = market.close[security, step]
    if (close - state.best[security]) * side > 0.0:
        state.best[security] = close
    if flags & (EXIT_LONG if is_long else EXIT_SHORT):
        return True
    if 0 < plan.time_stop <= state.bars_held[security]:
        return True
    average = state.average[security]
    if plan.stop_kind != NONE:
        gap = distance(plan.stop_kind, plan.stop, average, market.stop_range, security, step)
        if (average - close) * side >= gap:
            return True
    if plan.target_kind != NONE:
        gap = distance(plan.target_kind, plan.target, average, market.target_range, security, step)
        if (close - average) * side >= gap:
            return True
    if plan.trail_kind != NONE:
        best = state.best[security]
        gap = distance(plan.trail_kind, plan.trail, best, market.trail_range, security, step)
        if (best - close) * side >= gap:
            return True
    return False


def distance(kind: int, amount: float, price: float, ranges: Floats, security: int, step: int) -> float:
    """Return how far from a price a stop or a target is; NaN, which nothing reaches, while the range is not known."""
    if kind == BY_PERCENT:
        return price * amount
    if kind == BY_POINTS:
        return amount
    return float(ranges[security, step]) * amount


def enter(plan: Plan, market: Market, state: State, fills: Fills, step: int, candidates: int) -> None:
    """Order what is to be entered, those of the highest rank first, as far as there is room."""
    count = len(market.lot)
    for _ in range(candidates):
        chosen = -1
        for security in range(count):
            if state.score[security] == 0.0:
                continue
            if chosen < 0 or (plan.is_ranked and market.rank[security, step] > market.rank[chosen, step]):
                chosen = security
        side = state.score[chosen]
        state.score[chosen] = 0.0
        positions = 0
        for security in range(count):
            if state.wanted[security] != 0.0 and security != chosen:
                positions += 1
        if positions < plan.max_positions:
            quantity = side * size(plan, market, state, chosen, step)
            if quantity != 0.0:
                order(plan, market, state, fills, chosen, step, quantity)
                continue
        # A position of the other side is closed even if there is no room for a new one.
        if state.wanted[chosen] != 0.0:
            leave(plan, market, state, fills, chosen, step)


def equity(market: Market, state: State, step: int) -> float:
    """Return what the account is worth at the last closes."""
    worth = state.account[0]
    for security in range(len(market.lot)):
        if state.held[security] != 0.0:
            worth += state.held[security] * market.close[security, step] * market.multiplier[security]
    return float(worth)


def size(plan: Plan, market: Market, state: State, security: int, step: int) -> float:
    """Return how many units are to be held: whole lots, for no more money than there is room for."""
    worth = equity(market, state, step)
    unit = market.close[security, step] * market.multiplier[security]
    room = worth * plan.leverage * (1.0 - plan.buffer)
    for other in range(len(market.lot)):
        if other != security and state.wanted[other] != 0.0:
            room -= abs(state.wanted[other]) * market.close[other, step] * market.multiplier[other]
    if plan.size_kind == UNITS:
        money = plan.size * unit
    elif plan.size_kind == VALUE:
        money = plan.size
    elif plan.size_kind == PERCENT:
        money = worth * plan.size
    elif plan.size_kind == KELLY:
        money = worth * kelly(plan, state.account)
    else:
        rate = market.rate[security, step]
        if not rate > 0.0:
            return 0.0
        if plan.size_kind == VOLATILITY:
            money = worth * min(plan.size / rate, plan.size_most)
        else:
            money = worth * plan.size / (rate * plan.size_multiple * market.multiplier[security]) * unit
    lots = min(money, room) / unit / market.lot[security]
    if not lots > 0.0:
        return 0.0
    return float(round(math.floor(lots + LOT_TOLERANCE) * market.lot[security], QUANTITY_PLACES))


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


def order(plan: Plan, market: Market, state: State, fills: Fills, security: int, step: int, quantity: float) -> None:
    """Order what brings a position to a quantity; it is filled now, or waits for the next bar."""
    if quantity == state.wanted[security]:
        return
    state.wanted[security] = quantity
    state.sent[security] = step
    state.account[6] += 1.0
    state.number[security] = int(state.account[6])
    if quantity != 0.0:
        state.bars_held[security] = 0
    if not plan.is_next_open and not market.flags[security, step] & WAITS:
        book(plan, market, state, fills, security, step, 0)
        return
    following = step + 1
    last = market.flags.shape[1]
    while following < last and not market.flags[security, following] & BAR:
        following += 1
    state.due[security] = following if following < last else -1


def book(plan: Plan, market: Market, state: State, fills: Fills, security: int, step: int, is_open: int) -> None:
    """Fill the order of a security with the bar of a step."""
    held = state.held[security]
    quantity = round(state.wanted[security] - held, QUANTITY_PLACES)
    if quantity > 0.0:
        price = market.buy_open[security, step] if is_open else market.buy_close[security, step]
    else:
        price = market.sell_open[security, step] if is_open else market.sell_close[security, step]
    price += slip(plan, market, security, step, quantity) * (1.0 if quantity > 0.0 else -1.0)
    multiplier = market.multiplier[security]
    value = abs(quantity) * market.close[security, step] * multiplier
    fee = commission(market.fee_kind[security], plan.fee, abs(quantity), value)
    state.account[0] -= quantity * price * multiplier + fee
    if held != 0.0:
        score(state, security, (price - state.average[security]) * held * multiplier - state.entry_fee[security] - fee)
    state.held[security] = state.wanted[security]
    state.entry_fee[security] = fee if held == 0.0 else 0.0
    state.average[security] = round(price, PRICE_PLACES)
    state.best[security] = state.average[security]
    state.due[security] = -1
    at = int(state.account[1])
    fills.step[at] = step
    fills.security[at] = security
    fills.sent[at] = state.sent[security]
    fills.number[at] = state.number[security]
    fills.quantity[at] = quantity
    fills.price[at] = price
    fills.fee[at] = fee
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
    close = float(market.close[security, step])
    if plan.slippage_kind == CONSTANT:
        return close * plan.slippage
    share = plan.slippage
    if market.volume[security, step] > 0.0:
        share = min(abs(quantity) / market.volume[security, step], plan.slippage)
    elif not market.is_share[security]:
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
