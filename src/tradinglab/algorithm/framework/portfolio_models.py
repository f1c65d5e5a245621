"""Portfolio construction models: what makes targets of insights."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from tradinglab.algorithm.names import Extensions, Time
from tradinglab.algorithm.portfolio_target import PortfolioTarget
from tradinglab.core.dual import Derivable, second_spelling
from tradinglab.core.enums import Resolution

if TYPE_CHECKING:
    from tradinglab.algorithm.insights import Insight
    from tradinglab.algorithm.qc_algorithm import QCAlgorithm
    from tradinglab.algorithm.security_changes import SecurityChanges
    from tradinglab.core.symbol import Symbol

#: What every portfolio construction model has.
PORTFOLIO_METHODS = ("create_targets", "on_securities_changed")
#: Makes of a time, UTC, when to rebalance next; ``None`` to be asked again at the next step.
RebalancingFunc = Callable[[datetime], datetime | None]


class PortfolioConstructionModel(Derivable):
    """Makes targets of the insights that hold. Derive from it and write ``determine_target_percent``.

    Parameters
    ----------
    rebalance
        When to make targets though nothing has changed: a ``timedelta``, a ``Resolution``, a date rule or a function
        that makes of a time (UTC) the next one; ``None`` for every step.

    Attributes
    ----------
    rebalance_on_security_changes, rebalance_on_insight_changes
        Whether to make targets when securities, or insights, have changed, whatever the rule.
    algorithm
        The algorithm for which it last made targets.
    """

    rebalance_on_security_changes = True
    rebalance_on_insight_changes = True
    algorithm: Any = None
    RebalanceOnSecurityChanges = second_spelling("rebalance_on_security_changes")
    RebalanceOnInsightChanges = second_spelling("rebalance_on_insight_changes")
    Algorithm = second_spelling("algorithm")
    _rebalancing_func: RebalancingFunc | None = None
    _rebalancing_time: datetime | None = None
    _has_security_changes = False

    def __init__(self, rebalance: Any = None) -> None:
        self.set_rebalancing_func(rebalance)

    def set_rebalancing_func(self, rebalance: Any) -> None:
        """Say when to make targets though nothing has changed."""
        self._rebalancing_func = rebalancing_func(rebalance)

    def create_targets(self, algorithm: QCAlgorithm, insights: list[Insight]) -> list[PortfolioTarget]:
        """Return the targets of the insights that hold, and none at all if nothing asks for them.

        Parameters
        ----------
        insights
            Those that are new.
        """
        self.algorithm = algorithm
        now = algorithm.utc_time
        if not self.is_rebalance_due(insights, now):
            return []
        active = self.get_target_insights()
        percents = self.determine_target_percent(active)
        targets: list[PortfolioTarget] = []
        failed: set[Symbol] = set()
        for insight in active:
            if insight not in percents:
                continue
            target = PortfolioTarget.percent(algorithm, insight.symbol, percents[insight])
            if target is None:
                failed.add(insight.symbol)
            else:
                targets.append(target)
        expired = dict.fromkeys(each.symbol for each in algorithm.insights.remove_expired_insights(now))
        over = (each for each in expired if not algorithm.insights.has_active_insights(each, now))
        return targets + [PortfolioTarget(symbol, 0) for symbol in over if symbol not in failed]

    def on_securities_changed(self, algorithm: QCAlgorithm, changes: SecurityChanges) -> None:
        """Let the insights of removed securities close."""
        if self.algorithm is None:
            self.algorithm = algorithm
        self._has_security_changes = True
        algorithm.insights.expire(security.symbol for security in changes.removed_securities)

    def get_target_insights(self) -> list[Insight]:
        """Return the insights that targets are made of: the last of each security, of those that hold."""
        latest: dict[Symbol, Insight] = {}
        for insight in self.algorithm.insights.get_active_insights(self.algorithm.utc_time):
            if not self.should_create_target_for_insight(insight):
                continue
            known = latest.get(insight.symbol)
            if known is None or insight.generated_time_utc >= known.generated_time_utc:
                latest[insight.symbol] = insight
        return list(latest.values())

    def should_create_target_for_insight(self, insight: Insight) -> bool:
        """Return whether an insight counts."""
        return True

    @staticmethod
    def filter_invalid_insight_magnitude(algorithm: QCAlgorithm, insights: Iterable[Insight]) -> list[Insight]:
        """Return the insights whose magnitude is within the settings of targets, or that have none."""
        return [insight for insight in insights if _is_valid_magnitude(algorithm, insight)]

    def determine_target_percent(self, active_insights: list[Insight]) -> dict[Insight, float]:
        """Return the fraction of the portfolio's value that each insight's security should have."""
        raise NotImplementedError(
            f"{type(self).__name__} has to say what each insight is worth: write determine_target_percent, or "
            "create_targets."
        )

    def is_rebalance_due(self, insights: list[Insight], algorithm_utc: datetime) -> bool:
        """Return whether targets are to be made now."""
        if self._rebalancing_func is None:
            self._has_security_changes = False
            return True
        if self._rebalancing_time is None:
            self._rebalancing_time = self._rebalancing_func(algorithm_utc)
            if self._rebalancing_time is not None and self._rebalancing_time <= algorithm_utc:
                self._rebalancing_time, self._has_security_changes = None, False
                return True
        if self._is_time(algorithm_utc) or self._is_changed(insights, algorithm_utc):
            self.refresh_rebalance(algorithm_utc)
            return True
        return False

    def refresh_rebalance(self, algorithm_utc: datetime) -> None:
        """Take note that targets were made."""
        if self._rebalancing_func is not None:
            self._rebalancing_time = self._rebalancing_func(algorithm_utc)
        self._has_security_changes = False

    def _is_time(self, utc_time: datetime) -> bool:
        return self._rebalancing_time is not None and self._rebalancing_time <= utc_time

    def _is_changed(self, insights: list[Insight], utc_time: datetime) -> bool:
        if self.rebalance_on_security_changes and self._has_security_changes:
            return True
        if not self.rebalance_on_insight_changes:
            return False
        closes = self.algorithm.insights.get_next_expiry_time()
        return bool(insights) or (closes is not None and closes < utc_time)


class NullPortfolioConstructionModel(PortfolioConstructionModel):
    """Makes no targets."""

    def create_targets(self, algorithm: QCAlgorithm, insights: list[Insight]) -> list[PortfolioTarget]:
        """Return none."""
        return []

    def on_securities_changed(self, algorithm: QCAlgorithm, changes: SecurityChanges) -> None:
        """Do nothing."""


def rebalancing_func(rebalance: Any) -> RebalancingFunc | None:
    """Return the function that a timedelta, a resolution, a date rule or a function means; ``None`` for none."""
    if isinstance(rebalance, Resolution):
        rebalance = Extensions.to_time_span(rebalance)
    if rebalance is None:
        return None
    if isinstance(rebalance, timedelta):
        span = rebalance
        return (lambda time: time + span) if span else None
    if hasattr(rebalance, "get_dates"):
        return _dates_after(rebalance)
    if callable(rebalance):
        return rebalance  # type: ignore[no-any-return]
    raise TypeError(
        f"A rebalancing rule is a timedelta, a Resolution, a date rule or a function of a time; it was {rebalance!r}."
    )


def _dates_after(rule: Any) -> RebalancingFunc:
    """Return a function that steps through the dates of a rule: it stays at one until that has come."""
    dates: Iterator[datetime] | None = None
    current: datetime = Time.END_OF_TIME

    def next_date(time: datetime) -> datetime:
        nonlocal dates, current
        if dates is None:
            found: Iterable[datetime] = rule.get_dates(time, Time.END_OF_TIME)
            dates = iter(found)
            current = next(dates, Time.END_OF_TIME)
        if time >= current:
            current = next(dates, Time.END_OF_TIME)
        return current

    return next_date


def _is_valid_magnitude(algorithm: QCAlgorithm, insight: Insight) -> bool:
    """Return whether the magnitude of an insight is within the settings of targets; if not, say so."""
    if not insight.magnitude:
        return True
    settings = algorithm.settings
    least, most = settings.min_absolute_portfolio_target_percentage, settings.max_absolute_portfolio_target_percentage
    if least <= abs(insight.magnitude) <= most:
        return True
    algorithm.error(
        f"The magnitude {insight.magnitude} of an insight on {insight.symbol} is not between "
        f"settings.min_absolute_portfolio_target_percentage ({least}) and max_absolute_portfolio_target_percentage "
        f"({most}). The insight is skipped."
    )
    return False
