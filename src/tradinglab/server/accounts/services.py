"""Writes about users and their keys."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import NamedTuple

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from tradinglab.sandbox import Grade
from tradinglab.server.accounts.audit import audit_note
from tradinglab.server.accounts.grants import check_scopes, granted_until
from tradinglab.server.accounts.models import ApiKey, AuditAction, Role, User
from tradinglab.server.accounts.quantconnect_tokens import quantconnect_tokens_end
from tradinglab.server.accounts.sign_ins import sign_ins_end
from tradinglab.server.config.grade import machine_grade
from tradinglab.server.errors import ConflictError, InputError, WeakSandboxError
from tradinglab.server.texts import check_name

_USE_NOTED_EVERY = timedelta(minutes=1)
_PREFIX_BYTES = 6
_SECRET_BYTES = 32
_LONGEST_EMAIL = 254
_LONGEST_KEY_NAME = 100


class NewKey(NamedTuple):
    """A key, and the token that is shown this once."""

    key: ApiKey
    token: str


@transaction.atomic
def user_create(*, email: str, role: str, password: str | None = None, by: User | None = None) -> User:
    """Store a user; *by* is who makes it, if it is somebody who is logged in.

    Raises
    ------
    WeakSandboxError
        If there is a user already, and the machine's sandbox would not keep the two apart.
    InputError
        If the address, the role or the password cannot be used.
    """
    check_email(email)
    check_role(role)
    if password is not None:
        check_password(password)
    if User.objects.select_for_update().exists():
        _check_sandbox()
    if User.objects.filter(email__iexact=email.strip()).exists():
        raise InputError("email", email, "There is a user with that address already.")
    user = User.objects.create_user(email, password, role=role)
    audit_note(action=AuditAction.USER_CREATED, actor=by, target=user, details={"role": role})
    return user


def _check_sandbox() -> None:
    if machine_grade() is Grade.WEAK and not settings.ENVIRONMENT.allow_weak_sandbox:
        raise WeakSandboxError(
            "This machine's sandbox is weak: the strategies of one user could read another's files, so a second user "
            "is refused. 'tradinglab sandbox probe' says what the machine lacks; TRADINGLAB_ALLOW_WEAK_SANDBOX=true "
            "allows it where all users trust each other."
        )


@transaction.atomic
def user_update(*, user: User, by: User | None, role: str | None = None, is_active: bool | None = None) -> User:
    """Change what is given. Who is deactivated is out at once: sessions, keys and sign-ins end for good.

    Raises
    ------
    ConflictError
        If no active admin would be left.
    InputError
        If there is no such role.
    """
    admins = set(User.objects.select_for_update().filter(role=Role.ADMIN, is_active=True).values_list("pk", flat=True))
    locked = User.objects.select_for_update().get(pk=user.pk)
    before = {"role": locked.role, "is_active": locked.is_active}
    if role is not None:
        check_role(role)
        locked.role = role
    if is_active is not None:
        locked.is_active = is_active
    if admins == {locked.pk} and (locked.role != Role.ADMIN or not locked.is_active):
        raise ConflictError("That is the last active admin. Make another user an admin first.")
    after = {"role": locked.role, "is_active": locked.is_active}
    if after == before:
        return locked
    locked.save(update_fields=["role", "is_active"])
    if not locked.is_active:
        access_end(user=locked, by=by)
    changes = {name: [before[name], value] for name, value in after.items() if before[name] != value}
    audit_note(action=AuditAction.USER_CHANGED, actor=by, target=locked, details=changes)
    return locked


@transaction.atomic
def sessions_end(*, user: User, by: User | None) -> None:
    """Log a user out everywhere; keys stay."""
    User.objects.filter(pk=user.pk).update(session_epoch=F("session_epoch") + 1)
    sign_ins_end(user=user)
    audit_note(action=AuditAction.LOGOUT, actor=by, target=user, details={"everywhere": True})


@transaction.atomic
def access_end(*, user: User, by: User | None) -> None:
    """End every way in that a user has: sessions, sign-ins, keys and tokens."""
    User.objects.filter(pk=user.pk).update(session_epoch=F("session_epoch") + 1)
    sign_ins_end(user=user)
    for key in ApiKey.objects.filter(user=user, revoked_at=None):
        api_key_revoke(key=key, by=by)
    quantconnect_tokens_end(user=user, by=by)


def check_email(email: str) -> None:
    """Refuse what is no e-mail address, or does not read as it is."""
    check_name("email", email, longest=_LONGEST_EMAIL)
    _validated("email", email, lambda: validate_email(email))


def check_role(role: str) -> None:
    """Refuse what is no role."""
    if role not in Role.values:
        raise InputError("role", role, f"There is no role '{role}'. Choose from: {', '.join(Role.values)}.")


def check_password(password: str, *, field: str = "password") -> None:
    """Refuse a password that is too easily guessed."""
    _validated(field, "…", lambda: validate_password(password))


def _validated(field: str, shown: str, check: Callable[[], None]) -> None:
    try:
        check()
    except ValidationError as error:
        raise InputError(field, shown, " ".join(error.messages)) from None


@transaction.atomic
def api_key_create(
    *,
    user: User,
    name: str,
    scopes: Collection[str],
    expires_at: datetime | None = None,
    by: Collection[str],
    maker: ApiKey | None = None,
) -> NewKey:
    """Make a key with *scopes*, which are among those that the caller has (*by*).

    A key that another key makes (*maker*) ends no later than that one.

    Raises
    ------
    InputError
        If a scope is unknown or beyond the caller's, or the expiry has passed.
    """
    check_name("name", name, longest=_LONGEST_KEY_NAME)
    check_scopes(scopes, by=by)
    expires_at = granted_until(expires_at, maker=maker)
    prefix, secret = secrets.token_hex(_PREFIX_BYTES), secrets.token_urlsafe(_SECRET_BYTES)
    key = ApiKey.objects.create(
        user=user,
        name=name,
        prefix=prefix,
        digest=digest_of(secret),
        scopes=sorted(set(scopes)),
        expires_at=expires_at,
    )
    audit_note(action=AuditAction.KEY_CREATED, actor=user, target=key, details={"name": name, "scopes": key.scopes})
    return NewKey(key, f"tl_{prefix}_{secret}")


@transaction.atomic
def api_key_revoke(*, key: ApiKey, by: User | None) -> None:
    """Refuse the key from now on."""
    if ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=timezone.now()):
        audit_note(action=AuditAction.KEY_REVOKED, actor=by, target=key, details={"name": key.name})


def api_key_note_use(*, key: ApiKey) -> None:
    """Note that a key was used, at most once a minute: a write for each read would be dear."""
    now = timezone.now()
    if key.last_used_at is None or now - key.last_used_at > _USE_NOTED_EVERY:
        ApiKey.objects.filter(pk=key.pk).update(last_used_at=now)


def digest_of(secret: str) -> str:
    """Return what is stored of a secret. It is long and random: a slow hash would add nothing."""
    return hashlib.sha256(secret.encode()).hexdigest()
