"""A portfolio in which insights add up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tradinglab.algorithm.framework.portfolio_models import PortfolioConstructionModel
from tradinglab.core.dual import pascal_case, second_spelling
from tradinglab.core.enums import InsightDirection, PortfolioBias

if TYPE_CHECKING:
    from tradinglab.algorithm.insights import Insight
    from tradinglab.core.symbol import Symbol


class AccumulativeInsightPortfolioConstructionModel(PortfolioConstructionModel):
    """Gives a security a share of the portfolio for each insight that holds; flat ones take a share back.

    Parameters
    ----------
    rebalance
        As in :class:`PortfolioConstructionModel`.
    portfolio_bias
        Whether only long or only short positions are taken.
    percent
        The share that one insight is worth, as a fraction.
    """

    Percent = second_spelling("percent")

    def __init__(
        self, rebalance: Any = None, portfolio_bias: PortfolioBias = PortfolioBias.LONG_SHORT, percent: float = 0.03
    ) -> None:
        super().__init__(rebalance)
        self.portfolio_bias = PortfolioBias(portfolio_bias)
        self.percent = abs(float(percent))

    def get_target_insights(self) -> list[Insight]:
        """Return all insights that hold, the first first."""
        active = self.algorithm.insights.get_active_insights(self.algorithm.utc_time)
        counted = filter(self.should_create_target_for_insight, active)
        return sorted(counted, key=lambda insight: insight.generated_time_utc)

    def determine_target_percent(self, active_insights: list[Insight]) -> dict[Insight, float]:
        """Return the sum of the shares for the first insight of each security."""
        sums: dict[Symbol, float] = {}
        firsts: dict[Symbol, Insight] = {}
        for insight in active_insights:
            firsts.setdefault(insight.symbol, insight)
            sums[insight.symbol] = self._next(sums.get(insight.symbol, 0.0), insight.direction)
        return {insight: sums[symbol] for symbol, insight in firsts.items()}

    def _next(self, share: float, direction: InsightDirection) -> float:
        if direction == InsightDirection.FLAT:
            share = 0.0 if abs(share) < self.percent else share - self.percent if share > 0 else share + self.percent
        share += self.percent * int(direction)
        sign = (share > 0) - (share < 0)
        is_allowed = self.portfolio_bias in (PortfolioBias.LONG_SHORT, sign)
        return share if is_allowed else 0.0


# Written out in the class, the name would hide the type.
setattr(AccumulativeInsightPortfolioConstructionModel, pascal_case("portfolio_bias"), second_spelling("portfolio_bias"))
