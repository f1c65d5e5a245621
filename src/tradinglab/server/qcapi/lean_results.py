"""What a backtest left, as LEAN writes it: read from its result file, a part at a time."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import Any, Final

import polars as pl

from tradinglab.server.backtests.models import Backtest
from tradinglab.server.backtests.results import document_read, table_collect, table_read
from tradinglab.server.errors import NotFoundError
from tradinglab.server.qcapi.answers import moment
from tradinglab.server.runs.selectors import artefact_get

_RESULT: Final = "result.json"
#: A larger file is read anew each time: read, it takes some ten times its size.
_LARGEST_KEPT: Final = 8_000_000
_MOST_KEPT: Final = 4
#: The charts that a run has even if there is nothing in one of them.
_USUAL_CHARTS: Final = (
    "Strategy Equity",
    "Capacity",
    "Drawdown",
    "Benchmark",
    "Exposure",
    "Assets Sales Volume",
    "Portfolio Turnover",
    "Portfolio Margin",
)
_EMPTY: Final[Mapping[str, Any]] = {}
#: Members of an order that LEAN writes for some types alone, and what a reader expects where they are missing.
_ORDER_MEMBERS: Final[Mapping[str, Any]] = {
    "limitPrice": None,
    "stopPrice": None,
    "stopTriggered": None,
    "lastUpdateTime": None,
    "lastFillTime": None,
    "canceledTime": None,
    "trailingAmount": None,
    "trailingPercentage": None,
    "groupOrderManager": None,
    "triggerPrice": None,
    "triggerTouched": None,
}
_STATUS_WORDS: Final[Mapping[str, str]] = {
    "New": "new",
    "Submitted": "submitted",
    "PartiallyFilled": "partiallyFilled",
    "Filled": "filled",
    "Canceled": "canceled",
    "None": "none",
    "Invalid": "invalid",
    "CancelPending": "cancelPending",
    "UpdateSubmitted": "updateSubmitted",
}


#: The results that were asked for last, by the hash of their files: clients ask for one part after the other.
_kept: dict[str, Mapping[str, Any]] = {}


def result_of(test: Backtest) -> Mapping[str, Any]:
    """Return the result file of a backtest; empty if it left none."""
    try:
        artefact = artefact_get(run=test.run, name=_RESULT)
    except NotFoundError:
        return _EMPTY
    found = _kept.get(artefact.sha256)
    if found is None:
        found = document_read(test=test, name=_RESULT)
        if artefact.size <= _LARGEST_KEPT:
            _kept[artefact.sha256] = found
        while len(_kept) > _MOST_KEPT:
            _kept.pop(next(iter(_kept)), None)
    return found


def performance_of(performance: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Return a performance with the member ``symbol`` in its trades, which some clients read."""
    if performance is None:
        return None
    trades = [{"symbol": (trade.get("symbols") or [None])[0], **trade} for trade in performance["closedTrades"]]
    return {**performance, "closedTrades": trades}


def charts_of(result: Mapping[str, Any]) -> dict[str, Any]:
    """Return a result's charts, those without anything in them among them; none if there is no result."""
    if "charts" not in result:
        return {}
    missing: dict[str, Any] = {name: {"name": name, "chartType": 0, "series": {}} for name in _USUAL_CHARTS}
    return {**missing, **result["charts"]}


def chart_of(test: Backtest, name: str, *, start: int | None, end: int | None, count: int | None) -> dict[str, Any]:
    """Return a chart with at most *count* points of each series, spread evenly between two Unix times, both included.

    Raises
    ------
    NotFoundError
        If the backtest has no chart of that name.
    """
    charts = charts_of(result_of(test))
    if name not in charts:
        raise NotFoundError(f"The backtest has no chart '{name[:100]}'. It has: {', '.join(charts)}.")
    chart = charts[name]
    series = {
        label: {**each, "values": points_spread(points_between(each["values"], start, end), count)}
        for label, each in chart["series"].items()
    }
    return {**chart, "series": series}


def points_between(values: Sequence[Any], start: int | None, end: int | None) -> Sequence[Any]:
    """Return the points between two Unix times, both included."""
    first = 0 if start is None else bisect_left(values, start, key=_x)
    last = len(values) if end is None else bisect_right(values, end, key=_x)
    return values[first:last]


def _x(value: Any) -> int:
    """Return the Unix time of a point."""
    return int(value["x"] if isinstance(value, dict) else value[0])


def points_spread(values: Sequence[Any], count: int | None) -> list[Any]:
    """Return so many of them, the first and the last among them."""
    if count is None or len(values) <= count:
        return list(values)
    if count == 1:
        return [values[-1]]
    step = (len(values) - 1) / (count - 1)
    return [values[round(place * step)] for place in range(count)]


def orders_of(test: Backtest, first: int, last: int) -> tuple[list[dict[str, Any]], int]:
    """Return the orders from *first* up to before *last*, with their events, and how many there are in all."""
    orders = list(result_of(test).get("orders", _EMPTY).values())
    wanted = orders[first:last]
    if not wanted:
        return [], len(orders)
    events = _events(test, [order["id"] for order in wanted])
    algorithm = test.run_id.hex
    return [
        {
            **_ORDER_MEMBERS,
            **order,
            "brokerId": order.get("brokerId") or [],
            "events": [_event(each, order, algorithm) for each in events.get(order["id"], [])],
        }
        for order in wanted
    ], len(orders)


def _events(test: Backtest, ids: Sequence[int]) -> dict[int, list[dict[str, Any]]]:
    rows = table_collect(table_read(test=test, name="order_events").filter(pl.col("order_id").is_in(list(ids))))
    found: dict[int, list[dict[str, Any]]] = {}
    for row in rows.iter_rows(named=True):
        found.setdefault(row["order_id"], []).append(row)
    return found


def _event(row: Mapping[str, Any], order: Mapping[str, Any], algorithm: str) -> dict[str, Any]:
    symbol = order["symbol"]
    return {
        "algorithmId": algorithm,
        "symbol": symbol["id"],
        "symbolValue": symbol["value"],
        "symbolPermtick": symbol["permtick"],
        "orderId": row["order_id"],
        "orderEventId": row["id"],
        "id": f"{algorithm}-{row['order_id']}-{row['id']}",
        "status": _STATUS_WORDS.get(row["status"], "none"),
        "orderFeeAmount": row["fee"],
        "orderFeeCurrency": row["fee_currency"],
        "fillPrice": row["fill_price"],
        "fillPriceCurrency": order.get("priceCurrency") or row["fee_currency"],
        "fillQuantity": row["fill_quantity"],
        "direction": row["direction"].lower(),
        "message": row["message"],
        "isAssignment": False,
        "stopPrice": order.get("stopPrice"),
        "limitPrice": order.get("limitPrice"),
        "quantity": row["quantity"],
        "time": row["time"].timestamp(),
        "isInTheMoney": False,
    }


def insights_of(test: Backtest, first: int, last: int) -> tuple[list[dict[str, Any]], int]:
    """Return the insights from *first* up to before *last*, and how many there are in all."""
    rows = table_collect(table_read(test=test, name="insights"))
    return [_insight(row) for row in rows[first:last].iter_rows(named=True)], rows.height


def _insight(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": row["id"],
        "groupId": row["group_id"],
        "sourceModel": row["source_model"],
        "generatedTime": int(row["generated_time"].timestamp()),
        "createdTime": int(row["generated_time"].timestamp()),
        "closeTime": int(row["close_time"].timestamp()),
        "symbol": row["symbol_id"],
        "ticker": row["symbol"],
        "type": row["type"].lower(),
        "reference": row["reference_value"],
        "referenceFinal": row["reference_value_final"],
        "direction": row["direction"].lower(),
        "period": int(row["period_s"]),
        "magnitude": row["magnitude"],
        "confidence": row["confidence"],
        "weight": row["weight"],
        "scoreFinal": row["is_final_score"],
        "scoreDirection": row["score_direction"],
        "scoreMagnitude": row["score_magnitude"],
        "estimatedValue": row["estimated_value"],
        "tag": row["tag"],
    }


def log_of(test: Backtest, first: int, last: int, query: str) -> tuple[list[str], int]:
    """Return the lines that hold *query* from *first* up to before *last*, and how many hold it in all."""
    rows = table_collect(table_read(test=test, name="log"))
    lines = [_line(row) for row in rows.iter_rows(named=True)]
    wanted = query.strip().lower()
    found = [line for line in lines if wanted in line.lower()]
    return found[first:last], len(found)


def _line(row: Mapping[str, Any]) -> str:
    return row["text"] if row["time"] is None else f"{moment(row['time'])} {row['text']}"


def trades_of(test: Backtest, first: int, last: int) -> tuple[list[dict[str, Any]], int]:
    """Return the closed trades from *first* up to before *last* with their orders, and how many there are in all."""
    result = result_of(test)
    performance = performance_of(result.get("totalPerformance"))
    trades = [] if performance is None else performance["closedTrades"]
    orders = result.get("orders", _EMPTY)
    return [
        {**trade, "orders": [orders[str(each)] for each in trade["orderIds"] if str(each) in orders]}
        for trade in trades[first:last]
    ], len(trades)


def day_moment(day: date | None, *, is_end: bool = False) -> str | None:
    """Return the first, or the last, moment of a day as QuantConnect writes it."""
    if day is None:
        return None
    return moment(datetime.combine(day, time(23, 59, 59) if is_end else time(), tzinfo=UTC))
