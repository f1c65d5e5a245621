"""What backtests came to: charts, orders, insights, logs, trades, reports."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from tradinglab.quantconnect.answers import Payload
from tradinglab.quantconnect.exchange import Call
from tradinglab.quantconnect.models.backtests import Backtest, Chart, Insight, Order, Trade
from tradinglab.quantconnect.operations import D, Resource, operation
from tradinglab.quantconnect.polling import all_pages, loaded
from tradinglab.quantconnect.reading import lines, many, part, total
from tradinglab.quantconnect.steps import Plan

T = TypeVar("T")
#: The API answers no more than so many at once.
_PAGE = 100
_LOG_PAGE = 200
_POINTS = 4000


class BacktestResults(Resource[D]):
    """What backtests came to. Lists are read to their end; what is still being prepared is waited for."""

    @operation
    def chart(
        self,
        project_id: int,
        backtest_id: str,
        name: str,
        *,
        count: int = _POINTS,
        start: int = 0,
        end: int | None = None,
    ) -> Plan[Chart]:
        """Return a chart.

        Parameters
        ----------
        project_id, backtest_id
            Which backtest's.
        name
            Such as ``"Strategy Equity"``; `Backtest.charts` has all names.
        count
            How many points each series has at most.
        start, end
            From when and until when, in Unix seconds; all by default.
        """
        return (yield from self._chart(project_id, backtest_id, name, count, start, end))

    @operation
    def charts(self, project_id: int, backtest_id: str, *, count: int = _POINTS) -> Plan[dict[str, Chart]]:
        """Return all charts by name."""
        body = {"projectId": project_id, "backtestId": backtest_id}
        backtest = yield from self._exchange.carry(
            Call(path="backtests/read", read=part(Backtest, "backtest"), body=body)
        )
        charts = {}
        for name in backtest.charts:
            charts[name] = yield from self._chart(project_id, backtest_id, name, count, 0, None)
        return charts

    @operation
    def orders(self, project_id: int, backtest_id: str, *, most: int | None = None) -> Plan[tuple[Order, ...]]:
        """Return all orders, or the first so many."""
        page = self._page("backtests/orders/read", project_id, backtest_id, many(Order, "orders"))
        return (yield from all_pages(self._exchange, page, size=_PAGE, key=lambda each: each.id, most=most))

    @operation
    def insights(self, project_id: int, backtest_id: str, *, most: int | None = None) -> Plan[tuple[Insight, ...]]:
        """Return all insights, or the first so many."""
        page = self._page("backtests/read/insights", project_id, backtest_id, many(Insight, "insights"))
        return (yield from all_pages(self._exchange, page, size=_PAGE, key=lambda each: each.id, most=most))

    @operation
    def trades(self, project_id: int, backtest_id: str, *, most: int | None = None) -> Plan[tuple[Trade, ...]]:
        """Return all closed trades, or the first so many."""
        page = self._page("backtests/trades/read", project_id, backtest_id, many(Trade, "trades"))
        return (yield from all_pages(self._exchange, page, size=_PAGE, key=None, most=most))

    @operation
    def logs(
        self, project_id: int, backtest_id: str, *, query: str = "", most: int | None = None
    ) -> Plan[tuple[str, ...]]:
        """Return the lines of the log, all or those that *query* is found in."""
        page = self._page("backtests/read/log", project_id, backtest_id, lines("logs"), query=query)
        return (yield from all_pages(self._exchange, page, size=_LOG_PAGE, key=None, most=most))

    @operation
    def report(self, project_id: int, backtest_id: str, *, deadline_s: float = 120.0) -> Plan[str]:
        """Return the report, a page of HTML, once the server has written it.

        Raises
        ------
        DeadlineError
            If that took longer.
        """
        body = {"projectId": project_id, "backtestId": backtest_id}
        call = Call(path="backtests/read/report", read=_report, body=body)
        return (yield from loaded(self._exchange, call, deadline_s=deadline_s))

    def _chart(
        self, project_id: int, backtest_id: str, name: str, count: int, start: int, end: int | None
    ) -> Plan[Chart]:
        body = {
            "projectId": project_id,
            "backtestId": backtest_id,
            "name": name,
            "count": count,
            "start": start,
            "end": int(self._exchange.server_now()) if end is None else end,
        }
        return (
            yield from loaded(self._exchange, Call(path="backtests/chart/read", read=part(Chart, "chart"), body=body))
        )

    def _page(
        self,
        path: str,
        project_id: int,
        backtest_id: str,
        read: Callable[[Payload], tuple[T, ...]],
        **more: object,
    ) -> Callable[[int, int], Call[tuple[tuple[T, ...], int | None]]]:
        def page(start: int, end: int) -> Call[tuple[tuple[T, ...], int | None]]:
            body = {"projectId": project_id, "backtestId": backtest_id, "start": start, "end": end, **more}
            return Call(path=path, read=lambda payload: (read(payload), total(payload)), body=body)

        return page


def _report(payload: Payload) -> str:
    report = payload.get("report")
    if not isinstance(report, str) or not report:
        raise ValueError("'report' is missing")
    return report
