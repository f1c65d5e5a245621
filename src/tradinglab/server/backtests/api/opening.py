"""``/api/v1/strategies/{id}/hold-outs/{id}/open/``."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from tradinglab.server.accounts.permissions import user_of
from tradinglab.server.backtests.api.serializers import BacktestDetailSerializer, TermsInput
from tradinglab.server.backtests.opening import hold_out_open
from tradinglab.server.backtests.requests import MOST_CASH
from tradinglab.server.backtests.selectors import backtest_get
from tradinglab.server.config.data_sources import SAMPLE
from tradinglab.server.honesty.selectors import hold_out_get
from tradinglab.server.rest.fields import NameField, NumberOrTextField, ProblemSerializer, StrictSerializer
from tradinglab.server.strategies.selectors import strategy_get, version_of_user


class OpeningInput(StrictSerializer):
    """The one variant that sealed days are opened for."""

    version = serializers.UUIDField(help_text="The `id` of a version of the strategy.")
    parameters = serializers.DictField(
        child=NumberOrTextField(max_length=1000, allow_blank=True, trim_whitespace=False), default=dict
    )
    data = serializers.CharField(  # type: ignore[assignment]  # where bars come from, not the serializer's
        max_length=40, default=SAMPLE, help_text="Name of a data source."
    )
    cash = serializers.DecimalField(
        max_digits=20, decimal_places=4, required=False, allow_null=True, default=None, min_value=1, max_value=MOST_CASH
    )
    name = NameField(max_length=200, allow_blank=True, default="")

    def validate_parameters(self, value: dict[str, str]) -> dict[str, str]:
        """Refuse names that no strategy can ask for."""
        return TermsInput().validate_parameters(value)


class HoldOutOpenView(APIView):
    """Opening a hold-out."""

    @extend_schema(
        operation_id="hold_outs_open",
        request=OpeningInput,
        responses={
            202: BacktestDetailSerializer,
            409: OpenApiResponse(ProblemSerializer, "It was opened, or given up, before."),
            429: OpenApiResponse(ProblemSerializer, "Too many requests, or as many runs wait as may (`limit`)."),
        },
        description="Break the seal for one version with one set of parameters, and run that over the sealed days. It "
        "is possible once. The run bears a stamp for ever: who opened it, when, for what, and after how many trials.",
    )
    def post(self, request: Request, strategy_id: UUID, hold_out_id: UUID) -> Response:
        """Open it."""
        user = user_of(request)
        strategy = strategy_get(user=user, strategy_id=strategy_id)
        hold_out = hold_out_get(strategy=strategy, hold_out_id=hold_out_id)
        given = OpeningInput(data=request.data)
        given.is_valid(raise_exception=True)
        values: dict[str, Any] = dict(given.validated_data)
        version = version_of_user(user=user, version_id=values.pop("version"))
        run_id = hold_out_open(hold_out=hold_out, by=user, version=version, **values).pk
        made = backtest_get(user=user, run_id=run_id)
        location = request.build_absolute_uri(f"/api/v1/backtests/{run_id}/")
        answer = status.HTTP_202_ACCEPTED
        return Response(BacktestDetailSerializer(made).data, status=answer, headers={"Location": location})
