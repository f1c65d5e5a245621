"""The documents of a backtest that was run at QuantConnect: result, report, charts, statistics."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from tradinglab.core.enums import SeriesType
from tradinglab.quantconnect.models.backtests import Chart
from tradinglab.report.content import LogLine, PlottedChart, PlottedSeries, ReportContent, TradeRow
from tradinglab.report.page import render
from tradinglab.server.backtests.exports import as_parquet
from tradinglab.server.cloud.results.figures import daily_equity, measures
from tradinglab.server.cloud.results.points import points_of
from tradinglab.server.cloud.results.reading import RemoteResult
from tradinglab.server.cloud.results.tables import name_of, remote_tables

#: Charts that every run has; the report draws its own of them.
_USUAL = frozenset(
    {
        "Strategy Equity", "Benchmark", "Drawdown", "Exposure", "Capacity", "Portfolio Turnover", "Portfolio Margin",
        "Assets Sales Volume",
    }
)  # fmt: skip
_KINDS = {0: "line", 1: "scatter", 2: "line", 3: "bar", 4: "scatter", 5: "line"}
_HEADLINE = (
    ("Net profit", "Net Profit"),
    ("Annual return", "Compounding Annual Return"),
    ("Sharpe ratio", "Sharpe Ratio"),
    ("Max drawdown", "Drawdown"),
    ("Win rate", "Win Rate"),
    ("Orders", "Total Orders"),
)


def remote_outputs(result: RemoteResult, *, title: str, warnings: Sequence[Mapping[str, str]]) -> dict[str, bytes]:
    """Return the contents of every file that a backtest leaves."""
    tables = remote_tables(result)
    return {
        "result.json": _json(_result(result)),
        "report.html": render(_content(result, title, [each["text"] for each in warnings])).encode(),
        "charts.json": _json({"charts": [_chart(name, each) for name, each in result.charts.items()]}),
        "statistics.json": _json(measures(result, tables.left_out, warnings)),
        **{f"{name}.parquet": as_parquet(table) for name, table in tables.items()},
    }


def _json(document: object) -> bytes:
    return json.dumps(_plain(document), allow_nan=False, ensure_ascii=False).encode("utf-8", "replace")


def _plain(value: object) -> object:
    """Return a document without numbers that JSON does not know."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(name): _plain(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    return value


def _result(result: RemoteResult) -> dict[str, Any]:
    """Return the result as LEAN's file has it, as far as QuantConnect tells it."""
    backtest = result.backtest
    performance = backtest.total_performance
    return {
        "rollingWindow": backtest.rolling_window,
        "charts": {name: each.model_dump(mode="json", by_alias=True) for name, each in result.charts.items()},
        "orders": {str(each.id): each.model_dump(mode="json", by_alias=True) for each in result.orders},
        "statistics": backtest.statistics,
        "runtimeStatistics": backtest.runtime_statistics,
        "state": {
            "Name": backtest.name,
            "Status": "RuntimeError" if backtest.has_failed else "Completed",
            "RuntimeError": backtest.error,
            "StackTrace": backtest.stacktrace,
            "OrderCount": str(len(result.orders)),
            "LogCount": str(len(result.logs)),
            "InsightCount": str(len(result.insights)),
        },
        "totalPerformance": None if performance is None else performance.model_dump(mode="json", by_alias=True),
    }


def _chart(name: str, chart: Chart) -> dict[str, object]:
    series = [
        {
            "name": each.name or key,
            "type": _series_type(each.series_type),
            "unit": each.unit,
            "pane": each.index or 0,
            "color": each.color,
            "points": len(each.values),
        }
        for key, each in chart.series.items()
    ]
    return {"name": name, "series": series}


def _series_type(number: int | None) -> str:
    try:
        return str(SeriesType(number or 0))
    except ValueError:
        return str(SeriesType.LINE)


def _content(result: RemoteResult, title: str, warnings: Sequence[str]) -> ReportContent:
    backtest = result.backtest
    days, equity, benchmark = daily_equity(result)
    return ReportContent(
        title=title,
        facts=tuple(_facts(result)),
        status="failed" if backtest.has_failed else "completed",
        problem="\n".join(part for part in (backtest.error, backtest.stacktrace) if part),
        days=days,
        equity=equity,
        benchmark=benchmark,
        headline=tuple(_headline(backtest.statistics)),
        statistics=tuple(backtest.statistics.items()),
        trades=tuple(_trades(result)),
        charts=tuple(_plotted(result)),
        logs=tuple(LogLine(time=None, level="log", text=text) for text in result.logs),
        warnings=tuple(warnings),
    )


def _facts(result: RemoteResult) -> Iterator[str]:
    backtest = result.backtest
    if backtest.backtest_start and backtest.backtest_end:
        yield f"{backtest.backtest_start:%Y-%m-%d} to {backtest.backtest_end:%Y-%m-%d}"
    yield "run by QuantConnect"
    yield f"project {backtest.project_id}, backtest {backtest.backtest_id}"
    if backtest.created:
        yield f"on {backtest.created:%Y-%m-%d %H:%M} UTC"


def _headline(statistics: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    for label, name in _HEADLINE:
        value = statistics.get(name)
        if value is None:
            continue
        is_signed = name in ("Net Profit", "Compounding Annual Return") and value.strip("-0.%")
        yield label, value, ("down" if value.startswith("-") else "up") if is_signed else ""


def _trades(result: RemoteResult) -> Iterator[TradeRow]:
    for each in result.trades:
        if each.entry_time is None or each.exit_time is None:
            continue
        entry, leave = each.entry_price or 0.0, each.exit_price or 0.0
        is_short = str(each.direction).lower() in ("1", "short")
        change = (leave / entry - 1) * (-1 if is_short else 1) if entry else 0.0
        yield TradeRow(
            symbol=name_of(each.symbol) or (each.symbols[0].value if each.symbols else ""),
            direction="short" if is_short else "long",
            quantity=each.quantity or 0.0,
            entry_time=_naive(each.entry_time),
            entry_price=entry,
            exit_time=_naive(each.exit_time),
            exit_price=leave,
            profit=each.profit_loss or 0.0,
            fees=each.total_fees or 0.0,
            change=change,
        )


def _plotted(result: RemoteResult) -> Iterator[PlottedChart]:
    for name, chart in result.charts.items():
        if name in _USUAL:
            continue
        series = [
            PlottedSeries(
                name=each.name or key,
                kind=_KINDS[each.series_type or 0],
                points=tuple(
                    (_naive(datetime.fromtimestamp(point.us / 1e6, UTC)), point.last)
                    for point in points_of(each)
                    if point.last is not None
                ),
            )
            for key, each in chart.series.items()
            if (each.series_type or 0) in _KINDS
        ]
        if series:
            yield PlottedChart(name=name, series=tuple(series))


def _naive(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None)
