"""The events of deployments at QuantConnect on their way to who listens, by the channels that runs have."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet

from tradinglab.server.cloud.live.models import CloudDeployment, CloudDeploymentEvent
from tradinglab.server.errors import NotFoundError
from tradinglab.server.streams.consumers import EventsConsumer
from tradinglab.server.streams.hub import Channel
from tradinglab.server.streams.reading import Item, Reader, Reading, item_of
from tradinglab.server.streams.standing import Standing


class CloudDeploymentReader:
    """The events of a deployment at QuantConnect."""

    def __init__(self, deployment_id: UUID) -> None:
        self._deployment_id = deployment_id

    @property
    def key(self) -> tuple[str, str]:
        """The deployment; hints name it as they name runs."""
        return "run", str(self._deployment_id)

    def tail(self) -> int:
        """Return the number of the newest event."""
        found = CloudDeployment.objects.filter(pk=self._deployment_id).values_list("last_sequence", flat=True)
        return found.first() or 0

    def read(self, *, after: int, limit: int) -> Reading:
        """Return what came after a number; a deployment that is over says nothing more."""
        # The step is asked first: an end that comes between the two questions is then seen with its events.
        deployment = CloudDeployment.objects.only("step").filter(pk=self._deployment_id).first()
        items = [item_of(each) for each in self._events().filter(sequence__gt=after)[:limit]]
        is_over = (deployment is None or deployment.is_over) and len(items) < limit
        return Reading(items, items[-1].position if items else after, is_over)

    def stored(self, *, after: int, upto: int, limit: int) -> list[Item]:
        """Return what lies between two numbers."""
        return [item_of(each) for each in self._events().filter(sequence__gt=after, sequence__lte=upto)[:limit]]

    def _events(self) -> QuerySet[CloudDeploymentEvent]:
        return CloudDeploymentEvent.objects.filter(deployment_id=self._deployment_id).order_by("sequence")


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
