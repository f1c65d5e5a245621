"""A portfolio that joins what insights expect with what the market seems to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tradinglab.algorithm.framework.indicator_alphas import past_bars
from tradinglab.algorithm.framework.optimized_portfolios import (
    OptimizedPortfolioConstructionModel,
    bounds_of,
    within_bias,
)
from tradinglab.algorithm.framework.optimizers import MaximumSharpeRatioPortfolioOptimizer, covariance_of
from tradinglab.algorithm.framework.past_returns import (
    ReturnsSymbolData,
    checked_optimizer,
    returns_matrix,
)
from tradinglab.algorithm.names import Extensions
from tradinglab.core.enums import InsightDirection, PortfolioBias, Resolution

if TYPE_CHECKING:
    from tradinglab.algorithm.framework.quadratic import Floats
    from tradinglab.algorithm.insights import Insight
    from tradinglab.algorithm.qc_algorithm import QCAlgorithm
    from tradinglab.algorithm.securities import Security
    from tradinglab.core.symbol import Symbol

_DAYS_A_YEAR = 252


class BlackLittermanOptimizationPortfolioConstructionModel(OptimizedPortfolioConstructionModel):
    """Weights securities by an optimizer over returns in which insights are views on the market.

    F. Black, R. Litterman: Global portfolio optimization, 1992.

    The returns that the market seems to expect are those at which holding all securities alike would be best. The
    insights of one alpha model are one view: how far its ups and downs lead. Both are joined, each by its uncertainty.

    Parameters
    ----------
    rebalance
        As in :class:`PortfolioConstructionModel`.
    portfolio_bias
        Whether only long or only short positions are taken.
    lookback, period, resolution
        A return is over ``lookback`` bars of this resolution; so many (``period``) are kept.
    risk_free_rate
        What is earned in a year without risk.
    delta
        How much the covariance counts: an aversion to risk.
    tau
        How uncertain the market's expectation is, as a share of the covariance.
    optimizer
        What finds the weights: by default the highest Sharpe ratio.
    """

    def __init__(
        self,
        rebalance: Any = Resolution.DAILY,
        portfolio_bias: PortfolioBias = PortfolioBias.LONG_SHORT,
        lookback: int = 1,
        period: int = 63,
        resolution: Resolution = Resolution.DAILY,
        risk_free_rate: float = 0.0,
        delta: float = 2.5,
        tau: float = 0.05,
        optimizer: Any = None,
    ) -> None:
        self._bias = PortfolioBias(portfolio_bias)
        self._risk_free_rate, self._delta, self._tau = float(risk_free_rate), float(delta), float(tau)
        ours = MaximumSharpeRatioPortfolioOptimizer(*bounds_of(self._bias), self._risk_free_rate)
        chosen = checked_optimizer("BlackLittermanOptimizationPortfolioConstructionModel", optimizer, ours)
        super().__init__(rebalance, lookback, period, resolution, chosen)

    def should_create_target_for_insight(self, insight: Insight) -> bool:
        """Return whether the magnitude of an insight is within the settings."""
        return bool(self.filter_invalid_insight_magnitude(self.algorithm, [insight]))

    def get_target_insights(self) -> list[Insight]:
        """Return the last insight of each alpha model on each security, by ticker."""
        latest: dict[tuple[Symbol, str | None], Insight] = {}
        for insight in self.algorithm.insights.get_active_insights(self.algorithm.utc_time):
            if not self.should_create_target_for_insight(insight):
                continue
            key = (insight.symbol, insight.source_model)
            known = latest.get(key)
            if known is None or insight.generated_time_utc >= known.generated_time_utc:
                latest[key] = insight
        return sorted(latest.values(), key=lambda insight: insight.symbol)

    def determine_target_percent(self, active_insights: list[Insight]) -> dict[Insight, float]:
        """Return the weights; none without a view, or while there are no returns."""
        known = [insight for insight in active_insights if insight.symbol in self._returns]
        views = self.get_views(known)
        if views is None:
            return {}
        for insight in known:
            self._returns[insight.symbol].add(insight.generated_time_utc, insight.magnitude)  # type: ignore[arg-type]
        firsts: dict[Symbol, Insight] = {}
        for insight in known:
            firsts.setdefault(insight.symbol, insight)
        returns = returns_matrix(self._returns, firsts)
        if not len(returns):
            return {}
        expected, covariance = self.get_equilibrium_returns(returns)
        expected, covariance = self._posterior(expected, covariance, *views)
        weights = self._weights(len(firsts), returns, expected, covariance)
        return {
            insight: within_bias(weight, self._bias)
            for insight, weight in zip(firsts.values(), weights, strict=False)
        }  # fmt: skip

    def get_equilibrium_returns(self, returns: Floats) -> tuple[Floats, Floats]:
        """Return the returns of a year that the market seems to expect over the free one, and their covariance."""
        count = returns.shape[1]
        weights = np.full(count, 1.0 / count)
        with np.errstate(all="ignore"):  # of a single row there is no covariance
            covariance = covariance_of(returns) * _DAYS_A_YEAR
            year = weights @ ((returns.mean(axis=0) + 1.0) ** _DAYS_A_YEAR - 1.0)
            aversion = (year - self._risk_free_rate) / (weights @ covariance @ weights)
        return np.asarray(covariance @ weights * aversion), np.asarray(covariance)

    def get_views(self, insights: list[Insight]) -> tuple[Floats, Floats] | None:
        """Return the views: a row for each alpha model with the share of each security, and what each view is worth.

        ``None`` if there is no view, or one without a size.
        """
        by_model: dict[str | None, dict[Symbol, Insight]] = {}
        for insight in insights:
            by_model.setdefault(insight.source_model, {})[insight.symbol] = insight
        symbols = dict.fromkeys(insight.symbol for insight in insights)
        rows, sizes = [], []
        for view in by_model.values():
            if any(insight.magnitude is None for insight in view.values()):
                return None
            size = max(_total(view, InsightDirection.UP), _total(view, InsightDirection.DOWN))
            if not size:
                return None
            shares = {symbol: int(each.direction) * abs(each.magnitude or 0.0) / size for symbol, each in view.items()}
            # LEAN puts the securities that a view does not name at its end, whatever their place among the returns.
            rows.append([*shares.values(), *(0.0 for symbol in symbols if symbol not in shares)])
            sizes.append(size)
        return (np.array(rows), np.array(sizes)) if rows else None

    def _posterior(self, expected: Floats, covariance: Floats, views: Floats, sizes: Floats) -> tuple[Floats, Floats]:
        """Return expected returns and covariance when the views are taken into account: the master equation."""
        doubt = np.diag(np.diag(views @ covariance @ views.T * self._tau))
        if not np.linalg.det(doubt):
            return expected, covariance
        prior = covariance * self._tau
        pull = prior @ views.T @ np.linalg.inv(views @ prior @ views.T + doubt)
        return (
            expected + pull @ (sizes - views @ expected),
            (covariance + prior - pull @ views @ prior) * self._delta,
        )

    def _take_in(self, algorithm: QCAlgorithm, security: Security) -> ReturnsSymbolData:
        """Return the returns of a security, by UTC: that is what the times of insights are in."""
        kept = ReturnsSymbolData(security.symbol, self._lookback, self._period)
        zone = security.exchange.hours.time_zone
        for bar in past_bars(algorithm, security.symbol, self._lookback * self._period, self._resolution):
            kept.update(Extensions.convert_to_utc(bar.end_time, zone), bar.value)
        return kept


def _total(view: dict[Symbol, Insight], direction: InsightDirection) -> float:
    return sum(abs(each.magnitude or 0.0) for each in view.values() if each.direction == direction)
