"""Deployments: strategies that trade on paper while time goes by, and what they tell."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone

from tradinglab.server.strategies.models import StrategyVersion


class Status(models.TextChoices):
    """Where a deployment is in its life, in QuantConnect's words."""

    IN_QUEUE = "InQueue"
    INITIALIZING = "Initializing"
    HISTORY = "History"
    RUNNING = "Running"
    STOPPED = "Stopped"
    LIQUIDATED = "Liquidated"
    RUNTIME_ERROR = "RuntimeError"
    DEPLOY_ERROR = "DeployError"


#: Those that a process works at.
HELD = (Status.INITIALIZING, Status.HISTORY, Status.RUNNING)
ACTIVE = (Status.IN_QUEUE, *HELD)
#: With what the ids begin that QuantConnect's clients know.
PREFIX = "L-"


class Deployment(models.Model):
    """A strategy that trades on paper: what was asked for, who holds it until when, and how it stands.

    ``fence`` counts the claims, as that of a run does: who was given up for lost cannot write any more.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="deployments")
    version = models.ForeignKey(StrategyVersion, on_delete=models.PROTECT, related_name="deployments")
    name = models.CharField(max_length=200, blank=True, default="")
    parameters = models.JSONField(default=dict)
    #: Amounts by currency; empty for the strategy's own.
    cash = models.JSONField(default=dict)
    #: Each with ``symbol_id``, ``ticker``, ``quantity`` and ``average_price``.
    holdings = models.JSONField(default=list)
    #: A source whose bars are replayed, or a feed: ``replay:SOURCE``, ``poll:SOURCE``, ``exchange:NAME``.
    data = models.CharField(max_length=60, default="sample")
    #: Where its clock starts; empty for the present.
    start_at = models.DateTimeField(null=True)
    speed = models.FloatField(default=1.0)
    automatic_redeploy = models.BooleanField(default=False)
    #: What whoever deploys wants to be told, and where; kept for QuantConnect's clients.
    notification = models.JSONField(default=dict)
    request_key = models.CharField(max_length=200, null=True)
    request_hash = models.CharField(max_length=64, blank=True, default="")

    status = models.CharField(max_length=16, choices=Status.choices, default=Status.IN_QUEUE)
    message = models.TextField(blank=True, default="")
    error = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    launched_at = models.DateTimeField(null=True)
    stopped_at = models.DateTimeField(null=True)
    stop_requested_at = models.DateTimeField(null=True)
    liquidate_requested_at = models.DateTimeField(null=True)

    fence = models.PositiveIntegerField(default=0)
    process = models.CharField(max_length=200, blank=True, default="")
    lease_until = models.DateTimeField(null=True)
    #: When the strategy's process was last heard.
    reported_at = models.DateTimeField(null=True)
    is_silent = models.BooleanField(default=False)
    sandbox_grade = models.CharField(max_length=16, blank=True, default="")

    #: The strategy's clock.
    clock_at = models.DateTimeField(null=True)
    equity = models.FloatField(null=True)
    portfolio = models.JSONField(default=dict)
    figures = models.JSONField(default=dict)
    #: How its feed is: ``status``, ``since`` and ``counts`` of what happened to it by kind.
    feed = models.JSONField(default=dict)
    last_sequence = models.PositiveIntegerField(default=0)
    line_count = models.PositiveIntegerField(default=0)
    order_count = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["owner", "-created_at", "-id"]),
            models.Index(fields=["status", "lease_until"]),
        ]
        constraints = [models.UniqueConstraint(fields=["owner", "request_key"], name="deployment_key_unique")]

    def __str__(self) -> str:
        return f"{self.deploy_id} ({self.status})"

    @property
    def deploy_id(self) -> str:
        """What QuantConnect's clients call it."""
        return f"{PREFIX}{self.id.hex}"

    @property
    def is_over(self) -> bool:
        """Whether it has come to its end."""
        return self.status not in ACTIVE


class DeploymentEvent(models.Model):
    """Something that happened to a deployment, numbered from 1 without a gap; the oldest are forgotten."""

    deployment = models.ForeignKey(Deployment, on_delete=models.CASCADE, related_name="events")
    sequence = models.PositiveIntegerField()
    kind = models.CharField(max_length=32)
    data = models.JSONField(default=dict)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["sequence"]
        constraints = [
            models.UniqueConstraint(fields=["deployment", "sequence"], name="deployment_event_sequence_unique")
        ]

    def __str__(self) -> str:
        return f"{self.sequence} {self.kind}"


class DeploymentLine(models.Model):
    """A line of a deployment's log, numbered from 0; the oldest are forgotten."""

    deployment = models.ForeignKey(Deployment, on_delete=models.CASCADE, related_name="lines")
    number = models.PositiveIntegerField()
    text = models.TextField()
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["deployment", "number"], name="deployment_line_unique")]

    def __str__(self) -> str:
        return self.text


class RecordKind(models.TextChoices):
    """What a deployment leaves one by one."""

    ORDER = "order"
    INSIGHT = "insight"
    TRADE = "trade"


class DeploymentRecord(models.Model):
    """An order with its events, an insight, or a closed trade, in the words of QuantConnect's API."""

    deployment = models.ForeignKey(Deployment, on_delete=models.CASCADE, related_name="records")
    kind = models.CharField(max_length=8, choices=RecordKind.choices)
    key = models.CharField(max_length=64)
    data = models.JSONField()

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["deployment", "kind", "key"], name="deployment_record_unique")]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"


class DeploymentSeries(models.Model):
    """A series of a deployment's chart: its looks, and its last points ``[seconds, value, …]``."""

    deployment = models.ForeignKey(Deployment, on_delete=models.CASCADE, related_name="series")
    chart = models.CharField(max_length=200)
    #: Empty where the chart has no series yet.
    name = models.CharField(max_length=200, blank=True, default="")
    looks = models.JSONField(default=dict)
    points = models.JSONField(default=list)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["deployment", "chart", "name"], name="deployment_series_unique")]

    def __str__(self) -> str:
        return f"{self.chart}/{self.name}"


class DeploymentCommand(models.Model):
    """A command to a deployment, and what became of it."""

    deployment = models.ForeignKey(Deployment, on_delete=models.CASCADE, related_name="commands")
    body = models.JSONField()
    created_at = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(null=True)
    is_done = models.BooleanField(null=True)
    text = models.TextField(blank=True, default="")

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"command {self.pk}"
