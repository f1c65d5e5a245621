"""``/api/v1/backtests/compare/``."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from tradinglab.server.accounts.permissions import user_of
from tradinglab.server.backtests.api.queries import MOST_POINTS
from tradinglab.server.backtests.comparison import FEWEST, MOST, comparison_of
from tradinglab.server.backtests.selectors import backtests_get
from tradinglab.server.rest.fields import ProblemSerializer, StrictSerializer


class CompareQuery(StrictSerializer):
    """Which backtests are compared."""

    ids = serializers.CharField(
        max_length=500, help_text=f"{FEWEST} to {MOST} identifiers with commas between; the first is the base."
    )
    points = serializers.IntegerField(min_value=50, max_value=MOST_POINTS, default=1_000)

    def validate_ids(self, value: str) -> list[UUID]:
        """Return the identifiers."""
        try:
            ids = [UUID(each.strip()) for each in value.split(",")]
        except ValueError:
            raise serializers.ValidationError("Give the `id` of each backtest, with commas between.") from None
        if len(set(ids)) != len(ids):
            raise serializers.ValidationError("A backtest is named twice; name each once.")
        if not FEWEST <= len(ids) <= MOST:
            raise serializers.ValidationError(f"{FEWEST} to {MOST} backtests are compared; there are {len(ids)}.")
        return ids


def _values(**options: Any) -> serializers.ListField:
    return serializers.ListField(child=serializers.FloatField(allow_null=True), **options)


class ComparedLineSerializer(serializers.Serializer[Any]):
    """A backtest's equity on the grid of times."""

    id = serializers.UUIDField()
    equity = _values()
    normalised = _values(help_text="A multiple of what it was when the last of the runs had begun.")
    drawdown = _values()


class GridSerializer(serializers.Serializer[Any]):
    """The equity of all on one grid of times."""

    time = serializers.ListField(child=serializers.DateTimeField())
    lines = ComparedLineSerializer(many=True)


class ComparedFigureSerializer(serializers.Serializer[Any]):
    """A figure of each backtest."""

    name = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # a figure's label, not the serializer's
    unit = serializers.CharField()
    values = _values()
    deltas = _values(help_text="The difference to the first.")
    best = serializers.ListField(child=serializers.UUIDField(), help_text="Which has, or have, the best value.")


class ComparedParameterSerializer(serializers.Serializer[Any]):
    """A parameter of each backtest."""

    name = serializers.CharField()
    values = serializers.ListField(child=serializers.CharField(allow_null=True))
    is_same = serializers.BooleanField()


class ComparedFileSerializer(serializers.Serializer[Any]):
    """A file that differs."""

    path = serializers.CharField()
    change = serializers.CharField()
    lines_added = serializers.IntegerField()
    lines_removed = serializers.IntegerField()
    unified = serializers.CharField()


class ComparedCodeSerializer(serializers.Serializer[Any]):
    """What differs in the code of a backtest from that of the first."""

    id = serializers.UUIDField()
    files = ComparedFileSerializer(many=True)


class ComparisonSerializer(serializers.Serializer[Any]):
    """Backtests side by side, in the order of the identifiers."""

    base = serializers.UUIDField()
    warnings = serializers.ListField(child=serializers.CharField())
    equity = GridSerializer()
    figures = ComparedFigureSerializer(many=True)
    parameters = ComparedParameterSerializer(many=True)
    code = ComparedCodeSerializer(many=True)
    correlation = serializers.ListField(child=_values(), help_text="Of the daily returns; a row for each backtest.")


class CompareView(APIView):
    """Backtests side by side."""

    @extend_schema(
        operation_id="backtests_compare",
        parameters=[CompareQuery],
        responses={
            200: ComparisonSerializer,
            409: OpenApiResponse(ProblemSerializer, "One of the backtests has no results yet."),
        },
    )
    def get(self, request: Request) -> Response:
        """Compare two to eight backtests: equity, figures, parameters and code."""
        query = CompareQuery(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        tests = backtests_get(user=user_of(request), run_ids=query.validated_data["ids"])
        return Response(comparison_of(tests=tests, points=query.validated_data["points"]))
