"""``/api/v1/quantconnect/live/deployments/``: deploying, stopping, liquidating, commands."""

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

from tradinglab.server.accounts.models import Scope
from tradinglab.server.accounts.permissions import user_of
from tradinglab.server.cloud.api.views import REFUSALS
from tradinglab.server.cloud.credentials import account_get
from tradinglab.server.cloud.live.api.serializers import (
    BrokeragesSerializer,
    CloudCommandInput,
    CloudDeploymentSerializer,
    ConfirmedByNameInput,
    DeployInput,
)
from tradinglab.server.cloud.live.brokerages import BROKERAGES, DATA_PROVIDERS
from tradinglab.server.cloud.live.models import CloudDeployment
from tradinglab.server.cloud.live.requests import DeployRequest
from tradinglab.server.cloud.live.selectors import cloud_deployment_get, cloud_deployment_list
from tradinglab.server.cloud.live.services import (
    cloud_command,
    cloud_deploy,
    cloud_follow,
    cloud_liquidate,
    cloud_stop,
)
from tradinglab.server.rest import idempotency
from tradinglab.server.rest.fields import ProblemSerializer
from tradinglab.server.rest.filters import AskedFilters, YesNoFilter, refuse_unknown
from tradinglab.server.rest.pages import Pages
from tradinglab.server.strategies.selectors import version_of_user

_STATE = {409: OpenApiResponse(ProblemSerializer, "The deployment is over, or not at QuantConnect yet.")}


class CloudDeploymentFilter(AskedFilters):
    """Which deployments are listed."""

    is_ended = YesNoFilter()
    strategy = filters.UUIDFilter(field_name="version__strategy_id")


class BrokeragesView(APIView):
    """What can be deployed with."""

    @extend_schema(operation_id="quantconnect_brokerages", responses=BrokeragesSerializer)
    def get(self, request: Request) -> Response:
        """List brokerages and data providers with the settings that they need."""
        refuse_unknown(request)
        shown = {"brokerages": BROKERAGES.values(), "data_providers": DATA_PROVIDERS.values()}
        return Response(BrokeragesSerializer(shown).data)


class CloudDeploymentsView(generics.ListAPIView[CloudDeployment]):
    """The deployments in the QuantConnect account that were deployed from here, or are followed."""

    serializer_class = CloudDeploymentSerializer
    queryset = CloudDeployment.objects.none()
    filterset_class = CloudDeploymentFilter
    pagination_class = Pages
    write_scope = Scope.TRADE

    def get_queryset(self) -> QuerySet[CloudDeployment]:
        """Return the user's own."""
        return cloud_deployment_list(user=user_of(self.request))

    @extend_schema(
        operation_id="quantconnect_deployments_create",
        request=DeployInput,
        parameters=[idempotency.PARAMETER],
        responses={202: CloudDeploymentSerializer, 200: CloudDeploymentSerializer, **idempotency.REFUSALS},
    )
    def post(self, request: Request) -> Response:
        """Deploy a version: a worker makes the project, sends the files, compiles and starts; its steps are events."""
        user = user_of(request)
        account_get(user=user)
        given = DeployInput(data=request.data)
        given.is_valid(raise_exception=True)
        values: dict[str, Any] = dict(given.validated_data)
        version = version_of_user(user=user, version_id=values.pop("version"))
        made, is_new = cloud_deploy(
            user=user,
            request=DeployRequest(version=version, **values),
            request_key=idempotency.idempotency_key(request),
        )
        return _made(request, made, is_new, status.HTTP_202_ACCEPTED)


def _made(request: Request, made: CloudDeployment, is_new: bool, answer: int) -> Response:
    location = request.build_absolute_uri(f"/api/v1/quantconnect/live/deployments/{made.pk}/")
    return Response(
        CloudDeploymentSerializer(made).data,
        status=answer if is_new else status.HTTP_200_OK,
        headers={"Location": location},
    )


class FollowView(APIView):
    """Following what was deployed elsewhere."""

    write_scope = Scope.TRADE

    @extend_schema(
        operation_id="quantconnect_live_follow",
        request=None,
        responses={201: CloudDeploymentSerializer, 200: CloudDeploymentSerializer, **REFUSALS},
    )
    def post(self, request: Request, project_id: int) -> Response:
        """Follow a project's deployment that was not deployed from here; one that is followed is answered again."""
        made, is_new = cloud_follow(user=user_of(request), project_id=project_id)
        return _made(request, made, is_new, status.HTTP_201_CREATED)


class CloudDeploymentView(APIView):
    """One deployment."""

    @extend_schema(operation_id="quantconnect_deployments_read", responses=CloudDeploymentSerializer)
    def get(self, request: Request, remote_deployment_id: UUID) -> Response:
        """Return it, as it was when QuantConnect was last asked."""
        refuse_unknown(request)
        found = cloud_deployment_get(user=user_of(request), deployment_id=remote_deployment_id)
        return Response(CloudDeploymentSerializer(found).data)


class CloudStopView(APIView):
    """Stopping."""

    write_scope = Scope.TRADE

    @extend_schema(
        operation_id="quantconnect_deployments_stop", request=None, responses={202: CloudDeploymentSerializer}
    )
    def post(self, request: Request, remote_deployment_id: UUID) -> Response:
        """Stop it and leave its positions as they are; one that is over stays as it is."""
        user = user_of(request)
        stopped = cloud_stop(deployment=cloud_deployment_get(user=user, deployment_id=remote_deployment_id), actor=user)
        return Response(CloudDeploymentSerializer(stopped).data, status=status.HTTP_202_ACCEPTED)


class CloudLiquidateView(APIView):
    """Liquidating."""

    write_scope = Scope.TRADE

    @extend_schema(
        operation_id="quantconnect_deployments_liquidate",
        request=ConfirmedByNameInput,
        responses={202: CloudDeploymentSerializer, **_STATE},
    )
    def post(self, request: Request, remote_deployment_id: UUID) -> Response:
        """Sell all that it holds, and stop it: QuantConnect is told again until it shows it flat, or says why not."""
        user = user_of(request)
        deployment = cloud_deployment_get(user=user, deployment_id=remote_deployment_id)
        given = ConfirmedByNameInput(data=request.data)
        given.is_valid(raise_exception=True)
        values = given.validated_data
        sold = cloud_liquidate(
            deployment=deployment, actor=user, confirmation=values["confirm"], lasts_s=values["lasts_s"]
        )
        return Response(CloudDeploymentSerializer(sold).data, status=status.HTTP_202_ACCEPTED)


class CloudCommandsView(APIView):
    """Commands."""

    write_scope = Scope.TRADE

    @extend_schema(
        operation_id="quantconnect_deployments_command", request=CloudCommandInput, responses={204: None, **REFUSALS}
    )
    def post(self, request: Request, remote_deployment_id: UUID) -> Response:
        """Send a command; it is sent once. What the algorithm makes of it is in its log."""
        user = user_of(request)
        deployment = cloud_deployment_get(user=user, deployment_id=remote_deployment_id)
        given = CloudCommandInput(data=request.data)
        given.is_valid(raise_exception=True)
        cloud_command(deployment=deployment, command=given.validated_data["command"], actor=user)
        return Response(status=status.HTTP_204_NO_CONTENT)
