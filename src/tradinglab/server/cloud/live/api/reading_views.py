"""What a deployment at QuantConnect does: its events, and what QuantConnect is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.http.response import HttpResponseBase
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from tradinglab.server.accounts.permissions import user_of
from tradinglab.server.cloud.api.views import REFUSALS
from tradinglab.server.cloud.live import reading
from tradinglab.server.cloud.live.api.serializers import (
    ChartQuery,
    CloudChartSerializer,
    CloudPortfolioSerializer,
    ItemPageSerializer,
    ItemQuery,
    LinePageSerializer,
    RemoteLineQuery,
)
from tradinglab.server.cloud.live.cleaning import cleaned
from tradinglab.server.cloud.live.models import CloudDeployment
from tradinglab.server.cloud.live.selectors import cloud_deployment_get
from tradinglab.server.cloud.live.streaming import CloudDeploymentReader
from tradinglab.server.rest.fields import StrictSerializer
from tradinglab.server.rest.filters import refuse_unknown
from tradinglab.server.streams.api.views import EventStreamRenderer, events_answer, events_schema


def _deployment(request: Request, deployment_id: UUID) -> CloudDeployment:
    return cloud_deployment_get(user=user_of(request), deployment_id=deployment_id)


def _asked(request: Request, query: type[StrictSerializer]) -> Mapping[str, Any]:
    given = query(data=request.query_params.dict())
    given.is_valid(raise_exception=True)
    found: Mapping[str, Any] = given.validated_data
    return found


class CloudEventsView(APIView):
    """What happened to a deployment at QuantConnect."""

    renderer_classes = [JSONRenderer, EventStreamRenderer]

    @events_schema("quantconnect_deployments_events", until="the deployment is over", over="it is over")
    def get(self, request: Request, remote_deployment_id: UUID) -> HttpResponseBase:
        """Return the events after a number: those that are stored, or as a stream with those to come."""
        deployment = _deployment(request, remote_deployment_id)
        return events_answer(request, CloudDeploymentReader(deployment.pk))


class CloudPortfolioView(APIView):
    """The portfolio."""

    @extend_schema(
        operation_id="quantconnect_deployments_portfolio", responses={200: CloudPortfolioSerializer, **REFUSALS}
    )
    def get(self, request: Request, remote_deployment_id: UUID) -> Response:
        """Return holdings and cash, as QuantConnect tells them now; after the end, too."""
        refuse_unknown(request)
        found = reading.portfolio_of(deployment=_deployment(request, remote_deployment_id))
        return Response(CloudPortfolioSerializer(found).data)


class CloudOrdersView(APIView):
    """Orders."""

    @extend_schema(
        operation_id="quantconnect_deployments_orders",
        parameters=[ItemQuery],
        responses={200: ItemPageSerializer, **REFUSALS},
    )
    def get(self, request: Request, remote_deployment_id: UUID) -> Response:
        """Return orders with their events."""
        deployment, query = _deployment(request, remote_deployment_id), _asked(request, ItemQuery)
        return Response(reading.order_page(deployment=deployment, **query)._asdict())


class CloudInsightsView(APIView):
    """Insights."""

    @extend_schema(
        operation_id="quantconnect_deployments_insights",
        parameters=[ItemQuery],
        responses={200: ItemPageSerializer, **REFUSALS},
    )
    def get(self, request: Request, remote_deployment_id: UUID) -> Response:
        """Return insights."""
        deployment, query = _deployment(request, remote_deployment_id), _asked(request, ItemQuery)
        return Response(reading.insight_page(deployment=deployment, **query)._asdict())


class CloudTradesView(APIView):
    """Trades."""

    @extend_schema(
        operation_id="quantconnect_deployments_trades",
        parameters=[ItemQuery],
        responses={200: ItemPageSerializer, **REFUSALS},
    )
    def get(self, request: Request, remote_deployment_id: UUID) -> Response:
        """Return closed trades."""
        deployment, query = _deployment(request, remote_deployment_id), _asked(request, ItemQuery)
        return Response(reading.trade_page(deployment=deployment, **query)._asdict())


class CloudLogsView(APIView):
    """The log."""

    @extend_schema(
        operation_id="quantconnect_deployments_logs",
        parameters=[RemoteLineQuery],
        responses={200: LinePageSerializer, **REFUSALS},
    )
    def get(self, request: Request, remote_deployment_id: UUID) -> Response:
        """Return lines of the log."""
        deployment, query = _deployment(request, remote_deployment_id), _asked(request, RemoteLineQuery)
        return Response(reading.log_page(deployment=deployment, **query)._asdict())


class CloudChartsView(APIView):
    """The names of the charts."""

    @extend_schema(
        operation_id="quantconnect_deployments_charts",
        responses={200: serializers.ListSerializer(child=serializers.CharField()), **REFUSALS},
    )
    def get(self, request: Request, remote_deployment_id: UUID) -> Response:
        """List them."""
        refuse_unknown(request)
        return Response(reading.chart_names(deployment=_deployment(request, remote_deployment_id)))


class CloudChartView(APIView):
    """One chart."""

    @extend_schema(
        operation_id="quantconnect_deployments_chart",
        parameters=[ChartQuery],
        responses={200: CloudChartSerializer, **REFUSALS},
    )
    def get(self, request: Request, remote_deployment_id: UUID, name: str) -> Response:
        """Return its series, or a part of them."""
        deployment, query = _deployment(request, remote_deployment_id), _asked(request, ChartQuery)
        found = reading.chart_get(deployment=deployment, name=name, **{"end": None, **query})
        series = [
            {"name": key, "unit": each.unit, "series_type": each.series_type, "values": cleaned(each.values)}
            for key, each in found.series.items()
        ]
        return Response({"name": name, "series": series})
