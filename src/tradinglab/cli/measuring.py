"""What a search keeps of each run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tradinglab.core.clock import zone
from tradinglab.optimize.local.trials import Measured
from tradinglab.report.adapter import daily_series
from tradinglab.server.backtests.figures import figures_of

if TYPE_CHECKING:
    from tradinglab.engine.result import BacktestResult


def measured(result: BacktestResult) -> Measured:
    """Return the figures of a run, and the account's value at the end of each day."""
    days, equity, _ = daily_series(result.record, zone(result.record.time_zone))
    return Measured(figures=figures_of(result), days=days, equity=equity)
