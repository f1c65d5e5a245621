"""``/api/v1/deployments/``."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import generics, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from tradinglab.server.accounts.models import Scope
from tradinglab.server.accounts.permissions import user_of
from tradinglab.server.errors import InputError
from tradinglab.server.live.api.serializers import (
    CommandInput,
    ConfirmInput,
    DeploymentInput,
    DeploymentSerializer,
    LineQuery,
    LiveChartSerializer,
    LiveCommandSerializer,
    LiveLinePageSerializer,
    LivePortfolioSerializer,
    LiveRecordPageSerializer,
)
from tradinglab.server.live.models import Deployment, RecordKind, Status
from tradinglab.server.live.selectors import (
    chart_get,
    chart_names,
    command_list,
    deployment_get,
    deployment_list,
    line_list,
    portfolio_of,
    record_list,
)
from tradinglab.server.live.services import (
    DeploymentRequest,
    deployment_command,
    deployment_create,
    deployment_liquidate,
    deployment_stop,
)
from tradinglab.server.rest import idempotency
from tradinglab.server.rest.fields import ProblemSerializer
from tradinglab.server.rest.filters import AskedFilters, MultipleChoiceFilter, refuse_unknown
from tradinglab.server.rest.pages import Pages
from tradinglab.server.strategies.selectors import version_of_user

_OVER = {409: OpenApiResponse(ProblemSerializer, "The deployment is over.")}


class DeploymentFilter(AskedFilters):
    """Which deployments are listed."""

    status = MultipleChoiceFilter(choices=Status.choices)
    strategy = filters.UUIDFilter(field_name="version__strategy_id")


class DeploymentsView(generics.ListAPIView[Deployment]):
    """The deployments of who asks."""

    serializer_class = DeploymentSerializer
    queryset = Deployment.objects.none()
    filterset_class = DeploymentFilter
    pagination_class = Pages
    write_scope = Scope.TRADE

    def get_queryset(self) -> QuerySet[Deployment]:
        """Return the user's own."""
        return deployment_list(user=user_of(self.request))

    @extend_schema(
        operation_id="deployments_create",
        request=DeploymentInput,
        parameters=[idempotency.PARAMETER],
        responses={202: DeploymentSerializer, 200: DeploymentSerializer, **idempotency.REFUSALS},
    )
    def post(self, request: Request) -> Response:
        """Let a strategy trade on paper."""
        user = user_of(request)
        given = DeploymentInput(data=request.data)
        given.is_valid(raise_exception=True)
        values: dict[str, Any] = dict(given.validated_data)
        holdings = [{name: str(value) for name, value in each.items()} for each in values.pop("holdings")]
        wanted = DeploymentRequest(
            version=version_of_user(user=user, version_id=values.pop("version")),
            start_at=values.pop("start"),
            holdings=holdings,
            **values,
        )
        made, is_new = deployment_create(owner=user, request=wanted, request_key=idempotency.idempotency_key(request))
        answer = status.HTTP_202_ACCEPTED if is_new else status.HTTP_200_OK
        location = request.build_absolute_uri(f"{request.path}{made.pk}/")
        return Response(DeploymentSerializer(made).data, status=answer, headers={"Location": location})


class DeploymentView(APIView):
    """One deployment."""

    @extend_schema(operation_id="deployments_read", responses=DeploymentSerializer)
    def get(self, request: Request, deployment_id: UUID) -> Response:
        """Return it."""
        refuse_unknown(request)
        return Response(DeploymentSerializer(deployment_get(user=user_of(request), deployment_id=deployment_id)).data)


class DeploymentStopView(APIView):
    """Stopping."""

    write_scope = Scope.TRADE

    @extend_schema(operation_id="deployments_stop", request=None, responses={202: DeploymentSerializer})
    def post(self, request: Request, deployment_id: UUID) -> Response:
        """Stop it and leave its positions as they are; one that is over stays as it is."""
        user = user_of(request)
        stopped = deployment_stop(deployment=deployment_get(user=user, deployment_id=deployment_id), actor=user)
        return Response(DeploymentSerializer(stopped).data, status=status.HTTP_202_ACCEPTED)


class DeploymentLiquidateView(APIView):
    """Liquidating."""

    write_scope = Scope.TRADE

    @extend_schema(
        operation_id="deployments_liquidate", request=ConfirmInput, responses={202: DeploymentSerializer, **_OVER}
    )
    def post(self, request: Request, deployment_id: UUID) -> Response:
        """Sell all that it holds, then stop it; a market that is closed is waited for."""
        user = user_of(request)
        deployment = deployment_get(user=user, deployment_id=deployment_id)
        given = ConfirmInput(data=request.data)
        given.is_valid(raise_exception=True)
        wanted = deployment.name or deployment.deploy_id
        if given.validated_data["confirm"] != wanted:
            text = f"All positions are sold. To confirm, write the deployment's name: '{wanted}'."
            raise InputError("confirm", given.validated_data["confirm"], text)
        sold = deployment_liquidate(deployment=deployment, actor=user)
        return Response(DeploymentSerializer(sold).data, status=status.HTTP_202_ACCEPTED)


class DeploymentCommandsView(APIView):
    """Commands."""

    write_scope = Scope.TRADE

    @extend_schema(operation_id="deployments_commands_list", responses=LiveCommandSerializer(many=True))
    def get(self, request: Request, deployment_id: UUID) -> Response:
        """List the last two hundred, and what became of them."""
        refuse_unknown(request)
        deployment = deployment_get(user=user_of(request), deployment_id=deployment_id)
        found = command_list(deployment=deployment).order_by("-id")[:200]
        return Response(LiveCommandSerializer(found, many=True).data)

    @extend_schema(
        operation_id="deployments_commands_create",
        request=CommandInput,
        responses={202: LiveCommandSerializer, **_OVER},
    )
    def post(self, request: Request, deployment_id: UUID) -> Response:
        """Send a command."""
        user = user_of(request)
        deployment = deployment_get(user=user, deployment_id=deployment_id)
        given = CommandInput(data=request.data)
        given.is_valid(raise_exception=True)
        made = deployment_command(deployment=deployment, body=given.validated_data["command"], actor=user)
        return Response(LiveCommandSerializer(made).data, status=status.HTTP_202_ACCEPTED)


class DeploymentPortfolioView(APIView):
    """The portfolio."""

    @extend_schema(operation_id="deployments_portfolio", responses=LivePortfolioSerializer)
    def get(self, request: Request, deployment_id: UUID) -> Response:
        """Return holdings and cash, as they were last told; after the end, too."""
        refuse_unknown(request)
        deployment = deployment_get(user=user_of(request), deployment_id=deployment_id)
        return Response(portfolio_of(deployment=deployment))


class _Records(APIView):
    kind: RecordKind

    def page(self, request: Request, deployment_id: UUID) -> Response:
        """Return some of the records."""
        deployment = deployment_get(user=user_of(request), deployment_id=deployment_id)
        query = LineQuery(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        first, limit = query.validated_data["start"], query.validated_data["limit"]
        found = record_list(deployment=deployment, kind=self.kind)
        items = [each.data for each in found[first : first + limit]]
        return Response({"items": items, "total": found.count()})


class DeploymentOrdersView(_Records):
    """Orders."""

    kind = RecordKind.ORDER

    @extend_schema(operation_id="deployments_orders", parameters=[LineQuery], responses=LiveRecordPageSerializer)
    def get(self, request: Request, deployment_id: UUID) -> Response:
        """Return orders with their events, in QuantConnect's form."""
        return self.page(request, deployment_id)


class DeploymentInsightsView(_Records):
    """Insights."""

    kind = RecordKind.INSIGHT

    @extend_schema(operation_id="deployments_insights", parameters=[LineQuery], responses=LiveRecordPageSerializer)
    def get(self, request: Request, deployment_id: UUID) -> Response:
        """Return insights, in QuantConnect's form."""
        return self.page(request, deployment_id)


class DeploymentTradesView(_Records):
    """Trades."""

    kind = RecordKind.TRADE

    @extend_schema(operation_id="deployments_trades", parameters=[LineQuery], responses=LiveRecordPageSerializer)
    def get(self, request: Request, deployment_id: UUID) -> Response:
        """Return closed trades, in QuantConnect's form."""
        return self.page(request, deployment_id)


class DeploymentLogsView(APIView):
    """The log."""

    @extend_schema(operation_id="deployments_logs", parameters=[LineQuery], responses=LiveLinePageSerializer)
    def get(self, request: Request, deployment_id: UUID) -> Response:
        """Return lines from a number on."""
        deployment = deployment_get(user=user_of(request), deployment_id=deployment_id)
        query = LineQuery(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        first, limit = query.validated_data["start"], query.validated_data["limit"]
        lines = line_list(deployment=deployment).filter(number__gte=first)[:limit]
        return Response(LiveLinePageSerializer({"lines": lines, "total": deployment.line_count}).data)


class DeploymentChartsView(APIView):
    """The names of the charts."""

    @extend_schema(
        operation_id="deployments_charts", responses=serializers.ListSerializer(child=serializers.CharField())
    )
    def get(self, request: Request, deployment_id: UUID) -> Response:
        """List them."""
        refuse_unknown(request)
        return Response(chart_names(deployment=deployment_get(user=user_of(request), deployment_id=deployment_id)))


class DeploymentChartView(APIView):
    """One chart."""

    @extend_schema(operation_id="deployments_chart", responses=LiveChartSerializer)
    def get(self, request: Request, deployment_id: UUID, name: str) -> Response:
        """Return its series, each with its last four thousand points."""
        refuse_unknown(request)
        deployment = deployment_get(user=user_of(request), deployment_id=deployment_id)
        return Response(LiveChartSerializer({"name": name, "series": chart_get(deployment=deployment, name=name)}).data)
