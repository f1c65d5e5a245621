"""Backtests: a run of a version, and its key figures."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils import timezone

from tradinglab.server.honesty.models import HoldOut
from tradinglab.server.runs.models import Run
from tradinglab.server.strategies.models import StrategyVersion


class DataState(models.Model):
    """Slices of a bar store that runs have read, and what has become of them since; many runs have read the same."""

    #: Name of the data source.
    source = models.CharField(max_length=40)
    #: The SHA-256 over the slices.
    digest = models.CharField(max_length=64)
    slices = models.JSONField()
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    #: How it was when it was looked at last: it is looked at again when that is not so any more.
    mark = models.CharField(max_length=64, blank=True, default="")
    changes = models.JSONField(default=list)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "digest"], name="data_state_unique")]

    def __str__(self) -> str:
        return f"{self.source} {self.digest[:12]}"

    @property
    def pin(self) -> str:
        """The name of the pin that keeps the slices."""
        return pin_name(self.digest)


def pin_name(digest: str) -> str:
    """Return the name of the pin of a state."""
    return f"runs-{digest[:40]}"


class Backtest(models.Model):
    """What was asked for, what came out, and what its owner says of it.

    The figures are those of :data:`tradinglab.server.backtests.figures.FIGURES`; ``start`` and ``end`` are what was
    asked for, ``first_day`` and ``last_day`` what the run covered.
    """

    class Standing(models.TextChoices):
        """Whether the figures were made anew from orders and bars."""

        VERIFIED = "verified"
        UNVERIFIED = "unverified"
        NOT_CHECKED = "not_checked"

    class Engine(models.TextChoices):
        """Where it is run."""

        LOCAL = "local"
        QUANTCONNECT = "quantconnect"

    run = models.OneToOneField(Run, on_delete=models.CASCADE, primary_key=True, related_name="backtest")
    version = models.ForeignKey(StrategyVersion, on_delete=models.PROTECT, related_name="backtests")
    engine = models.CharField(max_length=16, choices=Engine.choices, default=Engine.LOCAL, db_index=True)
    name = models.CharField(max_length=200, blank=True, default="")
    notes = models.TextField(max_length=10_000, blank=True, default="")
    is_starred = models.BooleanField(default=False, db_index=True)
    #: Whether it keeps only what trials are judged by; it is run again, in full, for who wants to see more.
    is_slim = models.BooleanField(default=False)
    parameters = models.JSONField(default=dict)
    start = models.DateField(null=True)
    end = models.DateField(null=True)
    cash = models.DecimalField(max_digits=20, decimal_places=4, null=True)

    first_day = models.DateField(null=True)
    last_day = models.DateField(null=True)
    duration_s = models.FloatField(null=True)
    data = models.CharField(max_length=40, default="sample")
    #: What of a bar store it has read, and since when that is otherwise there.
    data_state = models.ForeignKey(DataState, on_delete=models.SET_NULL, null=True, related_name="backtests")
    data_changed_at = models.DateTimeField(null=True, db_index=True)

    total_orders = models.PositiveIntegerField(null=True, db_index=True)
    start_equity = models.FloatField(null=True)
    end_equity = models.FloatField(null=True)
    net_profit = models.FloatField(null=True, db_index=True)
    compounding_annual_return = models.FloatField(null=True, db_index=True)
    drawdown = models.FloatField(null=True, db_index=True)
    drawdown_recovery = models.PositiveIntegerField(null=True)
    longest_drawdown = models.PositiveIntegerField(null=True)
    sharpe_ratio = models.FloatField(null=True, db_index=True)
    sortino_ratio = models.FloatField(null=True, db_index=True)
    probabilistic_sharpe_ratio = models.FloatField(null=True, db_index=True)
    calmar_ratio = models.FloatField(null=True)
    information_ratio = models.FloatField(null=True)
    treynor_ratio = models.FloatField(null=True)
    alpha = models.FloatField(null=True)
    beta = models.FloatField(null=True)
    annual_standard_deviation = models.FloatField(null=True)
    annual_variance = models.FloatField(null=True)
    tracking_error = models.FloatField(null=True)
    ulcer_index = models.FloatField(null=True)
    value_at_risk_95 = models.FloatField(null=True)
    value_at_risk_99 = models.FloatField(null=True)
    conditional_value_at_risk_95 = models.FloatField(null=True)
    win_rate = models.FloatField(null=True)
    loss_rate = models.FloatField(null=True)
    average_win_rate = models.FloatField(null=True)
    average_loss_rate = models.FloatField(null=True)
    profit_loss_ratio = models.FloatField(null=True)
    profit_factor = models.FloatField(null=True)
    expectancy = models.FloatField(null=True)
    total_trades = models.PositiveIntegerField(null=True)
    max_consecutive_losing_trades = models.PositiveIntegerField(null=True)
    total_fees = models.FloatField(null=True)
    portfolio_turnover = models.FloatField(null=True)
    exposure = models.FloatField(null=True)
    time_in_market = models.FloatField(null=True)
    capacity = models.FloatField(null=True)
    statistics = models.JSONField(default=dict)
    #: What to be warned of: what could be told before the run, then what the run says.
    warnings = models.JSONField(default=list)

    verification = models.CharField(
        max_length=16, choices=Standing.choices, default=Standing.NOT_CHECKED, db_index=True
    )
    #: What the replay could not explain, the first of it; and what it took as the run declared it.
    findings = models.JSONField(default=list)
    findings_left_out = models.PositiveIntegerField(default=0)
    verification_notes = models.JSONField(default=list)

    def __str__(self) -> str:
        return self.name or str(self.run_id)

    @property
    def data_changes(self) -> list[dict[str, Any]]:
        """What has changed of the data since it ran."""
        return [] if self.data_state is None else list(self.data_state.changes)

    @property
    def hold_out(self) -> HoldOut | None:
        """The hold-out that was opened for it, if it is such a run."""
        return HoldOut.objects.filter(run=self.run_id).first()

    @property
    def tags(self) -> list[str]:
        """The tags, in the order in which they were given."""
        return [each.name for each in self.tag_rows.all()]


class BacktestTag(models.Model):
    """A word by which its owner finds a backtest again."""

    backtest = models.ForeignKey(Backtest, on_delete=models.CASCADE, related_name="tag_rows")
    name = models.CharField(max_length=50)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["backtest", "name"], name="backtest_tag_unique")]
        indexes = [models.Index(fields=["name"])]

    def __str__(self) -> str:
        return self.name


class Verification(models.Model):
    """A backtest that is run again from its manifest, and whether it came to the same."""

    class Outcome(models.TextChoices):
        """What it came to."""

        IDENTICAL = "identical"
        DIFFERENT = "different"

    run = models.OneToOneField(Run, on_delete=models.CASCADE, primary_key=True, related_name="verification")
    backtest = models.ForeignKey(Backtest, on_delete=models.CASCADE, related_name="verifications")
    outcome = models.CharField(max_length=16, choices=Outcome.choices, blank=True, default="")
    differences = models.JSONField(default=list)

    def __str__(self) -> str:
        return f"verification {self.run_id}"
