"""A user's QuantConnect account, and what there belongs to what here."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone

from tradinglab.server.runs.models import Run
from tradinglab.server.strategies.models import Strategy, StrategyVersion


class CloudAccount(models.Model):
    """Who a user is at QuantConnect. All that was learnt there hangs on it, and goes with it."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="cloud_account")
    #: The number by which QuantConnect knows the user.
    remote_user = models.CharField(max_length=18)
    #: Empty where the settings hold the token.
    sealed_token = models.TextField(blank=True, default="")
    is_of_settings = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    checked_at = models.DateTimeField(null=True)
    #: What QuantConnect said when it did not accept them; empty while it does.
    problem = models.CharField(max_length=500, blank=True, default="")

    def __str__(self) -> str:
        return f"QuantConnect account of {self.user_id}"


class CloudProject(models.Model):
    """The project in which a strategy's versions are run; made once, and held by one run while its files change."""

    account = models.ForeignKey(CloudAccount, on_delete=models.CASCADE, related_name="projects")
    strategy = models.ForeignKey(Strategy, on_delete=models.CASCADE, related_name="cloud_projects")
    #: What its name holds, so that it is found if the answer to its creation is lost.
    token = models.CharField(max_length=64, unique=True)
    #: Whether its creation was asked for, whatever came of it.
    is_asked = models.BooleanField(default=False)
    remote_id = models.BigIntegerField(null=True)
    name = models.CharField(max_length=300, blank=True, default="")
    held_by = models.ForeignKey(Run, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "strategy"], name="cloud_project_unique")]

    def __str__(self) -> str:
        return f"project {self.remote_id} for {self.strategy_id}"


class CloudLink(models.Model):
    """A project of the user's own that a strategy is pushed to and pulled from, and how both were when they agreed."""

    account = models.ForeignKey(CloudAccount, on_delete=models.CASCADE, related_name="links")
    strategy = models.ForeignKey(Strategy, on_delete=models.CASCADE, related_name="cloud_links")
    remote_id = models.BigIntegerField()
    name = models.CharField(max_length=300, blank=True, default="")
    #: The SHA-256 of each file, by its name, when both sides last held the same.
    base = models.JSONField(default=dict)
    synced_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "strategy"], name="cloud_link_strategy_unique"),
            models.UniqueConstraint(fields=["account", "remote_id"], name="cloud_link_project_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.strategy_id} and project {self.remote_id}"


class Step(models.TextChoices):
    """What is done next for a job at QuantConnect."""

    PROJECT = "project"
    FILES = "files"
    COMPILE = "compile"
    COMPILING = "compiling"
    START = "start"
    RUNNING = "running"
    RESULTS = "results"


class CloudJob(models.Model):
    """How far a job at QuantConnect is. Every id is stored before the next step, so that any worker can go on.

    ``fence`` counts the claims, as a run's does: who was given up for lost writes nothing.
    """

    run = models.OneToOneField(Run, on_delete=models.CASCADE, primary_key=True, related_name="%(class)s")
    account = models.ForeignKey(CloudAccount, on_delete=models.CASCADE, related_name="+")
    version = models.ForeignKey(StrategyVersion, on_delete=models.CASCADE, related_name="+")
    step = models.CharField(max_length=16, choices=Step.choices, default=Step.PROJECT)
    step_at = models.DateTimeField(default=timezone.now)
    project_id = models.BigIntegerField(null=True)
    compile_id = models.CharField(max_length=100, blank=True, default="")
    #: What the name of what is started there holds, so that it is found if the answer to its creation is lost.
    token = models.CharField(max_length=64, unique=True)
    #: Whether its creation was asked for, and whether an answer to that was lost.
    is_asked = models.BooleanField(default=False)
    is_lost = models.BooleanField(default=False)

    failures = models.PositiveIntegerField(default=0)
    next_at = models.DateTimeField(default=timezone.now)
    fence = models.PositiveIntegerField(default=0)
    busy_until = models.DateTimeField(null=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.run_id} at {self.step}"

    @property
    def started_id(self) -> str:
        """What was started is called so there; empty before."""
        raise NotImplementedError


class CloudBacktest(CloudJob):
    """A backtest at QuantConnect; also a trial of an optimization there, which nobody here moves on."""

    backtest_id = models.CharField(max_length=100, blank=True, default="")
    #: Whether it was not started from here by itself: then it is nobody's here to be stopped.
    is_imported = models.BooleanField(default=False)

    class Meta:
        indexes = [models.Index(fields=["account", "backtest_id"])]

    @property
    def started_id(self) -> str:
        """The id of the backtest."""
        return self.backtest_id


class CloudOptimization(CloudJob):
    """An optimization at QuantConnect."""

    optimization_id = models.CharField(max_length=100, blank=True, default="")
    #: What QuantConnect said that it would take, in seconds of one node and in dollars; none if it would not say.
    estimate_s = models.FloatField(null=True)
    estimated_cost = models.FloatField(null=True)

    @property
    def started_id(self) -> str:
        """The id of the optimization."""
        return self.optimization_id
