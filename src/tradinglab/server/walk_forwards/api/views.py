"""``/api/v1/walk-forwards/``."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import generics, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from tradinglab.server.accounts.models import User
from tradinglab.server.accounts.permissions import user_of
from tradinglab.server.backtests.api.serializers import BacktestAnnotations
from tradinglab.server.optimizations.annotating import AnnotationFilter, run_annotate
from tradinglab.server.optimizations.api.views import OptimizationPages, request_given
from tradinglab.server.rest import idempotency
from tradinglab.server.rest.fields import ProblemSerializer, nothing_given
from tradinglab.server.rest.filters import MultipleChoiceFilter
from tradinglab.server.runs.models import RunState
from tradinglab.server.walk_forwards.api.serializers import (
    NOTHING,
    StepSerializer,
    WalkForwardInput,
    WalkForwardResultSerializer,
    WalkForwardSerializer,
    node_type_refused,
    windows_given,
)
from tradinglab.server.walk_forwards.models import WalkForward
from tradinglab.server.walk_forwards.requests import Calendar, WalkForwardRequest
from tradinglab.server.walk_forwards.selectors import (
    steps_shown,
    walk_forward_get,
    walk_forward_list,
    walk_forward_outcome,
)
from tradinglab.server.walk_forwards.services import (
    walk_forward_cancel,
    walk_forward_delete,
    walk_forward_submit,
)


class WalkForwardFilter(AnnotationFilter):
    """Which walk-forwards are listed."""

    state = MultipleChoiceFilter(field_name="run__state", choices=RunState.choices)
    strategy = filters.UUIDFilter(field_name="version__strategy_id")


class WalkForwardsView(generics.ListAPIView[WalkForward]):
    """The walk-forwards of who asks."""

    serializer_class = WalkForwardSerializer
    queryset = WalkForward.objects.none()
    filterset_class = WalkForwardFilter
    pagination_class = OptimizationPages

    def get_queryset(self) -> QuerySet[WalkForward]:
        """Return the user's own."""
        return walk_forward_list(user=user_of(self.request))

    @extend_schema(
        operation_id="walk_forwards_create",
        request=WalkForwardInput,
        parameters=[idempotency.PARAMETER],
        responses={202: WalkForwardSerializer, 200: WalkForwardSerializer, **idempotency.REFUSALS},
    )
    def post(self, request: Request) -> Response:
        """Choose parameters on one window of days, try them on the next, and move on."""
        user = user_of(request)
        given = WalkForwardInput(data=request.data)
        given.is_valid(raise_exception=True)
        asked = _request(user, dict(given.validated_data))
        submitted = walk_forward_submit(owner=user, request=asked, idempotency_key=idempotency.idempotency_key(request))
        made = walk_forward_get(user=user, run_id=submitted.run.pk)
        answer = status.HTTP_202_ACCEPTED if submitted.is_new else status.HTTP_200_OK
        location = request.build_absolute_uri(f"{request.path}{made.pk}/")
        return Response(WalkForwardSerializer(made).data, status=answer, headers={"Location": location})


def _request(user: User, values: dict[str, Any]) -> WalkForwardRequest:
    node_type_refused(values)
    plan, windows = windows_given(values)
    calendar = Calendar(values.pop("calendar"))
    return WalkForwardRequest(search=request_given(user, values), plan=plan, windows=windows, calendar=calendar)


class _OneView(APIView):
    """One walk-forward."""

    def walk(self, request: Request, walk_forward_id: UUID) -> WalkForward:
        """Return it, if it is the user's."""
        return walk_forward_get(user=user_of(request), run_id=walk_forward_id)


class WalkForwardView(_OneView):
    """One walk-forward."""

    @extend_schema(operation_id="walk_forwards_read", responses=WalkForwardSerializer)
    def get(self, request: Request, walk_forward_id: UUID) -> Response:
        """Return what is walked through, and how far it is."""
        return Response(WalkForwardSerializer(self.walk(request, walk_forward_id)).data)

    @extend_schema(operation_id="walk_forwards_annotate", request=BacktestAnnotations, responses=WalkForwardSerializer)
    def patch(self, request: Request, walk_forward_id: UUID) -> Response:
        """Change its name, notes, tags or star."""
        walk = self.walk(request, walk_forward_id)
        given = BacktestAnnotations(data=request.data)
        given.is_valid(raise_exception=True)
        run_annotate(annotated=walk, **given.validated_data)
        return Response(WalkForwardSerializer(self.walk(request, walk_forward_id)).data)

    @extend_schema(
        operation_id="walk_forwards_delete",
        responses={
            204: OpenApiResponse(description="It is out of sight, with its searches and tests."),
            409: OpenApiResponse(ProblemSerializer, "It has no outcome yet; cancel it first."),
        },
    )
    def delete(self, request: Request, walk_forward_id: UUID) -> Response:
        """Take it out of sight, with its searches and tests."""
        walk_forward_delete(walk=self.walk(request, walk_forward_id))
        return Response(status=status.HTTP_204_NO_CONTENT)


class WalkForwardStepsView(_OneView):
    """The windows."""

    @extend_schema(operation_id="walk_forwards_steps", responses=StepSerializer(many=True))
    def get(self, request: Request, walk_forward_id: UUID) -> Response:
        """Return what was best in each window, and what came of it in the test."""
        return Response(StepSerializer(steps_shown(walk=self.walk(request, walk_forward_id)), many=True).data)


class WalkForwardResultView(_OneView):
    """All tests, one after the other."""

    @extend_schema(operation_id="walk_forwards_result", responses=WalkForwardResultSerializer)
    def get(self, request: Request, walk_forward_id: UUID) -> Response:
        """Return the equity of all tests so far, the efficiency, and how the parameters drift."""
        found = walk_forward_outcome(walk=self.walk(request, walk_forward_id))
        if found is None:
            return Response(WalkForwardResultSerializer(NOTHING).data)
        told = asdict(found) | {"windows": sum(bool(each.days) for each in found.steps)}
        return Response(WalkForwardResultSerializer(told).data)


class WalkForwardCancelView(_OneView):
    """Stopping a walk-forward."""

    @extend_schema(
        operation_id="walk_forwards_cancel",
        request=None,
        responses={202: WalkForwardSerializer, 409: OpenApiResponse(ProblemSerializer, "It is over.")},
    )
    def post(self, request: Request, walk_forward_id: UUID) -> Response:
        """Start nothing further, and cancel what is under way; what is done is kept."""
        nothing_given(request)
        walk_forward_cancel(walk=self.walk(request, walk_forward_id))
        made = self.walk(request, walk_forward_id)
        return Response(WalkForwardSerializer(made).data, status=status.HTTP_202_ACCEPTED)
