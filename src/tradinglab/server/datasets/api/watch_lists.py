"""``/api/v1/watch-lists/``: a user's lists of instruments."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import generics, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from tradinglab.server.accounts.permissions import user_of
from tradinglab.server.datasets.api.serializers import (
    WatchListChanges,
    WatchListEntryInput,
    WatchListInput,
    WatchListSerializer,
)
from tradinglab.server.datasets.models import Instrument, WatchList
from tradinglab.server.datasets.selectors import (
    instrument_list,
    instrument_named,
    watch_list_get,
    watch_list_list,
)
from tradinglab.server.datasets.services import (
    watch_list_add,
    watch_list_create,
    watch_list_delete,
    watch_list_remove,
    watch_list_update,
)
from tradinglab.server.errors import InputError
from tradinglab.server.rest.fields import ProblemSerializer

_SCHEDULED = OpenApiResponse(ProblemSerializer, "A schedule updates it.")


class WatchListsView(generics.ListAPIView[WatchList]):
    """The watch-lists of who asks."""

    serializer_class = WatchListSerializer
    queryset = WatchList.objects.none()
    filter_backends = ()

    def get_queryset(self) -> QuerySet[WatchList]:
        """Return the user's own."""
        return watch_list_list(user=user_of(self.request))

    @extend_schema(operation_id="watch_lists_create", request=WatchListInput, responses={201: WatchListSerializer})
    def post(self, request: Request) -> Response:
        """Make a watch-list; a user may have 100, of 1,000 instruments each."""
        given = WatchListInput(data=request.data)
        given.is_valid(raise_exception=True)
        made = watch_list_create(owner=user_of(request), **given.validated_data)
        location = request.build_absolute_uri(f"{request.path}{made.pk}/")
        return Response(WatchListSerializer(made).data, status.HTTP_201_CREATED, headers={"Location": location})


class WatchListView(APIView):
    """One watch-list."""

    @extend_schema(operation_id="watch_lists_read", responses=WatchListSerializer)
    def get(self, request: Request, watch_list_id: UUID) -> Response:
        """Return it."""
        return _answer(request, watch_list_id)

    @extend_schema(operation_id="watch_lists_update", request=WatchListChanges, responses=WatchListSerializer)
    def patch(self, request: Request, watch_list_id: UUID) -> Response:
        """Change name or description, or put other instruments in place of those that there are."""
        found = watch_list_get(user=user_of(request), watch_list_id=watch_list_id)
        given = WatchListChanges(data=request.data)
        given.is_valid(raise_exception=True)
        watch_list_update(watch_list=found, **given.validated_data)
        return _answer(request, watch_list_id)

    @extend_schema(operation_id="watch_lists_delete", responses={204: None, 409: _SCHEDULED})
    def delete(self, request: Request, watch_list_id: UUID) -> Response:
        """Delete it."""
        watch_list_delete(watch_list=watch_list_get(user=user_of(request), watch_list_id=watch_list_id))
        return Response(status=status.HTTP_204_NO_CONTENT)


class WatchListEntriesView(APIView):
    """The instruments on a watch-list."""

    @extend_schema(
        operation_id="watch_lists_add",
        request=WatchListEntryInput,
        responses={
            200: OpenApiResponse(WatchListSerializer, "It was on the list."),
            201: OpenApiResponse(WatchListSerializer, "It is at the end of the list."),
        },
    )
    def post(self, request: Request, watch_list_id: UUID) -> Response:
        """Put an instrument at the end of the list, by its `instrument` or by its `ticker`."""
        found = watch_list_get(user=user_of(request), watch_list_id=watch_list_id)
        given = WatchListEntryInput(data=request.data)
        given.is_valid(raise_exception=True)
        is_new = watch_list_add(watch_list=found, instrument=_instrument(given.validated_data))
        return _answer(request, watch_list_id, status.HTTP_201_CREATED if is_new else status.HTTP_200_OK)


class WatchListEntryView(APIView):
    """One instrument on a watch-list."""

    @extend_schema(operation_id="watch_lists_remove", responses={204: None})
    def delete(self, request: Request, watch_list_id: UUID, instrument_id: int) -> Response:
        """Take it off the list."""
        found = watch_list_get(user=user_of(request), watch_list_id=watch_list_id)
        watch_list_remove(watch_list=found, instrument_id=instrument_id)
        return Response(status=status.HTTP_204_NO_CONTENT)


def _answer(request: Request, watch_list_id: UUID, code: int = status.HTTP_200_OK) -> Response:
    found = watch_list_get(user=user_of(request), watch_list_id=watch_list_id)
    return Response(WatchListSerializer(found).data, status=code)


def _instrument(given: dict[str, Any]) -> Instrument:
    """Return the instrument that is meant."""
    number, ticker = given.get("instrument"), given.get("ticker")
    if (number is None) == (ticker is None):
        raise InputError("instrument", number, "Give either the id of an 'instrument' or a 'ticker'.")
    if ticker is not None:
        return instrument_named(ticker=ticker, security_type=given.get("security_type"), market=given.get("market"))
    found = instrument_list().filter(pk=given["instrument"]).first()
    if found is None:
        raise InputError("instrument", number, "There is no such instrument. GET /api/v1/instruments/ lists them.")
    return found
