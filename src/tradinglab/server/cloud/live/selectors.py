"""Reads about deployments at QuantConnect; what is another user's does not exist here."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet

from tradinglab.server.accounts.models import User
from tradinglab.server.cloud.live.models import CloudDeployment, LiveStep
from tradinglab.server.errors import NotFoundError


def cloud_deployment_list(*, user: User) -> QuerySet[CloudDeployment]:
    """Return a user's deployments at QuantConnect that were deployed from here, or are followed; the newest first."""
    found = CloudDeployment.objects.filter(owner=user).select_related("version__strategy").defer("version__files")
    return found.order_by("-created_at", "-id")


def cloud_deployment_get(*, user: User, deployment_id: UUID) -> CloudDeployment:
    """Return one of them."""
    found = cloud_deployment_list(user=user).filter(pk=deployment_id).first()
    if found is None:
        raise NotFoundError(f"There is no deployment {deployment_id} at QuantConnect.")
    return found


def under_way(*, user: User) -> QuerySet[CloudDeployment]:
    """Return those that trade, or are to."""
    return CloudDeployment.objects.filter(owner=user, is_ended=False).exclude(step=LiveStep.OVER)
