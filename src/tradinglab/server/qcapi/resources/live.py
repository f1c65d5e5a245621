"""``live/…``: deploy on paper, read how that stands, stop, liquidate, command."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from typing import Any

from django.http import HttpResponse, JsonResponse
from pydantic import Field, JsonValue

from tradinglab.server.accounts.models import Scope
from tradinglab.server.errors import ConflictError, InputError
from tradinglab.server.live.models import ACTIVE, Deployment, RecordKind
from tradinglab.server.live.selectors import record_list
from tradinglab.server.live.services import (
    deployment_command,
    deployment_liquidate,
    deployment_stop,
    deployments_command,
)
from tradinglab.server.qcapi.asking import Ask, Flag, OrNone, Whole
from tradinglab.server.qcapi.deployments import (
    deployment_listed,
    deployment_of,
    deployment_shown,
    deployments_of,
    deployments_seen,
    insight_shown,
    live_chart,
    log_shown,
    order_shown,
    portfolio_shown,
    project_deploy,
)
from tradinglab.server.qcapi.endpoints import Answer, Call, endpoint
from tradinglab.server.qcapi.lean_versions import VERSION
from tradinglab.server.qcapi.organizations import organization_of
from tradinglab.server.qcapi.selectors import compile_get, project_get
from tradinglab.server.qcapi.windows import check_chart_window, window

_MOST_ROWS = 1000
_MOST_LINES = 250
_MOST_DAYS = 750
_DAY_S = 86_400


class ProjectAsk(Ask):
    """The deployment of a project."""

    project_id: Whole


class ReadAsk(ProjectAsk):
    """Its last deployment, or one that is named."""

    deploy_id: OrNone[str] = None


class CreateAsk(ProjectAsk):
    """What is to be deployed."""

    version_id: str
    compile_id: str
    node_id: str
    brokerage: dict[str, JsonValue]
    automatic_redeploy: OrNone[Flag] = None
    parameters: OrNone[dict[str, JsonValue]] = None
    notification: OrNone[dict[str, JsonValue]] = None


class ListAsk(Ask):
    """Deployments of all projects, or of one, of a status."""

    project_id: OrNone[Whole] = None
    status: OrNone[str] = None


class ChartAsk(ProjectAsk):
    """A chart, or a part of it."""

    name: str
    count: OrNone[Whole] = None
    start: OrNone[Whole] = None
    end: OrNone[Whole] = None


class OrdersAsk(ProjectAsk):
    """Some of its orders."""

    start: Whole
    end: Whole
    algorithm_id: OrNone[str] = None


class InsightsAsk(ProjectAsk):
    """Some of its insights."""

    start: OrNone[Whole] = None
    end: Whole


class TradesAsk(ProjectAsk):
    """Some of its closed trades."""

    deploy_id: str
    start: Whole
    end: Whole


class LogsAsk(ProjectAsk):
    """Some lines of the log."""

    algorithm_id: str
    start_line: Whole
    end_line: Whole
    deployment_logs: OrNone[Flag] = None
    query: str | None = None


class ExportAsk(ProjectAsk):
    """Orders between two Unix times."""

    start: OrNone[Whole] = None
    end: OrNone[Whole] = None


class CommandAsk(ProjectAsk):
    """A command."""

    command: dict[str, JsonValue]


class BroadcastAsk(Ask):
    """A command to all deployments."""

    organization_id: str
    command: dict[str, JsonValue]
    exclude_project_id: OrNone[Whole] = None


class ConnectionAsk(Ask):
    """A brokerage with which an account could be connected."""

    brokerage: str = Field(max_length=100)


def _deployment(call: Call, asked: ProjectAsk, *, deploy_id: str | None = None, to_trade: bool = False) -> Deployment:
    project = project_get(user=call.user, project_id=asked.project_id, to_trade=to_trade)
    return deployment_of(project=project, deploy_id=deploy_id)


@endpoint("live/create", CreateAsk, scope=Scope.TRADE)
def create(call: Call, asked: CreateAsk) -> Answer:
    """Deploy what was compiled, on paper."""
    project = project_get(user=call.user, project_id=asked.project_id, to_trade=True)
    made = project_deploy(
        user=call.user,
        project=project,
        compiled=compile_get(project=project, compile_id=asked.compile_id),
        node_id=asked.node_id,
        brokerage=asked.brokerage,
        parameters=asked.parameters or {},
        automatic_redeploy=bool(asked.automatic_redeploy),
        notification=asked.notification or {},
    )
    return {
        "responseCode": "0",
        "source": "api-v2",
        "projectId": project.pk,
        "deployId": made.deploy_id,
        "versionId": VERSION,
        "live": deployment_shown(made, project),
    }


@endpoint("live/read", ReadAsk)
def read(call: Call, asked: ReadAsk) -> Answer:
    """Tell how a deployment stands."""
    project = project_get(user=call.user, project_id=asked.project_id)
    return deployment_shown(deployment_of(project=project, deploy_id=asked.deploy_id), project)


@endpoint("live/list", ListAsk)
def list_all(call: Call, asked: ListAsk) -> Answer:
    """List deployments, the newest first; those of deleted projects stay."""
    if asked.project_id is None:
        found = deployments_seen(user=call.user)
    else:
        # A project that is deleted is not seen, its deployments are.
        own = deployments_seen(user=call.user).filter(version__strategy__quantconnect_project=asked.project_id)
        if not own.exists():
            own = deployments_of(project=project_get(user=call.user, project_id=asked.project_id))
        found = own
    if asked.status is not None:
        found = found.filter(status=asked.status.replace(" ", "")[:16])
    return {"live": [deployment_listed(each) for each in found[:_MOST_ROWS]]}


@endpoint("live/update/stop", ProjectAsk, scope=Scope.TRADE)
def stop(call: Call, asked: ProjectAsk) -> Answer:
    """Stop it, and leave its positions as they are."""
    deployment_stop(deployment=_deployment(call, asked, to_trade=True), actor=call.user)
    return {}


@endpoint("live/update/liquidate", ProjectAsk, scope=Scope.TRADE)
def liquidate(call: Call, asked: ProjectAsk) -> Answer:
    """Sell all that it holds, then stop it."""
    deployment_liquidate(deployment=_deployment(call, asked, to_trade=True), actor=call.user)
    return {}


@endpoint("live/portfolio/read", ProjectAsk)
def portfolio_read(call: Call, asked: ProjectAsk) -> Answer:
    """Return holdings and cash, after the end, too."""
    return {"portfolio": portfolio_shown(_deployment(call, asked))}


@endpoint("live/chart/read", ChartAsk)
def chart_read(call: Call, asked: ChartAsk) -> Answer:
    """Return a chart's points between two times."""
    deployment = _deployment(call, asked)
    check_chart_window(start=asked.start, end=asked.end, count=asked.count)
    chart = live_chart(deployment, asked.name, start=asked.start, end=asked.end, count=asked.count)
    return _without_errors({"chart": chart})


def _without_errors(values: dict[str, Any]) -> JsonResponse:
    """Return a success as QuantConnect writes it here: its clients ask again until no ``errors`` are named at all."""
    return JsonResponse({**values, "success": True})


def _records(deployment: Deployment, kind: RecordKind, start: int, end: int) -> tuple[list[dict[str, Any]], int]:
    first, last = window(start, end, most=_MOST_ROWS)
    found = record_list(deployment=deployment, kind=kind)
    return [each.data for each in found[first:last]], found.count()


@endpoint("live/orders/read", OrdersAsk)
def orders_read(call: Call, asked: OrdersAsk) -> Answer:
    """Return orders with their events."""
    deployment = _deployment(call, asked, deploy_id=asked.algorithm_id)
    orders, length = _records(deployment, RecordKind.ORDER, asked.start, asked.end)
    return _without_errors({"orders": [order_shown(each) for each in orders], "length": length})


@endpoint("live/insights/read", InsightsAsk)
def insights_read(call: Call, asked: InsightsAsk) -> Answer:
    """Return insights."""
    insights, length = _records(_deployment(call, asked), RecordKind.INSIGHT, asked.start or 0, asked.end)
    return {"insights": [insight_shown(each) for each in insights], "length": length}


@endpoint("live/trades/read", TradesAsk)
def trades_read(call: Call, asked: TradesAsk) -> Answer:
    """Return closed trades."""
    deployment = _deployment(call, asked, deploy_id=asked.deploy_id)
    trades, length = _records(deployment, RecordKind.TRADE, asked.start, asked.end)
    return {"trades": trades, "length": length}


@endpoint("live/logs/read", LogsAsk)
def logs_read(call: Call, asked: LogsAsk) -> Answer:
    """Return lines of the log of all of a project's deployments."""
    project = project_get(user=call.user, project_id=asked.project_id)
    deployment = deployment_of(project=project, deploy_id=asked.algorithm_id)
    start, end = window(asked.start_line, asked.end_line, most=_MOST_LINES)
    lines, length, offset = log_shown(
        deployment, project, start=start, end=end, query=asked.query or "", alone=bool(asked.deployment_logs)
    )
    return {"logs": lines, "length": length, "deploymentOffset": offset}


@endpoint("live/export/orders", ExportAsk)
def orders_export(call: Call, asked: ExportAsk) -> Answer:
    """Return the orders of all of a project's deployments as a table."""
    project = project_get(user=call.user, project_id=asked.project_id)
    deployment_of(project=project)  # one that was never deployed is refused
    start, end = asked.start or 0, datetime.now(UTC).timestamp() if asked.end is None else asked.end
    if asked.start is not None and (end < start or end - start > _MOST_DAYS * _DAY_S):
        raise InputError("end", asked.end, f"The end comes after the start, {_MOST_DAYS} days at most.")
    text = io.StringIO()
    table = csv.writer(text)
    table.writerow(["Deploy ID", "Order ID", "Time", "Symbol", "Price", "Quantity", "Type", "Status", "Value", "Tag"])
    for deployment in deployments_of(project=project).order_by("created_at"):
        for each in record_list(deployment=deployment, kind=RecordKind.ORDER):
            order = each.data
            if start <= datetime.fromisoformat(order["time"].replace("Z", "+00:00")).timestamp() <= end:
                told = [order.get(name) for name in ("price", "quantity", "type", "status", "value", "tag")]
                table.writerow([deployment.deploy_id, order["id"], order["time"], order["symbol"]["value"], *told])
    headers = {"Content-Disposition": f'attachment; filename="{project.pk}-live-orders.csv"'}
    return HttpResponse(text.getvalue(), content_type="text/csv; charset=utf-8", headers=headers)


@endpoint("live/commands/create", CommandAsk, scope=Scope.TRADE)
def command(call: Call, asked: CommandAsk) -> Answer:
    """Send a command to a deployment."""
    deployment_command(deployment=_deployment(call, asked, to_trade=True), body=asked.command, actor=call.user)
    return {}


@endpoint("live/commands/broadcast", BroadcastAsk, scope=Scope.TRADE)
def broadcast(call: Call, asked: BroadcastAsk) -> Answer:
    """Send a command to all deployments that are under way."""
    organization_of(call.user, asked.organization_id)
    found = deployments_seen(user=call.user).filter(status__in=ACTIVE)
    if asked.exclude_project_id is not None:
        found = found.exclude(version__strategy__quantconnect_project=asked.exclude_project_id)
    deployments_command(deployments=found, body=asked.command, actor=call.user)
    return {}


@endpoint("live/auth0/read", ConnectionAsk)
@endpoint("live/auth0/authorize", ConnectionAsk)
def connection(call: Call, asked: ConnectionAsk) -> Answer:
    """Say that no account can be connected here."""
    raise ConflictError(
        f"No account at '{asked.brokerage}' can be connected: this installation trades on paper alone, with the "
        "brokerage 'QuantConnectBrokerage'."
    )
