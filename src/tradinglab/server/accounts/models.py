"""Users, their API keys, failed log-ins, and the audit log."""

from __future__ import annotations

from typing import Any, ClassVar, NoReturn

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone


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
    KEY_CREATED = "key.created"
    KEY_REVOKED = "key.revoked"


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
