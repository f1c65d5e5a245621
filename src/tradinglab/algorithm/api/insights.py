"""Insights that an algorithm emits itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tradinglab.algorithm.api.core import AlgorithmCore
from tradinglab.algorithm.events import EventMember

if TYPE_CHECKING:
    from tradinglab.algorithm.insights import Insight, InsightManager


class InsightMethods(AlgorithmCore):
    """``emit_insights`` and what belongs to it."""

    insights_generated = EventMember(
        "Raised with the algorithm and a ``GeneratedInsightsCollection`` when insights were emitted."
    )

    @property
    def insights(self) -> InsightManager:
        """The insights that were emitted."""
        if self.lab_insights is None:
            from tradinglab.algorithm.insights import InsightManager

            self.lab_insights = InsightManager(self)
        return self.lab_insights

    def emit_insights(self, *insights: Insight | list[Insight]) -> None:
        """Say what is expected of securities that were added: insights one by one, or lists of them.

        They are recorded. Orders follow from them if there is a model of portfolio construction.
        """
        from tradinglab.algorithm.insights.insight import flattened

        taken = self.insights.lab_emit(flattened(insights))
        if taken is not None and self.lab_framework is not None:
            self.lab_framework.process(taken)
