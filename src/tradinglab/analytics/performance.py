"""Return, volatility and their ratios.

Every function takes simple returns per period as fractions (0.01 is one percent), in time order, and gives a
fraction or a plain number; *periods_per_year* annualises, 252 by default. Where a metric is undefined (too few
returns, no variation) it is not-a-number. A value at *t* uses returns up to and including *t*.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tradinglab.analytics.arrays import TRADING_DAYS, Floats, as_floats, floats, ratio

_NAN = float("nan")


def simple_returns(values: npt.ArrayLike) -> Floats:
    """Return the changes ``v[t] / v[t-1] - 1`` of a series of prices or equity, one fewer than values."""
    prices = as_floats(values, "values")
    return floats(prices[1:] / prices[:-1] - 1)


def cumulative_returns(returns: npt.ArrayLike) -> Floats:
    """Return the compounded return since the start at each period: ``prod(1 + r) - 1``."""
    return floats(np.cumprod(1 + as_floats(returns)) - 1)


def cumulative_return(returns: npt.ArrayLike) -> float:
    """Return the compounded return of the whole sample; zero for an empty one."""
    return float(np.prod(1 + as_floats(returns)) - 1)


def annual_return(returns: npt.ArrayLike, periods_per_year: float = TRADING_DAYS) -> float:
    """Return the compound annual growth rate: ``prod(1 + r) ** (periods_per_year / n) - 1``."""
    sample = as_floats(returns)
    if not len(sample):
        return _NAN
    growth = float(np.prod(1 + sample))
    return growth ** (periods_per_year / len(sample)) - 1 if growth >= 0 else _NAN


def annual_volatility(returns: npt.ArrayLike, periods_per_year: float = TRADING_DAYS) -> float:
    """Return the annualised sample standard deviation: ``std(r) * sqrt(periods_per_year)``."""
    sample = as_floats(returns)
    return float(np.std(sample, ddof=1) * np.sqrt(periods_per_year)) if len(sample) > 1 else _NAN


def downside_deviation(
    returns: npt.ArrayLike, required_return: float = 0.0, periods_per_year: float = TRADING_DAYS
) -> float:
    """Return the annualised root mean square of what fell short of *required_return* per period."""
    sample = as_floats(returns)
    if not len(sample):
        return _NAN
    shortfall = np.minimum(sample - required_return, 0.0)
    return float(np.sqrt(np.mean(shortfall**2)) * np.sqrt(periods_per_year))


def sharpe_ratio(returns: npt.ArrayLike, risk_free: float = 0.0, periods_per_year: float = TRADING_DAYS) -> float:
    """Return the Sharpe ratio: ``mean(r - risk_free) / std(r) * sqrt(periods_per_year)``, *risk_free* per period."""
    excess = as_floats(returns) - risk_free
    if len(excess) < 2 or not np.ptp(excess):
        return _NAN
    return ratio(float(excess.mean()), float(excess.std(ddof=1))) * float(np.sqrt(periods_per_year))


def sortino_ratio(
    returns: npt.ArrayLike, required_return: float = 0.0, periods_per_year: float = TRADING_DAYS
) -> float:
    """Return the Sortino ratio: the annualised mean above *required_return* over the downside deviation."""
    sample = as_floats(returns)
    if len(sample) < 2:
        return _NAN
    gain = float((sample - required_return).mean()) * periods_per_year
    return ratio(gain, downside_deviation(sample, required_return, periods_per_year))


def calmar_ratio(returns: npt.ArrayLike, periods_per_year: float = TRADING_DAYS) -> float:
    """Return the annual return over the depth of the deepest drawdown."""
    from tradinglab.analytics.drawdowns import max_drawdown

    return ratio(annual_return(returns, periods_per_year), -max_drawdown(returns))


def omega_ratio(returns: npt.ArrayLike, required_return: float = 0.0) -> float:
    """Return the gains over the losses around *required_return* per period."""
    excess = as_floats(returns) - required_return
    return ratio(float(excess[excess > 0].sum()), -float(excess[excess < 0].sum()))


def tail_ratio(returns: npt.ArrayLike) -> float:
    """Return the size of the 95th percentile over that of the 5th."""
    sample = as_floats(returns)
    if not len(sample):
        return _NAN
    right, left = np.percentile(sample, [95, 5])
    return ratio(abs(right), abs(left))


def stability(returns: npt.ArrayLike) -> float:
    """Return the R squared of a straight line through the cumulative log returns: one is steady growth."""
    sample = as_floats(returns)
    if len(sample) < 2 or (sample <= -1).any():
        return _NAN
    logs = np.cumsum(np.log1p(sample))
    if not np.ptp(logs):
        return _NAN
    return float(np.corrcoef(np.arange(len(logs)), logs)[0, 1] ** 2)


def rolling_sharpe_ratio(
    returns: npt.ArrayLike, window: int, risk_free: float = 0.0, periods_per_year: float = TRADING_DAYS
) -> Floats:
    """Return the Sharpe ratio of the last *window* returns at each period; not-a-number until there are as many."""
    excess = as_floats(returns) - risk_free
    rolled: Floats = np.full(len(excess), _NAN)
    if window < 2:
        raise ValueError(f"window must be at least 2; it was {window}")
    if len(excess) < window:
        return rolled
    views = np.lib.stride_tricks.sliding_window_view(excess, window)
    deviation = views.std(axis=1, ddof=1)
    varies = np.ptp(views, axis=1) > 0
    means = views.mean(axis=1)
    np.divide(means, deviation, out=rolled[window - 1 :], where=varies)
    rolled *= np.sqrt(periods_per_year)
    return rolled


def rolling_volatility(returns: npt.ArrayLike, window: int, periods_per_year: float = TRADING_DAYS) -> Floats:
    """Return the annualised volatility of the last *window* returns at each period; not-a-number until then."""
    sample = as_floats(returns)
    if window < 2:
        raise ValueError(f"window must be at least 2; it was {window}")
    rolled: Floats = np.full(len(sample), _NAN)
    if len(sample) >= window:
        views = np.lib.stride_tricks.sliding_window_view(sample, window)
        rolled[window - 1 :] = views.std(axis=1, ddof=1) * np.sqrt(periods_per_year)
    return rolled
