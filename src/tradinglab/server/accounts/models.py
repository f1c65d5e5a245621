"""Users, their ways in, failed log-ins, and the audit log."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar, NoReturn

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.crypto import salted_hmac


class Role(models.TextChoices):
    """What a user may do at most."""

    VIEWER = "viewer"
    RESEARCHER = "researcher"
    TRADER = "trader"
    ADMIN = "admin"


class Scope(models.TextChoices):
    """What a call needs."""

    READ = "read"
    RUN = "run"
    TRADE = "trade"
    ADMIN = "admin"


#: The scopes of each role.
ROLE_SCOPES: dict[str, frozenset[str]] = {
    Role.VIEWER: frozenset({Scope.READ}),
    Role.RESEARCHER: frozenset({Scope.READ, Scope.RUN}),
    Role.TRADER: frozenset({Scope.READ, Scope.RUN, Scope.TRADE}),
    Role.ADMIN: frozenset(Scope.values),
}


class UserManager(BaseUserManager["User"]):
    """Makes users; ``createsuperuser`` calls it too."""

    def create_user(self, email: str, password: str | None = None, *, role: str = Role.RESEARCHER) -> User:
        """Store a user and return it."""
        user = self.model(email=email.strip().lower(), role=role)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None) -> User:
        """Store an admin and return it."""
        return self.create_user(email, password, role=Role.ADMIN)


class User(AbstractBaseUser, PermissionsMixin):
    """Somebody who logs in by e-mail address."""

    email = models.EmailField(max_length=254, unique=True)
    role = models.CharField(max_length=16, choices=Role.choices, default=Role.RESEARCHER)
    is_active = models.BooleanField(default=True)
    email_verified_at = models.DateTimeField(null=True, blank=True)
    #: Somebody signed up without an invitation: until the address is confirmed, it may be another's.
    must_verify_email = models.BooleanField(default=False)
    #: Raised to end every session.
    session_epoch = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="user_email_unique")]

    def __str__(self) -> str:
        return self.email

    @property
    def scopes(self) -> frozenset[str]:
        """What the role allows."""
        return ROLE_SCOPES.get(self.role, frozenset())

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """Return what a session must carry: another password or epoch ends it."""
        made_of = f"{self.password}:{self.session_epoch}"
        return salted_hmac("tradinglab.session", made_of, secret=secret, algorithm="sha256").hexdigest()


class ApiKey(models.Model):
    """A program's way in. The secret itself is not stored, only its hash."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=100)
    prefix = models.CharField(max_length=12, unique=True)
    digest = models.CharField(max_length=64)
    scopes = models.JSONField(default=list)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at", "-id"]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"


class QuantConnectIdentity(models.Model):
    """What QuantConnect's clients know a user by, beside the number: every user has an organisation alone."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="quantconnect_identity")
    #: By it others name the user when they share a project.
    public_id = models.CharField(max_length=32, unique=True)
    organization_id = models.CharField(max_length=32, unique=True)

    def __str__(self) -> str:
        return self.public_id


class QuantConnectToken(models.Model):
    """A way in for QuantConnect's clients. They sign with it and never send it, so it is stored, sealed."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="quantconnect_tokens")
    name = models.CharField(max_length=100)
    sealed_token = models.TextField()
    scopes = models.JSONField(default=list)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at", "-id"]

    def __str__(self) -> str:
        return self.name


class SignIn(models.Model):
    """A front end that somebody logged in with. Of its refresh tokens the newest counts; none of them is stored."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="sign_ins")
    refresh_id = models.CharField(max_length=64)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    last_used_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    address = models.CharField(max_length=64, blank=True)
    agent = models.CharField(max_length=256, blank=True)

    class Meta:
        ordering = ["-created_at", "-id"]

    def __str__(self) -> str:
        return f"{self.user_id} from {self.address}"


class Invitation(models.Model):
    """A way in for one person. The token itself is not stored, only its hash."""

    email = models.EmailField(max_length=254, blank=True)
    role = models.CharField(max_length=16, choices=Role.choices)
    digest = models.CharField(max_length=64, unique=True)
    created_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)
    used_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at", "-id"]

    def __str__(self) -> str:
        return f"{self.role} for {self.email or 'anybody'}"


class Totp(models.Model):
    """A second factor: codes that change with time (RFC 6238)."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="totp")
    sealed_secret = models.TextField()
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    #: Until the user has shown a code, nothing asks for one.
    confirmed_at = models.DateTimeField(null=True, blank=True)
    #: The time step of the last code that was taken: it is not taken again, nor one before it.
    last_step = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"second factor of {self.user_id}"


class RecoveryCode(models.Model):
    """Stands in for the second factor, once. The code itself is not stored, only its hash."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="recovery_codes")
    digest = models.CharField(max_length=64)
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "digest"], name="recovery_code_unique")]

    def __str__(self) -> str:
        return f"recovery code of {self.user_id}"


class LoginFailure(models.Model):
    """A log-in that failed: too many of them, and no more are tried for a while."""

    email = models.CharField(max_length=254)
    address = models.CharField(max_length=64)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [models.Index(fields=["email", "at"]), models.Index(fields=["address", "at"])]

    def __str__(self) -> str:
        return f"{self.email} from {self.address}"


class AuditAction(models.TextChoices):
    """What the accounts themselves write down; other apps name theirs in the same way: noun, dot, what was done."""

    LOGIN_SUCCEEDED = "login.succeeded"
    LOGIN_FAILED = "login.failed"
    USER_CREATED = "user.created"
    USER_CHANGED = "user.changed"
    USER_SIGNED_UP = "user.signed_up"
    LOGOUT = "login.ended"
    TOKEN_REUSED = "login.token_reused"
    PASSWORD_CHANGED = "password.changed"
    PASSWORD_RESET_ASKED = "password.reset_asked"
    PASSWORD_RESET = "password.reset"
    EMAIL_VERIFIED = "email.verified"
    EMAIL_CHANGE_ASKED = "email.change_asked"
    EMAIL_CHANGED = "email.changed"
    TOTP_ENABLED = "totp.enabled"
    TOTP_DISABLED = "totp.disabled"
    TOTP_RECOVERY_USED = "totp.recovery_code_used"
    TOTP_RECOVERY_RENEWED = "totp.recovery_codes_renewed"
    INVITATION_CREATED = "invitation.created"
    INVITATION_REVOKED = "invitation.revoked"
    KEY_CREATED = "key.created"
    KEY_REVOKED = "key.revoked"
    QUANTCONNECT_TOKEN_CREATED = "quantconnect_token.created"
    QUANTCONNECT_TOKEN_REVOKED = "quantconnect_token.revoked"


class AppendOnlyError(RuntimeError):
    """The audit log was to be changed."""


class AuditQuerySet(models.QuerySet["AuditEntry"]):
    """Reads entries, and adds them one by one."""

    def update(self, **values: Any) -> NoReturn:
        """Refuse."""
        raise AppendOnlyError("The audit log is append-only.")

    def delete(self) -> NoReturn:
        """Refuse."""
        raise AppendOnlyError("The audit log is append-only.")


class AuditEntry(models.Model):
    """Who did what, on what, from where. It is never changed nor deleted: triggers of the database see to it too."""

    # No constraint: an entry outlives its user.
    actor = models.ForeignKey(User, null=True, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+")
    email = models.CharField(max_length=254, blank=True)
    action = models.CharField(max_length=64)
    target_kind = models.CharField(max_length=64, blank=True)
    target_id = models.CharField(max_length=64, blank=True)
    details = models.JSONField(default=dict)
    address = models.CharField(max_length=64, blank=True)
    agent = models.CharField(max_length=256, blank=True)
    request_id = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects: ClassVar[models.Manager[AuditEntry]] = AuditQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["actor", "-created_at"]),
            models.Index(fields=["target_kind", "target_id", "-created_at"]),
            models.Index(fields=["action", "-created_at"]),
        ]

    def __str__(self) -> str:
        return f"{self.action} by {self.email or 'nobody known'}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Store a new entry; refuse to change an old one."""
        if not self._state.adding:
            raise AppendOnlyError("The audit log is append-only.")
        super().save(*args, **kwargs)

    def delete(self, using: str | None = None, keep_parents: bool = False) -> NoReturn:
        """Refuse."""
        raise AppendOnlyError("The audit log is append-only.")
