"""Insights: what a strategy expects of a security, for how long, and how that turned out."""

from tradinglab.core.lazy_names import lazy_names

with lazy_names(globals()):
    from tradinglab.algorithm.insights.collection import (
        GeneratedInsightsCollection,
        InsightCollection,
    )
    from tradinglab.algorithm.insights.insight import (
        Insight,
    )
    from tradinglab.algorithm.insights.manager import (
        InsightManager,
    )
    from tradinglab.algorithm.insights.score import (
        InsightScore,
    )

__all__ = [
    "GeneratedInsightsCollection",
    "Insight",
    "InsightCollection",
    "InsightManager",
    "InsightScore",
]
