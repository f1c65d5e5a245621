"""The page about metrics names what the package exports, and nothing else."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from types import ModuleType

from tradinglab import analytics
from tradinglab.analytics import cross_validation, monte_carlo, overfitting, portfolio, trade_figures, trades

PAGE = Path(__file__).parents[2] / "docs" / "metrics.md"
#: Not metrics: the errors, types and constants that the conventions speak of.
BESIDES = {"TRADING_DAYS", "AnalyticsError", "Figure", "Floats", "ParameterError", "SampleError"}


def described() -> list[str]:
    """The names in the first columns of the page's tables, in their order."""
    rows = [line.split("|")[1] for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    return [name for row in rows for name in re.findall(r"`(\w+)`", row)]


def public(module: ModuleType) -> set[str]:
    """The functions and classes that a module defines."""
    return {
        name
        for name, member in vars(module).items()
        if not name.startswith("_")
        and (inspect.isfunction(member) or inspect.isclass(member))
        and member.__module__ == module.__name__
    }


def test_every_metric_is_described_once_and_only_what_there_is() -> None:
    exported = set(analytics.__all__) - BESIDES | set(portfolio.__all__)
    for module in (overfitting, cross_validation, monte_carlo, trades, trade_figures):
        exported |= public(module)
    exported |= trade_figures.trade_figures(trades.Trades([])).keys()
    names = described()
    assert sorted(names) == sorted(set(names))
    assert set(names) == exported


def test_the_summary_has_only_metrics_that_are_described() -> None:
    names = set(described())
    for name in analytics.summary([0.1, 0.2], [0.1, 0.3]):
        assert re.sub("^(up_|down_|gaussian_|cornish_fisher_)", "", name) in names
