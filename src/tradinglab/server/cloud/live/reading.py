"""What a deployment does, asked of QuantConnect when somebody wants to see it; after the end as long as that tells."""

from __future__ import annotations

from typing import Any, NamedTuple

from tradinglab.quantconnect import QuantConnect
from tradinglab.quantconnect.models.backtests import Chart
from tradinglab.server.cloud.browsing import asked
from tradinglab.server.cloud.live.cleaning import cleaned, document
from tradinglab.server.cloud.live.models import CloudDeployment
from tradinglab.server.cloud.live.telling import portfolio_document
from tradinglab.server.errors import ConflictError


class Page(NamedTuple):
    """Some of many: from *start* on, and where to go on; ``None`` at the end."""

    items: list[Any]
    next_start: int | None


def _project(deployment: CloudDeployment) -> int:
    if deployment.remote_project is None or not deployment.deploy_id:
        raise ConflictError(f"The deployment is not at QuantConnect yet; its next step is '{deployment.step}'.")
    return deployment.remote_project


def _current(deployment: CloudDeployment) -> int:
    """Return the project, if what it tells is still this deployment's."""
    if deployment.is_superseded:
        raise ConflictError(
            "The project at QuantConnect has had another deployment since, of which it tells in this one's place. What "
            "this one did is in its events."
        )
    return _project(deployment)


def portfolio_of(*, deployment: CloudDeployment) -> dict[str, Any]:
    """Return holdings and cash; of a deployment that another has taken the place of, as they were last seen."""
    if deployment.is_superseded:
        return {"holdings": {}, "cash": {}, **deployment.portfolio}
    project = _project(deployment)
    return portfolio_document(asked(deployment.owner, lambda client: client.live_results.portfolio(project)))


def order_page(*, deployment: CloudDeployment, start: int, limit: int) -> Page:
    """Return orders with their events, in QuantConnect's form."""
    project, deploy_id = _project(deployment), deployment.deploy_id
    found = asked(
        deployment.owner,
        lambda client: client.live_results.orders(project, first=start, most=limit, deploy_id=deploy_id),
    )
    return _page([document(each) for each in found], start, limit)


def insight_page(*, deployment: CloudDeployment, start: int, limit: int) -> Page:
    """Return insights, in QuantConnect's form."""
    project = _current(deployment)
    found = asked(deployment.owner, lambda client: client.live_results.insights(project, first=start, most=limit))
    return _page([document(each) for each in found], start, limit)


def trade_page(*, deployment: CloudDeployment, start: int, limit: int) -> Page:
    """Return closed trades, in QuantConnect's form."""
    project, deploy_id = _project(deployment), deployment.deploy_id
    found = asked(
        deployment.owner, lambda client: client.live_results.trades(project, deploy_id, first=start, most=limit)
    )
    return _page([document(each) for each in found], start, limit)


def log_page(*, deployment: CloudDeployment, start: int, limit: int) -> Page:
    """Return lines of the log."""
    project, deploy_id, known = _current(deployment), deployment.deploy_id, deployment.line_offset

    def read(client: QuantConnect) -> tuple[str, ...]:
        results = client.live_results
        # Those of the project's earlier deployments come first.
        offset = results.log_page(project, deploy_id, 0, 1).offset if known is None else known
        return results.log_page(project, deploy_id, offset + start, offset + start + limit).lines

    return _page(cleaned(asked(deployment.owner, read)), start, limit)


def _page(items: list[Any], start: int, limit: int) -> Page:
    return Page(items[:limit], start + limit if len(items) >= limit else None)


def chart_get(*, deployment: CloudDeployment, name: str, count: int, start: int, end: int | None) -> Chart:
    """Return a chart between two Unix times, with at most *count* points a series."""
    project = _current(deployment)
    return asked(
        deployment.owner, lambda client: client.live_results.chart(project, name, count=count, start=start, end=end)
    )


def chart_names(*, deployment: CloudDeployment) -> list[str]:
    """Return the names of the charts that there are now."""
    project, deploy_id = _project(deployment), deployment.deploy_id
    return sorted(cleaned(asked(deployment.owner, lambda client: client.live.read(project, deploy_id).charts)))
