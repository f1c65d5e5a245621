"""The tables of a result: columns with types, times in UTC, no longer than what is kept. Knows no Django."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from tradinglab.core.clock import to_ns, zone
from tradinglab.core.enums import TradeDirection
from tradinglab.report.adapter import log_line

if TYPE_CHECKING:
    from tradinglab.engine.insight_record import InsightRecord
    from tradinglab.engine.result import BacktestResult
    from tradinglab.engine.result_charts import ChartData
    from tradinglab.engine.sampling import DaySample

Columns = Mapping[str, pl.DataType | type[pl.DataType]]
#: An instant in UTC, to the microsecond.
TIME = pl.Datetime("us", "UTC")
#: How many rows of each table are kept; the first ones.
MOST_ROWS = {
    "equity": 200_000,
    "days": 100_000,
    "positions": 500_000,
    "orders": 200_000,
    "order_events": 400_000,
    "trades": 200_000,
    "insights": 200_000,
    "charts": 500_000,
    "log": 20_000,
}
_NS_PER_US = 1_000
_LONGEST_TEXT = 2_000
_EQUITY: Columns = {"time": TIME, **dict.fromkeys(("equity", "open", "high", "low", "drawdown"), pl.Float64)}
_DAYS: Columns = {
    "time": TIME,
    **dict.fromkeys(("equity", "benchmark", "return", "turnover", "long_exposure", "short_exposure"), pl.Float64),
    "capacity": pl.Float64,
}
_POSITIONS: Columns = {
    "time": TIME, "symbol": pl.String, "security_type": pl.String, "value": pl.Float64, "weight": pl.Float64,
    "margin": pl.Float64,
}  # fmt: skip
_ORDERS: Columns = {
    "id": pl.Int64, "symbol": pl.String, "type": pl.String, "direction": pl.String, "status": pl.String,
    "quantity": pl.Float64, "price": pl.Float64, "value": pl.Float64, "time": TIME, "last_fill_time": TIME,
    "tag": pl.String,
}  # fmt: skip
_ORDER_EVENTS: Columns = {
    "order_id": pl.Int64, "id": pl.Int64, "time": TIME, "symbol": pl.String, "status": pl.String,
    "direction": pl.String, "quantity": pl.Float64, "fill_quantity": pl.Float64, "fill_price": pl.Float64,
    "fee": pl.Float64, "fee_currency": pl.String, "message": pl.String,
}  # fmt: skip
_TRADES: Columns = {
    "number": pl.Int64, "symbol": pl.String, "direction": pl.String, "quantity": pl.Float64, "entry_time": TIME,
    "entry_price": pl.Float64, "exit_time": TIME, "exit_price": pl.Float64, "profit_loss": pl.Float64,
    "total_fees": pl.Float64, "mae": pl.Float64, "mfe": pl.Float64, "end_trade_drawdown": pl.Float64,
    "duration_s": pl.Float64, "is_win": pl.Boolean, "order_ids": pl.String,
}  # fmt: skip
_INSIGHTS: Columns = {
    "id": pl.String, "group_id": pl.String, "symbol": pl.String, "symbol_id": pl.String, "type": pl.String,
    "direction": pl.String, "generated_time": TIME, "close_time": TIME, "period_s": pl.Float64, "magnitude": pl.Float64,
    "confidence": pl.Float64, "weight": pl.Float64, "reference_value": pl.Float64,
    "reference_value_final": pl.Float64, "estimated_value": pl.Float64, "score_direction": pl.Float64,
    "score_magnitude": pl.Float64, "is_final_score": pl.Boolean, "source_model": pl.String, "tag": pl.String,
}  # fmt: skip
_CHARTS: Columns = {
    "chart": pl.String, "series": pl.String, "time": TIME, "value": pl.Float64, "open": pl.Float64,
    "high": pl.Float64, "low": pl.Float64,
}  # fmt: skip
_LOG: Columns = {"line": pl.Int64, "time": TIME, "level": pl.String, "text": pl.String}

#: The columns of each table.
COLUMNS: Mapping[str, Columns] = {
    "equity": _EQUITY,
    "days": _DAYS,
    "positions": _POSITIONS,
    "orders": _ORDERS,
    "order_events": _ORDER_EVENTS,
    "trades": _TRADES,
    "insights": _INSIGHTS,
    "charts": _CHARTS,
    "log": _LOG,
}

Row = tuple[object, ...]


class Kept(dict[str, pl.DataFrame]):
    """Tables by name; ``left_out`` says how many rows of each were too many."""

    def __init__(self) -> None:
        super().__init__()
        self.left_out: dict[str, int] = {}

    def keep(self, name: str, rows: Iterable[Row], count: int, columns: Columns) -> None:
        """Keep the first of *count* rows."""
        most = MOST_ROWS[name]
        self[name] = pl.DataFrame(list(islice(rows, most)), schema=columns, orient="row")
        self.left_out[name] = max(0, count - most)


def tables_of(result: BacktestResult, names: Collection[str] = tuple(MOST_ROWS)) -> Kept:
    """Return the tables of a result that have these names, all unless said otherwise."""
    kept = Kept()
    for name in MOST_ROWS:
        if name in names:
            kept.keep(name, *_ROWS[name](result), COLUMNS[name])
    return kept


def _us(time_ns: int | None) -> int | None:
    return None if time_ns is None else time_ns // _NS_PER_US


def _equity(result: BacktestResult) -> Iterator[Row]:
    highest = 0.0
    for candle in result.record.sampler.candles:
        value = float(candle.close)
        highest = max(highest, value)
        below = value / highest - 1 if highest else 0.0
        yield _us(candle.time_ns), value, float(candle.open), float(candle.high), float(candle.low), below


def _days(result: BacktestResult) -> Iterator[Row]:
    turnover = dict(result.record.sampler.turnover)
    for day in result.record.sampler.days:
        value = float(day.value)
        held = np.array([float(each.value) for each in day.holdings])
        long, short = (held[held > 0].sum(), held[held < 0].sum()) if len(held) else (0.0, 0.0)
        share = (float(long) / value, float(short) / value) if value > 0 else (None, None)
        traded = turnover.get(day.time_ns)
        yield (
            _us(day.time_ns), value, float(day.benchmark), float(day.performance) / 100,
            None if traded is None else float(traded), *share, float(day.capacity),
        )  # fmt: skip


def _positions(days: Sequence[DaySample]) -> Iterator[Row]:
    for day in days:
        for each in day.holdings:
            weight = float(each.value / day.value) if day.value > 0 else None
            kind = str(each.security_type)
            yield _us(day.time_ns), each.name, kind, float(each.value), weight, float(each.margin)


def _orders(result: BacktestResult) -> Iterator[Row]:
    for order in result.record.orders:
        quantity, price = float(order.quantity), float(order.price)
        yield (
            order.id, order.symbol.value, str(order.type), str(order.direction), str(order.status), quantity, price,
            quantity * price, _us(order.time_ns), _us(order.last_fill_time_ns), (order.tag or "")[:_LONGEST_TEXT],
        )  # fmt: skip


def _order_events(result: BacktestResult) -> Iterator[Row]:
    for event in result.record.order_events:
        fee = event.order_fee.value
        yield (
            event.order_id, event.id, _us(event.utc_ns), event.symbol.value, str(event.status), str(event.direction),
            event.quantity, event.fill_quantity, event.fill_price, fee.amount, fee.currency,
            event.message[:_LONGEST_TEXT],
        )  # fmt: skip


def _trades(result: BacktestResult) -> Iterator[Row]:
    for number, trade in enumerate(result.closed_trades, start=1):
        yield (
            number, trade.symbol.value, "long" if trade.direction == TradeDirection.LONG else "short", trade.quantity,
            _us(trade.entry_ns), trade.entry_price, _us(trade.exit_ns), trade.exit_price, trade.profit_loss,
            trade.total_fees, trade.mae, trade.mfe, trade.end_trade_drawdown, trade.duration.total_seconds(),
            trade.is_win, " ".join(map(str, sorted(trade.order_ids))),
        )  # fmt: skip


def _insights(insights: Iterable[InsightRecord]) -> Iterator[Row]:
    for each in insights:
        yield (
            each.id, each.group_id or None, each.symbol.value, str(each.symbol.id), str(each.type),
            str(each.direction),
            _us(each.generated_ns), _us(each.close_ns), each.period_s, each.magnitude, each.confidence, each.weight,
            float(each.reference_value), float(each.reference_value_final), float(each.estimated_value),
            each.score_direction, each.score_magnitude, each.is_final_score, each.source_model[:_LONGEST_TEXT],
            each.tag[:_LONGEST_TEXT],
        )  # fmt: skip


def _points(charts: Iterable[ChartData]) -> Iterator[Row]:
    for chart in charts:
        for series in chart.series.values():
            for time_ns, *values in series.values:
                read = [None if value is None else float(value) for value in values]
                first = read[:3] if len(read) > 1 else [None, None, None]
                yield chart.name, series.name, _us(time_ns), read[-1], *first


def log_table(lines: Sequence[str], time_zone: str | None) -> pl.DataFrame:
    """Return lines as the table of a log; without a time zone, nobody knows which instants they name."""
    return pl.DataFrame(list(_lines(lines, time_zone)), schema=_LOG, orient="row")


def _lines(lines: Sequence[str], time_zone: str | None) -> Iterator[Row]:
    local = None if time_zone is None else zone(time_zone)
    for number, text in enumerate(lines, start=1):
        line = log_line(text)
        time = None if line.time is None or local is None else _us(local.utc_ns(to_ns(line.time)))
        yield number, time, line.level, text[:_LONGEST_TEXT]


_Counted = tuple[Iterable[Row], int]


def _position_rows(result: BacktestResult) -> _Counted:
    days = result.record.sampler.days
    return _positions(days), sum(len(day.holdings) for day in days)


def _chart_rows(result: BacktestResult) -> _Counted:
    charts = result.charts.values()
    return _points(charts), sum(len(series.values) for chart in charts for series in chart.series.values())


#: The rows of each table, and how many there are.
_ROWS: Mapping[str, Callable[[BacktestResult], _Counted]] = {
    "equity": lambda result: (_equity(result), len(result.record.sampler.candles)),
    "days": lambda result: (_days(result), len(result.record.sampler.days)),
    "positions": _position_rows,
    "orders": lambda result: (_orders(result), len(result.record.orders)),
    "order_events": lambda result: (_order_events(result), len(result.record.order_events)),
    "trades": lambda result: (_trades(result), len(result.closed_trades)),
    "insights": lambda result: (_insights(result.record.insights), len(result.record.insights)),
    "charts": _chart_rows,
    "log": lambda result: (_lines(result.logs, result.record.time_zone), len(result.logs)),
}
