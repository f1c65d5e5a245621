"""The events of deployments at QuantConnect on their way to who listens, by the channels that runs have."""

from __future__ import annotations

from django.db.models import QuerySet

from tradinglab.server.cloud.live.models import CloudDeployment, CloudDeploymentEvent
from tradinglab.server.errors import NotFoundError
from tradinglab.server.streams.consumers import EventsConsumer
from tradinglab.server.streams.hub import Channel
from tradinglab.server.streams.reading import NumberedReader, Reader
from tradinglab.server.streams.standing import Standing


class CloudDeploymentReader(NumberedReader):
    """The events of a deployment at QuantConnect."""

    def standing(self) -> tuple[int, bool]:
        """Return its newest number, and whether it is over."""
        row = CloudDeployment.objects.only("step", "last_sequence").filter(pk=self.story_id).first()
        return (0, True) if row is None else (row.last_sequence, row.is_over)

    def events(self) -> QuerySet[CloudDeploymentEvent]:
        """Return its events; the oldest of many are forgotten."""
        return CloudDeploymentEvent.objects.filter(deployment_id=self.story_id).order_by("sequence")


class CloudDeploymentConsumer(EventsConsumer):
    """``/ws/quantconnect/live/deployments/{id}/``: the events of one deployment; closed after the last one."""

    def reader(self, standing: Standing) -> Reader:
        """Return the deployment, if it is the user's."""
        deployment_id = self.scope["url_route"]["kwargs"]["remote_deployment_id"]
        if not CloudDeployment.objects.filter(pk=deployment_id, owner_id=standing.user_id).exists():
            raise NotFoundError(f"There is no deployment {deployment_id} at QuantConnect.")
        return CloudDeploymentReader(deployment_id)

    async def beginning(self, channel: Channel) -> int:
        """Start with the first event."""
        return 0
