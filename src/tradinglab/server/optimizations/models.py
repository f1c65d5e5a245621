"""Optimizations: a run that others are parts of."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from tradinglab.optimize import SamplerName
from tradinglab.server.backtests.models import Backtest
from tradinglab.server.runs.models import Run, RunState
from tradinglab.server.strategies.models import StrategyVersion


class RunTag(models.Model):
    """A word by which its owner finds an optimization or a walk-forward again."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="tag_rows")
    name = models.CharField(max_length=50)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["run", "name"], name="run_tag_unique")]
        indexes = [models.Index(fields=["name"])]

    def __str__(self) -> str:
        return self.name


class Annotated(models.Model):
    """A run of which its owner may say something."""

    run: models.OneToOneField[Run, Run]
    name = models.CharField(max_length=200, blank=True, default="")
    notes = models.TextField(max_length=10_000, blank=True, default="")
    is_starred = models.BooleanField(default=False, db_index=True)

    class Meta:
        abstract = True

    @property
    def tags(self) -> list[str]:
        """The tags, in the order in which they were given."""
        return [each.name for each in self.run.tag_rows.all()]


class Optimization(Annotated):
    """What is searched, and what for.

    Its run is carried out by nobody: it is moved on whenever one of its trials, which are backtests, has its outcome.
    """

    class Method(models.TextChoices):
        """How trials come to their figures."""

        BACKTESTS = "backtests"
        SIMULATION = "simulation"

    class Keep(models.TextChoices):
        """What the backtests that are its trials keep."""

        FIGURES = "figures"
        EVERYTHING = "everything"

    run = models.OneToOneField(Run, on_delete=models.CASCADE, primary_key=True, related_name="optimization")
    version = models.ForeignKey(StrategyVersion, on_delete=models.PROTECT, related_name="optimizations")
    #: Where the trials are run.
    engine = models.CharField(max_length=16, choices=Backtest.Engine.choices, default=Backtest.Engine.LOCAL)
    #: Each trial is a backtest, or rules are simulated, many trials at once.
    method = models.CharField(max_length=16, choices=Method.choices, default=Method.BACKTESTS)
    keep = models.CharField(max_length=16, choices=Keep.choices, default=Keep.FIGURES)
    #: ``[{"name": …, "values": [text, …]}, …]``, of a range also ``min``, ``max``, ``step``, ``min_step`` and ``log``.
    space = models.JSONField()
    #: ``["fast < slow", …]``
    space_constraints = models.JSONField(default=list)
    sampler = models.CharField(max_length=16, default=str(SamplerName.GRID))
    #: How many there may be, if that was said.
    most_trials = models.PositiveIntegerField(null=True)
    seed = models.PositiveBigIntegerField(default=0)
    #: What is the same in every trial.
    parameters = models.JSONField(default=dict)
    start = models.DateField(null=True)
    end = models.DateField(null=True)
    cash = models.DecimalField(max_digits=20, decimal_places=4, null=True)
    data = models.CharField(max_length=40)
    target = models.CharField(max_length=40)
    direction = models.CharField(max_length=3)
    target_value = models.FloatField(null=True)
    #: ``[{"figure": …, "operator": …, "value": …}, …]``
    constraints = models.JSONField(default=list)
    #: ``[{"figure": …, "weight": …}, …]``
    penalties = models.JSONField(default=list)
    #: ``[{"figure": …, "direction": …}, …]``
    other_targets = models.JSONField(default=list)
    most_parallel = models.PositiveSmallIntegerField()
    #: How many trials there will be; of a sampler that cannot know, at most.
    total = models.PositiveIntegerField()
    #: What was done otherwise than one may think, as those of a backtest.
    warnings = models.JSONField(default=list)
    #: How many of the trials that are settled ended in which way; those that are not are few, and are counted anew.
    settled_completed = models.PositiveIntegerField(default=0)
    settled_failed = models.PositiveIntegerField(default=0)
    settled_cancelled = models.PositiveIntegerField(default=0)
    #: Of simulated trials: which is the best so far, and its score.
    best_number = models.PositiveIntegerField(null=True)
    best_score = models.FloatField(null=True)
    #: Until when somebody is to have found out what a sampler that takes long over it tries next.
    thinking_until = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name or str(self.run_id)


class Trial(models.Model):
    """One combination, and the backtest of it or what came of its simulation.

    It is settled once it has its outcome, is among the numbers of its optimization, and is not the best so far: nobody
    has to look at it again to move the search on. One that is simulated is settled with its outcome.
    """

    optimization = models.ForeignKey(Optimization, on_delete=models.CASCADE, related_name="trials")
    number = models.PositiveIntegerField()
    #: Of one that is simulated: the backtest by which it was opened, if it was.
    backtest = models.OneToOneField(Backtest, on_delete=models.CASCADE, null=True, related_name="trial")
    #: Of one that keeps only what it is judged by: the backtest that was run again in full, if it was opened.
    opened = models.OneToOneField(Backtest, on_delete=models.SET_NULL, null=True, related_name="opened_trial")
    is_settled = models.BooleanField(default=False)
    #: The run that simulates it with others, if it is simulated; then also its combination and what came of it.
    batch = models.ForeignKey(Run, on_delete=models.CASCADE, null=True, related_name="simulated_trials")
    parameters = models.JSONField(default=dict)
    outcome = models.CharField(max_length=16, choices=RunState.choices, blank=True, default="")
    figures = models.JSONField(default=dict)
    error = models.CharField(max_length=500, blank=True, default="")

    class Meta:
        ordering = ["number"]
        indexes = [models.Index(fields=["optimization"], condition=Q(is_settled=False), name="trial_not_settled")]
        constraints = [models.UniqueConstraint(fields=["optimization", "number"], name="trial_number_unique")]

    def __str__(self) -> str:
        return f"{self.optimization_id} {self.number}"
