"""``/api/v1/quantconnect/``: a user's QuantConnect account, and what is there."""

from __future__ import annotations

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from tradinglab.server.accounts.permissions import user_of
from tradinglab.server.cloud import browsing
from tradinglab.server.cloud.api.serializers import (
    AccountSerializer,
    CredentialsInput,
    RemoteBacktestSerializer,
    RemoteBacktestSummarySerializer,
    RemoteCompileSerializer,
    RemoteFileInput,
    RemoteFileSerializer,
    RemoteProjectInput,
    RemoteProjectSerializer,
    compile_shown,
)
from tradinglab.server.cloud.credentials import account_connect, account_get, account_remove, account_test
from tradinglab.server.rest.fields import ProblemSerializer
from tradinglab.server.rest.filters import refuse_unknown

#: How a call to QuantConnect may fail.
REFUSALS = {
    409: OpenApiResponse(
        ProblemSerializer, "QuantConnect refuses: the request, the credentials, or for want of a spare node."
    ),
    502: OpenApiResponse(ProblemSerializer, "QuantConnect does not answer, or not as it should."),
}


class CredentialsView(APIView):
    """The QuantConnect account of who asks."""

    @extend_schema(operation_id="quantconnect_credentials_read", responses=AccountSerializer)
    def get(self, request: Request) -> Response:
        """Say which account is connected, and whether QuantConnect last accepted it; never the token."""
        refuse_unknown(request)
        return Response(AccountSerializer(account_get(user=user_of(request))).data)

    @extend_schema(
        operation_id="quantconnect_credentials_set",
        request=CredentialsInput,
        responses={200: AccountSerializer, **REFUSALS},
    )
    def put(self, request: Request) -> Response:
        """Connect an account: QuantConnect is asked whether it accepts user id and token, then they are stored."""
        given = CredentialsInput(data=request.data)
        given.is_valid(raise_exception=True)
        values = given.validated_data
        account = account_connect(user=user_of(request), remote_user=values["user_id"], token=values["token"])
        return Response(AccountSerializer(account).data)

    @extend_schema(
        operation_id="quantconnect_credentials_remove",
        responses={
            204: OpenApiResponse(description="It is forgotten, with all that was learnt there."),
            409: OpenApiResponse(ProblemSerializer, "The installation's settings hold it."),
        },
    )
    def delete(self, request: Request) -> Response:
        """Forget the account; backtests that are under way there are given up."""
        account_remove(user=user_of(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


class CredentialsTestView(APIView):
    """Whether QuantConnect accepts the account."""

    @extend_schema(
        operation_id="quantconnect_credentials_test", request=None, responses={200: AccountSerializer, **REFUSALS}
    )
    def post(self, request: Request) -> Response:
        """Ask QuantConnect now."""
        return Response(AccountSerializer(account_test(account=account_get(user=user_of(request)))).data)


class RemoteProjectsView(APIView):
    """The projects at QuantConnect."""

    @extend_schema(
        operation_id="quantconnect_projects", responses={200: RemoteProjectSerializer(many=True), **REFUSALS}
    )
    def get(self, request: Request) -> Response:
        """List them."""
        refuse_unknown(request)
        return Response(RemoteProjectSerializer(browsing.project_list(user=user_of(request)), many=True).data)

    @extend_schema(
        operation_id="quantconnect_projects_create",
        request=RemoteProjectInput,
        responses={201: RemoteProjectSerializer, **REFUSALS},
    )
    def post(self, request: Request) -> Response:
        """Create a project."""
        user = user_of(request)
        account_get(user=user)
        given = RemoteProjectInput(data=request.data)
        given.is_valid(raise_exception=True)
        made = browsing.project_create(user=user, **given.validated_data)
        return Response(RemoteProjectSerializer(made).data, status=status.HTTP_201_CREATED)


class RemoteFilesView(APIView):
    """The files of a project at QuantConnect."""

    @extend_schema(operation_id="quantconnect_files", responses={200: RemoteFileSerializer(many=True), **REFUSALS})
    def get(self, request: Request, project_id: int) -> Response:
        """List them with their text."""
        refuse_unknown(request)
        found = browsing.file_list(user=user_of(request), project_id=project_id)
        return Response(RemoteFileSerializer(found, many=True).data)

    @extend_schema(
        operation_id="quantconnect_files_create",
        request=RemoteFileInput,
        responses={201: RemoteFileSerializer, **REFUSALS},
    )
    def post(self, request: Request, project_id: int) -> Response:
        """Create a file, or replace the text of the one that has the name."""
        user = user_of(request)
        account_get(user=user)
        given = RemoteFileInput(data=request.data)
        given.is_valid(raise_exception=True)
        made = browsing.file_create(user=user, project_id=project_id, **given.validated_data)
        return Response(RemoteFileSerializer(made).data, status=status.HTTP_201_CREATED)


class RemoteCompilesView(APIView):
    """Compiling a project at QuantConnect."""

    @extend_schema(
        operation_id="quantconnect_compile", request=None, responses={201: RemoteCompileSerializer, **REFUSALS}
    )
    def post(self, request: Request, project_id: int) -> Response:
        """Have its files compiled as they are now; the answer's `compile_id` is to be asked for."""
        made = browsing.compile_create(user=user_of(request), project_id=project_id)
        return Response(RemoteCompileSerializer(compile_shown(made)).data, status=status.HTTP_201_CREATED)


class RemoteCompileView(APIView):
    """A compilation at QuantConnect."""

    @extend_schema(operation_id="quantconnect_compile_read", responses={200: RemoteCompileSerializer, **REFUSALS})
    def get(self, request: Request, project_id: int, compile_id: str) -> Response:
        """Say how far it is; errors by file and line."""
        refuse_unknown(request)
        found = browsing.compile_read(user=user_of(request), project_id=project_id, compile_id=compile_id)
        return Response(RemoteCompileSerializer(compile_shown(found)).data)


class RemoteBacktestsView(APIView):
    """The backtests of a project at QuantConnect."""

    @extend_schema(
        operation_id="quantconnect_project_backtests",
        responses={200: RemoteBacktestSummarySerializer(many=True), **REFUSALS},
    )
    def get(self, request: Request, project_id: int) -> Response:
        """List them."""
        refuse_unknown(request)
        found = browsing.remote_backtest_list(user=user_of(request), project_id=project_id)
        return Response(RemoteBacktestSummarySerializer(found, many=True).data)


class RemoteBacktestView(APIView):
    """A backtest at QuantConnect."""

    @extend_schema(operation_id="quantconnect_backtest_monitor", responses={200: RemoteBacktestSerializer, **REFUSALS})
    def get(self, request: Request, project_id: int, backtest_id: str) -> Response:
        """Say how far it is there, and its statistics once it has them."""
        refuse_unknown(request)
        found = browsing.remote_backtest_read(user=user_of(request), project_id=project_id, backtest_id=backtest_id)
        return Response(RemoteBacktestSerializer(found).data)
