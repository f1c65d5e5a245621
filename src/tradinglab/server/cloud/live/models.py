"""Deployments in users' QuantConnect accounts: what was asked for, how far that is, and what they tell."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone

from tradinglab.server.cloud.models import CloudAccount
from tradinglab.server.strategies.models import Strategy, StrategyVersion


class LiveStep(models.TextChoices):
    """What is done next for a deployment at QuantConnect."""

    PROJECT = "project"
    FILES = "files"
    COMPILE = "compile"
    COMPILING = "compiling"
    START = "start"
    FOLLOW = "follow"
    OVER = "over"


class Liquidation(models.TextChoices):
    """What became of selling all that a deployment holds."""

    NONE = "none"
    UNDER_WAY = "under_way"
    FLAT = "flat"
    NOT_FLAT = "not_flat"


class LiveProject(models.Model):
    """A project in which a strategy's versions trade; made once, and held by one deployment until that is over.

    It is another than the one for backtests: their files may change while it trades.
    """

    account = models.ForeignKey(CloudAccount, on_delete=models.CASCADE, related_name="live_projects")
    strategy = models.ForeignKey(Strategy, on_delete=models.CASCADE, related_name="cloud_live_projects")
    #: What its name holds, so that it is found if the answer to its creation is lost.
    token = models.CharField(max_length=64, unique=True)
    #: Whether its creation was asked for, whatever came of it.
    is_asked = models.BooleanField(default=False)
    remote_id = models.BigIntegerField(null=True)
    name = models.CharField(max_length=300, blank=True, default="")
    held_by = models.OneToOneField("CloudDeployment", null=True, on_delete=models.SET_NULL, related_name="held")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        indexes = [models.Index(fields=["account", "strategy"])]

    def __str__(self) -> str:
        return f"live project {self.remote_id} for {self.strategy_id}"


class CloudDeployment(models.Model):
    """A deployment at QuantConnect. Every id is stored before the next step, so that any worker can go on.

    ``fence`` counts the claims, as a run's does: who was given up for lost writes nothing.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="cloud_deployments")
    account = models.ForeignKey(CloudAccount, on_delete=models.CASCADE, related_name="deployments")
    #: Empty for one that was not deployed from here.
    version = models.ForeignKey(StrategyVersion, null=True, on_delete=models.SET_NULL, related_name="+")
    name = models.CharField(max_length=200)
    parameters = models.JSONField(default=dict)
    brokerage = models.CharField(max_length=100, blank=True, default="")
    environment = models.CharField(max_length=16, blank=True, default="")
    data_providers = models.JSONField(default=list)
    #: The settings of brokerage, data providers and notification, encrypted; forgotten once QuantConnect has them.
    sealed_settings = models.TextField(blank=True, default="")
    automatic_redeploy = models.BooleanField(default=False)
    lean_version = models.IntegerField(default=-1)
    #: Empty for any that is free.
    node_wanted = models.CharField(max_length=100, blank=True, default="")
    node_id = models.CharField(max_length=100, blank=True, default="")
    request_key = models.CharField(max_length=200, null=True)
    request_hash = models.CharField(max_length=64, blank=True, default="")

    step = models.CharField(max_length=16, choices=LiveStep.choices, default=LiveStep.PROJECT)
    step_at = models.DateTimeField(default=timezone.now)
    remote_project = models.BigIntegerField(null=True)
    project_name = models.CharField(max_length=300, blank=True, default="")
    compile_id = models.CharField(max_length=100, blank=True, default="")
    deploy_id = models.CharField(max_length=100, blank=True, default="")
    #: The project's deployment before this one: what is there besides is this one, though its answer was lost.
    before_id = models.CharField(max_length=100, blank=True, default="")
    #: Whether its creation was asked for; then it is never asked for again, only looked for.
    is_asked = models.BooleanField(default=False)

    #: In QuantConnect's words; empty before it is there.
    status = models.CharField(max_length=40, blank=True, default="")
    is_ended = models.BooleanField(default=False)
    message = models.TextField(blank=True, default="")
    error = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    launched_at = models.DateTimeField(null=True)
    stopped_at = models.DateTimeField(null=True)
    stop_requested_at = models.DateTimeField(null=True)
    liquidate_requested_at = models.DateTimeField(null=True)
    liquidate_until = models.DateTimeField(null=True)
    liquidate_told = models.PositiveIntegerField(default=0)
    liquidate_told_at = models.DateTimeField(null=True)
    liquidation = models.CharField(max_length=10, choices=Liquidation.choices, default=Liquidation.NONE)
    liquidation_note = models.TextField(blank=True, default="")

    equity = models.FloatField(null=True)
    portfolio = models.JSONField(default=dict)
    figures = models.JSONField(default=dict)
    charts = models.JSONField(default=list)
    #: Of each order that may still change: its place, what it was like, and how many events it had.
    open_orders = models.JSONField(default=dict)
    order_count = models.PositiveIntegerField(default=0)
    insight_count = models.PositiveIntegerField(default=0)
    line_count = models.PositiveIntegerField(default=0)
    #: How many lines of the project's log come before this deployment's.
    line_offset = models.PositiveIntegerField(null=True)
    #: When QuantConnect last told of it, and when that last was something else than before.
    reported_at = models.DateTimeField(null=True)
    changed_at = models.DateTimeField(null=True)
    seen = models.CharField(max_length=64, blank=True, default="")
    #: Why it counts as silent; empty while it does not.
    alert = models.CharField(max_length=32, blank=True, default="")
    missing = models.PositiveIntegerField(default=0)
    #: Whether the project has had another deployment since, of which QuantConnect tells in its place.
    is_superseded = models.BooleanField(default=False)

    failures = models.PositiveIntegerField(default=0)
    waiting_for = models.TextField(blank=True, default="")
    next_at = models.DateTimeField(default=timezone.now)
    #: Whether its owner wants something of it since it was last taken up: then it is due, whatever *next_at* says.
    is_wished = models.BooleanField(default=False)
    fence = models.PositiveIntegerField(default=0)
    busy_until = models.DateTimeField(null=True)
    last_sequence = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["owner", "-created_at", "-id"]),
            models.Index(fields=["step", "next_at"]),
        ]
        constraints = [
            models.UniqueConstraint(fields=["owner", "request_key"], name="cloud_deployment_key_unique"),
            models.UniqueConstraint(
                fields=["account", "deploy_id"], condition=~models.Q(deploy_id=""), name="cloud_deployment_id_unique"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.status or self.step})"

    @property
    def is_over(self) -> bool:
        """Whether nothing more will be told of it."""
        return self.step == LiveStep.OVER


class CloudDeploymentEvent(models.Model):
    """Something that happened to a deployment, numbered from 1 without a gap; the oldest are forgotten."""

    deployment = models.ForeignKey(CloudDeployment, on_delete=models.CASCADE, related_name="events")
    sequence = models.PositiveIntegerField()
    kind = models.CharField(max_length=32)
    data = models.JSONField(default=dict)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["sequence"]
        constraints = [models.UniqueConstraint(fields=["deployment", "sequence"], name="cloud_deployment_event_unique")]

    def __str__(self) -> str:
        return f"{self.sequence} {self.kind}"
