"""How much of a backtest's figures is luck: by how many were tried, and by what else could have come of it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np

from tradinglab import analytics
from tradinglab.analytics.arrays import Floats, SampleError
from tradinglab.analytics.monte_carlo import Simulation, block_bootstrap, trade_reshuffle
from tradinglab.analytics.overfitting import (
    deflated_sharpe_ratio,
    expected_maximum_sharpe_ratio,
    minimum_track_record_length,
    probabilistic_sharpe_ratio,
)
from tradinglab.server.backtests.daily import DailyAccount, daily_account
from tradinglab.server.backtests.models import Backtest
from tradinglab.server.backtests.results import table_collect, table_read
from tradinglab.server.errors import InputError
from tradinglab.server.honesty.selectors import Standing, standing_of
from tradinglab.server.rest.numbers import plain

MOST_PATHS: Final = 5_000
MOST_POINTS: Final = 500
#: Returns that are drawn in all: a second or two.
_MOST_DRAWN: Final = 20_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How it is looked at.

    Attributes
    ----------
    threshold
        The yearly Sharpe ratio that the true one is to be above, with what *confidence*.
    paths, block, points, seed
        Of the paths that are drawn; blocks are of that many days on average.
    """

    threshold: float = 0.0
    confidence: float = 0.95
    paths: int = 1_000
    block: float | None = None
    points: int = 100
    seed: int = 0


def robustness_of(*, test: Backtest, how: Settings) -> dict[str, Any]:
    """Return how a backtest stands among all that was tried, and the bands of what else could have come of it.

    Raises
    ------
    ConflictError
        If the backtest has not completed.
    InputError
        If blocks would be longer than the run.
    """
    account = daily_account(test=test)
    standing = standing_of(
        strategy=test.version.strategy,
        data=test.data,
        first_day=test.first_day,
        last_day=test.last_day,
        until=test.run.finished_at,
    )
    now = standing_of(strategy=test.version.strategy, data=test.data, first_day=test.first_day, last_day=test.last_day)
    notes: list[str] = []
    with np.errstate(all="ignore"):
        found = {
            "trials": {**asdict(standing), "trials_now": now.trials},
            "luck": _luck(account, standing, how, notes),
            "bootstrap": _bootstrap(account, how, notes),
            "reshuffle": _reshuffle(test, how, notes),
            "notes": notes,
        }
    answer: dict[str, Any] = plain(found)
    return answer


def _luck(account: DailyAccount, standing: Standing, how: Settings, notes: list[str]) -> dict[str, Any]:
    returns, a = account.returns, account.periods_per_year
    found: dict[str, Any] = {
        "sharpe_ratio": analytics.sharpe_ratio(returns, periods_per_year=a),
        "periods": len(returns),
        "periods_per_year": a,
        "threshold": how.threshold,
        "confidence": how.confidence,
        "probabilistic_sharpe_ratio": probabilistic_sharpe_ratio(returns, how.threshold, a),
        "minimum_track_record_length": minimum_track_record_length(returns, how.threshold, how.confidence, a),
        "expected_maximum_sharpe_ratio": None,
        "deflated_sharpe_ratio": None,
    }
    trials = max(1, standing.trials)
    if trials == 1 or standing.variance is not None:
        variance = standing.variance or 0.0
        found["expected_maximum_sharpe_ratio"] = expected_maximum_sharpe_ratio(trials, variance)
        found["deflated_sharpe_ratio"] = deflated_sharpe_ratio(returns, trials, variance, a)
    else:
        notes.append("How much the Sharpe ratios of the trials vary is not known: there is no deflated one.")
    if trials > 1:
        notes.append("Each variant counts as an independent trial; if they are alike, the deflated ratio is too low.")
    return found


def _bootstrap(account: DailyAccount, how: Settings, notes: list[str]) -> dict[str, Any] | None:
    returns = account.returns
    if len(returns) < 2:
        notes.append("There are too few daily returns to draw others from.")
        return None
    paths = _bounded(how.paths, len(returns), notes)
    if how.block is not None and how.block > len(returns):
        text = f"Blocks are of at most as many days as there are returns, {len(returns)}."
        raise InputError("block", how.block, text)
    found = block_bootstrap(
        returns, paths=paths, block=how.block, start=float(account.equity[0]), points=how.points, seed=how.seed
    )
    return _told(found, paths)


def _reshuffle(test: Backtest, how: Settings, notes: list[str]) -> dict[str, Any] | None:
    table = table_collect(table_read(test=test, name="trades").select("profit_loss", "total_fees"))
    profits: Floats = table["profit_loss"].to_numpy() - table["total_fees"].to_numpy()
    start = test.start_equity
    if len(profits) < 2 or start is None or start <= 0:
        notes.append("There are too few closed trades to put into another order.")
        return None
    paths = _bounded(how.paths, len(profits), notes)
    try:
        found = trade_reshuffle(profits, start=start, paths=paths, points=how.points, seed=how.seed)
    except SampleError as error:
        notes.append(f"The trades are not put into another order: {error}.")
        return None
    return _told(found, paths)


def _bounded(paths: int, length: int, notes: list[str]) -> int:
    """Return how many paths of a length are drawn."""
    most = max(100, _MOST_DRAWN // length)
    if paths > most:
        notes.append(f"Of paths of {length:,} steps, {most:,} are drawn.")
    return min(paths, most)


def _told(found: Simulation, paths: int) -> dict[str, Any]:
    return {
        "paths": paths,
        "start": found.start,
        "levels": found.levels,
        "places": found.places,
        "bands": found.bands,
        "final": found.final_quantiles(),
        "max_drawdown": found.drawdown_quantiles(),
        "probability_of_loss": found.probability_of_loss,
        "probability_of_ruin": found.probability_below(0.0),
        "probability_of_half": found.probability_below(0.5),
    }
