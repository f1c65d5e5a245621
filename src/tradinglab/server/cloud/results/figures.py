"""QuantConnect's statistics as the figures by which backtests are found, and with all digits."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Final

from tradinglab import analytics
from tradinglab.core.clock import from_ns, zone
from tradinglab.quantconnect.models.backtests import Backtest
from tradinglab.server.backtests.figures import FIGURES, WHOLE_FIGURES
from tradinglab.server.cloud.results.points import Point, Stair, finite, series_of, summed
from tradinglab.server.cloud.results.reading import RemoteResult
from tradinglab.server.cloud.results.tables import day_points, equity_points

#: Days end at midnight where most algorithms live; QuantConnect does not say where this one does.
_ZONE: Final = "America/New_York"
_HUMP: Final = re.compile(r"(?<=[a-z])(?=[A-Z0-9])|(?<=[0-9])(?=[A-Z])")
_NUMBER: Final = re.compile(r"-?[\d,]*\.?\d+(?:[eE][+-]?\d+)?")
_LARGEST_WHOLE: Final = (1 << 31) - 1
#: Figures that are called otherwise there: where they stand, and their name.
_OF_PORTFOLIO: Final = {"net_profit": "totalNetProfit", "drawdown_recovery": "drawdownRecovery"}
_OF_TRADES: Final = {
    "profit_factor": "profitFactor",
    "total_trades": "totalNumberOfTrades",
    "max_consecutive_losing_trades": "maxConsecutiveLosingTrades",
    "total_fees": "totalFees",
}
#: Those that the texts for people have, if nothing more exact is there; percentages are fractions here.
_OF_TEXTS: Final = {
    "compounding_annual_return": "Compounding Annual Return",
    "drawdown": "Drawdown",
    "net_profit": "Net Profit",
    "sharpe_ratio": "Sharpe Ratio",
    "sortino_ratio": "Sortino Ratio",
    "probabilistic_sharpe_ratio": "Probabilistic Sharpe Ratio",
    "win_rate": "Win Rate",
    "loss_rate": "Loss Rate",
    "profit_loss_ratio": "Profit-Loss Ratio",
    "average_win_rate": "Average Win",
    "average_loss_rate": "Average Loss",
    "expectancy": "Expectancy",
    "alpha": "Alpha",
    "beta": "Beta",
    "annual_standard_deviation": "Annual Standard Deviation",
    "annual_variance": "Annual Variance",
    "information_ratio": "Information Ratio",
    "tracking_error": "Tracking Error",
    "treynor_ratio": "Treynor Ratio",
    "start_equity": "Start Equity",
    "end_equity": "End Equity",
    "total_fees": "Total Fees",
    "portfolio_turnover": "Portfolio Turnover",
    "capacity": "Estimated Strategy Capacity",
    "drawdown_recovery": "Drawdown Recovery",
}


def snake(name: str) -> str:
    """Return ``valueAtRisk99`` as ``value_at_risk_99``."""
    return _HUMP.sub("_", name).lower()


def number_of_text(text: str) -> float | None:
    """Return the number that a text for people means: ``"12.5%"`` is 0.125, ``"-$1,000.00"`` is -1000."""
    found = _NUMBER.search(text.replace("$", ""))
    if found is None:
        return None
    value = finite(found[0].replace(",", ""))
    return None if value is None else value / 100 if "%" in text else value


def remote_figures(result: RemoteResult) -> dict[str, float | int | None]:
    """Return the figures of a backtest here; what QuantConnect does not tell is empty."""
    backtest = result.backtest
    performance = backtest.total_performance
    portfolio: Mapping[str, object] = {} if performance is None else performance.portfolio_statistics
    trades: Mapping[str, object] = {} if performance is None else performance.trade_statistics
    found: dict[str, float | None] = {}
    for name, words in _OF_TEXTS.items():
        found[name] = number_of_text(backtest.statistics.get(words, ""))
    told = {snake(name): finite(value) for name, value in portfolio.items()}
    told |= {name: finite(portfolio.get(words)) for name, words in _OF_PORTFOLIO.items()}
    told |= {name: finite(trades.get(words)) for name, words in _OF_TRADES.items()}
    found |= {name: value for name, value in told.items() if value is not None}
    found |= _of_days(result)
    figures: dict[str, float | int | None] = {name: found.get(name) for name in FIGURES}
    for name in WHOLE_FIGURES:
        value = figures[name]
        figures[name] = None if value is None or not 0 <= value <= _LARGEST_WHOLE else int(value)
    return figures


def daily_equity(result: RemoteResult) -> tuple[tuple[date, ...], tuple[float, ...], tuple[float, ...]]:
    """Return days, equity, and the benchmark in the account's money, or nothing if there is none."""
    points = equity_points(result)
    own, other = Stair(points), Stair(series_of(result.charts, "Benchmark", "Benchmark"))
    local = zone(_ZONE)
    by_day: dict[date, tuple[float, float]] = {}
    for us in day_points(result, points):
        value = own.at(us)
        if value is not None:
            by_day[from_ns(local.local_ns(us * 1000) - 1).date()] = value, other.at(us) or 0.0
    equity = tuple(value for value, _ in by_day.values())
    benchmark = [value for _, value in by_day.values()]
    first = next((value for value in benchmark if value > 0), 0.0)
    scaled = tuple((value or first) / first * equity[0] for value in benchmark) if first else ()
    return tuple(by_day), equity, scaled


def _of_days(result: RemoteResult) -> dict[str, float | None]:
    """Return what the house's own metrics say of the daily equity."""
    days, equity, _ = daily_equity(result)
    if len(equity) < 2 or min(equity) <= 0:
        return {}
    returns = analytics.simple_returns(equity)
    lengths = [
        (days[-1 if each.recovery is None else each.recovery] - days[each.peak]).days
        for each in analytics.drawdowns(returns)
    ]
    return {
        "calmar_ratio": finite(float(analytics.calmar_ratio(returns))),
        "ulcer_index": finite(float(analytics.ulcer_index(returns))),
        "conditional_value_at_risk_95": finite(float(analytics.conditional_value_at_risk(returns))),
        "longest_drawdown": float(max(lengths, default=0)),
        **_exposure(result),
    }


def _exposure(result: RemoteResult) -> dict[str, float | None]:
    long, short = (summed(result.charts, "Exposure", f"{side} Ratio") for side in ("Long", "Short"))
    if not long and not short:
        return {}
    times = sorted({each.us for each in (*long, *short)})
    sides: tuple[list[Point], list[Point]] = long, short
    stairs = [Stair(each) for each in sides]
    gross = [sum(abs(stair.at(us) or 0.0) for stair in stairs) for us in times]
    return {"exposure": sum(gross) / len(gross), "time_in_market": sum(each > 0 for each in gross) / len(gross)}


def first_and_last_day(result: RemoteResult) -> tuple[date | None, date | None]:
    """Return the days that a backtest covered."""
    days, _, _ = daily_equity(result)
    begin, end = _day(result.backtest.backtest_start), _day(result.backtest.backtest_end)
    return begin or (days[0] if days else None), end or (days[-1] if days else None)


def _day(moment: datetime | None) -> date | None:
    return None if moment is None else moment.date()


def measures(result: RemoteResult, left_out: Mapping[str, int], warnings: Sequence[object]) -> dict[str, object]:
    """Return all that is measured, as the statistics of a backtest here are written."""
    backtest = result.backtest
    performance = backtest.total_performance
    days, equity, _ = daily_equity(result)
    is_measured = len(equity) > 1 and min(equity) > 0
    returns = analytics.simple_returns(equity) if is_measured else analytics.simple_returns([])
    after = days[1:] if is_measured else ()
    return {
        "summary": backtest.statistics,
        "runtime": backtest.runtime_statistics,
        "portfolio": {} if performance is None else _texts(performance.portfolio_statistics),
        "trades": {} if performance is None else _texts(performance.trade_statistics),
        "rolling": _rolling(backtest),
        "monthly": [
            {"year": year, "month": month, "return": finite(value)}
            for (year, month), value in analytics.monthly_returns(after, returns).items()
        ],
        "yearly": [
            {"year": year, "return": finite(value)} for year, value in analytics.yearly_returns(after, returns).items()
        ],
        "drawdowns": [
            {
                "depth": each.depth,
                "peak": days[each.peak].isoformat(),
                "trough": days[each.trough].isoformat(),
                "recovery": None if each.recovery is None else days[each.recovery].isoformat(),
                "days": (days[-1 if each.recovery is None else each.recovery] - days[each.peak]).days,
            }
            for each in analytics.drawdowns(returns, 10)
        ],
        "warnings": list(warnings),
        "left_out": dict(left_out),
    }


def _texts(values: Mapping[str, object]) -> dict[str, str]:
    return {snake(name): str(value)[:200] for name, value in values.items() if value is not None}


def _rolling(backtest: Backtest) -> list[dict[str, object]]:
    found: list[dict[str, object]] = []
    for name, window in list(backtest.rolling_window.items())[:2_000]:
        months, _, end = name.removeprefix("M").partition("_")
        if not isinstance(window, Mapping) or not months.isdigit() or not re.fullmatch(r"\d{8}", end):
            continue
        figures = window.get("portfolioStatistics")
        values = {snake(each): finite(value) for each, value in figures.items()} if isinstance(figures, Mapping) else {}
        day = f"{end[:4]}-{end[4:6]}-{end[6:]}"
        found.append({"months": int(months), "end": day, "figures": values})
    return found
