"""Walk-forwards: a run whose parts are an optimization and a backtest for each window."""

from __future__ import annotations

from django.db import models

from tradinglab.server.backtests.models import Backtest
from tradinglab.server.optimizations.models import Annotated, Optimization
from tradinglab.server.runs.models import Run
from tradinglab.server.strategies.models import StrategyVersion


class WalkForward(Annotated):
    """What is walked through.

    Its run is carried out by nobody: it is moved on when a search or a test of it is over.
    """

    run = models.OneToOneField(Run, on_delete=models.CASCADE, primary_key=True, related_name="walk_forward")
    version = models.ForeignKey(StrategyVersion, on_delete=models.PROTECT, related_name="walk_forwards")
    #: What each window's search is asked, by the columns of an optimization.
    search = models.JSONField()
    parameters = models.JSONField(default=dict)
    cash = models.DecimalField(max_digits=20, decimal_places=4, null=True)
    data = models.CharField(max_length=40)
    most_parallel = models.PositiveSmallIntegerField()
    calendar = models.CharField(max_length=16)
    #: ``[{"train_first": …, "train_last": …, "test_first": …, "test_last": …}, …]``
    windows = models.JSONField()

    def __str__(self) -> str:
        return self.name or str(self.run_id)


class WalkForwardStep(models.Model):
    """One window: the search on its days to train, then the backtest of the best on its days to test."""

    walk_forward = models.ForeignKey(WalkForward, on_delete=models.CASCADE, related_name="steps")
    number = models.PositiveIntegerField()
    optimization = models.OneToOneField(Optimization, on_delete=models.CASCADE, related_name="walk_forward_step")
    backtest = models.OneToOneField(Backtest, on_delete=models.CASCADE, null=True, related_name="walk_forward_step")
    #: Those that were best, and the score and the annual return that they came to.
    parameters = models.JSONField(null=True)
    train_score = models.FloatField(null=True)
    train_growth = models.FloatField(null=True)

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["walk_forward", "number"], name="walk_step_number_unique")]

    def __str__(self) -> str:
        return f"{self.walk_forward_id} {self.number}"
