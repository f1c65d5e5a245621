"""Portfolios whose weights an optimizer finds in the returns of the past."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tradinglab.algorithm.framework.indicator_alphas import past_bars
from tradinglab.algorithm.framework.members import member_of
from tradinglab.algorithm.framework.optimizers import MinimumVariancePortfolioOptimizer, RiskParityPortfolioOptimizer
from tradinglab.algorithm.framework.past_returns import (
    ReturnsSymbolData,
    checked_optimizer,
    returns_matrix,
)
from tradinglab.algorithm.framework.portfolio_models import PortfolioConstructionModel
from tradinglab.algorithm.names import ArgumentException
from tradinglab.algorithm.runtime import AlgorithmError
from tradinglab.core.enums import PortfolioBias, Resolution

if TYPE_CHECKING:
    from tradinglab.algorithm.framework.quadratic import Floats
    from tradinglab.algorithm.insights import Insight
    from tradinglab.algorithm.qc_algorithm import QCAlgorithm
    from tradinglab.algorithm.securities import Security
    from tradinglab.algorithm.security_changes import SecurityChanges
    from tradinglab.core.symbol import Symbol


class OptimizedPortfolioConstructionModel(PortfolioConstructionModel):
    """Base of the models that keep the returns of their securities and have an optimizer."""

    def __init__(self, rebalance: Any, lookback: int, period: int, resolution: Resolution, optimizer: Any) -> None:
        super().__init__(rebalance)
        if lookback < 1 or period < 1:
            raise ArgumentException(
                f"{type(self).__name__}: lookback and period are one bar or more; they were {lookback} and {period}."
            )
        self._lookback, self._period = int(lookback), int(period)
        self._resolution = Resolution(resolution)
        self._optimizer = optimizer
        self._returns: dict[Symbol, ReturnsSymbolData] = {}

    def on_securities_changed(self, algorithm: QCAlgorithm, changes: SecurityChanges) -> None:
        """Take in the returns of added securities, and forget those of removed ones."""
        super().on_securities_changed(algorithm, changes)
        for security in changes.removed_securities:
            kept = self._returns.pop(security.symbol, None)
            if kept is not None:
                self._let_go(algorithm, kept)
        for security in changes.added_securities:
            if security.symbol not in self._returns:
                self._returns[security.symbol] = self._take_in(algorithm, security)

    def _take_in(self, algorithm: QCAlgorithm, security: Security) -> ReturnsSymbolData:
        """Return the returns of a security over the last bars."""
        kept = ReturnsSymbolData(security.symbol, self._lookback, self._period)
        for bar in past_bars(algorithm, security.symbol, self._lookback * self._period, self._resolution):
            kept.update(bar.end_time, bar.value)
        return kept

    def _let_go(self, algorithm: QCAlgorithm, kept: ReturnsSymbolData) -> None:
        kept.reset()

    def _weights(self, size: int, returns: Floats, expected: Any = None, covariance: Any = None) -> list[float]:
        """Return the weights that the optimizer finds, one for each of so many securities; none if there are none.

        Raises
        ------
        AlgorithmError
            If it finds more or fewer.
        """
        optimize = member_of(self._optimizer, "optimize")
        assert optimize is not None  # asked for when the model was made
        found = optimize(returns, expected, covariance) if len(returns) else None
        weights = [] if found is None else [float(weight) for weight in found]
        name = f"{type(self._optimizer).__name__}.optimize"
        if weights and len(weights) != size:
            raise AlgorithmError(
                f"{name} returned {len(weights)} weights for {size} securities; it returns one for each, in the order "
                "of the columns."
            )
        if not np.isfinite(weights).all():
            self.algorithm.error(f"{name} found no weights in {len(returns)} returns of {size} securities.")
            return []
        return weights


class MeanVarianceOptimizationPortfolioConstructionModel(OptimizedPortfolioConstructionModel):
    """Weights securities by an optimizer over their returns, the magnitudes of insights as the last of them.

    Parameters
    ----------
    rebalance
        As in :class:`PortfolioConstructionModel`.
    portfolio_bias
        Whether only long or only short positions are taken.
    lookback, period, resolution
        A return is over ``lookback`` bars of this resolution; so many (``period``) are kept.
    target_return
        What the portfolio is to return in that time.
    optimizer
        What finds the weights: by default the least variance for that return.
    """

    def __init__(
        self,
        rebalance: Any = Resolution.DAILY,
        portfolio_bias: PortfolioBias = PortfolioBias.LONG_SHORT,
        lookback: int = 1,
        period: int = 63,
        resolution: Resolution = Resolution.DAILY,
        target_return: float = 0.02,
        optimizer: Any = None,
    ) -> None:
        self._bias = PortfolioBias(portfolio_bias)
        ours = MinimumVariancePortfolioOptimizer(*bounds_of(self._bias), target_return)
        chosen = checked_optimizer("MeanVarianceOptimizationPortfolioConstructionModel", optimizer, ours)
        super().__init__(rebalance, lookback, period, resolution, chosen)

    def should_create_target_for_insight(self, insight: Insight) -> bool:
        """Take the magnitude of an insight as the last return of its security; return whether the insight counts.

        Raises
        ------
        AlgorithmError
            If the insight has none.
        """
        if not self.filter_invalid_insight_magnitude(self.algorithm, [insight]):
            return False
        kept = self._returns.get(insight.symbol)
        if kept is not None:
            if insight.magnitude is None:
                raise AlgorithmError(
                    f"{type(self).__name__}: an insight of {insight.source_model or 'the algorithm'} on "
                    f"{insight.symbol} has no magnitude; take an alpha model whose insights have one."
                )
            kept.add(self.algorithm.time, insight.magnitude)
        return True

    def determine_target_percent(self, active_insights: list[Insight]) -> dict[Insight, float]:
        """Return the weights; none while there are no returns."""
        symbols = [insight.symbol for insight in active_insights]
        weights = self._weights(len(symbols), returns_matrix(self._returns, symbols))
        pairs = zip(active_insights, weights, strict=False)
        return {insight: within_bias(weight, self._bias) for insight, weight in pairs}


class RiskParityPortfolioConstructionModel(OptimizedPortfolioConstructionModel):
    """Weights securities so that each brings the same share of the risk; all positions are long.

    Parameters
    ----------
    rebalance
        As in :class:`PortfolioConstructionModel`.
    portfolio_bias
        ``LONG_SHORT`` or ``LONG``, which are the same here.
    lookback, period, resolution
        A return is over ``lookback`` bars of this resolution; so many (``period``) are kept.
    optimizer
        What finds the weights, if not the model itself.
    """

    def __init__(
        self,
        rebalance: Any = Resolution.DAILY,
        portfolio_bias: PortfolioBias = PortfolioBias.LONG_SHORT,
        lookback: int = 1,
        period: int = 252,
        resolution: Resolution = Resolution.DAILY,
        optimizer: Any = None,
    ) -> None:
        if PortfolioBias(portfolio_bias) == PortfolioBias.SHORT:
            raise ArgumentException(
                "RiskParityPortfolioConstructionModel takes long positions; portfolio_bias was SHORT, give LONG."
            )
        chosen = checked_optimizer("RiskParityPortfolioConstructionModel", optimizer, RiskParityPortfolioOptimizer())
        super().__init__(rebalance, lookback, period, resolution, chosen)

    def determine_target_percent(self, active_insights: list[Insight]) -> dict[Insight, float]:
        """Return the weights; none while there are no returns."""
        symbols = [insight.symbol for insight in active_insights]
        weights = self._weights(len(symbols), returns_matrix(self._returns, symbols))
        return dict(zip(active_insights, weights, strict=False))

    def _take_in(self, algorithm: QCAlgorithm, security: Security) -> ReturnsSymbolData:
        kept = super()._take_in(algorithm, security)
        algorithm.register_indicator(security.symbol, kept.roc, self._resolution)
        return kept

    def _let_go(self, algorithm: QCAlgorithm, kept: ReturnsSymbolData) -> None:
        super()._let_go(algorithm, kept)
        algorithm.unregister_indicator(kept.roc)


def bounds_of(bias: PortfolioBias) -> tuple[float, float]:
    """Return the bounds of weights in a portfolio."""
    return (0.0 if bias == PortfolioBias.LONG else -1.0), (0.0 if bias == PortfolioBias.SHORT else 1.0)


def within_bias(weight: float, bias: PortfolioBias) -> float:
    """Return a weight, or zero if it goes the way that the portfolio may not."""
    is_allowed = bias == PortfolioBias.LONG_SHORT or np.sign(weight) == int(bias)
    return weight if is_allowed else 0.0
