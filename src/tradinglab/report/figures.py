"""What the charts are drawn from, computed once: returns, drawdowns, months, years, rolling Sharpe ratio."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date

from tradinglab import analytics
from tradinglab.core.values import dataclass
from tradinglab.report.content import ReportContent

_WORST = 5
#: The window of the rolling Sharpe ratio: half a year.
_ROLLING_YEARS = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Series of a run and what follows from them.

    Attributes
    ----------
    days, equity, benchmark
        As in the content, cut at the day on which the account was lost, if it was.
    underwater, benchmark_underwater
        Distance from the highest value so far, one value a day, zero on the first.
    drawdowns
        The deepest, deepest first; their positions are those of *days*.
    months, years, benchmark_years
        Returns by year and month, and by year.
    rolling_sharpe
        One value a day, not-a-number until half a year has passed; empty for runs that are shorter.
    """

    days: tuple[date, ...]
    equity: tuple[float, ...]
    benchmark: tuple[float, ...]
    underwater: tuple[float, ...]
    benchmark_underwater: tuple[float, ...]
    drawdowns: tuple[analytics.Drawdown, ...]
    months: dict[int, list[float | None]]
    years: dict[int, float]
    benchmark_years: dict[int, float]
    rolling_sharpe: tuple[float, ...]


def measure(content: ReportContent) -> Figures:
    """Return the figures of a content of at least two days."""
    length = next((row + 1 for row, value in enumerate(content.equity) if value <= 0), len(content.equity))
    days, equity = content.days[:length], content.equity[:length]
    benchmark = content.benchmark[:length]
    own = analytics.simple_returns(equity)
    other = analytics.simple_returns(benchmark) if benchmark else None
    return Figures(
        days=days,
        equity=equity,
        benchmark=benchmark,
        underwater=(0.0, *analytics.underwater(own).tolist()),
        benchmark_underwater=() if other is None else (0.0, *analytics.underwater(other).tolist()),
        drawdowns=tuple(analytics.drawdowns(own, _WORST)),
        months=analytics.monthly_table(days[1:], own),
        years=analytics.yearly_returns(days[1:], own),
        benchmark_years={} if other is None else analytics.yearly_returns(days[1:], other),
        rolling_sharpe=_rolling_sharpe(own.tolist(), content.periods_per_year),
    )


def _rolling_sharpe(returns: Sequence[float], periods_per_year: float) -> tuple[float, ...]:
    window = max(2, round(periods_per_year * _ROLLING_YEARS))
    if len(returns) <= window:
        return ()
    rolled = analytics.rolling_sharpe_ratio(returns, window, periods_per_year=periods_per_year).tolist()
    return (math.nan, *rolled) if any(map(math.isfinite, rolled)) else ()
