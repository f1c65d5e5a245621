"""What a request may do: the scopes of its key, within those of its user's role."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from tradinglab.server.accounts.models import ApiKey, Scope, User

if TYPE_CHECKING:
    from rest_framework.views import APIView


def scopes_of(request: Request) -> frozenset[str]:
    """Return what the request may do."""
    user = request.user
    if not isinstance(user, User):
        return frozenset()
    return user.scopes & frozenset(request.auth.scopes) if isinstance(request.auth, ApiKey) else user.scopes


class HasScope(BasePermission):
    """Reading needs ``read``; all else needs what the view names as ``write_scope``, which is ``run``."""

    message = "That needs a scope which the key or the role does not have."

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Say whether the request may pass."""
        needed = Scope.READ if request.method in SAFE_METHODS else getattr(view, "write_scope", Scope.RUN)
        return needed in scopes_of(request)


def user_of(request: Request) -> User:
    """Return who asks; the permission has seen to it that there is somebody."""
    assert isinstance(request.user, User)
    return request.user
