"""``/api/v1/deployments/{id}/events/``."""

from __future__ import annotations

from uuid import UUID

from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

from tradinglab.server.accounts.permissions import user_of
from tradinglab.server.live.selectors import deployment_get
from tradinglab.server.live.streaming import DeploymentReader
from tradinglab.server.streams.api.serializers import EventPageSerializer, EventQuery
from tradinglab.server.streams.api.views import LAST, STREAM, EventStreamRenderer, events_answer


class DeploymentEventsView(APIView):
    """What happened to a live deployment."""

    renderer_classes = [JSONRenderer, EventStreamRenderer]

    @extend_schema(
        operation_id="deployments_events",
        parameters=[
            EventQuery,
            OpenApiParameter(LAST, int, OpenApiParameter.HEADER, description="As `after`, for the stream."),
        ],
        responses={
            (200, "application/json"): EventPageSerializer,
            (200, STREAM): OpenApiResponse(OpenApiTypes.STR, "Server-Sent Events, until the deployment is over."),
            204: OpenApiResponse(None, "To who asked for the stream: it is over, and its last event was known."),
        },
    )
    def get(self, request: Request, deployment_id: UUID) -> HttpResponseBase:
        """Return the events after a number: those that are stored, or as a stream with those to come."""
        deployment = deployment_get(user=user_of(request), deployment_id=deployment_id)
        return events_answer(request, DeploymentReader(deployment.pk))
