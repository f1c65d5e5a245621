"""The second factor: codes of an authenticator (RFC 6238), and recovery codes for when it is lost."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import time
from typing import NamedTuple

import pyotp
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from tradinglab.server.accounts.audit import audit_note
from tradinglab.server.accounts.models import AuditAction, RecoveryCode, Totp, User
from tradinglab.server.errors import ConflictError, InputError
from tradinglab.server.sealing import reseal, seal, unseal

RECOVERY_CODES = 10
_STEP_S = 30
_CODE_BYTES = 10
_GROUP = 4
_WRONG = "That code is not right, or was used before. Wait for the next one; the clocks must agree."


class Enrolment(NamedTuple):
    """What an authenticator is told; shown this once."""

    secret: str
    uri: str


def totp_is_enabled(*, user: User) -> bool:
    """Say whether a log-in asks for a code."""
    return Totp.objects.filter(user=user, confirmed_at__isnull=False).exists()


def totp_enrol(*, user: User) -> Enrolment:
    """Make a secret; it counts from the moment a code of it is shown. One that was not confirmed is forgotten.

    Raises
    ------
    ConflictError
        If a second factor is set up already.
    """
    secret = pyotp.random_base32()
    with transaction.atomic():
        # The row is locked: one that is being confirmed just now is not replaced.
        factor = Totp.objects.select_for_update().filter(user=user).first()
        if factor is not None and factor.confirmed_at is not None:
            raise ConflictError("A second factor is set up already. Disable it first.")
        Totp.objects.update_or_create(
            user=user, defaults={"sealed_secret": seal(secret), "confirmed_at": None, "last_step": 0}
        )
    return Enrolment(secret, pyotp.TOTP(secret).provisioning_uri(name=user.email, issuer_name="TradingLab"))


@transaction.atomic
def totp_confirm(*, user: User, code: str) -> list[str]:
    """Take the first code, ask for one at every log-in from now on, and return the recovery codes.

    Raises
    ------
    ConflictError
        If there is nothing to confirm.
    InputError
        If the code is wrong.
    """
    factor = Totp.objects.select_for_update().filter(user=user, confirmed_at=None).first()
    if factor is None:
        raise ConflictError("There is no second factor that waits for its first code. Enrol first.")
    if not _accept_code(factor, code):
        raise InputError("code", "…", _WRONG)
    Totp.objects.filter(pk=factor.pk).update(confirmed_at=timezone.now())
    audit_note(action=AuditAction.TOTP_ENABLED, actor=user, target=user)
    return _renew(user)


@transaction.atomic
def totp_disable(*, user: User, by: User | None = None) -> None:
    """Ask for no code any more. The caller has seen to it that password and code were right."""
    _enabled(user)
    Totp.objects.filter(user=user).delete()
    RecoveryCode.objects.filter(user=user).delete()
    audit_note(action=AuditAction.TOTP_DISABLED, actor=by, target=user)


@transaction.atomic
def recovery_codes_renew(*, user: User) -> list[str]:
    """Return new recovery codes; the old ones count no more. The caller has seen to password and code."""
    _enabled(user)
    audit_note(action=AuditAction.TOTP_RECOVERY_RENEWED, actor=user, target=user)
    return _renew(user)


def recovery_codes_left(*, user: User) -> int:
    """Return how many recovery codes were not used."""
    return RecoveryCode.objects.filter(user=user, used_at=None).count()


def totp_accept(*, user: User, code: str) -> bool:
    """Take a code of the authenticator, or a recovery code; each counts once."""
    factor = Totp.objects.filter(user=user, confirmed_at__isnull=False).first()
    if factor is None:
        return False
    return _accept_code(factor, code) or _accept_recovery_code(user, code)


def _enabled(user: User) -> None:
    if not totp_is_enabled(user=user):
        raise ConflictError("There is no second factor.")


def _accept_code(factor: Totp, code: str) -> bool:
    """Take the code of this half minute, or of the one before or after: clocks differ, and people need a moment."""
    given = code.replace(" ", "")
    if not (given.isascii() and given.isdigit()):
        return False
    totp, now = pyotp.TOTP(unseal(factor.sealed_secret)), int(time.time()) // _STEP_S
    for step in (now, now - 1, now + 1):
        if hmac.compare_digest(totp.at(step * _STEP_S), given):
            # One statement decides: of two that show the same code at once, one is let in.
            newer = Totp.objects.filter(Q(last_step__lt=step), pk=factor.pk)
            return newer.update(last_step=step, sealed_secret=reseal(factor.sealed_secret)) == 1
    return False


def _accept_recovery_code(user: User, code: str) -> bool:
    unused = RecoveryCode.objects.filter(user=user, used_at=None, digest=_digest(code))
    is_taken = unused.update(used_at=timezone.now()) == 1
    if is_taken:
        left = recovery_codes_left(user=user)
        audit_note(action=AuditAction.TOTP_RECOVERY_USED, actor=user, target=user, details={"left": left})
    return is_taken


def _renew(user: User) -> list[str]:
    RecoveryCode.objects.filter(user=user).delete()
    codes = [base64.b32encode(secrets.token_bytes(_CODE_BYTES)).decode().lower() for _ in range(RECOVERY_CODES)]
    RecoveryCode.objects.bulk_create(RecoveryCode(user=user, digest=_digest(each)) for each in codes)
    return ["-".join(each[at : at + _GROUP] for at in range(0, len(each), _GROUP)) for each in codes]


def _digest(code: str) -> str:
    """Return what is stored of a recovery code: with its 80 bits, a slow hash would add nothing."""
    plain = code.replace("-", "").replace(" ", "").lower()
    return hashlib.sha256(plain.encode("utf-8", "replace")).hexdigest()
