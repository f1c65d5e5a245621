"""One security whose positions have no exits of their own: the walk and its figures in one pass, for sweeps.

It does what :mod:`tradinglab.rules.kernel` does, without writing down fills; a test holds the two equal. Plain
arithmetic, which numba compiles.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from tradinglab.data.columns import Floats, Ints
from tradinglab.rules.costs import commission
from tradinglab.rules.curves import DRAWDOWN, FIGURES_WIDTH, FINAL, RETURNS, SQUARES, mark_crossings
from tradinglab.rules.layout import (
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
    SIGNALS,
    UNITS,
    WAITS,
    Plan,
)
from tradinglab.rules.sizing import in_cents, units

# Columns of a state.
CASH, HELD, WANTED, PEAK, WORTH, MOST, TOTAL, SUM_OF_SQUARES = range(8)
STATE_WIDTH = 8
# What is written down after the figures of ``curves``.
FILLS, ORDERS, FEES = range(FIGURES_WIDTH, FIGURES_WIDTH + 3)
RESULT_WIDTH = FIGURES_WIDTH + 3


class Prices(NamedTuple):
    """What a buyer pays and a seller gets, and the close, by step.

    Arrays of their own: a sweep comes to the same few fills of each again and again, and they stay in the caches.
    """

    buy_open: Floats
    sell_open: Floats
    buy_close: Floats
    sell_close: Floats
    close: Floats


def together(
    plan: Plan,
    operands: Floats,
    pairs: Ints,
    waits: Ints,
    prices: Prices,
    first: int,
    traits: Floats,
    flags: Ints,
    visits: Ints,
    states: Floats,
    results: Floats,
) -> None:
    """Go through a stretch of steps with several variants, while what they are made of is in the caches.

    Parameters
    ----------
    operands
        What is compared, by step, each once; a stretch that is not the first begins a step early.
    pairs
        By variant and crossing: the two operands, and the bits of rising and falling.
    waits
        The flags of steps without a signal.
    first
        The first step that has not been gone through.
    flags, visits
        Room.
    states, results
        One row a variant, see :func:`alone`.
    """
    for variant in range(len(states)):
        for step in range(len(flags)):
            flags[step] = waits[step]
        for each in range(pairs.shape[1]):
            left, right, rises, falls = pairs[variant, each]
            mark_crossings(operands[left], operands[right], rises, falls, flags)
        count = 0
        for step in range(first, len(flags)):
            # Without a branch, which would often be guessed wrong.
            visits[count] = step
            count += (flags[step] & SIGNALS) != 0
        alone(plan, flags, visits[:count], first, prices, traits, states[variant], results[variant])


def alone(
    plan: Plan,
    flags: Ints,
    visits: Ints,
    first: int,
    prices: Prices,
    traits: Floats,
    state: Floats,
    result: Floats,
) -> None:
    """Go from visit to visit of one security through a stretch of steps.

    Parameters
    ----------
    flags
        By step.
    visits
        The steps with a signal.
    first
        The first step.
    traits
        ``[LOT and so on]``.
    state
        What is known so far, ``[CASH and so on]``; it is brought up to date.
    result
        To which orders, fills and fees are added.
    """
    close = prices.close
    lot, multiplier, steps, start = traits[LOT], traits[MULTIPLIER], len(close), first
    cash, held, wanted = state[CASH], state[HELD], state[WANTED]
    path = (state[PEAK], state[WORTH], state[MOST], state[TOTAL], state[SUM_OF_SQUARES])
    for place in range(len(visits) + 1):
        is_visit = place < len(visits)
        end = visits[place] + 1 if is_visit else steps
        if start < end and wanted != held:
            cash = fill(plan, cash, held, wanted, prices, start, 1, traits, result)
            held = wanted
        # Without a position only the first step can differ from the one before.
        path = along(path, cash, held * multiplier, close, start, end if held != 0.0 else min(start + 1, end))
        start = end
        if not is_visit:
            continue
        step = end - 1
        _, worth, _, _, _ = path
        target = decide(plan, flags[step], wanted, worth, close[step] * multiplier, lot)
        if target != wanted:
            wanted = target
            result[ORDERS] += 1.0
            if not plan.is_next_open and not flags[step] & WAITS:
                cash = fill(plan, cash, held, wanted, prices, step, 0, traits, result)
                held = wanted
    state[CASH], state[HELD], state[WANTED] = cash, held, wanted
    state[PEAK], state[WORTH], state[MOST], state[TOTAL], state[SUM_OF_SQUARES] = path


def fresh(plan: Plan, state: Floats) -> None:
    """Write down the state before the first step."""
    state[CASH] = state[PEAK] = state[WORTH] = plan.cash


def conclude(state: Floats, last_close: float, multiplier: float, result: Floats) -> None:
    """Write down final worth, drawdown and sums of returns; the last orders may have been filled at the last close."""
    peak, before, most = float(state[PEAK]), float(state[WORTH]), float(state[MOST])
    worth = float(state[CASH] + state[HELD] * multiplier * last_close)
    gain = worth / before - 1.0 if before > 0.0 else 0.0
    if peak - worth > most * peak:
        most = (peak - worth) / peak
    result[FINAL], result[DRAWDOWN] = worth, most
    result[RETURNS], result[SQUARES] = state[TOTAL] + gain, state[SUM_OF_SQUARES] + gain * gain


def along(
    path: tuple[float, float, float, float, float], cash: float, units: float, close: Floats, start: int, end: int
) -> tuple[float, float, float, float, float]:
    """Go along the worth of an account without fills; return peak, last worth, drawdown, and the sums of returns."""
    peak, before, most, total, squares = path
    for step in range(start, end):
        worth = cash + units * close[step]
        if worth > peak:
            peak = worth
        elif peak - worth > most * peak:
            most = (peak - worth) / peak
        if before > 0.0:
            gain = worth / before - 1.0
            total += gain
            squares += gain * gain
        before = worth
    return peak, before, most, total, squares


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
    worth = in_cents(worth)
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
    prices: Prices,
    step: int,
    is_open: int,
    traits: Floats,
    result: Floats,
) -> float:
    """Fill an order, and return the cash that is left."""
    lot, multiplier = traits[LOT], traits[MULTIPLIER]
    quantity = wanted - held
    if wanted != 0.0 and held != 0.0:
        quantity = units(math.floor(quantity / lot + 0.5), lot)
    if quantity > 0.0:
        price = prices.buy_open[step] if is_open else prices.buy_close[step]
    else:
        price = prices.sell_open[step] if is_open else prices.sell_close[step]
    close = prices.close[step]
    if plan.slippage_kind == CONSTANT:
        price += close * plan.slippage * (1.0 if quantity > 0.0 else -1.0)
    fee = commission(int(traits[FEE_KIND]), plan.fee, abs(quantity), abs(quantity) * close * multiplier)
    result[FILLS] += 1.0
    result[FEES] += fee
    return float(cash - (quantity * price * multiplier + fee))
