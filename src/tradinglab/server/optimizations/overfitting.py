"""How likely the best of a search is luck, by cross-validation over the trials' daily returns."""

from __future__ import annotations

from datetime import date
from typing import Any, Final, NamedTuple
from uuid import UUID

import numpy as np

from tradinglab import analytics
from tradinglab.analytics.arrays import AnalyticsError, Floats
from tradinglab.analytics.cross_validation import backtest_overfitting
from tradinglab.analytics.overfitting import deflated_sharpe_ratio, expected_maximum_sharpe_ratio, independent_trials
from tradinglab.server.backtests.daily import DailyAccount, daily_account
from tradinglab.server.backtests.models import Backtest
from tradinglab.server.errors import ConflictError
from tradinglab.server.optimizations.models import Optimization, Trial
from tradinglab.server.optimizations.returns import returns_read, spread
from tradinglab.server.rest.numbers import plain
from tradinglab.server.runs.models import RunState

_FEWEST_TRIALS: Final = 2
_MOST_BLOCKS: Final = 16
_FEWEST_BLOCKS: Final = 4


def overfitting_of(*, optimization: Optimization, blocks: int | None = None) -> dict[str, Any]:
    """Return how choosing the trial with the best Sharpe ratio fares, over all ways to halve the past.

    Raises
    ------
    ConflictError
        If there are too few trials with daily returns, or too few days; or the trials were simulated, and their daily
        returns are not made yet.
    """
    is_simulated = optimization.method == Optimization.Method.SIMULATION
    total, known = (_simulated if is_simulated else _backtested)(optimization)
    if len(known) < _FEWEST_TRIALS:
        raise ConflictError(
            f"{len(known)} trials of the search have daily returns; it takes {_FEWEST_TRIALS} at least, and says much "
            "from a dozen on."
        )
    table = _side_by_side([each.account for each in known])
    a = known[0].account.periods_per_year
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
                "best": None if known[best].backtest is None else str(known[best].backtest),
                "best_trial": known[best].number,
                "best_sharpe_ratio": ratios[best],
                "variance": variance,
                "expected_maximum_sharpe_ratio": expected_maximum_sharpe_ratio(independent, variance),
                "deflated_sharpe_ratio": deflated_sharpe_ratio(table[:, best], independent, variance, a),
            }
        )
    return answer


class _Judged(NamedTuple):
    """A trial whose daily returns are known; its backtest, if it is one."""

    number: int
    backtest: UUID | None
    account: DailyAccount


def _simulated(optimization: Optimization) -> tuple[int, list[_Judged]]:
    """Return how many simulated trials completed, and those whose daily returns were made."""
    made = returns_read(optimization=optimization)
    rows = Trial.objects.filter(optimization=optimization, outcome=RunState.COMPLETED)
    known = dict(rows.filter(number__in=made).values_list("number", "backtest_id"))
    judged = [_Judged(number, known[number], made[number]) for number in sorted(made) if number in known]
    return rows.count(), [each for each in judged if len(each.account.returns)]


def _backtested(optimization: Optimization) -> tuple[int, list[_Judged]]:
    """Return how many trials completed, and those that are looked at and have daily returns."""
    rows = Trial.objects.filter(optimization=optimization, backtest__run__state=RunState.COMPLETED).order_by("number")
    found = list(rows.values_list("backtest_id", "backtest__sharpe_ratio"))
    ids = [found[place][0] for place in spread([ratio for _, ratio in found])]
    tests = Backtest.objects.select_related("run", "trial").filter(pk__in=ids)
    judged: list[_Judged] = []
    per_year: int | None = None
    for test in tests.filter(run__artefacts__name="days.parquet").order_by("trial__number"):
        account = daily_account(test=test, periods_per_year=per_year)
        per_year = account.periods_per_year
        if len(account.returns):
            judged.append(_Judged(test.trial.number, test.pk, account))
    return len(found), judged


def _side_by_side(accounts: list[DailyAccount]) -> Floats:
    """Return the returns of the days that all trials have, shape (days, trials)."""
    by_day = [dict(zip(each.days[1:], each.returns.tolist(), strict=True)) for each in accounts]
    days: list[date] = sorted(set(by_day[0]).intersection(*by_day[1:]))
    return np.array([[each[day] for each in by_day] for day in days], np.float64).reshape(len(days), len(accounts))


def _blocks(days: int) -> int:
    most = min(_MOST_BLOCKS, days // 2)
    return max(_FEWEST_BLOCKS, most - most % 2)
