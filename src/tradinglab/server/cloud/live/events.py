"""Storing what happened to a deployment at QuantConnect."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from tradinglab.server.cloud.live.models import CloudDeployment, CloudDeploymentEvent
from tradinglab.server.streams.storing import numbered_event_store


def cloud_event_store(*, deployment_id: UUID, kind: str, data: Mapping[str, Any] | None = None) -> None:
    """Store an event under the deployment's next number, and tell those who listen once it is stored for good."""
    numbered_event_store(
        stories=CloudDeployment,
        events=CloudDeploymentEvent,
        of="deployment",
        story_id=deployment_id,
        kind=kind,
        data=data,
    )
