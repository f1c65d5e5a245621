"""A result as plain values that JSON can carry: how a run in the sandbox tells what it came to.

Decimals are texts, which keep their scale; times are nanoseconds. ``unpacking`` is the other end.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from math import isfinite
from typing import TYPE_CHECKING

from tradinglab.algorithm.orders.serialization import hashed_order_json, order_json
from tradinglab.core.clock import from_ns
from tradinglab.core.decimals import to_decimal
from tradinglab.engine.author_charts import merged_charts

if TYPE_CHECKING:
    from tradinglab.algorithm.orders import Order, OrderEvent
    from tradinglab.algorithm.orders.written import WrittenOrder
    from tradinglab.algorithm.trade import Trade
    from tradinglab.core.symbol import Symbol
    from tradinglab.engine.insight_record import InsightRecord
    from tradinglab.engine.result import BacktestResult
    from tradinglab.engine.result_charts import ChartData, SeriesData
    from tradinglab.engine.result_record import RunRecord
    from tradinglab.engine.sampling import DaySample
    from tradinglab.engine.statistics import StatisticsInput

Packed = dict[str, object]


def packed(result: BacktestResult) -> Packed:
    """Return all that a result is made from."""
    record = result.record
    return {
        "run": _run(record),
        "figures": _figures(record.statistics_input),
        "samples": _samples(record),
        "trades": [_trade(each) for each in result.closed_trades],
        "orders": [_order(each) for each in record.orders],
        "order_events": [_event(each) for each in record.order_events],
        "insights": [_insight(each) for each in record.insights],
        "charts": [_chart(each) for each in merged_charts({}, record.charts).values()],
    }


def _run(record: RunRecord) -> Packed:
    account, configuration, funnel = record.account, record.configuration, record.funnel
    return {
        "name": _text(record.name),
        "status": record.status,
        "problem": _text(record.problem),
        "trace": _text(record.trace),
        "start": record.start.isoformat(),
        "end": record.end.isoformat(),
        "time_zone": record.time_zone,
        "began": record.began.isoformat(),
        "seconds": record.seconds,
        "data_points": record.data_points,
        "insight_count": record.insight_count,
        "account": [str(getattr(account, name)) for name in ACCOUNT_FIELDS],
        "configuration": {
            "brokerage": configuration.brokerage,
            "account_type": configuration.account_type,
            "account_currency": _text(configuration.account_currency),
            "parameters": _texts(configuration.parameters.items()),
            "tags": [_text(each) for each in configuration.tags],
        },
        "runtime_statistics": _texts(record.runtime_statistics.items()),
        "summary_statistics": _texts(record.summary_statistics.items()),
        "logs": [_text(each) for each in record.logs],
        "warnings": [[str(each.kind), _text(each.text), _text(each.no_bars_of)] for each in record.warnings],
        "funnel": [getattr(funnel, name) for name in FUNNEL_FIELDS],
        "rejections": [[_text(reason), count] for reason, count in funnel.rejections.items()],
        "data_files": [_text(each) for each in record.data_files],
        "never_ready": [_text(each) for each in funnel.never_ready],
    }


ACCOUNT_FIELDS = ("value", "holdings", "unrealized_profit", "net_profit", "fees", "sale_volume")
FUNNEL_FIELDS = ("subscriptions", "bars", "steps", "warm_up_steps", "requests", "orders", "filled", "canceled", "open")


def _text(text: object) -> str:
    """Return a text that JSON can carry, and no more than that: the strategy may have given any object."""
    return str(text).replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8")


def _texts(pairs: Iterable[tuple[object, object]]) -> list[list[str]]:
    return [[_text(name), _text(value)] for name, value in pairs]


def _figures(source: StatisticsInput) -> Packed:
    table = source.rate_table
    rates: Sequence[Decimal] = ()
    if table is None:
        rates = [to_decimal(source.risk_free_rate(from_ns(time_ns))) for time_ns, _ in source.equity]
    return {
        "wins": list(source.wins),
        "losses": list(source.losses),
        "profit_loss": [[time_ns, str(profit)] for time_ns, profit in source.profit_loss.items()],
        "starting_capital": str(source.starting_capital),
        "total_fees": str(source.total_fees),
        "total_orders": source.total_orders,
        "capacity": str(source.capacity),
        "lowest_capacity_asset": _text(source.lowest_capacity_asset),
        "currency_symbol": _text(source.currency_symbol),
        "trading_days_per_year": source.trading_days_per_year,
        "rate_table": None if table is None else [[*table.days], [str(each) for each in table.rates]],
        "rates": [str(each) for each in rates],
    }


def _samples(record: RunRecord) -> Packed:
    sampler = record.sampler
    return {
        "start": str(sampler.starting_portfolio_value),
        "candles": [
            [each.time_ns, str(each.open), str(each.high), str(each.low), str(each.close)] for each in sampler.candles
        ],
        "turnover": [[time_ns, str(value)] for time_ns, value in sampler.turnover],
        "days": [_day(each) for each in sampler.days],
    }


def _day(day: DaySample) -> list[object]:
    return [
        day.time_ns,
        str(day.value),
        str(day.benchmark),
        str(day.performance),
        str(day.highest),
        str(day.exact_capacity),
        [[_text(name), str(volume)] for name, volume in day.sales],
        [int(each) for each in day.types],
        [[_text(each.name), int(each.security_type), str(each.value), str(each.margin)] for each in day.holdings],
    ]


def _symbol(symbol: Symbol) -> list[str]:
    return [str(symbol.id), symbol.value]


def _trade(trade: Trade) -> list[object]:
    return [
        trade.number,
        [_symbol(each) for each in trade.symbols],
        int(trade.direction),
        trade.entry_ns,
        trade.exit_ns,
        trade.is_win,
        sorted(trade.order_ids),
        [str(getattr(trade, name)) for name in TRADE_AMOUNTS],
    ]


TRADE_AMOUNTS = (
    "exact_entry_price", "exact_quantity", "exact_total_fees", "exact_exit_price", "exact_profit_loss", "exact_mae",
    "exact_mfe", "exact_end_trade_drawdown",
)  # fmt: skip


def _order(order: Order | WrittenOrder) -> list[object]:
    text, hashed = order_json(order), hashed_order_json(order)
    return [
        order.id,
        _symbol(order.symbol),
        [int(order.type), int(order.direction), int(order.status)],
        str(order.exact_quantity),
        str(order.exact_price),
        order.time_ns,
        order.last_fill_time_ns,
        None if order.tag is None else _text(order.tag),
        text,
        None if hashed == text else hashed,
    ]


def _event(event: OrderEvent) -> list[object]:
    fee = event.order_fee.value
    amounts = (event.exact_quantity, event.exact_fill_quantity, event.exact_fill_price, fee.exact_amount)
    return [
        event.id,
        event.order_id,
        _symbol(event.symbol),
        event.utc_ns,
        [int(event.status), int(event.direction)],
        [str(each) for each in amounts],
        _text(fee.currency),
        _text(event.message),
    ]


def _insight(insight: InsightRecord) -> list[object]:
    return [
        _text(insight.id),
        _text(insight.group_id),
        _symbol(insight.symbol),
        [int(insight.type), int(insight.direction)],
        [insight.generated_ns, insight.close_ns],
        [_finite(getattr(insight, name)) for name in INSIGHT_NUMBERS],
        [str(getattr(insight, name)) for name in INSIGHT_AMOUNTS],
        insight.is_final_score,
        _text(insight.source_model),
        _text(insight.tag),
    ]


INSIGHT_NUMBERS = ("period_s", "score_direction", "score_magnitude", "magnitude", "confidence", "weight")
INSIGHT_AMOUNTS = ("reference_value", "reference_value_final", "estimated_value")


def _finite(number: float | None) -> float | None:
    return number if number is not None and isfinite(number) else None


def _chart(chart: ChartData) -> list[object]:
    return [_text(chart.name), chart.legend_disabled, [_series(each) for each in chart.series.values()]]


def _series(series: SeriesData) -> Packed:
    return {
        "name": _text(series.name),
        "type": int(series.series_type),
        "unit": _text(series.unit),
        "index": series.index,
        "color": _text(series.color),
        "marker": int(series.marker),
        "z_index": series.z_index,
        "index_name": None if series.index_name is None else _text(series.index_name),
        "tooltip": None if series.tooltip is None else _text(series.tooltip),
        "values": [
            [point[0], *(None if value is None else str(value) for value in point[1:])] for point in series.values
        ],
    }
