"""``/api/v1/optimizations/``."""

from __future__ import annotations

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
from tradinglab.server.backtests.models import Backtest
from tradinglab.server.optimizations.annotating import AnnotationFilter, run_annotate
from tradinglab.server.optimizations.api.serializers import (
    OptimizationInput,
    OptimizationSerializer,
    objective_given,
    plan_given,
    space_given,
)
from tradinglab.server.optimizations.models import Optimization
from tradinglab.server.optimizations.requests import OptimizationRequest
from tradinglab.server.optimizations.selectors import (
    best_of_many,
    counts_of_many,
    optimization_get,
    optimization_list,
)
from tradinglab.server.optimizations.services import (
    optimization_cancel,
    optimization_delete,
    optimization_submit,
)
from tradinglab.server.rest import idempotency
from tradinglab.server.rest.fields import ProblemSerializer, nothing_given
from tradinglab.server.rest.filters import ChoiceFilter, MultipleChoiceFilter
from tradinglab.server.rest.pages import Pages
from tradinglab.server.runs.models import Priority, RunState
from tradinglab.server.runs.services import Submission, Wishes
from tradinglab.server.strategies.selectors import version_of_user


class OptimizationFilter(AnnotationFilter):
    """Which optimizations are listed."""

    state = MultipleChoiceFilter(field_name="run__state", choices=RunState.choices)
    strategy = filters.UUIDFilter(field_name="version__strategy_id")
    engine = ChoiceFilter(choices=Backtest.Engine.choices, help_text="Where they are searched, or were.")


class OptimizationPages(Pages):
    """Newest first."""

    ordering = ("-created_at", "-run_id")


class OptimizationsView(generics.ListAPIView[Optimization]):
    """The optimizations of who asks."""

    serializer_class = OptimizationSerializer
    queryset = Optimization.objects.none()
    filterset_class = OptimizationFilter
    pagination_class = OptimizationPages

    def get_queryset(self) -> QuerySet[Optimization]:
        """Return the user's own."""
        return optimization_list(user=user_of(self.request)).filter(run__parent=None)

    def list(self, request: Request, *args: Any, **options: Any) -> Response:
        """List them, with the counts and the best trials of all of the page's at once."""
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset())) or []
        context = {
            **self.get_serializer_context(),
            "counts": counts_of_many(run_ids=[each.pk for each in page]),
            "best": best_of_many(optimizations=page),
        }
        return self.get_paginated_response(OptimizationSerializer(page, many=True, context=context).data)

    @extend_schema(
        operation_id="optimizations_create",
        request=OptimizationInput,
        parameters=[idempotency.PARAMETER],
        responses={202: OptimizationSerializer, 200: OptimizationSerializer, **idempotency.REFUSALS},
    )
    def post(self, request: Request) -> Response:
        """Backtest combinations of some parameters, and see which is best."""
        user = user_of(request)
        given = OptimizationInput(data=request.data)
        given.is_valid(raise_exception=True)
        submitted = _submit(user, dict(given.validated_data), idempotency.idempotency_key(request))
        made = optimization_get(user=user, run_id=submitted.run.pk)
        answer = status.HTTP_202_ACCEPTED if submitted.is_new else status.HTTP_200_OK
        location = request.build_absolute_uri(f"{request.path}{made.pk}/")
        return Response(OptimizationSerializer(made).data, status=answer, headers={"Location": location})


def _submit(user: User, values: dict[str, Any], key: str | None) -> Submission:
    return optimization_submit(owner=user, request=request_given(user, values), idempotency_key=key)


def request_given(user: User, values: dict[str, Any]) -> OptimizationRequest:
    """Return what is asked for by what was given.

    Raises
    ------
    InputError
        If the space cannot be searched.
    NotFoundError
        If the user has no such version.
    """
    wishes = Wishes(priority=Priority.BATCH, timeout_s=values.pop("timeout_s"), memory_mb=values.pop("memory_mb"))
    return OptimizationRequest(
        version=version_of_user(user=user, version_id=values.pop("version")),
        space=space_given(values),
        objective=objective_given(values),
        plan=plan_given(values),
        wishes=wishes,
        **values,
    )


class OptimizationView(APIView):
    """One optimization."""

    @extend_schema(operation_id="optimizations_read", responses=OptimizationSerializer)
    def get(self, request: Request, optimization_id: UUID) -> Response:
        """Return it with what is best so far; its trials are listed by `/backtests/?optimization=`."""
        return Response(OptimizationSerializer(optimization_get(user=user_of(request), run_id=optimization_id)).data)

    @extend_schema(operation_id="optimizations_annotate", request=BacktestAnnotations, responses=OptimizationSerializer)
    def patch(self, request: Request, optimization_id: UUID) -> Response:
        """Change its name, notes, tags or star."""
        user = user_of(request)
        found = optimization_get(user=user, run_id=optimization_id)
        given = BacktestAnnotations(data=request.data)
        given.is_valid(raise_exception=True)
        run_annotate(annotated=found, **given.validated_data)
        return Response(OptimizationSerializer(optimization_get(user=user, run_id=optimization_id)).data)

    @extend_schema(
        operation_id="optimizations_delete",
        responses={
            204: OpenApiResponse(description="It is out of sight, with its trials."),
            409: OpenApiResponse(ProblemSerializer, "It has no outcome yet; cancel it first."),
        },
    )
    def delete(self, request: Request, optimization_id: UUID) -> Response:
        """Take it out of sight, with its trials."""
        optimization_delete(optimization=optimization_get(user=user_of(request), run_id=optimization_id))
        return Response(status=status.HTTP_204_NO_CONTENT)


class OptimizationCancelView(APIView):
    """Stopping an optimization."""

    @extend_schema(
        operation_id="optimizations_cancel",
        request=None,
        responses={202: OptimizationSerializer, 409: OpenApiResponse(ProblemSerializer, "It is over.")},
    )
    def post(self, request: Request, optimization_id: UUID) -> Response:
        """Start no further trial, and cancel those that are under way; what is done is kept."""
        nothing_given(request)
        user = user_of(request)
        optimization_cancel(optimization=optimization_get(user=user, run_id=optimization_id))
        made = optimization_get(user=user, run_id=optimization_id)
        return Response(OptimizationSerializer(made).data, status=status.HTTP_202_ACCEPTED)
