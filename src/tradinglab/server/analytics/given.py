"""Series as they are given: uploaded, or what a run has left, checked and brought into one form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any, Final
from uuid import UUID

import numpy as np
import numpy.typing as npt

from tradinglab import analytics
from tradinglab.analytics.arrays import AnalyticsError, Floats
from tradinglab.analytics.trades import Trades
from tradinglab.server.accounts.models import User
from tradinglab.server.backtests.daily import daily_account
from tradinglab.server.backtests.models import Backtest
from tradinglab.server.backtests.results import table_collect, table_read
from tradinglab.server.backtests.selectors import backtest_list
from tradinglab.server.errors import ConflictError, InputError, NotFoundError
from tradinglab.server.walk_forwards.selectors import days_per_year, walk_forward_list, walk_forward_outcome

Times = npt.NDArray[np.datetime64]

MOST_SERIES: Final = 50
MOST_PERIODS: Final = 100_000
MOST_TRADES: Final = 50_000
#: Of a trade; the first has to be there.
TRADE_NUMBERS: Final = (
    "profit_loss", "total_fees", "quantity", "entry_price", "exit_price", "mae", "mfe", "duration_s",
)  # fmt: skip
TRADE_TIMES: Final = ("entry_time", "exit_time")
TRADE_TEXTS: Final = ("symbol", "direction")


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenSeries:
    """Returns, with what belongs to them.

    Attributes
    ----------
    times
        When each return was complete; ``None`` if nobody has said.
    start
        When the account began, if that is known.
    periods_per_year
        Of a run, its own.
    benchmark
        Of a run, its own; one return for each of these.
    """

    name: str
    returns: Floats
    times: Times | None = None
    start: np.datetime64 | None = None
    periods_per_year: float | None = None
    benchmark: Floats | None = None
    trades: Trades | None = None


def series_given(*, user: User, given: Mapping[str, Any], field: str, name: str) -> GivenSeries:
    """Return a series that was uploaded, or that of a run of the user's.

    Parameters
    ----------
    field
        Where it stands in the request.
    name
        What it is called if it has no name.

    Raises
    ------
    InputError
        If times or numbers cannot be used.
    NotFoundError
        If there is no such run.
    ConflictError
        If the run has nothing to look at yet.
    """
    name = given.get("name") or name
    if "run" in given:
        return _of_run(user, given["run"], name)
    times = None if "times" not in given else times_read(given["times"], f"{field}.times")
    trades = None if "trades" not in given else _trades(given["trades"], f"{field}.trades")
    if "returns" in given:
        returns = np.array(given["returns"], np.float64)
        _check_length(returns, times, f"{field}.returns")
        return GivenSeries(name=name, returns=returns, times=times, trades=trades)
    values = np.array(given["values"], np.float64)
    _check_length(values, times, f"{field}.values")
    known = ~np.isnan(values)
    if times is None and not known.all():
        place = int(np.argmin(known))
        text = f"Value {place} is missing. Leave missing values out, and say by `times` when the others were."
        raise InputError(f"{field}.values", None, text)
    if (low := np.flatnonzero(values[known][:-1] <= 0)).size:
        value = float(values[known][low[0]])
        text = "An account that is at or below zero has no return after it; give `returns`, or end the series there."
        raise InputError(f"{field}.values", value, text)
    kept = None if times is None else times[known]
    return GivenSeries(
        name=name,
        returns=_returns(values[known]),
        times=None if kept is None else kept[1:],
        start=None if kept is None or not len(kept) else kept[0],
        trades=trades,
    )


def times_read(texts: Sequence[str], field: str) -> Times:
    """Return times that were given as days or instants; each has to be after the one before it.

    Raises
    ------
    InputError
        If one of them is no time, or not after the one before it.
    """
    found = np.empty(len(texts), "datetime64[us]")
    for place, text in enumerate(texts):
        found[place] = _time(text, f"{field}.{place}")
    if (wrong := np.flatnonzero(np.diff(found) <= np.timedelta64(0, "us"))).size:
        place = int(wrong[0]) + 1
        same = found[place] == found[place - 1]
        what = "comes twice" if same else f"is before the one ahead of it ({texts[place - 1][:40]})"
        raise InputError(f"{field}.{place}", texts[place], f"This time {what}; give times that rise.")
    return found


def _time(text: str, field: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
    except (ValueError, OverflowError):
        message = "Give a day (2010-01-31) or an instant (2010-01-31T15:30:00Z)."
        raise InputError(field, text, message) from None


def _check_length(values: Floats, times: Times | None, field: str) -> None:
    if times is not None and len(times) != len(values):
        text = f"There are {len(values):,} numbers and {len(times):,} times; give one time for each number."
        raise InputError(field, len(values), text)


def _returns(values: Floats) -> Floats:
    with np.errstate(all="ignore"):
        return analytics.simple_returns(values) if len(values) else np.empty(0)


def _trades(given: Mapping[str, Any], field: str) -> Trades:
    times = {name: _moments(given[name], f"{field}.{name}") for name in TRADE_TIMES if name in given}
    columns = {name: given[name] for name in (*TRADE_NUMBERS, *TRADE_TEXTS) if name in given}
    table = {
        name: np.array(values, np.float64) if name in TRADE_NUMBERS else values for name, values in columns.items()
    }
    try:
        return Trades.from_table({**table, **times})
    except AnalyticsError as error:
        raise InputError(field, None, f"The trades cannot be used: {error}.") from None


def _moments(texts: Sequence[str | None], field: str) -> Times:
    found = np.full(len(texts), "NaT", "datetime64[us]")
    for place, text in enumerate(texts):
        if text is not None:
            found[place] = _time(text, f"{field}.{place}")
    return found


def _of_run(user: User, run_id: UUID, name: str) -> GivenSeries:
    test = backtest_list(user=user).filter(pk=run_id).first()
    if test is not None:
        return _of_backtest(test, name)
    walk = walk_forward_list(user=user).filter(pk=run_id).first()
    if walk is None:
        raise NotFoundError(f"There is no backtest and no walk-forward {run_id}.")
    outcome = walk_forward_outcome(walk=walk)
    if outcome is None:
        raise ConflictError(f"The walk-forward {run_id} is {walk.run.state}, and has no test that completed yet.")
    began = next(each.start_equity for each in outcome.steps if each.days)
    values = np.array([began, *outcome.equity])
    return GivenSeries(
        name=name, returns=_returns(values), times=_days(outcome.days), periods_per_year=days_per_year(walk=walk)
    )


def _of_backtest(test: Backtest, name: str) -> GivenSeries:
    account = daily_account(test=test)
    times = _days(account.days)
    trades = table_collect(table_read(test=test, name="trades"))
    return GivenSeries(
        name=name,
        returns=account.returns,
        times=times[1:] if len(account.returns) else times[:0],
        start=times[0] if len(times) else None,
        periods_per_year=account.periods_per_year,
        benchmark=_returns(account.benchmark) if len(account.benchmark) and len(account.returns) else None,
        trades=Trades.from_table({column: trades[column].to_numpy() for column in trades.columns}),
    )


def _days(days: Sequence[date]) -> Times:
    return np.array([datetime.combine(day, time()) for day in days], "datetime64[us]")
