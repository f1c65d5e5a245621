"""Runs: the row is the truth about a job, whatever the queue says."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone


class RunState(models.TextChoices):
    """Where a run is in its life."""

    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    TIMED_OUT = "timed_out"


class Priority(models.IntegerChoices):
    """What goes first: a run that somebody waits for, before one of many."""

    INTERACTIVE = 0, "interactive"
    NORMAL = 1, "normal"
    BATCH = 2, "batch"


FINAL_STATES = (RunState.COMPLETED, RunState.FAILED, RunState.CANCELLED, RunState.TIMED_OUT)


class Run(models.Model):
    """A job: who holds it until when, what it is to do, and what became of it.

    ``fence`` counts the claims. A worker writes only where the fence is still the one of its own claim, so that one
    that was given up for lost cannot overwrite its successor.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="runs")
    kind = models.CharField(max_length=32)
    parent = models.ForeignKey("self", null=True, on_delete=models.CASCADE, related_name="children")
    state = models.CharField(max_length=16, choices=RunState.choices, default=RunState.QUEUED)
    priority = models.PositiveSmallIntegerField(choices=Priority.choices, default=Priority.NORMAL)
    manifest = models.JSONField()
    timeout_s = models.FloatField()
    memory_mb = models.PositiveIntegerField()

    created_at = models.DateTimeField(default=timezone.now, editable=False)
    enqueued_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    cancel_requested_at = models.DateTimeField(null=True)
    deleted_at = models.DateTimeField(null=True, db_index=True)

    fence = models.PositiveIntegerField(default=0)
    worker = models.CharField(max_length=200, blank=True, default="")
    lease_until = models.DateTimeField(null=True)
    heartbeat_at = models.DateTimeField(null=True)

    progress = models.FloatField(default=0)
    last_sequence = models.PositiveIntegerField(default=0)
    error_code = models.CharField(max_length=64, blank=True, default="")
    error = models.JSONField(default=dict)
    #: The grade of the sandbox that it ran in, if it came so far.
    sandbox_grade = models.CharField(max_length=16, blank=True, default="")

    class Meta:
        indexes = [
            models.Index(fields=["owner", "-created_at", "-id"]),
            models.Index(fields=["state", "lease_until"]),
            models.Index(fields=["state", "enqueued_at"]),
            models.Index(fields=["state", "owner", "priority", "created_at"]),
            models.Index(fields=["owner", "started_at"]),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.id} ({self.state})"

    @property
    def is_final(self) -> bool:
        """Whether the run has its outcome."""
        return self.state in FINAL_STATES


class RunEvent(models.Model):
    """Something that happened to a run, numbered from 1 without a gap."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="events")
    sequence = models.PositiveIntegerField()
    kind = models.CharField(max_length=32)
    data = models.JSONField(default=dict)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["sequence"]
        constraints = [models.UniqueConstraint(fields=["run", "sequence"], name="event_sequence_unique")]

    def __str__(self) -> str:
        return f"{self.sequence} {self.kind}"


class Artefact(models.Model):
    """A file that a run has left; the bytes are in the store, under their hash."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="artefacts")
    name = models.CharField(max_length=100)
    media_type = models.CharField(max_length=100)
    size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["run", "name"], name="artefact_name_unique")]

    def __str__(self) -> str:
        return self.name


class StoredContent(models.Model):
    """Bytes that the database keeps, where it is the store of artefacts."""

    sha256 = models.CharField(max_length=64, primary_key=True)
    size = models.PositiveBigIntegerField()
    stored_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.sha256


class StoredPiece(models.Model):
    """A part of them, and where it begins."""

    content = models.ForeignKey(StoredContent, on_delete=models.CASCADE, related_name="pieces")
    begin = models.PositiveBigIntegerField()
    content_bytes = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["content", "begin"], name="stored_piece_unique")]

    def __str__(self) -> str:
        return f"{self.content_id} from {self.begin}"


class StoredObject(models.Model):
    """When the bytes of an object in a bucket were put there last; its lock, too, while it is removed."""

    sha256 = models.CharField(max_length=64, primary_key=True)
    stored_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.sha256


class IdempotencyKey(models.Model):
    """What a key of a user has started, so that the same request does not start it again."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=200)
    request_hash = models.CharField(max_length=64)
    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["owner", "key"], name="idempotency_key_unique")]

    def __str__(self) -> str:
        return self.key


class RunLimit(models.Model):
    """What a user may take, where it is not what the settings say for everybody; empty means as there."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="run_limit"
    )
    most_running = models.PositiveIntegerField(null=True)
    most_queued = models.PositiveIntegerField(null=True)
    timeout_s = models.FloatField(null=True)
    memory_mb = models.PositiveIntegerField(null=True)

    def __str__(self) -> str:
        return f"limits of {self.user_id}"


class WorkerBeat(models.Model):
    """A sign of life of a worker process."""

    name = models.CharField(max_length=200, primary_key=True)
    seen_at = models.DateTimeField(default=timezone.now)
    #: The grade of its sandbox; empty if it has none.
    sandbox_grade = models.CharField(max_length=16, blank=True, default="")

    def __str__(self) -> str:
        return self.name
