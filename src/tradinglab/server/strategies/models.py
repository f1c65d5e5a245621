"""Strategies, and the versions of their files."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone


class Strategy(models.Model):
    """A strategy: its name, and the version that counts now."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="strategies")
    name = models.CharField(max_length=200)
    description = models.TextField(max_length=10_000, blank=True, default="")
    head = models.ForeignKey("StrategyVersion", null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now)
    archived_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            # The name of a deleted strategy is free.
            models.UniqueConstraint(
                fields=["owner", "name"], condition=models.Q(deleted_at=None), name="strategy_live_name_unique"
            )
        ]
        indexes = [models.Index(fields=["owner", "-created_at", "-id"])]

    def __str__(self) -> str:
        return self.name

    @property
    def tags(self) -> list[str]:
        """Its tags, in the order in which they were given."""
        return [label.name for label in self.labels.all()]


class StrategyLabel(models.Model):
    """One tag of a strategy."""

    strategy = models.ForeignKey(Strategy, on_delete=models.CASCADE, related_name="labels")
    name = models.CharField(max_length=50)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["strategy", "name"], name="strategy_label_unique")]

    def __str__(self) -> str:
        return self.name


class StrategyVersion(models.Model):
    """The files of a strategy as they were saved once; never changed."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    strategy = models.ForeignKey(Strategy, on_delete=models.CASCADE, related_name="versions")
    parent = models.ForeignKey("self", null=True, on_delete=models.SET_NULL, related_name="+")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    content_hash = models.CharField(max_length=64)
    message = models.CharField(max_length=500, blank=True, default="")
    files = models.JSONField()
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["strategy", "content_hash"], name="version_content_unique")]
        indexes = [models.Index(fields=["strategy", "-created_at", "-id"])]

    def __str__(self) -> str:
        return self.content_hash[:12]
