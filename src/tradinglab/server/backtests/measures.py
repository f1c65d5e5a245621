"""All that is measured of a backtest: exact statistics, windows, months and years, drawdowns. Knows no Django."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING

from tradinglab import analytics
from tradinglab.core.clock import zone
from tradinglab.core.system_decimal import decimal_text
from tradinglab.report.adapter import daily_series

if TYPE_CHECKING:
    from tradinglab.analytics.arrays import Floats
    from tradinglab.engine.result import BacktestResult
    from tradinglab.engine.statistics.figures import FigureRecord

_MOST_DRAWDOWNS = 10
_MOST_WINDOWS = 2_000


def measures_of(result: BacktestResult) -> dict[str, object]:
    """Return the measures of a result, ready to be written as JSON."""
    total = result.statistics_results.total_performance
    portfolio, trades = total.portfolio_statistics, total.trade_statistics
    days, equity, _ = daily_series(result.record, zone(result.record.time_zone))
    is_measured = len(equity) > 1 and min(equity) > 0
    returns = analytics.simple_returns(equity) if is_measured else analytics.simple_returns([])
    return {
        "summary": result.statistics,
        "runtime": result.runtime_statistics,
        "portfolio": {**_exact(portfolio), "drawdown_recovery": str(portfolio.drawdown_recovery)},
        "trades": {
            **_exact(trades),
            "total_number_of_trades": str(trades.total_number_of_trades),
            "number_of_winning_trades": str(trades.number_of_winning_trades),
            "number_of_losing_trades": str(trades.number_of_losing_trades),
            "max_consecutive_winning_trades": str(trades.max_consecutive_winning_trades),
            "max_consecutive_losing_trades": str(trades.max_consecutive_losing_trades),
            "average_trade_duration_s": str(trades.average_trade_duration.total_seconds()),
            "maximum_drawdown_duration_s": str(trades.maximum_drawdown_duration.total_seconds()),
        },
        "rolling": _rolling(result),
        "monthly": [
            {"year": year, "month": month, "return": _finite(value)}
            for (year, month), value in analytics.monthly_returns(days[1:] if is_measured else (), returns).items()
        ],
        "yearly": [
            {"year": year, "return": _finite(value)}
            for year, value in analytics.yearly_returns(days[1:] if is_measured else (), returns).items()
        ],
        "drawdowns": _drawdowns(days, returns),
        "warnings": [
            {"kind": str(each.kind), "text": each.text, "no_bars_of": each.no_bars_of} for each in result.warnings
        ],
    }


def _exact(record: FigureRecord) -> dict[str, str]:
    return {name: decimal_text(record.exact[name]) for name in record.figures}


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _rolling(result: BacktestResult) -> list[dict[str, object]]:
    found: list[dict[str, object]] = []
    for name, window in list(result.statistics_results.rolling_performances.items())[:_MOST_WINDOWS]:
        months, end = name.removeprefix("M").split("_")
        figures = window.portfolio_statistics
        values = {each: _finite(float(figures.exact[each])) for each in figures.figures}
        day = datetime.strptime(end, "%Y%m%d").date().isoformat()
        found.append({"months": int(months), "end": day, "figures": values})
    return found


def _drawdowns(days: Sequence[date], returns: Floats) -> list[dict[str, object]]:
    return [
        {
            "depth": each.depth,
            "peak": days[each.peak].isoformat(),
            "trough": days[each.trough].isoformat(),
            "recovery": None if each.recovery is None else days[each.recovery].isoformat(),
            "days": (days[-1 if each.recovery is None else each.recovery] - days[each.peak]).days,
        }
        for each in analytics.drawdowns(returns, _MOST_DRAWDOWNS)
    ]
