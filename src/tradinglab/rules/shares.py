"""The shares of portfolios whose weights follow from returns, or which have limits, at each step of rebalancing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

import numpy as np

from tradinglab.rules import layout, weighing
from tradinglab.rules.expressions import Number, Reference
from tradinglab.rules.portfolios import BlackLittermanShares, CalmShares, EqualShares
from tradinglab.rules.views import shares_by_views

if TYPE_CHECKING:
    from tradinglab.data.columns import Floats, Ints
    from tradinglab.rules.schema import Rules

#: How shares follow from returns.
METHODS: Final[dict[str, Callable[[Floats], Floats]]] = {
    "minimum_variance": weighing.minimum_variance,
    "maximum_sharpe": weighing.maximum_sharpe,
    "risk_parity": weighing.risk_parity,
    "hierarchical_risk_parity": weighing.hierarchical_risk_parity,
}


def is_weighed(rules: Rules) -> bool:
    """Return whether the shares of a portfolio are worked out before the walk."""
    if rules.rebalance is None:
        return False
    has_limits = rules.limits is not None and (rules.limits.position_percent is not None or rules.limits.sectors)
    return bool(has_limits) or not isinstance(rules.rebalance.weighting, (EqualShares, CalmShares))


def shares_of(
    rules: Rules, values: Mapping[str, float], flags: Ints, seen_closes: Floats, ranges: Floats, starts: Ints
) -> Floats:
    """Return the shares of securities at the steps of rebalancing, ``[security, step]``; zero elsewhere.

    Parameters
    ----------
    seen_closes
        Those of the warm-up, then those of the steps; without those at which there are quotes alone.
    ranges
        Of which the ranks are read, and volatilities if shares are their inverse.
    """
    portfolio = rules.rebalance
    assert portfolio is not None
    top = int(_number(portfolio.top, values))
    weighting = portfolio.weighting
    found = np.zeros(flags.shape)
    known = np.where(seen_closes > 0.0, seen_closes, np.nan)
    has_bar = np.bitwise_or.reduce(flags & np.uint8(layout.BAR), axis=0) != 0
    # The place of each step among the closes.
    places = known.shape[1] - 1 - np.count_nonzero(has_bar) + np.cumsum(has_bar)
    for step in starts.tolist():
        ranks = ranges[layout.RANK, :, step]
        wanted = np.uint8(layout.BAR | layout.ENTER_LONG)
        eligible = (flags[:, step] & wanted == wanted) & ~np.isnan(ranks)
        if isinstance(weighting, CalmShares):
            rates = ranges[layout.RATE, :, step]
            eligible &= rates > 0.0
        elif not isinstance(weighting, EqualShares):
            bars = int(_number(weighting.bars, values))
            last = int(places[step])
            if last < bars:
                continue
            table = np.ascontiguousarray(known[:, last - bars : last + 1].T)
            returns = table[1:] / table[:-1] - 1
            eligible &= np.ptp(returns, axis=0) > 0
        chosen = np.flatnonzero(eligible)
        chosen = chosen[np.argsort(-ranks[chosen], kind="stable")][:top]
        if not len(chosen):
            continue
        if isinstance(weighting, EqualShares):
            shares = np.full(len(chosen), 1.0 / len(chosen))
        elif isinstance(weighting, CalmShares):
            total = 0.0
            for place in chosen:
                total += 1.0 / float(rates[place])
            shares = 1.0 / rates[chosen] / total
        elif isinstance(weighting, BlackLittermanShares):
            shares = shares_by_views(weighting, rules, values, returns, chosen.tolist())
        else:
            shares = METHODS[weighting.kind](returns[:, chosen])
        found[chosen, step] = _limited(rules, values, shares, chosen)
    return found


def _limited(rules: Rules, values: Mapping[str, float], shares: Floats, chosen: Ints) -> Floats:
    """Return shares within their limits; what a limit cuts off stays cash."""
    limits = rules.limits
    if limits is None:
        return shares
    if limits.position_percent is not None:
        shares = np.minimum(shares, _number(limits.position_percent, values) / 100)
    tickers = [each.ticker.upper() for each in rules.universe]
    for sector in limits.sectors:
        members = {tickers.index(each.upper()) for each in sector.tickers}
        total = 0.0
        for place, share in zip(chosen.tolist(), shares.tolist(), strict=True):
            total += share if place in members else 0.0
        most = _number(sector.percent, values) / 100
        if total > most:
            inside = np.array([place in members for place in chosen.tolist()])
            shares = np.where(inside, shares * (most / total), shares)
    return shares


def _number(given: Number, values: Mapping[str, float]) -> float:
    return values[given.parameter] if isinstance(given, Reference) else given
