"""``/api/v1/runs/{id}/events/``, ``/api/v1/me/events/`` and ``/api/v1/ws-tickets/``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar
from uuid import UUID

from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from tradinglab.server.accounts.models import Scope
from tradinglab.server.accounts.permissions import scopes_of, user_of
from tradinglab.server.runs.selectors import run_get
from tradinglab.server.streams.api.serializers import (
    EventPageSerializer,
    EventQuery,
    MyEventPageSerializer,
    MyEventQuery,
    TicketSerializer,
)
from tradinglab.server.streams.reading import NumberedReader, Reader, RunReader, UserReader, documents
from tradinglab.server.streams.sending import event_stream
from tradinglab.server.streams.services import ticket_issue
from tradinglab.server.streams.standing import Standing, standing_of

STREAM = "text/event-stream"
LAST = "Last-Event-ID"
_View = TypeVar("_View", bound=Callable[..., Any])


class EventStreamRenderer(BaseRenderer):
    """Lets a client ask for the stream; what is rendered here is an error, as JSON."""

    media_type = STREAM
    format = "sse"

    def render(self, data: object, *args: object, **kwargs: object) -> bytes:
        """Render what is not a stream."""
        return JSONRenderer().render(data)


def is_stream(request: Request) -> bool:
    """Say whether the stream is asked for."""
    return bool(request.accepted_media_type.startswith(STREAM))


def wanted_events(request: Request) -> dict[str, str]:
    """Return what is asked for; a browser says by a header where it left off."""
    wanted = request.query_params.dict()
    if is_stream(request) and LAST in request.headers:
        wanted["after"] = request.headers[LAST]
    return wanted


def standing_of_request(request: Request) -> Standing:
    """Return what the request was let in with."""
    return standing_of(user_of(request), request.auth, request.session.session_key)


def streamed(request: Request, reader: Reader, after: int | None) -> StreamingHttpResponse:
    """Return the stream of what comes after a position."""
    events = event_stream(reader=reader, after=after, standing=standing_of_request(request))
    stream = StreamingHttpResponse(events, content_type=STREAM)
    stream.headers["Cache-Control"] = "no-cache"
    stream.headers["X-Accel-Buffering"] = "no"
    return stream


def events_answer(request: Request, reader: NumberedReader) -> HttpResponseBase:
    """Return the events after a number: those that are stored, or as a stream with those to come."""
    query = EventQuery(data=wanted_events(request))
    query.is_valid(raise_exception=True)
    after = query.validated_data["after"]
    # Before the events: an end that comes meanwhile is told of the next time.
    end = reader.end()
    if is_stream(request):
        if LAST in request.headers and end is not None and after >= end:
            # Browsers open a stream that ended again, unless they are told this.
            return HttpResponse(status=status.HTTP_204_NO_CONTENT)
        return streamed(request, reader, after)
    reading = reader.read(after=after, limit=query.validated_data["limit"])
    page = {
        "events": documents(reading.items),
        "next_after": reading.position,
        "is_final": end is not None and reading.position >= end,
    }
    return Response(page)


def events_schema(operation_id: str, *, until: str, over: str) -> Callable[[_View], _View]:
    """Describe what :func:`events_answer` answers.

    Parameters
    ----------
    until, over
        What ends the stream, and how it is said that it has ended.
    """
    last = OpenApiParameter(LAST, int, OpenApiParameter.HEADER, description="As `after`, for the stream.")
    described: Callable[[_View], _View] = extend_schema(
        operation_id=operation_id,
        parameters=[EventQuery, last],
        responses={
            (200, "application/json"): EventPageSerializer,
            (200, STREAM): OpenApiResponse(OpenApiTypes.STR, f"Server-Sent Events, until {until}."),
            204: OpenApiResponse(None, f"To who asked for the stream: {over}, and its last event was known."),
        },
    )
    return described


class RunEventsView(APIView):
    """What happened to a run."""

    renderer_classes = [JSONRenderer, EventStreamRenderer]

    @events_schema("runs_events", until="the run has its outcome", over="the run is over")
    def get(self, request: Request, run_id: UUID) -> HttpResponseBase:
        """Return the events after a number: those that are stored, or as a stream with those to come."""
        run = run_get(user=user_of(request), run_id=run_id)
        return events_answer(request, RunReader(run.pk))


class MyEventsView(APIView):
    """What happened to all runs of who asks."""

    renderer_classes = [JSONRenderer, EventStreamRenderer]

    @extend_schema(
        operation_id="me_events",
        parameters=[
            MyEventQuery,
            OpenApiParameter(LAST, int, OpenApiParameter.HEADER, description="As `after`, for the stream."),
        ],
        responses={
            (200, "application/json"): MyEventPageSerializer,
            (200, STREAM): OpenApiResponse(OpenApiTypes.STR, "Server-Sent Events, for as long as one listens."),
        },
    )
    def get(self, request: Request) -> HttpResponseBase:
        """Return the events after a cursor: those that are stored, or as a stream with those to come."""
        user = user_of(request)
        query = MyEventQuery(data=wanted_events(request))
        query.is_valid(raise_exception=True)
        after = query.validated_data.get("after")
        reader = UserReader(user.pk)
        if is_stream(request):
            return streamed(request, reader, after)
        if after is None:
            return Response({"events": [], "next_after": reader.tail()})
        reading = reader.read(after=after, limit=query.validated_data["limit"])
        return Response({"events": documents(reading.items), "next_after": reading.position})


class TicketsView(APIView):
    """Tickets for WebSockets."""

    write_scope = Scope.READ

    @extend_schema(operation_id="ws_tickets_create", request=None, responses={201: TicketSerializer})
    def post(self, request: Request) -> Response:
        """Make a ticket: it opens one WebSocket within half a minute, where a browser can send no header."""
        made = ticket_issue(user=user_of(request), standing=standing_of_request(request), scopes=scopes_of(request))
        return Response(TicketSerializer(made._asdict()).data, status=status.HTTP_201_CREATED)
