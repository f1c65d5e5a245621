"""Any metric of the last so many returns, at each period."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from tradinglab.analytics.arrays import NAN, TRADING_DAYS, Figure, Floats, as_columns, as_numbers, floats, whole
from tradinglab.analytics.performance import annual_volatility, sharpe_ratio
from tradinglab.analytics.sample import Sample, as_pair, block_length


def rolling(
    metric: Callable[..., Figure],
    returns: npt.ArrayLike,
    window: int,
    *,
    benchmark: npt.ArrayLike | None = None,
    **settings: object,
) -> Floats:
    """Return a metric of the last *window* returns at each period; the value at *t* uses returns up to *t*.

    Parameters
    ----------
    metric
        A metric of this package, such as ``sharpe_ratio``; with a benchmark one that takes it, such as ``beta``.
    returns
        One series, shape (periods,), or several, shape (periods, series).
    window
        Returns in each window.
    benchmark
        One series, or one for each series.
    **settings
        What the metric takes besides, such as ``risk_free``.

    Returns
    -------
    Floats
        The shape of *returns*; not-a-number before the first full window and where a return is missing in it.

    Raises
    ------
    ParameterError
        If the window is not a whole number of at least one, or a setting has no meaning.
    """
    whole(window, "window", 1)
    values = as_numbers(returns)
    columns = as_columns(values)
    others = None if benchmark is None else as_pair(values, benchmark)[1]
    rolled = np.full(columns.shape, NAN)
    if len(columns) < window:
        _measure(metric, np.empty((0, window)), None if others is None else np.empty((0, window)), settings)
        return rolled.reshape(values.shape)
    for number, column in enumerate(columns.T):
        views = np.lib.stride_tricks.sliding_window_view(np.ascontiguousarray(column), window)
        other = None
        if others is not None:
            row = np.ascontiguousarray(others[:, number if others.shape[1] > 1 else 0])
            other = np.lib.stride_tricks.sliding_window_view(row, window)
        step = block_length(window)
        for first in range(0, len(views), step):
            last = min(first + step, len(views))
            part = None if other is None else other[first:last]
            rolled[window - 1 + first : window - 1 + last, number] = _measure(metric, views[first:last], part, settings)
    return rolled.reshape(values.shape)


def rolling_sharpe_ratio(
    returns: npt.ArrayLike, window: int, risk_free: float = 0.0, periods_per_year: float = TRADING_DAYS
) -> Floats:
    """Return the Sharpe ratio of the last *window* returns at each period; not-a-number until there are as many."""
    whole(window, "window", 2)
    return rolling(sharpe_ratio, returns, window, risk_free=risk_free, periods_per_year=periods_per_year)


def rolling_volatility(returns: npt.ArrayLike, window: int, periods_per_year: float = TRADING_DAYS) -> Floats:
    """Return the annualised volatility of the last *window* returns at each period; not-a-number until then."""
    whole(window, "window", 2)
    return rolling(annual_volatility, returns, window, periods_per_year=periods_per_year)


def _measure(
    metric: Callable[..., Figure], views: Floats, others: Floats | None, settings: dict[str, object]
) -> Floats:
    gaps = np.isnan(views).any(axis=1)
    if others is not None:
        gaps |= np.isnan(others).any(axis=1)
    found = np.full(len(views), NAN)
    complete = ~gaps
    sample = Sample(np.ascontiguousarray(views[complete]))
    if others is None:
        found[complete] = floats(metric(sample, **settings))
    else:
        found[complete] = floats(metric(sample, Sample(np.ascontiguousarray(others[complete])), **settings))
    return found
