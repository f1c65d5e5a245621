"""What a backtest leaves: the files of its artefacts, and its figures. Knows no Django."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from tradinglab.core.clock import from_ns
from tradinglab.server.backtests.figures import figures_of

if TYPE_CHECKING:
    from tradinglab.algorithm.orders import Order
    from tradinglab.algorithm.orders.written import WrittenOrder
    from tradinglab.engine.result import BacktestResult

#: The files, and of what kind each is.
OUTPUTS: Mapping[str, str] = {
    "result.json": "application/json",
    "equity.json": "application/json",
    "orders.json": "application/json",
    "log.json": "application/json",
    "report.html": "text/html",
}
_MOST_LOG_LINES = 20_000
_MOST_STATISTICS = 200
_LONGEST_TEXT = 200
_MOST_ORDERS = (1 << 31) - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The figures of a backtest, as they are searched and sorted by.

    Attributes
    ----------
    figures
        The values of :data:`~tradinglab.server.backtests.figures.FIGURES`; what is no finite number is left out.
    statistics
        LEAN's statistics, as it writes them.
    total_orders
        How many orders there were.
    first_day, last_day
        What the run covered, in the algorithm's time zone.
    """

    figures: Mapping[str, float]
    statistics: Mapping[str, str]
    total_orders: int
    first_day: date
    last_day: date


def write_outputs(result: BacktestResult, folder: Path) -> None:
    """Write every file of :data:`OUTPUTS` into *folder*."""
    from tradinglab.report import write_report

    lines = result.logs[:_MOST_LOG_LINES]
    result.write_json(folder / "result.json")
    write_report(result, folder / "report.html")
    _write(folder / "equity.json", _equity(result))
    _write(folder / "orders.json", {"orders": [_order(each) for each in result.record.orders]})
    _write(folder / "log.json", {"lines": lines, "left_out": len(result.logs) - len(lines)})


def summarize(result: BacktestResult) -> Summary:
    """Return the figures of a result."""
    pairs = list(result.statistics.items())[:_MOST_STATISTICS]
    return Summary(
        figures=figures_of(result),
        statistics={name[:_LONGEST_TEXT]: text[:_LONGEST_TEXT] for name, text in pairs},
        total_orders=min(result.total_orders, _MOST_ORDERS),
        first_day=result.start.date(),
        last_day=result.end.date(),
    )


def _write(path: Path, document: object) -> None:
    path.write_text(json.dumps(document, allow_nan=False), encoding="utf-8")


def _equity(result: BacktestResult) -> dict[str, list[str] | list[float]]:
    """Return the samples of the account's value: UTC times, values, and the drawdown as a fraction below zero."""
    times, values, drawdowns, highest = [], [], [], 0.0
    for candle in result.record.sampler.candles:
        value = float(candle.close)
        highest = max(highest, value)
        times.append(f"{from_ns(candle.time_ns).isoformat()}Z")
        values.append(value)
        drawdowns.append(value / highest - 1 if highest else 0.0)
    return {"time": times, "equity": values, "drawdown": drawdowns}


def _order(order: Order | WrittenOrder) -> dict[str, object]:
    filled = order.last_fill_time_ns
    return {
        "id": order.id,
        "symbol": order.symbol.value,
        "type": str(order.type),
        "direction": str(order.direction),
        "status": str(order.status),
        "quantity": float(order.quantity),
        "price": float(order.price),
        "time": f"{from_ns(order.time_ns).isoformat()}Z",
        "last_fill_time": None if filled is None else f"{from_ns(filled).isoformat()}Z",
        "tag": str(order.tag),
    }
