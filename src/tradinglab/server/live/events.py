"""Storing a deployment's events: numbered from 1, before anybody hears of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F

from tradinglab.server.live.models import Deployment, DeploymentEvent
from tradinglab.server.runs.hints import hint_publish

_MOST_KEPT = 20_000
_FORGET_EVERY = 500


@transaction.atomic
def live_event_store(*, deployment_id: UUID, kind: str, data: Mapping[str, Any] | None = None) -> DeploymentEvent:
    """Store what happened under the deployment's next number, and tell those who listen once it is stored for good."""
    Deployment.objects.filter(pk=deployment_id).update(last_sequence=F("last_sequence") + 1)
    sequence, owner_id = Deployment.objects.values_list("last_sequence", "owner_id").get(pk=deployment_id)
    if sequence % _FORGET_EVERY == 0:
        DeploymentEvent.objects.filter(deployment_id=deployment_id, sequence__lte=sequence - _MOST_KEPT).delete()
    transaction.on_commit(lambda: hint_publish(run_id=deployment_id, owner_id=owner_id), robust=True)
    return DeploymentEvent.objects.create(
        deployment_id=deployment_id, sequence=sequence, kind=kind, data=dict(data or {})
    )
