"""``/api/v1/optimizations/{id}/overfitting/``."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from tradinglab.server.accounts.permissions import user_of
from tradinglab.server.optimizations.overfitting import overfitting_of
from tradinglab.server.optimizations.returns import MOST_TRIALS, returns_ask
from tradinglab.server.optimizations.selectors import optimization_get
from tradinglab.server.rest.fields import ProblemSerializer, StrictSerializer, nothing_given
from tradinglab.server.runs.models import Run

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
    best = serializers.UUIDField(
        allow_null=True,
        help_text="The backtest with the highest Sharpe ratio of its daily returns; null of a simulated trial that "
        "nobody has opened.",
    )
    best_trial = serializers.IntegerField(help_text="The number of that trial.")
    best_sharpe_ratio = _number("A year.")
    variance = _number("Of the yearly Sharpe ratios.")
    expected_maximum_sharpe_ratio = _number("What the best of so many independent trials has without any skill.")
    deflated_sharpe_ratio = _number("Of the best, among the trials of this search alone.")


class DailyReturnsSerializer(serializers.ModelSerializer[Run]):
    """The job that makes the daily returns of simulated trials."""

    error = serializers.DictField(child=serializers.CharField(), help_text="Why it failed, if it did.")

    class Meta:
        model = Run
        fields = ["id", "state", "progress", "created_at", "finished_at", "error"]


class OverfittingView(APIView):
    """How likely the best of a search is luck."""

    @extend_schema(
        operation_id="optimizations_overfitting",
        parameters=[OverfittingQuery],
        responses={
            200: SearchOverfittingSerializer,
            409: OpenApiResponse(
                ProblemSerializer,
                "There are too few trials with daily returns, or too few days; of simulated trials also if nobody has "
                "asked for them by POST yet, or they are being made.",
            ),
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

    @extend_schema(
        operation_id="optimizations_overfitting_prepare",
        request=None,
        responses={
            202: DailyReturnsSerializer,
            200: DailyReturnsSerializer,
            409: OpenApiResponse(
                ProblemSerializer, "The search is not over, its days are sealed, or its trials are backtests."
            ),
            429: OpenApiResponse(ProblemSerializer, "You have as many runs waiting as may wait."),
        },
    )
    def post(self, request: Request, optimization_id: UUID) -> Response:
        """Have the daily returns of a search's simulated trials made, by simulating the same trials again.

        It is a run, with events; once it has completed, GET has the answer. What was asked for before is answered as
        it was (200), unless it failed or was cancelled.
        """
        nothing_given(request)
        user = user_of(request)
        submitted = returns_ask(optimization=optimization_get(user=user, run_id=optimization_id))
        answer = status.HTTP_202_ACCEPTED if submitted.is_new else status.HTTP_200_OK
        submitted.run.refresh_from_db()
        return Response(DailyReturnsSerializer(submitted.run).data, status=answer)
