"""Jobs that bring bars into the data sources, their schedules, and files that were uploaded for them."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from tradinglab.server.datasets.models import WatchList
from tradinglab.server.runs.models import Run


class DataUpload(models.Model):
    """A file of bars that a user has sent; its bytes are in the home folder."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="data_uploads")
    name = models.CharField(max_length=200)
    size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        indexes = [models.Index(fields=["owner", "-created_at", "-id"])]

    def __str__(self) -> str:
        return self.name


class DataSchedule(models.Model):
    """When the series of a watch-list are updated, day by day."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="data_schedules")
    name = models.CharField(max_length=200)
    watch_list = models.ForeignKey(WatchList, on_delete=models.CASCADE, related_name="data_schedules")
    target = models.CharField(max_length=40)
    resolution = models.CharField(max_length=10)
    sources = models.JSONField(default=list)
    on_restated = models.CharField(max_length=10, default="keep")
    at = models.TimeField()
    time_zone = models.CharField(max_length=64)
    is_trading_days_only = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    next_run_at = models.DateTimeField(null=True, db_index=True)
    last_run_at = models.DateTimeField(null=True)
    last_job = models.ForeignKey("DataJob", null=True, on_delete=models.SET_NULL, related_name="+")
    #: Why the last time no job was made; empty if one was.
    problem = models.CharField(max_length=500, blank=True, default="")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["owner", "name"], name="data_schedule_name_unique")]
        indexes = [models.Index(fields=["owner", "-created_at", "-id"])]

    def __str__(self) -> str:
        return self.name


class DataJob(models.Model):
    """What is to be brought into a data source: a run that consists of one for each series."""

    class Kind(models.TextChoices):
        """What brings the bars."""

        DOWNLOAD = "download"
        UPDATE = "update"
        IMPORT = "import"

    run = models.OneToOneField(Run, on_delete=models.CASCADE, primary_key=True, related_name="data_job")
    kind = models.CharField(max_length=16, choices=Kind.choices)
    target = models.CharField(max_length=40)
    options = models.JSONField(default=dict)
    paused_at = models.DateTimeField(null=True)
    retry_of = models.ForeignKey("self", null=True, on_delete=models.SET_NULL, related_name="retries")
    schedule = models.ForeignKey(DataSchedule, null=True, on_delete=models.SET_NULL, related_name="jobs")
    upload = models.ForeignKey(DataUpload, null=True, on_delete=models.SET_NULL, related_name="jobs")

    def __str__(self) -> str:
        return f"{self.kind} {self.run_id}"


class DataJobItem(models.Model):
    """A series of a job, or a file whose rows say of which series they are."""

    class State(models.TextChoices):
        """Where it is."""

        WAITING = "waiting"
        RUNNING = "running"
        COMPLETED = "completed"
        FAILED = "failed"
        CANCELLED = "cancelled"

    job = models.ForeignKey(DataJob, on_delete=models.CASCADE, related_name="items")
    place = models.PositiveIntegerField()
    security_type = models.CharField(max_length=20)
    market = models.CharField(max_length=100)
    #: Empty if a column says it of each row.
    ticker = models.CharField(max_length=100, blank=True)
    resolution = models.CharField(max_length=10)
    tick_type = models.CharField(max_length=20, default="trade")
    #: Which store, by the hash of where it is, and where in it.
    store = models.CharField(max_length=64)
    series = models.CharField(max_length=300)

    state = models.CharField(max_length=16, choices=State.choices, default=State.WAITING)
    run = models.ForeignKey(Run, null=True, on_delete=models.SET_NULL, related_name="+")
    tries = models.PositiveIntegerField(default=0)
    fraction = models.FloatField(default=0)
    added = models.BigIntegerField(default=0)
    known = models.BigIntegerField(default=0)
    left_out = models.BigIntegerField(default=0)
    actions = models.PositiveIntegerField(default=0)
    quality = models.CharField(max_length=20, blank=True, default="")
    ranges = models.JSONField(default=list)
    restated = models.JSONField(default=list)
    notes = models.JSONField(default=list)
    error = models.JSONField(default=dict)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["place", "id"]
        constraints = [
            # Of two jobs for one series of a store, the second waits.
            models.UniqueConstraint(
                fields=["store", "series"], condition=Q(state="running"), name="data_job_item_one_running"
            ),
            models.UniqueConstraint(fields=["job", "series"], name="data_job_item_unique"),
        ]
        indexes = [models.Index(fields=["job", "state", "place"])]

    def __str__(self) -> str:
        return self.series
