"""What live deployments do: portfolio, orders, insights, trades, logs, charts."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from tradinglab.quantconnect.answers import Payload
from tradinglab.quantconnect.exchange import Call
from tradinglab.quantconnect.models.backtests import Chart, Insight, Order, Trade
from tradinglab.quantconnect.models.live import LiveLogPage, LivePortfolio
from tradinglab.quantconnect.operations import D, Resource, operation
from tradinglab.quantconnect.polling import all_pages, loaded
from tradinglab.quantconnect.reading import lines, many, part, total
from tradinglab.quantconnect.steps import Plan

T = TypeVar("T")
_PAGE = 100
_LOG_PAGE = 200
_POINTS = 4000


class LiveResults(Resource[D]):
    """What live deployments do. Lists are read to their end; what is still being prepared is waited for."""

    @operation
    def portfolio(self, project_id: int) -> Plan[LivePortfolio]:
        """Return what is held, as of minutes ago."""
        read = part(LivePortfolio, "portfolio")
        call = Call(path="live/portfolio/read", read=read, body={"projectId": project_id})
        return (yield from self._exchange.carry(call))

    @operation
    def chart(
        self, project_id: int, name: str, *, count: int = _POINTS, start: int = 0, end: int | None = None
    ) -> Plan[Chart]:
        """Return a chart from *start* to *end*, in Unix seconds, with at most *count* points a series."""
        last = int(self._exchange.server_now()) if end is None else end
        body = {"projectId": project_id, "name": name, "count": count, "start": start, "end": last}
        return (yield from loaded(self._exchange, Call(path="live/chart/read", read=part(Chart, "chart"), body=body)))

    @operation
    def orders(
        self, project_id: int, *, most: int | None = None, first: int = 0, deploy_id: str | None = None
    ) -> Plan[tuple[Order, ...]]:
        """Return all orders, or so many from place *first* on, of the last deployment or of one that is named."""
        page = _page("live/orders/read", many(Order, "orders"), projectId=project_id, algorithmId=deploy_id)
        return (yield from all_pages(self._exchange, page, size=_PAGE, key=_id, most=most, first=first))

    @operation
    def insights(self, project_id: int, *, most: int | None = None, first: int = 0) -> Plan[tuple[Insight, ...]]:
        """Return all insights, or so many from place *first* on."""
        page = _page("live/insights/read", many(Insight, "insights"), projectId=project_id)
        return (yield from all_pages(self._exchange, page, size=_PAGE, key=_id, most=most, first=first))

    @operation
    def trades(
        self, project_id: int, deploy_id: str, *, most: int | None = None, first: int = 0
    ) -> Plan[tuple[Trade, ...]]:
        """Return all closed trades, or so many from place *first* on."""
        page = _page("live/trades/read", many(Trade, "trades"), projectId=project_id, deployId=deploy_id)
        return (yield from all_pages(self._exchange, page, size=_PAGE, key=None, most=most, first=first))

    @operation
    def log_page(self, project_id: int, deploy_id: str, start: int, end: int) -> Plan[LiveLogPage]:
        """Return lines of the log of all of a project's deployments, and where this one's begin; 200 at most."""
        body = {"format": "json", "projectId": project_id, "algorithmId": deploy_id, "startLine": start, "endLine": end}
        return (yield from self._exchange.carry(Call(path="live/logs/read", read=_log_page, body=body)))

    @operation
    def logs(self, project_id: int, deploy_id: str, *, most: int | None = None) -> Plan[tuple[str, ...]]:
        """Return the lines of a deployment's log, as of minutes ago."""

        def page(start: int, end: int) -> Call[tuple[tuple[str, ...], int | None]]:
            body = {
                "format": "json",
                "projectId": project_id,
                "algorithmId": deploy_id,
                "startLine": start,
                "endLine": end,
            }
            read = lines("logs")
            # The number that is told counts other deployments' lines too.
            return Call(path="live/logs/read", read=lambda payload: (read(payload), None), body=body)

        return (yield from all_pages(self._exchange, page, size=_LOG_PAGE, key=None, most=most))


def _id(each: Order | Insight) -> object:
    return each.id


def _log_page(payload: Payload) -> LiveLogPage:
    offset = payload.get("deploymentOffset")
    return LiveLogPage(
        lines=lines("logs")(payload),
        length=total(payload),
        offset=offset if isinstance(offset, int) and not isinstance(offset, bool) else 0,
    )


def _page(
    path: str, read: Callable[[Payload], tuple[T, ...]], **known: object
) -> Callable[[int, int], Call[tuple[tuple[T, ...], int | None]]]:
    def page(start: int, end: int) -> Call[tuple[tuple[T, ...], int | None]]:
        body = {**known, "start": start, "end": end}
        return Call(path=path, read=lambda payload: (read(payload), total(payload)), body=body)

    return page
