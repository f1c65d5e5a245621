"""Reads about users and their keys."""

from __future__ import annotations

import hmac

from django.db.models import Q, QuerySet
from django.utils import timezone

from tradinglab.server.accounts.models import ApiKey, User
from tradinglab.server.accounts.services import digest_of
from tradinglab.server.errors import NotFoundError

_PARTS = 3


def user_by_email(*, email: str) -> User:
    """Return the user with an e-mail address."""
    user = User.objects.filter(email__iexact=email.strip()).first()
    if user is None:
        raise NotFoundError(f"There is no user with the e-mail address '{email}'.")
    return user


def owner() -> User | None:
    """Return the installation's first user."""
    return User.objects.order_by("id").first()


def user_list() -> QuerySet[User]:
    """Return all users; the caller is an admin."""
    return User.objects.all()


def user_get(*, user_id: int) -> User:
    """Return one user; the caller is an admin."""
    user = User.objects.filter(pk=user_id).first()
    if user is None:
        raise NotFoundError(f"There is no user {user_id}.")
    return user


def api_key_list(*, user: User) -> QuerySet[ApiKey]:
    """Return a user's keys that are not revoked."""
    return ApiKey.objects.filter(user=user, revoked_at=None)


def api_key_get(*, user: User, key_id: int) -> ApiKey:
    """Return one of a user's keys."""
    key = api_key_list(user=user).filter(pk=key_id).first()
    if key is None:
        raise NotFoundError(f"There is no API key {key_id}.")
    return key


def api_key_of_token(*, token: str) -> ApiKey | None:
    """Return the key that a token opens, if it is whole, not expired, not revoked, and its user is active."""
    parts = token.split("_", 2)
    if len(parts) != _PARTS or parts[0] != "tl" or not token.isascii():
        return None
    usable = Q(expires_at=None) | Q(expires_at__gt=timezone.now())
    key = (
        ApiKey.objects.select_related("user")
        .filter(usable, prefix=parts[1][:12], revoked_at=None, user__is_active=True)
        .first()
    )
    if key is None or not hmac.compare_digest(key.digest, digest_of(parts[2])):
        return None
    return key
