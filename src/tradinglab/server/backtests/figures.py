"""The figures of a backtest: what each is, which way is better, and where they come from. Knows no Django."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from tradinglab import analytics

if TYPE_CHECKING:
    from datetime import date

    from tradinglab.analytics.arrays import Floats
    from tradinglab.engine.result import BacktestResult


class Unit(StrEnum):
    """What a figure is measured in."""

    FRACTION = "fraction"
    RATIO = "ratio"
    AMOUNT = "amount"
    DAYS = "days"
    COUNT = "count"


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure.

    Attributes
    ----------
    label
        What it is called where people read it.
    unit
        What it is measured in; amounts are in the account's currency.
    is_more_better
        Whether a higher value is the better one; ``None`` where neither is.
    about
        What it is, if the name does not say it.
    """

    label: str
    unit: Unit
    is_more_better: bool | None = None
    about: str = ""


_F, _R, _A, _D, _N = Unit.FRACTION, Unit.RATIO, Unit.AMOUNT, Unit.DAYS, Unit.COUNT

#: The figures by name, in the order in which they are shown. Those without an explanation are LEAN's.
FIGURES: Mapping[str, Figure] = {
    "start_equity": Figure("Start equity", _A),
    "end_equity": Figure("End equity", _A, True),
    "net_profit": Figure("Net profit", _F, True),
    "compounding_annual_return": Figure("Annual return", _F, True),
    "drawdown": Figure("Drawdown", _F, False, "The deepest one, as a positive fraction."),
    "drawdown_recovery": Figure("Drawdown recovery", _D, False, "The longest time from a peak until it was reached."),
    "longest_drawdown": Figure("Longest drawdown", _D, False, "As the recovery, with a drawdown that has not ended."),
    "sharpe_ratio": Figure("Sharpe ratio", _R, True),
    "sortino_ratio": Figure("Sortino ratio", _R, True),
    "probabilistic_sharpe_ratio": Figure("Probabilistic Sharpe ratio", _F, True),
    "calmar_ratio": Figure("Calmar ratio", _R, True, "The annual return over the deepest drawdown of the days."),
    "information_ratio": Figure("Information ratio", _R, True),
    "treynor_ratio": Figure("Treynor ratio", _R, True),
    "alpha": Figure("Alpha", _R, True),
    "beta": Figure("Beta", _R),
    "annual_standard_deviation": Figure("Annual standard deviation", _R, False),
    "annual_variance": Figure("Annual variance", _R, False),
    "tracking_error": Figure("Tracking error", _R, False),
    "ulcer_index": Figure("Ulcer index", _F, False, "The root mean square of the drawdown."),
    "value_at_risk_95": Figure("Value at risk, 95 %", _F, True, "Of a day, negative for a loss."),
    "value_at_risk_99": Figure("Value at risk, 99 %", _F, True, "Of a day, negative for a loss."),
    "conditional_value_at_risk_95": Figure("Conditional value at risk, 95 %", _F, True, "The mean of the worst days."),
    "win_rate": Figure("Win rate", _F, True),
    "loss_rate": Figure("Loss rate", _F, False),
    "average_win_rate": Figure("Average win", _F, True),
    "average_loss_rate": Figure("Average loss", _F, True, "Negative."),
    "profit_loss_ratio": Figure("Profit-loss ratio", _R, True),
    "profit_factor": Figure("Profit factor", _R, True, "The profits of closed trades over their losses."),
    "expectancy": Figure("Expectancy", _R, True),
    "total_trades": Figure("Closed trades", _N),
    "max_consecutive_losing_trades": Figure("Losing trades in a row", _N, False),
    "total_fees": Figure("Fees", _A, False),
    "portfolio_turnover": Figure("Turnover", _F, None, "The mean share of the account that was traded in a day."),
    "exposure": Figure("Exposure", _F, None, "The mean of long and short positions over the account's value."),
    "time_in_market": Figure("Time in the market", _F, None, "The share of days that ended with a position."),
    "capacity": Figure("Estimated capacity", _A, True),
}
#: Those that are whole numbers.
WHOLE_FIGURES = tuple(name for name, each in FIGURES.items() if each.unit in (Unit.COUNT, Unit.DAYS))


def help_of(name: str) -> str:
    """Return what a figure is, in a sentence or two."""
    figure = FIGURES[name]
    measured = {
        Unit.FRACTION: "a fraction",
        Unit.RATIO: "a number",
        Unit.AMOUNT: "in the account's currency",
        Unit.DAYS: "in days",
        Unit.COUNT: "a count",
    }[figure.unit]
    return f"{figure.label}: {measured}. {figure.about}".strip()


def figures_of(result: BacktestResult) -> dict[str, float]:
    """Return the figures of a result; what is undefined, infinite or no number is left out."""
    total = result.statistics_results.total_performance
    portfolio, trades = total.portfolio_statistics, total.trade_statistics
    source = result.record.statistics_input
    figures = {name: float(value) for name, value in portfolio.exact.items() if name in FIGURES}
    figures |= {
        "net_profit": float(portfolio.exact["total_net_profit"]),
        "drawdown_recovery": float(portfolio.drawdown_recovery),
        "total_fees": float(source.total_fees),
        "capacity": float(source.capacity),
        "profit_factor": float(trades.exact["profit_factor"]),
        "total_trades": float(trades.total_number_of_trades),
        "max_consecutive_losing_trades": float(trades.max_consecutive_losing_trades),
        **_of_days(result),
    }
    return {name: value for name, value in figures.items() if math.isfinite(value)}


def _of_days(result: BacktestResult) -> dict[str, float]:
    """Return what the house's own metrics say of the daily equity."""
    from tradinglab.core.clock import zone
    from tradinglab.report.adapter import daily_series

    record = result.record
    days, equity, _ = daily_series(record, zone(record.time_zone))
    figures = _of_positions(result)
    if len(equity) < 2 or min(equity) <= 0:
        return figures
    returns = analytics.simple_returns(equity)
    return figures | {
        "calmar_ratio": float(analytics.calmar_ratio(returns, record.statistics_input.trading_days_per_year)),
        "ulcer_index": float(analytics.ulcer_index(returns)),
        "conditional_value_at_risk_95": float(analytics.conditional_value_at_risk(returns)),
        "longest_drawdown": float(_longest(days, returns)),
    }


def _longest(days: Sequence[date], returns: Floats) -> int:
    lengths = [
        (days[-1 if each.recovery is None else each.recovery] - days[each.peak]).days
        for each in analytics.drawdowns(returns)
    ]
    return max(lengths, default=0)


def _of_positions(result: BacktestResult) -> dict[str, float]:
    samples = [day for day in result.record.sampler.days if day.value > 0]
    if not samples:
        return {}
    gross = [float(sum(abs(each.value) for each in day.holdings) / day.value) for day in samples]
    return {"exposure": float(np.mean(gross)), "time_in_market": float(np.mean(np.array(gross) > 0))}
