"""Return, volatility and their ratios.

Every function takes simple returns per period as fractions (0.01 is one percent), in time order: one series, shape
(periods,), which gives a number, or several side by side, shape (periods, series), which give an array of one number
for each, in one call. *periods_per_year* annualises, 252 by default. A missing return (not-a-number) is left out, as
if its period were not there. Where a metric is undefined (too few returns, no variation, a figure beyond the range of
float64) it is not-a-number; nothing warns. Text, infinite values and shapes that do not fit are a ``SampleError``,
settings without a meaning a ``ParameterError``. ``docs/metrics.md`` lists all of them.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tradinglab.analytics.arrays import (
    NAN,
    TRADING_DAYS,
    Figure,
    Floats,
    as_numbers,
    defined,
    finite,
    floats,
    positive,
)
from tradinglab.analytics.sample import Returns, Sample, measured


def simple_returns(values: npt.ArrayLike) -> Floats:
    """Return the changes ``v[t] / v[t-1] - 1`` of prices or equity, along the first axis: one fewer than values.

    A change from zero, or from or to a missing value, is missing: not-a-number.
    """
    prices = as_numbers(values, "values")
    with np.errstate(all="ignore"):
        return defined(prices[1:] / prices[:-1] - 1)


def cumulative_returns(returns: npt.ArrayLike) -> Floats:
    """Return the compounded return since the start at each period: ``prod(1 + r) - 1``.

    The shape is that of *returns*; in a period without a return nothing changes.
    """
    sample = as_numbers(returns)
    with np.errstate(all="ignore"):
        return defined(np.cumprod(1 + np.where(np.isnan(sample), 0.0, sample), axis=0) - 1)


def cumulative_return(returns: Returns) -> Figure:
    """Return the compounded return of the whole sample: ``prod(1 + r) - 1``."""
    return measured(returns, lambda sample: sample.growth - 1)


def annual_return(returns: Returns, periods_per_year: float = TRADING_DAYS) -> Figure:
    """Return the compound annual growth rate: ``prod(1 + r) ** (periods_per_year / n) - 1``.

    Undefined for an account that was ever below zero.
    """
    positive(periods_per_year, "periods_per_year")

    def kernel(sample: Sample) -> Floats:
        if not sample.periods:
            return sample.undefined
        rate = sample.growth ** (periods_per_year / sample.periods) - 1
        return np.where(sample.was_negative, NAN, rate)

    return measured(returns, kernel)


def annual_volatility(returns: Returns, periods_per_year: float = TRADING_DAYS) -> Figure:
    """Return the annualised sample standard deviation: ``std(r) * sqrt(periods_per_year)``."""
    scale = np.sqrt(positive(periods_per_year, "periods_per_year"))
    return measured(returns, lambda sample: sample.deviation * scale)


def downside_deviation(
    returns: Returns, required_return: float = 0.0, periods_per_year: float = TRADING_DAYS
) -> Figure:
    """Return the annualised root mean square of what fell short of *required_return* per period.

    ``sqrt(mean(min(r - required_return, 0) ** 2)) * sqrt(periods_per_year)`` (Sortino and van der Meer, 1991).
    """
    finite(required_return, "required_return")
    scale = np.sqrt(positive(periods_per_year, "periods_per_year"))

    def kernel(sample: Sample) -> Floats:
        if not sample.periods:
            return sample.undefined
        return floats(np.sqrt(sample.shortfall_squares(required_return) / sample.periods) * scale)

    return measured(returns, kernel)


def sharpe_ratio(returns: Returns, risk_free: float = 0.0, periods_per_year: float = TRADING_DAYS) -> Figure:
    """Return the Sharpe ratio: ``mean(r - risk_free) / std(r) * sqrt(periods_per_year)``, *risk_free* per period.

    Source: Sharpe (1994), "The Sharpe Ratio", Journal of Portfolio Management 21(1).
    """
    finite(risk_free, "risk_free")
    scale = np.sqrt(positive(periods_per_year, "periods_per_year"))
    return measured(returns, lambda sample: (sample.mean - risk_free) / sample.deviation * scale)


def sortino_ratio(returns: Returns, required_return: float = 0.0, periods_per_year: float = TRADING_DAYS) -> Figure:
    """Return the Sortino ratio: the annualised mean above *required_return* over the downside deviation.

    Undefined if no return fell short. Source: Sortino and Price (1994), Journal of Investing 3(3).
    """

    def kernel(sample: Sample) -> Floats:
        if sample.periods < 2:
            return sample.undefined
        gain = (sample.mean - required_return) * periods_per_year
        return floats(gain / defined(downside_deviation(sample, required_return, periods_per_year)))

    finite(required_return, "required_return")
    positive(periods_per_year, "periods_per_year")
    return measured(returns, kernel)


def calmar_ratio(returns: Returns, periods_per_year: float = TRADING_DAYS) -> Figure:
    """Return the annual return over the depth of the deepest drawdown (Young, 1991); undefined without one."""
    from tradinglab.analytics.drawdowns import max_drawdown

    positive(periods_per_year, "periods_per_year")
    return measured(
        returns, lambda sample: floats(annual_return(sample, periods_per_year)) / -floats(max_drawdown(sample))
    )


def omega_ratio(returns: Returns, required_return: float = 0.0) -> Figure:
    """Return the gains over the losses around *required_return* per period; undefined without losses.

    ``sum(max(r - required_return, 0)) / sum(max(required_return - r, 0))`` (Keating and Shadwick, 2002), of at least
    two returns.
    """
    finite(required_return, "required_return")

    def kernel(sample: Sample) -> Floats:
        if sample.periods < 2:
            return sample.undefined
        excess = sample.rows - required_return
        return defined(np.maximum(excess, 0.0).sum(axis=1)) / defined(-np.minimum(excess, 0.0).sum(axis=1))

    return measured(returns, kernel)


def tail_ratio(returns: Returns) -> Figure:
    """Return the size of the 95th percentile over that of the 5th: ``abs(q95) / abs(q5)``."""
    return measured(returns, lambda sample: np.abs(sample.quantile(0.95)) / np.abs(sample.quantile(0.05)))


def stability(returns: Returns) -> Figure:
    """Return the R squared of a straight line through the cumulative log returns: one is steady growth.

    Undefined for fewer than two returns, for a loss of everything, and if nothing changes.
    """

    def kernel(sample: Sample) -> Floats:
        if sample.periods < 2:
            return sample.undefined
        logs = np.cumsum(np.log1p(sample.rows), axis=1)
        path = Sample(defined(logs))
        time = np.arange(sample.periods) - (sample.periods - 1) / 2
        squares = path.squares * (time @ time)
        return floats(np.minimum((path.centred * time).sum(axis=1) ** 2 / squares, 1.0))

    return measured(returns, kernel)
