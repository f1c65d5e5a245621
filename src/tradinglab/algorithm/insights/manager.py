"""The insights of an algorithm, and how they come to be."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from tradinglab.algorithm.framework.members import checked_model, member_of, model_name
from tradinglab.algorithm.insights.collection import GeneratedInsightsCollection, InsightCollection
from tradinglab.core.enums import InsightType

if TYPE_CHECKING:
    from tradinglab.algorithm.events import Event
    from tradinglab.algorithm.framework.pipeline import Framework
    from tradinglab.algorithm.insights.insight import Insight
    from tradinglab.algorithm.securities import Security, SecurityManager
    from tradinglab.core.market_hours_database import MarketHoursDatabase
    from tradinglab.core.symbol import Symbol

#: The source of insights that an algorithm emits itself.
_NO_MODEL = "NullAlphaModel"


class InsightAlgorithm(Protocol):
    """The part of an algorithm that its insights need."""

    securities: SecurityManager
    market_hours_database: MarketHoursDatabase
    lab_warned: set[str]
    lab_framework: Framework | None

    @property
    def utc_time(self) -> datetime:
        """The present time, UTC."""
        ...

    @property
    def is_warming_up(self) -> bool:
        """Whether the algorithm is still before its start."""
        ...

    @property
    def insights_generated(self) -> Event:
        """Whom to tell of new insights."""
        ...

    def lab_models(self) -> Framework:
        """Let the engine ask the models at each step."""
        ...

    def error(self, message: str) -> None:
        """Tell the author of an error."""
        ...


class InsightManager(InsightCollection):
    """The insights of an algorithm."""

    def __init__(self, algorithm: InsightAlgorithm) -> None:
        super().__init__()
        self._algorithm = algorithm
        self._score: Any = None

    def set_insight_score_function(self, insight_score_function: Any) -> None:
        """Let an object's ``score`` judge the insights at each step; it is given this and the time, UTC."""
        self._score = checked_model("set_insight_score_function", insight_score_function, ("score",))
        self._algorithm.lab_models()

    def step(self, utc_now: datetime) -> None:
        """Let the insights be judged, if there is somebody to do so."""
        score = None if self._score is None else member_of(self._score, "score")
        if score is not None:
            score(self, utc_now)

    def expire(self, insights: Iterable[Insight | Symbol | str] | None) -> None:
        """Let insights, or all of some securities, have closed a second ago."""
        now = self._algorithm.utc_time
        for each in insights or ():
            found: Any = [each] if hasattr(each, "close_time_utc") else self.try_get_value(each)[1]
            for insight in found or ():
                insight.expire(now)

    def cancel(self, insights: Iterable[Insight | Symbol | str] | None) -> None:
        """Let insights, or all of some securities, have closed a second ago."""
        self.expire(insights)

    def lab_emit(self, insights: list[Insight]) -> list[Insight] | None:
        """Take in what the author emits and return what was taken in; ``None`` during a warm-up, which allows none."""
        algorithm = self._algorithm
        if algorithm.is_warming_up:
            self._complain("Warning: insights emitted during algorithm warmup are ignored.")
            return None
        models = algorithm.lab_framework
        return self.lab_take(insights, _NO_MODEL if models is None else model_name(models.alpha))

    def lab_take(self, insights: list[Insight], source: str) -> list[Insight]:
        """Take in insights, tell who listens, and return what was taken in: nothing of a security that was delisted.

        Parameters
        ----------
        source
            The model that those come from which do not say it.
        """
        algorithm = self._algorithm
        taken = []
        for insight in insights:
            security = algorithm.securities[insight.symbol]
            if security.is_delisted:
                self._complain(
                    "QCAlgorithm.EmitInsights(): Warning: cannot emit insights for delisted securities, these will be "
                    "discarded"
                )
                continue
            self._fill_in(insight, security, source)
            taken.append(insight)
        for insight in taken:
            insight.lab_settle(self.total_count + 1)
            self.add(insight)
        algorithm.insights_generated(algorithm, GeneratedInsightsCollection(algorithm.utc_time, taken))
        return taken

    def _fill_in(self, insight: Insight, security: Security, source: str) -> None:
        algorithm, symbol = self._algorithm, insight.symbol
        insight.generated_time_utc = algorithm.utc_time
        is_price = insight.type == InsightType.PRICE
        insight.exact_reference_value = security.exact_price if is_price else security.volatility_model.exact_volatility
        insight.source_model = insight.source_model or source
        hours = algorithm.market_hours_database.get_exchange_hours(symbol.id.market, symbol, symbol.security_type)
        insight.set_period_and_close_time(hours)

    def _complain(self, message: str) -> None:
        """Tell the author of an error, once."""
        if message not in self._algorithm.lab_warned:
            self._algorithm.lab_warned.add(message)
            self._algorithm.error(message)
