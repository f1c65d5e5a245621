"""``backtests/…``: what came out, a part at a time: charts, orders, insights, trades, log and report."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse, JsonResponse

from tradinglab.server.backtests.models import Backtest
from tradinglab.server.backtests.reports import report_read as stored_report
from tradinglab.server.qcapi.asking import Ask, OrNone, Whole
from tradinglab.server.qcapi.backtests import backtest_of
from tradinglab.server.qcapi.endpoints import Answer, Call, endpoint
from tradinglab.server.qcapi.lean_results import chart_of, insights_of, log_of, orders_of, trades_of
from tradinglab.server.qcapi.selectors import project_get
from tradinglab.server.qcapi.windows import MOST_LINES, MOST_ROWS, check_chart_window, window
from tradinglab.server.runs.models import RunState

_EVERY_LINE = 1 << 31
Page = tuple[list[dict[str, Any]], int]


class BacktestAsk(Ask):
    """A backtest."""

    project_id: Whole
    backtest_id: str


class RowsAsk(BacktestAsk):
    """Some of its rows."""

    start: Whole
    end: Whole


class LogAsk(RowsAsk):
    """Some of the lines that hold a text."""

    query: str | None = None


class ChartAsk(BacktestAsk):
    """A chart, or a part of it."""

    name: str
    count: OrNone[Whole] = None
    start: OrNone[Whole] = None
    end: OrNone[Whole] = None


def _test(call: Call, asked: BacktestAsk) -> Backtest:
    project = project_get(user=call.user, project_id=asked.project_id)
    return backtest_of(project=project, backtest_id=asked.backtest_id)


def _going_on(test: Backtest) -> dict[str, Any]:
    """Return what tells a client to ask again; empty when the backtest is over."""
    return {} if test.run.is_final else {"progress": test.run.progress, "status": "loading"}


@endpoint("backtests/chart/read", ChartAsk)
def chart_read(call: Call, asked: ChartAsk) -> Answer:
    """Return a chart's points between two times."""
    test = _test(call, asked)
    check_chart_window(start=asked.start, end=asked.end, count=asked.count)
    if waiting := _going_on(test):
        return waiting
    return {"chart": chart_of(test, asked.name, start=asked.start, end=asked.end, count=asked.count)}


def _rows(call: Call, asked: RowsAsk, name: str, read: Callable[[Backtest, int, int], Page]) -> Answer:
    """Return some rows, and how many there are in all."""
    test = _test(call, asked)
    first, last = window(asked.start, asked.end, most=MOST_ROWS)
    waiting = _going_on(test)
    rows, length = ([], 0) if waiting or not _has_results(test) else read(test, first, last)
    return {name: rows, "length": length, **waiting}


def _has_results(test: Backtest) -> bool:
    return test.run.state == RunState.COMPLETED


@endpoint("backtests/orders/read", RowsAsk)
def orders_read(call: Call, asked: RowsAsk) -> Answer:
    """Return orders with their events."""
    return _rows(call, asked, "orders", orders_of)


@endpoint("backtests/read/insights", RowsAsk)
@endpoint("backtests/insights/read", RowsAsk)
def insights_read(call: Call, asked: RowsAsk) -> Answer:
    """Return insights."""
    return _rows(call, asked, "insights", insights_of)


@endpoint("backtests/trades/read", RowsAsk)
def trades_read(call: Call, asked: RowsAsk) -> Answer:
    """Return closed trades with their orders."""
    return _rows(call, asked, "trades", trades_of)


@endpoint("backtests/read/log", LogAsk)
def log_read(call: Call, asked: LogAsk) -> Answer:
    """Return lines of the log."""
    test = _test(call, asked)
    first, last = window(asked.start, asked.end, most=MOST_LINES)
    if test.run.state == RunState.QUEUED:
        return {"logs": [], "length": 0, **_going_on(test)}
    lines, length = log_of(test, first, last, asked.query or "")
    return {"logs": lines, "length": length}


@endpoint("backtests/export/logs", BacktestAsk)
def logs_export(call: Call, asked: BacktestAsk) -> Answer:
    """Return the whole log as a text."""
    test = _test(call, asked)
    lines, _ = ([], 0) if test.run.state == RunState.QUEUED else log_of(test, 0, _EVERY_LINE, "")
    name = f"{test.pk.hex}-log.txt"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(
        "".join(f"{line}\n" for line in lines), content_type="text/plain; charset=utf-8", headers=headers
    )


@endpoint("backtests/read/report", BacktestAsk)
def report_read(call: Call, asked: BacktestAsk) -> Answer:
    """Return the report: a page that needs nothing else to be read."""
    test = _test(call, asked)
    if not test.run.is_final:
        # Clients ask again for as long as this is not a success.
        return JsonResponse({"success": False, "generating": True, "errors": ["The report is being generated."]})
    return {"report": stored_report(test=test).decode()}
