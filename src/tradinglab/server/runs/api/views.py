"""``/api/v1/runs/{id}/…``: what all kinds of runs share."""

from __future__ import annotations

from uuid import UUID

from django.http import StreamingHttpResponse
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from tradinglab.server.accounts.permissions import user_of
from tradinglab.server.runs.api.serializers import EventPageSerializer, EventQuery, EventSerializer
from tradinglab.server.runs.selectors import event_list, run_get
from tradinglab.server.runs.streaming import event_stream

_STREAM = "text/event-stream"


class EventStreamRenderer(BaseRenderer):
    """Lets a client ask for the stream; what is rendered here is an error, as JSON."""

    media_type = _STREAM
    format = "sse"

    def render(self, data: object, *args: object, **kwargs: object) -> bytes:
        """Render what is not a stream."""
        return JSONRenderer().render(data)


class RunEventsView(APIView):
    """What happened to a run."""

    renderer_classes = [JSONRenderer, EventStreamRenderer]

    @extend_schema(
        operation_id="runs_events",
        parameters=[
            EventQuery,
            OpenApiParameter("Last-Event-ID", int, OpenApiParameter.HEADER, description="As `after`, for the stream."),
        ],
        responses={
            (200, "application/json"): EventPageSerializer,
            (200, _STREAM): OpenApiResponse(OpenApiTypes.STR, "Server-Sent Events, until the run has its outcome."),
        },
    )
    def get(self, request: Request, run_id: UUID) -> HttpResponseBase:
        """Return the events after a number: those that are stored, or as a stream with those to come."""
        run = run_get(user=user_of(request), run_id=run_id)
        wanted = request.query_params.dict()
        is_stream = request.accepted_media_type.startswith(_STREAM)
        if is_stream and "Last-Event-ID" in request.headers:
            wanted["after"] = request.headers["Last-Event-ID"]
        query = EventQuery(data=wanted)
        query.is_valid(raise_exception=True)
        after = query.validated_data["after"]
        if is_stream:
            stream = StreamingHttpResponse(event_stream(run_id=run.pk, after=after), content_type=_STREAM)
            stream.headers["Cache-Control"] = "no-cache"
            stream.headers["X-Accel-Buffering"] = "no"
            return stream
        events = event_list(run_id=run.pk, after=after, limit=query.validated_data["limit"])
        last = events[-1].sequence if events else after
        page = {
            "events": EventSerializer(events, many=True).data,
            "next_after": last,
            "is_final": run.is_final and last >= run.last_sequence,
        }
        return Response(page)
