"""How likely the best of a search is luck, by cross-validation over the trials' daily returns."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

import numpy as np

from tradinglab import analytics
from tradinglab.analytics.arrays import AnalyticsError, Floats
from tradinglab.analytics.cross_validation import backtest_overfitting
from tradinglab.analytics.overfitting import deflated_sharpe_ratio, expected_maximum_sharpe_ratio, independent_trials
from tradinglab.server.backtests.daily import DailyAccount, daily_account
from tradinglab.server.backtests.models import Backtest
from tradinglab.server.errors import ConflictError
from tradinglab.server.optimizations.models import Optimization, Trial
from tradinglab.server.rest.numbers import plain
from tradinglab.server.runs.models import RunState

#: Of more trials, as many are looked at, spread evenly: each is a table to be read.
MOST_TRIALS: Final = 200
_FEWEST_TRIALS: Final = 2
_MOST_BLOCKS: Final = 16
_FEWEST_BLOCKS: Final = 4


def overfitting_of(*, optimization: Optimization, blocks: int | None = None) -> dict[str, Any]:
    """Return how choosing the trial with the best Sharpe ratio fares, over all ways to halve the past.

    Raises
    ------
    ConflictError
        If there are too few trials with daily returns, as there are none of simulations, or too few days.
    """
    if optimization.method == Optimization.Method.SIMULATION:
        raise ConflictError(
            "The trials of this search were simulated, and left no daily returns. Search with 'method': 'backtests'."
        )
    total, tests = _sampled(optimization)
    known = _with_returns(tests)
    if len(known) < _FEWEST_TRIALS:
        raise ConflictError(
            f"{len(known)} trials of the search have daily returns; it takes {_FEWEST_TRIALS} at least, and says much "
            "from a dozen on."
        )
    table = _side_by_side([account for _, account in known])
    a = known[0][1].periods_per_year
    with np.errstate(all="ignore"):
        try:
            found = backtest_overfitting(table, blocks or _blocks(len(table)))
            trials = independent_trials(table)
        except AnalyticsError as error:
            raise ConflictError(f"The trials cannot be judged: {error}.") from None
        ratios = np.asarray(analytics.sharpe_ratio(table, periods_per_year=a))
        best = int(np.nanargmax(ratios))
        variance = float(np.var(ratios[np.isfinite(ratios)], ddof=1)) if np.isfinite(ratios).sum() > 1 else 0.0
        # A sample of trials stands for all: as large a share of them is independent.
        independent = max(1.0, 1 + (trials - 1) * (total - 1) / max(1, len(known) - 1))
        answer: dict[str, Any] = plain(
            {
                "trials": total,
                "judged": len(known),
                "independent_trials": independent,
                "days": len(table),
                "blocks": blocks or _blocks(len(table)),
                "combinations": len(found.logits),
                "probability": found.probability,
                "probability_of_loss": found.probability_of_loss,
                "degradation": found.degradation,
                "logits": np.quantile(found.logits, (0.05, 0.25, 0.5, 0.75, 0.95)),
                "best": str(known[best][0].pk),
                "best_sharpe_ratio": ratios[best],
                "variance": variance,
                "expected_maximum_sharpe_ratio": expected_maximum_sharpe_ratio(independent, variance),
                "deflated_sharpe_ratio": deflated_sharpe_ratio(table[:, best], independent, variance, a),
            }
        )
    return answer


def _sampled(optimization: Optimization) -> tuple[int, list[Backtest]]:
    """Return how many trials completed, and those that are looked at, the best among them."""
    rows = Trial.objects.filter(optimization=optimization, backtest__run__state=RunState.COMPLETED).order_by("number")
    found = list(rows.values_list("backtest_id", "backtest__sharpe_ratio"))
    places = {round(place) for place in np.linspace(0, len(found) - 1, min(MOST_TRIALS, len(found)))}
    if found:
        places.add(max(range(len(found)), key=lambda place: found[place][1] or -np.inf))
    ids = [found[place][0] for place in sorted(places)]
    tests = Backtest.objects.select_related("run").filter(pk__in=ids)
    return len(found), list(tests.filter(run__artefacts__name="days.parquet").order_by("trial__number"))


def _with_returns(tests: list[Backtest]) -> list[tuple[Backtest, DailyAccount]]:
    known: list[tuple[Backtest, DailyAccount]] = []
    per_year: int | None = None
    for test in tests:
        account = daily_account(test=test, periods_per_year=per_year)
        per_year = account.periods_per_year
        if len(account.returns):
            known.append((test, account))
    return known


def _side_by_side(accounts: list[DailyAccount]) -> Floats:
    """Return the returns of the days that all trials have, shape (days, trials)."""
    by_day = [dict(zip(each.days[1:], each.returns.tolist(), strict=True)) for each in accounts]
    days: list[date] = sorted(set(by_day[0]).intersection(*by_day[1:]))
    return np.array([[each[day] for each in by_day] for day in days], np.float64).reshape(len(days), len(accounts))


def _blocks(days: int) -> int:
    most = min(_MOST_BLOCKS, days // 2)
    return max(_FEWEST_BLOCKS, most - most % 2)
