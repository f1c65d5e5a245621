"""What the statistics are computed from, and its cut to a period."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import accumulate, pairwise

import numpy as np

from tradinglab.algorithm.trade import Trade
from tradinglab.core.clock import DAY_NS, from_ns
from tradinglab.core.decimals import ZERO, Number, to_decimal
from tradinglab.core.system_decimal import divide, double_of
from tradinglab.core.values import dataclass, field
from tradinglab.data.interest import DEFAULT_RATE, InterestRates

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
    rate_table
        The rates, if they are known to be those of a table: it is looked up, *risk_free_rate* is not asked.
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
    rate_table: InterestRates | None = None


@dataclass(frozen=True, slots=True)
class Period:
    """A run cut to whole UTC days.

    *returns* and *benchmark* are fractions; the first two samples of the former and the first change of the latter
    (the start, and a partial day) are left out, as in LEAN.
    """

    equity: list[Point]
    returns: list[float]
    benchmark: list[float]
    turnover: list[Decimal]
    profit_loss: list[Decimal]
    win_count: int
    loss_count: int
    starting_capital: Decimal
    risk_free_rate: Decimal
    #: Where *returns* and *benchmark* are among those of the run.
    spans: tuple[slice, slice] = (slice(0, 0), slice(0, 0))


class Samples:
    """A :class:`StatisticsInput` made ready to be cut to many periods.

    Attributes
    ----------
    returns, changes
        The returns, and the benchmark's, as fractions.
    """

    def __init__(self, source: StatisticsInput) -> None:
        self.source = source
        self._equity_times = [time for time, _ in source.equity]
        self._return_times = [time for time, _ in source.performance]
        self._benchmark_times = [time for time, _ in source.benchmark]
        self._turnover_times = [time for time, _ in source.turnover]
        self._profits = sorted(source.profit_loss.items())
        self._profit_times = [time for time, _ in self._profits]
        self._wins, self._losses = sorted(source.wins), sorted(source.losses)
        # Charted values have too few digits for a division by a hundred to do more than move the point.
        self.returns = [double_of(value.scaleb(-2)) for _, value in source.performance]
        self.changes = _changes([value for _, value in source.benchmark])
        self._rates = _running_sum(
            _rates(source.risk_free_rate, self._equity_times)
            if source.rate_table is None
            else _table_rates(source.rate_table, self._equity_times)
        )

    @property
    def days(self) -> tuple[int, int]:
        """The first and the last day sampled (days since 1970)."""
        return self._equity_times[0] // DAY_NS, self._equity_times[-1] // DAY_NS

    def cut(self, first_day: int, last_day: int) -> Period | None:
        """Return what fell on the days from *first_day* to *last_day*, ``None`` if no sample of equity did."""
        source = self.source

        def within(times: Sequence[int]) -> slice:
            return slice(bisect_left(times, first_day * DAY_NS), bisect_left(times, (last_day + 1) * DAY_NS))

        sampled = within(self._equity_times)
        equity = list(source.equity[sampled])
        if not equity:
            return None
        wins, losses = within(self._wins), within(self._losses)
        returns, changes = _without_two(within(self._return_times)), _without_two(within(self._benchmark_times))
        whole = len(equity) == len(source.equity)
        return Period(
            equity=equity,
            returns=self.returns[returns],
            benchmark=self.changes[changes],
            turnover=[value for _, value in source.turnover[within(self._turnover_times)]],
            profit_loss=[value for _, value in self._profits[within(self._profit_times)]],
            win_count=wins.stop - wins.start,
            loss_count=losses.stop - losses.start,
            starting_capital=source.starting_capital if whole else equity[0][1],
            risk_free_rate=divide(self._rates[sampled.stop] - self._rates[sampled.start], Decimal(len(equity))),
            spans=(returns, changes),
        )

    def trades_within(self, first_day: int, last_day: int) -> list[Trade]:
        """Return the trades that were closed on the days from *first_day* to *last_day*."""
        start, stop = first_day * DAY_NS, (last_day + 1) * DAY_NS
        return [trade for trade in self.source.trades() if start <= trade.exit_ns < stop]


def _without_two(span: slice) -> slice:
    """Return a span without its first two places."""
    return slice(min(span.start + 2, span.stop), span.stop)


def _changes(values: list[Decimal]) -> list[float]:
    """Return each value's change from the one before, zero for the first."""
    changes = [
        double_of(divide(value - before, before)) if before and value != before else 0.0
        for before, value in pairwise(values)
    ]
    return [0.0, *changes]


def _rates(model: RateModel, times: Iterable[int]) -> Iterator[Decimal]:
    """Yield the rates at some times; one that stays the same, as it does for months, is converted once."""
    before: Number | None = None
    exact = ZERO
    for time in times:
        rate = model(from_ns(time))
        if rate is not before:
            before, exact = rate, to_decimal(rate)
        yield exact


def _table_rates(table: InterestRates, times: Sequence[int]) -> list[Decimal]:
    """Return the rates of a table at some times."""
    exact = [to_decimal(float(rate)) for rate in table.rates or (DEFAULT_RATE,)]
    rows = np.searchsorted(np.array(table.days, np.int64), np.array(times, np.int64) // DAY_NS, side="right") - 1
    return [exact[row] for row in np.maximum(rows, 0).tolist()]


def _running_sum(values: Iterable[Decimal]) -> list[Decimal]:
    return list(accumulate(values, initial=ZERO))
