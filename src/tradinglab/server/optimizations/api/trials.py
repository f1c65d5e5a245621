"""What the trials of an optimization came to: a table, a map, the neighbours of the best, the front."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from tradinglab.optimize.views import Aggregate
from tradinglab.server.accounts.permissions import user_of
from tradinglab.server.optimizations.api.serializers import OutcomeSerializer
from tradinglab.server.optimizations.models import Optimization
from tradinglab.server.optimizations.selectors import optimization_get
from tradinglab.server.optimizations.showing import (
    Wanted,
    optimization_front,
    optimization_heat_map,
    optimization_stability,
    trials_shown,
)
from tradinglab.server.rest.fields import StrictSerializer
from tradinglab.server.runs.models import RunState

_MOST_ROWS = 1_000


class TrialsQuery(StrictSerializer):
    """Which trials are wanted, and in what order."""

    sort = serializers.ChoiceField(
        ("number", "-number", "score", "-score"),
        default="number",
        help_text="Those without a score come last. `/backtests/?optimization=&sort=` sorts by any other figure.",
    )
    state = serializers.ChoiceField(RunState.choices, required=False)
    within_bounds = serializers.ChoiceField(
        ("true", "false"), required=False, help_text="Only those that keep to all `constraints`, or those that do not."
    )
    offset = serializers.IntegerField(min_value=0, max_value=10_000_000, default=0)
    limit = serializers.IntegerField(min_value=1, max_value=_MOST_ROWS, default=100)


class TrialSerializer(serializers.Serializer[Any]):
    """A trial."""

    number = serializers.IntegerField(help_text="In the order in which they were started, from 0 on.")
    backtest = serializers.UUIDField(
        allow_null=True,
        help_text="The backtest that it is, `/backtests/{id}/`; of one that was simulated the one that was made of it.",
    )
    opened = serializers.UUIDField(
        allow_null=True,
        help_text="The full backtest by which it was opened (`…/trials/{number}/backtest/`); null if it was not.",
    )
    state = serializers.ChoiceField(RunState.choices)
    error = serializers.CharField(help_text="Of one that was simulated: why it failed.")
    parameters = serializers.DictField(child=serializers.CharField(), help_text="Those that are searched.")
    score = serializers.FloatField(allow_null=True, help_text="The figure that counts, with its penalties.")
    within_bounds = serializers.BooleanField(
        source="is_within_bounds", allow_null=True, help_text="Null until it has completed."
    )
    figures = serializers.DictField(child=serializers.FloatField(), help_text="Those that the search looks at.")


class TrialTableSerializer(serializers.Serializer[Any]):
    """Some of the trials."""

    total = serializers.IntegerField(help_text="How many there are as they are wanted.")
    offset = serializers.IntegerField()
    limit = serializers.IntegerField()
    results = TrialSerializer(many=True)


class HeatMapQuery(StrictSerializer):
    """Of which parameters a map is wanted."""

    x = serializers.CharField(max_length=200)
    y = serializers.CharField(max_length=200)
    aggregate = serializers.ChoiceField(
        [each.value for each in Aggregate],
        default=Aggregate.BEST.value,
        help_text="What stands for the trials that differ in the other parameters alone.",
    )


class HeatMapSerializer(serializers.Serializer[Any]):
    """Scores by the values of two parameters."""

    x = serializers.CharField()
    y = serializers.CharField()
    xs = serializers.ListField(
        child=serializers.CharField(),
        help_text="The values that were tried; of a range without a step the middles of twenty stretches.",
    )
    ys = serializers.ListField(child=serializers.CharField())
    scores = serializers.ListField(
        child=serializers.ListField(child=serializers.FloatField(allow_null=True)),
        help_text="A row for each of `ys`, in it a score for each of `xs`; null where no trial has one.",
    )
    counts = serializers.ListField(
        child=serializers.ListField(child=serializers.IntegerField()), help_text="From how many trials each score is."
    )


class StabilitySerializer(serializers.Serializer[Any]):
    """How the neighbours of the best trial do: those that differ by one value in some of its numeric parameters."""

    best = OutcomeSerializer(allow_null=True, help_text="Null if no trial is the best yet.")
    neighbours = serializers.IntegerField()
    without_score = serializers.IntegerField(help_text="Of the neighbours: those that failed, or are out of bounds.")
    median = serializers.FloatField(allow_null=True, help_text="Of the neighbours' scores.")
    worst = serializers.FloatField(allow_null=True)
    drop = serializers.FloatField(
        allow_null=True,
        help_text="How far the median falls behind the best, as a fraction of its size: near 0 it lies on a plateau.",
    )


class _ResultsView(APIView):
    """Something that the trials show."""

    def optimization(self, request: Request, optimization_id: UUID) -> Optimization:
        """Return the optimization, if it is the user's."""
        return optimization_get(user=user_of(request), run_id=optimization_id)


class TrialsView(_ResultsView):
    """The trials as a table."""

    @extend_schema(operation_id="optimizations_trials", parameters=[TrialsQuery], responses=TrialTableSerializer)
    def get(self, request: Request, optimization_id: UUID) -> Response:
        """Return the trials that were started, with what makes one better than another."""
        found = self.optimization(request, optimization_id)
        query = TrialsQuery(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        asked = query.validated_data
        wanted = Wanted(
            sort=asked["sort"],
            states=[asked["state"]] if "state" in asked else [],
            is_within_bounds=asked["within_bounds"] == "true" if "within_bounds" in asked else None,
        )
        rows = trials_shown(optimization=found, wanted=wanted)
        offset, limit = asked["offset"], asked["limit"]
        page = {"total": len(rows), "offset": offset, "limit": limit, "results": rows[offset : offset + limit]}
        return Response(TrialTableSerializer(page).data)


class HeatMapView(_ResultsView):
    """A map of two parameters."""

    @extend_schema(operation_id="optimizations_heat_map", parameters=[HeatMapQuery], responses=HeatMapSerializer)
    def get(self, request: Request, optimization_id: UUID) -> Response:
        """Return the scores by the values of two parameters."""
        found = self.optimization(request, optimization_id)
        query = HeatMapQuery(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        return Response(HeatMapSerializer(optimization_heat_map(optimization=found, **query.validated_data)).data)


class StabilityView(_ResultsView):
    """How sure the best trial stands."""

    @extend_schema(operation_id="optimizations_stability", responses=StabilitySerializer)
    def get(self, request: Request, optimization_id: UUID) -> Response:
        """Return how the neighbours of the best trial do: what is best by luck stands alone."""
        found = optimization_stability(optimization=self.optimization(request, optimization_id))
        if found is None:
            nothing = {"best": None, "neighbours": 0, "without_score": 0, "median": None, "worst": None, "drop": None}
            return Response(StabilitySerializer(nothing).data)
        row, near = found
        best = {
            "number": row.tried.number,
            "backtest": row.backtest,
            "parameters": row.tried.parameters,
            "value": near.score,
        }
        told = {name: getattr(near, name) for name in ("neighbours", "without_score", "median", "worst", "drop")}
        return Response(StabilitySerializer({"best": best, **told}).data)


class ParetoFrontView(_ResultsView):
    """The trials that none beats."""

    @extend_schema(operation_id="optimizations_pareto_front", responses=TrialSerializer(many=True))
    def get(self, request: Request, optimization_id: UUID) -> Response:
        """Return the trials that none beats by `target` and all of `other_targets` at once."""
        found = self.optimization(request, optimization_id)
        return Response(TrialSerializer(optimization_front(optimization=found), many=True).data)
