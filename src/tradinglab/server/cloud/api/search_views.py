"""``/api/v1/quantconnect/optimizations/``: where one stands, and what one would cost."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from tradinglab.server.accounts.permissions import user_of
from tradinglab.server.backtests.models import Backtest
from tradinglab.server.cloud.api.serializers import FlowQuery, StandingSerializer
from tradinglab.server.cloud.api.views import REFUSALS
from tradinglab.server.cloud.flow import flow_wait
from tradinglab.server.cloud.searches.standing import search_estimate, search_standing
from tradinglab.server.optimizations.api.serializers import SearchInput
from tradinglab.server.optimizations.api.views import request_given
from tradinglab.server.runs.models import FINAL_STATES


class RemoteSearchSerializer(serializers.Serializer[Any]):
    """What an optimization is called at QuantConnect, as far as it is there, and what it takes."""

    project_id = serializers.IntegerField(allow_null=True)
    compile_id = serializers.CharField()
    optimization_id = serializers.CharField()
    estimate_s = serializers.FloatField(allow_null=True, help_text="Seconds of one node, as QuantConnect estimates.")
    estimated_cost = serializers.FloatField(allow_null=True, help_text="Dollars, from that.")
    most_cost = serializers.CharField(allow_null=True, help_text="Dollars, as was asked for.")


class SearchStandingSerializer(StandingSerializer):
    """Where an optimization at QuantConnect stands; `/optimizations/{id}/` has its trials and the best of them."""

    optimization_id = serializers.UUIDField(help_text="Of the optimization here: `/optimizations/{id}/`.")
    remote = RemoteSearchSerializer()


class SearchEstimateSerializer(serializers.Serializer[Any]):
    """What an optimization would take at QuantConnect."""

    combinations = serializers.IntegerField()
    seconds = serializers.FloatField(allow_null=True, help_text="Of one node, as QuantConnect estimates.")
    cost = serializers.FloatField(allow_null=True, help_text="Dollars, from that and the price of the nodes.")
    balance = serializers.FloatField(allow_null=True, help_text="What the organisation has, as QuantConnect says.")
    node_type = serializers.CharField()
    price_per_hour = serializers.FloatField(help_text="Dollars, of one node.")
    parallel_nodes = serializers.IntegerField()


class SearchStandingView(APIView):
    """Where an optimization at QuantConnect stands."""

    @extend_schema(
        operation_id="quantconnect_optimization_read",
        parameters=[FlowQuery],
        responses={200: SearchStandingSerializer, 202: SearchStandingSerializer},
    )
    def get(self, request: Request, optimization_id: UUID) -> Response:
        """Say how far it is, and what it is called there: 202 while it goes on."""
        user = user_of(request)
        query = FlowQuery(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        search_standing(user=user, run_id=optimization_id)
        flow_wait(run_id=optimization_id, seconds=query.validated_data["wait"])
        shown = search_standing(user=user, run_id=optimization_id)
        answer = status.HTTP_200_OK if shown["state"] in FINAL_STATES else status.HTTP_202_ACCEPTED
        return Response(SearchStandingSerializer(shown).data, status=answer)


class SearchEstimateView(APIView):
    """What an optimization at QuantConnect would cost."""

    @extend_schema(
        operation_id="quantconnect_optimization_estimate",
        request=SearchInput,
        responses={200: SearchEstimateSerializer, **REFUSALS},
    )
    def post(self, request: Request) -> Response:
        """Ask QuantConnect how long an optimization would take there; nothing is started, and it costs nothing."""
        user = user_of(request)
        given = SearchInput(data=request.data)
        given.is_valid(raise_exception=True)
        values = {**given.validated_data, "engine": str(Backtest.Engine.QUANTCONNECT)}
        return Response(SearchEstimateSerializer(search_estimate(user=user, request=request_given(user, values))).data)
