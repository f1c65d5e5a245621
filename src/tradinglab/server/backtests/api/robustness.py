"""``/api/v1/backtests/{id}/robustness/``."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from tradinglab.server.accounts.permissions import user_of
from tradinglab.server.backtests.robustness import MOST_PATHS, MOST_POINTS, Settings, robustness_of
from tradinglab.server.backtests.selectors import backtest_get
from tradinglab.server.rest.fields import FiniteField, ProblemSerializer, StrictSerializer

_SEEDS = 1 << 31


class RobustnessQuery(StrictSerializer):
    """How it is looked at."""

    threshold = FiniteField(min_value=-100, max_value=100, default=0.0, help_text="A Sharpe ratio a year to be above.")
    confidence = FiniteField(min_value=0.5, max_value=0.9999, default=0.95)
    paths = serializers.IntegerField(min_value=100, max_value=MOST_PATHS, default=1_000)
    block = FiniteField(
        min_value=1, max_value=10_000, required=False, help_text="Days in a block on average; the cube root of all."
    )
    points = serializers.IntegerField(min_value=2, max_value=MOST_POINTS, default=100)
    seed = serializers.IntegerField(min_value=0, max_value=_SEEDS - 1, default=0)


def _number(text: str = "") -> serializers.FloatField:
    return serializers.FloatField(allow_null=True, help_text=text)


class StandingSerializer(serializers.Serializer[Any]):
    """How many variants had been tried on the run's days and data when it finished, this one among them."""

    trials = serializers.IntegerField()
    variance = _number("Of their yearly Sharpe ratios: of those that were tried on at least half of the days.")
    ratios = serializers.IntegerField(help_text="Of how many ratios that is.")
    trials_now = serializers.IntegerField(help_text="How many it is by now.")


class RunLuckSerializer(serializers.Serializer[Any]):
    """How likely the Sharpe ratio of the daily returns is skill."""

    sharpe_ratio = _number("A year, of the daily returns.")
    periods = serializers.IntegerField()
    periods_per_year = serializers.IntegerField()
    threshold = serializers.FloatField()
    confidence = serializers.FloatField()
    probabilistic_sharpe_ratio = _number("How likely the true ratio is above the threshold.")
    minimum_track_record_length = _number("Daily returns that it takes to be confident; `null` if it is not above it.")
    expected_maximum_sharpe_ratio = _number("What the best of so many trials has without any skill.")
    deflated_sharpe_ratio = _number("How likely the true ratio is above that.")


class PathsSerializer(serializers.Serializer[Any]):
    """Many paths of the account, in its currency."""

    paths = serializers.IntegerField()
    start = serializers.FloatField()
    levels = serializers.ListField(child=serializers.FloatField(), help_text="Quantiles of the bands.")
    places = serializers.ListField(child=serializers.IntegerField(), help_text="Days, or trades; 0 is the start.")
    bands = serializers.ListField(
        child=serializers.ListField(child=_number()), help_text="For each level the value at each place."
    )
    final = serializers.ListField(child=_number(), help_text="What paths end with, by the levels.")
    max_drawdown = serializers.ListField(child=_number(), help_text="The deepest drawdowns, by the levels.")
    probability_of_loss = _number()
    probability_of_ruin = _number("How many paths come to nothing.")
    probability_of_half = _number("How many paths lose half of the start.")


class RobustnessSerializer(serializers.Serializer[Any]):
    """How much of a backtest's figures is luck."""

    trials = StandingSerializer()
    luck = RunLuckSerializer()
    bootstrap = PathsSerializer(allow_null=True, help_text="Daily returns drawn anew, in blocks.")
    reshuffle = PathsSerializer(allow_null=True, help_text="The same closed trades in other orders.")
    notes = serializers.ListField(child=serializers.CharField(), help_text="What is left out, or to be known.")


class RobustnessView(APIView):
    """How much of a backtest's figures is luck."""

    @extend_schema(
        operation_id="backtests_robustness",
        parameters=[RobustnessQuery],
        responses={
            200: RobustnessSerializer,
            409: OpenApiResponse(ProblemSerializer, "The backtest has not completed."),
        },
        description="The probabilistic and the deflated Sharpe ratio by how many variants had been tried, the track "
        "record that it takes, and percentile bands of what else could have come of the same returns and trades.",
    )
    def get(self, request: Request, run_id: UUID) -> Response:
        """Return it."""
        test = backtest_get(user=user_of(request), run_id=run_id)
        query = RobustnessQuery(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        return Response(robustness_of(test=test, how=Settings(**query.validated_data)))
