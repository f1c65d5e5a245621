"""The ledger of what was tried, and the days that are sealed."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from tradinglab.server.runs.models import Run
from tradinglab.server.strategies.models import Strategy, StrategyVersion


class Source(models.TextChoices):
    """What tried a variant."""

    BACKTEST = "backtest"
    SEARCH = "search"
    WALK_FORWARD = "walk_forward"
    SIMULATION = "simulation"
    HOLD_OUT = "hold_out"


class TriedVariant(models.Model):
    """A variant of a strategy that was tried on some days of a data set.

    Trying it again adds to ``times``, and to nothing else that counts. The row outlives the runs.

    ``variant`` is the hash of content and parameters; ``digest`` that of variant, data and days, by which the row is
    found again.
    """

    strategy = models.ForeignKey(Strategy, on_delete=models.CASCADE, related_name="tried_variants")
    digest = models.CharField(max_length=64)
    variant = models.CharField(max_length=64)
    content_hash = models.CharField(max_length=64)
    parameters = models.JSONField(default=dict)
    #: The name of the source of the bars, or of the engine that has its own.
    data = models.CharField(max_length=40)
    first_day = models.DateField(null=True)
    last_day = models.DateField(null=True)
    #: Annualised, as LEAN has it.
    sharpe_ratio = models.FloatField(null=True)
    times = models.PositiveIntegerField(default=0)
    first_at = models.DateTimeField()
    first_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    first_source = models.CharField(max_length=16, choices=Source.choices)
    last_at = models.DateTimeField()
    last_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    last_source = models.CharField(max_length=16, choices=Source.choices)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["strategy", "digest"], name="tried_variant_unique")]
        indexes = [models.Index(fields=["strategy", "data", "first_at"])]

    def __str__(self) -> str:
        return f"{self.variant[:12]} on {self.data}"


class HoldOut(models.Model):
    """Days on which nothing of a strategy is run, until one variant is, once.

    It is sealed until it is opened, or its owner gives it up. What it was then stays for ever.
    """

    class State(models.TextChoices):
        """Where it is in its life."""

        SEALED = "sealed"
        OPENED = "opened"
        GIVEN_UP = "given_up"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    strategy = models.ForeignKey(Strategy, on_delete=models.CASCADE, related_name="hold_outs")
    state = models.CharField(max_length=16, choices=State.choices, default=State.SEALED)
    first_day = models.DateField()
    last_day = models.DateField()
    sealed_at = models.DateTimeField(default=timezone.now)
    sealed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    #: How many variants had been tried on some of the days before they were sealed.
    seen_before = models.PositiveIntegerField(default=0)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    version = models.ForeignKey(StrategyVersion, null=True, on_delete=models.SET_NULL, related_name="+")
    run = models.OneToOneField(Run, null=True, on_delete=models.SET_NULL, related_name="hold_out")
    #: What it was opened for, its hash, and the server's signature under that.
    stamp = models.JSONField(default=dict)
    stamp_hash = models.CharField(max_length=64, blank=True, default="")
    signature = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["strategy"], condition=Q(state="sealed"), name="hold_out_sealed_once"),
            models.CheckConstraint(condition=Q(last_day__gte=models.F("first_day")), name="hold_out_days_rise"),
        ]
        indexes = [models.Index(fields=["strategy", "-sealed_at"])]

    def __str__(self) -> str:
        return f"{self.first_day} to {self.last_day} ({self.state})"

    @property
    def is_sealed(self) -> bool:
        """Whether nothing may be run on its days."""
        return self.state == self.State.SEALED
