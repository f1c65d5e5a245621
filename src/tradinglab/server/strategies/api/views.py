"""``/api/v1/strategies/`` and the versions below it."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import generics, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from tradinglab.server.accounts.permissions import user_of
from tradinglab.server.strategies.api.serializers import (
    StrategyChanges,
    StrategyInput,
    StrategySerializer,
    VersionInput,
    VersionSerializer,
    VersionSummarySerializer,
)
from tradinglab.server.strategies.models import Strategy, StrategyVersion
from tradinglab.server.strategies.selectors import strategy_get, strategy_list, version_get, version_list
from tradinglab.server.strategies.services import strategy_create, strategy_update, version_save


class StrategyFilter(filters.FilterSet):
    """Which strategies are listed."""

    name = filters.CharFilter(lookup_expr="icontains", help_text="Part of the name.")
    is_archived = filters.BooleanFilter(field_name="archived_at", lookup_expr="isnull", exclude=True)


class StrategiesView(generics.ListAPIView[Strategy]):
    """The strategies of who asks."""

    serializer_class = StrategySerializer
    queryset = Strategy.objects.none()
    filterset_class = StrategyFilter

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


class VersionsView(generics.ListAPIView[StrategyVersion]):
    """The versions of a strategy."""

    serializer_class = VersionSummarySerializer
    queryset = StrategyVersion.objects.none()

    def get_queryset(self) -> QuerySet[StrategyVersion]:
        """Return those of the user's own strategy."""
        return version_list(strategy=strategy_get(user=user_of(self.request), strategy_id=self.kwargs["strategy_id"]))

    @extend_schema(
        operation_id="versions_create",
        request=VersionInput,
        responses={201: VersionSerializer, 200: VersionSerializer},
        description="Save files as the newest version. Files that were saved before are that version again (200).",
    )
    def post(self, request: Request, strategy_id: UUID) -> Response:
        """Save files as the newest version."""
        user = user_of(request)
        strategy = strategy_get(user=user, strategy_id=strategy_id)
        given = VersionInput(data=request.data)
        given.is_valid(raise_exception=True)
        saved = version_save(strategy=strategy, author=user, **given.validated_data)
        answer = status.HTTP_201_CREATED if saved.is_new else status.HTTP_200_OK
        return Response(VersionSerializer(saved.version).data, status=answer)


class VersionView(APIView):
    """One version."""

    @extend_schema(operation_id="versions_read", responses=VersionSerializer)
    def get(self, request: Request, strategy_id: UUID, content_hash: str) -> Response:
        """Return it with its files."""
        strategy = strategy_get(user=user_of(request), strategy_id=strategy_id)
        return Response(VersionSerializer(version_get(strategy=strategy, content_hash=content_hash)).data)
