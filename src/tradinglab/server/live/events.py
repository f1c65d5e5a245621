"""Storing what happened to a deployment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from tradinglab.server.live.models import Deployment, DeploymentEvent
from tradinglab.server.streams.storing import numbered_event_store


def live_event_store(*, deployment_id: UUID, kind: str, data: Mapping[str, Any] | None = None) -> DeploymentEvent:
    """Store an event under the deployment's next number, and tell those who listen once it is stored for good."""
    return numbered_event_store(
        stories=Deployment, events=DeploymentEvent, of="deployment", story_id=deployment_id, kind=kind, data=data
    )
