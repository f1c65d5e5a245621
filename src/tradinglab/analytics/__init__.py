"""Numbers about returns: performance, drawdowns, risk, months and years.

These are the house's own metrics on plain arrays, as the literature defines them; ``docs/metrics.md`` lists them.
LEAN's statistics, which differ in places (its Sharpe ratio compounds, its kurtosis is of another kind in the
probabilistic one), are in ``tradinglab.engine.statistics``.
"""

from tradinglab.analytics.arrays import TRADING_DAYS, AnalyticsError, Figure, Floats, ParameterError, SampleError
from tradinglab.analytics.drawdowns import (
    Drawdown,
    drawdowns,
    drawdowns_by_series,
    longest_time_under_water,
    max_drawdown,
    time_under_water,
    ulcer_index,
    underwater,
)
from tradinglab.analytics.performance import (
    annual_return,
    annual_volatility,
    calmar_ratio,
    cumulative_return,
    cumulative_returns,
    downside_deviation,
    omega_ratio,
    sharpe_ratio,
    simple_returns,
    sortino_ratio,
    stability,
    tail_ratio,
)
from tradinglab.analytics.periods import (
    monthly_returns,
    monthly_table,
    returns_by_month,
    returns_by_year,
    yearly_returns,
)
from tradinglab.analytics.relative import (
    alpha,
    beta,
    capture_ratio,
    correlation,
    information_ratio,
    m_squared,
    tracking_error,
    treynor_ratio,
)
from tradinglab.analytics.risk import (
    TailModel,
    conditional_value_at_risk,
    excess_kurtosis,
    skewness,
    value_at_risk,
)
from tradinglab.analytics.rolling import rolling, rolling_sharpe_ratio, rolling_volatility
from tradinglab.analytics.summary import summary

__all__ = [
    "TRADING_DAYS",
    "AnalyticsError",
    "Drawdown",
    "Figure",
    "Floats",
    "ParameterError",
    "SampleError",
    "TailModel",
    "alpha",
    "annual_return",
    "annual_volatility",
    "beta",
    "calmar_ratio",
    "capture_ratio",
    "conditional_value_at_risk",
    "correlation",
    "cumulative_return",
    "cumulative_returns",
    "downside_deviation",
    "drawdowns",
    "drawdowns_by_series",
    "excess_kurtosis",
    "information_ratio",
    "longest_time_under_water",
    "m_squared",
    "max_drawdown",
    "monthly_returns",
    "monthly_table",
    "omega_ratio",
    "returns_by_month",
    "returns_by_year",
    "rolling",
    "rolling_sharpe_ratio",
    "rolling_volatility",
    "sharpe_ratio",
    "simple_returns",
    "skewness",
    "sortino_ratio",
    "stability",
    "summary",
    "tail_ratio",
    "time_under_water",
    "tracking_error",
    "treynor_ratio",
    "ulcer_index",
    "underwater",
    "value_at_risk",
    "yearly_returns",
]
