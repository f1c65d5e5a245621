"""What trading costs: plain arithmetic, which numba can compile."""

from __future__ import annotations

import math

from tradinglab.data.columns import Floats
from tradinglab.rules.layout import (
    ASK,
    AT_CLOSE,
    AT_LIMIT,
    BID,
    BUY_CLOSE,
    BUY_SIZE,
    CLOSE,
    CONSTANT,
    CURRENCIES,
    FEE_KIND,
    FILL_COUNT,
    FIRST_MAKER,
    FIRST_TAKER,
    FIRST_UNTIL,
    FIXED,
    FREE,
    GIVEN,
    IS_SHARE,
    MADE,
    MAKER,
    MULTIPLIER,
    NO_SLIPPAGE,
    OUT_OF_HOURS,
    PAID,
    PER_UNIT,
    PERCENT_FEE,
    QUOTED,
    RECEIVED,
    SELL_CLOSE,
    SELL_SIZE,
    SENT,
    SHARES,
    TAKEN,
    TAKER,
    TAKES,
    THEN_MAKER,
    THEN_TAKER,
    THEN_UNTIL,
    THERE,
    TIERED,
    VALUED,
    VOLUME,
    WAITS,
    Market,
    Plan,
    State,
)

# Interactive Brokers' fees, as LEAN's ``InteractiveBrokersFeeModel`` has them: of shares by the share, at least a
# dollar and at most a part of the order's value; of currencies by the value, at least two dollars.
_PER_SHARE, _LEAST_OF_SHARES, _MOST_OF_SHARES = 0.005, 1.0, 0.005
_OF_CURRENCIES, _LEAST_OF_CURRENCIES = 0.00002, 2.0
# Public.com's fees of crypto, as LEAN's ``PublicFeeModel`` has them: up to so many dollars so much, above a part.
_OF_LARGE = 0.0125


def slip(plan: Plan, market: Market, security: int, step: int, quantity: float) -> float:
    """Return by how much a fill is worse than the price that it meets."""
    if plan.slippage_kind == NO_SLIPPAGE:
        return 0.0
    close = float(market.prices[security, step, plan.mark])
    if plan.slippage_kind == CONSTANT:
        return close * plan.slippage
    share, volume = plan.slippage, market.prices[security, step, VOLUME]
    if plan.mark != CLOSE:
        volume = market.prices[security, step, BUY_SIZE if quantity > 0.0 else SELL_SIZE]
    if volume > 0.0:
        share = min(abs(quantity) / volume, plan.slippage)
    elif not market.traits[security, IS_SHARE]:
        share = 0.0
    return share * share * plan.slippage_impact * close


def commission(kind: int, amount: float, quantity: float, value: float) -> float:
    """Return the fee of an order of so many units that are worth so much."""
    if kind == SHARES:
        fee = _PER_SHARE * quantity
        if fee < _LEAST_OF_SHARES:
            return _LEAST_OF_SHARES
        return min(fee, _MOST_OF_SHARES * value)
    if kind == CURRENCIES:
        return max(_LEAST_OF_CURRENCIES, _OF_CURRENCIES * value)
    if kind == FIXED:
        return amount
    if kind == PERCENT_FEE:
        return amount * value
    return 0.0 if kind == FREE else modelled(kind, amount, quantity, value)


def modelled(kind: int, rate: float, quantity: float, value: float) -> float:
    """Return the fee of an order by a broker's model that charges at one rate."""
    if kind == PER_UNIT:
        return rate * quantity
    return tiered(value) if kind == TIERED else rate * value


def tiered(value: float) -> float:
    """Return Public.com's fee of an order for crypto."""
    if value <= 10.0:
        return 0.49
    if value <= 25.0:
        return 0.69
    if value <= 50.0:
        return 1.19
    if value <= 100.0:
        return 1.69
    if value <= 250.0:
        return 3.29
    return 6.29 if value <= 500.0 else _OF_LARGE * value


def charge(
    plan: Plan, market: Market, state: State, security: int, step: int, quantity: float, worth: float, limit: float
) -> tuple[float, float]:
    """Return what a broker's model charges for a fill, in dollars, and how many units are taken for it, if it is units.

    Parameters
    ----------
    worth
        What a unit is worth to models that ask an order for its value.
    limit
        The price of an order with a limit; NaN of all others.
    """
    kind, size = int(market.traits[security, FEE_KIND]), abs(quantity)
    multiplier = market.traits[security, MULTIPLIER]
    sent = int(state.table[security, SENT])
    if kind == OUT_OF_HOURS:
        return float(market.traits[security, TAKER] if market.flags[security, sent] & WAITS else 0.0), 0.0
    if kind < QUOTED:
        if kind == TIERED:
            worth = market.prices[security, step, CLOSE]
        return float(modelled(kind, market.traits[security, TAKER], size, size * worth * multiplier)), 0.0
    is_buy, is_maker = quantity > 0.0, not math.isnan(limit) and state.table[security, TAKES] == 0.0
    part = market.traits[security, MAKER if is_maker else TAKER]
    if sent < market.traits[security, FIRST_UNTIL]:
        part = market.traits[security, FIRST_MAKER if is_maker else FIRST_TAKER]
    elif sent < market.traits[security, THEN_UNTIL]:
        part = market.traits[security, THEN_MAKER if is_maker else THEN_TAKER]
    if (kind == RECEIVED and is_buy) or (kind == GIVEN and not is_buy) or (kind == MADE and is_buy and is_maker):
        taken = size * part
        return float(taken * market.prices[security, step, plan.mark] * multiplier), float(taken)
    price = market.prices[security, step, BUY_CLOSE if is_buy else SELL_CLOSE]
    valued = market.traits[security, VALUED]
    if plan.mark != CLOSE:
        price = market.prices[security, step, CLOSE if valued == AT_CLOSE else ASK if is_buy else BID]
    if valued == AT_LIMIT and not math.isnan(limit):
        price = limit
    return float(price * multiplier * size * part), 0.0


def settle_fee(
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
) -> tuple[float, float, float]:
    """Take what a broker's model charges; return its worth, what of it is money, and what is filled."""
    fee, taken = charge(plan, market, state, security, step, quantity, worth, limit)
    if not plan.takes_units:
        return fee, fee, quantity
    at, paid = int(state.account[FILL_COUNT]), fee
    fills[at, TAKEN] = taken
    if taken != 0.0:
        paid = 0.0
        if quantity > 0.0:
            # LEAN fills less, and has the rest paid with money.
            quantity -= taken
            paid, taken = taken * price * market.traits[security, MULTIPLIER], 0.0
    state.table[security, THERE] += quantity
    state.table[security, THERE] -= taken
    fills[at, PAID] = paid
    return fee, float(paid), quantity
