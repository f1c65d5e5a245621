"""Six metrics of a thousand series of ten thousand days: ours in one call each, empyrical series by series.

Sharpe and Sortino ratio, Calmar ratio, deepest drawdown, value at risk and its conditional twin. The figures are
compared before anything is raced.
"""

from __future__ import annotations

import os
import statistics
import time
import warnings
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from tradinglab import analytics

Floats = NDArray[np.float64]
_DAYS, _SERIES = 10_000, 1_000
#: Series that empyrical is timed with at a time; it takes them one by one, so that its rate does not depend on it.
_SHARE = 100
_NAMES = ("sharpe_ratio", "sortino_ratio", "calmar_ratio", "max_drawdown", "value_at_risk", "conditional_value_at_risk")
_TOLERANCE = 1e-10


def show(repetitions: int, series: int = _SERIES) -> bool:
    """Race, print what came of it, and return whether the figures were equal; without empyrical, only ours runs."""
    returns = np.random.default_rng(3).standard_normal((series, _DAYS)) * 0.01 + 3e-4
    table = np.ascontiguousarray(returns.T)
    taken = {"six in one call": [_seconds(lambda: analytics.summary(table, only=_NAMES)) for _ in range(repetitions)]}
    threads = os.cpu_count() or 1
    taken[f"by {threads} threads"] = [
        _seconds(lambda: analytics.summary(table, only=_NAMES, threads=threads)) for _ in range(repetitions)
    ]
    taken["of rows, turned"] = [_seconds(lambda: analytics.summary(returns.T, only=_NAMES)) for _ in range(repetitions)]
    taken["one call for each"] = [_seconds(lambda: _ours(table)) for _ in range(repetitions)]
    taken["all 22 metrics"] = [_seconds(lambda: analytics.summary(table)) for _ in range(repetitions)]
    rates = {name: series / statistics.median(each) for name, each in taken.items()}
    is_right = True
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import empyrical
            import pandas as pd
    except ModuleNotFoundError:
        print("  empyrical is not installed: only ours runs")
    else:
        part = [pd.Series(row) for row in returns[:_SHARE]]
        theirs = np.array([[getattr(empyrical, name)(each) for name in _NAMES] for each in part]).T
        is_right = bool(np.allclose(_ours(table)[:, :_SHARE], theirs, rtol=_TOLERANCE, atol=0))

        def run() -> None:
            for each in part:
                for name in _NAMES:
                    getattr(empyrical, name)(each)

        rates["empyrical"] = len(part) / statistics.median(_seconds(run) for _ in range(repetitions))
    for name, rate in rates.items():
        against = f", {rate / rates['empyrical']:.1f} times empyrical" if "empyrical" in rates else ""
        print(f"  {name:18} {rate:>9,.0f} series/s{against}")
    if not is_right:
        print("  WRONG: the figures are not empyrical's")
    return is_right


def _ours(table: Floats) -> Floats:
    return np.array([getattr(analytics, name)(table) for name in _NAMES])


def _seconds(run: Callable[[], object]) -> float:
    began = time.perf_counter()
    run()
    return time.perf_counter() - began
