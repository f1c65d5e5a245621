"""The statistics of a run as its strategy sees them while it runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tradinglab.algorithm.securities.mapping import ExtendedDictionary
from tradinglab.core.dual import Dual


class PerformanceMetrics(Dual):
    """The names of LEAN's statistics."""

    ALPHA = "Alpha"
    ANNUAL_STANDARD_DEVIATION = "Annual Standard Deviation"
    ANNUAL_VARIANCE = "Annual Variance"
    AVERAGE_LOSS = "Average Loss"
    AVERAGE_WIN = "Average Win"
    BETA = "Beta"
    COMPOUNDING_ANNUAL_RETURN = "Compounding Annual Return"
    DRAWDOWN = "Drawdown"
    DRAWDOWN_RECOVERY = "Drawdown Recovery"
    END_EQUITY = "End Equity"
    ESTIMATED_STRATEGY_CAPACITY = "Estimated Strategy Capacity"
    EXPECTANCY = "Expectancy"
    INFORMATION_RATIO = "Information Ratio"
    LOSS_RATE = "Loss Rate"
    LOWEST_CAPACITY_ASSET = "Lowest Capacity Asset"
    NET_PROFIT = "Net Profit"
    PORTFOLIO_TURNOVER = "Portfolio Turnover"
    PROBABILISTIC_SHARPE_RATIO = "Probabilistic Sharpe Ratio"
    PROFIT_LOSS_RATIO = "Profit-Loss Ratio"
    SHARPE_RATIO = "Sharpe Ratio"
    SORTINO_RATIO = "Sortino Ratio"
    START_EQUITY = "Start Equity"
    TOTAL_FEES = "Total Fees"
    TOTAL_ORDERS = "Total Orders"
    TRACKING_ERROR = "Tracking Error"
    TREYNOR_RATIO = "Treynor Ratio"
    WIN_RATE = "Win Rate"


class StatisticsSummary(ExtendedDictionary[str, str]):
    """Statistics by name, as text; the author's own are among them."""

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = dict(values)

    def _table(self) -> dict[str, str]:
        return self._values


class RunningStatistics(Dual):
    """The statistics of a run up to now.

    Parameters
    ----------
    results
        The engine's results: ``summary``, ``total_performance`` and ``rolling_performances``.
    own
        The figures that the author added.
    """

    def __init__(self, results: Any, own: Mapping[str, str]) -> None:
        self._results = results
        self._own = own

    @property
    def summary(self) -> StatisticsSummary:
        """The statistics as LEAN prints them, and the author's own."""
        return StatisticsSummary({**self._results.summary, **self._own})

    @property
    def total_performance(self) -> Any:
        """Portfolio and trade statistics over the run so far."""
        return self._results.total_performance

    @property
    def rolling_performances(self) -> Any:
        """The same over rolling windows, by name."""
        return self._results.rolling_performances
