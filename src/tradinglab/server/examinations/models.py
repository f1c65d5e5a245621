"""Examinations of backtests."""

from __future__ import annotations

from django.db import models

from tradinglab.server.backtests.models import Backtest
from tradinglab.server.runs.models import Run


class Examination(models.Model):
    """What is asked about a backtest that has completed, and what came of it."""

    class Kind(models.TextChoices):
        """What is asked."""

        DOCTOR = "doctor"
        STRESS = "stress"
        JITTER = "jitter"

    class Basis(models.TextChoices):
        """What it rests on."""

        RUNS = "runs"
        """The strategy was run again."""
        STORED = "stored"
        """What the backtest has left: it cannot be run again here."""

    run = models.OneToOneField(Run, on_delete=models.CASCADE, primary_key=True, related_name="examination")
    backtest = models.ForeignKey(Backtest, on_delete=models.CASCADE, related_name="examinations")
    kind = models.CharField(max_length=16, choices=Kind.choices)
    options = models.JSONField(default=dict)
    #: By which another request for the same is known.
    fingerprint = models.CharField(max_length=64)
    basis = models.CharField(max_length=16, choices=Basis.choices, default=Basis.RUNS)

    #: Of the doctor: at how many instants the data was cut, what was found, and what could not be looked for.
    cuts = models.PositiveIntegerField(null=True)
    findings = models.JSONField(default=list)
    left_out = models.JSONField(default=list)
    #: Of the stress.
    rows = models.JSONField(default=list)
    break_even = models.JSONField(null=True)
    #: Of the jitter: how many variants there were, and the bands of what they came to.
    jitter = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["backtest", "kind", "fingerprint"])]

    def __str__(self) -> str:
        return f"{self.kind} {self.run_id}"
