"""Several strategies as one portfolio."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tradinglab.analytics.arrays import NAN, TRADING_DAYS, Floats, ParameterError, as_columns, defined, floats, positive
from tradinglab.analytics.drawdowns import max_drawdown
from tradinglab.analytics.performance import sharpe_ratio
from tradinglab.analytics.portfolio.inputs import as_side_by_side, as_vector
from tradinglab.analytics.portfolio.risk import correlation_matrix
from tradinglab.core.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Combination:
    """Strategies that share one account.

    Attributes
    ----------
    returns
        Of the combination, over the periods in which every strategy has one, shape (periods,).
    weights
        Of each strategy at the start, shape (strategies,).
    correlation
        Of the strategies, shape (strategies, strategies).
    volatility
        Annualised, of the combination.
    marginal_risk
        How much that rises with each weight: the covariance with the combination over its volatility, annualised,
        shape (strategies,).
    risk_share
        How much of the combination's variance each strategy brings, shape (strategies,); if rebalanced, they add up to
        one.
    max_drawdown
        Of the combination, zero or a fraction below it.
    max_drawdowns
        Of each strategy alone, shape (strategies,).
    sharpe_ratio
        Of the combination.
    sharpe_ratios
        Of each strategy alone, shape (strategies,).
    sharpe_without
        Of the combination without each strategy, the others keeping their proportions, shape (strategies,): above
        :attr:`sharpe_ratio`, it would be better without.
    """

    returns: Floats
    weights: Floats
    correlation: Floats
    volatility: float
    marginal_risk: Floats
    risk_share: Floats
    max_drawdown: float
    max_drawdowns: Floats
    sharpe_ratio: float
    sharpe_ratios: Floats
    sharpe_without: Floats


def combine(
    returns: npt.ArrayLike,
    weights: npt.ArrayLike | None = None,
    *,
    rebalanced: bool = True,
    periods_per_year: float = TRADING_DAYS,
) -> Combination:
    """Return what strategies come to together.

    Parameters
    ----------
    returns
        Of the strategies side by side, shape (periods, strategies). Periods in which one has none are left out.
    weights
        Of each strategy, in fractions of the account; equal by default. What they lack to one earns nothing.
    rebalanced
        Whether the weights are restored in every period; else each strategy keeps what it earns.
    periods_per_year
        What annualises.

    Raises
    ------
    SampleError
        If there are fewer than two periods with all strategies, or another number of weights.
    ParameterError
        If all weights are zero.
    """
    positive(periods_per_year, "periods_per_year")
    table = as_side_by_side(as_columns(returns))
    count = table.shape[1]
    held = np.full(count, 1 / count) if weights is None else as_vector(weights, count, "weights")
    if not held.any():
        raise ParameterError("weights must not all be 0")
    with np.errstate(all="ignore"):
        together = _together(table, held, rebalanced)
        centred = together - np.mean(together)
        variance = float(centred @ centred) / (len(table) - 1)
        # What each strategy moves together with the whole; its weight times that is its part of the variance.
        shared = (table - table.mean(axis=0)).T @ centred / (len(table) - 1)
        volatility = float(np.sqrt(variance))
        without = [_together(table, _left_out(held, each), rebalanced) for each in range(count)]
        return Combination(
            returns=together,
            weights=held,
            correlation=correlation_matrix(table),
            volatility=volatility * float(np.sqrt(periods_per_year)),
            marginal_risk=defined(shared / volatility * np.sqrt(periods_per_year)),
            risk_share=defined(held * shared / variance),
            max_drawdown=float(max_drawdown(together)),
            max_drawdowns=floats(max_drawdown(table)),
            sharpe_ratio=float(sharpe_ratio(together, periods_per_year=periods_per_year)),
            sharpe_ratios=floats(sharpe_ratio(table, periods_per_year=periods_per_year)),
            sharpe_without=floats(sharpe_ratio(np.column_stack(without), periods_per_year=periods_per_year)),
        )


def _together(table: Floats, weights: Floats, rebalanced: bool) -> Floats:
    if rebalanced:
        return floats(table @ weights)
    wealth = np.cumprod(1 + table, axis=0) @ weights + (1 - weights.sum())
    before = np.concatenate([[1.0], wealth[:-1]])
    return defined(np.where(before > 0, wealth / before - 1, NAN))


def _left_out(weights: Floats, number: int) -> Floats:
    others = weights.copy()
    others[number] = 0.0
    total = float(others.sum())
    return others * (weights.sum() / total) if total else others
