"""``/api/v1/strategies/``: a user's strategies, and what is done with one as a whole."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import generics, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from tradinglab.server.accounts.permissions import user_of
from tradinglab.server.errors import InputError
from tradinglab.server.rest.fields import ProblemSerializer, nothing_given
from tradinglab.server.rest.filters import YesNoFilter, values_given
from tradinglab.server.rest.pages import Pages
from tradinglab.server.strategies.api.serializers import (
    CopyInput,
    StrategyChanges,
    StrategyInput,
    StrategySerializer,
)
from tradinglab.server.strategies.models import Strategy
from tradinglab.server.strategies.selectors import strategy_get, strategy_list, version_get
from tradinglab.server.strategies.services import (
    strategy_create,
    strategy_delete,
    strategy_duplicate,
    strategy_undelete,
    strategy_update,
)

_SORTABLE = ("name", "created_at", "updated_at")


class StrategyPages(Pages):
    """Newest first, or as it is asked for."""

    def get_ordering(self, request: Request, queryset: QuerySet[Any], view: object) -> tuple[str, ...]:
        """Return the columns of the sort that is asked for."""
        wanted = request.query_params.get("sort", "")
        if not wanted:
            return self.ordering
        if wanted.removeprefix("-") not in _SORTABLE:
            raise InputError("sort", wanted, f"Sort by one of these, with a '-' for falling: {', '.join(_SORTABLE)}.")
        return (wanted, "-id")

    def get_schema_operation_parameters(self, view: APIView) -> list[Any]:
        """Describe the sort, too."""
        described = f"One of {', '.join(_SORTABLE)}, with a '-' for falling."
        sort = {"name": "sort", "in": "query", "required": False, "schema": {"type": "string"}}
        return [*super().get_schema_operation_parameters(view), sort | {"description": described}]


class StrategyFilter(filters.FilterSet):
    """Which strategies are listed."""

    name = filters.CharFilter(lookup_expr="icontains", help_text="Part of the name.")
    search = filters.CharFilter(method="find", help_text="Part of the name or of the description.")
    tag = filters.CharFilter(method="tagged", help_text="A tag; given several times, all have to be there.")
    is_archived = YesNoFilter(field_name="archived_at", lookup_expr="isnull", exclude=True)

    def find(self, found: QuerySet[Strategy], name: str, value: str) -> QuerySet[Strategy]:
        """Keep the strategies that say *value*."""
        return found.filter(Q(name__icontains=value) | Q(description__icontains=value))

    def tagged(self, found: QuerySet[Strategy], name: str, value: str) -> QuerySet[Strategy]:
        """Keep the strategies that have every tag that is asked for."""
        for tag in values_given(self.data, name):
            found = found.filter(labels__name__iexact=tag)
        return found


class StrategiesView(generics.ListAPIView[Strategy]):
    """The strategies of who asks."""

    serializer_class = StrategySerializer
    queryset = Strategy.objects.none()
    filterset_class = StrategyFilter
    pagination_class = StrategyPages

    def get_queryset(self) -> QuerySet[Strategy]:
        """Return the user's own."""
        return strategy_list(user=user_of(self.request))

    @extend_schema(operation_id="strategies_create", request=StrategyInput, responses={201: StrategySerializer})
    def post(self, request: Request) -> Response:
        """Make a strategy with its first version."""
        given = StrategyInput(data=request.data)
        given.is_valid(raise_exception=True)
        strategy = strategy_create(owner=user_of(request), **given.validated_data)
        return Response(StrategySerializer(strategy).data, status=status.HTTP_201_CREATED)


class DeletedStrategiesView(generics.ListAPIView[Strategy]):
    """The strategies that who asks has deleted."""

    serializer_class = StrategySerializer
    queryset = Strategy.objects.none()
    filter_backends = ()

    def get_queryset(self) -> QuerySet[Strategy]:
        """Return the user's own."""
        return strategy_list(user=user_of(self.request), is_deleted=True)


class StrategyView(APIView):
    """One strategy."""

    @extend_schema(operation_id="strategies_read", responses=StrategySerializer)
    def get(self, request: Request, strategy_id: UUID) -> Response:
        """Return it."""
        return Response(StrategySerializer(strategy_get(user=user_of(request), strategy_id=strategy_id)).data)

    @extend_schema(operation_id="strategies_update", request=StrategyChanges, responses=StrategySerializer)
    def patch(self, request: Request, strategy_id: UUID) -> Response:
        """Change name, description or tags; put it away or take it back."""
        strategy = strategy_get(user=user_of(request), strategy_id=strategy_id)
        given = StrategyChanges(data=request.data)
        given.is_valid(raise_exception=True)
        return Response(StrategySerializer(strategy_update(strategy=strategy, **given.validated_data)).data)

    @extend_schema(operation_id="strategies_delete", responses={204: None})
    def delete(self, request: Request, strategy_id: UUID) -> Response:
        """Delete it: its name is free, its runs keep their results, and it can be taken back."""
        strategy_delete(strategy=strategy_get(user=user_of(request), strategy_id=strategy_id))
        return Response(status=status.HTTP_204_NO_CONTENT)


class StrategyUndeleteView(APIView):
    """Taking a deleted strategy back."""

    @extend_schema(
        operation_id="strategies_undelete",
        request=None,
        responses={200: StrategySerializer, 409: OpenApiResponse(ProblemSerializer, "Its name is another's by now.")},
    )
    def post(self, request: Request, strategy_id: UUID) -> Response:
        """Take it back."""
        nothing_given(request)
        strategy = strategy_get(user=user_of(request), strategy_id=strategy_id, is_deleted=True)
        return Response(StrategySerializer(strategy_undelete(strategy=strategy)).data)


class StrategyDuplicateView(APIView):
    """Copying a strategy."""

    @extend_schema(
        operation_id="strategies_duplicate",
        request=CopyInput,
        responses={201: StrategySerializer},
        description="Make a strategy that starts with the head, with another version, or with all versions.",
    )
    def post(self, request: Request, strategy_id: UUID) -> Response:
        """Copy it."""
        user = user_of(request)
        strategy = strategy_get(user=user, strategy_id=strategy_id)
        given = CopyInput(data=request.data)
        given.is_valid(raise_exception=True)
        values = dict(given.validated_data)
        if "version" in values:
            values["version"] = version_get(strategy=strategy, content_hash=values["version"])
        copy = strategy_duplicate(strategy=strategy, owner=user, **values)
        return Response(StrategySerializer(copy).data, status=status.HTTP_201_CREATED)
