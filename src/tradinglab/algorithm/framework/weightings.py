"""Portfolios whose weights are equal, or said by insights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tradinglab.algorithm.framework.portfolio_models import PortfolioConstructionModel
from tradinglab.core.dual import pascal_case, second_spelling
from tradinglab.core.enums import InsightDirection, PortfolioBias, Resolution

if TYPE_CHECKING:
    from tradinglab.algorithm.insights import Insight


class EqualWeightingPortfolioConstructionModel(PortfolioConstructionModel):
    """Gives every security that an insight has a direction for the same share of the portfolio.

    Parameters
    ----------
    rebalance
        As in :class:`PortfolioConstructionModel`.
    portfolio_bias
        Whether only long or only short positions are taken; insights that go the other way count as flat.
    """

    def __init__(
        self, rebalance: Any = Resolution.DAILY, portfolio_bias: PortfolioBias = PortfolioBias.LONG_SHORT
    ) -> None:
        super().__init__(rebalance)
        self.portfolio_bias = PortfolioBias(portfolio_bias)

    def determine_target_percent(self, active_insights: list[Insight]) -> dict[Insight, float]:
        """Return one share each, long or short as the insight says."""
        count = sum(1 for each in active_insights if self._direction(each) != InsightDirection.FLAT)
        percent = 1 / count if count else 0.0
        return {insight: self._direction(insight) * percent for insight in active_insights}

    def respect_portfolio_bias(self, insight: Insight) -> bool:
        """Return whether an insight goes the way that the portfolio may."""
        return self.portfolio_bias == PortfolioBias.LONG_SHORT or int(insight.direction) == int(self.portfolio_bias)

    def _direction(self, insight: Insight) -> int:
        return int(insight.direction) if self.respect_portfolio_bias(insight) else 0


class InsightWeightingPortfolioConstructionModel(EqualWeightingPortfolioConstructionModel):
    """Gives every security the weight of its insight; where these make more than the portfolio, a part of it.

    Insights without a weight do not count.
    """

    def should_create_target_for_insight(self, insight: Insight) -> bool:
        """Return whether an insight has a weight."""
        return insight.weight is not None

    def determine_target_percent(self, active_insights: list[Insight]) -> dict[Insight, float]:
        """Return the weights, brought down to one in total if they are more."""
        total = sum(self.get_value(each) for each in active_insights if self.respect_portfolio_bias(each))
        factor = 1 / total if total > 1 else 1.0
        return {each: self._direction(each) * self.get_value(each) * factor for each in active_insights}

    def get_value(self, insight: Insight) -> float:
        """Return the weight of an insight, without its sign."""
        return abs(insight.weight or 0.0)


class ConfidenceWeightedPortfolioConstructionModel(InsightWeightingPortfolioConstructionModel):
    """Gives every security the confidence of its insight as weight; those without confidence do not count."""

    def should_create_target_for_insight(self, insight: Insight) -> bool:
        """Return whether an insight has a confidence."""
        return insight.confidence is not None

    def get_value(self, insight: Insight) -> float:
        """Return the confidence of an insight."""
        return insight.confidence or 0.0


# Written out in the class, the name would hide the type.
setattr(EqualWeightingPortfolioConstructionModel, pascal_case("portfolio_bias"), second_spelling("portfolio_bias"))
