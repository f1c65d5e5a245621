"""``/api/v1/optimizations/{id}/overfitting/``."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from tradinglab.server.accounts.permissions import user_of
from tradinglab.server.optimizations.overfitting import MOST_TRIALS, overfitting_of
from tradinglab.server.optimizations.selectors import optimization_get
from tradinglab.server.rest.fields import ProblemSerializer, StrictSerializer

_MOST_BLOCKS = 16


class OverfittingQuery(StrictSerializer):
    """How the past is halved."""

    blocks = serializers.IntegerField(
        min_value=2,
        max_value=_MOST_BLOCKS,
        required=False,
        help_text="Into how many blocks the days are cut, an even number; 16, or fewer of few days.",
    )

    def validate_blocks(self, value: int) -> int:
        """Refuse an odd number."""
        if value % 2:
            raise serializers.ValidationError("Give an even number: half of the blocks are chosen by.")
        return value


def _number(text: str = "") -> serializers.FloatField:
    return serializers.FloatField(allow_null=True, help_text=text)


class SearchOverfittingSerializer(serializers.Serializer[Any]):
    """How choosing the best trial by one half of the past fares in the other, over all ways to halve it."""

    trials = serializers.IntegerField(help_text="Those that completed.")
    judged = serializers.IntegerField(help_text=f"Of these, at most {MOST_TRIALS} or so are looked at, spread evenly.")
    independent_trials = _number("What all of them amount to, by the mean correlation of their daily returns.")
    days = serializers.IntegerField()
    blocks = serializers.IntegerField()
    combinations = serializers.IntegerField()
    probability = _number("Of overfitting: how often the chosen one is not above the middle in the other half.")
    probability_of_loss = _number("How often it loses there.")
    degradation = _number("The slope of the later Sharpe ratio over the earlier one.")
    logits = serializers.ListField(child=_number(), help_text="Quantiles at 5, 25, 50, 75 and 95 %; 0 is the middle.")
    best = serializers.UUIDField(help_text="The backtest with the highest Sharpe ratio of its daily returns.")
    best_sharpe_ratio = _number("A year.")
    variance = _number("Of the yearly Sharpe ratios.")
    expected_maximum_sharpe_ratio = _number("What the best of so many independent trials has without any skill.")
    deflated_sharpe_ratio = _number("Of the best, among the trials of this search alone.")


class OverfittingView(APIView):
    """How likely the best of a search is luck."""

    @extend_schema(
        operation_id="optimizations_overfitting",
        parameters=[OverfittingQuery],
        responses={
            200: SearchOverfittingSerializer,
            409: OpenApiResponse(ProblemSerializer, "There are too few trials with daily returns, or too few days."),
        },
        description="The probability of backtest overfitting by combinatorially symmetric cross-validation over the "
        "daily returns of the trials.",
    )
    def get(self, request: Request, optimization_id: UUID) -> Response:
        """Return it."""
        found = optimization_get(user=user_of(request), run_id=optimization_id)
        query = OverfittingQuery(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        return Response(overfitting_of(optimization=found, **query.validated_data))
