"""Writes about users and their keys."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import NamedTuple

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils import timezone

from tradinglab.sandbox import Grade
from tradinglab.server.accounts.audit import audit_note
from tradinglab.server.accounts.models import ApiKey, AuditAction, LoginFailure, Role, Scope, User
from tradinglab.server.config.grade import machine_grade
from tradinglab.server.errors import InputError, WeakSandboxError

LOGIN_WINDOW = timedelta(minutes=15)
_MOST_FAILURES_PER_EMAIL = 5
_MOST_FAILURES_PER_ADDRESS = 30
_USE_NOTED_EVERY = timedelta(minutes=1)
_PREFIX_BYTES = 6
_SECRET_BYTES = 32


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
    _validated("email", email, lambda: validate_email(email))
    if role not in Role.values:
        raise InputError("role", role, f"There is no role '{role}'. Choose from: {', '.join(Role.values)}.")
    if password is not None:
        _validated("password", "…", lambda: validate_password(password))
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


def _validated(field: str, shown: str, check: object) -> None:
    assert callable(check)
    try:
        check()
    except ValidationError as error:
        raise InputError(field, shown, " ".join(error.messages)) from None


@transaction.atomic
def api_key_create(
    *, user: User, name: str, scopes: Collection[str], expires_at: datetime | None = None, by: Collection[str]
) -> NewKey:
    """Make a key with *scopes*, which are among those that the caller has (*by*).

    Raises
    ------
    InputError
        If a scope is unknown or beyond the caller's, or the expiry has passed.
    """
    for scope in scopes:
        if scope not in Scope.values:
            raise InputError("scopes", scope, f"There is no scope '{scope}'. Choose from: {', '.join(Scope.values)}.")
        if scope not in by:
            raise InputError("scopes", scope, f"The scope '{scope}' is more than you have: {', '.join(sorted(by))}.")
    if not scopes:
        raise InputError("scopes", [], f"Name at least one scope: {', '.join(Scope.values)}.")
    if expires_at is not None and expires_at <= timezone.now():
        raise InputError("expires_at", expires_at.isoformat(), "That moment has passed; give one to come.")
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
def api_key_revoke(*, key: ApiKey, by: User | None = None) -> None:
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


def login_is_throttled(*, email: str, address: str) -> bool:
    """Say whether a log-in is not to be tried: too many failed, for the e-mail or from the address."""
    since = timezone.now() - LOGIN_WINDOW
    recent = LoginFailure.objects.filter(at__gt=since)
    return (
        recent.filter(email=_folded(email)).count() >= _MOST_FAILURES_PER_EMAIL
        or recent.filter(address=address).count() >= _MOST_FAILURES_PER_ADDRESS
    )


def login_note_failure(*, email: str, address: str) -> None:
    """Count a failed log-in, whether there is such a user or not, and forget those that no longer count."""
    LoginFailure.objects.filter(at__lte=timezone.now() - LOGIN_WINDOW).delete()
    LoginFailure.objects.create(email=_folded(email), address=address)


def login_forget_failures(*, email: str) -> None:
    """Count anew after a log-in that succeeded."""
    LoginFailure.objects.filter(email=_folded(email)).delete()


def _folded(email: str) -> str:
    return email.strip().lower()[:254]
