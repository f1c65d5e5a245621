"""Several series beside each other: correlation, combination, and how likely the best of them is luck."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from functools import reduce
from typing import Any, Final

import numpy as np

from tradinglab import analytics
from tradinglab.analytics.arrays import AnalyticsError, Floats, SampleError
from tradinglab.analytics.cross_validation import backtest_overfitting
from tradinglab.analytics.overfitting import (
    deflated_sharpe_ratio,
    expected_maximum_sharpe_ratio,
    independent_trials,
)
from tradinglab.analytics.portfolio import combine
from tradinglab.server.analytics.given import GivenSeries, Times
from tradinglab.server.rest.numbers import plain

_FEWEST_COMMON: Final = 3
_MOST_BLOCKS: Final = 16
_FEWEST_BLOCKS: Final = 4


def aligned(other: GivenSeries, times: Times | None) -> Floats:
    """Return the returns of a series at some times, not-a-number where it has none."""
    if times is None or other.times is None:
        return other.returns
    found = np.full(len(times), np.nan)
    _, here, there = np.intersect1d(times, other.times, assume_unique=True, return_indices=True)
    found[here] = other.returns[there]
    return found


def side_by_side(series: Sequence[GivenSeries]) -> Floats:
    """Return the returns of the periods in which every series has one, shape (periods, series)."""
    times = [each.times for each in series if each.times is not None]
    if times:
        common = reduce(lambda one, other: np.intersect1d(one, other, assume_unique=True), times)
        table = np.column_stack([aligned(each, common) for each in series])
    else:
        table = np.column_stack([each.returns for each in series])
    known: Floats = table[~np.isnan(table).any(axis=1)]
    return known


def together(
    series: Sequence[GivenSeries], *, weights: Sequence[float] | None, rebalanced: bool, periods_per_year: float
) -> tuple[dict[str, Any] | None, dict[str, Any] | None, list[str]]:
    """Return the combination of several series, how overfitted the best of them is, and notes on what is left out.

    Raises
    ------
    AnalyticsError
        If the weights cannot be used.
    """
    table = side_by_side(series)
    if len(table) < _FEWEST_COMMON:
        text = (
            f"The series have {len(table)} periods in common; of fewer than {_FEWEST_COMMON} nothing is said together."
        )
        return None, None, [text]
    with np.errstate(all="ignore"):
        found = combine(table, weights, rebalanced=rebalanced, periods_per_year=periods_per_year)
        document = {name: value for name, value in asdict(found).items() if name != "returns"}
        document |= {"periods": len(table), "metrics": _metrics(found.returns, periods_per_year)}
        try:
            luck: dict[str, Any] | None = _overfitting(table, series, periods_per_year)
            notes = []
        except AnalyticsError as error:
            luck, notes = None, [f"Overfitting of the best is not told: {error}."]
    return plain(document), plain(luck), notes


def _metrics(returns: Floats, periods_per_year: float) -> dict[str, Any]:
    only = ("cumulative_return", "annual_return", "annual_volatility", "sortino_ratio", "calmar_ratio", "ulcer_index")
    return analytics.summary(returns, periods_per_year=periods_per_year, only=only)


def _overfitting(table: Floats, series: Sequence[GivenSeries], periods_per_year: float) -> dict[str, Any]:
    """Return what choosing the best of the series is worth, as if they were all trials of one search."""
    most = min(_MOST_BLOCKS, len(table) // 2)
    blocks = max(_FEWEST_BLOCKS, most - most % 2)
    found = backtest_overfitting(table, blocks)
    ratios = np.asarray(analytics.sharpe_ratio(table, periods_per_year=periods_per_year))
    if np.isnan(ratios).all():
        raise SampleError("no series has a Sharpe ratio")
    best = int(np.nanargmax(ratios))
    trials = independent_trials(table)
    known = ratios[np.isfinite(ratios)]
    variance = float(np.var(known, ddof=1)) if len(known) > 1 else 0.0
    return {
        "trials": table.shape[1],
        "independent_trials": trials,
        "blocks": blocks,
        "combinations": len(found.logits),
        "probability": found.probability,
        "probability_of_loss": found.probability_of_loss,
        "degradation": found.degradation,
        "best": series[best].name,
        "variance": variance,
        "expected_maximum_sharpe_ratio": expected_maximum_sharpe_ratio(trials, variance),
        "deflated_sharpe_ratio": deflated_sharpe_ratio(table[:, best], trials, variance, periods_per_year),
    }
