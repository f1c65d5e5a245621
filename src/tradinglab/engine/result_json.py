"""LEAN's result file.

Member names, their order and the form of numbers follow LEAN's (Common/Result.cs and its converters in
QuantConnect/LEAN): decimals keep their scale, statistics are texts, times are UTC.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from json.encoder import encode_basestring
from typing import TYPE_CHECKING

from tradinglab.algorithm.orders.serialization import number_json, order_json
from tradinglab.core.clock import SECOND_NS, span_text
from tradinglab.engine.statistics.trades import time_text

if TYPE_CHECKING:
    from tradinglab.algorithm.trade import Trade
    from tradinglab.core.run_warnings import RunWarning
    from tradinglab.core.symbol import Symbol
    from tradinglab.engine.result import BacktestResult
    from tradinglab.engine.result_charts import ChartData, ChartValue, SeriesData
    from tradinglab.engine.statistics import AlgorithmPerformance

_TICK_NS = 100
_STATUS_NAMES = {"completed": "Completed", "interrupted": "Stopped", "ruined": "Completed"}


class _Raw(str):
    """Text that is JSON already."""

    __slots__ = ()


def result_text(result: BacktestResult, analysis: Iterable[Mapping[str, object]] = ()) -> str:
    """Return the result file's text.

    Parameters
    ----------
    analysis
        What else was found of it, in the form of a finding of LEAN's analysis, beside its warnings.
    """
    statistics = result.statistics_results
    document = {
        "rollingWindow": {
            name: _performance(window, with_trades=False) for name, window in statistics.rolling_performances.items()
        },
        "charts": {name: _chart(chart) for name, chart in result.charts.items()},
        "orders": {str(order.id): _Raw(order_json(order)) for order in result.record.orders},
        "profitLoss": {
            time_text(time_ns): profit for time_ns, profit in sorted(result.record.statistics_input.profit_loss.items())
        },
        "statistics": result.statistics,
        "runtimeStatistics": result.runtime_statistics,
        "state": _state(result),
        "serverStatistics": _server_statistics(result),
        "algorithmConfiguration": _configuration(result),
        "totalPerformance": _performance(statistics.total_performance, with_trades=True),
        "analysis": [*(_analysis(each) for each in result.warnings), *analysis],
    }
    return _text(document, "\n") + "\n"


def _performance(performance: AlgorithmPerformance, *, with_trades: bool) -> dict[str, object]:
    return {
        "tradeStatistics": performance.trade_statistics.to_json(),
        "portfolioStatistics": performance.portfolio_statistics.to_json(),
        "closedTrades": [_trade(trade) for trade in performance.closed_trades] if with_trades else [],
    }


def _trade(trade: Trade) -> dict[str, object]:
    return {
        "id": trade.id,
        "symbols": [_symbol(symbol) for symbol in trade.symbols],
        "entryTime": time_text(trade.entry_ns),
        "entryPrice": trade.exact_entry_price,
        "direction": int(trade.direction),
        "quantity": trade.exact_quantity,
        "exitTime": time_text(trade.exit_ns),
        "exitPrice": trade.exact_exit_price,
        "profitLoss": trade.exact_profit_loss,
        "totalFees": trade.exact_total_fees,
        "mae": trade.exact_mae,
        "mfe": trade.exact_mfe,
        "duration": span_text((trade.exit_ns - trade.entry_ns) // _TICK_NS),
        "endTradeDrawdown": trade.exact_end_trade_drawdown,
        "isWin": trade.is_win,
        "orderIds": sorted(trade.order_ids),
    }


def _symbol(symbol: Symbol) -> dict[str, object]:
    return {"value": symbol.value, "id": str(symbol.id), "permtick": symbol.value}


def _state(result: BacktestResult) -> dict[str, object]:
    record = result.record
    ended = record.began + timedelta(seconds=record.seconds)
    return {
        "Name": record.name,
        "StartTime": _moment(record.began),
        "EndTime": _moment(ended),
        "RuntimeError": record.problem,
        "StackTrace": record.trace,
        "LogCount": str(len(record.logs)),
        "OrderCount": str(result.total_orders),
        "InsightCount": str(record.insight_count),
        "Status": _STATUS_NAMES.get(record.status, "RuntimeError"),
        "Hostname": "",
    }


def _server_statistics(result: BacktestResult) -> dict[str, str]:
    """Return what is known of the machine; its name is nobody's business."""
    up = timedelta(seconds=int(result.record.seconds))
    hours, rest = divmod(up.seconds, 3600)
    return {
        "Used RAM (MB)": _used_megabytes(),
        "Total RAM (MB)": "",
        "Hostname": "",
        "Up Time": f"{up.days}d {hours:02}:{rest // 60:02}:{rest % 60:02}",
    }


def _used_megabytes() -> str:
    try:
        import resource
    except ModuleNotFoundError:  # Windows has none
        return ""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return str(peak // (1_048_576 if sys.platform == "darwin" else 1024))


def _analysis(warning: RunWarning) -> dict[str, object]:
    """Return a warning in the form of a finding of LEAN's analysis of a backtest."""
    return {"name": f"{warning.kind.title()}Warning", "issue": warning.text, "sample": None, "solutions": []}


def _configuration(result: BacktestResult) -> dict[str, object]:
    record, configuration = result.record, result.record.configuration
    return {
        "name": record.name,
        "tags": list(configuration.tags),
        "accountCurrency": configuration.account_currency,
        "brokerage": configuration.brokerage,
        "accountType": configuration.account_type,
        "parameters": dict(configuration.parameters),
        "outOfSampleMaxEndDate": None,
        "outOfSampleDays": 0,
        "startDate": _moment(record.start),
        "endDate": _moment(record.end),
        "tradingDaysPerYear": record.statistics_input.trading_days_per_year,
    }


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def _chart(chart: ChartData) -> dict[str, object]:
    # Panes in order; in a pane, series with fewer points first, so that stacked areas stay whole.
    series = list(chart.series.values())
    if len(series) > 1:
        series.sort(key=lambda each: (each.index, len(each.values), _sum(each)))
    written: dict[str, object] = {
        "name": chart.name,
        "chartType": 0,
        "series": {each.name: _series(each) for each in series},
    }
    return written | {"legendDisabled": True} if chart.legend_disabled else written


def _sum(series: SeriesData) -> Decimal:
    return sum((point[1] for point in series.values if len(point) == 2 and point[1] is not None), Decimal(0))


def _series(series: SeriesData) -> dict[str, object]:
    written: dict[str, object] = {
        "name": series.name,
        "unit": series.unit,
        "index": series.index,
        "seriesType": int(series.series_type),
    }
    optional = {"zIndex": series.z_index, "indexName": series.index_name, "tooltip": series.tooltip}
    written |= {name: value for name, value in optional.items() if value is not None}
    written["values"] = _Raw(f"[{_points(series.values)}]")
    if not series.is_candle:
        written |= {"color": series.color, "scatterMarkerSymbol": str(series.marker.name).lower().replace("_", "-")}
    return written


def _points(points: Sequence[ChartValue]) -> str:
    return ",".join([f"[{round(time_ns / SECOND_NS)},{_values(values)}]" for time_ns, *values in points])


def _values(values: Sequence[Decimal | None]) -> str:
    return ",".join(["null" if value is None else number_json(value) for value in values])


def _text(value: object, line: str) -> str:
    """Return the JSON of a value; *line* is a line break with the indent around it."""
    kind = type(value)
    if kind is str:
        return encode_basestring(value)  # type: ignore[arg-type]
    if kind is _Raw:
        return value  # type: ignore[return-value]
    if kind is Decimal:
        return number_json(value)  # type: ignore[arg-type]
    if isinstance(value, Mapping):
        inner = line + "  "
        members = [f"{encode_basestring(name)}: {_text(each, inner)}" for name, each in value.items()]
        return f"{{{inner}{f',{inner}'.join(members)}{line}}}" if members else "{}"
    if isinstance(value, (list, tuple)):
        inner = line + "  "
        return f"[{inner}{f',{inner}'.join([_text(each, inner) for each in value])}{line}]" if value else "[]"
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
