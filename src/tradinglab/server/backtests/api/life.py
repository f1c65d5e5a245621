"""``/api/v1/backtests/{id}/…``: what can be done with a backtest that has its outcome."""

from __future__ import annotations

from uuid import UUID

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from tradinglab.server.accounts.permissions import user_of
from tradinglab.server.backtests.api.serializers import (
    BacktestChanges,
    BacktestDetailSerializer,
    VerificationSerializer,
)
from tradinglab.server.backtests.selectors import backtest_get
from tradinglab.server.backtests.services import backtest_rerun
from tradinglab.server.backtests.verifying import backtest_verify, verification_get, verification_list
from tradinglab.server.rest import idempotency
from tradinglab.server.rest.fields import ProblemSerializer, nothing_given
from tradinglab.server.rest.filters import refuse_unknown
from tradinglab.server.runs.deletion import run_restore
from tradinglab.server.runs.services import Submission, run_cancel
from tradinglab.server.strategies.selectors import version_of_user


def _status(submitted: Submission) -> int:
    return status.HTTP_202_ACCEPTED if submitted.is_new else status.HTTP_200_OK


class BacktestRestoreView(APIView):
    """Bringing a deleted backtest back."""

    @extend_schema(operation_id="backtests_restore", request=None, responses=BacktestDetailSerializer)
    def post(self, request: Request, run_id: UUID) -> Response:
        """Bring it back; one that is not deleted stays as it is."""
        nothing_given(request)
        user = user_of(request)
        run_restore(run=backtest_get(user=user, run_id=run_id, with_deleted=True).run)
        return Response(BacktestDetailSerializer(backtest_get(user=user, run_id=run_id)).data)


class BacktestRerunView(APIView):
    """Running a backtest anew, with changes."""

    @extend_schema(
        operation_id="backtests_rerun",
        request=BacktestChanges,
        parameters=[idempotency.PARAMETER],
        responses={202: BacktestDetailSerializer, 200: BacktestDetailSerializer, **idempotency.REFUSALS},
    )
    def post(self, request: Request, run_id: UUID) -> Response:
        """Put another backtest into the queue: as this one was asked for, but for what is given."""
        user = user_of(request)
        test = backtest_get(user=user, run_id=run_id)
        given = BacktestChanges(data=request.data, partial=True)
        given.is_valid(raise_exception=True)
        changes = dict(given.validated_data)
        if "version" in changes:
            changes["version"] = version_of_user(user=user, version_id=changes["version"])
        submitted = backtest_rerun(test=test, changes=changes, idempotency_key=idempotency.idempotency_key(request))
        made = backtest_get(user=user, run_id=submitted.run.pk, with_deleted=True)
        return Response(BacktestDetailSerializer(made).data, status=_status(submitted))


class BacktestVerifyView(APIView):
    """Verifying a backtest."""

    @extend_schema(
        operation_id="backtests_verify",
        request=None,
        parameters=[idempotency.PARAMETER],
        responses={
            202: VerificationSerializer,
            200: VerificationSerializer,
            409: OpenApiResponse(ProblemSerializer, "It has not completed, or its data are no longer there."),
            **idempotency.REFUSALS,
        },
    )
    def post(self, request: Request, run_id: UUID) -> Response:
        """Run it again from its manifest; it comes to the same, or the first difference is named."""
        nothing_given(request)
        user = user_of(request)
        test = backtest_get(user=user, run_id=run_id)
        submitted = backtest_verify(test=test, idempotency_key=idempotency.idempotency_key(request))
        made = verification_get(user=user, test=test, run_id=submitted.run.pk)
        return Response(VerificationSerializer(made).data, status=_status(submitted))


class VerificationsView(APIView):
    """The verifications of a backtest."""

    @extend_schema(operation_id="backtests_verifications", responses=VerificationSerializer(many=True))
    def get(self, request: Request, run_id: UUID) -> Response:
        """List the last hundred, newest first."""
        refuse_unknown(request)
        user = user_of(request)
        found = verification_list(user=user, test=backtest_get(user=user, run_id=run_id))
        return Response(VerificationSerializer(found[:100], many=True).data)


class VerificationView(APIView):
    """One verification."""

    @extend_schema(operation_id="backtests_verification", responses=VerificationSerializer)
    def get(self, request: Request, run_id: UUID, verification_id: UUID) -> Response:
        """Return where it is, and what it came to."""
        user = user_of(request)
        test = backtest_get(user=user, run_id=run_id)
        found = verification_get(user=user, test=test, run_id=verification_id)
        return Response(VerificationSerializer(found).data)

    @extend_schema(
        operation_id="backtests_verification_cancel",
        responses={202: VerificationSerializer, 409: OpenApiResponse(ProblemSerializer, "It is over.")},
    )
    def delete(self, request: Request, run_id: UUID, verification_id: UUID) -> Response:
        """Cancel it; it stays in the list."""
        user = user_of(request)
        test = backtest_get(user=user, run_id=run_id)
        run_cancel(run=verification_get(user=user, test=test, run_id=verification_id).run)
        found = verification_get(user=user, test=test, run_id=verification_id)
        return Response(VerificationSerializer(found).data, status=status.HTTP_202_ACCEPTED)
