"""Live deployments as clients of QuantConnect see them: those of a project, of which one at a time is under way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet, Sum

from tradinglab.server.accounts.models import User
from tradinglab.server.backtests.data_sources import data_source_usual
from tradinglab.server.backtests.parameters import parameters_check
from tradinglab.server.errors import ConflictError, InputError, NotFoundError
from tradinglab.server.live.models import ACTIVE, PREFIX, Deployment, DeploymentLine
from tradinglab.server.live.selectors import chart_get, chart_names, portfolio_of
from tradinglab.server.live.services import DeploymentRequest, deployment_create
from tradinglab.server.qcapi.answers import moment, moment_or_none
from tradinglab.server.qcapi.backtests import hex_id, parameter_texts, usable
from tradinglab.server.qcapi.lean_results import points_between, points_spread
from tradinglab.server.qcapi.models import Compile, Project
from tradinglab.server.qcapi.nodes import node_get
from tradinglab.server.qcapi.selectors import project_of_strategy
from tradinglab.server.qcapi.shown import files_shown
from tradinglab.server.runs.limits import owner_lock

#: The brokerages that mean paper.
_PAPER: Final = ("QuantConnectBrokerage", "PaperBrokerage")
_BROKERAGE: Final = "PaperBrokerage"
_MOST_HOLDINGS: Final = 500
_ORDER_MEMBERS: Final[Mapping[str, Any]] = {
    "limitPrice": None,
    "stopPrice": None,
    "canceledTime": None,
    "lastFillTime": None,
    "lastUpdateTime": None,
}


def deployments_of(*, project: Project) -> QuerySet[Deployment]:
    """Return a project's deployments, the newest first."""
    return _newest_first(Deployment.objects.filter(version__strategy=project.strategy))


def deployment_of(*, project: Project, deploy_id: str | None = None) -> Deployment:
    """Return a project's last deployment, or the one that is named.

    Raises
    ------
    NotFoundError
        If there is none. The command line looks for its words.
    """
    found = deployments_of(project=project)
    if deploy_id is not None:
        known = hex_id(deploy_id.removeprefix(PREFIX))
        found = found.none() if known is None else found.filter(pk=known)
    if (deployment := found.first()) is not None:
        return deployment
    which = "" if deploy_id is None else f", and none called '{deploy_id[:64]}'"
    raise NotFoundError(f"No live deployment found for project {project.pk}{which}.")


def deployments_seen(*, user: User) -> QuerySet[Deployment]:
    """Return a user's deployments, those of deleted projects too, the newest first."""
    return _newest_first(Deployment.objects.filter(owner=user))


def _newest_first(found: QuerySet[Deployment]) -> QuerySet[Deployment]:
    """Return deployments with all that a list shows of them; of their files it shows nothing."""
    related = found.select_related("version__strategy__quantconnect_project")
    return related.defer("version__files").order_by("-created_at", "-id")


def project_deploy(
    *,
    user: User,
    project: Project,
    compiled: Compile,
    node_id: str,
    brokerage: Mapping[str, Any],
    parameters: Mapping[str, Any],
    automatic_redeploy: bool,
    notification: Mapping[str, Any],
) -> Deployment:
    """Deploy what was compiled, on paper.

    Raises
    ------
    ConflictError
        If it did not compile, or the project is deployed already.
    InputError
        If the brokerage is none that there is, or cash or holdings cannot be read.
    """
    usable(compiled)
    owner = project.strategy.owner
    node_get(user=owner, node_id=node_id, kind="live")
    if brokerage.get("id") not in _PAPER:
        text = "Only paper trading can be deployed here: its id is 'QuantConnectBrokerage'."
        raise InputError("brokerage.id", str(brokerage.get("id"))[:100], text)
    request = DeploymentRequest(
        version=compiled.version,
        name=project.strategy.name,
        parameters=parameter_texts(parameters),
        data=settings.ENVIRONMENT.live_feed or data_source_usual().name,
        cash=_cash(brokerage.get("cash")),
        holdings=_holdings(brokerage.get("holdings")),
        automatic_redeploy=automatic_redeploy,
        notification=notification,
    )
    # Reads the files, unless that was done: not while the database waits.
    parameters_check(files=request.version.files, parameters=request.parameters)
    with transaction.atomic():
        # Of two that come at once, the second one waits, and finds the project deployed.
        owner_lock(user_id=owner.pk)
        if deployments_of(project=project).filter(status__in=ACTIVE).exists():
            raise ConflictError(
                f"Project {project.pk} is deployed already; stop it with live/update/stop, then deploy."
            )
        return deployment_create(owner=owner, request=request, actor=user)[0]


def _rows(field: str, value: Any) -> Sequence[Mapping[str, Any]]:
    rows = list(value.values()) if isinstance(value, dict) else value or []
    if not isinstance(rows, list) or len(rows) > _MOST_HOLDINGS or not all(isinstance(each, dict) for each in rows):
        raise InputError(field, str(value)[:100], f"Write a list of up to {_MOST_HOLDINGS} objects.")
    return rows


def _number(field: str, value: Any) -> Decimal:
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        number = Decimal("NaN")
    if isinstance(value, bool) or not number.is_finite():
        raise InputError(field, str(value)[:100], "Write a number.")
    return number


def _cash(value: Any) -> dict[str, Decimal]:
    found: dict[str, Decimal] = {}
    for each in _rows("brokerage.cash", value):
        currency = str(each.get("currency", ""))[:20].upper()
        if currency in found:
            raise InputError("brokerage.cash.currency", currency, "It is there twice; give one amount of it.")
        found[currency] = _number("brokerage.cash.amount", each.get("amount"))
    return found


def _holdings(value: Any) -> list[dict[str, str]]:
    field = "brokerage.holdings"
    return [
        {
            "symbol_id": str(each.get("symbolId", ""))[:100],
            "ticker": str(each.get("symbol", ""))[:50],
            "quantity": str(_number(f"{field}.quantity", each.get("quantity"))),
            "average_price": str(_number(f"{field}.averagePrice", each.get("averagePrice"))),
        }
        for each in _rows(field, value)
    ]


def deployment_shown(deployment: Deployment, project: Project) -> dict[str, Any]:
    """Return a deployment as ``live/read`` answers it."""
    return {
        "deployId": deployment.deploy_id,
        "status": deployment.status,
        "cloneId": project.pk,
        "launched": moment(deployment.launched_at or deployment.created_at),
        "stopped": moment_or_none(deployment.stopped_at),
        "brokerage": _BROKERAGE,
        "securityTypes": "",
        "datacenter": "local",
        "public": False,
        "isPublicStreaming": False,
        "files": files_shown(project),
        "runtimeStatistics": {"Equity": "", **deployment.figures},
        "charts": {name: {"name": name} for name in chart_names(deployment=deployment)},
        "message": deployment.message,
        "projectName": project.strategy.name,
        "projectId": project.pk,
    }


def deployment_listed(deployment: Deployment) -> dict[str, Any]:
    """Return a deployment as ``live/list`` answers it."""
    strategy = deployment.version.strategy
    return {
        "projectId": project_of_strategy(strategy=strategy).pk,
        "deployId": deployment.deploy_id,
        "status": deployment.status,
        "launched": moment(deployment.launched_at or deployment.created_at),
        "stopped": moment_or_none(deployment.stopped_at),
        "brokerage": _BROKERAGE,
        "subscription": "",
        "equity": max(deployment.equity or 0.0, 0.0),
        "environment": "paper",
        "name": strategy.name,
        "description": strategy.description,
        "error": deployment.error.get("message", ""),
        "leagues": [],
    }


def portfolio_shown(deployment: Deployment) -> dict[str, Any]:
    """Return holdings and cash; securities that convert money are objects there."""
    portfolio = portfolio_of(deployment=deployment)
    cash = {
        name: {**each, "securitySymbols": [_symbol(identifier) for identifier in each.get("securitySymbols", ())]}
        for name, each in portfolio["cash"].items()
    }
    return {"holdings": portfolio["holdings"], "cash": cash}


def _symbol(identifier: str) -> dict[str, str]:
    ticker = identifier.partition(" ")[0]
    return {"value": ticker, "id": identifier, "permtick": ticker}


def live_chart(
    deployment: Deployment, name: str, *, start: int | None, end: int | None, count: int | None
) -> dict[str, Any]:
    """Return a chart with at most *count* points of each series between two Unix times."""
    return {
        "name": name,
        "chartType": 0,
        "series": {
            each.name: {
                "name": each.name,
                "unit": each.looks.get("unit", "$"),
                "index": each.looks.get("index", 0),
                "seriesType": each.looks.get("type", 0),
                "values": points_spread(points_between(each.points, start, end), count),
                "color": each.looks.get("color") or None,
                "scatterMarkerSymbol": each.looks.get("marker") or "none",
            }
            for each in chart_get(deployment=deployment, name=name)
        },
    }


def order_shown(order: Mapping[str, Any]) -> dict[str, Any]:
    """Return an order with all members that clients read."""
    return {**_ORDER_MEMBERS, **order, "brokerId": order.get("brokerId") or []}


def insight_shown(insight: Mapping[str, Any]) -> dict[str, Any]:
    """Return an insight; its times are whole seconds."""
    whole = ("generatedTime", "createdTime", "closeTime", "period")
    return {**insight, **{name: int(insight[name]) for name in whole}}


def log_shown(
    deployment: Deployment, project: Project, *, start: int, end: int, query: str, alone: bool
) -> tuple[list[str], int, int]:
    """Return lines of the log of all of a project's deployments, how many there are, and how many come before this one.

    Parameters
    ----------
    query
        Only lines that hold it are counted and returned.
    alone
        Whether the lines of this deployment alone are meant.
    """
    every = deployments_of(project=project)
    before = every.filter(created_at__lt=deployment.created_at).aggregate(sum=Sum("line_count"))["sum"] or 0
    lines = DeploymentLine.objects.filter(deployment__in=[deployment] if alone else every)
    if query.strip() and "\0" not in query:
        lines = lines.filter(text__icontains=query.strip())
    rows = lines.order_by("deployment__created_at", "deployment_id", "number").values_list("text", flat=True)
    return list(rows[start:end]), rows.count(), before
