"""A user's e-mail address and password: confirming, changing, resetting.

What a letter's link carries is signed and expires; it counts once, for what it changes makes it invalid.
"""

from __future__ import annotations

from django.contrib.auth.tokens import default_token_generator
from django.core import signing
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.http import base36_to_int, int_to_base36

from tradinglab.server.accounts.attempts import attempt_from_caller, attempt_is_allowed
from tradinglab.server.accounts.audit import audit_note
from tradinglab.server.accounts.letters import letter_send, page_link
from tradinglab.server.accounts.login import folded, login_forget_failures
from tradinglab.server.accounts.models import AuditAction, User
from tradinglab.server.accounts.services import check_email, check_password
from tradinglab.server.accounts.sign_ins import sign_ins_end
from tradinglab.server.errors import InputError

_SALT = "tradinglab.accounts.address"
_LINK_LASTS_S = 3 * 24 * 3600
_BAD_LINK = "The link is wrong, has expired or was used. Ask for a new one."


def email_verification_send(*, user: User) -> None:
    """Send a letter whose link confirms the user's address; at most one a minute."""
    if user.email_verified_at is None and attempt_is_allowed(what=f"verify {user.email}", most=1, window_s=60):
        link = page_link(reverse("email-verify-page", args=[_token(user, user.email)]))
        letter_send(
            to=user.email,
            subject="confirm your e-mail address",
            text=f"Open this link to confirm that {user.email} is your address:\n\n{link}\n\nIt works for three days.",
        )


def email_change_ask(*, user: User, email: str) -> None:
    """Send a letter to the new address, whose link changes to it. The caller has seen to the password.

    Raises
    ------
    TooManyAttemptsError
        If too many letters were asked for from where the caller is.
    InputError
        If it is no address, or the one that the user has.
    """
    attempt_from_caller(what="e-mail change")
    check_email(email)
    new = folded(email)
    if new == user.email:
        raise InputError("email", email, "That is your address already.")
    audit_note(action=AuditAction.EMAIL_CHANGE_ASKED, actor=user, target=user, details={"to": new})
    # Whether the address is another user's is for the owner of its mailbox to learn, nobody else.
    if attempt_is_allowed(what=f"change {new}", most=1, window_s=60) and not User.objects.filter(email=new).exists():
        link = page_link(reverse("email-verify-page", args=[_token(user, new)]))
        letter_send(
            to=new,
            subject="confirm your new e-mail address",
            text=f"Open this link to log in as {new} from now on:\n\n{link}\n\nIt works for three days.",
        )


def email_verify(*, token: str) -> User:
    """Confirm the address that a letter's link stands for, and change to it if it is a new one.

    Raises
    ------
    InputError
        If the token is wrong, expired or used.
    """
    try:
        found = signing.loads(token, salt=_SALT, max_age=_LINK_LASTS_S)
        pk, old, new, mark = found
    except (signing.BadSignature, ValueError, TypeError):
        raise InputError("token", "…", _BAD_LINK) from None
    try:
        with transaction.atomic():
            user = User.objects.select_for_update().filter(pk=pk, email=old, is_active=True).first()
            if user is None or mark != _mark(user) or (old == new and user.email_verified_at is not None):
                raise InputError("token", "…", _BAD_LINK)
            user.email, user.email_verified_at, user.must_verify_email = new, timezone.now(), False
            user.save(update_fields=["email", "email_verified_at", "must_verify_email"])
            action = AuditAction.EMAIL_VERIFIED if old == new else AuditAction.EMAIL_CHANGED
            audit_note(action=action, actor=user, target=user, details={"from": old, "to": new})
    except IntegrityError:
        raise InputError("token", "…", _BAD_LINK) from None
    if old != new:
        letter_send(to=old, subject="your e-mail address was changed", text=f"You log in as {new} from now on.")
    return user


def password_reset_ask(*, email: str) -> None:
    """Send a letter whose link sets a new password, if there is such a user; nobody is told whether there is.

    Raises
    ------
    TooManyAttemptsError
        If too many letters were asked for from where the caller is.
    """
    attempt_from_caller(what="password reset")
    user = User.objects.filter(email=folded(email), is_active=True).first()
    is_allowed = attempt_is_allowed(what=f"reset {folded(email)}", most=1, window_s=60)
    audit_note(action=AuditAction.PASSWORD_RESET_ASKED, actor=None, target=user, email=folded(email))
    if user is not None and is_allowed:
        token = f"{int_to_base36(user.pk)}.{default_token_generator.make_token(user)}"
        link = page_link(reverse("password-reset-page", args=[token]))
        letter_send(
            to=user.email,
            subject="set a new password",
            text=f"Open this link to set a new password:\n\n{link}\n\n"
            "It works once, for an hour. If you did not ask for it, do nothing: the old password stays.",
        )


@transaction.atomic
def password_reset(*, token: str, password: str) -> User:
    """Set a new password with the token of a letter; every session and sign-in ends, and the address is confirmed.

    Raises
    ------
    InputError
        If the token is wrong, expired or used, or the password cannot be used.
    """
    check_password(password)
    number, _, rest = token.partition(".")
    try:
        user = User.objects.select_for_update().filter(pk=base36_to_int(number), is_active=True).first()
    except (ValueError, OverflowError):
        user = None
    if user is None or not default_token_generator.check_token(user, rest):
        raise InputError("token", "…", _BAD_LINK)
    user.email_verified_at, user.must_verify_email = user.email_verified_at or timezone.now(), False
    user.save(update_fields=["email_verified_at", "must_verify_email"])
    _set(user, password)
    login_forget_failures(email=user.email)
    audit_note(action=AuditAction.PASSWORD_RESET, actor=user, target=user)
    return user


@transaction.atomic
def password_change(*, user: User, password: str, by: User | None, field: str = "password") -> None:
    """Set another password; every session and sign-in ends. The caller has seen to the old one.

    Raises
    ------
    InputError
        If the password cannot be used.
    """
    check_password(password, field=field)
    _set(user, password)
    audit_note(action=AuditAction.PASSWORD_CHANGED, actor=by, target=user)
    letter_send(
        to=user.email,
        subject="your password was changed",
        text="If that was not you, reset the password now, and look at your audit log.",
    )


def _set(user: User, password: str) -> None:
    user.set_password(password)
    user.save(update_fields=["password"])
    sign_ins_end(user=user)


def _token(user: User, email: str) -> str:
    return signing.dumps([user.pk, user.email, email, _mark(user)], salt=_SALT)


def _mark(user: User) -> str:
    """Return what another password changes: links that were sent before it count no more."""
    return user.get_session_auth_hash()[:16]
