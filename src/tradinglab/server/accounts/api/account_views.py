"""``/api/v1/account/``: what people change about their own accounts."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import update_session_auth_hash
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from tradinglab.server.accounts.addresses import email_change_ask, email_verification_send, password_change
from tradinglab.server.accounts.api.serializers import (
    AcceptedSerializer,
    CodeInput,
    EmailChangeInput,
    EnrolmentSerializer,
    PasswordAndCodeInput,
    PasswordChangeInput,
    PasswordInput,
    RecoveryCodesSerializer,
    TotpSerializer,
)
from tradinglab.server.accounts.login import password_confirm, second_factor_confirm
from tradinglab.server.accounts.models import SignIn, User
from tradinglab.server.accounts.permissions import IsPerson, user_of
from tradinglab.server.accounts.services import sessions_end
from tradinglab.server.accounts.totp import (
    recovery_codes_left,
    recovery_codes_renew,
    totp_confirm,
    totp_disable,
    totp_enrol,
    totp_is_enabled,
)
from tradinglab.server.rest.fields import ProblemSerializer, StrictSerializer

_LETTER = "A letter with a link is under way, if the address can be used."
_STATE = OpenApiResponse(ProblemSerializer, "The second factor is not in the state that this needs.")


class PersonView(APIView):
    """What needs somebody who is logged in."""

    permission_classes = (IsPerson,)

    def read(self, kind: type[StrictSerializer]) -> dict[str, Any]:
        """Return what the request says."""
        given = kind(data=self.request.data)
        given.is_valid(raise_exception=True)
        values: dict[str, Any] = given.validated_data
        return values


class PasswordView(PersonView):
    """The password."""

    @extend_schema(operation_id="account_password_change", request=PasswordChangeInput, responses={204: None})
    def post(self, request: Request) -> Response:
        """Set another one. Every other session ends, and every sign-in: front ends log in anew."""
        user, values = user_of(request), self.read(PasswordChangeInput)
        password_confirm(user=user, password=values["current_password"], field="current_password")
        password_change(user=user, password=values["new_password"], by=user, field="new_password")
        _keep_session(request, user)
        return Response(status=status.HTTP_204_NO_CONTENT)


class EmailView(PersonView):
    """The e-mail address."""

    @extend_schema(operation_id="account_email_change", request=EmailChangeInput, responses={202: AcceptedSerializer})
    def post(self, request: Request) -> Response:
        """Send a letter to the new address; its link makes the change."""
        user, values = user_of(request), self.read(EmailChangeInput)
        password_confirm(user=user, password=values["password"])
        email_change_ask(user=user, email=values["email"])
        return Response({"detail": _LETTER}, status=status.HTTP_202_ACCEPTED)


class EmailVerificationView(PersonView):
    """The letter that confirms an address."""

    @extend_schema(operation_id="account_email_verification", request=None, responses={202: AcceptedSerializer})
    def post(self, request: Request) -> Response:
        """Send it again, unless the address is confirmed."""
        email_verification_send(user=user_of(request))
        return Response({"detail": _LETTER}, status=status.HTTP_202_ACCEPTED)


class SessionsView(PersonView):
    """Where somebody is logged in."""

    @extend_schema(operation_id="account_sessions_end", request=PasswordInput, responses={204: None})
    def post(self, request: Request) -> Response:
        """End every other session and every sign-in; API keys stay."""
        user = user_of(request)
        password_confirm(user=user, password=self.read(PasswordInput)["password"])
        sessions_end(user=user, by=user)
        _keep_session(request, user)
        return Response(status=status.HTTP_204_NO_CONTENT)


class TotpView(PersonView):
    """The second factor."""

    @extend_schema(operation_id="account_totp_read", responses=TotpSerializer)
    def get(self, request: Request) -> Response:
        """Say whether there is one."""
        user = user_of(request)
        shown = {"is_enabled": totp_is_enabled(user=user), "recovery_codes_left": recovery_codes_left(user=user)}
        return Response(TotpSerializer(shown).data)

    @extend_schema(
        operation_id="account_totp_enrol", request=PasswordInput, responses={200: EnrolmentSerializer, 409: _STATE}
    )
    def post(self, request: Request) -> Response:
        """Make a secret for an authenticator, shown this once; it counts after a code of it was confirmed."""
        user = user_of(request)
        password_confirm(user=user, password=self.read(PasswordInput)["password"])
        return Response(EnrolmentSerializer(totp_enrol(user=user)).data)


class TotpConfirmView(PersonView):
    """The first code."""

    @extend_schema(
        operation_id="account_totp_confirm", request=CodeInput, responses={200: RecoveryCodesSerializer, 409: _STATE}
    )
    def post(self, request: Request) -> Response:
        """Ask for a code at every log-in from now on; the recovery codes are shown this once."""
        codes = totp_confirm(user=user_of(request), code=self.read(CodeInput)["code"])
        return Response(RecoveryCodesSerializer({"recovery_codes": codes}).data)


class TotpDisableView(PersonView):
    """No second factor."""

    @extend_schema(
        operation_id="account_totp_disable", request=PasswordAndCodeInput, responses={204: None, 409: _STATE}
    )
    def post(self, request: Request) -> Response:
        """Ask for no code any more."""
        user = user_of(request)
        second_factor_confirm(user=user, **self.read(PasswordAndCodeInput))
        totp_disable(user=user, by=user)
        return Response(status=status.HTTP_204_NO_CONTENT)


class RecoveryCodesView(PersonView):
    """Codes for when the authenticator is lost."""

    @extend_schema(
        operation_id="account_recovery_codes_renew",
        request=PasswordAndCodeInput,
        responses={200: RecoveryCodesSerializer, 409: _STATE},
    )
    def post(self, request: Request) -> Response:
        """Return new ones, shown this once; the old ones count no more."""
        user = user_of(request)
        second_factor_confirm(user=user, **self.read(PasswordAndCodeInput))
        return Response(RecoveryCodesSerializer({"recovery_codes": recovery_codes_renew(user=user)}).data)


def _keep_session(request: Request, user: User) -> None:
    """Leave the session in which somebody asked; whoever came with a token has none."""
    if not isinstance(request.auth, SignIn):
        user.refresh_from_db()
        update_session_auth_hash(request, user)
