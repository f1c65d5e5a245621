"""The engine's figures of a sampled account, as arithmetic of whole arrays; LEAN's definitions.

``engine/statistics/portfolio.py`` says the same in decimals, one number after the other; a test holds the two equal.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from tradinglab import analytics
from tradinglab.analytics.sample import Sample
from tradinglab.core.clock import DAY_NS
from tradinglab.engine.statistics.moments import normal_cdf, normal_quantile
from tradinglab.rules.measures.rounding import charted, significant

if TYPE_CHECKING:
    from tradinglab.analytics.arrays import Figure
    from tradinglab.data.columns import Floats, Ints
    from tradinglab.rules.measures.frame import Frame
    from tradinglab.rules.measures.sampled import Sampled

_YEAR_DAYS = 365.0
#: Those that are zero if there are too few samples.
_ZEROS = (
    "net_profit", "compounding_annual_return", "drawdown", "drawdown_recovery", "sharpe_ratio", "sortino_ratio",
    "probabilistic_sharpe_ratio", "information_ratio", "treynor_ratio", "alpha", "beta", "annual_standard_deviation",
    "annual_variance", "tracking_error", "value_at_risk_95", "value_at_risk_99",
)  # fmt: skip


def curve_figures(frame: Frame, account: Sampled, cash: float) -> dict[str, float]:
    """Return the figures of an account's worth that started with *cash*; what is undefined is left out."""
    points = charted(np.round(account.equity, 4))
    figures: dict[str, float] = {"start_equity": cash, "end_equity": float(points[-1])}
    figures |= _turnover(frame, account)
    if frame.is_measured:
        figures |= _growth(points, frame.equity_ns, cash)
        figures |= _risk(_returns(account.days, cash)[slice(*frame.returned)], frame)
    else:
        figures |= dict.fromkeys(_ZEROS, 0.0)
    figures |= _positions(account)
    figures |= _daily(account.days[frame.daily], frame)
    return {name: value for name, value in figures.items() if math.isfinite(value)}


def _returns(days: Floats, cash: float) -> Floats:
    """Return the returns between the samples of days, as they are charted: in percent, to seven digits."""
    before = np.concatenate([[cash], days[:-1]])
    with np.errstate(all="ignore"):
        change = np.where(before != 0.0, (days - before) * 100.0 / before, 0.0)
    return significant(np.asarray(np.round(change, 10), np.float64)) / 100.0


def _turnover(frame: Frame, account: Sampled) -> dict[str, float]:
    """Return the mean share of the account that was traded in a day."""
    days, counted = frame.turned
    since, worth = np.diff(account.sold[days], prepend=0.0)[counted], account.worth[days][counted]
    places = np.flatnonzero(since)
    if not len(places):
        return {"portfolio_turnover": 0.0}
    return {"portfolio_turnover": float(significant(since[places] / worth[places]).sum()) / len(since)}


def _growth(points: Floats, times_ns: Ints, cash: float) -> dict[str, float]:
    years = float(times_ns[-1] - times_ns[0]) / DAY_NS / _YEAR_DAYS
    growth = float(points[-1]) / cash
    try:
        annual = growth ** (1.0 / years) - 1.0 if years and growth >= 0.0 else 0.0
    except OverflowError:
        annual = 0.0
    depth, recovery = _drawdown(points, times_ns)
    return {
        "net_profit": growth - 1.0,
        "compounding_annual_return": annual,
        "drawdown": depth,
        "drawdown_recovery": float(recovery),
    }


def _drawdown(points: Floats, times_ns: Ints) -> tuple[float, int]:
    """Return the deepest fall from a peak to three places, and the longest time until one was reached again in days."""
    peaks = np.maximum.accumulate(points)
    if not peaks.all():
        return 0.0, 0
    deepest = float(np.min(points / peaks)) - 1.0
    reached = times_ns[np.flatnonzero(points >= peaks)]
    # Peaks that follow each other at once are no recovery.
    is_apart = np.diff(np.flatnonzero(points >= peaks)) > 1
    waits = np.diff(reached)[is_apart]
    return round(abs(deepest), 3), int(waits.max() // DAY_NS) if len(waits) else 0


def _risk(returns: Floats, frame: Frame) -> dict[str, float]:
    days, rate = frame.trading_days, frame.risk_free
    variance = _variance(returns) * days
    deviation = math.sqrt(variance)
    annual, benchmark_annual = (_annual(each, days) for each in (returns, frame.benchmark))
    falling = returns[returns < 0.0]
    downside = math.sqrt(_variance(falling) * days)
    spread = _variance(frame.benchmark)
    beta = float(_covariance(returns, frame.benchmark) / spread) if spread else 0.0
    tracking = math.sqrt(_variance(returns - frame.benchmark) * days)
    return {
        "annual_variance": variance,
        "annual_standard_deviation": deviation,
        "sharpe_ratio": (annual - rate) / deviation if deviation else 0.0,
        "sortino_ratio": (annual - rate) / downside if downside else 0.0,
        "beta": beta,
        "alpha": annual - (rate + beta * (benchmark_annual - rate)) if beta else 0.0,
        "tracking_error": tracking,
        "information_ratio": (annual - benchmark_annual) / tracking if tracking else 0.0,
        "treynor_ratio": (annual - rate) / beta if beta else 0.0,
        "probabilistic_sharpe_ratio": _probabilistic(returns, days, rate),
        "value_at_risk_99": _value_at_risk(returns[-days:], 0.99),
        "value_at_risk_95": _value_at_risk(returns[-days:], 0.95),
    }


def _variance(sample: Floats) -> float:
    return float(sample.var(ddof=1)) if len(sample) > 1 and sample.min() != sample.max() else 0.0


def _covariance(left: Floats, right: Floats) -> float:
    return float(np.dot(left - left.mean(), right - right.mean()) / (len(left) - 1))


def _annual(returns: Floats, days: int) -> float:
    with np.errstate(over="ignore"):
        return float(np.power(returns.mean() + 1.0, days)) - 1.0


def _probabilistic(returns: Floats, days: int, rate: float) -> float:
    """Return the probability that the true Sharpe ratio exceeds 1 a year, with LEAN's moments."""
    count, away = len(returns), returns - returns.mean()
    squares = float(np.dot(away, away))
    if not _variance(returns) or count < 4:
        return 0.0
    deviation = math.sqrt(squares / (count - 1))
    observed = (float(returns.mean()) - rate / days) / deviation
    cubes, fourths = float((away**3).sum()), float((away**4).sum())
    skewness = count * cubes * math.sqrt(squares / (count - 1)) / (squares**2 * (count - 2)) * (count - 1)
    excess = count * fourths / squares**2 - 3 + 6.0 / (count + 1)
    kurtosis = (count * count - 1) / ((count - 2) * (count - 3)) * excess
    spread = (1 - skewness * observed + (kurtosis - 1) / 4 * observed**2) / (count - 1)
    if not spread >= 0:
        return 0.0
    return normal_cdf((observed - 1.0 / math.sqrt(days)) / math.sqrt(spread) if spread else 0.0)


def _value_at_risk(returns: Floats, confidence: float) -> float:
    mean, deviation = float(returns.mean()), math.sqrt(_variance(returns))
    return round(mean + deviation * normal_quantile(1 - confidence), 3)


def _positions(account: Sampled) -> dict[str, float]:
    is_above = account.days > 0.0
    if not is_above.any():
        return {}
    shares = account.gross[is_above] / account.days[is_above]
    return {"exposure": float(shares.mean()), "time_in_market": float((shares > 0.0).mean())}


def _daily(equity: Floats, frame: Frame) -> Mapping[str, float]:
    """Return what the house's own metrics say of the daily equity."""
    if len(equity) < 2 or equity.min() <= 0.0:
        return {}
    returns = analytics.simple_returns(equity)
    sample = Sample(returns[None])
    lengths = [
        (frame.dates[-1 if each.recovery is None else each.recovery] - frame.dates[each.peak]).days
        for each in analytics.drawdowns(returns)
    ]
    return {
        "calmar_ratio": _number(analytics.calmar_ratio(sample, frame.trading_days)),
        "ulcer_index": _number(analytics.ulcer_index(sample)),
        "conditional_value_at_risk_95": _number(analytics.conditional_value_at_risk(sample)),
        "longest_drawdown": float(max(lengths, default=0)),
    }


def _number(figure: Figure) -> float:
    """Return the figure of a sample that has one series."""
    return float(np.ravel(figure)[0])
