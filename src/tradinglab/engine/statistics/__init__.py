"""LEAN's statistics, computed from a run's samples."""

from tradinglab.engine.statistics.builder import AlgorithmPerformance, StatisticsResults, build_statistics
from tradinglab.engine.statistics.inputs import StatisticsInput
from tradinglab.engine.statistics.portfolio import PortfolioStatistics
from tradinglab.engine.statistics.trades import TradeStatistics

__all__ = [
    "AlgorithmPerformance",
    "PortfolioStatistics",
    "StatisticsInput",
    "StatisticsResults",
    "TradeStatistics",
    "build_statistics",
]
