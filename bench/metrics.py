"""Six metrics of a thousand series of ten thousand days: ours in one call each, empyrical series by series.

Sharpe and Sortino ratio, Calmar ratio, deepest drawdown, value at risk and its conditional twin: the same list for
both, whose figures are compared. Everybody runs in turn, again and again.
"""

from __future__ import annotations

import os
import statistics
import time
import warnings
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tradinglab import analytics

Floats = NDArray[np.float64]
_DAYS, _SERIES = 10_000, 1_000
#: Series that empyrical is timed with at a time; it takes them one by one, so that its rate does not depend on it.
_SHARE = 100
_NAMES = ("sharpe_ratio", "sortino_ratio", "calmar_ratio", "max_drawdown", "value_at_risk", "conditional_value_at_risk")
_TOLERANCE = 1e-10
_WARMING = 2
_THREADED = "by {} threads"

Taken = tuple[float, float]
#: How many series, and what measures them.
Contender = tuple[int, Callable[[], object]]


def show(repetitions: int, series: int = _SERIES) -> bool:
    """Race, print what came of it, and return whether the figures were equal; without empyrical, only ours runs."""
    returns = np.random.default_rng(3).standard_normal((series, _DAYS)) * 0.01 + 3e-4
    table = np.ascontiguousarray(returns.T)
    threads = os.cpu_count() or 1
    contenders: dict[str, Contender] = {
        "six in one call": (series, lambda: analytics.summary(table, only=_NAMES)),
        "of rows, turned": (series, lambda: analytics.summary(returns.T, only=_NAMES)),
        "one call for each": (series, lambda: _ours(table)),
        "all 22 metrics": (series, lambda: analytics.summary(table)),
        _THREADED.format(threads): (series, lambda: analytics.summary(table, only=_NAMES, threads=threads)),
    }
    first = _taken(contenders["six in one call"][1])
    for _ in range(_WARMING):  # until compiled code has been found worth loading
        _ours(table)
    is_right = True
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import empyrical
            import pandas as pd
    except ModuleNotFoundError:
        print("  empyrical is not installed: only ours runs")
    else:
        share = [pd.Series(row) for row in returns[:_SHARE]]
        contenders |= {
            "empyrical": (len(share), lambda: _theirs(empyrical, share)),
            "empyrical, arrays": (len(share), lambda: _theirs(empyrical, [*returns[:_SHARE]])),
        }
        is_right = bool(np.allclose(_ours(table)[:, :_SHARE], _theirs(empyrical, share), rtol=_TOLERANCE, atol=0))
    taken: dict[str, list[Taken]] = {name: [] for name in contenders}
    for _ in range(max(repetitions, 3)):
        for name, (_, run) in contenders.items():
            taken[name].append(_taken(run))
    # Of one thread, processor time, which other work on the machine lengthens less; of several, time by the clock.
    rates = {
        name: contenders[name][0] / statistics.median(each[1 if "threads" in name else 0] for each in found)
        for name, found in taken.items()
    }
    rates = {"first call": series / first[0], **rates}
    for name, rate in rates.items():
        against = f", {rate / rates['empyrical']:.1f} times empyrical" if "empyrical" in rates else ""
        print(f"  {name:18} {rate:>9,.0f} series/s{against}")
    if not is_right:
        print("  WRONG: the figures are not empyrical's")
    return is_right


def _ours(table: Floats) -> Floats:
    return np.array([getattr(analytics, name)(table) for name in _NAMES])


def _theirs(empyrical: ModuleType, share: Sequence[Any]) -> Floats:
    return np.array([[getattr(empyrical, name)(each) for name in _NAMES] for each in share]).T


def _taken(run: Callable[[], object]) -> Taken:
    """Return processor time and time by the clock."""
    began, clock = time.process_time(), time.perf_counter()
    run()
    return time.process_time() - began, time.perf_counter() - clock
