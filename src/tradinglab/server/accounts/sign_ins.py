"""Tokens for front ends: a short one to work with, and one to renew both.

A sign-in is a row; both tokens name it, and end with it at once. Of the refresh tokens only the newest counts. One
that was renewed before and comes again was stolen, either now or then: the whole sign-in ends.
"""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.tokens import AccessToken, RefreshToken, Token

from tradinglab.server.accounts.audit import audit_note
from tradinglab.server.accounts.errors import TokenRefusedError
from tradinglab.server.accounts.models import AuditAction, SignIn, User
from tradinglab.server.ops.caller import caller

#: However often it is renewed, a sign-in ends after this.
LONGEST_SIGN_IN = timedelta(days=90)
_CLAIM = "sign_in"


class TokenPair(NamedTuple):
    """What a front end keeps."""

    access: str
    refresh: str
    expires_in: int


def sign_in_create(*, user: User) -> TokenPair:
    """Return tokens for a user who has just logged in; sign-ins that have expired are forgotten."""
    where, refresh = caller.get(), RefreshToken()
    SignIn.objects.filter(user=user, expires_at__lt=timezone.now()).delete()
    row = SignIn.objects.create(
        user=user,
        refresh_id=refresh["jti"],
        expires_at=timezone.now() + refresh.lifetime,
        address=where.address[:64],
        agent=where.agent,
    )
    return _pair(row, refresh)


def sign_in_refresh(*, refresh: str) -> TokenPair:
    """Return new tokens for a refresh token, which counts no more.

    Raises
    ------
    TokenRefusedError
        If the token is wrong, expired or revoked; if it was used before, the sign-in ends with it.
    """
    given = _read(RefreshToken, refresh)
    now = timezone.now()
    with transaction.atomic():
        row = _usable().select_for_update(of=("self",)).filter(pk=given[_CLAIM]).first() if given else None
        if given is None or row is None:
            raise TokenRefusedError
        is_newest = row.refresh_id == given["jti"]
        if is_newest:
            renewed = RefreshToken()
            row.refresh_id, row.last_used_at = renewed["jti"], now
            row.expires_at = min(now + renewed.lifetime, row.created_at + LONGEST_SIGN_IN)
            row.save(update_fields=["refresh_id", "last_used_at", "expires_at"])
            return _pair(row, renewed)
        SignIn.objects.filter(pk=row.pk).update(revoked_at=now)
        audit_note(action=AuditAction.TOKEN_REUSED, actor=None, target=row.user)
    raise TokenRefusedError


@transaction.atomic
def sign_in_end(*, refresh: str) -> None:
    """End the sign-in of a refresh token; one that means nothing changes nothing."""
    given = _read(RefreshToken, refresh)
    row = SignIn.objects.select_related("user").filter(pk=given[_CLAIM], revoked_at=None).first() if given else None
    if row is not None:
        SignIn.objects.filter(pk=row.pk).update(revoked_at=timezone.now())
        audit_note(action=AuditAction.LOGOUT, actor=row.user, target=row.user)


def sign_ins_end(*, user: User) -> None:
    """End all sign-ins of a user."""
    SignIn.objects.filter(user=user, revoked_at=None).update(revoked_at=timezone.now())


def sign_in_of_token(*, access: str) -> SignIn | None:
    """Return the sign-in of an access token, if it goes on and its user is active."""
    given = _read(AccessToken, access)
    return _usable().filter(pk=given[_CLAIM]).first() if given else None


def _usable() -> QuerySet[SignIn]:
    now = timezone.now()
    return SignIn.objects.select_related("user").filter(revoked_at=None, expires_at__gt=now, user__is_active=True)


def _read(kind: type[Token], text: str) -> Token | None:
    try:
        token = kind(text)  # type: ignore[arg-type]  # the library means the text of one
        UUID(str(token[_CLAIM]))
    except (TokenError, KeyError, ValueError):
        return None
    return token


def _pair(row: SignIn, refresh: RefreshToken) -> TokenPair:
    refresh[_CLAIM] = str(row.pk)
    access = refresh.access_token
    return TokenPair(str(access), str(refresh), int(access.lifetime.total_seconds()))


def sign_ins_forget() -> int:
    """Forget the sign-ins that are over; return how many there were."""
    return SignIn.objects.filter(expires_at__lt=timezone.now()).delete()[0]
