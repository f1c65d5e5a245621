"""One security whose positions have no exits of their own: the walk and its figures in one pass, for sweeps.

It does what :mod:`tradinglab.rules.kernel` does, without writing down fills; a test holds the two equal. Plain
arithmetic, which numba compiles.
"""

from __future__ import annotations

import math

from tradinglab.data.columns import Floats, Ints
from tradinglab.rules.costs import commission
from tradinglab.rules.kernel import units
from tradinglab.rules.layout import (
    BUY_CLOSE,
    BUY_OPEN,
    CONSTANT,
    ENTER_LONG,
    ENTER_SHORT,
    EXIT_LONG,
    EXIT_SHORT,
    FEE_KIND,
    LOT,
    LOT_TOLERANCE,
    MULTIPLIER,
    PERCENT,
    SELL_CLOSE,
    SELL_OPEN,
    UNITS,
    WAITS,
    Plan,
)

# What is written down after the figures of ``curves``.
FILLS, ORDERS, FEES = 4, 5, 6


def alone(plan: Plan, flags: Ints, prices: Floats, close: Floats, traits: Floats, result: Floats) -> None:
    """Go through all steps of one security, and write down final worth, drawdown, sums of returns, fills and fees.

    Parameters
    ----------
    flags, close
        By step.
    prices
        ``[step, CLOSE and so on]``.
    traits
        ``[LOT and so on]``.
    """
    lot, multiplier = traits[LOT], traits[MULTIPLIER]
    cash = before = peak = plan.cash
    held = wanted = most = total = squares = 0.0
    for step in range(len(flags)):
        found = flags[step]
        if wanted != held:
            cash = fill(plan, cash, held, wanted, prices[step], 1, close[step], traits, result)
            held = wanted
        worth = cash + held * multiplier * close[step]
        if worth != before:
            if worth > peak:
                peak = worth
            elif peak - worth > most * peak:
                most = (peak - worth) / peak
            if before > 0.0:
                gain = worth / before - 1.0
                total += gain
                squares += gain * gain
            before = worth
        if not found & (ENTER_LONG | EXIT_LONG | ENTER_SHORT | EXIT_SHORT):
            continue
        target = decide(plan, found, wanted, worth, close[step] * multiplier, lot)
        if target != wanted:
            wanted = target
            result[ORDERS] += 1.0
            if not plan.is_next_open and not found & WAITS:
                cash = fill(plan, cash, held, wanted, prices[step], 0, close[step], traits, result)
                held = wanted
    worth = cash + held * multiplier * close[-1]
    if worth != before:
        if peak - worth > most * peak:
            most = (peak - worth) / peak
        gain = worth / before - 1.0 if before > 0.0 else 0.0
        total += gain
        squares += gain * gain
    result[0], result[1], result[2], result[3] = worth, most, total, squares


def decide(plan: Plan, flags: int, wanted: float, worth: float, unit: float, lot: float) -> float:
    """Return the quantity that is to be held."""
    left = 0
    if wanted > 0.0 and flags & EXIT_LONG:
        left = 1
    elif wanted < 0.0 and flags & EXIT_SHORT:
        left = -1
    side = 0.0
    if flags & ENTER_LONG and left != 1:
        side = 1.0
    elif flags & ENTER_SHORT and left != -1:
        side = -1.0
    if side == 0.0 or wanted * side > 0.0:
        return 0.0 if left != 0 else wanted
    money = plan.size
    if plan.size_kind == UNITS:
        money = plan.size * unit
    elif plan.size_kind == PERCENT:
        money = worth * plan.size
    lots = min(money, worth * plan.leverage * (1.0 - plan.buffer)) / unit / lot
    return side * units(math.floor(lots + LOT_TOLERANCE), lot) if lots > 0.0 else 0.0


def fill(
    plan: Plan,
    cash: float,
    held: float,
    wanted: float,
    prices: Floats,
    is_open: int,
    close: float,
    traits: Floats,
    result: Floats,
) -> float:
    """Fill an order, and return the cash that is left."""
    lot, multiplier = traits[LOT], traits[MULTIPLIER]
    quantity = units(math.floor((wanted - held) / lot + 0.5), lot)
    if quantity > 0.0:
        price = prices[BUY_OPEN] if is_open else prices[BUY_CLOSE]
    else:
        price = prices[SELL_OPEN] if is_open else prices[SELL_CLOSE]
    if plan.slippage_kind == CONSTANT:
        price += close * plan.slippage * (1.0 if quantity > 0.0 else -1.0)
    fee = commission(int(traits[FEE_KIND]), plan.fee, abs(quantity), abs(quantity) * close * multiplier)
    result[FILLS] += 1.0
    result[FEES] += fee
    return float(cash - (quantity * price * multiplier + fee))
