"""The limit of an account's drawdown: when it is reached, and how long nothing is entered then.

Plain arithmetic, which numba can compile.
"""

from __future__ import annotations

from tradinglab.rules.layout import HALTED, PEAK, Market, Plan, State
from tradinglab.rules.sizing import equity

#: What the account may lack of a fall to its limit, as a fraction of the peak, and still be there: noise of sums.
FALL_TOLERANCE = 1e-9


def is_halted(plan: Plan, market: Market, state: State, step: int) -> bool:
    """Return whether the account has fallen to its limit at a step, or waits since it did."""
    account = state.account
    if account[HALTED] > 0.0:
        # One at the step at which the limit was reached.
        account[HALTED] += 1.0
        if account[HALTED] - 1.0 > plan.drawdown_wait:
            account[HALTED] = account[PEAK] = 0.0
    if account[HALTED] == 0.0:
        worth = equity(plan, market, state, step)
        account[PEAK] = max(account[PEAK], worth)
        if worth <= account[PEAK] * (1.0 - plan.drawdown + FALL_TOLERANCE):
            account[HALTED] = 1.0
    return bool(account[HALTED] > 0.0)
