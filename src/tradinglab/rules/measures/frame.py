"""What the engine's figures are measured against and does not depend on what is traded.

It samples an account at instants that follow from dates, markets and bars alone. A run of the engine that holds the
securities of the rules and trades nothing shows them, and the benchmark and the interest beside them.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from tradinglab.algorithm.qc_algorithm import QCAlgorithm
from tradinglab.core.clock import DAY_NS, zone
from tradinglab.core.values import dataclass
from tradinglab.engine.statistics.inputs import Samples
from tradinglab.rules.market import MARKETS, RESOLUTIONS
from tradinglab.rules.schema import WarmUpDays

if TYPE_CHECKING:
    from collections.abc import Callable

    from tradinglab.algorithm.securities import Security
    from tradinglab.data.columns import Floats, Ints
    from tradinglab.data.source import DataSource
    from tradinglab.engine.result import BacktestResult
    from tradinglab.rules.schema import Rules


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """When an account is sampled, and what beside.

    Attributes
    ----------
    equity_ns, days_ns
        The instants at which the equity and the day are sampled; int64 nanoseconds UTC.
    ends_apart
        Whether the last of the days was sampled at the end of the run, and not at a midnight.
    returned
        Which of the days count as returns: the first one, and past the last.
    turned
        The days at which the turnover is sampled, and which of these samples count. What is one past the days is the
        end, when its orders are filled.
    daily
        Which of the days make the daily equity, and ``dates``, what days these are.
    benchmark
        The benchmark's returns beside the account's.
    risk_free
        The mean yearly rate.
    """

    equity_ns: Ints
    days_ns: Ints
    ends_apart: bool
    returned: tuple[int, int]
    turned: tuple[Ints, slice]
    daily: Ints
    dates: tuple[date, ...]
    benchmark: Floats
    risk_free: float
    trading_days: int

    @property
    def is_measured(self) -> bool:
        """Whether there are samples enough; if not, most figures are zero."""
        return len(self.benchmark) >= 2 and self.returned[1] - self.returned[0] >= 2


class _Idle(QCAlgorithm):
    """Holds what rules are about, and does nothing."""

    lab_rules: ClassVar[Rules]

    def initialize(self) -> None:
        """Set up what the generated strategy sets up, as far as samples depend on it."""
        rules = self.lab_rules
        self.set_start_date(datetime.combine(rules.start, datetime.min.time()))
        self.set_end_date(datetime.combine(rules.end, datetime.min.time()))
        self.set_cash(rules.cash)
        adding: dict[str, Callable[..., Security]] = {
            "equity": self.add_equity,
            "forex": self.add_forex,
            "crypto": self.add_crypto,
        }
        first = None
        for listing in rules.universe:
            market = listing.market or MARKETS[listing.type]
            resolution = RESOLUTIONS[rules.resolution]
            security = adding[listing.type](listing.ticker, resolution, market=market, fill_forward=False)
            first = first or security.symbol
        self.set_benchmark(first)
        if isinstance(rules.warm_up, WarmUpDays):
            self.set_warm_up(timedelta(days=rules.warm_up.days))
        elif rules.warm_up is not None:
            self.set_warm_up(rules.warm_up.bars, RESOLUTIONS[rules.resolution])


def frame_of(rules: Rules, source: DataSource) -> Frame:
    """Return the frame of rules' dates and securities.

    Raises
    ------
    TradingLabError
        If the source cannot be run over.
    """
    from tradinglab.engine.run import backtest

    idle = type("Idle", (_Idle,), {"lab_rules": rules})
    return _frame(backtest(idle, data=source))


def _frame(result: BacktestResult) -> Frame:
    record = result.record
    source = record.statistics_input
    samples = Samples(source)
    first, last = samples.days
    period = samples.cut(first, last)
    assert period is not None
    start, stop = first * DAY_NS, (last + 1) * DAY_NS
    days_ns = np.array([time for time, _ in source.performance], np.int64)
    turnover_ns = np.array([time for time, _ in source.turnover], np.int64)
    begin, end = (int(each) for each in np.searchsorted(days_ns, [start, stop]))
    daily, dates = _daily(result)
    return Frame(
        equity_ns=np.array([time for time, _ in source.equity], np.int64),
        days_ns=days_ns,
        ends_apart=zone(record.time_zone).local_ns(int(days_ns[-1])) % DAY_NS != 0,
        # The start and a partial day are left out.
        returned=(begin + 2, end),
        turned=(_turned(days_ns, turnover_ns), slice(*np.searchsorted(turnover_ns, [start, stop]))),
        daily=daily,
        dates=dates,
        benchmark=np.array(period.benchmark),
        risk_free=float(period.risk_free_rate),
        trading_days=source.trading_days_per_year,
    )


def _turned(days_ns: Ints, turnover_ns: Ints) -> Ints:
    """Return the days of the turnover's samples; the end replaces a midnight of the same instant."""
    return np.where(turnover_ns == days_ns[-1], len(days_ns), np.searchsorted(days_ns, turnover_ns))


def _daily(result: BacktestResult) -> tuple[Ints, tuple[date, ...]]:
    """Return which samples of days make the daily equity, as a report has it, and their days."""
    from tradinglab.engine.daily_samples import daily_places

    places = daily_places(result.record, zone(result.record.time_zone))
    return np.array(list(places.values()), np.int64), tuple(places)
