"""``/api/v1/auth/``: tokens for front ends, sign-up, and what a letter's link carries."""

from __future__ import annotations

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from tradinglab.server.accounts.addresses import email_verify, password_reset, password_reset_ask
from tradinglab.server.accounts.api.serializers import (
    AcceptedSerializer,
    EmailInput,
    LinkTokenInput,
    LoginInput,
    PasswordResetInput,
    RefreshInput,
    SignUpInput,
    TokenPairSerializer,
    UserSerializer,
)
from tradinglab.server.accounts.invitations import sign_up_by_invitation, sign_up_openly
from tradinglab.server.accounts.login import login_check
from tradinglab.server.accounts.sign_ins import sign_in_create, sign_in_end, sign_in_refresh
from tradinglab.server.rest.fields import ProblemSerializer, StrictSerializer

_LETTER = "If there is something to be sent, a letter is under way. The answer is the same if there is not."
_CLOSED = OpenApiResponse(ProblemSerializer, "Nobody signs up here without an invitation, or nobody at all.")
_WEAK = OpenApiResponse(ProblemSerializer, "The machine's sandbox would not keep users apart.")


class PublicView(APIView):
    """What nobody need be logged in for; what a browser sends of itself is not looked at."""

    authentication_classes = ()
    permission_classes = (AllowAny,)


def _read(kind: type[StrictSerializer], request: Request) -> dict[str, str]:
    given = kind(data=request.data)
    given.is_valid(raise_exception=True)
    values: dict[str, str] = given.validated_data
    return values


class TokenView(PublicView):
    """Logging in."""

    @extend_schema(operation_id="auth_token_create", request=LoginInput, responses=TokenPairSerializer)
    def post(self, request: Request) -> Response:
        """Return tokens. With a second factor set up, the answer without `code` is 401 `code_needed`."""
        user = login_check(**_read(LoginInput, request))
        return Response(TokenPairSerializer(sign_in_create(user=user)).data)


class TokenRefreshView(PublicView):
    """Going on."""

    @extend_schema(operation_id="auth_token_refresh", request=RefreshInput, responses=TokenPairSerializer)
    def post(self, request: Request) -> Response:
        """Return new tokens; the one given counts no more. If it comes again, the whole sign-in ends."""
        return Response(TokenPairSerializer(sign_in_refresh(**_read(RefreshInput, request))).data)


class TokenRevokeView(PublicView):
    """Logging out."""

    @extend_schema(operation_id="auth_token_revoke", request=RefreshInput, responses={204: None})
    def post(self, request: Request) -> Response:
        """End the sign-in: access tokens too count no more, at once."""
        sign_in_end(**_read(RefreshInput, request))
        return Response(status=status.HTTP_204_NO_CONTENT)


class SignUpView(PublicView):
    """Signing up."""

    @extend_schema(
        operation_id="auth_sign_up",
        request=SignUpInput,
        responses={201: UserSerializer, 202: AcceptedSerializer, 403: _CLOSED, 409: _WEAK},
    )
    def post(self, request: Request) -> Response:
        """Make an account: at once with an invitation (201), else after the link in a letter was opened (202)."""
        values = _read(SignUpInput, request)
        invitation = values.pop("invitation", "")
        if invitation:
            user = sign_up_by_invitation(token=invitation, **values)
            return Response(UserSerializer(user).data, status=status.HTTP_201_CREATED)
        sign_up_openly(**values)
        return Response({"detail": _LETTER}, status=status.HTTP_202_ACCEPTED)


class EmailVerifyView(PublicView):
    """Confirming an address."""

    @extend_schema(operation_id="auth_email_verify", request=LinkTokenInput, responses={204: None})
    def post(self, request: Request) -> Response:
        """Confirm the address that the letter was sent to."""
        email_verify(**_read(LinkTokenInput, request))
        return Response(status=status.HTTP_204_NO_CONTENT)


class PasswordResetAskView(PublicView):
    """A forgotten password."""

    @extend_schema(operation_id="auth_password_reset_ask", request=EmailInput, responses={202: AcceptedSerializer})
    def post(self, request: Request) -> Response:
        """Send a letter with a link, if there is such a user; the answer does not tell."""
        password_reset_ask(**_read(EmailInput, request))
        return Response({"detail": _LETTER}, status=status.HTTP_202_ACCEPTED)


class PasswordResetView(PublicView):
    """A new password."""

    @extend_schema(operation_id="auth_password_reset", request=PasswordResetInput, responses={204: None})
    def post(self, request: Request) -> Response:
        """Set it with the token of the letter; every session and sign-in ends."""
        password_reset(**_read(PasswordResetInput, request))
        return Response(status=status.HTTP_204_NO_CONTENT)
