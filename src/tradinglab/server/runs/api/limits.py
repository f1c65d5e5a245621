"""``/api/v1/run-limits/``: what a user may take, and for an admin what others may."""

from __future__ import annotations

from typing import Any, cast

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from tradinglab.server.accounts.models import Scope, User
from tradinglab.server.accounts.permissions import scopes_of, user_of
from tradinglab.server.errors import NotFoundError
from tradinglab.server.rest.fields import FiniteField, StrictSerializer
from tradinglab.server.runs.limits import LEAST_MEMORY_MB, LimitChanges, limits_of, limits_set, usage_of

_MOST = 1_000_000
_LONGEST_S = 86_400.0


class RunLimitsInput(StrictSerializer):
    """Limits of one user; ``null`` means as for everybody."""

    most_running = serializers.IntegerField(min_value=1, max_value=_MOST, required=False, allow_null=True)
    most_queued = serializers.IntegerField(min_value=1, max_value=_MOST, required=False, allow_null=True)
    timeout_s = FiniteField(min_value=0.1, max_value=_LONGEST_S, required=False, allow_null=True)
    memory_mb = serializers.IntegerField(min_value=LEAST_MEMORY_MB, max_value=_MOST, required=False, allow_null=True)


class RunLimitsSerializer(serializers.Serializer[Any]):
    """What a user may take, and how much of it is taken."""

    most_running = serializers.IntegerField(help_text="Runs that may be under way at once; further ones wait.")
    most_queued = serializers.IntegerField(help_text="Runs that may wait; further ones are refused with 429.")
    timeout_s = serializers.FloatField(help_text="Seconds that a run may take, and takes if it does not ask for less.")
    memory_mb = serializers.IntegerField(help_text="Megabytes that a run may take.")
    running = serializers.IntegerField(help_text="Runs under way now.")
    queued = serializers.IntegerField(help_text="Runs that wait now.")


def _answer(user: User) -> Response:
    limits, usage = limits_of(user=user), usage_of(user=user)
    return Response(
        {
            "most_running": limits.most_running,
            "most_queued": limits.most_queued,
            "timeout_s": limits.timeout_s,
            "memory_mb": limits.memory_mb,
            "running": usage.running,
            "queued": usage.queued,
        }
    )


class RunLimitsView(APIView):
    """The limits of who asks."""

    @extend_schema(operation_id="run_limits_read", responses=RunLimitsSerializer)
    def get(self, request: Request) -> Response:
        """Return what you may take, and how much of it is taken."""
        return _answer(user_of(request))


class UserRunLimitsView(APIView):
    """The limits of any user, for admins; for others there is nobody but themselves."""

    write_scope = Scope.ADMIN

    @extend_schema(operation_id="users_run_limits_read", responses=RunLimitsSerializer)
    def get(self, request: Request, user_id: int) -> Response:
        """Return what a user may take, and how much of it is taken."""
        return _answer(self._user(request, user_id))

    @extend_schema(operation_id="users_run_limits_update", request=RunLimitsInput, responses=RunLimitsSerializer)
    def patch(self, request: Request, user_id: int) -> Response:
        """Change the limits that are given; `null` means as for everybody."""
        user = self._user(request, user_id)
        given = RunLimitsInput(data=request.data)
        given.is_valid(raise_exception=True)
        limits_set(user=user, changes=cast(LimitChanges, given.validated_data), by=user_of(request))
        return _answer(user)

    def _user(self, request: Request, user_id: int) -> User:
        may_see = user_id == user_of(request).pk or Scope.ADMIN in scopes_of(request)
        user = User.objects.filter(pk=user_id).first() if may_see else None
        if user is None:
            raise NotFoundError(f"There is no user {user_id}.")
        return user
