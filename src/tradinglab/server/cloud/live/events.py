"""Storing what happened to a deployment at QuantConnect: numbered from 1, before anybody hears of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F

from tradinglab.server.cloud.live.models import CloudDeployment, CloudDeploymentEvent
from tradinglab.server.runs.hints import hint_publish

_MOST_KEPT = 20_000
_FORGET_EVERY = 500


@transaction.atomic
def cloud_event_store(*, deployment_id: UUID, kind: str, data: Mapping[str, Any] | None = None) -> None:
    """Store an event under the deployment's next number, and tell those who listen once it is stored for good."""
    CloudDeployment.objects.filter(pk=deployment_id).update(last_sequence=F("last_sequence") + 1)
    sequence, owner_id = CloudDeployment.objects.values_list("last_sequence", "owner_id").get(pk=deployment_id)
    if sequence % _FORGET_EVERY == 0:
        old = CloudDeploymentEvent.objects.filter(deployment_id=deployment_id, sequence__lte=sequence - _MOST_KEPT)
        old.delete()
    CloudDeploymentEvent.objects.create(
        deployment_id=deployment_id, sequence=sequence, kind=kind, data=dict(data or {})
    )
    transaction.on_commit(lambda: hint_publish(run_id=deployment_id, owner_id=owner_id), robust=True)
