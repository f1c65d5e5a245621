"""All metrics of a return series at once."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import partial
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from tradinglab.analytics.arrays import (
    NAN,
    TRADING_DAYS,
    Figure,
    ParameterError,
    converted,
    finite,
    fraction,
    positive,
    refuse_infinite,
    whole,
)
from tradinglab.analytics.drawdowns import longest_time_under_water, max_drawdown, time_under_water, ulcer_index
from tradinglab.analytics.performance import (
    annual_return,
    annual_volatility,
    calmar_ratio,
    cumulative_return,
    downside_deviation,
    omega_ratio,
    sharpe_ratio,
    sortino_ratio,
    stability,
    tail_ratio,
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
from tradinglab.analytics.risk import TailModel, conditional_value_at_risk, excess_kurtosis, skewness, value_at_risk
from tradinglab.analytics.sample import as_pair, blocks, pair_blocks

Metric = Callable[..., Figure]
_TAIL_MODELS = (
    ("", TailModel.HISTORICAL),
    ("gaussian_", TailModel.GAUSSIAN),
    ("cornish_fisher_", TailModel.CORNISH_FISHER),
)

#: What follows from sums, falls and tails, which there is compiled code for.
_WALKED = {
    "cumulative_return",
    "annual_return",
    "annual_volatility",
    "downside_deviation",
    "sharpe_ratio",
    "sortino_ratio",
    "calmar_ratio",
    "max_drawdown",
    "value_at_risk",
    "conditional_value_at_risk",
    "gaussian_value_at_risk",
    "gaussian_conditional_value_at_risk",
}


def summary(
    returns: npt.ArrayLike,
    benchmark: npt.ArrayLike | None = None,
    *,
    risk_free: float = 0.0,
    required_return: float = 0.0,
    tail: float = 0.05,
    periods_per_year: float = TRADING_DAYS,
    only: Collection[str] | None = None,
    threads: int = 1,
) -> dict[str, Figure]:
    """Return every metric by its name, those against the benchmark if there is one.

    Parameters
    ----------
    returns
        One series, shape (periods,): each figure is a number. Several, shape (periods, series): an array of one number
        for each, worked out in blocks that share what the metrics have in common.
    benchmark
        One series, or one for each series.
    risk_free, required_return
        Per period.
    tail
        The share of the worst returns that value at risk looks at.
    periods_per_year
        What annualises.
    only
        Names of the metrics that are wanted; all by default.
    threads
        How many threads share the series; figures do not depend on it.

    Raises
    ------
    SampleError
        If returns or benchmark are not numbers, infinite, or do not fit each other.
    ParameterError
        If a setting has no meaning, or there is no metric of a name.
    """
    finite(risk_free, "risk_free")
    finite(required_return, "required_return")
    fraction(tail, "tail")
    positive(periods_per_year, "periods_per_year")
    values = converted(returns)
    columns = values[:, None] if values.ndim == 1 else values
    alone = _alone(risk_free, required_return, tail, periods_per_year)
    against = {} if benchmark is None else _against(risk_free, periods_per_year)
    if only is not None:
        unknown = sorted(set(only) - alone.keys() - against.keys())
        if unknown:
            needs = " without a benchmark" if benchmark is None else ""
            raise ParameterError(
                f"There is no metric {unknown[0]!r}{needs}; there are: {', '.join((*alone, *against))}"
            )
        alone = {name: metric for name, metric in alone.items() if name in only}
        against = {name: metric for name, metric in against.items() if name in only}
    found = {name: np.full(columns.shape[1], NAN) for name in (*alone, *against)}
    if threads != 1:
        refuse_infinite(columns)  # named by its place in the whole table, not in a thread's share
    pair = None if benchmark is None or not against else as_pair(values, benchmark)

    def measure(share: slice) -> None:
        with np.errstate(all="ignore"):
            for places, sample in blocks(columns[:, share], is_walked=alone.keys() <= _WALKED) if alone else ():
                for name, metric in alone.items():
                    found[name][share][places] = metric(sample)
            if pair is not None:
                other_share = share if pair[1].shape[1] > 1 else slice(None)
                for places, sample, other in pair_blocks(pair[0][:, share], pair[1][:, other_share]):
                    for name, metric in against.items():
                        found[name][share][places] = metric(sample, other)

    _in_shares(measure, columns.shape[1], whole(threads, "threads", 1))
    return {name: float(each[0]) for name, each in found.items()} if values.ndim == 1 else dict(found)


def _in_shares(measure: Callable[[slice], None], series: int, threads: int) -> None:
    """Let each thread measure its share of the series."""
    edges = [round(series * each / threads) for each in range(threads + 1)]
    shares = [slice(first, last) for first, last in pairwise(edges) if first < last]
    if len(shares) < 2:
        return measure(slice(None))
    from concurrent.futures import ThreadPoolExecutor  # slow to import

    with ThreadPoolExecutor(len(shares)) as pool:
        for done in [pool.submit(measure, share) for share in shares]:
            done.result()
    return None


def _alone(risk_free: float, required_return: float, tail: float, periods_per_year: float) -> dict[str, Metric]:
    annual = {"periods_per_year": periods_per_year}
    required = {"required_return": required_return}
    found: dict[str, Metric] = {
        "cumulative_return": cumulative_return,
        "annual_return": partial(annual_return, **annual),
        "annual_volatility": partial(annual_volatility, **annual),
        "downside_deviation": partial(downside_deviation, **required, **annual),
        "sharpe_ratio": partial(sharpe_ratio, risk_free=risk_free, **annual),
        "sortino_ratio": partial(sortino_ratio, **required, **annual),
        "calmar_ratio": partial(calmar_ratio, **annual),
        "omega_ratio": partial(omega_ratio, **required),
        "tail_ratio": tail_ratio,
        "stability": stability,
        "max_drawdown": max_drawdown,
        "ulcer_index": ulcer_index,
        "time_under_water": time_under_water,
        "longest_time_under_water": longest_time_under_water,
        "skewness": skewness,
        "excess_kurtosis": excess_kurtosis,
    }
    for prefix, model in _TAIL_MODELS:
        found[f"{prefix}value_at_risk"] = partial(value_at_risk, tail=tail, model=model)
        found[f"{prefix}conditional_value_at_risk"] = partial(conditional_value_at_risk, tail=tail, model=model)
    return found


def _against(risk_free: float, periods_per_year: float) -> dict[str, Metric]:
    annual = {"periods_per_year": periods_per_year}
    free = {"risk_free": risk_free}
    return {
        "alpha": partial(alpha, **free, **annual),
        "beta": beta,
        "correlation": correlation,
        "tracking_error": partial(tracking_error, **annual),
        "information_ratio": partial(information_ratio, **annual),
        "treynor_ratio": partial(treynor_ratio, **free, **annual),
        "m_squared": partial(m_squared, **free, **annual),
        "up_capture_ratio": partial(capture_ratio, up=True, **annual),
        "down_capture_ratio": partial(capture_ratio, up=False, **annual),
    }
