"""The days that a strategy can trade on, found without running it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tradinglab.algorithm.runtime import AlgorithmContext, making_with
from tradinglab.core.clock import DAY_NS, from_ns
from tradinglab.core.decimals import Number
from tradinglab.data.errors import DataError
from tradinglab.data.source import DataSource, open_source
from tradinglab.engine.errors import StrategyError, UsageError
from tradinglab.engine.host import Host
from tradinglab.engine.loader import load_strategy
from tradinglab.engine.run import RunOptions, stage
from tradinglab.engine.traces import explain, own_trace

if TYPE_CHECKING:
    from tradinglab.algorithm.qc_algorithm import QCAlgorithm
    from tradinglab.algorithm.securities.security import Security


class TradedDays(NamedTuple):
    """Days that a strategy can trade on.

    Attributes
    ----------
    per_year
        How many days the statistics of its runs count to a year: what it sets, or what its brokerage model says.
    """

    days: list[date]
    per_year: int


def traded_days(
    strategy: Path,
    *,
    data: str = "sample",
    start: date | None = None,
    end: date | None = None,
    cash: Number | None = None,
    parameters: Mapping[str, str] | None = None,
    import_paths: Iterable[Path] = (),
    class_name: str | None = None,
) -> TradedDays:
    """Return the days from a strategy's start to its end on which a market is open that it subscribes to.

    Days before its first bar or after its last one are left out. Only ``initialize`` is called.

    Raises
    ------
    UsageError
        If the file cannot be loaded, or the dates are reversed.
    StrategyError
        If the strategy raises.
    """
    source = open_source(data)
    options = RunOptions(start=start, end=end, cash=cash, parameters=dict(parameters or {}))
    with stage(source, [strategy.resolve().parent, *import_paths]):
        try:
            cls = load_strategy(strategy, class_name)
            context = AlgorithmContext(source=source, parameters=options.parameters, name=cls.__name__)
            with making_with(context):
                algorithm = cls()
            Host(context, options).prepare(algorithm)
        except (KeyboardInterrupt, DataError, UsageError, StrategyError):
            raise
        except BaseException as problem:  # exit() and whatever else an author's code raises
            raise StrategyError(explain(problem), phase="initialize", time="", trace=own_trace(problem)) from problem
        per_year = algorithm.settings.trading_days_per_year
        assert per_year is not None  # a host that has prepared an algorithm has set it
        return TradedDays(_days(algorithm, source), int(per_year))


def _days(algorithm: QCAlgorithm, source: DataSource) -> list[date]:
    asked = [each for each in algorithm.securities.values() if not each.is_internal_feed]
    spans = [(each, span) for each in asked if (span := _span(algorithm, each, source)) is not None]
    days: list[date] = []
    day = algorithm.start_date.date()
    while day <= algorithm.end_date.date():
        moment = datetime(day.year, day.month, day.day)
        if any(first <= day <= last and each.exchange.hours.is_date_open(moment) for each, (first, last) in spans):
            days.append(day)
        day += timedelta(days=1)
    return days


def _span(algorithm: QCAlgorithm, security: Security, source: DataSource) -> tuple[date, date] | None:
    """Return the first and the last day of which there are bars of a security, between the start and the end."""
    zone = security.exchange.time_zone
    start_ns, end_ns = (algorithm.time_zone.to_utc(each) for each in (algorithm.start_date, algorithm.end_date))
    ends = []
    for config in algorithm.subscription_manager.subscription_data_config_service.get_subscription_data_configs(
        security.symbol
    ):
        if config.is_custom_data:
            continue
        bars = source.bars(security.symbol, config.resolution, config.tick_type, start_ns - DAY_NS, end_ns + DAY_NS)
        if len(bars):
            ends += [from_ns(zone.local_ns(int(bars.time_ns[place]))).date() for place in (0, -1)]
    return (min(ends), max(ends)) if ends else None
