"""Reads about deployments; what is another user's does not exist here."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from tradinglab.server.accounts.models import User
from tradinglab.server.errors import NotFoundError
from tradinglab.server.live.models import (
    Deployment,
    DeploymentCommand,
    DeploymentLine,
    DeploymentRecord,
    DeploymentSeries,
    RecordKind,
)


def deployment_list(*, user: User) -> QuerySet[Deployment]:
    """Return a user's deployments, the newest first; their files are read where they are asked for."""
    found = Deployment.objects.filter(owner=user).select_related("version__strategy").defer("version__files")
    return found.order_by("-created_at", "-id")


def deployment_get(*, user: User, deployment_id: UUID) -> Deployment:
    """Return one of a user's deployments."""
    found = deployment_list(user=user).filter(pk=deployment_id).first()
    if found is None:
        raise NotFoundError(f"There is no deployment {deployment_id}.")
    return found


def record_list(*, deployment: Deployment, kind: RecordKind) -> QuerySet[DeploymentRecord]:
    """Return orders, insights or trades, in the order in which they came."""
    return DeploymentRecord.objects.filter(deployment=deployment, kind=kind).order_by("id")


def line_list(*, deployment: Deployment) -> QuerySet[DeploymentLine]:
    """Return the log that is kept, in its order."""
    return DeploymentLine.objects.filter(deployment=deployment).order_by("number")


def command_list(*, deployment: Deployment) -> QuerySet[DeploymentCommand]:
    """Return the commands, in the order in which they were sent."""
    return DeploymentCommand.objects.filter(deployment=deployment).order_by("id")


def chart_names(*, deployment: Deployment) -> list[str]:
    """Return the names of the charts, in the order in which they came."""
    names = DeploymentSeries.objects.filter(deployment=deployment).order_by("id").values_list("chart", flat=True)
    return list(dict.fromkeys(names))


def chart_get(*, deployment: Deployment, name: str) -> list[DeploymentSeries]:
    """Return the series of a chart; those without points are left out.

    Raises
    ------
    NotFoundError
        If there is no chart of that name.
    """
    # PostgreSQL takes no text with a NUL in it.
    found = [] if "\0" in name else list(DeploymentSeries.objects.filter(deployment=deployment, chart=name))
    if not found:
        known = ", ".join(chart_names(deployment=deployment)) or "none yet"
        raise NotFoundError(f"The deployment has no chart '{name[:200]}'. It has: {known}.")
    return [each for each in found if each.name]


def portfolio_of(*, deployment: Deployment) -> dict[str, Any]:
    """Return holdings by symbol and cash by currency, as they were last told."""
    return {"holdings": {}, "cash": {}, **deployment.portfolio}
