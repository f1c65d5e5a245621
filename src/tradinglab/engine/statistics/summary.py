"""The summary: LEAN's 27 statistics as the texts that it prints."""

from __future__ import annotations

from decimal import Decimal

from tradinglab.core.decimals import round_half_even
from tradinglab.core.system_decimal import (
    decimal_text,
    double_of,
    double_text,
    fixed_text,
    round_double,
    round_to_significant_digits,
)
from tradinglab.engine.statistics.inputs import StatisticsInput
from tradinglab.engine.statistics.portfolio import PortfolioStatistics

_HUNDRED = Decimal(100)


def summary(source: StatisticsInput, statistics: PortfolioStatistics) -> dict[str, str]:
    """Return the statistics under LEAN's names, formatted as LEAN does, scales included."""
    exact = statistics.exact

    def percent(name: str, digits: int) -> str:
        return decimal_text(round_half_even(exact[name] * _HUNDRED, digits)) + "%"

    def plain(name: str, digits: int) -> str:
        return decimal_text(round_half_even(exact[name], digits))

    def double(name: str) -> str:
        return double_text(round_double(double_of(exact[name]), 3))

    symbol = source.currency_symbol
    return {
        "Total Orders": str(source.total_orders),
        "Average Win": percent("average_win_rate", 2),
        "Average Loss": percent("average_loss_rate", 2),
        "Compounding Annual Return": percent("compounding_annual_return", 3),
        "Drawdown": percent("drawdown", 3),
        "Expectancy": plain("expectancy", 3),
        "Start Equity": plain("start_equity", 2),
        "End Equity": plain("end_equity", 2),
        "Net Profit": percent("total_net_profit", 3),
        "Sharpe Ratio": double("sharpe_ratio"),
        "Sortino Ratio": double("sortino_ratio"),
        "Probabilistic Sharpe Ratio": percent("probabilistic_sharpe_ratio", 3),
        "Loss Rate": percent("loss_rate", 0),
        "Win Rate": percent("win_rate", 0),
        "Profit-Loss Ratio": plain("profit_loss_ratio", 2),
        "Alpha": double("alpha"),
        "Beta": double("beta"),
        "Annual Standard Deviation": double("annual_standard_deviation"),
        "Annual Variance": double("annual_variance"),
        "Information Ratio": double("information_ratio"),
        "Tracking Error": double("tracking_error"),
        "Treynor Ratio": double("treynor_ratio"),
        "Total Fees": symbol + fixed_text(source.total_fees),
        "Estimated Strategy Capacity": symbol + decimal_text(round_to_significant_digits(source.capacity, 2)),
        "Lowest Capacity Asset": source.lowest_capacity_asset,
        "Portfolio Turnover": percent("portfolio_turnover", 2),
        "Drawdown Recovery": str(statistics.drawdown_recovery),
    }
