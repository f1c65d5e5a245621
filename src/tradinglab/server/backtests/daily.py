"""The account of a backtest once a day, as its statistics are of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

import numpy as np

from tradinglab import analytics
from tradinglab.analytics.arrays import Floats
from tradinglab.server.backtests.models import Backtest
from tradinglab.server.backtests.results import TRIAL_FILE, document_read, table_collect, table_read
from tradinglab.server.errors import ConflictError, NotFoundError
from tradinglab.server.runs.models import RunState

#: A day is closed by a sample at midnight where the strategy is: half a day before, it is that day everywhere.
_HALF_A_DAY: Final = timedelta(hours=12)
_ALWAYS_OPEN: Final = 365
_SATURDAY: Final = 5
_FEWEST: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class DailyAccount:
    """An account at the end of each trading day.

    Attributes
    ----------
    days
        The days; those on which markets rest are not among them.
    equity
        What the account was worth, one for each day.
    benchmark
        The benchmark's value, one for each day; empty if there was none that moved.
    periods_per_year
        How many such days a year has.
    """

    days: tuple[date, ...]
    equity: Floats
    benchmark: Floats
    periods_per_year: int

    @property
    def returns(self) -> Floats:
        """The returns from the second day on; none of an account that was not above zero all the time."""
        is_measured = len(self.equity) >= _FEWEST and bool((self.equity > 0).all())
        return analytics.simple_returns(self.equity if is_measured else [])


def daily_account(*, test: Backtest, periods_per_year: int | None = None) -> DailyAccount:
    """Return the account of a backtest, once a day.

    Parameters
    ----------
    periods_per_year
        How many trading days a year has, if that is known; the run's result is read for it otherwise.

    Raises
    ------
    ConflictError
        If the backtest has not completed.
    DamagedResultError
        If what it has left cannot be read.
    """
    if test.run.state != RunState.COMPLETED:
        raise ConflictError(
            f"The backtest {test.pk} is {test.run.state} and has no figures; they are of completed ones."
        )
    table = table_collect(table_read(test=test, name="days").select("time", "equity", "benchmark"))
    per_year = periods_per_year or _periods_per_year(test)
    by_day: dict[date, tuple[float, float]] = {}
    times: list[datetime] = table["time"].to_list()
    for time, equity, benchmark in zip(times, table["equity"], table["benchmark"], strict=True):
        day = (time - _HALF_A_DAY).date()
        if per_year == _ALWAYS_OPEN or day.weekday() < _SATURDAY or not by_day:
            by_day[day] = (equity, benchmark)
    pairs = np.array(list(by_day.values()), np.float64).reshape(-1, 2)
    benchmark_moves = bool(len(pairs)) and bool((pairs[:, 1] > 0).all()) and bool(np.ptp(pairs[:, 1]) > 0)
    return DailyAccount(
        days=tuple(by_day),
        equity=pairs[:, 0],
        benchmark=pairs[:, 1] if benchmark_moves else np.empty(0),
        periods_per_year=per_year,
    )


def _periods_per_year(test: Backtest) -> int:
    found: object
    try:
        if test.is_slim:
            found = document_read(test=test, name=TRIAL_FILE).get("trading_days_per_year")
        else:
            configuration = document_read(test=test, name="result.json").get("algorithmConfiguration")
            found = configuration.get("tradingDaysPerYear") if isinstance(configuration, Mapping) else None
    except NotFoundError:
        return analytics.TRADING_DAYS
    return found if isinstance(found, int) and found > 0 else analytics.TRADING_DAYS
