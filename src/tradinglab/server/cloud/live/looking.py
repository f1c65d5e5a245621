"""What QuantConnect tells of a deployment now: one look at all that may have changed, and no more than that."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, TypeVar

from tradinglab.quantconnect import DeadlineError, InvalidRequestError, NotFoundError, QuantConnect
from tradinglab.quantconnect.models.backtests import Insight, Order
from tradinglab.quantconnect.models.live import LiveDeployment, LivePortfolio
from tradinglab.server.cloud.live.models import CloudDeployment

_T = TypeVar("_T")
_MOST_ORDERS: Final = 1000
_MOST_INSIGHTS: Final = 500
_MOST_LINES: Final = 1000
_LINES_AT_ONCE: Final = 200
_ORDERS_AT_ONCE: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What one look has shown.

    Attributes
    ----------
    found
        The deployment; ``None`` if QuantConnect has none like that.
    is_superseded
        Whether the project has had another deployment since.
    portfolio
        ``None`` where QuantConnect does not tell.
    orders
        By their places: those that may have changed, and new ones.
    insights, lines
        Those that came since; *line_offset* is how many lines of the project's log are other deployments'.
    """

    found: LiveDeployment | None
    is_superseded: bool = False
    portfolio: LivePortfolio | None = None
    orders: tuple[tuple[int, Order], ...] = ()
    insights: tuple[Insight, ...] = ()
    lines: tuple[str, ...] = ()
    line_offset: int | None = None


def look_at(row: CloudDeployment, client: QuantConnect) -> Look:
    """Ask QuantConnect about a deployment."""
    project = row.remote_project
    assert project is not None
    found: LiveDeployment | None
    try:
        found = client.live.read(project)
    except NotFoundError:
        # Its project may be deleted; what trades there goes on being listed.
        return Look(found=_listed(client, row.deploy_id), line_offset=row.line_offset)
    if found.deploy_id != row.deploy_id:
        found = _named(client, project, row.deploy_id)
        # All else that the project tells is now the other's.
        return Look(found=found or _listed(client, row.deploy_id), is_superseded=True, line_offset=row.line_offset)
    lines, offset = _told(lambda: _lines(row, client, project)) or ((), row.line_offset)
    return Look(
        found=found,
        portfolio=_told(lambda: client.live_results.portfolio(project)),
        orders=_told(lambda: tuple(_orders(row, client, project))) or (),
        insights=_told(lambda: _insights(row, client, project)) or (),
        lines=lines,
        line_offset=offset,
    )


def _named(client: QuantConnect, project: int, deploy_id: str) -> LiveDeployment | None:
    found = _told(lambda: client.live.read(project, deploy_id))
    return found if found is not None and found.deploy_id == deploy_id else None


def _listed(client: QuantConnect, deploy_id: str) -> LiveDeployment | None:
    return next((each for each in client.live.list() if each.deploy_id == deploy_id), None)


def _told(ask: Callable[[], _T]) -> _T | None:
    """Return what is told; ``None`` while that is refused, as it is of a deployment that has only begun."""
    try:
        return ask()
    except (NotFoundError, InvalidRequestError, DeadlineError):
        return None


def _orders(row: CloudDeployment, client: QuantConnect, project: int) -> Iterator[tuple[int, Order]]:
    places = sorted(int(each["place"]) for each in row.open_orders.values())
    for first, most in (*windows(places), (row.order_count, _MOST_ORDERS)):
        found = client.live_results.orders(project, first=first, most=most, deploy_id=row.deploy_id)
        yield from enumerate(found, first)


def windows(places: list[int]) -> Iterator[tuple[int, int]]:
    """Return the fewest windows, each with its first place and its length, that hold these places."""
    while places:
        first = places[0]
        inside = [each for each in places if each < first + _ORDERS_AT_ONCE]
        yield first, inside[-1] - first + 1
        places = places[len(inside) :]


def _insights(row: CloudDeployment, client: QuantConnect, project: int) -> tuple[Insight, ...]:
    return client.live_results.insights(project, first=row.insight_count, most=_MOST_INSIGHTS)


def _lines(row: CloudDeployment, client: QuantConnect, project: int) -> tuple[tuple[str, ...], int]:
    offset = row.line_offset
    if offset is None:
        # Those of the project's earlier deployments come first.
        offset = client.live_results.log_page(project, row.deploy_id, 0, 1).offset
    lines: list[str] = []
    while len(lines) < _MOST_LINES:
        start = offset + row.line_count + len(lines)
        try:
            page = client.live_results.log_page(project, row.deploy_id, start, start + _LINES_AT_ONCE)
        except InvalidRequestError:
            # A window beyond the end may be refused.
            break
        lines += page.lines
        if len(page.lines) < _LINES_AT_ONCE:
            break
    return tuple(lines), offset
