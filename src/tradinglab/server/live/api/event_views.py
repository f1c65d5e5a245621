"""``/api/v1/deployments/{id}/events/``."""

from __future__ import annotations

from uuid import UUID

from django.http.response import HttpResponseBase
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

from tradinglab.server.accounts.permissions import user_of
from tradinglab.server.live.selectors import deployment_get
from tradinglab.server.live.streaming import DeploymentReader
from tradinglab.server.streams.api.views import EventStreamRenderer, events_answer, events_schema


class DeploymentEventsView(APIView):
    """What happened to a live deployment."""

    renderer_classes = [JSONRenderer, EventStreamRenderer]

    @events_schema("deployments_events", until="the deployment is over", over="it is over")
    def get(self, request: Request, deployment_id: UUID) -> HttpResponseBase:
        """Return the events after a number: those that are stored, or as a stream with those to come."""
        deployment = deployment_get(user=user_of(request), deployment_id=deployment_id)
        return events_answer(request, DeploymentReader(deployment.pk))
