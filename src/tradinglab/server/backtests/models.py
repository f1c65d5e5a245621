"""Backtests: a run of a version, and its key figures."""

from __future__ import annotations

from django.db import models

from tradinglab.server.runs.models import Run
from tradinglab.server.strategies.models import StrategyVersion

#: The columns that hold figures; fractions are fractions, amounts in the account's currency.
FIGURES = (
    "end_equity",
    "net_profit",
    "compounding_annual_return",
    "drawdown",
    "sharpe_ratio",
    "sortino_ratio",
    "probabilistic_sharpe_ratio",
    "win_rate",
    "profit_loss_ratio",
    "alpha",
    "beta",
    "annual_standard_deviation",
    "total_fees",
    "portfolio_turnover",
)


class Backtest(models.Model):
    """What was asked for, and what came out."""

    run = models.OneToOneField(Run, on_delete=models.CASCADE, primary_key=True, related_name="backtest")
    version = models.ForeignKey(StrategyVersion, on_delete=models.PROTECT, related_name="backtests")
    name = models.CharField(max_length=200, blank=True, default="")
    parameters = models.JSONField(default=dict)
    start = models.DateField(null=True)
    end = models.DateField(null=True)
    cash = models.DecimalField(max_digits=20, decimal_places=4, null=True)

    total_orders = models.PositiveIntegerField(null=True)
    end_equity = models.FloatField(null=True)
    net_profit = models.FloatField(null=True)
    compounding_annual_return = models.FloatField(null=True)
    drawdown = models.FloatField(null=True)
    sharpe_ratio = models.FloatField(null=True)
    sortino_ratio = models.FloatField(null=True)
    probabilistic_sharpe_ratio = models.FloatField(null=True)
    win_rate = models.FloatField(null=True)
    profit_loss_ratio = models.FloatField(null=True)
    alpha = models.FloatField(null=True)
    beta = models.FloatField(null=True)
    annual_standard_deviation = models.FloatField(null=True)
    total_fees = models.FloatField(null=True)
    portfolio_turnover = models.FloatField(null=True)
    statistics = models.JSONField(default=dict)

    def __str__(self) -> str:
        return self.name or str(self.run_id)
