"""What is kept of a run when it ends."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from tradinglab.algorithm.models.brokerage import brokerage_name
from tradinglab.algorithm.models.interest_rate import InterestRateProvider
from tradinglab.core.currencies import Currencies
from tradinglab.core.enums import OrderStatus
from tradinglab.core.run_warnings import RunWarning, WarningKind
from tradinglab.core.surface import did_you_mean
from tradinglab.core.values import dataclass
from tradinglab.data.reads import files_read
from tradinglab.engine.missing_data import missing_data
from tradinglab.engine.price_history import FeedPrices
from tradinglab.engine.result import BacktestResult
from tradinglab.engine.result_funnel import Funnel
from tradinglab.engine.result_record import AccountFigures, Configuration, RunRecord
from tradinglab.engine.statistics import StatisticsInput

if TYPE_CHECKING:
    from tradinglab.algorithm.qc_algorithm import QCAlgorithm
    from tradinglab.data.source import DataSource
    from tradinglab.engine.insight_record import InsightRecord
    from tradinglab.engine.parts import RunParts


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A run that has ended, as the engine has it."""

    parts: RunParts
    source: DataSource
    path: Path | None
    status: str
    problem: str = ""
    trace: str = ""
    began: datetime
    seconds: float
    bars: int
    steps: int
    warm_up_steps: int
    never_ready: tuple[str, ...] = ()


def build_result(outcome: Outcome) -> BacktestResult:
    """Return the result of a run."""
    parts = outcome.parts
    algorithm = parts.algorithm
    set_history = getattr(algorithm.trade_builder, "set_price_history", None)
    if set_history is not None:
        set_history(FeedPrices(algorithm.securities))
    return BacktestResult(
        RunRecord(
            name=algorithm.name,
            status=outcome.status,
            problem=outcome.problem,
            trace=outcome.trace,
            data=outcome.source.name,
            start=algorithm.start_date,
            end=algorithm.end_date,
            time_zone=algorithm.time_zone.name,
            began=outcome.began,
            seconds=outcome.seconds,
            data_points=parts.feed.data_points,
            statistics_input=statistics_input(parts),
            sampler=parts.sampler,
            orders=list(parts.transactions.orders.values()),
            order_events=parts.transactions.events,
            account=AccountFigures.of(algorithm.portfolio),
            configuration=_configuration(algorithm),
            insights=_insights(algorithm),
            insight_count=0 if algorithm.lab_insights is None else algorithm.lab_insights.total_count,
            charts=dict(algorithm.lab_charts),
            runtime_statistics=dict(algorithm.runtime_statistics),
            summary_statistics=dict(algorithm.lab_summary_statistics),
            logs=list(algorithm.lab_logs),
            warnings=list(_warnings(outcome)),
            funnel=_funnel(outcome),
            data_files=[str(path) for path in files_read()],
        )
    )


def statistics_input(parts: RunParts) -> StatisticsInput:
    """Return what the statistics of a run depend on, as it stands."""
    algorithm, sampler = parts.algorithm, parts.sampler
    records = algorithm.transactions.records
    lowest = sampler.capacity.lowest_capacity_asset
    rates = algorithm.risk_free_interest_rate_model
    return StatisticsInput(
        equity=sampler.equity_points(),
        performance=sampler.performance_points(),
        benchmark=sampler.benchmark_points(),
        turnover=sampler.turnover_points(),
        profit_loss={time_ns: record.profit_loss for time_ns, record in records.items()},
        wins=[time_ns for time_ns, record in records.items() if record.is_win],
        losses=[time_ns for time_ns, record in records.items() if not record.is_win],
        trades=lambda: algorithm.trade_builder.closed_trades,
        starting_capital=sampler.starting_portfolio_value,
        total_fees=algorithm.portfolio.exact_total_fees,
        total_orders=parts.transactions.total_orders,
        capacity=sampler.capacity.capacity,
        lowest_capacity_asset="" if lowest is None else str(lowest.id),
        currency_symbol=Currencies.get_currency_symbol(algorithm.account_currency),
        trading_days_per_year=int(algorithm.settings.trading_days_per_year or 252),
        risk_free_rate=rates.get_interest_rate,
        rate_table=rates.lab_table if isinstance(rates, InterestRateProvider) else None,
    )


def _insights(algorithm: QCAlgorithm) -> list[InsightRecord]:
    if algorithm.lab_insights is None:
        return []
    from tradinglab.engine.insight_record import insight_records

    return insight_records(algorithm.lab_insights)


def _warnings(outcome: Outcome) -> Iterator[RunWarning]:
    yield from outcome.parts.algorithm.lab_warnings
    yield from (RunWarning(WarningKind.DATA, text) for text in outcome.source.warnings)
    yield from missing_data(outcome.parts.feed.subscriptions, outcome.source)
    if outcome.status == "completed":
        yield from _unread_parameters(outcome.parts.algorithm)


def _unread_parameters(algorithm: QCAlgorithm) -> Iterator[RunWarning]:
    """Yield a warning for each parameter that was given and that the strategy never asked for."""
    asked = algorithm.lab_parameters_asked
    known = f"It read {', '.join(sorted(asked))}." if asked else "It read none."
    for name in algorithm.lab_context.parameters:
        if name not in asked:
            text = f"The strategy did not read the parameter {name}{did_you_mean(name, asked) or '.'} {known}"
            yield RunWarning(WarningKind.PARAMETER, text)


def _configuration(algorithm: QCAlgorithm) -> Configuration:
    return Configuration(
        brokerage=int(brokerage_name(algorithm.brokerage_model)),
        account_type=int(algorithm.brokerage_model.account_type),
        account_currency=algorithm.account_currency,
        parameters=dict(algorithm.lab_parameters),
        tags=sorted(algorithm.tags),
    )


def _funnel(outcome: Outcome) -> Funnel:
    parts = outcome.parts
    statuses = [order.status for order in parts.transactions.orders.values()]
    final = (OrderStatus.FILLED, OrderStatus.CANCELED, OrderStatus.INVALID)
    refused = dict(parts.algorithm.lab_refusals)
    for reason, count in parts.transactions.rejections.items():
        refused[reason] = refused.get(reason, 0) + count
    return Funnel(
        subscriptions=len({s.symbol for s in parts.feed.subscriptions if not s.is_internal}),
        bars=outcome.bars,
        steps=outcome.steps,
        warm_up_steps=outcome.warm_up_steps,
        requests=parts.transactions.total_orders + sum(parts.algorithm.lab_refusals.values()),
        rejections=refused,
        orders=parts.transactions.total_orders,
        filled=sum(status == OrderStatus.FILLED for status in statuses),
        canceled=sum(status == OrderStatus.CANCELED for status in statuses),
        open=sum(status not in final for status in statuses),
        never_ready=outcome.never_ready,
    )


def began_now() -> datetime:
    """Return the present time, UTC."""
    return datetime.now(UTC).replace(tzinfo=None)
