"""Opening a trial as a backtest."""

from __future__ import annotations

from uuid import UUID

from django.urls import reverse
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from tradinglab.server.accounts.permissions import user_of
from tradinglab.server.backtests.api.serializers import BacktestSerializer
from tradinglab.server.backtests.selectors import backtest_get
from tradinglab.server.optimizations.opening import backtest_open, trial_open
from tradinglab.server.optimizations.selectors import optimization_get
from tradinglab.server.rest.fields import ProblemSerializer, nothing_given
from tradinglab.server.runs.services import Submission


class TrialBacktestView(APIView):
    """The backtest of a trial."""

    @extend_schema(
        operation_id="optimizations_trials_open",
        request=None,
        responses={
            202: BacktestSerializer,
            200: BacktestSerializer,
            409: OpenApiResponse(ProblemSerializer, "It has not completed."),
            429: OpenApiResponse(ProblemSerializer, "You have as many runs waiting as may wait."),
        },
    )
    def post(self, request: Request, optimization_id: UUID, number: int) -> Response:
        """Return the full backtest of a trial; one that has none is run once, to the same figures."""
        nothing_given(request)
        user = user_of(request)
        found = optimization_get(user=user, run_id=optimization_id)
        return _answer(request, trial_open(owner=user, optimization=found, number=number))


class BacktestOpenView(APIView):
    """The full run of a backtest."""

    @extend_schema(
        operation_id="backtests_open",
        request=None,
        responses={
            202: BacktestSerializer,
            200: BacktestSerializer,
            409: OpenApiResponse(ProblemSerializer, "It is a trial that has not completed."),
            429: OpenApiResponse(ProblemSerializer, "You have as many runs waiting as may wait."),
        },
    )
    def post(self, request: Request, run_id: UUID) -> Response:
        """Return it, or, if it is a trial that keeps only its figures, the run of its own that comes to the same."""
        nothing_given(request)
        user = user_of(request)
        return _answer(request, backtest_open(owner=user, test=backtest_get(user=user, run_id=run_id)))


def _answer(request: Request, submitted: Submission) -> Response:
    test = backtest_get(user=user_of(request), run_id=submitted.run.pk)
    answer = status.HTTP_202_ACCEPTED if submitted.is_new else status.HTTP_200_OK
    location = request.build_absolute_uri(reverse("backtest", args=[test.pk]))
    return Response(BacktestSerializer(test).data, status=answer, headers={"Location": location})
