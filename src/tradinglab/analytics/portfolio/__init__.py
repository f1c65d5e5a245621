"""How to divide an account: weights, limits, views, and where the risk comes from.

Covariances and expected returns are per period, whatever a period is, and weights are fractions of the equity. A
missing return leaves its period out. Input that is wrong is a ``SampleError``, a limit that nothing meets or a setting
without a meaning a ``ParameterError``. Limits of sectors and leverage, the highest Sharpe ratio and hierarchical risk
parity need SciPy, which the extra ``science`` installs.
"""

from tradinglab.analytics.portfolio.combination import Combination, combine
from tradinglab.analytics.portfolio.drawdown_control import DrawdownControl, limit_drawdown
from tradinglab.analytics.portfolio.factors import FactorRegression, factor_regression
from tradinglab.analytics.portfolio.hierarchical import hierarchical_risk_parity
from tradinglab.analytics.portfolio.limits import LONG_ONLY, Limits
from tradinglab.analytics.portfolio.optimal import maximum_sharpe
from tradinglab.analytics.portfolio.quadratic import OptimizationError
from tradinglab.analytics.portfolio.risk import (
    RiskContributions,
    concentration,
    correlation_matrix,
    covariance_matrix,
    diversification_ratio,
    effective_positions,
    risk_contributions,
)
from tradinglab.analytics.portfolio.views import Posterior, black_litterman, implied_returns
from tradinglab.analytics.portfolio.weights import equal_weight, inverse_volatility, minimum_variance, risk_parity

__all__ = [
    "LONG_ONLY",
    "Combination",
    "DrawdownControl",
    "FactorRegression",
    "Limits",
    "OptimizationError",
    "Posterior",
    "RiskContributions",
    "black_litterman",
    "combine",
    "concentration",
    "correlation_matrix",
    "covariance_matrix",
    "diversification_ratio",
    "effective_positions",
    "equal_weight",
    "factor_regression",
    "hierarchical_risk_parity",
    "implied_returns",
    "inverse_volatility",
    "limit_drawdown",
    "maximum_sharpe",
    "minimum_variance",
    "risk_contributions",
    "risk_parity",
]
