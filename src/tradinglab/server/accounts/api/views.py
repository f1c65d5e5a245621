"""``/api/v1/me/``, ``/api/v1/api-keys/`` and ``/api/v1/audit/``."""

from __future__ import annotations

from django.db.models import QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import generics, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from tradinglab.server.accounts.api.serializers import (
    ApiKeyInput,
    ApiKeySerializer,
    AuditEntrySerializer,
    MeSerializer,
    NewApiKeySerializer,
)
from tradinglab.server.accounts.audit import audit_list
from tradinglab.server.accounts.models import ApiKey, AuditEntry, Scope
from tradinglab.server.accounts.permissions import scopes_of, user_of
from tradinglab.server.accounts.selectors import api_key_get, api_key_list
from tradinglab.server.accounts.services import api_key_create, api_key_revoke
from tradinglab.server.accounts.totp import totp_is_enabled
from tradinglab.server.rest.filters import InstantFilter


class MeView(APIView):
    """Who asks."""

    @extend_schema(operation_id="me_read", responses=MeSerializer)
    def get(self, request: Request) -> Response:
        """Say who asks, and what they may do."""
        user = user_of(request)
        shown = {
            "id": user.pk,
            "email": user.email,
            "is_email_verified": user.email_verified_at is not None,
            "has_totp": totp_is_enabled(user=user),
            "role": user.role,
            "scopes": sorted(scopes_of(request)),
        }
        return Response(MeSerializer(shown).data)


class ApiKeysView(generics.ListAPIView[ApiKey]):
    """The keys of who asks."""

    serializer_class = ApiKeySerializer
    queryset = ApiKey.objects.none()
    write_scope = Scope.READ  # a key gives away no more than its maker has

    def get_queryset(self) -> QuerySet[ApiKey]:
        """Return the user's own."""
        return api_key_list(user=user_of(self.request))

    @extend_schema(operation_id="api_keys_create", request=ApiKeyInput, responses={201: NewApiKeySerializer})
    def post(self, request: Request) -> Response:
        """Make a key; its token is in this answer and nowhere else."""
        given = ApiKeyInput(data=request.data)
        given.is_valid(raise_exception=True)
        maker = request.auth if isinstance(request.auth, ApiKey) else None
        made = api_key_create(user=user_of(request), by=scopes_of(request), maker=maker, **given.validated_data)
        shown = ApiKeySerializer(made.key).data | {"token": made.token}
        return Response(shown, status=status.HTTP_201_CREATED)


class ApiKeyView(APIView):
    """One key."""

    write_scope = Scope.READ

    @extend_schema(operation_id="api_keys_revoke", responses={204: None})
    def delete(self, request: Request, key_id: int) -> Response:
        """Refuse the key from now on; a key can end those alone that can do no more than itself."""
        user = user_of(request)
        key = api_key_get(user=user, key_id=key_id)
        if isinstance(request.auth, ApiKey) and not set(key.scopes) <= set(request.auth.scopes):
            self.permission_denied(request, "That key can do more than this one; log in to revoke it.")
        api_key_revoke(key=key, by=user)
        return Response(status=status.HTTP_204_NO_CONTENT)


class AuditFilter(filters.FilterSet):
    """Which entries are listed."""

    action = filters.CharFilter(lookup_expr="startswith", help_text="How the action begins, as `login.`.")
    email = filters.CharFilter(lookup_expr="iexact", help_text="Who did it.")
    address = filters.CharFilter(help_text="From where.")
    target_kind = filters.CharFilter(help_text="To what kind of thing, such as `user` or `apikey`.")
    target_id = filters.CharFilter(help_text="To which thing.")
    since = InstantFilter(field_name="created_at", lookup_expr="gte", help_text="From this moment on.")
    until = InstantFilter(field_name="created_at", lookup_expr="lt", help_text="Before this moment.")


class AuditView(generics.ListAPIView[AuditEntry]):
    """Who did what, on what, from where: all of it for admins, what concerns oneself for others."""

    serializer_class = AuditEntrySerializer
    queryset = AuditEntry.objects.none()
    filterset_class = AuditFilter

    def get_queryset(self) -> QuerySet[AuditEntry]:
        """Return what may be seen."""
        return audit_list(user=user_of(self.request), is_for_all=Scope.ADMIN in scopes_of(self.request))
