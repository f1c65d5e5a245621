"""What trading costs: plain arithmetic, which numba can compile."""

from __future__ import annotations

from tradinglab.rules.layout import (
    CLOSE,
    CONSTANT,
    CURRENCIES,
    FIXED,
    IS_SHARE,
    NO_SLIPPAGE,
    PERCENT_FEE,
    SHARES,
    VOLUME,
    Market,
    Plan,
)

# Interactive Brokers' fees, as LEAN's ``InteractiveBrokersFeeModel`` has them: of shares by the share, at least a
# dollar and at most a part of the order's value; of currencies by the value, at least two dollars.
_PER_SHARE, _LEAST_OF_SHARES, _MOST_OF_SHARES = 0.005, 1.0, 0.005
_OF_CURRENCIES, _LEAST_OF_CURRENCIES = 0.00002, 2.0


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
    return 0.0
