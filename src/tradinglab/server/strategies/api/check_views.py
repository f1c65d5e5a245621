"""Checking a strategy's source, without running it."""

from __future__ import annotations

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from tradinglab.server.accounts.models import Scope
from tradinglab.server.accounts.permissions import user_of
from tradinglab.server.strategies.api.serializers import CheckInput, CheckSerializer
from tradinglab.server.strategies.checking import files_check
from tradinglab.server.strategies.files import check_files
from tradinglab.server.strategies.selectors import strategy_get, version_get

_DESCRIPTION = (
    "Syntax errors, a missing algorithm class, members and names that neither LEAN nor the strategy has, what LEAN has "
    "and TradingLab has not, imports that fail, and the parameters that are asked for. No line of the source is run."
)


class CheckView(APIView):
    """Checking files that are stored nowhere."""

    write_scope = Scope.READ

    @extend_schema(
        operation_id="strategies_check", request=CheckInput, responses=CheckSerializer, description=_DESCRIPTION
    )
    def post(self, request: Request) -> Response:
        """Say what is wrong with files."""
        given = CheckInput(data=request.data)
        given.is_valid(raise_exception=True)
        files = given.validated_data["files"]
        check_files(files)
        return Response(CheckSerializer(files_check(files=files)).data)


class VersionCheckView(APIView):
    """Checking a version."""

    @extend_schema(operation_id="versions_check", responses=CheckSerializer, description=_DESCRIPTION)
    def get(self, request: Request, strategy_id: UUID, content_hash: str) -> Response:
        """Say what is wrong with its files."""
        strategy = strategy_get(user=user_of(request), strategy_id=strategy_id)
        version = version_get(strategy=strategy, content_hash=content_hash)
        return Response(CheckSerializer(files_check(files=version.files)).data)
