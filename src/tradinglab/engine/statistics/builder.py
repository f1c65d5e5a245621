"""From samples to statistics: the whole run, and windows of 1, 3, 6 and 12 months."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from tradinglab.algorithm.trade import Trade
from tradinglab.core.clock import date_of_day, day_of_date
from tradinglab.core.dual import Dual
from tradinglab.engine.statistics.inputs import Period, Samples, StatisticsInput
from tradinglab.engine.statistics.period_moments import PeriodMoments, moments_of_many
from tradinglab.engine.statistics.portfolio import PortfolioStatistics, has_risk, portfolio_statistics
from tradinglab.engine.statistics.summary import summary
from tradinglab.engine.statistics.trades import TradeStatistics

_WINDOW_MONTHS = (1, 3, 6, 12)


class AlgorithmPerformance(Dual):
    """Statistics of the portfolio and of the closed trades over one period; those of the trades when asked for."""

    def __init__(
        self,
        samples: Samples | None = None,
        first_day: int = 0,
        last_day: int = 0,
        *,
        period: Period | None = None,
        known: PeriodMoments | None = None,
    ) -> None:
        if samples is not None and period is None:
            period = samples.cut(first_day, last_day)
        self._samples = None if period is None else samples
        self._days = (first_day, last_day)
        self._trades: list[Trade] | None = None
        self._trade_statistics: TradeStatistics | None = None
        self._portfolio_statistics = PortfolioStatistics()
        if samples is not None and period is not None:
            self._portfolio_statistics = portfolio_statistics(period, samples.source.trading_days_per_year, known)

    @property
    def portfolio_statistics(self) -> PortfolioStatistics:
        """Statistics of the portfolio."""
        return self._portfolio_statistics

    @property
    def trade_statistics(self) -> TradeStatistics:
        """Statistics of the closed trades."""
        if self._trade_statistics is None:
            self._trade_statistics = TradeStatistics(self.closed_trades)
        return self._trade_statistics

    @property
    def closed_trades(self) -> list[Trade]:
        """The trades that were closed in the period."""
        if self._trades is None:
            self._trades = [] if self._samples is None else self._samples.trades_within(*self._days)
        return self._trades


class StatisticsResults(Dual):
    """A run's statistics; the rolling windows are computed when first asked for."""

    def __init__(self, source: StatisticsInput | None = None) -> None:
        self._samples = Samples(source) if source is not None and source.equity else None
        self._rolling: dict[str, AlgorithmPerformance] | None = None
        self._total = AlgorithmPerformance()
        self._summary: dict[str, str] = {}
        if self._samples is not None:
            self._total = AlgorithmPerformance(self._samples, *self._samples.days)
            self._summary = summary(self._samples.source, self._total.portfolio_statistics)

    @property
    def total_performance(self) -> AlgorithmPerformance:
        """The performance over the whole run."""
        return self._total

    @property
    def summary(self) -> dict[str, str]:
        """The statistics as LEAN prints them."""
        return self._summary

    @property
    def rolling_performances(self) -> dict[str, AlgorithmPerformance]:
        """Performances by window, named ``M3_20131031``: three months up to that day."""
        if self._rolling is None:
            self._rolling = {} if self._samples is None else _rolling_performances(self._samples)
        return self._rolling


def build_statistics(source: StatisticsInput) -> StatisticsResults:
    """Return the statistics of a run; without an equity point all are empty."""
    return StatisticsResults(source)


def window_ranges(months: int, first_day: int, last_day: int) -> Iterator[tuple[int, int]]:
    """Yield the first and last day of each window of *months* months, oldest first.

    Windows end on month ends and on the last day; the first ones are shorter.
    """
    first = date_of_day(first_day)
    ends: list[date] = []
    end = date_of_day(last_day)
    while not ends or end >= first:
        ends.append(end)
        end = end.replace(day=1) - timedelta(days=1)
    before = ends.pop()
    yield first_day, day_of_date(before)
    for end in reversed(ends):
        start = max(first, _add_months(before + timedelta(days=1), 1 - months))
        yield day_of_date(start), day_of_date(end)
        before = end


def _add_months(month_start: date, months: int) -> date:
    index = month_start.year * 12 + month_start.month - 1 + months
    return date(index // 12, index % 12 + 1, 1) if index >= 12 else date.min


def _rolling_performances(samples: Samples) -> dict[str, AlgorithmPerformance]:
    windows = [(months, *days) for months in _WINDOW_MONTHS for days in window_ranges(months, *samples.days)]
    periods = [samples.cut(start, end) for _, start, end in windows]
    measured = [each for each in periods if each is not None and has_risk(each)]
    moments = _moments_of_windows(samples, measured)
    return {
        f"M{months}_{date_of_day(end):%Y%m%d}": AlgorithmPerformance(
            samples, start, end, period=period, known=moments.get(id(period))
        )
        for (months, start, end), period in zip(windows, periods, strict=True)
    }


def _moments_of_windows(samples: Samples, periods: list[Period]) -> dict[int, PeriodMoments]:
    """Return the moments of periods by their identities, all worked out together."""
    if any(len(each.returns) != len(each.benchmark) for each in periods):
        return {}
    found = moments_of_many(
        samples.returns, samples.changes, [each.spans for each in periods], samples.source.trading_days_per_year
    )
    return {id(each): known for each, known in zip(periods, found, strict=True)}
