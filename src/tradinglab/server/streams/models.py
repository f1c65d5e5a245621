"""Tickets: what opens a WebSocket where no header can be sent."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone


class Ticket(models.Model):
    """One WebSocket's way in, for a moment. Its secret is not stored, only its hash; who uses it removes it."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    api_key = models.ForeignKey("accounts.ApiKey", on_delete=models.CASCADE, related_name="+", null=True)
    sign_in = models.ForeignKey("accounts.SignIn", on_delete=models.CASCADE, related_name="+", null=True)
    digest = models.CharField(max_length=64, unique=True)
    scopes = models.JSONField(default=list)
    session_key = models.CharField(max_length=64, blank=True, default="")
    password_mark = models.CharField(max_length=128, blank=True, default="")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["user", "expires_at"])]

    def __str__(self) -> str:
        return f"for {self.user} until {self.expires_at}"
