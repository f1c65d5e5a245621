"""Telling what a live run does: at once what cannot wait, the rest now and then."""

from __future__ import annotations

import json
import time as wall
from typing import TYPE_CHECKING, Any

from tradinglab.algorithm.orders.event_serialization import order_event_json
from tradinglab.algorithm.orders.serialization import number_json, order_json
from tradinglab.core.clock import SECOND_NS, span_text
from tradinglab.core.enums import OrderType
from tradinglab.engine.author_charts import merged_charts
from tradinglab.engine.insight_record import insight_records
from tradinglab.engine.live.account import figures_snapshot, portfolio_snapshot
from tradinglab.engine.result_charts import default_charts
from tradinglab.engine.statistics.trades import time_text

if TYPE_CHECKING:
    from tradinglab.algorithm.orders import Order, OrderEvent
    from tradinglab.algorithm.trade import Trade
    from tradinglab.data.feeds.protocol import Notice
    from tradinglab.engine.insight_record import InsightRecord
    from tradinglab.engine.live.link import LiveLink, LiveStatus
    from tradinglab.engine.parts import RunParts
    from tradinglab.engine.result_charts import ChartData, SeriesData

_BEAT_EVERY_S = 2.0
_CHARTS_EVERY_S = 10.0
#: Charts that take long to make are made less often, so that they take this part of the time at most.
_CHARTS_SHARE = 20
_MOST_POINTS = 500
#: Types of orders that change while nothing is done with them.
_MOVING = frozenset((OrderType.TRAILING_STOP, OrderType.STOP_LIMIT, OrderType.LIMIT_IF_TOUCHED))
#: LEAN's live charts lack it: there is no volume of the days to come.
_NOT_LIVE = "Capacity"
#: The charts that there are before there is anything in them.
_ALWAYS = (
    "Strategy Equity", "Drawdown", "Benchmark", "Exposure", "Portfolio Turnover", "Portfolio Margin",
    "Assets Sales Volume",
)  # fmt: skip


class Reporter:
    """Tells of a run by its link."""

    def __init__(self, link: LiveLink, deployment_id: str) -> None:
        self._link = link
        self._deployment_id = deployment_id
        self._parts: RunParts | None = None
        self._status = ""
        self._next_beat = self._next_charts = 0.0
        self._events_told = self._insights_told = 0
        self._trades_told = 0
        self._insights_known: set[str] = set()
        self._points_told: dict[tuple[str, str], int] = {}
        self._portfolio: dict[str, Any] | None = None
        self._together: list[tuple[str, object]] = []
        self._orders_told: dict[int, str] = {}

    def open(self, parts: RunParts) -> None:
        """Tell of this run from now on."""
        self._parts = parts
        for name in _ALWAYS:
            self._link.send("chart", {"chart": name})

    def log(self, line: str) -> None:
        """Tell a line of the log."""
        self._link.send("log", line)

    def status(self, status: LiveStatus) -> None:
        """Tell a new status."""
        if status != self._status:
            self._status = str(status)
            self._link.send("status", self._status)

    def feed(self, notice: Notice) -> None:
        """Tell what happened to the feed."""
        self._link.send("feed", notice.document())

    def answer(self, command_id: object, *, done: bool, text: str = "") -> None:
        """Tell what became of a command."""
        self._link.send("answer", {"id": command_id, "done": done, "text": text})

    def tell(self, *, at_once: bool = False) -> None:
        """Tell what is new of orders and insights; now and then, or *at_once*, also how the account stands."""
        parts = self._parts
        if parts is None:
            return
        now = wall.monotonic()
        has_new = self._tell_orders(parts)
        if has_new:
            self._tell_trades(parts)
        self._tell_insights(parts)
        if at_once or has_new or now >= self._next_beat:
            self._next_beat = now + _BEAT_EVERY_S
            self._tell_moved(parts)
            self._together.append(("beat", {"time": parts.algorithm.lab_utc_ns, "status": self._status}))
            self._tell_account(parts)
        if self._together:
            # A fill without the account after it, or the other way round, would be a wrong place to go on from.
            self._link.send_together(self._together)
            self._together = []
        if at_once or now >= self._next_charts:
            self._tell_charts(parts)
            took = wall.monotonic() - now
            self._next_charts = now + max(_CHARTS_EVERY_S, took * _CHARTS_SHARE)

    def _tell_orders(self, parts: RunParts) -> bool:
        events = parts.transactions.events
        new = events[self._events_told :]
        self._events_told = len(events)
        by_order: dict[int, list[OrderEvent]] = {}
        for event in new:
            by_order.setdefault(event.order_id, []).append(event)
        for order_id, told in by_order.items():
            order = parts.transactions.orders.get(order_id)
            if order is not None:
                self._tell_order(order, [json.loads(order_event_json(each, self._deployment_id)) for each in told])
        return bool(new)

    def _tell_moved(self, parts: RunParts) -> None:
        """Tell of open orders that have changed without an event: a stop that follows, a trigger that was touched."""
        for order in parts.transactions.open.values():
            if order.type in _MOVING and self._orders_told.get(order.id) != order_json(order):
                self._tell_order(order, [])

    def _tell_order(self, order: Order, events: list[Any]) -> None:
        text = order_json(order)
        if order.type in _MOVING:
            self._orders_told[order.id] = text
        self._together.append(("order", {"order": json.loads(text), "events": events}))

    def _tell_trades(self, parts: RunParts) -> None:
        trades = parts.algorithm.trade_builder.closed_trades
        for trade in trades[self._trades_told :]:
            self._together.append(("trade", trade_document(trade)))
        self._trades_told = len(trades)

    def _tell_insights(self, parts: RunParts) -> None:
        insights = parts.algorithm.lab_insights
        if insights is None or insights.total_count == self._insights_told:
            return
        self._insights_told = insights.total_count
        for record in insight_records(insights):
            if record.id not in self._insights_known:
                self._insights_known.add(record.id)
                self._together.append(("insight", insight_document(record)))

    def _tell_account(self, parts: RunParts) -> None:
        snapshot = portfolio_snapshot(parts.algorithm)
        if snapshot == self._portfolio:
            return
        self._portfolio = snapshot
        self._together.append(("portfolio", snapshot))
        figures = figures_snapshot(parts.algorithm, parts.sampler.starting_portfolio_value)
        self._together.append(("figures", figures))

    def _tell_charts(self, parts: RunParts) -> None:
        charts = merged_charts(default_charts(parts.sampler), parts.algorithm.lab_charts)
        for name, chart in charts.items():
            if name != _NOT_LIVE:
                self._tell_chart(chart)
        parts.algorithm.lab_logs.clear()  # they are told, and a live run has no end to show them at

    def _tell_chart(self, chart: ChartData) -> None:
        if not chart.series:
            self._link.send("chart", {"chart": chart.name})
        for series in chart.series.values():
            key = (chart.name, series.name)
            told = self._points_told.get(key, 0)
            # The last point may have changed since.
            new = series.values[max(told - 1, 0) :]
            if len(series.values) == told and told:
                continue
            self._points_told[key] = len(series.values)
            for first in range(0, len(new), _MOST_POINTS):
                self._link.send("points", _points(chart, series, new[first : first + _MOST_POINTS]))


def _points(chart: ChartData, series: SeriesData, values: tuple[Any, ...]) -> dict[str, Any]:
    return {
        "chart": chart.name,
        "series": series.name,
        "unit": series.unit,
        "index": series.index,
        "type": int(series.series_type),
        "color": series.color,
        "marker": str(series.marker.name).lower().replace("_", "-"),
        "values": [
            [round(point[0] / SECOND_NS), *(None if each is None else float(number_json(each)) for each in point[1:])]
            for point in values
        ],
    }


def insight_document(insight: InsightRecord) -> dict[str, Any]:
    """Return an insight in the words of QuantConnect's API; times in seconds since 1970."""
    return {
        "id": insight.id,
        "groupId": insight.group_id or None,
        "sourceModel": insight.source_model,
        "generatedTime": insight.generated_ns / SECOND_NS,
        "createdTime": insight.generated_ns / SECOND_NS,
        "closeTime": insight.close_ns / SECOND_NS,
        "symbol": str(insight.symbol.id),
        "ticker": insight.symbol.value,
        "type": str(insight.type).lower(),
        "reference": float(insight.reference_value),
        "referenceFinal": float(insight.reference_value_final),
        "direction": str(insight.direction).lower(),
        "period": insight.period_s,
        "magnitude": insight.magnitude,
        "confidence": insight.confidence,
        "weight": insight.weight,
        "scoreFinal": insight.is_final_score,
        "scoreDirection": insight.score_direction,
        "scoreMagnitude": insight.score_magnitude,
        "estimatedValue": float(insight.estimated_value),
        "tag": insight.tag,
    }


def trade_document(trade: Trade) -> dict[str, Any]:
    """Return a closed trade in the words of QuantConnect's API."""
    return {
        "id": str(trade.id),
        "symbols": [{"value": each.value, "id": str(each.id), "permtick": each.value} for each in trade.symbols],
        "entryTime": time_text(trade.entry_ns),
        "entryPrice": float(trade.exact_entry_price),
        "direction": int(trade.direction),
        "quantity": float(trade.exact_quantity),
        "exitTime": time_text(trade.exit_ns),
        "exitPrice": float(trade.exact_exit_price),
        "profitLoss": float(trade.exact_profit_loss),
        "totalFees": float(trade.exact_total_fees),
        "mae": float(trade.exact_mae),
        "mfe": float(trade.exact_mfe),
        "duration": span_text((trade.exit_ns - trade.entry_ns) // 100),
        "endTradeDrawdown": float(trade.exact_end_trade_drawdown),
        "isWin": trade.is_win,
        "orderIds": sorted(trade.order_ids),
    }
