"""From a run's result to what its report shows."""

from __future__ import annotations

import contextlib
import math
import re
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING

from tradinglab.core.clock import Zone, from_ns, zone
from tradinglab.core.enums import SeriesType, TradeDirection
from tradinglab.engine.author_charts import merged_charts
from tradinglab.engine.daily_samples import daily_places
from tradinglab.engine.result_view import telling_statistics
from tradinglab.report.content import LogLine, PlottedChart, PlottedSeries, ReportContent, TradeRow

if TYPE_CHECKING:
    from tradinglab.algorithm.trade import Trade
    from tradinglab.engine.result import BacktestResult
    from tradinglab.engine.result_charts import ChartData, SeriesData
    from tradinglab.engine.result_record import RunRecord

_LOG_TIME = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)(?:\.\d+)?(?: ?:)? (.*)", re.DOTALL)
_ERROR_WORDS = ("error", "runtime error")
_KINDS = {
    SeriesType.LINE: "line",
    SeriesType.CANDLE: "line",
    SeriesType.STACKED_AREA: "line",
    SeriesType.SCATTER: "scatter",
    SeriesType.FLAG: "scatter",
    SeriesType.BAR: "bar",
}
_HEADLINE = (
    ("Net profit", "Net Profit"),
    ("Annual return", "Compounding Annual Return"),
    ("Sharpe ratio", "Sharpe Ratio"),
    ("Max drawdown", "Drawdown"),
    ("Win rate", "Win Rate"),
    ("Orders", "Total Orders"),
)
_SIGNED = ("Net Profit", "Compounding Annual Return")


def content_of(result: BacktestResult) -> ReportContent:
    """Return what the report of *result* shows."""
    record = result.record
    local = zone(record.time_zone)
    days, equity, benchmark = daily_series(record, local)
    return ReportContent(
        title=result.name,
        facts=tuple(_facts(result)),
        status=result.status,
        problem="\n".join(part for part in (record.problem, record.trace) if part),
        days=days,
        equity=equity,
        benchmark=benchmark,
        periods_per_year=record.statistics_input.trading_days_per_year,
        currency_symbol=record.statistics_input.currency_symbol,
        headline=tuple(_headline(result.statistics)),
        statistics=tuple(telling_statistics(result).items()),
        trades=tuple(_trade(trade, local) for trade in result.closed_trades),
        charts=tuple(_charts(merged_charts({}, record.charts), local)),
        logs=tuple(map(log_line, record.logs)),
        unverified=() if result.verification is None else tuple(result.verification.lines()),
        warnings=tuple(each.text for each in result.warnings),
        funnel=tuple(result.funnel.telling()) if result.funnel.explanation else (),
        explanation=result.funnel.explanation,
    )


def daily_series(record: RunRecord, local: Zone) -> tuple[tuple[date, ...], tuple[float, ...], tuple[float, ...]]:
    """Return days, equity and benchmark, one of each a trading day, the benchmark starting at the same money."""
    places = daily_places(record, local)
    samples = [record.sampler.days[place] for place in places.values()]
    equity = tuple(float(sample.value) for sample in samples)
    return tuple(places), equity, _scaled([float(sample.benchmark) for sample in samples], equity)


def _scaled(benchmark: Sequence[float], equity: Sequence[float]) -> tuple[float, ...]:
    """Return the benchmark in the account's money; nothing for one that is unknown or stands still."""
    first = next((value for value in benchmark if value > 0 and math.isfinite(value)), 0.0)
    if not first or len(set(benchmark)) < 2:
        return ()
    return tuple((value if value > 0 else first) / first * equity[0] for value in benchmark)


def _facts(result: BacktestResult) -> Iterator[str]:
    record = result.record
    source = record.statistics_input
    yield f"{result.start:%Y-%m-%d} to {result.end:%Y-%m-%d}"
    yield f"starting with {source.currency_symbol}{source.starting_capital:,.0f}"
    yield f"data: {result.data}"
    yield f"{result.data_points:,} data points in {result.seconds:.2f} s"
    yield f"run on {record.began:%Y-%m-%d %H:%M} UTC"


def _headline(statistics: dict[str, str]) -> Iterator[tuple[str, str, str]]:
    for label, name in _HEADLINE:
        value = statistics.get(name)
        if value is None:
            continue
        tone = ""
        if name in _SIGNED and value.strip("-0.%"):
            tone = "down" if value.startswith("-") else "up"
        yield label, value, tone


def _trade(trade: Trade, local: Zone) -> TradeRow:
    entry, leave = trade.entry_price, trade.exit_price
    return TradeRow(
        symbol=trade.symbol.value,
        direction="long" if trade.direction == TradeDirection.LONG else "short",
        quantity=trade.quantity,
        entry_time=from_ns(local.local_ns(trade.entry_ns)),
        entry_price=entry,
        exit_time=from_ns(local.local_ns(trade.exit_ns)),
        exit_price=leave,
        profit=trade.profit_loss,
        fees=trade.total_fees,
        change=trade.sign * (leave / entry - 1) if entry else 0.0,
    )


def _charts(charts: dict[str, ChartData], local: Zone) -> Iterator[PlottedChart]:
    """Yield one chart for each pane that the author plotted into."""
    for chart in charts.values():
        panes: dict[int, list[PlottedSeries]] = {}
        for series in chart.series.values():
            if series.series_type in _KINDS:
                panes.setdefault(series.index, []).append(_plotted(series, local))
        for members in panes.values():
            names = ", ".join(each.name for each in members)
            yield PlottedChart(name=chart.name if len(panes) == 1 else f"{chart.name}: {names}", series=tuple(members))


def _plotted(series: SeriesData, local: Zone) -> PlottedSeries:
    points = tuple(
        (from_ns(local.local_ns(point[0])), float(point[-1])) for point in series.values if point[-1] is not None
    )
    return PlottedSeries(name=series.name, kind=_KINDS[series.series_type], points=points)


def log_line(text: str) -> LogLine:
    """Return a message with the time that it begins with, if it does."""
    found = _LOG_TIME.match(text)
    time, words = None, text
    if found:
        # What an author writes may only look like a time.
        with contextlib.suppress(ValueError):
            time, words = datetime.fromisoformat(found.group(1)), found.group(2)
    level = "error" if words.lower().startswith(_ERROR_WORDS) else "log"
    return LogLine(time=time, level=level, text=words)
