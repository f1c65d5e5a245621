"""``/api/v1/quantconnect-tokens/``: ways in for QuantConnect's clients."""

from __future__ import annotations

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import generics, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from tradinglab.server.accounts.api.serializers import (
    NewQuantConnectTokenSerializer,
    QuantConnectTokenInput,
    QuantConnectTokenSerializer,
)
from tradinglab.server.accounts.models import ApiKey, QuantConnectToken, Scope
from tradinglab.server.accounts.permissions import scopes_of, user_of
from tradinglab.server.accounts.quantconnect_tokens import (
    quantconnect_token_create,
    quantconnect_token_get,
    quantconnect_token_list,
    quantconnect_token_revoke,
)


class QuantConnectTokensView(generics.ListAPIView[QuantConnectToken]):
    """The tokens with which the user's QuantConnect clients sign in to this installation."""

    serializer_class = QuantConnectTokenSerializer
    queryset = QuantConnectToken.objects.none()
    write_scope = Scope.READ  # a token gives away no more than its maker has

    def get_queryset(self) -> QuerySet[QuantConnectToken]:
        """Return the user's own."""
        return quantconnect_token_list(user=user_of(self.request))

    @extend_schema(
        operation_id="quantconnect_tokens_create",
        request=QuantConnectTokenInput,
        responses={201: NewQuantConnectTokenSerializer},
    )
    def post(self, request: Request) -> Response:
        """Make a token; its text is in this answer and nowhere else."""
        given = QuantConnectTokenInput(data=request.data)
        given.is_valid(raise_exception=True)
        maker = request.auth if isinstance(request.auth, ApiKey) else None
        made = quantconnect_token_create(
            user=user_of(request), by=scopes_of(request), maker=maker, **given.validated_data
        )
        shown = QuantConnectTokenSerializer(made.row).data | {
            "token": made.token,
            "user_id": made.row.user_id,
            "organization_id": made.identity.organization_id,
            "collaborator_id": made.identity.public_id,
        }
        return Response(shown, status=status.HTTP_201_CREATED)


class QuantConnectTokenView(APIView):
    """One token."""

    write_scope = Scope.READ

    @extend_schema(operation_id="quantconnect_tokens_revoke", responses={204: None})
    def delete(self, request: Request, quantconnect_id: int) -> Response:
        """Refuse the token from now on; a key can end those alone that can do no more than itself."""
        user = user_of(request)
        row = quantconnect_token_get(user=user, token_id=quantconnect_id)
        if isinstance(request.auth, ApiKey) and not set(row.scopes) <= set(request.auth.scopes):
            self.permission_denied(request, "That token can do more than this key; log in to revoke it.")
        quantconnect_token_revoke(row=row, by=user)
        return Response(status=status.HTTP_204_NO_CONTENT)
