"""Numbers about returns: performance, drawdowns, risk, months and years.

These are the house's own metrics on plain arrays, as the literature defines them. LEAN's statistics, which differ in
places (its Sharpe ratio compounds, its kurtosis is of another kind in the probabilistic one), are in
``tradinglab.engine.statistics``.
"""

from tradinglab.analytics.arrays import TRADING_DAYS, SampleError
from tradinglab.analytics.drawdowns import Drawdown, drawdowns, max_drawdown, ulcer_index, underwater
from tradinglab.analytics.performance import (
    annual_return,
    annual_volatility,
    calmar_ratio,
    cumulative_return,
    cumulative_returns,
    downside_deviation,
    omega_ratio,
    rolling_sharpe_ratio,
    rolling_volatility,
    sharpe_ratio,
    simple_returns,
    sortino_ratio,
    stability,
    tail_ratio,
)
from tradinglab.analytics.periods import monthly_returns, monthly_table, yearly_returns
from tradinglab.analytics.risk import (
    alpha,
    beta,
    capture_ratio,
    conditional_value_at_risk,
    excess_kurtosis,
    information_ratio,
    parametric_value_at_risk,
    skewness,
    tracking_error,
    value_at_risk,
)

__all__ = [
    "TRADING_DAYS",
    "Drawdown",
    "SampleError",
    "alpha",
    "annual_return",
    "annual_volatility",
    "beta",
    "calmar_ratio",
    "capture_ratio",
    "conditional_value_at_risk",
    "cumulative_return",
    "cumulative_returns",
    "downside_deviation",
    "drawdowns",
    "excess_kurtosis",
    "information_ratio",
    "max_drawdown",
    "monthly_returns",
    "monthly_table",
    "omega_ratio",
    "parametric_value_at_risk",
    "rolling_sharpe_ratio",
    "rolling_volatility",
    "sharpe_ratio",
    "simple_returns",
    "skewness",
    "sortino_ratio",
    "stability",
    "tail_ratio",
    "tracking_error",
    "ulcer_index",
    "underwater",
    "value_at_risk",
    "yearly_returns",
]
