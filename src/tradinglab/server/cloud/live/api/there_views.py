"""``/api/v1/quantconnect/live/``: deployments at QuantConnect."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from tradinglab.quantconnect.models.live import LivePortfolio
from tradinglab.server.accounts.models import Scope
from tradinglab.server.accounts.permissions import user_of
from tradinglab.server.cloud.api.views import REFUSALS
from tradinglab.server.cloud.credentials import account_get
from tradinglab.server.cloud.live import there
from tradinglab.server.rest.fields import FiniteField, StrictSerializer
from tradinglab.server.rest.filters import refuse_unknown


class RemoteDeploymentSerializer(serializers.Serializer[Any]):
    """A deployment at QuantConnect."""

    deploy_id = serializers.CharField()
    project_id = serializers.IntegerField(allow_null=True)
    status = serializers.CharField(help_text="In QuantConnect's words.")
    is_over = serializers.BooleanField(help_text="Whether it trades no more.")
    brokerage = serializers.CharField()
    launched = serializers.DateTimeField(allow_null=True)
    stopped = serializers.DateTimeField(allow_null=True)
    equity = serializers.FloatField(allow_null=True)
    error = serializers.CharField()
    runtime_statistics = serializers.DictField(child=serializers.CharField())


class RemoteHoldingSerializer(serializers.Serializer[Any]):
    """What is held of a security."""

    symbol = serializers.CharField()
    quantity = serializers.FloatField(allow_null=True)
    average_price = serializers.FloatField(allow_null=True)
    price = serializers.FloatField(allow_null=True)
    value = serializers.FloatField(allow_null=True)
    unrealized = serializers.FloatField(allow_null=True)


class RemoteCashSerializer(serializers.Serializer[Any]):
    """What is held of a currency."""

    currency = serializers.CharField()
    amount = serializers.FloatField(allow_null=True)
    value = serializers.FloatField(allow_null=True, help_text="In the account's currency.")


class RemotePortfolioSerializer(serializers.Serializer[Any]):
    """What a deployment holds, as QuantConnect last told: minutes ago."""

    is_flat = serializers.BooleanField()
    holdings = RemoteHoldingSerializer(many=True)
    cash = RemoteCashSerializer(many=True)


class ConfirmedInput(StrictSerializer):
    """That the project that is named is meant."""

    confirm = serializers.CharField(max_length=300, help_text="The project's name, as it is at QuantConnect.")


class LiquidateInput(ConfirmedInput):
    """That it is meant, and how long the answer waits for it."""

    wait_s = FiniteField(min_value=0, max_value=there.MOST_WAIT_S, default=30.0)


class LiquidatedSerializer(serializers.Serializer[Any]):
    """What became of it."""

    is_flat = serializers.BooleanField()
    why_not = serializers.CharField(help_text="What QuantConnect shows if it is not flat.")
    asked = serializers.IntegerField(help_text="How often QuantConnect was told.")
    deployment = RemoteDeploymentSerializer()
    portfolio = RemotePortfolioSerializer()


class RemoteDeploymentsView(APIView):
    """The deployments at QuantConnect."""

    @extend_schema(operation_id="quantconnect_live", responses={200: RemoteDeploymentSerializer(many=True), **REFUSALS})
    def get(self, request: Request) -> Response:
        """List them."""
        refuse_unknown(request)
        return Response(RemoteDeploymentSerializer(there.deployment_list(user=user_of(request)), many=True).data)


class RemoteDeploymentView(APIView):
    """A project's deployment."""

    @extend_schema(operation_id="quantconnect_live_read", responses={200: RemoteDeploymentSerializer, **REFUSALS})
    def get(self, request: Request, project_id: int) -> Response:
        """Return the last one, as it is now."""
        refuse_unknown(request)
        return Response(
            RemoteDeploymentSerializer(there.deployment_read(user=user_of(request), project_id=project_id)).data
        )


class RemotePortfolioView(APIView):
    """What a project's deployment holds."""

    @extend_schema(operation_id="quantconnect_live_portfolio", responses={200: RemotePortfolioSerializer, **REFUSALS})
    def get(self, request: Request, project_id: int) -> Response:
        """Return holdings and cash."""
        refuse_unknown(request)
        found = there.portfolio_read(user=user_of(request), project_id=project_id)
        return Response(RemotePortfolioSerializer(_portfolio(found)).data)


class RemoteStopView(APIView):
    """Stopping a deployment."""

    write_scope = Scope.TRADE

    @extend_schema(
        operation_id="quantconnect_live_stop",
        request=ConfirmedInput,
        responses={200: RemoteDeploymentSerializer, **REFUSALS},
    )
    def post(self, request: Request, project_id: int) -> Response:
        """Stop it; what it holds it keeps."""
        user = user_of(request)
        account_get(user=user)
        given = ConfirmedInput(data=request.data)
        given.is_valid(raise_exception=True)
        made = there.deployment_stop(user=user, project_id=project_id, confirmation=given.validated_data["confirm"])
        return Response(RemoteDeploymentSerializer(made).data)


class RemoteLiquidateView(APIView):
    """Selling all that a deployment holds."""

    write_scope = Scope.TRADE

    @extend_schema(
        operation_id="quantconnect_live_liquidate",
        request=LiquidateInput,
        responses={200: LiquidatedSerializer, **REFUSALS},
    )
    def post(self, request: Request, project_id: int) -> Response:
        """Sell all and stop; told again until QuantConnect shows it flat, or says why not."""
        user = user_of(request)
        account_get(user=user)
        given = LiquidateInput(data=request.data)
        given.is_valid(raise_exception=True)
        values = given.validated_data
        made = there.deployment_liquidate(
            user=user, project_id=project_id, confirmation=values["confirm"], wait_s=values["wait_s"]
        )
        shown = {
            "is_flat": made.portfolio.is_flat,
            "why_not": "" if made.portfolio.is_flat else _why_not(made),
            "asked": made.asked,
            "deployment": made.deployment,
            "portfolio": _portfolio(made.portfolio),
        }
        return Response(LiquidatedSerializer(shown).data)


def _why_not(made: there.Flatness) -> str:
    held = ", ".join(name for name, each in made.portfolio.holdings.items() if each.quantity)
    said = made.deployment.error or made.deployment.message or "QuantConnect gives no reason"
    return (
        f"It is {made.deployment.status} and still shows {held}: {said}. Its portfolio may be minutes old; ask again."
    )


def _portfolio(found: LivePortfolio) -> dict[str, Any]:
    names = ("quantity", "average_price", "price", "value", "unrealized")
    return {
        "is_flat": found.is_flat,
        "holdings": [
            {"symbol": symbol, **{name: getattr(each, name) for name in names}}
            for symbol, each in found.holdings.items()
        ],
        "cash": [
            {"currency": name, "amount": each.amount, "value": each.value_in_account_currency}
            for name, each in found.cash.items()
        ],
    }
