"""What the statistics are computed from, and its cut to a period."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from tradinglab.algorithm.trade import Trade
from tradinglab.core.clock import DAY_NS
from tradinglab.core.decimals import ZERO, Number

Point = tuple[int, Decimal]
RateModel = Callable[[datetime], Number]


def no_rate(_: datetime) -> Decimal:
    """Return a risk-free rate of zero."""
    return ZERO


def no_trades() -> Sequence[Trade]:
    """Return no trades."""
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StatisticsInput:
    """Everything that a run's statistics depend on.

    Points are (nanoseconds UTC, value) in time order and hold the *chart's* values, smartly rounded, because
    LEAN computes from its charts.

    Attributes
    ----------
    equity, performance, benchmark, turnover
        Portfolio value; return since the sample before in percent; benchmark's price; traded over portfolio value.
    profit_loss
        The transaction record: when a position was reduced, and the profit net of fees.
    wins, losses
        When, of those, a transaction won or lost (option exercises count by another rule than their profit).
    risk_free_rate
        The yearly rate at a UTC time; zero by default.
    trades
        Gives the closed trades; asked only when trade statistics are.
    trading_days_per_year
        252, or 365 for markets that never close.
    """

    equity: Sequence[Point]
    performance: Sequence[Point]
    benchmark: Sequence[Point]
    turnover: Sequence[Point] = ()
    profit_loss: Mapping[int, Decimal] = field(default_factory=dict)
    wins: Sequence[int] = ()
    losses: Sequence[int] = ()
    trades: Callable[[], Sequence[Trade]] = no_trades
    starting_capital: Decimal
    total_fees: Decimal = ZERO
    total_orders: int = 0
    capacity: Decimal = ZERO
    lowest_capacity_asset: str = ""
    currency_symbol: str = "$"
    trading_days_per_year: int = 252
    risk_free_rate: RateModel = no_rate


@dataclass(frozen=True, slots=True)
class Period:
    """A :class:`StatisticsInput` cut to whole UTC days, both included."""

    equity: list[Point]
    performance: list[Point]
    benchmark: list[Point]
    turnover: list[Point]
    profit_loss: list[Point]
    win_count: int
    loss_count: int
    starting_capital: Decimal


def cut(source: StatisticsInput, first_day: int, last_day: int) -> Period:
    """Return what fell on the days from *first_day* to *last_day* (days since 1970)."""
    start, stop = first_day * DAY_NS, (last_day + 1) * DAY_NS

    def within(points: Sequence[Point]) -> list[Point]:
        low = bisect_left(points, start, key=lambda point: point[0])
        high = bisect_left(points, stop, key=lambda point: point[0])
        return list(points[low:high])

    def count(times: Sequence[int]) -> int:
        return sum(start <= time < stop for time in times)

    equity = within(source.equity)
    whole = len(equity) == len(source.equity)
    return Period(
        equity=equity,
        performance=within(source.performance),
        benchmark=within(source.benchmark),
        turnover=within(source.turnover),
        profit_loss=within(sorted(source.profit_loss.items())),
        win_count=count(source.wins),
        loss_count=count(source.losses),
        starting_capital=source.starting_capital if whole or not equity else equity[0][1],
    )


def trades_within(source: StatisticsInput, first_day: int, last_day: int) -> list[Trade]:
    """Return the trades that were closed on the days from *first_day* to *last_day*."""
    start, stop = first_day * DAY_NS, (last_day + 1) * DAY_NS
    return [trade for trade in source.trades() if start <= trade.exit_ns < stop]
