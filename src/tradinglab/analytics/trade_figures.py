"""The figures of closed trades, and how much of an account they employ. Conventions as in :mod:`.trades`."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import numpy.typing as npt

from tradinglab.analytics.arrays import (
    NAN,
    TRADING_DAYS,
    Floats,
    ParameterError,
    SampleError,
    as_columns,
    as_series,
    defined,
    positive,
)
from tradinglab.analytics.times import as_time
from tradinglab.analytics.trades import GroupBy, Trades
from tradinglab.core.values import dataclass


def trade_figures(trades: Trades) -> dict[str, float]:
    """Return the figures of *trades* by name; amounts in the account's currency, times in seconds.

    ``hit_rate`` is wins over trades; ``payoff_ratio`` the average win over the size of the average loss;
    ``expectancy`` the average net profit, ``expectancy_ratio`` the same in average losses; ``profit_factor`` all wins
    over the size of all losses; ``kelly_fraction`` is ``p - (1 - p) / payoff`` with p the share of wins among wins and
    losses (Kelly, 1956); streaks are wins or losses in a row, in the order of the exits.
    """
    net = trades.net
    with np.errstate(all="ignore"):
        found = {**_amounts(trades, net), **_holding(trades, net), **_excursions(trades)}
    return {name: value if np.isfinite(value) else NAN for name, value in found.items()}


def trade_figures_by(trades: Trades, key: GroupBy | str) -> dict[str, dict[str, float]]:
    """Return the :func:`trade_figures` of each symbol, side, hour or weekday."""
    return {name: trade_figures(some) for name, some in trades.by(key).items()}


def _amounts(trades: Trades, net: Floats) -> dict[str, float]:
    wins, losses = net[net > 0], net[net < 0]
    count, decided = len(net), len(wins) + len(losses)
    won, lost = float(wins.sum()), -float(losses.sum())
    average_win, average_loss = _mean(wins), -_mean(losses)
    payoff = _ratio(average_win, average_loss)
    expectancy = _mean(net)
    share = _ratio(len(wins), decided)
    return {
        "trades": float(count),
        "wins": float(len(wins)),
        "losses": float(len(losses)),
        "hit_rate": _ratio(len(wins), count),
        "net_profit": float(net.sum()),
        "fees": float(trades.fees.sum()),
        "average_win": average_win,
        "average_loss": -average_loss,
        "largest_win": float(wins.max()) if len(wins) else NAN,
        "largest_loss": float(losses.min()) if len(losses) else NAN,
        "payoff_ratio": payoff,
        "expectancy": expectancy,
        "expectancy_ratio": _ratio(expectancy, average_loss),
        "profit_factor": _ratio(won, lost),
        "kelly_fraction": share - _ratio(1 - share, payoff),
        "profit_deviation": float(net.std(ddof=1)) if count > 1 else NAN,
        "longest_winning_streak": float(_longest_run(net > 0)),
        "longest_losing_streak": float(_longest_run(net < 0)),
    }


def _holding(trades: Trades, net: Floats) -> dict[str, float]:
    holding = trades.holding_s
    known = ~np.isnan(holding)
    return {
        "average_holding_s": _mean(holding[known]),
        "median_holding_s": float(np.median(holding[known])) if known.any() else NAN,
        "shortest_holding_s": float(holding[known].min()) if known.any() else NAN,
        "longest_holding_s": float(holding[known].max()) if known.any() else NAN,
        "average_holding_of_wins_s": _mean(holding[known & (net > 0)]),
        "average_holding_of_losses_s": _mean(holding[known & (net < 0)]),
    }


def _excursions(trades: Trades) -> dict[str, float]:
    adverse, favourable = trades.mae[~np.isnan(trades.mae)], trades.mfe[~np.isnan(trades.mfe)]
    return {
        "average_mae": _mean(adverse),
        "average_mfe": _mean(favourable),
        "largest_mae": float(adverse.min()) if len(adverse) else NAN,
        "largest_mfe": float(favourable.max()) if len(favourable) else NAN,
        "edge_ratio": _ratio(_mean(favourable), -_mean(adverse)),
    }


def _mean(values: Floats) -> float:
    return float(values.mean()) if len(values) else NAN


def _ratio(numerator: float, denominator: float) -> float:
    return numerator / denominator if denominator else NAN


def _longest_run(flags: npt.NDArray[np.bool_]) -> int:
    numbers = np.arange(1, len(flags) + 1)
    return int((numbers - np.maximum.accumulate(np.where(flags, 0, numbers))).max(initial=0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """How much of an account is employed, as a fraction of its equity at each period; arrays of shape (periods,).

    Attributes
    ----------
    long, short
        The value of long and of short positions, neither below zero.
    """

    long: Floats
    short: Floats

    @property
    def gross(self) -> Floats:
        """Long and short together."""
        return self.long + self.short

    @property
    def net(self) -> Floats:
        """Long less short."""
        return self.long - self.short

    @property
    def time_in_market(self) -> float:
        """The share of the periods with any position; not-a-number for none."""
        known = self.gross[~np.isnan(self.gross)]
        return float((known > 0).mean()) if len(known) else NAN

    @property
    def average_gross(self) -> float:
        """The mean of the gross exposure over the periods in which it is known."""
        return _mean(self.gross[~np.isnan(self.gross)])


def exposure(values: npt.ArrayLike, equity: npt.ArrayLike) -> Exposure:
    """Return how much of the equity is in positions.

    Parameters
    ----------
    values
        The market value of each position, below zero for short ones, shape (periods, symbols); missing is none.
    equity
        The account's value, shape (periods,). Where it is not above zero, exposure is not-a-number.

    Raises
    ------
    SampleError
        If the lengths differ, or one of them cannot be used.
    """
    held, account = _held(values, equity, "values")
    with np.errstate(all="ignore"):
        return Exposure(
            long=defined(np.maximum(held, 0.0).sum(axis=1) / account),
            short=defined(np.maximum(-held, 0.0).sum(axis=1) / account),
        )


def turnover(quantities: npt.ArrayLike, prices: npt.ArrayLike, equity: npt.ArrayLike) -> Floats:
    """Return the value traded in each period as a fraction of the equity, shape (periods,).

    ``sum(abs(q[t] - q[t-1]) * price[t]) / equity[t]``, with no position before the first period. Buying and selling
    count alike, so that exchanging a whole portfolio is a turnover of two.

    Parameters
    ----------
    quantities, prices
        What is held, below zero for short, and what one costs, shape (periods, symbols); prices must be known where a
        quantity changes.
    equity
        The account's value, shape (periods,). Where it is not above zero, the turnover is not-a-number.
    """
    held, account = _held(quantities, equity, "quantities")
    table = as_columns(prices, "prices")
    if table.shape != held.shape:
        raise SampleError(f"prices must have the shape of quantities, {held.shape}; it was {table.shape}")
    change = np.abs(np.diff(held, axis=0, prepend=0.0))
    with np.errstate(all="ignore"):
        return defined(np.where(change > 0, change * table, 0.0).sum(axis=1) / account)


def annual_turnover(
    quantities: npt.ArrayLike, prices: npt.ArrayLike, equity: npt.ArrayLike, periods_per_year: float = TRADING_DAYS
) -> float:
    """Return the mean :func:`turnover` of a period times *periods_per_year*."""
    positive(periods_per_year, "periods_per_year")
    found = turnover(quantities, prices, equity)
    return _mean(found[~np.isnan(found)]) * periods_per_year


def time_in_market(trades: Trades, start: datetime | np.datetime64, end: datetime | np.datetime64) -> float:
    """Return the share of the time from *start* to *end* in which a trade was open; those at once count once.

    Raises
    ------
    ParameterError
        If the end is not after the start.
    """
    first, last = as_time(start, "start"), as_time(end, "end")
    if not last > first:
        raise ParameterError(f"end must be after start; they were {end} and {start}")
    known = ~(np.isnat(trades.entry_time) | np.isnat(trades.exit_time))
    if len(trades) and not known.any():
        return NAN
    begun, ended = np.clip(trades.entry_time[known], first, last), np.clip(trades.exit_time[known], first, last)
    order = np.argsort(begun, kind="stable")
    begun, ended = begun[order].astype(np.int64), ended[order].astype(np.int64)
    # What is open until then, before each trade begins: only what reaches beyond it is new.
    reached = np.maximum.accumulate(np.concatenate([[first.astype(np.int64)], ended]))[:-1]
    added = np.maximum(ended - np.maximum(begun, reached), 0)
    return float(added.sum() / (last - first).astype(np.int64))


def _held(table: npt.ArrayLike, equity: npt.ArrayLike, name: str) -> tuple[Floats, Floats]:
    held, account = as_columns(table, name), as_series(equity, "equity")
    if len(held) != len(account):
        raise SampleError(f"{name} and equity must have one length; they had {len(held)} and {len(account)}")
    return np.where(np.isnan(held), 0.0, held), np.where(account > 0, account, NAN)
