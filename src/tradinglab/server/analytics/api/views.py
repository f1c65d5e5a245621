"""``/api/v1/analytics/``."""

from __future__ import annotations

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from tradinglab.server.accounts.models import Scope
from tradinglab.server.accounts.permissions import user_of
from tradinglab.server.analytics.api.answers import AnalysisSerializer
from tradinglab.server.analytics.api.serializers import AnalyticsInput
from tradinglab.server.analytics.services import analysis_make
from tradinglab.server.rest.fields import ProblemSerializer


class AnalyticsView(APIView):
    """The figures of series."""

    write_scope = Scope.READ

    @extend_schema(
        operation_id="analytics_make",
        request=AnalyticsInput,
        responses={
            200: AnalysisSerializer,
            404: OpenApiResponse(ProblemSerializer, "There is no such run."),
            409: OpenApiResponse(ProblemSerializer, "The run has nothing to look at yet."),
            413: OpenApiResponse(ProblemSerializer, "The body has too many bytes."),
        },
        description=(
            "The house's figures of series that are sent, or of the user's runs: performance, drawdowns, tails, months "
            "and years, rolling figures, trades, factors, luck; of several series also what they are together. Nothing "
            "is stored. `docs/metrics.md` has the definitions; what is undefined is `null`."
        ),
    )
    def post(self, request: Request) -> Response:
        """Return the figures."""
        given = AnalyticsInput(data=request.data)
        given.is_valid(raise_exception=True)
        return Response(analysis_make(user=user_of(request), **given.asked()))
