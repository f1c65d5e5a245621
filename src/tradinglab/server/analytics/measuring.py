"""All figures of one series, ready to be written as JSON: what is undefined is ``None``. Knows no Django."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from tradinglab import analytics
from tradinglab.analytics.overfitting import (
    deflated_sharpe_ratio,
    expected_maximum_sharpe_ratio,
    minimum_track_record_length,
    probabilistic_sharpe_ratio,
)
from tradinglab.analytics.portfolio import factor_regression
from tradinglab.analytics.trade_figures import trade_figures, trade_figures_by
from tradinglab.analytics.trades import GroupBy
from tradinglab.server.backtests.thinning import min_max
from tradinglab.server.rest.numbers import plain

if TYPE_CHECKING:
    from tradinglab.analytics.arrays import Floats
    from tradinglab.analytics.trades import Trades

Times = npt.NDArray[np.datetime64]

_MOST_SYMBOLS: Final = 200
_PER_SERIES = ("value_at_risk", "conditional_value_at_risk")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How series are measured.

    Attributes
    ----------
    periods_per_year
        What annualises.
    risk_free, required_return
        A year.
    tails
        The shares of the worst returns that values at risk look at.
    window
        Returns in a window of the rolling figures.
    drawdowns
        How many of the worst are told.
    points
        At how many places series over time are told at most.
    threshold
        The Sharpe ratio a year that the true one is to be above, and with what *confidence*.
    trials, trials_variance
        How many independent trials a series is the best of, and how much their yearly Sharpe ratios vary.
    """

    periods_per_year: float = analytics.TRADING_DAYS
    risk_free: float = 0.0
    required_return: float = 0.0
    tails: Sequence[float] = (0.05, 0.01)
    window: int = 63
    drawdowns: int = 10
    points: int = 500
    threshold: float = 0.0
    confidence: float = 0.95
    trials: float | None = None
    trials_variance: float | None = None

    @property
    def free_per_period(self) -> float:
        """The risk-free rate of a period."""
        return self.risk_free / self.periods_per_year


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredSeries:
    """What is measured: returns, and what lies beside them, one for each return."""

    returns: Floats
    times: Times | None = None
    start: np.datetime64 | None = None
    benchmark: Floats | None = None
    factors: Mapping[str, Floats] | None = None
    trades: Trades | None = None


def measure(series: MeasuredSeries, how: Settings) -> dict[str, Any]:
    """Return the figures of one series.

    Raises
    ------
    AnalyticsError
        If a number or a setting cannot be used.
    """
    with np.errstate(all="ignore"):
        found: dict[str, Any] = plain(
            {
                **_extent(series),
                "metrics": _metrics(series, how),
                "tails": [_tail(series.returns, tail) for tail in how.tails],
                "drawdowns": _drawdowns(series, how.drawdowns),
                "underwater": _underwater(series, how.points),
                **_calendar(series),
                "rolling": _rolling(series, how),
                "luck": _luck(series.returns, how),
                "factors": _factors(series, how),
                "trades": None if series.trades is None else _trades(series.trades),
            }
        )
    return found


def _extent(series: MeasuredSeries) -> dict[str, Any]:
    missing = int(np.isnan(series.returns).sum())
    times = series.times
    has_times = times is not None and len(times) > 0
    return {
        "periods": len(series.returns) - missing,
        "missing": missing,
        "first": _time(times[0]) if times is not None and has_times else None,
        "last": _time(times[-1]) if times is not None and has_times else None,
    }


def _metrics(series: MeasuredSeries, how: Settings) -> dict[str, Any]:
    found = analytics.summary(
        series.returns,
        series.benchmark,
        risk_free=how.free_per_period,
        required_return=how.required_return / how.periods_per_year,
        periods_per_year=how.periods_per_year,
    )
    return {name: value for name, value in found.items() if not name.endswith(_PER_SERIES)}


def _tail(returns: Floats, tail: float) -> dict[str, Any]:
    found: dict[str, Any] = {"tail": tail}
    for model in analytics.TailModel:
        found[str(model)] = {
            "value_at_risk": analytics.value_at_risk(returns, tail, model),
            "conditional_value_at_risk": analytics.conditional_value_at_risk(returns, tail, model),
        }
    return found


def _drawdowns(series: MeasuredSeries, count: int) -> list[dict[str, Any]]:
    def at(position: int | None) -> str | None:
        if position is None or series.times is None:
            return None
        if position:
            return _time(series.times[position - 1])
        return None if series.start is None else _time(series.start)

    return [
        {
            **asdict(each),
            "periods_down": each.periods_down,
            "periods_to_recover": each.periods_to_recover,
            "peak_time": at(each.peak),
            "trough_time": at(each.trough),
            "recovery_time": at(each.recovery),
        }
        for each in analytics.drawdowns(series.returns, count)
    ]


def _underwater(series: MeasuredSeries, points: int) -> dict[str, Any]:
    below = analytics.underwater(series.returns)
    known = np.flatnonzero(np.isfinite(below))
    kept = known[min_max(known, below[known], points)] if len(known) else known
    return {**_places(series, kept), "drawdown": below[kept]}


def _places(series: MeasuredSeries, kept: npt.NDArray[np.intp]) -> dict[str, Any]:
    """Return where points are: the first return is period one, and what there was before it period zero."""
    times = None if series.times is None else [_time(each) for each in series.times[kept]]
    return {"period": (kept + 1).tolist(), "time": times}


def _calendar(series: MeasuredSeries) -> dict[str, Any]:
    if series.times is None:
        return {"monthly": None, "yearly": None}
    days = series.times.astype("datetime64[D]")
    monthly = analytics.monthly_returns(days, series.returns)
    yearly = analytics.yearly_returns(days, series.returns)
    return {
        "monthly": [{"year": year, "month": month, "return": value} for (year, month), value in monthly.items()],
        "yearly": [{"year": year, "return": value} for year, value in yearly.items()],
    }


def _rolling(series: MeasuredSeries, how: Settings) -> dict[str, Any] | None:
    """Return rolling figures at places that are spread evenly; ``None`` of a series that is shorter than a window."""
    count = len(series.returns)
    if count < how.window:
        return None
    begins = np.unique(np.linspace(0, count - how.window, min(how.points, count - how.window + 1)).astype(np.intp))
    # A window is a column: only those that are told are looked at.
    windows = _windows(series.returns, begins, how.window)
    annual = {"periods_per_year": how.periods_per_year}
    found: dict[str, Any] = {
        "window": how.window,
        **_places(series, begins + how.window - 1),
        "sharpe_ratio": analytics.sharpe_ratio(windows, risk_free=how.free_per_period, **annual),
        "annual_volatility": analytics.annual_volatility(windows, **annual),
        "annual_return": analytics.annual_return(windows, **annual),
        "max_drawdown": analytics.max_drawdown(windows),
    }
    is_known = ~np.isnan(windows).any(axis=0)
    if series.benchmark is not None:
        others = _windows(series.benchmark, begins, how.window)
        is_known &= ~np.isnan(others).any(axis=0)
        found |= {"beta": analytics.beta(windows, others), "correlation": analytics.correlation(windows, others)}
    return {
        name: np.where(is_known, value, np.nan) if isinstance(value, np.ndarray) else value
        for name, value in found.items()
    }


def _windows(returns: Floats, begins: npt.NDArray[np.intp], window: int) -> Floats:
    """Return the windows that begin at some places, shape (window, places)."""
    found: Floats = np.lib.stride_tricks.sliding_window_view(returns, window)[begins].T
    return found


def _luck(returns: Floats, how: Settings) -> dict[str, Any]:
    a = how.periods_per_year
    found: dict[str, Any] = {
        "threshold": how.threshold,
        "confidence": how.confidence,
        "probabilistic_sharpe_ratio": probabilistic_sharpe_ratio(returns, how.threshold, a),
        "minimum_track_record_length": minimum_track_record_length(returns, how.threshold, how.confidence, a),
        "trials": how.trials,
        "expected_maximum_sharpe_ratio": None,
        "deflated_sharpe_ratio": None,
    }
    if how.trials is not None and how.trials_variance is not None:
        found["expected_maximum_sharpe_ratio"] = expected_maximum_sharpe_ratio(how.trials, how.trials_variance)
        found["deflated_sharpe_ratio"] = deflated_sharpe_ratio(returns, how.trials, how.trials_variance, a)
    return found


def _factors(series: MeasuredSeries, how: Settings) -> dict[str, Any] | None:
    if not series.factors:
        return None
    found = factor_regression(
        series.returns, series.factors, how.free_per_period, periods_per_year=how.periods_per_year
    )
    return asdict(found)


def _trades(trades: Trades) -> dict[str, Any]:
    symbols = len(set(trades.symbol.tolist()))
    groups = [key for key in GroupBy if key != GroupBy.SYMBOL or symbols <= _MOST_SYMBOLS]
    return {
        "all": trade_figures(trades),
        **{f"by_{key}": trade_figures_by(trades, key) if key in groups else None for key in GroupBy},
    }


def _time(moment: np.datetime64) -> str:
    return f"{np.datetime_as_string(moment, unit='s')}Z"
