"""Sign-up: by invitation, openly where the setting says so, or not at all."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import NamedTuple

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from tradinglab.server.accounts.addresses import email_verification_send
from tradinglab.server.accounts.attempts import attempt_from_caller, attempt_is_allowed
from tradinglab.server.accounts.audit import audit_note
from tradinglab.server.accounts.errors import SignUpClosedError
from tradinglab.server.accounts.letters import letter_send, page_link
from tradinglab.server.accounts.login import folded
from tradinglab.server.accounts.models import AuditAction, Invitation, Role, User
from tradinglab.server.accounts.services import check_email, check_password, check_role, digest_of, user_create
from tradinglab.server.errors import ConflictError, InputError, NotFoundError

_LASTS = timedelta(days=7)
_LONGEST = timedelta(days=90)
_TOKEN_BYTES = 32


class NewInvitation(NamedTuple):
    """An invitation, and the token and link that are shown this once."""

    invitation: Invitation
    token: str
    link: str


@transaction.atomic
def invitation_create(
    *, by: User | None, role: str, email: str = "", expires_at: datetime | None = None
) -> NewInvitation:
    """Make an invitation; if it names an address, it counts for that one alone, and a letter goes there.

    Raises
    ------
    SignUpClosedError
        If the installation takes nobody.
    InputError
        If address, role or expiry cannot be used.
    """
    if settings.ENVIRONMENT.sign_up == "closed":
        raise SignUpClosedError("Sign-up is closed. TRADINGLAB_SIGN_UP=invitation lets invited people in.")
    check_role(role)
    if email:
        check_email(email)
        if User.objects.filter(email=folded(email)).exists():
            raise InputError("email", email, "There is a user with that address already.")
    now = timezone.now()
    expires_at = expires_at or now + _LASTS
    if not now < expires_at <= now + _LONGEST:
        raise InputError("expires_at", expires_at.isoformat(), "Give a moment to come, within 90 days.")
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    invitation = Invitation.objects.create(
        email=folded(email), role=role, digest=digest_of(token), created_by=by, expires_at=expires_at
    )
    details = {"email": invitation.email, "role": role}
    audit_note(action=AuditAction.INVITATION_CREATED, actor=by, target=invitation, details=details)
    link = page_link(reverse("sign-up-page", args=[token]))
    if invitation.email:
        until = f"{expires_at:%Y-%m-%d %H:%M} UTC"
        letter_send(
            to=invitation.email,
            subject="you are invited",
            text=f"Open this link to make your account:\n\n{link}\n\nIt works once, until {until}.",
        )
    return NewInvitation(invitation, token, link)


def invitation_list() -> QuerySet[Invitation]:
    """Return all invitations; the caller is an admin."""
    return Invitation.objects.all()


def invitation_get(*, invitation_id: int) -> Invitation:
    """Return one invitation; the caller is an admin."""
    found = Invitation.objects.filter(pk=invitation_id).first()
    if found is None:
        raise NotFoundError(f"There is no invitation {invitation_id}.")
    return found


@transaction.atomic
def invitation_revoke(*, invitation: Invitation, by: User | None) -> None:
    """Let nobody in with it.

    Raises
    ------
    ConflictError
        If somebody came in with it already.
    """
    locked = Invitation.objects.select_for_update().get(pk=invitation.pk)
    if locked.used_at is not None:
        raise ConflictError("The invitation was used already. Deactivate the user, if that is what is meant.")
    if locked.revoked_at is None:
        Invitation.objects.filter(pk=locked.pk).update(revoked_at=timezone.now())
        audit_note(action=AuditAction.INVITATION_REVOKED, actor=by, target=locked)


def invitation_of_token(*, token: str) -> Invitation | None:
    """Return the invitation that a token opens, if it can still be used."""
    now = timezone.now()
    usable = Invitation.objects.filter(used_at=None, revoked_at=None, expires_at__gt=now)
    return usable.filter(digest=digest_of(token)).first()


@transaction.atomic
def sign_up_by_invitation(*, token: str, email: str, password: str) -> User:
    """Make the user who was invited.

    Raises
    ------
    SignUpClosedError
        If the installation takes nobody.
    InputError
        If the invitation is used up, or is for another address, or address or password cannot be used.
    """
    if settings.ENVIRONMENT.sign_up == "closed":
        raise SignUpClosedError("Sign-up is closed here.")
    now = timezone.now()
    usable = Invitation.objects.select_for_update().filter(used_at=None, revoked_at=None, expires_at__gt=now)
    invitation = usable.filter(digest=digest_of(token)).first()
    if invitation is None:
        raise InputError("invitation", "…", "The invitation is wrong, expired, revoked or was used. Ask for a new one.")
    if invitation.email and folded(email) != invitation.email:
        raise InputError("email", email, "The invitation is for another address.")
    user = user_create(email=email, role=invitation.role, password=password)
    Invitation.objects.filter(pk=invitation.pk).update(used_at=now, used_by=user)
    audit_note(action=AuditAction.USER_SIGNED_UP, actor=user, target=user, details={"invitation": invitation.pk})
    email_verification_send(user=user)
    return user


def sign_up_openly(*, email: str, password: str) -> None:
    """Make a user who may log in once the address is confirmed; who has the address already gets a letter instead.

    Raises
    ------
    SignUpClosedError
        If the installation takes nobody without an invitation.
    InputError
        If address or password cannot be used.
    TooManyAttemptsError
        If too many signed up from where the caller is.
    """
    if settings.ENVIRONMENT.sign_up != "open":
        raise SignUpClosedError("Sign-up needs an invitation here. Ask an admin of this installation for one.")
    attempt_from_caller(what="sign-up")
    check_email(email)
    check_password(password)
    if User.objects.filter(email=folded(email)).exists():
        make_password(password)  # takes the time that a new user takes
        if attempt_is_allowed(what=f"sign-up {folded(email)}", most=1, window_s=3600):
            _tell_of_account(folded(email))
        return
    with transaction.atomic():
        user = user_create(email=email, role=Role.RESEARCHER, password=password)
        User.objects.filter(pk=user.pk).update(must_verify_email=True)
        audit_note(action=AuditAction.USER_SIGNED_UP, actor=user, target=user)
    email_verification_send(user=user)


def _tell_of_account(email: str) -> None:
    link = page_link(reverse("password-reset-ask-page"))
    letter_send(
        to=email,
        subject="you have an account",
        text=f"Somebody signed up with your address, which has an account already. If it was you, log in; a forgotten "
        f"password is reset here:\n\n{link}",
    )
