"""Whether who listens may still do so: users, sessions and keys end while a connection lasts."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.db.models import Q
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from tradinglab.server.accounts.models import ApiKey, Scope, SignIn, User


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What a connection was opened with.

    Attributes
    ----------
    user_id
        Whose connection it is.
    session_key
        The session of the page, if that opened it.
    api_key_id
        The API key, if that opened it or made its ticket.
    sign_in_id
        The sign-in of the access token, if that opened it or made its ticket.
    password_mark
        Changes with the user's password; empty for an API key, which outlives a password.
    """

    user_id: int
    session_key: str = ""
    api_key_id: int | None = None
    sign_in_id: UUID | None = None
    password_mark: str = ""

    def holds(self) -> bool:
        """Say whether user, session and key are still good for reading."""
        if self.session_key and session_user(self.session_key) is None:
            return False
        user = User.objects.filter(pk=self.user_id, is_active=True).first()
        if user is None or Scope.READ not in user.scopes:
            return False
        if self.api_key_id is not None:
            usable = Q(expires_at=None) | Q(expires_at__gt=timezone.now())
            return ApiKey.objects.filter(usable, pk=self.api_key_id, revoked_at=None).exists()
        if self.sign_in_id is not None and not _goes_on(self.sign_in_id):
            return False
        return constant_time_compare(self.password_mark, password_mark(user))


def _goes_on(sign_in_id: UUID) -> bool:
    return SignIn.objects.filter(pk=sign_in_id, revoked_at=None, expires_at__gt=timezone.now()).exists()


def password_mark(user: User) -> str:
    """Return what changes with a user's password."""
    return str(user.get_session_auth_hash())


def session_user(session_key: str) -> User | None:
    """Return the user who is logged in under a session."""
    store: Any = import_module(settings.SESSION_ENGINE).SessionStore(session_key)
    known = store.load() if session_key else {}
    if known.get(BACKEND_SESSION_KEY) not in settings.AUTHENTICATION_BACKENDS:
        return None
    user = User.objects.filter(pk=known.get(SESSION_KEY, 0), is_active=True).first()
    if user is None or not constant_time_compare(known.get(HASH_SESSION_KEY, ""), password_mark(user)):
        return None
    return user


def standing_of(user: User, auth: object, session_key: str | None) -> Standing:
    """Return the standing of a request: by its key or its token, else by its session, else by its user alone."""
    if isinstance(auth, ApiKey):
        return Standing(user_id=user.pk, api_key_id=auth.pk)
    mark = password_mark(user)
    if isinstance(auth, SignIn):
        return Standing(user_id=user.pk, sign_in_id=auth.pk, password_mark=mark)
    return Standing(user_id=user.pk, session_key=session_key or "", password_mark=mark)
