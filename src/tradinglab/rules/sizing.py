"""How much is held: plain arithmetic, which numba can compile."""

from __future__ import annotations

import math

from tradinglab.data.columns import Floats
from tradinglab.rules.layout import (
    CASH,
    CLOSE,
    FEE_TOLERANCE,
    HELD,
    KELLY,
    LOSSES,
    LOST,
    LOT,
    LOT_TOLERANCE,
    MULTIPLIER,
    PERCENT,
    RATE,
    THERE,
    UNITS,
    VALUE,
    VOLATILITY,
    WANTED,
    WINS,
    WON,
    Market,
    Plan,
    State,
)


def equity(plan: Plan, market: Market, state: State, step: int) -> float:
    """Return what the account is worth at the last closes (of quotes, too, where there are some), in whole cents."""
    worth = state.account[CASH]
    for security in range(len(market.traits)):
        held = state.table[security, HELD]
        if plan.takes_units:
            held = state.table[security, THERE]
        if held != 0.0:
            worth += held * market.prices[security, step, plan.mark] * market.traits[security, MULTIPLIER]
    return in_cents(float(worth))


def in_cents(money: float) -> float:
    """Return money in whole cents: what is finer depends on how sums were made, and could tip a lot.

    Half a cent counts as one, also where the noise of sums has left a little less of it.
    """
    return math.floor(money * 100.0 + 0.50001) / 100.0


def there(plan: Plan, market: Market, state: State, security: int) -> float:
    """Return what can be sold of a position, or is to be bought back: whole lots, less what fees have taken."""
    if not plan.takes_units:
        return float(state.table[security, HELD])
    held, lot = state.table[security, THERE], market.traits[security, LOT]
    whole = units(math.floor(abs(held) / lot + FEE_TOLERANCE), lot)
    return whole if held > 0.0 else -whole


def change(plan: Plan, market: Market, state: State, security: int) -> float:
    """Return what brings a position to what is wanted."""
    lot, held = market.traits[security, LOT], state.table[security, HELD]
    if plan.takes_units:
        held = there(plan, market, state, security)
    return units(math.floor((state.table[security, WANTED] - held) / lot + 0.5), lot)


def size(plan: Plan, market: Market, state: State, security: int, step: int) -> float:
    """Return how many units are to be held: whole lots, for no more money than there is room for."""
    worth = equity(plan, market, state, step)
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


def affordable(market: Market, security: int, step: int, money: float) -> float:
    """Return how many units so much money buys at the close: whole lots."""
    lots = money / (market.prices[security, step, CLOSE] * market.traits[security, MULTIPLIER])
    lots = lots / market.traits[security, LOT]
    if not lots > 0.0:
        return 0.0
    return units(math.floor(lots + LOT_TOLERANCE), market.traits[security, LOT])


def units(lots: float, lot: float) -> float:
    """Return how much so many lots are: the float nearest to it, also where a lot is a decimal fraction."""
    return lots * lot if lot >= 1.0 else lots / math.floor(1.0 / lot + 0.5)


def kelly(plan: Plan, account: Floats) -> float:
    """Return the part of the equity that Kelly's formula asks for: the odds of the closed trades so far."""
    wins, losses = account[WINS], account[LOSSES]
    if wins + losses < plan.kelly_trades:
        return plan.kelly_start
    if losses == 0.0 or account[LOST] == 0.0:
        return plan.size_most
    if wins == 0.0:
        return 0.0
    odds = (account[WON] / wins) / (account[LOST] / losses)
    chance = wins / (wins + losses)
    return float(min(max((chance - (1.0 - chance) / odds) * plan.size, 0.0), plan.size_most))


def score(state: State, security: int, profit: float) -> None:
    """Count a closed trade for Kelly's fraction."""
    profit = in_cents(profit)
    if profit > 0.0:
        state.account[WINS] += 1.0
        state.account[WON] += profit
    else:
        state.account[LOSSES] += 1.0
        state.account[LOST] -= profit
