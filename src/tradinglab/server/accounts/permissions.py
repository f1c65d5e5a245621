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


def scope_missing(needed: str) -> str:
    """Return what is said to who lacks a scope."""
    return (
        f"That needs the scope '{needed}', which the key or the role does not have. Use another key, or ask an admin."
    )


class HasScope(BasePermission):
    """Reading needs the view's ``read_scope``, which is ``read``; all else its ``write_scope``, which is ``run``."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Say whether the request may pass."""
        is_read = request.method in SAFE_METHODS
        needed = getattr(view, "read_scope", Scope.READ) if is_read else getattr(view, "write_scope", Scope.RUN)
        self.message = scope_missing(needed)
        return needed in scopes_of(request)


class IsPerson(BasePermission):
    """Somebody who logged in: what guards an account is not for a program's key to change."""

    message = "That needs somebody who is logged in; an API key is not enough."

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Say whether the request may pass."""
        return isinstance(request.user, User) and not isinstance(request.auth, ApiKey)


def user_of(request: Request) -> User:
    """Return who asks; the permission has seen to it that there is somebody."""
    assert isinstance(request.user, User)
    return request.user
