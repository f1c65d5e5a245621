"""``/api/v1/backtests/{id}/parity/`` and ``/api/v1/backtests/{id}/report/``."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from tradinglab.report.parity import Cause, Pair, Parity, ParityOrder, State
from tradinglab.report.parity_page import parity_page
from tradinglab.server.accounts.permissions import user_of
from tradinglab.server.backtests.models import Backtest
from tradinglab.server.backtests.parity import parity_of, parity_partner
from tradinglab.server.backtests.reports import report_read
from tradinglab.server.backtests.selectors import backtest_get
from tradinglab.server.rest.fields import ProblemSerializer, StrictSerializer
from tradinglab.server.rest.files import Content, content_response

_MOST_PAIRS = 1_000
_CAUSES = [each.value for each in Cause]


class ParityQuery(StrictSerializer):
    """What a backtest is compared with."""

    against = serializers.UUIDField(
        required=False,
        help_text="Another backtest of the same files; without it, the newest that another engine ran with the same "
        "parameters, dates and cash.",
    )


class ParityOrderSerializer(serializers.Serializer[Any]):
    """An order as it was filled."""

    id = serializers.IntegerField()
    symbol = serializers.CharField()
    side = serializers.CharField()
    time = serializers.DateTimeField()
    quantity = serializers.FloatField()
    price = serializers.FloatField()
    fee = serializers.FloatField(allow_null=True)
    status = serializers.CharField()


class ParityPairSerializer(serializers.Serializer[Any]):
    """Two orders that are one decision; null for what one engine did not place. Deltas are right less left."""

    left = ParityOrderSerializer(allow_null=True)
    right = ParityOrderSerializer(allow_null=True)
    causes = serializers.ListField(child=serializers.ChoiceField(choices=_CAUSES))
    time_s = serializers.FloatField(allow_null=True)
    price = serializers.FloatField(allow_null=True)
    quantity = serializers.FloatField(allow_null=True)
    fee = serializers.FloatField(allow_null=True)


class ParityStateSerializer(serializers.Serializer[Any]):
    """An account just before."""

    equity = serializers.FloatField(allow_null=True)
    holdings = serializers.DictField(child=serializers.FloatField())


class ParityDivergenceSerializer(serializers.Serializer[Any]):
    """Where the two part first."""

    pair = ParityPairSerializer()
    left = ParityStateSerializer()
    right = ParityStateSerializer()


class ParityStatisticSerializer(serializers.Serializer[Any]):
    """A statistic of both."""

    name = serializers.CharField()
    left = serializers.CharField(allow_null=True)
    right = serializers.CharField(allow_null=True)
    is_same = serializers.BooleanField()


class ParityEquitySerializer(serializers.Serializer[Any]):
    """The equity of both on the same instants."""

    time = serializers.ListField(child=serializers.DateTimeField())
    left = serializers.ListField(child=serializers.FloatField(allow_null=True))
    right = serializers.ListField(child=serializers.FloatField(allow_null=True))


class ParitySerializer(serializers.Serializer[Any]):
    """One version that two engines have run."""

    backtest = serializers.UUIDField(help_text="The left side.")
    against = serializers.UUIDField(help_text="The right side.")
    left = serializers.CharField()
    right = serializers.CharField()
    percent = serializers.FloatField(help_text="The share of orders in which nothing differs.")
    cause = serializers.ChoiceField(choices=_CAUSES, help_text="The probable one of the first divergence.")
    explanation = serializers.CharField()
    compared = serializers.IntegerField(help_text="Pairs of orders, and orders that one engine alone placed.")
    first_divergence = ParityDivergenceSerializer(allow_null=True)
    differences = ParityPairSerializer(many=True, help_text=f"The first {_MOST_PAIRS}, in the order of their times.")
    differences_left_out = serializers.IntegerField()
    statistics = ParityStatisticSerializer(many=True)
    equity = ParityEquitySerializer()


_REFUSALS = {409: OpenApiResponse(ProblemSerializer, "One of the two has not completed.")}


class ParityView(APIView):
    """A backtest beside the same version by another engine."""

    @extend_schema(
        operation_id="backtests_parity", parameters=[ParityQuery], responses={200: ParitySerializer, **_REFUSALS}
    )
    def get(self, request: Request, run_id: UUID) -> Response:
        """Align the orders of both, name where they part first, and the probable cause."""
        left, right = _both(request, run_id)
        return Response(_shown(left, right, parity_of(left=left, right=right)))


class BacktestReportView(APIView):
    """The report."""

    @extend_schema(
        operation_id="backtests_report",
        parameters=[
            ParityQuery,
            OpenApiParameter("Range", str, OpenApiParameter.HEADER, description="Such as `bytes=1000-`."),
        ],
        responses={(200, "text/html"): str, **_REFUSALS},
    )
    def get(self, request: Request, run_id: UUID) -> HttpResponseBase:
        """Return the report: one HTML file, with a section about the same version by another engine, if it ran it."""
        test = backtest_get(user=user_of(request), run_id=run_id)
        text = report_read(test=test, against=_against(request))
        content = Content(
            size=len(text),
            pieces=lambda first, last: iter((text[first : last + 1],)),
            sha256=hashlib.sha256(text).hexdigest(),
            media_type="text/html",
        )
        return content_response(request, content)


class ParityReportView(APIView):
    """The same as a page."""

    @extend_schema(
        operation_id="backtests_parity_report",
        parameters=[ParityQuery],
        responses={(200, "text/html"): str, **_REFUSALS},
    )
    def get(self, request: Request, run_id: UUID) -> HttpResponse:
        """Return the comparison as one HTML file."""
        left, right = _both(request, run_id)
        title = left.name or left.version.strategy.name
        return HttpResponse(parity_page(parity_of(left=left, right=right), title=title), content_type="text/html")


def _both(request: Request, run_id: UUID) -> tuple[Backtest, Backtest]:
    user = user_of(request)
    test = backtest_get(user=user, run_id=run_id)
    return test, parity_partner(user=user, test=test, against=_against(request))


def _against(request: Request) -> UUID | None:
    query = ParityQuery(data=request.query_params.dict())
    query.is_valid(raise_exception=True)
    found: UUID | None = query.validated_data.get("against")
    return found


def _shown(left: Backtest, right: Backtest, found: Parity) -> dict[str, Any]:
    apart = [each for each in found.pairs if not each.is_same]
    first = found.first
    return {
        "backtest": str(left.pk),
        "against": str(right.pk),
        "left": found.left,
        "right": found.right,
        "percent": found.percent,
        "cause": found.cause,
        "explanation": found.explanation,
        "compared": len(found.pairs),
        "first_divergence": None
        if first is None
        else {"pair": _pair(first.pair), "left": _state(first.left), "right": _state(first.right)},
        "differences": [_pair(each) for each in apart[:_MOST_PAIRS]],
        "differences_left_out": max(0, len(apart) - _MOST_PAIRS),
        "statistics": [
            {"name": name, "left": one, "right": two, "is_same": one == two} for name, one, two in found.statistics
        ],
        "equity": {
            "time": [_instant(at) for at, _, _ in found.equity],
            "left": [one for _, one, _ in found.equity],
            "right": [two for _, _, two in found.equity],
        },
    }


def _pair(pair: Pair) -> dict[str, Any]:
    return {
        "left": _order(pair.left),
        "right": _order(pair.right),
        "causes": list(pair.causes),
        "time_s": pair.time_s,
        "price": pair.price,
        "quantity": pair.quantity,
        "fee": pair.fee,
    }


def _order(order: ParityOrder | None) -> dict[str, Any] | None:
    if order is None:
        return None
    names = ("id", "symbol", "side", "quantity", "price", "fee", "status")
    return {**{name: getattr(order, name) for name in names}, "time": _instant(order.time_us)}


def _state(state: State) -> dict[str, Any]:
    return {"equity": state.equity, "holdings": dict(state.holdings)}


def _instant(time_us: int) -> str:
    return datetime.fromtimestamp(time_us / 1e6, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
