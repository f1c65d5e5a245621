"""Logging in: password, second factor, and the patience that is asked for after failures.

Pages, tokens and the confirmation of a password all go through here. Whether a user exists is told by nothing: not by
the answer, not by the lock, and not by the time it takes, for a password is hashed in any case.
"""

from __future__ import annotations

from datetime import timedelta

from django.contrib.auth import authenticate
from django.contrib.auth.models import update_last_login
from django.utils import timezone

from tradinglab.server.accounts.audit import audit_note
from tradinglab.server.accounts.errors import (
    CodeNeededError,
    EmailNotVerifiedError,
    LoginRefusedError,
    TooManyAttemptsError,
)
from tradinglab.server.accounts.models import AuditAction, LoginFailure, User
from tradinglab.server.accounts.totp import totp_accept, totp_is_enabled
from tradinglab.server.errors import ConflictError, InputError
from tradinglab.server.ops.caller import caller

LOGIN_WINDOW = timedelta(minutes=15)
_MOST_FAILURES_PER_EMAIL = 5
_MOST_FAILURES_PER_ADDRESS = 30


def login_check(*, email: str, password: str, code: str = "") -> User:
    """Return the user whose address, password and, where a second factor is set up, code these are.

    Raises
    ------
    TooManyAttemptsError
        If too many log-ins failed, for the address or from where the caller is.
    LoginRefusedError
        If they do not belong together.
    CodeNeededError
        If all is right, and the code is missing.
    EmailNotVerifiedError
        If all is right, and the address was not confirmed yet.
    """
    user = login_check_password(email=email, password=password)
    if totp_is_enabled(user=user):
        if not code:
            raise CodeNeededError
        login_check_code(user=user, code=code)
    login_finish(user=user)
    return user


def login_check_password(*, email: str, password: str) -> User:
    """Return the user whose address and password these are; the log-in is not over with it."""
    attempt = _attempt(email)
    user = authenticate(username=folded(email), password=password)
    if not isinstance(user, User):
        _note_failure(email)
        raise LoginRefusedError
    attempt.delete()
    if user.must_verify_email:
        raise EmailNotVerifiedError
    return user


def login_check_code(*, user: User, code: str) -> None:
    """Take the second factor of somebody whose password was right."""
    attempt = _attempt(user.email)
    if not totp_accept(user=user, code=code):
        _note_failure(user.email)
        raise LoginRefusedError
    attempt.delete()


def login_finish(*, user: User) -> None:
    """Note a log-in that succeeded, and count failures anew."""
    login_forget_failures(email=user.email)
    update_last_login(User, user)
    audit_note(action=AuditAction.LOGIN_SUCCEEDED, actor=user, target=user)


def login_end(*, user: User) -> None:
    """Note that somebody logged out of the pages."""
    audit_note(action=AuditAction.LOGOUT, actor=user, target=user)


def password_confirm(*, user: User, password: str, field: str = "password") -> None:
    """Make sure that it is really the user who asks for something grave.

    Raises
    ------
    TooManyAttemptsError
        If too many passwords were wrong.
    InputError
        If this one is.
    """
    attempt = _attempt(user.email)
    if not user.check_password(password):
        _note_failure(user.email)
        raise InputError(field, "…", "That is not your password.")
    attempt.delete()


def second_factor_confirm(*, user: User, password: str, code: str) -> None:
    """Make sure of both factors, where something about them is to change.

    Raises
    ------
    TooManyAttemptsError
        If too many were wrong.
    InputError
        If one of them is wrong.
    ConflictError
        If there is no second factor.
    """
    if not totp_is_enabled(user=user):
        raise ConflictError("There is no second factor.")
    password_confirm(user=user, password=password)
    attempt = _attempt(user.email)
    if not totp_accept(user=user, code=code):
        _note_failure(user.email)
        raise InputError("code", "…", "That code is not right, or was used before.")
    attempt.delete()


def login_forget_failures(*, email: str) -> None:
    """Count anew."""
    LoginFailure.objects.filter(email=folded(email)).delete()


def folded(email: str) -> str:
    """Return an address as users are stored and failures are counted."""
    return email.replace("\0", "").strip().lower()[:254]


def login_failures_forget() -> int:
    """Forget the failures that no longer count; return how many there were."""
    return LoginFailure.objects.filter(at__lte=timezone.now() - LOGIN_WINDOW).delete()[0]


def _attempt(email: str) -> LoginFailure:
    """Count an attempt as failed before it is made: many at once are not more than one after the other."""
    now = timezone.now()
    login_failures_forget()
    attempt = LoginFailure.objects.create(email=folded(email), address=caller.get().address[:64], at=now)
    by_email = LoginFailure.objects.filter(email=attempt.email)
    from_address = LoginFailure.objects.filter(address=attempt.address)
    if by_email.count() > _MOST_FAILURES_PER_EMAIL or from_address.count() > _MOST_FAILURES_PER_ADDRESS:
        attempt.delete()
        raise TooManyAttemptsError(round(LOGIN_WINDOW.total_seconds()))
    return attempt


def _note_failure(email: str) -> None:
    """Write it down, for the user too, if there is one. What is no address may be a password in the wrong field."""
    user = User.objects.filter(email=folded(email)).first()
    shown = folded(email) if "@" in email else ""
    audit_note(action=AuditAction.LOGIN_FAILED, actor=None, target=user, email=shown)
