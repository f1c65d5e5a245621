"""``/api/v1/users/`` and ``/api/v1/invitations/``: for admins."""

from __future__ import annotations

from django.db.models import QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import generics, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from tradinglab.server.accounts.api.serializers import (
    InvitationInput,
    InvitationSerializer,
    NewInvitationSerializer,
    UserChanges,
    UserSerializer,
)
from tradinglab.server.accounts.invitations import (
    invitation_create,
    invitation_get,
    invitation_list,
    invitation_revoke,
)
from tradinglab.server.accounts.models import Invitation, Role, Scope, User
from tradinglab.server.accounts.permissions import user_of
from tradinglab.server.accounts.selectors import user_get, user_list
from tradinglab.server.accounts.services import user_update
from tradinglab.server.rest.fields import ProblemSerializer
from tradinglab.server.rest.filters import ChoiceFilter, YesNoFilter

_LAST_ADMIN = OpenApiResponse(ProblemSerializer, "No active admin would be left.")
_USED = OpenApiResponse(ProblemSerializer, "Somebody came in with it already.")


class UserFilter(filters.FilterSet):
    """Which users are listed."""

    email = filters.CharFilter(lookup_expr="icontains", help_text="Part of the address.")
    role = ChoiceFilter(choices=Role.choices)
    is_active = YesNoFilter()


class UsersView(generics.ListAPIView[User]):
    """The users of the installation."""

    serializer_class = UserSerializer
    queryset = User.objects.none()
    filterset_class = UserFilter
    read_scope = write_scope = Scope.ADMIN

    def get_queryset(self) -> QuerySet[User]:
        """Return all of them."""
        return user_list()


class UserView(APIView):
    """One user."""

    read_scope = write_scope = Scope.ADMIN

    @extend_schema(operation_id="users_read", responses=UserSerializer)
    def get(self, request: Request, user_id: int) -> Response:
        """Return the user."""
        return Response(UserSerializer(user_get(user_id=user_id)).data)

    @extend_schema(operation_id="users_update", request=UserChanges, responses={200: UserSerializer, 409: _LAST_ADMIN})
    def patch(self, request: Request, user_id: int) -> Response:
        """Change the role, or whether the user may come in. Who may not is out at once, keys and tokens for good."""
        user = user_get(user_id=user_id)
        given = UserChanges(data=request.data)
        given.is_valid(raise_exception=True)
        return Response(UserSerializer(user_update(user=user, by=user_of(request), **given.validated_data)).data)


class InvitationsView(generics.ListAPIView[Invitation]):
    """Who was invited."""

    serializer_class = InvitationSerializer
    queryset = Invitation.objects.none()
    read_scope = write_scope = Scope.ADMIN

    def get_queryset(self) -> QuerySet[Invitation]:
        """Return all of them."""
        return invitation_list()

    @extend_schema(operation_id="invitations_create", request=InvitationInput, responses={201: NewInvitationSerializer})
    def post(self, request: Request) -> Response:
        """Invite somebody; token and link are in this answer, and in the letter if an address is given."""
        given = InvitationInput(data=request.data)
        given.is_valid(raise_exception=True)
        made = invitation_create(by=user_of(request), **given.validated_data)
        shown = InvitationSerializer(made.invitation).data | {"token": made.token, "link": made.link}
        return Response(shown, status=status.HTTP_201_CREATED)


class InvitationView(APIView):
    """One invitation."""

    read_scope = write_scope = Scope.ADMIN

    @extend_schema(operation_id="invitations_revoke", responses={204: None, 409: _USED})
    def delete(self, request: Request, invitation_id: int) -> Response:
        """Let nobody in with it."""
        invitation_revoke(invitation=invitation_get(invitation_id=invitation_id), by=user_of(request))
        return Response(status=status.HTTP_204_NO_CONTENT)
