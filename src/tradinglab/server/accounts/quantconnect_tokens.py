"""Tokens with which QuantConnect's clients sign their requests to this installation.

A client sends ``SHA-256(token:time)`` and never the token. So the token itself must be known here: it is stored sealed.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import secrets
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from tradinglab.server.accounts.audit import audit_note
from tradinglab.server.accounts.grants import check_scopes, granted_until
from tradinglab.server.accounts.models import ApiKey, AuditAction, QuantConnectIdentity, QuantConnectToken, User
from tradinglab.server.errors import LimitReachedError, NotFoundError, SealError
from tradinglab.server.sealing import reseal, seal, unseal
from tradinglab.server.texts import check_name

#: Each of a user's tokens is tried when a request comes in.
MOST_TOKENS = 20
_TOKEN_BYTES = 32
_LONGEST_NAME = 100
_ID_BYTES = 16
_USE_NOTED_EVERY = timedelta(minutes=1)


class NewQuantConnectToken(NamedTuple):
    """A token, its text, which is shown this once, and who it belongs to."""

    row: QuantConnectToken
    token: str
    identity: QuantConnectIdentity


def quantconnect_identity(*, user: User) -> QuantConnectIdentity:
    """Return what QuantConnect's clients know a user by; it is made when it is first asked for."""
    with contextlib.suppress(QuantConnectIdentity.DoesNotExist):
        return user.quantconnect_identity
    fresh = {"public_id": secrets.token_hex(_ID_BYTES), "organization_id": secrets.token_hex(_ID_BYTES)}
    return QuantConnectIdentity.objects.get_or_create(user=user, defaults=fresh)[0]


@transaction.atomic
def quantconnect_token_create(
    *,
    user: User,
    name: str,
    by: Collection[str],
    scopes: Collection[str] | None = None,
    expires_at: datetime | None = None,
    maker: ApiKey | None = None,
) -> NewQuantConnectToken:
    """Make a token; without *scopes* it may do what its maker may (*by*).

    Raises
    ------
    InputError
        If a scope is unknown or beyond the caller's, or the expiry has passed.
    LimitReachedError
        If the user has as many as one may have.
    """
    check_name("name", name, longest=_LONGEST_NAME)
    wanted = sorted(set(by if scopes is None else scopes))
    check_scopes(wanted, by=by)
    until = granted_until(expires_at, maker=maker)
    User.objects.select_for_update().get(pk=user.pk)
    there = quantconnect_token_list(user=user).count()
    if there >= MOST_TOKENS:
        raise LimitReachedError(
            f"You have {there} QuantConnect tokens, and {MOST_TOKENS} is the most. Revoke one that is not used.",
            limit=MOST_TOKENS,
            current=there,
        )
    token = secrets.token_hex(_TOKEN_BYTES)
    row = QuantConnectToken.objects.create(
        user=user, name=name, sealed_token=seal(token), scopes=wanted, expires_at=until
    )
    details = {"name": name, "scopes": wanted}
    audit_note(action=AuditAction.QUANTCONNECT_TOKEN_CREATED, actor=user, target=row, details=details)
    return NewQuantConnectToken(row, token, quantconnect_identity(user=user))


@transaction.atomic
def quantconnect_token_revoke(*, row: QuantConnectToken, by: User | None) -> None:
    """Refuse a token from now on, and forget it."""
    fresh = QuantConnectToken.objects.filter(pk=row.pk, revoked_at=None)
    if fresh.update(revoked_at=timezone.now(), sealed_token=""):
        audit_note(action=AuditAction.QUANTCONNECT_TOKEN_REVOKED, actor=by, target=row, details={"name": row.name})


def quantconnect_tokens_end(*, user: User, by: User | None) -> None:
    """Revoke all of a user's tokens."""
    for row in quantconnect_token_list(user=user):
        quantconnect_token_revoke(row=row, by=by)


def quantconnect_token_list(*, user: User) -> QuerySet[QuantConnectToken]:
    """Return a user's tokens that are not revoked."""
    return QuantConnectToken.objects.filter(user=user, revoked_at=None)


def quantconnect_token_get(*, user: User, token_id: int) -> QuantConnectToken:
    """Return one of a user's tokens."""
    row = quantconnect_token_list(user=user).filter(pk=token_id).first()
    if row is None:
        raise NotFoundError(f"There is no QuantConnect token {token_id}.")
    return row


def quantconnect_token_of_hash(*, user_id: int, digest: str, timestamp: str) -> QuantConnectToken | None:
    """Return the token with which *timestamp* was signed, if the user has it and may come in."""
    usable = Q(expires_at=None) | Q(expires_at__gt=timezone.now())
    rows = QuantConnectToken.objects.select_related("user").filter(
        usable, user_id=user_id, revoked_at=None, user__is_active=True
    )
    given, found = digest.encode("utf-8", "replace"), None
    for row in rows[:MOST_TOKENS]:
        try:
            token = unseal(row.sealed_token)
        except SealError:
            # The key that sealed it is gone; the user's other tokens are as good as before.
            continue
        made = hashlib.sha256(f"{token}:{timestamp}".encode()).hexdigest()
        if hmac.compare_digest(made.encode(), given):
            found = row
    return found


def quantconnect_token_note_use(*, row: QuantConnectToken) -> None:
    """Note that a token was used, at most once a minute, and seal it with the newest key meanwhile."""
    now = timezone.now()
    if row.last_used_at is None or now - row.last_used_at > _USE_NOTED_EVERY:
        fresh = QuantConnectToken.objects.filter(pk=row.pk, revoked_at=None)
        fresh.update(last_used_at=now, sealed_token=reseal(row.sealed_token))
