"""``/api/v1/backtests/{id}/…``: what can be done with a backtest that has its outcome."""

from __future__ import annotations

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from tradinglab.server.accounts.permissions import user_of
from tradinglab.server.backtests.api.serializers import BacktestDetailSerializer
from tradinglab.server.backtests.selectors import backtest_get
from tradinglab.server.runs.deletion import run_restore


class BacktestRestoreView(APIView):
    """Bringing a deleted backtest back."""

    @extend_schema(operation_id="backtests_restore", request=None, responses=BacktestDetailSerializer)
    def post(self, request: Request, run_id: UUID) -> Response:
        """Bring it back; one that is not deleted stays as it is."""
        user = user_of(request)
        run_restore(run=backtest_get(user=user, run_id=run_id, with_deleted=True).run)
        return Response(BacktestDetailSerializer(backtest_get(user=user, run_id=run_id)).data)
