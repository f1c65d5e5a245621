"""Optimizations: a run that others are parts of."""

from __future__ import annotations

from django.db import models

from tradinglab.server.backtests.models import Backtest
from tradinglab.server.runs.models import Run
from tradinglab.server.strategies.models import StrategyVersion


class Optimization(models.Model):
    """What is searched, and what for.

    Its run is carried out by nobody: it is moved on whenever one of its trials, which are backtests, has its outcome.
    """

    run = models.OneToOneField(Run, on_delete=models.CASCADE, primary_key=True, related_name="optimization")
    version = models.ForeignKey(StrategyVersion, on_delete=models.PROTECT, related_name="optimizations")
    name = models.CharField(max_length=200, blank=True, default="")
    #: ``[{"name": …, "values": [text, …]}, …]``
    space = models.JSONField()
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
    most_parallel = models.PositiveSmallIntegerField()
    total = models.PositiveIntegerField()

    def __str__(self) -> str:
        return self.name or str(self.run_id)


class Trial(models.Model):
    """One combination, and the backtest of it."""

    optimization = models.ForeignKey(Optimization, on_delete=models.CASCADE, related_name="trials")
    number = models.PositiveIntegerField()
    backtest = models.OneToOneField(Backtest, on_delete=models.CASCADE, related_name="trial")

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["optimization", "number"], name="trial_number_unique")]

    def __str__(self) -> str:
        return f"{self.optimization_id} {self.number}"
