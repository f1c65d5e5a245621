"""Users, their API keys, and failed log-ins."""

from __future__ import annotations

from typing import ClassVar

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
